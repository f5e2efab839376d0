/**
 * The parsing script on its own: what it makes of batches, of garbage, and of JSON that it cannot state.
 */
import { transform } from "esbuild";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeReport } from "../../../firmware/model/report";
import { emptyLock, updateLock } from "../../../host-sim/model/lock";
import { cases, models } from "./random-model";
import { example, generated, load, manual, sides, sound, unhex } from "./script";
import { runs } from "../../density";
import type { Lock } from "../../../host-sim/model/lock";

const { script } = sides(example);
const read = (digits: string): Record<string, unknown> =>
  JSON.parse(script.rawDataToJsonStr([...unhex(digits)]) as string) as Record<string, unknown>;
const set = "thing.service.measurepoint.set";

describe("batches", () => {
  const relay = (value: number, time: number): object => ({ measurepoints: { relay: value }, time });
  const rows: [what: string, bytes: string, method: string, params: unknown][] = [
    [
      "one reading",
      "04 00000001 00 0000000003e8 00 01 04 0004 00000001",
      "thing.measurepoint.post",
      relay(1, 1000),
    ],
    [
      "one late",
      "04 00000001 01 0000000003e8 00 01 04 0004 00000001",
      "thing.measurepoint.resume",
      relay(1, 1000),
    ],
    [
      "two readings",
      "04 00000001 00 0000000003e8 00 01 04 0004 00000001 8102 01 04 0004 00000000",
      "thing.measurepoint.post.batch",
      [relay(1, 1000), relay(0, 1257)],
    ],
    [
      "three late ones, compact",
      "05 00000001 01 ffffffffffff 00 01 08 01 00 01 08 00 ffffffffff7f 01 08 01",
      "thing.measurepoint.resume.batch",
      [relay(1, 2 ** 48 - 1), relay(0, 2 ** 48 - 1), relay(1, 2 ** 48 - 1 + 2 ** 42 - 1)],
    ],
    [
      "several points, with quality",
      "04 00000001 00 000000000000 00 02 03 0005 ffffff9b 09 06 0002 c3a9",
      "thing.measurepoint.post",
      { measurepoints: { rssi: { value: -101, quality: 9 }, firmware: "é" }, time: 0 },
    ],
  ];
  test.each(rows)("%s", (_what, bytes, method, params) => {
    expect(read(bytes)).toEqual({ id: "1", version: "1.0", method, params });
    expect(script.lastFault).toBe("");
  });

  const bad: [what: string, bytes: string, message: RegExp][] = [
    ["no reading", "04 00000001 00 000000000000", /no reading/],
    ["no time", "04 00000001 00 0000000000", /ends at byte 11, 1 too early/],
    ["a flag without a meaning", "04 00000001 02 000000000000 00 01 04 0004 00000001", /flags are 2/],
    ["a varint of 7 bytes", "05 00000001 00 000000000000 80808080808001 01 08 01", /more than 6 bytes/],
    ["a varint without end", "05 00000001 00 000000000000 80", /too early/],
    ["a point less than stated", "04 00000001 00 000000000000 00 02 04 0004 00000001", /too early/],
    [
      "a point twice",
      "04 00000001 00 000000000000 00 02 04 0004 00000001 04 0004 00000001",
      /point 4 comes twice/,
    ],
    ["an unknown point", "05 00000001 00 000000000000 00 01 80 01", /point 8 is not in version 1/],
    ["half a reading behind a whole one", "05 00000001 00 000000000000 00 01 08 01 00", /too early/],
    ["256 readings", `05 00000001 00 000000000000 ${"00 01 08 01 ".repeat(256)}`, /more than 255 readings/],
  ];
  test.each(bad)("%s", (_what, bytes, message) => {
    const answer = read(bytes);
    expect(answer).toEqual({ id: "1", code: 1220, message: expect.stringMatching(message) as string });
    expect(script.lastFault).toMatch(message);
  });

  test("255 readings, and a reading twice in the same ms", () => {
    const { params } = read(`05 00000001 00 000000000000 ${"00 01 08 01 ".repeat(255)}`) as {
      params: object[];
    };
    expect(params).toHaveLength(255);
  });

  test("a reading of nothing but points that are gone is left out", () => {
    const lock = updateLock(emptyLock, example) as Lock;
    const without = sound({
      ...example,
      measurepoints: example.measurepoints.filter((each) => each.identifier !== "relay"),
    });
    const later = load(generated(without, lock).files["parsing-script.js"]);
    const parse = (digits: string): unknown =>
      JSON.parse(later.rawDataToJsonStr([...unhex(digits)]) as string);
    const head = "05 00000001 00 000000000005";
    expect(parse(`${head} 00 01 08 01 02 01 0a 0064 01 01 01 08 00`)).toMatchObject({
      method: "thing.measurepoint.post",
      params: { measurepoints: { humidity: 1 }, time: 7 },
    });
    expect(parse(`${head} 00 01 08 01`)).toMatchObject({ params: { measurepoints: {}, time: 5 } });
  });
});

describe("reports that are none", () => {
  const rows: [bytes: string, id: string | undefined, message: RegExp][] = [
    ["", undefined, /ends at byte 0, 1 too early/],
    ["01 000000", undefined, /too early/],
    ["00 00000001", "1", /first byte 0 is none/],
    ["06 00000001 fb", undefined, /the firmware is too old for an id beyond 32 bits/],
    ["06 0000000100000000 06 c8", "4294967296", /first byte 6 is none/],
    ["06 0000000100000000 11 c8", "4294967296", /too early/],
    ["01 00000001 09 0000", "1", /point 9 is not in version 1 of the model/],
    ["01 00000001 04 0003 000001", "1", /too early/],
    ["01 00000001 04 0005 0000000100", "1", /point 4 has bytes left over/],
    ["01 00000001 04 0004 00000002", "1", /2 is none of 0, 1/],
    ["01 00000001 03 0005 ffffff9b 0a", "1", /a quality is 10, beyond 9/],
    ["01 00000001 03 0004 ffffff9b", "1", /too early/],
    ["01 00000001 01 0008 7ff8000000000000", "1", /a double is no number/],
    ["01 00000001 05 0008 0020000000000000", "1", /beyond 2\^53/],
    ["01 00000001 06 0001 ff", "1", /no UTF-8/],
    ["03 00000001 01 08 01 00", "1", /1 bytes left over/],
    ["11 00000001 c8", "1", /too early/],
    ["63 00000001 c8", "1", /service 99 is not in version 1/],
  ];
  test.each(rows)("%s", (bytes, id, message) => {
    expect(read(bytes)).toEqual({
      id,
      code: 1220,
      message: expect.stringMatching(message) as string,
    });
  });

  test.each([
    null,
    undefined,
    5,
    "text",
    {},
    { length: -1 },
    { length: 1e9 },
    [256],
    [-129],
    [1.5],
    ["1"],
    [NaN],
    new Array(1),
  ])("%j is no array of bytes", (given) =>
    expect(JSON.parse(script.rawDataToJsonStr(given) as string)).toMatchObject({ code: 1220 }),
  );

  test("answers of all codes", () => {
    for (const [byte, code] of [
      [200, 200],
      [0, 0],
      [249, 249],
      [250, 400],
      [251, 404],
      [252, 500],
      [253, 253],
      [255, 255],
    ]) {
      expect(read(`02 00000007 ${byte.toString(16).padStart(2, "0")}`)).toEqual({ id: "7", code, data: {} });
    }
    expect(read("12 00000007 fc")).toEqual({ id: "7", code: 500, data: {} });
  });
});

describe("a command's id", () => {
  const raw = (id: string): string =>
    Buffer.from(script.jsonStrToRawData(`{"id":${id},"method":"${set}","params":{"relay":1}}`)).toString(
      "hex",
    );
  const rows: [id: string, bytes: string][] = [
    ["20", "02 00000014"],
    ['"4294967295"', "02 ffffffff"],
    ['"4294967296"', "06 0000000100000000 02"],
    ['"2078724684846989312"', "06 1cd91d165a240000 02"],
    // A number that no double holds is read as it is written.
    ["2078724684846989312", "06 1cd91d165a240000 02"],
    ["2078724684846989313", "06 1cd91d165a240001 02"],
    ['"18446744073709551615"', "06 ffffffffffffffff 02"],
  ];
  test.each(rows)("%s goes down as %s, and comes back", (id, bytes) => {
    expect(raw(id)).toBe(`${bytes.replaceAll(" ", "")}0400000001`);
    expect(read(`${bytes} c8`)).toEqual({ id: id.replaceAll('"', ""), code: 200, data: {} });
  });

  test("of several members and inner ones is the last of the object's own", () => {
    const text = (more: string): number[] => [...script.jsonStrToRawData(`{${more}}`)];
    const rest = `"method":"thing.service.calibrate","params":{"reference":{"temperature":1,"source":"id\\":9"}}`;
    const id = "9007199254740993";
    for (const json of [
      `"id":${id},${rest}`,
      `${rest},"id":7,"\\u0069d" : ${id}`,
      `"id":"7",${rest},"id":${id}`,
    ]) {
      expect(text(json).slice(0, 10)).toEqual([6, 0, 32, 0, 0, 0, 0, 0, 1, 18]);
    }
  });

  test.each([
    '"18446744073709551616"',
    '"99999999999999999999"',
    "1e30",
    "-1",
    "1.5",
    '"007"',
    '"x"',
    "null",
    "true",
    "[5]",
    '""',
  ])("%s has no raw form", (id) => {
    expect(raw(id)).toBe("");
    expect(script.lastFault).toBe("id has to be a whole number from 0 to 18446744073709551615");
  });
});

describe("JSON that has no raw form", () => {
  const rows: [json: string, fault: RegExp][] = [
    ["", /./],
    ["[]", /no JSON object/],
    ["null", /no JSON object/],
    ['{"code":200}', /id has to be a whole number from 0 to 4294967295/],
    ['{"id":"4294967296","code":200}', /id has to be/],
    ['{"id":"x","code":200}', /id has to be/],
    ['{"id":"1"}', /code has to be a whole number from 0 to 65535/],
    ['{"id":"1","code":65536}', /code has to be/],
    ['{"id":"1","method":"thing.service.measurepoint.get","params":[]}', /measurepoint\.get is no service/],
    ['{"id":"1","method":"thing.other"}', /has no raw form/],
    [`{"id":"1","method":"${set}"}`, /params is no object/],
    [`{"id":"1","method":"${set}","params":{"temperature":1}}`, /temperature cannot be set/],
    [`{"id":"1","method":"${set}","params":{"other":1}}`, /other is no measure point of the model/],
    [`{"id":"1","method":"${set}","params":{"__proto__":1}}`, /is no measure point/],
    [`{"id":"1","method":"${set}","params":{"relay":2}}`, /2 is none of 0, 1/],
    [`{"id":"1","method":"${set}","params":{"relay":"1"}}`, /relay has to be a whole number/],
    ['{"id":"1","method":"thing.service.reboot"}', /lacks the input delay/],
    [
      '{"id":"1","method":"thing.service.reboot","params":{"delay":1,"more":2}}',
      /more is no input of reboot/,
    ],
    ['{"id":"1","method":"thing.service.reboot","params":{"delay":1.5}}', /delay has to be a whole number/],
    [
      '{"id":"1","method":"thing.service.calibrate","params":{"reference":{}}}',
      /reference lacks temperature/,
    ],
    [
      '{"id":"1","method":"thing.service.calibrate","params":{"reference":{"temperature":1,"x":1}}}',
      /reference has no x/,
    ],
    [
      '{"id":"1","method":"thing.service.calibrate","params":{"reference":[]}}',
      /reference has to be an object/,
    ],
  ];
  test.each(rows)("%s", (json, fault) => {
    expect([...script.jsonStrToRawData(json)]).toEqual([]);
    expect(script.lastFault).toMatch(fault);
    expect(script.lastFault).not.toContain("\n");
  });
});

describe("nothing throws", () => {
  test("on bytes at random, and what is not understood says so", () => {
    fc.assert(
      fc.property(
        models,
        fc.constantFrom(1, 2, 3, 4, 5, 17, 255),
        fc.uint8Array({ maxLength: 60 }),
        (model, first, bytes) => {
          const { script: own } = sides(model);
          const payload = [first, 0, 0, 0, 9, ...bytes];
          const text = own.rawDataToJsonStr(payload) as string;
          const answer = JSON.parse(text) as { id: string; code?: number; method?: string };
          expect(answer.id).toBe("9");
          if (own.lastFault === "") expect(answer.method ?? answer.code).toBeDefined();
          else expect(answer).toEqual({ id: "9", code: 1220, message: own.lastFault });
          // Signed bytes are the same bytes.
          expect(own.rawDataToJsonStr([...Int8Array.from(payload)])).toBe(text);
        },
      ),
      { numRuns: runs(400) },
    );
  });

  test("on any JSON", () => {
    fc.assert(
      fc.property(
        cases,
        fc.jsonValue({ maxDepth: 2 }),
        fc.nat(),
        ({ model, settings, services }, wrong, at) => {
          const { script: own } = sides(model);
          const spoil = (values: Record<string, unknown>): unknown => {
            const keys = Object.keys(values);
            return keys.length === 0 ? wrong : { ...values, [keys[at % keys.length]]: wrong };
          };
          const messages = [
            wrong,
            { id: "1", method: set, params: spoil(settings) },
            ...model.services.map(({ identifier }, i) => ({
              id: "1",
              method: `thing.service.${identifier}`,
              params: spoil(services[i].inputs),
            })),
          ];
          for (const message of messages) {
            const raw = [...own.jsonStrToRawData(JSON.stringify(message))];
            expect(raw.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)).toBe(true);
            expect(raw.length === 0).toBe(own.lastFault !== "");
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

test("a report that is read quickly reads as it does thoroughly, and so does any that is not", () => {
  const out = new Uint8Array(4096);
  let quick = 0;
  fc.assert(
    fc.property(cases, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), (one, changes) => {
      const { model, requestId, report: values } = one;
      const { thing, script: own } = sides(model);
      const thorough = load(
        generated(model).files["parsing-script.js"].replace(/^function quickReport.*$/m, '$& return "";'),
      );
      const length = encodeReport(thing, values as never, requestId, out, "sample");
      if (typeof length !== "number") throw new Error(length.detail);
      const bytes = [...out.subarray(0, length)];
      // As it is, and damaged in a place or two.
      for (const [at, byte] of changes) bytes[at % length] = byte;
      expect(own.rawDataToJsonStr(bytes)).toBe(thorough.rawDataToJsonStr(bytes));
      expect(own.lastFault).toBe(thorough.lastFault);
      const { quickReport } = own as unknown as { quickReport(bytes: number[]): string };
      if (quickReport(bytes) !== "") quick += 1;
    }),
    { numRuns: runs(400) },
  );
  expect(quick).toBeGreaterThan(0);
});

test.each<[string, string]>([
  ["zero", "0000000000000000"],
  ["minus zero", "8000000000000000"],
  ["a third", "3fd5555555555555"],
  ["the largest", "7fefffffffffffff"],
  ["minus the smallest of full precision", "8010000000000000"],
  ["the smallest", "0000000000000001"],
])("a double that is %s reads as in IEEE 754", (_what, bits) => {
  expect(read(`01 00000001 01 0008 ${bits}`)).toMatchObject({
    params: { measurepoints: { temperature: Buffer.from(bits, "hex").readDoubleBE() + 0 } },
  });
});

test("it is ES5, and needs nothing but ECMAScript", async () => {
  for (const model of [example, manual]) {
    const source = generated(model).files["parsing-script.js"];
    const { code } = await transform(source, { target: "es5", minifyWhitespace: true, logLevel: "silent" });
    expect(code).not.toContain("EnOS parsing script");
    await expect(
      transform(`${source}\nconst later = 1;`, { target: "es5", logLevel: "silent" }),
    ).rejects.toThrow();
    expect(code).not.toMatch(
      /\b(require|import|export|module|console|Buffer|Uint8Array|DataView|Map|Symbol)\b/,
    );
  }
});

test("its header tells product, model version, layouts and fingerprint", () => {
  const { files, fingerprint } = generated(example);
  const header = files["parsing-script.js"].slice(0, 5_000);
  expect(header).toContain('product "Climate node"');
  expect(header).toContain(`version 1, layout ${fingerprint}`);
  for (const kind of ["01", "03", "04", "05", "02"]) expect(header).toContain(`${kind} | request id u32`);
  for (const name of ["post.batch", "resume.batch"]) expect(header).toContain(`thing.measurepoint.${name}`);
  expect(files["layout.md"]).toContain("`05`, request id u32, flags u8, time u48");
});
