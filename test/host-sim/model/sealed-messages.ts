/** All that a device of a model drawn at random says, and all that it may be told, with what the script is to make of it. */
import fc from "fast-check";
import { expect } from "vitest";
import { beginBatch } from "../../../firmware/model/batch";
import { encodeReply } from "../../../firmware/model/command";
import { encodeReport } from "../../../firmware/model/report";
import { sealedKinds } from "../../../firmware/seal/kinds";
import { cases, short } from "./random-model";
import { sides } from "./script";
import type { ThingFault } from "../../../firmware/model/thing";
import type { Case } from "./random-model";
import type { SealedDevice } from "./seal-oracle";

type Json = Record<string, unknown>;

/** A message from the device. */
interface Uplink {
  readonly plain: Uint8Array;
  /** The script's JSON, but for the names that readings have of their envelope. */
  readonly json: Json;
  /** Its readings state their device, and so their JSON is a batch's. */
  readonly isNamed: boolean;
  /** It is answered. */
  readonly isReport: boolean;
}

/** A command as EnOS gives it to the script, but for the device's name, and what a plain product's script makes of it. */
interface Downlink {
  readonly message: { readonly id: unknown; readonly method: string; readonly params: Json };
  readonly plain: Uint8Array;
}

export interface Messages {
  readonly one: Case;
  readonly ups: readonly Uplink[];
  readonly downs: readonly Downlink[];
}

const y2020 = 1_577_836_800_000;
const out = new Uint8Array(70_000);

function written(length: number | ThingFault | undefined): Uint8Array {
  if (typeof length !== "number") throw new Error(JSON.stringify(length));
  return out.slice(0, length);
}

/** Methods and topics of what goes as JSON inside an envelope. */
const tagUpdate = "thing/tag/update";
const topics = ["thing/event/a.b/post", "thing/attribute/update", "thing/tag/delete", tagUpdate];

function messagesOf(one: Case, params: Json, time: number): Messages {
  const { model, requestId, report, readings, services, settings, commandId, late } = one;
  const { thing, script } = sides(model);
  const read = (plain: Uint8Array): Json => JSON.parse(script.rawDataToJsonStr([...plain]) as string) as Json;
  const ups: Uplink[] = [];
  for (const layout of ["sample", "compact"] as const) {
    const plain = written(encodeReport(thing, report as never, requestId, out, layout));
    const json = read(plain);
    const isEmpty = Object.keys(report).length === 0;
    const at = (time: unknown): Json => ({ ...json, params: { ...(json["params"] as Json), time } });
    // Without a time of its own it has that of its arrival.
    ups.push({ plain, json: at(expect.any(Number)), isNamed: !isEmpty, isReport: true });
    const timed = written(
      sealedKinds.encodeTimedReport(thing, report as never, requestId, time, out, layout),
    );
    ups.push({ plain: timed, json: at(time), isNamed: !isEmpty, isReport: true });

    const batch = beginBatch(thing, layout, requestId, one.time, late, out);
    let now = one.time;
    readings.forEach(({ values, later }, i) => {
      now += i > 0 ? later : 0;
      if (batch.add(values as never, now) !== "added") throw new Error("no room");
    });
    const several = written(batch.length);
    ups.push({ plain: several, json: read(several), isNamed: true, isReport: true });
  }
  for (const topic of topics) {
    const given = topic === tagUpdate ? [params] : params;
    const plain = sealedKinds.encodeMessage(requestId, topic, given as never);
    const json = { id: String(requestId), version: "1.0", method: topic.replaceAll("/", "."), params: given };
    ups.push({ plain, json, isNamed: false, isReport: true });
  }
  const replies = model.services.map(({ number }, i) =>
    written(encodeReply(thing, number, commandId, 200, services[i].outputs, out)),
  );
  for (const plain of [...replies, written(encodeReply(thing, 2, commandId, 404, {}, out))]) {
    ups.push({ plain, json: read(plain), isNamed: false, isReport: false });
  }

  const command = (method: string, given: Json): Downlink => {
    const message = { id: commandId, method, params: given };
    return { message, plain: Uint8Array.from(script.jsonStrToRawData(JSON.stringify(message))) };
  };
  const commands = [
    command("thing.service.measurepoint.set", settings),
    ...model.services.map(({ identifier }, i) => command(`thing.service.${identifier}`, services[i].inputs)),
  ];
  // The device opens no longer ones, and the script makes none of them.
  return { one, ups, downs: commands.filter(({ plain }) => plain.length <= 2040) };
}

/** The same JSON with the names that its readings have of their envelope. */
export function namedBy({ productKey, deviceKey }: SealedDevice, { json, isNamed }: Uplink): Json {
  if (!isNamed) return json;
  const method = json["method"] as string;
  const readings = [json["params"]].flat() as Json[];
  return {
    ...json,
    method: method.endsWith(".batch") ? method : `${method}.batch`,
    params: readings.map((reading) => ({ productKey, deviceKey, ...reading })),
  };
}

const objects = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
const plainObjects = objects.map((value) => JSON.parse(JSON.stringify(value)) as Json);

function messagesFrom(some: fc.Arbitrary<Case>, params: fc.Arbitrary<Json>): fc.Arbitrary<Messages> {
  return fc
    .tuple(some, params, fc.integer({ min: y2020, max: y2020 + 2 ** 40 - 1 }))
    .map(([one, json, time]) => messagesOf(one, json, time));
}

export const messages: fc.Arbitrary<Messages> = messagesFrom(cases, plainObjects);
/** Those whose numbers XS reads and writes as Node does. */
export const shortMessages: fc.Arbitrary<Messages> = messagesFrom(cases.map(short), plainObjects.map(short));
