/** What somebody on the path reads of datagrams, what he makes of them, and that he does it to what he is after alone. */
import { beforeAll, describe, expect, it, test } from "vitest";
import { thing } from "../../../../firmware/product/thing";
import { ack, con, decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { ManInTheMiddle, rawDown, rawUp } from "../../../../host-sim/sim/path/man-in-the-middle";
import { PublicKnowledge } from "../../../../host-sim/sim/path/public-knowledge";
import { Acknowledging, Commanding, Dropping, Replacing } from "../../../../host-sim/sim/path/tricks";
import { WireTap } from "../../../../host-sim/sim/path/wire-tap";
import { productRecord } from "../../../../host-sim/sim/world/products";
import { epoch } from "../../../../host-sim/sim/world/world";
import type { CoapMessage, CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import type { Endpoint } from "../../../../host-sim/sim/radio/nat";

const peer: Endpoint = { address: "100.64.3.4", port: 20_001 };
const nothing = new Uint8Array(0);
const post = 2;
const get = 1;

/** A request of a device's on one of its topics, or its authentication. */
function request(
  topic: string,
  payload: Uint8Array = nothing,
  { deviceKey = "DK", code = post, id = 7, signed = false } = {},
): Uint8Array {
  const path =
    topic === "auth" ? ["auth", "PK", deviceKey] : ["topic", "sys", "PK", deviceKey, ...topic.split("/")];
  const options: CoapOption[] = path.map((each) => ({ number: 11, value: Buffer.from(each) }));
  if (signed) options.push({ number: 2101, value: Buffer.alloc(64, 0x61) });
  return encodeCoap({ type: con, code, messageId: id, token: Uint8Array.of(9, id), options, payload });
}

function answer(payload: Uint8Array = nothing, options: CoapOption[] = [], id = 7): Uint8Array {
  const head = { type: ack, code: 0x44, messageId: id, token: Uint8Array.of(9, id) } as const;
  return encodeCoap({ ...head, options, payload });
}

function read(datagram: Uint8Array | undefined): CoapMessage {
  const message = decodeCoap(datagram!);
  if ("malformed" in message) throw new Error(message.malformed);
  return message;
}
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? nothing).toString();
const optionOf = (datagram: Uint8Array | undefined, number: number): string =>
  text(read(datagram).options.find((each) => each.number === number)?.value);

/** How a trick is given, what he sends by himself, and what he tells of. */
function trickOptions(most = 2) {
  const sent: Uint8Array[] = [];
  const told: string[] = [];
  const path = {
    answerFor: (_: string, bytes: Uint8Array): void => void sent.push(bytes),
    told: (act: string): void => void told.push(act),
  };
  return { sent, told, options: { path, act: "alter", deviceKey: "DK", most } as const };
}

describe("the tap", () => {
  it("tells whose request it is, on which topic, and what an answer is to", () => {
    const tap = new WireTap();
    expect(tap.request(request(rawUp, Uint8Array.of(1)), peer)).toMatchObject({
      ...{ productKey: "PK", deviceKey: "DK", topic: rawUp },
    });
    expect(tap.request(request("auth", nothing, { id: 8 }), peer)).toMatchObject({
      topic: "auth",
      deviceKey: "DK",
    });
    expect(tap.answer(answer(), peer)?.to.topic).toBe(rawUp);
    expect(tap.answer(answer(nothing, [], 8), peer)?.to.topic).toBe("auth");
  });

  it.each([
    ["an answer to nobody", answer(nothing, [], 99)],
    ["another device's port", undefined],
    ["no CoAP", Uint8Array.of(1, 2)],
    ["an empty acknowledgement", Uint8Array.of(0x60, 0, 0, 7)],
  ])("knows nothing of %s", (_, datagram) => {
    const tap = new WireTap();
    tap.request(request(rawUp, Uint8Array.of(1)), peer);
    const from = datagram === undefined ? { ...peer, port: 1 } : peer;
    expect(tap.answer(datagram ?? answer(), from)).toBeUndefined();
    expect(tap.request(datagram ?? answer(), from)).toBeUndefined();
  });

  it("forgets the oldest of many open requests", () => {
    const tap = new WireTap();
    for (let id = 0; id < 200; id++) tap.request(request(rawUp, Uint8Array.of(1), { id }), peer);
    expect(tap.answer(answer(nothing, [], 1), peer)).toBeUndefined();
    expect(tap.answer(answer(nothing, [], 199), peer)).toBeDefined();
  });
});

describe("the man in the middle", () => {
  it("keeps each report and command that passes once, and lets all pass", () => {
    const man = new ManInTheMiddle();
    const report = request(rawUp, Uint8Array.of(1, 2));
    for (const each of [report, report, request(rawUp, Uint8Array.of(1, 3), { id: 8 })]) {
      expect(man.up(each, peer)).toBe(each);
    }
    const brought = answer(nothing, [{ number: 2102, value: Uint8Array.of(2, 2) }]);
    expect(man.down(brought, peer)).toBe(brought);
    man.up(request(rawDown, nothing, { code: get, id: 10 }), peer);
    man.down(answer(Uint8Array.of(2, 3), [], 10), peer);
    expect(man.reports.map(({ payload }) => [...payload])).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(man.commands.map(({ payload }) => [...payload])).toEqual([
      [2, 2],
      [2, 3],
    ]);
  });
});

describe("a report in the place of another", () => {
  it("goes on with the head and the signature of the one that it replaces, so often and no more", () => {
    const { options, told } = trickOptions();
    const trick = new Replacing(options, (_, turn) => ({ payload: Uint8Array.of(9, turn) }));
    const tap = new WireTap();
    const pass = (datagram: Uint8Array): Uint8Array => trick.request(tap.request(datagram, peer)!, datagram);
    const first = request(rawUp, Uint8Array.of(1), { signed: true });
    const made = pass(first);
    expect(read(made)).toEqual({ ...read(first), payload: Uint8Array.of(9, 0) });
    // What is sent again is one message: he makes the same of it.
    expect(pass(first)).toEqual(made);
    for (const other of [
      request(rawUp, Uint8Array.of(1), { deviceKey: "other", id: 8 }),
      request("thing/tag/query", Uint8Array.of(1), { id: 9 }),
      request(rawUp, nothing, { code: get, id: 10 }),
    ]) {
      expect(pass(other)).toBe(other);
    }
    expect(text(read(pass(request(rawUp, Uint8Array.of(1), { id: 11 }))).payload)).toBe("\t\u0001");
    const third = request(rawUp, Uint8Array.of(1), { id: 12 });
    expect(pass(third)).toBe(third);
    expect([trick.tried, told]).toEqual([2, ["alter", "alter"]]);
  });
});

describe("a command of his", () => {
  const command = { topic: rawDown, payload: Uint8Array.of(2, 7) };

  it("is announced where requests are signed, and fetched from him; the reply ends with him", () => {
    const { options, sent } = trickOptions(1);
    const trick = new Commanding(options, () => command);
    const tap = new WireTap();
    const report = request(rawUp, Uint8Array.of(1), { signed: true });
    expect(trick.request(tap.request(report, peer)!, report)).toBe(report);
    const altered = trick.answer(tap.answer(answer(Uint8Array.of(5)), peer)!, answer(Uint8Array.of(5)));
    expect([optionOf(altered, 2100), optionOf(altered, 2102)]).toEqual([`/topic/sys/PK/DK/${rawDown}`, ""]);
    expect([...read(altered).payload]).toEqual([5]);
    const fetch = request(rawDown, nothing, { code: get, id: 8, signed: true });
    expect(trick.request(tap.request(fetch, peer)!, fetch)).toBeUndefined();
    expect(read(sent[0])).toMatchObject({ code: 0x45, messageId: 8, payload: command.payload });
    const reply = request(`${rawDown}_reply`, Uint8Array.of(2), { id: 9, signed: true });
    expect(trick.request(tap.request(reply, peer)!, reply)).toBeUndefined();
    expect(read(sent[1])).toMatchObject({ code: 0x44, messageId: 9 });
  });

  it("comes along with the answer where they are not, in the place of the server's own", () => {
    const { options } = trickOptions(1);
    const trick = new Commanding(options, () => command);
    const tap = new WireTap();
    tap.request(request(rawUp, Uint8Array.of(1)), peer);
    const own = answer(nothing, [{ number: 2102, value: Uint8Array.of(2, 1) }]);
    const altered = trick.answer(tap.answer(own, peer)!, own);
    expect(Buffer.from(optionOf(altered, 2102))).toEqual(Buffer.from(command.payload));
    expect(trick.answer(tap.answer(own, peer)!, own)).toBe(own);
    expect(trick.tried).toBe(1);
  });

  it("goes to nobody else, and to nothing but a report", () => {
    const { options } = trickOptions();
    const trick = new Commanding(options, () => command);
    const tap = new WireTap();
    tap.request(request("thing/tag/query", Uint8Array.of(1)), peer);
    expect(trick.answer(tap.answer(answer(), peer)!, answer())).toEqual(answer());
    tap.request(request(rawUp, Uint8Array.of(1), { deviceKey: "other", id: 8 }), peer);
    const other = answer(nothing, [], 8);
    expect(trick.answer(tap.answer(other, peer)!, other)).toBe(other);
    expect(trick.tried).toBe(0);
  });
});

test("he answers a report himself, each copy of it, and the server hears nothing", () => {
  const { options, sent } = trickOptions(1);
  const trick = new Acknowledging(options);
  const tap = new WireTap();
  const pass = (datagram: Uint8Array) => trick.request(tap.request(datagram, peer)!, datagram);
  const first = request(rawUp, Uint8Array.of(1));
  expect([pass(first), pass(first)]).toEqual([undefined, undefined]);
  expect(sent.map((each) => read(each))).toMatchObject([
    { type: ack, code: 0x44, messageId: 7, payload: nothing },
    { type: ack, code: 0x44, messageId: 7 },
  ]);
  const second = request(rawUp, Uint8Array.of(1), { id: 8 });
  expect(pass(second)).toBe(second);
  expect(trick.tried).toBe(1);
});

test("while he blocks nothing passes, not even what is none of the protocol's", () => {
  const { options } = trickOptions();
  const man = new ManInTheMiddle();
  man.trick = new Dropping(options);
  expect(man.up(request(rawUp, Uint8Array.of(1)), peer)).toBeUndefined();
  expect(man.down(answer(), peer)).toBeUndefined();
  expect(man.up(Uint8Array.of(0x60, 0, 0, 7), peer)).toBeUndefined();
  expect(man.down(Uint8Array.of(0x60, 0, 0, 7), peer)).toBeUndefined();
  man.trick = undefined;
  expect(man.down(answer(), peer)).toEqual(answer());
});

describe("what is public", () => {
  let knowledge: PublicKnowledge;
  beforeAll(async () => {
    const engine = await loadScriptEngine(() => epoch);
    const script = engine.compile(productRecord("demo", "PK", "raw").script!);
    if ("fault" in script) throw new Error(script.fault);
    knowledge = new PublicKnowledge({ scripts: [script], thing });
  });
  const values = { temperature: 21.5, humidity: 48, relay: 0, uptime: 900 };

  it("reads a report and its number, and gives it another", () => {
    const report = knowledge.report(values, 4_711);
    expect(knowledge.readings(report)).toEqual([values]);
    expect(knowledge.numberOf(report)).toBe(4_711);
    const other = knowledge.renumbered(report, 0x0102_0304)!;
    expect([knowledge.numberOf(other), knowledge.readings(other)]).toEqual([0x0102_0304, [values]]);
  });

  it.each([["12"], ["3649673896210241843"]])("reads a command with the id %s, and gives it another", (id) => {
    const command = knowledge.setting({ relay: 1 }, id)!;
    expect(knowledge.command(command)).toEqual({ relay: 1 });
    const other = knowledge.renumbered(command, 99)!;
    expect(other).not.toEqual(command);
    expect(knowledge.command(other)).toEqual({ relay: 1 });
  });

  it("finds the one bit by which a value changes most and nothing else does", () => {
    const report = knowledge.report(values, 1);
    const flipped = knowledge.flipped(report, "temperature")!;
    const bits = flipped.reduce(
      (sum, byte, i) => sum + (byte ^ report[i]).toString(2).replaceAll("0", "").length,
      0,
    );
    expect(bits).toBe(1);
    const [{ temperature, ...others }] = knowledge.readings(flipped);
    const { temperature: _, ...same } = values;
    expect(others).toEqual(same);
    expect(Math.abs((temperature as number) - values.temperature)).toBeGreaterThan(20);
  });

  it("reads nothing of bytes that it does not know, and seals nothing where nothing is sealed", () => {
    const strange = Buffer.from("08010203040506a0a1a2a3a4a5a6a7001122334455667788", "hex");
    expect(knowledge.readings(strange)).toEqual([]);
    expect(knowledge.command(strange)).toBeUndefined();
    expect(knowledge.numberOf(strange)).toBeUndefined();
    expect(knowledge.renumbered(strange, 1)).toBeUndefined();
    expect(knowledge.flipped(strange, "temperature")).toBeUndefined();
    expect(knowledge.sealed("PK", "DK", strange)).toBeUndefined();
    expect(knowledge.sealedSetting("DK", { relay: 1 }, "1")).toBeUndefined();
  });
});
