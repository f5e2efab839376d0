/** What a device can be commanded to do, and the form that a command of before fills. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import {
  bodyOf,
  choicesOf,
  fieldPath,
  madeBy,
  withoutName,
} from "../../../../../host-sim/cloud/console/page/commands/choices";
import { preparedOf, queryOf } from "../../../../../host-sim/cloud/console/page/commands/prepared";
import { titleOf } from "../../../../../host-sim/cloud/console/page/commands/value-words";
import { addressedCommand } from "../../../../../host-sim/cloud/enos/addressed-command";
import { readModel } from "../../../../../host-sim/model/read-model";
import type { Command } from "../../../../../host-sim/cloud/console/page/commands/command";
import type { Model } from "../../../../../host-sim/model/model";

const model = readModel(readFileSync("firmware/product/model.json", "utf8")) as Model;
const keys = (product: Parameters<typeof choicesOf>[0]): string[] => choicesOf(product).map(({ key }) => key);
const command = (more: Partial<Command>): Command => ({
  ...{ id: "1", kind: "set", path: "", status: "success", pendingTtl: 60, responseTimeout: 5 },
  ...{ createdAt: 0, offers: 0 },
  ...more,
});

describe("the choices", () => {
  it("are the model's services, what can be set, and reading", () => {
    const services = ["service:reboot", "service:calibrate", "service:restart", "service:fetch_log"];
    expect(keys({ payload: "json", model })).toEqual([...services, "set:relay", "get"]);
    // A command to read has no raw form; bytes by hand there are.
    expect(keys({ payload: "raw", model })).toEqual([...services, "set:relay", "raw"]);
  });

  it("have one for several points where several can be set", () => {
    const measurepoints = model.measurepoints.map((point) => ({ ...point, writable: true }));
    const all = choicesOf({ payload: "json", model: { ...model, measurepoints, services: [] } });
    expect(all.map(({ key }) => key)).toContain("set");
    expect(all.find(({ key }) => key === "set")!.fields).toHaveLength(6);
  });

  it("are free ones without a model", () => {
    expect(keys(undefined)).toEqual(["set", "service", "get", "raw"]);
    expect(keys({ payload: "raw" })).toEqual(["set", "service", "raw"]);
    const free = choicesOf(undefined);
    expect(bodyOf(free[0], { points: { relay: 1 } })).toEqual({ kind: "set", points: { relay: 1 } });
    expect(bodyOf(free[1], { service: "x" })).toEqual({ kind: "service", service: "x", inputs: {} });
    expect(bodyOf(free[2], { points: ["a"] })).toEqual({ kind: "get", points: ["a"] });
  });
});

test.each<[string, Partial<Command>]>([
  ["one point", { kind: "set", points: { relay: 1 } }],
  ["a service", { kind: "service", service: "reboot", inputs: { delay: 5 } }],
  ["a reading", { kind: "get", points: ["temperature"] }],
])("%s that was sent fills the form that sends the same, over an address too", (_what, asked) => {
  const choices = choicesOf({ payload: "json", model });
  const made = madeBy(command(asked), choices)!;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf({ ...made, wait: 60, reply: 5 })))
    if (value !== undefined) query.set(name, value);
  const { key, values, wait, reply } = preparedOf(query);
  expect([wait, reply]).toEqual([60, 5]);
  const choice = choices.find((each) => each.key === key)!;
  expect(bodyOf(choice, values)).toEqual(asked);
});

describe("a command of a sealed product", () => {
  const sealed: Model = { ...model, sealed: true };
  const asked = [
    { kind: "set", points: { deviceKey: "dk", relay: 1 } },
    { kind: "service", service: "reboot", inputs: { deviceKey: "dk", delay: 5 } },
  ] as const;

  it("fills the form without the name of its device, which the form puts in by itself", () => {
    const choices = choicesOf({ payload: "raw", model: sealed });
    expect(choices.map(({ key }) => key)).toEqual(keys({ payload: "raw", model }));
    for (const each of asked) {
      const made = madeBy(withoutName(command(each), sealed), choices)!;
      const choice = choices.find(({ key }) => key === made.key)!;
      expect(addressedCommand({ kind: each.kind, ...bodyOf(choice, made.values) }, "dk")).toEqual(each);
    }
  });

  it("is told to people without it; one of a plain product keeps what it calls so", () => {
    expect(titleOf(command(asked[0]), sealed)).toEqual({ what: "Set Relay", with: "on (1)" });
    expect(titleOf(command(asked[1]), sealed)).toEqual({
      what: "Restart the device",
      with: expect.stringMatching(/^delay 5.s$/),
    });
    expect(titleOf(command(asked[1]), model).with).toContain('deviceKey "dk"');
    expect(withoutName(command(asked[0]), undefined).points).toEqual(asked[0].points);
  });
});

test("what no form makes fills none", () => {
  const choices = choicesOf({ payload: "json", model });
  expect(madeBy(command({ kind: "upgrade", inputs: { version: "2" } }), choices)).toBeUndefined();
  expect(madeBy(command({ kind: "service", service: "gone", inputs: {} }), choices)).toBeUndefined();
  expect(madeBy(command({ kind: "set", points: { temperature: 1 } }), choices)).toBeUndefined();
  // Kept by a version that did not know what was asked.
  expect(madeBy(command({ kind: "set" }), choices)).toBeUndefined();
});

test("an address that says nonsense prepares what is usual", () => {
  const usual = { key: undefined, values: {}, wait: 3_600, reply: 30 };
  expect(preparedOf(new URLSearchParams(""))).toEqual(usual);
  expect(preparedOf(new URLSearchParams("in={&wait=soon&reply=-1"))).toEqual(usual);
  expect(preparedOf(new URLSearchParams("in=[1]&wait=999999&reply=0"))).toMatchObject({
    ...{ values: {}, wait: 172_800, reply: 1 },
  });
});

test("a fault of the API stands at the field that it names", () => {
  expect(fieldPath("body.points.relay")).toBe("relay");
  expect(fieldPath("body.inputs.reference.temperature")).toBe("reference.temperature");
  expect(fieldPath("delay")).toBe("delay");
});
