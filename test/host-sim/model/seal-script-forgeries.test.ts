/**
 * A million forged messages of which the sealed script takes none; and scripts with a fault in them, of which the same
 * forgeries take advantage, so that the million says something.
 */
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { loadScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import { Random } from "../../../host-sim/sim/time/random";
import { Forger } from "./seal-forgeries";
import { bothRoots, device, imei, loadSealed, productKey, roots, sealUp, sealedSource } from "./seal-oracle";
import { example, load, unhex } from "./script";
import { density, runs } from "../../density";
import type { SealedParsingScript } from "./seal-oracle";

const settings = { ...bothRoots, proof: true, mark: true };
const devices = [imei, "node-7", "k".repeat(40)].flatMap((deviceKey) =>
  roots.map((root) => ({ root, productKey, deviceKey })),
);
const plains = [
  "01 00000001 04 0004 00000001",
  "02 00000007 c8",
  "0c 00000001 0000000000 01 08 01",
  "05 00000001 00 0000000003e8 00 01 08 01 01 01 08 00 01 01 08 01 01 01 08 00",
  `0d 00000001 10 ${Buffer.from('attribute.update{"attributes":{"label":"x"}}').toString("hex")}`,
].map((plain) => Buffer.from(unhex(plain)));

const reasons = /^sealed: (forged|name|truncated|plain)$/;

type Counts = Record<string, number>;

function add(to: Counts, name: string): void {
  to[name] = (to[name] ?? 0) + 1;
}

/** How many of so many the script takes, by the way in which they were made. */
function taken(source: string, count: number, seed: number): { taken: Counts; refused: Counts } {
  const script = load(source) as SealedParsingScript;
  const forger = new Forger(new Random(seed), devices, plains);
  for (const bytes of forger.envelopes)
    expect(JSON.parse(script.rawDataToJsonStr([...bytes]) as string)).toBeDefined();
  const result: { taken: Counts; refused: Counts } = { taken: {}, refused: {} };
  for (let n = 0; n < count; n++) {
    const bytes = forger.next();
    try {
      script.rawDataToJsonStr(bytes);
      add(result.taken, forger.way);
    } catch (error) {
      const { message } = error as Error;
      if (!reasons.test(message)) throw error;
      add(result.refused, message);
    }
  }
  return result;
}

test("a million forgeries, and none is taken", () => {
  const count = density(1_000_000, 10_000);
  const { taken: none, refused } = taken(sealedSource(example, settings), count, 19);
  expect(none).toEqual({});
  expect(Object.keys(refused).sort()).toEqual(
    ["forged", "name", "plain", "truncated"].map((why) => `sealed: ${why}`),
  );
  expect(Object.values(refused).reduce((sum, each) => sum + each)).toBe(count);
  // Most of them get as far as the tag.
  expect(refused["sealed: forged"]).toBeGreaterThan(0.6 * count);
});

test.each([
  [
    "compares one byte of the tag",
    "var difference = (tag[0] ^ int32At(bytes, end)) | (tag[1] ^ int32At(bytes, end + 4));",
    "var difference = (tag[0] ^ int32At(bytes, end)) >>> 24;",
    "a byte of the tag",
  ],
  ["compares nothing", "return difference === 0 ?", "return true ?", "some bytes of text and tag"],
  ["takes a count in two forms", "if (counter < 256)", "if (counter < 0)", "the same count in two bytes"],
  ["takes an IMEI in two forms", "isName(text) && !isImei", "isName(text)", "the same name in text"],
])("a script that %s is found by the same forgeries", (_what, right, wrong, way) => {
  const source = sealedSource(example, settings);
  expect(source.split(right)).toHaveLength(2);
  const { taken: some } = taken(source.replace(right, wrong), 2_000, 19);
  expect(Object.keys(some)).toContain(way);
});

it("refuses an envelope in which any bit is another, wherever it is", () => {
  const script = loadSealed(example, settings);
  const messages = fc.record({
    plain: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    salt: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    counter: fc.oneof(fc.nat(255), fc.nat(65_535)),
    of: fc.constantFrom(...devices),
  });
  let flipped = 0;
  fc.assert(
    fc.property(messages, ({ plain, salt, counter, of }) => {
      const sealed = sealUp(of, { salt, counter }, plain);
      for (let bit = 0; bit < 8 * sealed.length; bit++) {
        const bytes = [...sealed];
        bytes[bit >> 3] ^= 1 << (bit & 7);
        expect(() => script.rawDataToJsonStr(bytes)).toThrow(reasons);
        flipped += 1;
      }
      expect(() => script.rawDataToJsonStr([...sealed])).not.toThrow();
    }),
    { numRuns: runs(120) },
  );
  expect(flipped).toBeGreaterThan(5_000);
});

it("throws nothing but its refusals, whatever the bytes, with whatever settings", () => {
  const some = [
    loadSealed(example, settings),
    loadSealed(example, { migrating: true }),
    loadSealed(example, { roots: [], productKey: "", migrating: true, proof: true }),
    loadSealed(example, { roots: [], productKey: "" }),
  ];
  const first = fc.oneof(fc.nat(255), fc.integer({ min: 0, max: 17 }), fc.integer({ min: 8, max: 11 }));
  fc.assert(
    fc.property(first, fc.uint8Array({ maxLength: 300 }), (kind, rest) => {
      for (const script of some) {
        try {
          JSON.parse(script.rawDataToJsonStr([kind, ...rest]) as string);
        } catch (error) {
          expect((error as Error).message).toMatch(/^sealed: (forged|name|truncated|plain|no roots)$/);
        }
      }
    }),
    { numRuns: runs(2_000) },
  );
});

it("throws nothing but its refusals, whatever is inside an envelope", () => {
  const script = loadSealed(example, settings);
  const kinds = fc.oneof(fc.nat(255), fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 12, 13, 17));
  let unread = 0;
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 60 }), (kind, rest) => {
      const json = script.rawDataToJsonStr([
        ...sealUp(
          device,
          { salt: Buffer.alloc(8), counter: 1 },
          Uint8Array.from([kind, 0, 0, 0, 9, ...rest]),
        ),
      ]);
      const { id, code, method } = JSON.parse(json as string) as Record<string, unknown>;
      if (kind !== 6) expect(String(id).split(".")[0]).toBe("9");
      if (script.lastFault !== "") {
        expect([code, method]).toEqual([1220, undefined]);
        unread += 1;
      }
    }),
    { numRuns: runs(2_000) },
  );
  expect(unread).toBeGreaterThan(100);
});

it("throws nothing but its refusals, whatever JSON it is to make bytes of", () => {
  const some = [
    loadSealed(example, settings),
    loadSealed(example, { migrating: true }),
    loadSealed(example, { roots: [] }),
  ];
  const name = fc.oneof(fc.constantFrom(imei, "node-7", "a/b", ""), fc.jsonValue({ maxDepth: 1 }));
  const method = fc.constantFrom(
    "thing.service.measurepoint.set",
    "thing.service.reboot",
    "thing.service.",
    "thing",
    5,
  );
  const params = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({ relay: fc.constantFrom(0, 1, 2, "x"), deviceKey: name }, { requiredKeys: [] }),
    fc.record({ delay: fc.integer(), deviceKey: name }, { requiredKeys: [] }),
  );
  const id = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.nat(),
    fc.tuple(fc.nat(), fc.nat(3), fc.string(), fc.nat(70_000), name).map((parts) => parts.join(".")),
    fc
      .tuple(fc.nat(), fc.nat(1), fc.nat(70_000))
      .map(([n, r, c]) => `${n}.${r}.0123456789abcdef.${c}.${imei}`),
  );
  const message = fc.record(
    { id, method, params, code: fc.oneof(fc.nat(70_000), fc.constant(200)) },
    { requiredKeys: [] },
  );
  let sealed = 0;
  let proven = 0;
  fc.assert(
    fc.property(fc.oneof(message, fc.jsonValue()), (value) => {
      for (const script of some) {
        try {
          const bytes = [...script.jsonStrToRawData(JSON.stringify(value))];
          expect(bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)).toBe(true);
          expect(bytes.length === 0).toBe(script.lastFault !== "");
          if (bytes[0] === 14 || bytes[0] === 15) sealed += 1;
          if (bytes.length === 14) proven += 1;
        } catch (error) {
          expect((error as Error).message).toMatch(/^sealed: (no deviceKey in params|name|no roots)$/);
        }
      }
    }),
    { numRuns: runs(3_000) },
  );
  expect(sealed).toBeGreaterThan(10);
  expect(proven).toBeGreaterThan(10);
});

it("takes none in the stand-in's engine either, and ends within its limits whatever comes", async () => {
  const script = (await loadScriptEngine(() => 0)).compile(sealedSource(example, settings));
  if ("fault" in script) throw new Error(script.fault);
  const forger = new Forger(new Random(7), devices, plains);
  for (let n = 0; n < density(50_000, 600); n++) {
    const made = script.rawToJson(Uint8Array.from(forger.next()));
    expect(typeof made === "string" ? made : made.fault).toMatch(
      /^Error: sealed: (forged|name|truncated|plain) \(line/,
    );
    expect(script.lastSealed).toBeUndefined();
  }
  // Of the length of the longest that any device sends.
  const long = sealUp(devices[1], { salt: Buffer.alloc(8), counter: 1 }, Buffer.alloc(16_384, 1));
  long[long.length - 1] ^= 1;
  expect(script.rawToJson(long)).toMatchObject({
    fault: expect.stringContaining("sealed: forged") as string,
  });
  script.dispose();
});
