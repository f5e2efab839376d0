/** The rules on a sealed product: each can be broken, and the man in the middle breaks none. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { con, decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { projectRoot } from "../../../../host-sim/project";
import { SealBook } from "../../../../host-sim/tools/chaos/books/seal-book";
import { SecretWatch } from "../../../../host-sim/tools/chaos/books/secret-watch";
import { tricks } from "../../../../host-sim/tools/chaos/interposed";
import { randomScript } from "../../../../host-sim/tools/chaos/script";
import { campaignFirmware } from "../../../../host-sim/tools/chaos/trial";
import { broken, hour, insteadOf, minute, run, scriptOf } from "./planted";
import type { CoapMessage, CoapOption } from "../../../../host-sim/cloud/coap/coap-wire";
import type { Fault } from "../../../../host-sim/tools/chaos/script";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

/** A request of a device's on a topic below its own. */
function request(topic: string, payload: Uint8Array, more: readonly CoapOption[] = []): Uint8Array {
  const path = ["topic", "sys", "PK", "DK", ...topic.split("/")];
  const options = path.map((segment) => ({ number: 11, value: Buffer.from(segment) }));
  const head = { type: con, code: 2, messageId: 1, token: Uint8Array.of(1) } as const;
  return encodeCoap({ ...head, options: [...options, ...more], payload });
}
const up = "thing/model/up_raw";
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const envelope = (salt: string, counter: string, text: string): Buffer =>
  hex(`${counter.length === 2 ? "08" : "09"} 010203040506 ${salt} ${counter} ${text}`);
const salt = "a0a1a2a3a4a5a6a7";
const tag = "1122334455667788";

describe("the book of seals", () => {
  const book = (...datagrams: Uint8Array[]): SealBook => {
    const made = new SealBook();
    for (const [index, each] of datagrams.entries()) made.sent(each, index);
    return made;
  };

  it("counts envelopes and salts, and takes one that is sent again for the same", () => {
    const first = request(up, envelope(salt, "00", tag));
    const { envelopes, salts, reused, unsealed } = book(
      first,
      first,
      request(up, envelope(salt, "01", tag)),
      request(up, envelope("b0a1a2a3a4a5a6a7", "00", `77${tag}`)),
    );
    expect({ envelopes, salts: salts.size, reused, unsealed }).toEqual({
      ...{ envelopes: 3, salts: 2, reused: [], unsealed: [] },
    });
  });

  it.each([
    ["other bytes", request(up, envelope(salt, "05", `ff${tag}`))],
    ["a longer text", request(up, envelope(salt, "05", `00${tag}00`))],
    ["a reply to a command", request("thing/model/down_raw_reply", envelope(salt, "05", tag))],
    ["the counter in two bytes", request(up, envelope(salt, "0005", `00${tag}`))],
  ])("finds salt and counter that come twice: %s", (_, again) => {
    const { reused } = book(request(up, envelope(salt, "05", `00${tag}`)), again);
    expect(reused).toEqual([{ at: 1, before: 0, pair: `${salt} 5` }]);
  });

  it("looks into each block of a transfer", () => {
    const whole = envelope(salt, "0105", `${"ab".repeat(40)}${tag}`);
    const other = envelope(salt, "0105", `${"ab".repeat(39)}ac${tag}`);
    const block = (of: Uint8Array, number: number): Uint8Array => {
      const more = 16 * (number + 1) < of.length ? 8 : 0;
      return request(up, of.subarray(16 * number, 16 * number + 16), [
        { number: 27, value: Uint8Array.of((number << 4) | more) },
      ]);
    };
    const blocks = (of: Uint8Array): Uint8Array[] =>
      Array.from({ length: Math.ceil(of.length / 16) }, (_unused, number) => block(of, number));
    expect(book(...blocks(whole), ...blocks(whole)).reused).toEqual([]);
    const { envelopes, reused } = book(...blocks(whole), ...blocks(other));
    expect({ envelopes, reused }).toMatchObject({ envelopes: 1, reused: [{ pair: `${salt} 261` }] });
    // One that was cut off, and another under its salt and counter.
    expect(book(...blocks(whole).slice(0, 3), request(up, whole)).reused).toEqual([]);
    expect(
      book(...blocks(whole).slice(0, 3), request(up, envelope(salt, "0105", "cd".repeat(48)))).reused,
    ).toHaveLength(1);
  });

  it.each([
    [up, hex("01 00000001 01 0002 1234")],
    [up, hex("08 0102")],
    [up, hex("fe".repeat(300))],
    ["thing/measurepoint/post", Buffer.from("{}")],
    ["thing/event/overheat/post", Buffer.from("{}")],
    ["thing/attribute/update", Buffer.from("{}")],
    ["thing/tag/delete", Buffer.from("{}")],
    ["thing/service/measurepoint/set_reply", Buffer.from("{}")],
  ])("finds what goes out in plain on %s", (topic, payload) => {
    expect(book(request(topic, payload)).unsealed).toEqual([{ at: 0, topic }]);
  });

  it.each(["ota/device/inform", "thing/attribute/query", "thing/tag/query", "thing/model/get"])(
    "leaves %s alone, which tells nothing of what is measured",
    (topic) => expect(book(request(topic, Buffer.from("{}"))).unsealed).toEqual([]),
  );
});

/** Changes the payload of the n-th report in an envelope that leaves the device, by those that left before. */
function nthReport(n: number, change: (payload: Uint8Array, before: readonly Uint8Array[]) => Uint8Array) {
  const before: Uint8Array[] = [];
  return (event: WorldEvent): WorldEvent => {
    if (event.source !== "air" || event.report.direction !== "up") return event;
    const message = decodeCoap(event.report.bytes);
    if ("malformed" in message || !isReport(message)) return event;
    before.push(message.payload);
    if (before.length !== n) return event;
    const bytes = encodeCoap({ ...message, payload: change(message.payload, before.slice(0, -1)) });
    return { ...event, report: { ...event.report, bytes } };
  };
}
const isReport = ({ options, payload }: CoapMessage): boolean =>
  payload.length > 0 && options.some(({ value }) => Buffer.from(value).toString() === "up_raw");

const sealed = { sealed: true } as const;

describe("each rule, broken on purpose, is found", () => {
  test("nonce: an envelope of which the last bit is another one", async () => {
    const tamper = nthReport(4, (_, before) => {
      const copy = before[1].slice();
      copy[copy.length - 1] ^= 1;
      return copy;
    });
    const result = await run(scriptOf([], sealed), { tamper });
    expect(broken(result)).toEqual(["nonce"]);
    expect(result.violations[0].sentence).toMatch(
      /^at 0\d:.* salt and counter [0-9a-f]{16} \d+ seal other bytes than at 0/,
    );
  });

  test("nonce: a firmware whose counter does not count", async () => {
    const file = "firmware/seal/nonces.ts";
    const source = readFileSync(join(projectRoot(), file), "utf8");
    const faulty = source.replace("return this.pair(this.#next++);", "return this.pair(this.#next);");
    expect(faulty).not.toBe(source);
    const firmware = await campaignFirmware(true, new Map([[file, faulty]]));
    expect(broken(await run(scriptOf([], sealed), { firmware }))).toEqual(["nonce"]);
  });

  test("nonce: a firmware that goes on with the salt of before though its memory was lost", async () => {
    const file = "firmware/seal/nonces.ts";
    const source = readFileSync(join(projectRoot(), file), "utf8");
    const faulty = source.replace(/Uint32Array\.of\(random\(\) .*\);/, "Uint32Array.of(7, 7);");
    expect(faulty).not.toBe(source);
    const firmware = await campaignFirmware(true, new Map([[file, faulty]]));
    const cut = { at: hour, kind: "power-cut", lasting: minute, amount: 0 } as const;
    expect(broken(await run(scriptOf([cut], sealed), { firmware }))).toEqual(["nonce"]);
  });

  test("plain: a report that is in no envelope", async () => {
    const tamper = nthReport(3, () => hex("01 00000001 01 0002 1234"));
    const result = await run(scriptOf([], sealed), { tamper });
    expect(result.violations).toMatchObject([
      {
        invariant: "plain",
        sentence: expect.stringContaining("something goes to thing/model/up_raw that is in no envelope"),
      },
    ]);
  });

  test("command: one that nobody sent, under a man in the middle whom a seal does not excuse", async () => {
    const made = "command: executed kind=set id=4711 code=200";
    const tamper = () => insteadOf(/^agent: idle/, made);
    const interposed: Fault = { at: hour, kind: "interposed", lasting: hour, amount: 0 };
    expect(broken(await run(scriptOf([interposed], sealed), { tamper: tamper() }))).toEqual(["command"]);
    const forgery: Fault = { at: hour, kind: "forgery", lasting: hour, amount: 0 };
    expect(broken(await run(scriptOf([forgery]), { tamper: tamper() }))).not.toContain("command");
  });

  test("secret: the board's seal key and what is made of it, wherever it is met", () => {
    const sealKey = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf";
    const met = (look: (watch: SecretWatch) => void): readonly string[] => {
      const watch = new SecretWatch("Gk8dPq3xZw7Lm2Rt9VbYc5HnJf4Sa6Ue", sealKey);
      look(watch);
      return watch.found;
    };
    expect(met((watch) => watch.log(`keys: ${sealKey}`, "keys"))).toEqual([
      `the log's room "keys" holds the board's seal key, in hexadecimal`,
    ]);
    expect(met((watch) => watch.bytes(Buffer.from(sealKey, "hex"), "retained memory"))).toHaveLength(1);
    expect(met((watch) => watch.datagram(Buffer.from(sealKey, "hex"), "up"))).toHaveLength(1);
  });
});

describe("a sealed device", () => {
  test.each(tricks.map(({ name }, amount) => [name, amount] as const))(
    "under a man in the middle who plays %s keeps all rules",
    async (_, amount) => {
      const fault: Fault = { at: 30 * minute, kind: "interposed", lasting: hour, amount };
      const commands: Fault = { at: 10 * minute, kind: "commands", lasting: 0, amount: 2 };
      for (const seal of [true, "proof"] as const) {
        const result = await run(scriptOf([commands, fault], { sealed: seal }));
        expect(result).toMatchObject({ violations: [], attackers: "forger" });
      }
    },
  );

  test("whose flash and key-value storage are restored begins with a fresh salt", async () => {
    const restored: Fault = { at: 2 * hour, kind: "image-restored", lasting: minute, amount: 1 };
    const { violations, seal } = await run(scriptOf([restored], { ...sealed, sleep: "deep" }));
    expect(violations).toEqual([]);
    // Deep sleep goes on with the salt before: there are as many as starts with power.
    expect(seal).toMatchObject({ salts: 2 });
    expect(seal!.envelopes).toBeGreaterThan(30);
  });

  test("whose memory that outlives deep sleep is damaged, too", async () => {
    const faults = [1, 8, -1, -2].map((amount, index): Fault => {
      return { at: (index + 1) * 31 * minute, kind: "retained-damage", lasting: 0, amount };
    });
    const { violations, seal } = await run(scriptOf(faults, { sealed: "proof", sleep: "deep" }));
    expect(violations).toEqual([]);
    expect(seal!.salts).toBeGreaterThan(2);
  });
});

test("a plain device has no trouble that is for sealed ones, and its seeds draw what they drew", () => {
  const kindsOf = (seed: number, chosen = {}): Set<string> =>
    new Set(randomScript(seed, 24 * 40, chosen).faults.map(({ kind }) => kind));
  expect([...kindsOf(7)].filter((kind) => kind === "interposed" || kind === "image-restored")).toEqual([]);
  expect(kindsOf(7, { sealed: true })).toContain("interposed");
  expect(kindsOf(7, { sealed: true })).toContain("image-restored");
  for (let seed = 1; seed < 40; seed++) {
    const { format } = randomScript(seed, 1, { sealed: "proof" }).device;
    expect(["raw", "compact"]).toContain(format);
  }
});
