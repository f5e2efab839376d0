/**
 * What the firmware writes is what the parsing script reads, and the other way: for the manual's sample,
 * and for models and values drawn at random.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginBatch } from "../../../firmware/model/batch";
import { decodeCommand, encodeReply } from "../../../firmware/model/command";
import { encodeReport } from "../../../firmware/model/report";
import { cases, settledFields } from "./random-model";
import { manual, sides, unhex } from "./script";
import { density, runs } from "../../density";
import type { Layout } from "../../../firmware/model/report";
import type { ThingFault } from "../../../firmware/model/thing";

const out = new Uint8Array(70_000);

function bytes(length: number | ThingFault): Uint8Array {
  if (typeof length !== "number") throw new Error(`${length.fault} ${length.id}: ${length.detail}`);
  return out.slice(0, length);
}

describe("the manual's sample", () => {
  const { thing, script } = sides(manual);
  const sample =
    "01 00000014 01 0004 000025f5 02 000a 6162636465666768696a 03 0008 3ff23d70a3d70a3d " +
    "04 0014 0000000100000003000000050000000700000009 05 0005 000001a7 03";
  const points = {
    mp_int: 9717,
    mp_string: "abcdefghij",
    mp_double: 1.14,
    mp_array: [1, 3, 5, 7, 9],
    mp_int_quality: { value: 423, quality: 3 },
  };

  test("is read as its JSON", () => {
    expect(JSON.parse(script.rawDataToJsonStr([...unhex(sample)]) as string)).toEqual({
      id: "20",
      version: "1.0",
      method: "thing.measurepoint.post",
      params: { measurepoints: points },
    });
  });

  test("is written by the firmware, byte for byte", () => {
    expect(bytes(encodeReport(thing, points, 20, out, "sample"))).toEqual(unhex(sample));
  });

  test("a set command and its answers", () => {
    const params = { mp_int: 9717, mp_string: "é", mp_array: [-1] };
    const command = { id: "20", version: "1.0", method: "thing.service.measurepoint.set", params };
    const raw = script.jsonStrToRawData(JSON.stringify(command));
    expect(new Uint8Array(raw)).toEqual(unhex("02 00000014 01 000025f5 02 0002 c3a9 04 0004 ffffffff"));
    expect(JSON.parse(script.rawDataToJsonStr([2, 0, 0, 0, 20, 0xc8]) as string)).toEqual({
      id: "20",
      code: 200,
      data: {},
    });
    expect([...script.jsonStrToRawData('{"id":"20","code":200,"data":{}}')]).toEqual([0, 0, 0, 20, 0, 200]);
    expect([...script.jsonStrToRawData('{"id":4294967295,"code":1204}')]).toEqual([
      255, 255, 255, 255, 4, 180,
    ]);
  });
});

describe("models and values at random", () => {
  test.each<Layout>(["sample", "compact"])("reports in the %s layout", (layout) => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ model, requestId, report }, signed) => {
        const { thing, script } = sides(model);
        const payload = bytes(encodeReport(thing, report as never, requestId, out, layout));
        const text = script.rawDataToJsonStr(signed ? [...new Int8Array(payload)] : [...payload]) as string;
        const json = JSON.parse(text) as { id: string; method: string; params: { measurepoints: object } };
        expect(script.lastFault).toBe("");
        expect(json.id).toBe(String(requestId));
        expect(json.method).toBe("thing.measurepoint.post");
        const points = model.measurepoints;
        expect(settledFields(points, json.params.measurepoints as never)).toEqual(
          settledFields(points, report),
        );
      }),
      { numRuns: runs(250) },
    );
  });

  test.each<Layout>(["sample", "compact"])("batches in the %s layout", (layout) => {
    const methods = new Set<string>();
    fc.assert(
      fc.property(cases, fc.boolean(), ({ model, requestId, readings, time, late }, signed) => {
        const { thing, script } = sides(model);
        const batch = beginBatch(thing, layout, requestId, time, late, out);
        let now = time;
        const wanted = readings.map(({ values, later }, i) => {
          if (i > 0) now += later;
          expect(batch.add(values as never, now)).toBe("added");
          return { measurepoints: settledFields(model.measurepoints, values), time: now };
        });
        const payload = out.slice(0, batch.length);
        const text = script.rawDataToJsonStr(signed ? [...new Int8Array(payload)] : [...payload]) as string;
        expect(script.lastFault).toBe("");
        const json = JSON.parse(text) as { id: string; method: string; params: unknown };
        const one = late ? "thing.measurepoint.resume" : "thing.measurepoint.post";
        expect(json).toMatchObject({
          id: String(requestId),
          version: "1.0",
          method: readings.length === 1 ? one : `${one}.batch`,
        });
        const read = readings.length === 1 ? [json.params] : (json.params as unknown[]);
        const settledRead = (read as { measurepoints: never; time: number }[]).map((each) => ({
          ...each,
          measurepoints: settledFields(model.measurepoints, each.measurepoints),
        }));
        expect(settledRead).toEqual(wanted);
        methods.add(json.method);
      }),
      { numRuns: runs(250) },
    );
    expect(methods.size).toBe(4);
  });

  test("set commands", () => {
    fc.assert(
      fc.property(cases, ({ model, commandId: requestId, settings }) => {
        const { thing, script } = sides(model);
        const command = { id: String(requestId), method: "thing.service.measurepoint.set", params: settings };
        const raw = script.jsonStrToRawData(JSON.stringify(command));
        expect(script.lastFault).toBe("");
        const read = decodeCommand(thing, Uint8Array.from(raw));
        // What is set has no quality.
        const points = model.measurepoints.map((point) => ({ ...point, quality: false }));
        expect(read).toEqual({ kind: "set", requestId, values: expect.anything() });
        expect(settledFields(points, (read as unknown as { values: never }).values)).toEqual(
          settledFields(points, settings),
        );
      }),
      { numRuns: runs(250) },
    );
  });

  test("services and their answers", () => {
    let seen = 0;
    fc.assert(
      fc.property(cases, ({ model, commandId: requestId, services }) => {
        const { thing, script } = sides(model);
        model.services.forEach((service, i) => {
          const { inputs, outputs } = services[i];
          const command = {
            id: String(requestId),
            method: `thing.service.${service.identifier}`,
            params: inputs,
          };
          const raw = script.jsonStrToRawData(JSON.stringify(command));
          expect(script.lastFault).toBe("");
          const read = decodeCommand(thing, Uint8Array.from(raw));
          const wanted = {
            kind: "service",
            requestId,
            service: service.identifier,
            inputs: expect.anything(),
          };
          expect(read).toEqual(wanted);
          const given = (read as unknown as { inputs: never }).inputs;
          expect(settledFields(service.inputs, given)).toEqual(settledFields(service.inputs, inputs));

          const reply = bytes(encodeReply(thing, service.number, requestId, 200, outputs, out));
          const answer = JSON.parse(script.rawDataToJsonStr(reply) as string) as {
            id: string;
            code: number;
            data: never;
          };
          expect(script.lastFault).toBe("");
          expect(answer).toEqual({ id: String(requestId), code: 200, data: expect.anything() });
          expect(settledFields(service.outputs, answer.data)).toEqual(
            settledFields(service.outputs, outputs),
          );
          seen += 1;
        });
      }),
      { numRuns: runs(250) },
    );
    expect(seen).toBeGreaterThan(density(200, 50));
  });
});
