/** What the firmware's rooms add to a model: numbers that stay, and a model.json that does not have to list it. */
import { describe, expect, it } from "vitest";
import { enosModelOf } from "../../../host-sim/model/enos-model";
import { generate } from "../../../host-sim/model/generate";
import { healthPart } from "../../../host-sim/model/health-model";
import { joinedModel, partedModel } from "../../../host-sim/model/joined-model";
import { joinParts } from "../../../host-sim/model/joined-parts";
import { emptyLock } from "../../../host-sim/model/lock";
import { modelOfEnos } from "../../../host-sim/model/read-enos-model";
import { Product } from "../../../host-sim/cloud/registry/product";
import { example, generated, sound } from "./script";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model, ModelFault } from "../../../host-sim/model/model";

const withHealth: Model = { ...example, health: true };
const { lock } = generated(example);

function joined(model: Model, numbers: Lock = lock): Model {
  const result = joinedModel(model, numbers);
  if ("product" in result) return result;
  throw new Error(result.map(({ problem }) => problem).join("; "));
}

const numbersOf = ({ measurepoints, services }: Model): Record<string, number> =>
  Object.fromEntries([...measurepoints, ...services].map(({ identifier, number }) => [identifier, number]));

describe("a model with health", () => {
  it("has the room's points behind the product's own, its event and its services", () => {
    const whole = joined(withHealth);
    expect(whole.measurepoints.map(({ number }) => number)).toEqual(whole.measurepoints.map((_, i) => i + 1));
    expect(whole.measurepoints.slice(0, 6)).toEqual(example.measurepoints);
    expect(whole.events.at(-1)?.identifier).toBe("health_alarm");
    expect(numbersOf(whole)).toMatchObject({ health_period: 7, health: 21, fetch_log: 20 });
    // It says no more that it has the room: it can be joined again.
    expect(joinedModel(whole, lock)).toBe(whole);
    expect(joinedModel(example, lock)).toBe(example);
  });

  it("is a sound model for every one who reads it", () => {
    expect(sound(joined(withHealth))).toEqual(joined(withHealth));
  });

  it("keeps its numbers when the product gets points and services of its own", () => {
    const first = generated(withHealth, lock);
    const own = [
      ...example.measurepoints,
      { identifier: "late", number: 200, type: "int" as const },
      { identifier: "later", number: 201, type: "int" as const },
    ];
    const later = generated({ ...withHealth, measurepoints: own }, first.lock);
    expect(numbersOf(later.model)).toMatchObject(numbersOf(first.model));
    // And when it did without for a while.
    const without = generated(example, first.lock);
    expect(without.model.measurepoints.length).toBe(example.measurepoints.length);
    expect(numbersOf(generated(withHealth, without.lock).model)).toEqual(numbersOf(first.model));
  });

  it("refuses a number that health has in the field, and says which is free", () => {
    const { lock: field } = generated(withHealth, lock);
    const clash = {
      ...example,
      measurepoints: [...example.measurepoints, { identifier: "own", number: 7, type: "int" as const }],
    };
    const faults = generate(clash, field) as readonly ModelFault[];
    expect(faults[0]).toMatchObject({
      problem: '"own" has number 7, which is identifier "health_period" in the field',
      remedy: "give it a new number, next free is 42",
    });
  });

  it("refuses identifiers of its own, and more points than there are numbers", () => {
    const named = { ...withHealth, events: [{ identifier: "health_alarm", outputs: [] }] };
    expect(joinedModel(named, lock)).toEqual([
      {
        path: "$.events[0].identifier",
        problem: 'is "health_alarm", which "health" adds',
        remedy: 'choose another identifier, or leave "health" out',
      },
    ]);
    const measurepoints = Array.from({ length: 230 }, (_, i) => ({
      identifier: `p${i}`,
      number: i + 1,
      type: "int" as const,
    }));
    const faults = joinedModel({ ...withHealth, measurepoints }, emptyLock) as readonly ModelFault[];
    expect(faults[0]).toMatchObject({
      path: "$.health",
      problem: "has no number left for its measure points",
    });
  });

  it("leaves a service that the product has as it is there", () => {
    const twice = joinParts(example, lock, [
      healthPart,
      { ...healthPart, measurepoints: [], events: [] },
    ]) as Model;
    expect(twice.services.filter(({ identifier }) => identifier === "fetch_log")).toEqual(
      example.services.filter(({ identifier }) => identifier === "fetch_log"),
    );
  });

  it("comes back from EnOS without what was added", () => {
    const { lock: field } = generated(withHealth, lock);
    const back = modelOfEnos(enosModelOf(joined(withHealth, field)), field, 1) as Model;
    const parted = partedModel(back, withHealth);
    expect(parted.measurepoints.map(({ identifier }) => identifier)).toEqual(
      example.measurepoints.map(({ identifier }) => identifier),
    );
    expect(parted.events.length).toBe(example.events.length);
    expect(parted.services.map(({ identifier }) => identifier)).toEqual(
      example.services.map(({ identifier }) => identifier),
    );
    expect(partedModel(back, example)).toBe(back);
  });

  it("is whole in the cloud, whose operator registers the model.json", () => {
    const product = new Product({ productKey: "pk", model: { ...example, health: true } }, undefined);
    expect(product.checkPoint("health_energy", 12.5)).toBeUndefined();
    expect(product.checkPoint("health_coverage", 3)).toBeDefined();
    expect(product.eventLevel("health_alarm")).toBe("warning");
    // Whoever asks for the product reads all of it.
    expect((product.record.model as Model).measurepoints.length).toBe(example.measurepoints.length + 35);
  });

  it("asks no application for what the room obeys", () => {
    const { files } = generated(withHealth, lock);
    expect(files["thing.ts"]).toContain('Exclude<keyof Services, "restart" | "fetch_log" | "health">');
    expect(files["health.ts"]).toContain('import { healthOf } from "../health/health";');
    expect(files["manifest-health.json"]).toContain("../health/manifest.json");
    expect(generated(example, lock).files["thing.ts"]).toContain(
      'Exclude<keyof Services, "restart" | "fetch_log">',
    );
  });
});
