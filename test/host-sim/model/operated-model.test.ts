/** A sealed product's model as EnOS and its operator have it: written, read back, and recognised. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { enosModelOf, enosTemplateOf } from "../../../host-sim/model/enos-model";
import { emptyLock } from "../../../host-sim/model/lock";
import { faultLine, sealedOf } from "../../../host-sim/model/model";
import { operatedModel } from "../../../host-sim/model/operated-model";
import { modelOfEnos } from "../../../host-sim/model/read-enos-model";
import { readModel } from "../../../host-sim/model/read-model";
import { models } from "./random-model";
import { example, generated, sound } from "./script";
import { runs } from "../../density";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model } from "../../../host-sim/model/model";

type Json = Record<string, unknown>;

const ways = [
  true,
  { proof: true },
  { mark: true },
  { migrating: true },
  { proof: true, mark: true },
] as const;
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const sealed = (seal: unknown = true, more: Json = {}): Model => sound({ ...example, ...more, sealed: seal });

function read(value: unknown, lock: Lock = emptyLock): Model {
  const model = modelOfEnos(value, lock);
  if ("product" in model) return model;
  throw new Error(model.map(faultLine).join("\n"));
}

describe("the operated model", () => {
  test("of a plain product is the model", () => {
    expect(operatedModel(example)).toBe(example);
  });

  test("has the point and the first input that name a command's device, and is no sealed one any more", () => {
    const model = sealed();
    const operated = operatedModel(model);
    const name = { identifier: "deviceKey", name: "Device key", type: "string", maxLength: 255 };
    expect(operated.measurepoints).toEqual([{ ...name, number: 0, writable: true }, ...model.measurepoints]);
    expect(operated.services.map(({ inputs }) => inputs[0])).toEqual(model.services.map(() => name));
    expect(operated.services.map(({ inputs }) => inputs.slice(1))).toEqual(
      model.services.map(({ inputs }) => inputs),
    );
    expect([operated.events, operated.attributes]).toEqual([model.events, model.attributes]);
    expect("sealed" in operated).toBe(false);
    expect(operatedModel(operated)).toBe(operated);
  });

  test("leaves the input out as the operator likes while the product migrates", () => {
    const { services } = operatedModel(sealed({ migrating: true }));
    expect(services.map(({ inputs }) => inputs[0].optional)).toEqual(services.map(() => true));
  });

  test("has the mark's point where there is a mark, which nobody sets", () => {
    const [, mark, ...rest] = operatedModel(sealed({ mark: true })).measurepoints;
    const name = "Mark of a sealed reading";
    expect(mark).toEqual({ identifier: "sealed", name, number: 0, type: "string", maxLength: 16 });
    expect(rest).toEqual(example.measurepoints);
  });
});

describe("EnOS's forms", () => {
  test("the console's file", () => {
    const { thingMeasurepointMap: points, thingServiceMap: services } = asJson(
      enosModelOf(sealed({ mark: true })),
    ) as Record<string, Record<string, Json>>;
    expect(Object.keys(points).slice(0, 3)).toEqual(["deviceKey", "sealed", "temperature"]);
    expect(points.deviceKey).toMatchObject({
      ...{ identifier: "deviceKey", maxLength: 255, accessMode: true, signalType: "UNKNOWN" },
      $class: "com.envisioniot.enos.model_service.share.data.tsl.measurepoint.TSLStringMeasurepoint",
    });
    expect(points.sealed).toMatchObject({ maxLength: 16, accessMode: false });
    for (const { inputData } of Object.values(services)) {
      expect((inputData as Json[])[0]).toMatchObject({
        ...{ identifier: "deviceKey", maxLength: 255, required: true },
        $class: "com.envisioniot.enos.model_service.share.data.tsl.datapoint.TSLString",
      });
    }
  });

  test("the template, and a product that migrates", () => {
    const { tslMeasurepointMap, tslServiceMap } = asJson(
      enosTemplateOf(sealed({ migrating: true })),
    ) as Record<string, Record<string, Json>>;
    expect(tslMeasurepointMap).toHaveProperty("deviceKey");
    expect(tslServiceMap.reboot.inputData).toMatchObject([
      { identifier: "deviceKey", required: false },
      { identifier: "delay", required: true },
    ]);
  });

  test("a plain product's have nothing of it", () => {
    for (const form of [enosModelOf(example), enosTemplateOf(example)]) {
      expect(JSON.stringify(form)).not.toMatch(/deviceKey|"sealed"/);
    }
  });
});

describe("read back", () => {
  test("with the lock, any sealed model is what it was", () => {
    fc.assert(
      fc.property(models, fc.constantFrom(...ways), (any, seal) => {
        const model = readModel(JSON.stringify({ ...any, sealed: seal }));
        // What the seal has a use for is refused before.
        fc.pre("product" in model);
        const { lock, files } = generated(model as Model);
        const back = read(asJson(enosModelOf(model as Model)), lock);
        expect(back.sealed).toEqual(seal);
        expect(back.services.map(({ inputs }) => inputs.map(({ identifier }) => identifier))).toEqual(
          (model as Model).services.map(({ inputs }) => inputs.map(({ identifier }) => identifier)),
        );
        expect(back.measurepoints.map(({ identifier, number }) => [identifier, number])).toEqual(
          (model as Model).measurepoints.map(({ identifier, number }) => [identifier, number]),
        );
        expect(generated({ ...back, version: any.version }, lock).files["manifest-sealing.json"]).toBe(
          files["manifest-sealing.json"],
        );
      }),
      { numRuns: runs(100) },
    );
  });

  test("without a lock, all but the proof, which EnOS has no place for", () => {
    for (const seal of ways) {
      const model = sealed(seal);
      const { sealed: shown, measurepoints, services } = read(asJson(enosModelOf(model)));
      expect(sealedOf({ sealed: shown })).toEqual({ ...sealedOf(model)!, proof: false });
      expect(measurepoints.map(({ identifier, number }) => [identifier, number])).toEqual(
        model.measurepoints.map(({ identifier }, i) => [identifier, i + 1]),
      );
      expect(services.map(({ inputs }) => inputs.map(({ identifier }) => identifier))).toEqual(
        model.services.map(({ inputs }) => inputs.map(({ identifier }) => identifier)),
      );
    }
  });

  const point = (more: Json = {}): Json => ({
    ...{ identifier: "deviceKey", maxLength: 255, accessMode: true, dataType: "string" },
    ...more,
  });
  const service = (...inputs: Json[]): Json => ({ inputData: inputs });
  const rows: [what: string, points: Json, services: Json, lock: Lock, seal: unknown][] = [
    ["no service", { deviceKey: point() }, {}, emptyLock, true],
    ["a map's key for an identifier", { deviceKey: point({ identifier: undefined }) }, {}, emptyLock, true],
    [
      "the API's form",
      { deviceKey: point({ maxLength: undefined, dataDefinition: { maxLength: 255 } }) },
      {},
      emptyLock,
      true,
    ],
    [
      "an input that may be left out",
      { deviceKey: point() },
      { go: service(point({ required: false })) },
      emptyLock,
      { migrating: true },
    ],
    ["a point of another length", { deviceKey: point({ maxLength: 64 }) }, {}, emptyLock, undefined],
    [
      "a point that is a number",
      { deviceKey: point({ dataType: "int", maxLength: undefined }) },
      {},
      emptyLock,
      undefined,
    ],
    ["a service without the input", { deviceKey: point() }, { go: service() }, emptyLock, undefined],
    [
      "an input that is not the first",
      { deviceKey: point() },
      { go: service({ identifier: "x", dataType: "int" }, point()) },
      emptyLock,
      undefined,
    ],
    ["inputs alone", {}, { go: service(point()) }, emptyLock, undefined],
    [
      "a lock that has the point as the product's own",
      { deviceKey: point() },
      {},
      { points: { 1: { identifier: "deviceKey", type: "string" } }, services: {} },
      undefined,
    ],
  ];
  test.each(rows)("%s", (_what, points, services, lock, seal) => {
    const maps = { thingModelId: "m", thingMeasurepointMap: points, thingServiceMap: services };
    const model = read(asJson(maps), lock);
    expect(model.sealed).toEqual(seal);
    // Nothing is lost: it is in the model where it is not of the seal.
    const all = JSON.stringify([model.measurepoints, model.services]);
    expect(all.includes("deviceKey")).toBe(seal === undefined);
  });

  test("a sealed lock keeps the seal, whatever EnOS's model has of it", () => {
    const { lock } = generated(sealed({ proof: true, mark: true }));
    const bare = enosModelOf(example);
    const late = asJson(enosModelOf(sealed()));
    (late.thingServiceMap as Record<string, { inputData: Json[] }>).reboot.inputData.reverse();
    for (const given of [bare, late]) {
      const model = read(asJson(given), lock);
      expect(model.sealed).toEqual({ proof: true, mark: true });
      expect(model.services).toMatchObject(example.services.map(({ number }) => ({ number })));
    }
  });

  test("a fault's path counts the inputs as EnOS has them", () => {
    const { lock } = generated(sealed());
    const given = asJson(enosModelOf(sealed()));
    const { reboot } = given.thingServiceMap as Record<string, { inputData: Json[] }>;
    const [deviceKey, delay] = reboot.inputData;
    const wrong = { ...delay, identifier: "1st" };
    const path = "$.thingServiceMap.reboot.inputData";
    for (const [inputs, index] of [
      [[deviceKey, wrong], 1],
      [[wrong, deviceKey], 0],
      [[delay, deviceKey, wrong], 2],
    ] as const) {
      reboot.inputData = [...inputs];
      const faults = modelOfEnos(given, lock);
      expect("product" in faults ? [] : faults.map((each) => each.path)).toEqual([
        `${path}[${index}].identifier`,
      ]);
    }
  });
});
