import { describe, expect, test } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { faultKinds, groups, kinds, kindsByGroup, kindsNamed } from "../../../../host-sim/tools/chaos/kinds";
import { describeFault, keepFaults, randomScript } from "../../../../host-sim/tools/chaos/script";

const hour = 3_600_000;
const scripts = Array.from({ length: 300 }, (_, seed) => randomScript(seed, 24));

describe("a random script", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(randomScript(17, 24)).toEqual(randomScript(17, 24));
    expect(randomScript(18, 24).faults).not.toEqual(randomScript(17, 24).faults);
  });

  test("is plain JSON", () => {
    for (const script of scripts.slice(0, 20)) expect(JSON.parse(JSON.stringify(script))).toEqual(script);
  });

  test("has 3 to 15 troubles a day and 2 to 8 uses, by time, all of them over at its end", () => {
    for (const { faults } of scripts) {
      const uses = faults.filter(({ kind }) => kinds[kind].group === "use").length;
      expect(uses).toBeGreaterThanOrEqual(2);
      expect(uses).toBeLessThanOrEqual(8);
      expect(faults.length - uses).toBeGreaterThanOrEqual(3);
      expect(faults.length - uses).toBeLessThanOrEqual(15);
      expect(faults.map(({ at }) => at)).toEqual(faults.map(({ at }) => at).sort((a, b) => a - b));
      for (const { at, lasting } of faults) expect(at + lasting).toBeLessThanOrEqual(24 * hour);
    }
    expect(randomScript(1, 1).faults.length).toBeGreaterThanOrEqual(1);
    const week = randomScript(1, 168).faults.length;
    expect(week).toBeGreaterThanOrEqual(7 * (3 + 2));
    expect(week).toBeLessThanOrEqual(7 * (15 + 8));
  });

  test("among many every kind comes, and every make of device", () => {
    const drawn = scripts.flatMap(({ faults }) => faults.map(({ kind }) => kind));
    const ofAll = faultKinds.filter((kind) => kinds[kind].sealedOnly !== true);
    expect(new Set(drawn)).toEqual(new Set(ofAll));
    const devices = scripts.map(({ device }) => device);
    const values = (name: keyof (typeof devices)[number]): unknown[] =>
      [...new Set(devices.map((device) => device[name]))].sort();
    expect(values("interval")).toEqual([300, 60, 900]);
    expect(values("sleep")).toEqual(["deep", "none"]);
    expect(values("batch")).toEqual([1, 4]);
    expect(values("edition")).toEqual(["token", "tokenless"]);
    expect(values("format")).toEqual(["alternate", "compact", "json", "raw"]);
    expect(values("powerKey")).toEqual([false, true]);
    expect(values("addressBound")).toEqual([false, true]);
    for (const { edition, addressBound } of devices) if (addressBound) expect(edition).toBe("tokenless");
  });

  test("what is chosen of the device takes the place of what is drawn, and nothing else", () => {
    const drawn = randomScript(17, 24);
    const chosen = { edition: "token", batch: 9, sleep: "deep", loss: 0.1 } as const;
    const script = randomScript(17, 24, chosen);
    expect(script.faults).toEqual(drawn.faults);
    expect(script.device).toEqual({ ...drawn.device, ...chosen, addressBound: false });
    for (let seed = 0; seed < 20; seed++) {
      expect(randomScript(seed, 24, { edition: "token" }).device.addressBound).toBe(false);
      expect(families.has(randomScript(seed, 24, { modem: "all" }).device.modem)).toBe(true);
    }
  });

  test("is drawn from the kinds that are named, and from no other", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { faults } = randomScript(seed, 24, {}, kindsNamed(["loss", "power"]));
      expect(faults.length).toBeGreaterThanOrEqual(3);
      expect(faults.every(({ kind }) => kind === "loss" || kinds[kind].group === "power")).toBe(true);
      const { faults: uses } = randomScript(seed, 24, {}, kindsNamed(["use"]));
      expect(uses.every(({ kind }) => kinds[kind].group === "use")).toBe(true);
    }
  });

  test("most faults are short, some last for hours", () => {
    const outages = scripts.flatMap(({ faults }) => faults).filter(({ kind }) => kind === "coverage-outage");
    expect(outages.filter(({ lasting }) => lasting < hour).length).toBeGreaterThan(outages.length / 2);
    expect(Math.max(...outages.map(({ lasting }) => lasting))).toBeGreaterThan(4 * hour);
    expect(Math.max(...outages.map(({ lasting }) => lasting))).toBeLessThanOrEqual(8 * hour);
  });
});

test("kinds by their names and those of their groups", () => {
  expect(kindsNamed(["nat-rebind", "clock", "loss"])).toEqual(["loss", "nat-rebind", "clock-error"]);
  expect(kindsNamed(groups)).toEqual(faultKinds);
  expect(kindsNamed(["loss", "toString"])).toBeUndefined();
  for (const kind of faultKinds) expect(kindsByGroup()).toMatch(new RegExp(`[:,] ${kind}(,|$)`, "m"));
});

describe("keepFaults", () => {
  const script = randomScript(5, 24);

  test("keeps those, in their order, and all else", () => {
    const { faults, ...rest } = keepFaults(script, [2, 0]);
    expect(faults).toEqual([script.faults[0], script.faults[2]]);
    expect(script).toMatchObject(rest);
    expect(keepFaults(script, []).faults).toEqual([]);
  });

  test("refuses one that is not there", () => {
    expect(() => keepFaults(script, [0, 99])).toThrow(/has no fault 99, they are 0 to \d+/);
  });
});

test("a fault in words", () => {
  expect(describeFault({ at: 0, kind: "loss", lasting: 90_000, amount: 0.5 })).toBe("loss 0.5 for 90 s");
  expect(describeFault({ at: 0, kind: "nat-rebind", lasting: 0, amount: 0 })).toBe("nat-rebind");
});
