/**
 * Block-wise transfer on a rig: an endpoint whose peer is whatever blocks the test hands in. Block
 * options are written as RFC 7959 does: NUM/M/size.
 */
import { Rig } from "./rig";
import { block, blockText } from "./block-notation";
import { code, hex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { ServingRig } from "./serving";
import type { client } from "./serving";
import type { BothHalves } from "./both-halves";
import type { Response } from "../../../firmware/coap/exchange";
import type { Sent } from "./rig";

/** A sent request in short: method, blocks, sizes, length of its payload. */
function line({ fields }: Sent): string {
  const words = [`0.0${fields.code & 31}`];
  for (const [number, value] of fields.options) {
    if (number === 23) words.push(`2:${blockText(value)}`);
    if (number === 27) words.push(`1:${blockText(value)}`);
    if (number === 60) words.push(`size1=${Number.parseInt(value || "0", 16)}`);
  }
  words.push(`${fields.payload.length / 2} B`);
  return words.join(" ");
}

export interface Answer {
  readonly code: string;
  readonly block1?: string;
  readonly block2?: string;
  readonly payload?: string;
  readonly options?: readonly (readonly [number, string])[];
}

/** A client on a rig, which leaves the size of what comes to the server, at first. */
export class BlockRig extends Rig {
  constructor(options: BothHalves = {}) {
    super({ offerBlockSize: false, ...options });
  }

  /** Answers the request that was sent last. */
  answer({ code: text, block1, block2, payload, options = [] }: Answer): void {
    const { messageId, token } = this.last.fields;
    const all = [...options];
    if (block2 !== undefined) all.push([23, block(block2)]);
    if (block1 !== undefined) all.push([27, block(block1)]);
    all.sort((a, b) => a[0] - b[0]);
    this.receive({ type: 2, code: code(text), messageId, token, options: all, payload });
  }

  get lines(): string[] {
    return this.sent.map(line);
  }

  option(number: number, index = this.sent.length - 1): string | undefined {
    return this.sent[index].fields.options.find(([each]) => each === number)?.[1];
  }
}

/** A body no two blocks of which are alike. */
export function bytes(length: number): Uint8Array {
  const filled = new Uint8Array(length);
  for (let i = 0; i < length; i++) filled[i] = i + (i >> 8) * 37;
  return filled;
}
/** Part of `bytes`, as hex. */
export const part = (from: number, to: number): string => hex(bytes(to).subarray(from));

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly block1?: string;
  readonly block2?: string;
  readonly size1?: number;
  readonly tag?: string;
  readonly payload?: string;
  readonly token?: string;
  readonly from?: typeof client;
  readonly type?: number;
}

/** A server on a rig. */
export class BlockServerRig extends ServingRig {
  #messageId = 0x4000;

  /** A request with a message id of its own; returns the answer in short. */
  send(asked: Asked): string {
    const options: [number, string][] = [[11, utf8Hex(asked.path ?? "a")]];
    if (asked.query !== undefined) options.push([15, utf8Hex(asked.query)]);
    if (asked.block2 !== undefined) options.push([23, block(asked.block2)]);
    if (asked.block1 !== undefined) options.push([27, block(asked.block1)]);
    if (asked.size1 !== undefined) options.push([60, asked.size1.toString(16).padStart(8, "0")]);
    if (asked.tag !== undefined) options.push([292, asked.tag]);
    this.#messageId += 1;
    const { method = "0.02", token = "aabb", payload = "", from, type = 0 } = asked;
    const before = this.sent.length;
    this.ask({ type, code: code(method), messageId: this.#messageId, token, options, payload }, from);
    return this.sent.length === before ? "silence" : this.answer;
  }

  /** The last answer: code, blocks, sizes, length of the payload. */
  get answer(): string {
    const { fields } = this.last;
    const words = [`${fields.code >> 5}.${String(fields.code & 31).padStart(2, "0")}`];
    for (const [number, value] of fields.options) {
      if (number === 23) words.push(`2:${blockText(value)}`);
      if (number === 27) words.push(`1:${blockText(value)}`);
      if (number === 28) words.push(`size2=${Number.parseInt(value || "0", 16)}`);
      if (number === 60) words.push(`size1=${Number.parseInt(value || "0", 16)}`);
    }
    words.push(`${fields.payload.length / 2} B`);
    return words.join(" ");
  }

  /** Bodies that reached the application. */
  get bodies(): string[] {
    return this.requests.map(({ message }) => hex(message.payload));
  }

  get kept(): number {
    return this.endpoint.held.transfers;
  }
}

/** A server that answers at once: with this, or nothing but 2.04. */
export function serving(options: BothHalves = {}, response: Response = { code: code("2.04") }) {
  const rig: BlockServerRig = new BlockServerRig(
    { blockSize: 64, maxBody: 200, remembered: 64, ...options },
    (request) => void request.respond(response, rig.now),
  );
  return rig;
}
