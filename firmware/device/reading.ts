/**
 * A reading on its way out: its bytes, and what the cloud says of it.
 */
import { ContentFormat } from "../coap/option";
import { answerCode, enosOk, measurepointParams, requestBody } from "../enos/body";
import { Topic, deviceRoot, pathOptions } from "../enos/topic";
import { firstUnfit } from "../model/point";
import { decodeAnswer, encodeMeasurepoints } from "../model/raw";
import type { OptionBlock } from "../coap/option";
import type { Credentials } from "../enos/credentials";
import type { PointDefinition, Values } from "../model/point";

/** One reading from the moment it was taken. */
export interface Reading {
  /** 0 to 2^32 - 1, unlike every other of this device's: a second delivery is recognised by it. */
  readonly id: number;
  /** When it was taken, ms on the device's monotonic clock. */
  readonly takenAt: number;
  readonly values: Values;
  readonly format: "raw" | "json";
}

/** Longest raw payload, bytes. */
const rawLimit = 480;

/** Encodes readings and reads their answers; the paths are built once. */
export class ReadingEncoder {
  readonly #points: readonly PointDefinition[];
  readonly #rawPath: OptionBlock;
  readonly #jsonPath: OptionBlock;
  readonly #buffer = new Uint8Array(rawLimit);

  constructor(credentials: Credentials, points: readonly PointDefinition[]) {
    const root = deviceRoot(credentials);
    this.#points = points;
    this.#rawPath = pathOptions(`${root}/${Topic.raw}`, ContentFormat.octetStream);
    this.#jsonPath = pathOptions(`${root}/${Topic.measurepointPost}`, ContentFormat.json);
  }

  /** Where the reading goes. */
  path(reading: Reading): OptionBlock {
    return reading.format === "raw" ? this.#rawPath : this.#jsonPath;
  }

  /**
   * The reading's payload, or why there is none. A raw payload is a view of one buffer: it is valid
   * until the next call.
   *
   * @param epoch when it was taken, epoch ms; undefined while the device has no wall clock (the
   *   cloud then takes the time of arrival)
   */
  payload(reading: Reading, epoch: number | undefined): Uint8Array | string {
    if (reading.format === "json") {
      const unfit = firstUnfit(this.#points, reading.values);
      if (unfit !== undefined) return `wrong-value ${unfit}`;
      return requestBody(
        String(reading.id),
        Topic.measurepointPost,
        measurepointParams(reading.values, epoch),
      );
    }
    const length = encodeMeasurepoints(this.#points, reading.values, reading.id, this.#buffer);
    if (typeof length === "number") return this.#buffer.subarray(0, length);
    return `${length.fault} ${length.id}`;
  }

  /**
   * What the body of a 2.xx says of the reading: EnOS's code, 200 for stored, or undefined when the
   * body cannot be read.
   */
  verdict(reading: Reading, payload: Uint8Array): number | undefined {
    if (payload.length === 0) return enosOk;
    if (reading.format === "json") return answerCode(payload);
    const answer = decodeAnswer(payload);
    return answer !== undefined && answer.requestId === reading.id ? answer.code : undefined;
  }
}
