/** Settings that the cloud changes and that cut the device off, over the whole chain: taken back, whatever happens in between. */
import { afterEach, describe, expect, it, test } from "vitest";
import { TwoSlotState } from "../../firmware/continuity/two-slot-state";
import { decodeRecord, encodeRecord, recordForm, recordKeys } from "../../firmware/remote-settings/record";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { Random } from "../../host-sim/sim/time/random";
import { variantFiles, variantSources } from "../../host-sim/sim/world/product-variant";
import { readManifest } from "../../host-sim/tools/footprint/manifest";
import { density, full } from "../density";
import { xsMissing } from "../host-sim/sim/board/rig";
import { Run, accepted, day, endRun, hour, minute } from "./remote-run";

afterEach(endRun);

describe("a change that cuts the device off", () => {
  it.each(density([["none"], ["deep"]] as const, [["deep"]] as const))(
    "from its network, with sleep %s, is taken back after a day, and no reading is lost",
    async (sleep) => {
      const run = await new Run().begin({ sleep });
      await run.until(2 * hour);
      // Nobody has a cell on this band here.
      const id = run.change({ operator: "99999" });
      await run.until(20 * hour);
      expect(run.command(id)).toMatchObject(accepted(1));
      expect(run.told("remote settings kept")).toEqual([]);
      const silent = run.told("report acknowledged").length;
      await run.until(30 * hour);
      expect(run.told("remote settings taken back")).toEqual([
        { kind: "remote settings taken back", version: 1, reason: "no contact for a day" },
      ]);
      expect(run.told("report acknowledged").length).toBeGreaterThan(silent + 80);
      expect(run.attribute).toEqual({ version: 2 });
      expect(run.takenBack).toEqual([{ version: 1, reason: "no contact for a day" }]);
      expect(run.told("supervisor restart").map(({ reason }) => reason)).toEqual(["settings", "settings"]);
      run.losesNothing(1);
    },
  );

  it("from the cloud's ear, which takes none of its readings, is taken back after three contacts", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    // The script in the cloud is from before compact readings, and nobody remembers that.
    const { cloud, device, cloudNow } = run.world;
    const { model, generated } = variantFiles("demo", { remoteSettings: true });
    const script = `${generated.files["parsing-script.js"]}
var parse = rawDataToJsonStr;
rawDataToJsonStr = function (bytes) {
  if (bytes[0] === 3 || bytes[0] === 5) throw "what is this?";
  return parse(bytes);
};`;
    cloud.products.put({ productKey: device.productKey, model, script, payload: "raw" }, cloudNow);
    const id = run.change({ payload: "compact", interval: 600 });
    await run.until(6 * hour);
    expect(run.command(id)).toMatchObject(accepted(1));
    expect(run.told("remote settings kept")).toEqual([]);
    const reason = "no reading was taken by the cloud in three contacts";
    expect(run.takenBack).toEqual([{ version: 1, reason }]);
    expect(run.attribute).toEqual({ version: 2 });
    expect(new Set(run.gaps(4 * hour, 6 * hour))).toEqual(new Set([900]));
    const acknowledged = run.told("report acknowledged").length;
    await run.until(8 * hour);
    expect(run.told("report acknowledged").length).toBeGreaterThan(acknowledged + 6);
  });

  it("by a panic at each start is taken back at the second", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    run.change({ interval: 300 });
    while (run.told("remote settings in force").length === 0) await run.until(run.world.clock.now + 1000);
    run.world.crash("Panic");
    await run.until(run.world.clock.now + 2000);
    expect(run.told("remote settings in force").at(-1)).toMatchObject({ version: 1, trial: "yes" });
    run.world.crash("Panic");
    await run.until(8 * hour);
    expect(run.takenBack).toEqual([{ version: 1, reason: "the device stopped working" }]);
    expect(run.attribute).toEqual({ version: 2 });
    expect(run.told("start safe")).toEqual([]);
    expect(new Set(run.gaps(4 * hour, 8 * hour))).toEqual(new Set([900]));
    run.losesNothing(1);
  });
});

describe("whatever happens in between", () => {
  /** A life with two changes, of which one cuts the device off, with the power failing in one write. */
  async function live(cut: number): Promise<Run> {
    const run = await new Run().begin({ seed: cut });
    const { power } = run.world;
    power.onCut = () => run.world.cutPower(20_000);
    await run.until(2 * hour);
    run.change({ interval: 600, batch: 2 });
    // From when the command comes on, writes are counted.
    while (run.told("remote settings changed").length === 0 && run.world.clock.now < 3 * hour) {
      if (cut > 0) power.cutAt = power.operations + cut;
      await run.until(run.world.clock.now + 500);
    }
    await run.until(6 * hour);
    run.change({ operator: "99999" });
    await run.until(36 * hour);
    power.cutAt = undefined;
    run.change({ logValues: true });
    await run.until(40 * hour);
    return run;
  }

  it("is over a change and one that cuts it off", async () => {
    const run = await live(0);
    expect(run.attribute).toEqual({ version: 4, interval: 600, batch: 2, logValues: true });
    run.losesNothing(2);
  });

  /** Writes of flash and storage behind the first of a command: some 120 until the device has come to rest. */
  const cuts = Array.from({ length: density(20, 2) }, (_, i) => 6 * i + 5);
  it.each(cuts)(
    "the power fails in write %i: what was before or what is new, and no reading is lost",
    async (cut) => {
      const run = await live(cut);
      // The command may have come to nothing, and then both operators' changes are one version less.
      const { version, ...changed } = run.attribute as { version: number };
      expect([{ interval: 600, batch: 2, logValues: true }, { logValues: true }]).toContainEqual(changed);
      expect(version).toBeGreaterThan(1);
      run.losesNothing(2, 1);
    },
  );

  it("what an older firmware has stored and this one does not take is dropped and told, at once", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    run.change({ interval: 600 });
    await run.until(4 * hour);
    const state = run.world.keyValue.get("state")!;
    const store = {
      read: (key: string) => (state.get(key) as Uint8Array | undefined)?.slice().buffer as ArrayBuffer,
      write: (key: string, value: Uint8Array) => void state.set(key, value),
    };
    const slots = new TwoSlotState(store, recordForm, recordKeys);
    const record = decodeRecord(slots.load()!)!;
    expect(record).toMatchObject({ version: 1, kept: ["600"], told: true });
    slots.save(encodeRecord({ ...record, kept: ["0"] }));
    run.world.cutPower(minute);
    await run.until(6 * hour);
    expect(run.told("settings")).toEqual([]);
    expect(run.takenBack).toEqual([{ version: 1, reason: "it cannot be read" }]);
    expect(run.attribute).toEqual({ version: 2 });
    expect(new Set(run.gaps(5 * hour, 6 * hour))).toEqual(new Set([900]));
    run.losesNothing(1);
  });

  /** Values that a reader takes, those among them that nobody in his right mind gives. */
  const possible: Readonly<Record<string, readonly unknown[]>> = {
    interval: [60, 450, 3_600, 86_400],
    batch: [1, 2, 7, 100],
    lifetime: [30, 3_600, 86_400],
    keepAlive: [true],
    payload: ["compact", "json", "alternate"],
    payloadLimit: [64, 1_024],
    late: [0, 31_536_000],
    full: ["newest", "thin"],
    order: ["live"],
    spacing: [0, 3_600],
    startSpread: [3_600],
    radioBudget: [0, 1, 60],
    othersBudget: [0, 1],
    logValues: [true],
    sleep: ["none", "deep"],
    waiting: ["awake", "light-sleep"],
    processor: [80, 240],
    t3324: [0, 60, 11_160],
    t3412: [60, 35_712_000],
    edrx: [20, 10_486],
    bands: ["8", "85", "3,20,28"],
    search: [60, 86_400],
    operator: ["26201", "99999"],
    roaming: [false],
    rat: ["nb-iot", "lte-m"],
  };

  it.each(Array.from({ length: density(20, 2) }, (_, i) => 1 + i))(
    "whatever is changed, the device is there again (draw %i)",
    async (seed) => {
      const random = new Random(`change/${seed}`);
      const run = await new Run().begin({ seed, sleep: random.chance(0.5) ? "deep" : "none" });
      await run.until(2 * hour);
      const names = Object.keys(possible);
      const settings: Record<string, unknown> = {};
      const one = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)];
      for (let i = one([1, 2, 3, 4, 5]); i > 0; i--) {
        const name = one(names);
        settings[name] = one(possible[name]);
      }
      const id = run.change(settings);
      await run.until(40 * hour);
      expect(run.command(id).status, JSON.stringify(settings)).toBe("success");
      const { accepted: taken } = run.command(id).data as { accepted: boolean };
      // At most two days lie between two contacts, and a contact may fail: whoever waits asks again.
      let asked = "";
      for (let at = 41; at < 41 + 24 * 12; at++) {
        if (asked === "" || run.command(asked).status === "expired") asked = run.send("fetch_settings");
        await run.until(at * hour);
        if (run.command(asked).status === "success") break;
      }
      expect(run.command(asked).status, JSON.stringify(settings)).toBe("success");
      const { version, trial } = run.command(asked).data as { version: number; trial: boolean };
      expect(trial).toBe(false);
      if (!taken) expect(version).toBe(0);
      expect(run.told("settings")).toEqual([]);
      expect(run.told("start safe")).toEqual([]);
    },
  );

  test.skipIf(xsMissing !== undefined || !full)(
    "XS does the same, with the modules that the manifests name",
    async () => {
      const modules = new Map([
        ...readManifest("firmware/board/generic/manifest.json").modules,
        ...readManifest("firmware/remote-settings/manifest.json").modules,
      ]);
      const sources = variantSources("demo", { remoteSettings: true });
      const run = await new Run().begin({
        engine: "xs",
        firmware: await bundleFirmware({ modules, sources }),
      });
      await run.until(2 * hour);
      const id = run.change({ interval: 300, payload: "compact" });
      await run.until(4 * hour);
      expect(run.command(id)).toMatchObject(accepted(1));
      expect(run.attribute).toEqual({ version: 1, interval: 300, payload: "compact" });
      const bad = run.change({ batch: 0 });
      await run.until(5 * hour);
      expect(run.command(bad)).toMatchObject({ data: { accepted: false, version: 1 } });
      run.change({ operator: "99999" });
      await run.until(6 * hour + day);
      expect(run.takenBack).toEqual([{ version: 2, reason: "no contact for a day" }]);
      expect(run.attribute).toEqual({ version: 3, interval: 300, payload: "compact" });
      run.losesNothing(1);
    },
  );
});
