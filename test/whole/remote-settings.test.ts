/** Settings that the cloud changes, over the whole chain: in force, told back, and taken back where they cut a device off. */
import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, test } from "vitest";
import { TwoSlotState } from "../../firmware/continuity/two-slot-state";
import { decodeRecord, encodeRecord, recordForm, recordKeys } from "../../firmware/remote-settings/record";
import { serveApi } from "../../host-sim/cloud/api/server";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { variantFiles, variantSources } from "../../host-sim/sim/world/product-variant";
import { readManifest } from "../../host-sim/tools/footprint/manifest";
import { Random } from "../../host-sim/sim/time/random";
import { World } from "../../host-sim/sim/world/world";
import { sweep } from "../density";
import { xsMissing } from "../host-sim/sim/board/rig";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** What an answer to change_settings says. */
const accepted = (version: number) => ({ code: 200, data: { accepted: true, version, reason: "" } });

class Run {
  readonly events: WorldEvent[] = [];
  world!: World;

  async begin(options: Partial<WorldOptions> = {}): Promise<this> {
    world = await World.create({
      ...{ seed: 3, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
      ...{ format: "raw", pendingTtl: 48 * hour, readingsKept: 10_000, remoteSettings: true },
      ...{ settings: { startSpread: 0 } },
      ...options,
      onEvent: (event) => void this.events.push(event),
    } as WorldOptions);
    this.world = world;
    await world.start();
    return this;
  }

  async until(time: number): Promise<void> {
    await this.world.clock.run({ until: time });
  }

  /** Sends a service command, which waits for the device's next contact. */
  send(service: string, inputs: Record<string, unknown> = {}): string {
    const { cloud, device, cloudNow } = this.world;
    const command = { kind: "service", service, inputs } as const;
    const id = cloud.commands.sendAddressed(device.productKey, device.deviceKey, command, cloudNow);
    this.world.touchCloud();
    return id;
  }

  change(settings: Record<string, unknown>): string {
    return this.send("change_settings", { settings });
  }

  /** How a command stands: with what the device has answered. */
  command(id: string) {
    return this.world.cloud.commands.view(id)!;
  }

  /** The attribute by which the device tells what is in force. */
  get attribute(): unknown {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.devices.view(productKey, deviceKey)!.attributes.remote_settings;
  }

  /** The reasons of what was taken back, as the cloud has them. */
  get takenBack(): unknown[] {
    const { productKey, deviceKey } = this.world.device;
    const all = this.world.cloud.reported.events(productKey, deviceKey);
    return all.flatMap(({ event, values }) => (event === "settings_taken_back" ? [values] : []));
  }

  told<K extends LogEvent["kind"]>(kind: K): Extract<LogEvent, { kind: K }>[] {
    const lines = this.events.flatMap((event) => toldBy(event) ?? []);
    return lines.filter((each) => each.kind === kind) as Extract<LogEvent, { kind: K }>[];
  }

  /** ms between the readings that were taken between two times. */
  gaps(from: number, to: number): number[] {
    const times = this.events.flatMap((event) =>
      toldBy(event)?.kind === "report taken" && event.time >= from && event.time < to ? [event.time] : [],
    );
    return times.slice(1).map((time, i) => Math.round((time - times[i]) / 1000));
  }

  /**
   * All readings that were taken are in the cloud, each once; those of the last contact may be on their way.
   *
   * @param untold readings whose line of the log the power may have cut off
   */
  losesNothing(onTheirWay: number, untold = 0): void {
    const taken = this.told("report taken").map(({ id }) => id);
    expect(new Set(taken).size).toBe(taken.length);
    const { productKey, deviceKey } = this.world.device;
    const readings = this.world.cloud.reported.readings(productKey, deviceKey);
    expect(readings.length).toBeGreaterThanOrEqual(taken.length - onTheirWay);
    expect(readings.length).toBeLessThanOrEqual(taken.length + untold);
    expect(this.told("report dropped").length + this.told("report refused").length).toBe(0);
    expect(this.told("fault")).toEqual([]);
  }
}

describe("a change", () => {
  it("that comes by the stand-in's API is in force after a restart, and told back there", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    const { cloud, device } = run.world;
    const api = await serveApi(
      {
        ...{ cloud, now: () => run.world.cloudNow, flush: async () => {}, host: "127.0.0.1" },
        ...{ version: "test", edition: "token", kept: false, randomBytes: (n: number) => randomBytes(n) },
      },
      0,
    );
    try {
      const path = `http://127.0.0.1:${api.port}/api/v1/devices/${device.productKey}/${device.deviceKey}`;
      const command = {
        ...{ kind: "service", service: "change_settings", pendingTtl: 7_200 },
        inputs: { settings: { interval: 300, batch: 2 } },
      };
      const sent = await fetch(`${path}/commands`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify(command),
      });
      expect(sent.status).toBe(202);
      const { id } = (await sent.json()) as { id: string };
      run.world.touchCloud();
      await run.until(6 * hour);
      expect(run.command(id)).toMatchObject(accepted(1));
      const attributes: unknown = await (await fetch(`${path}/attributes`)).json();
      expect(attributes).toMatchObject({ remote_settings: { version: 1, interval: 300, batch: 2 } });
    } finally {
      await api.close();
    }
    expect(run.told("supervisor restart").map(({ reason }) => reason)).toEqual(["settings"]);
    expect(run.told("remote settings kept")).toHaveLength(1);
    expect(new Set(run.gaps(0, 2 * hour))).toEqual(new Set([900]));
    expect(new Set(run.gaps(3 * hour, 6 * hour))).toEqual(new Set([300]));
    const fetched = run.send("fetch_settings");
    await run.until(7 * hour);
    expect(run.command(fetched)).toMatchObject({
      ...{ code: 200, data: { version: 1, trial: false, changed: "interval,batch" } },
    });
    expect((run.command(fetched).data as { settings: object }).settings).toMatchObject({
      ...{ interval: 300, batch: 2, payload: "raw", lifetime: 3_600, sleep: "none", roaming: true },
    });
    run.losesNothing(2);
  });

  it.each([
    ["interval", { interval: 0 }, /interval is "0", it must be a whole number from 1 to 86400/],
    ["modem", { rat: "lte-m" }, /rat is "lte-m", and a sim7020 has nb-iot alone/],
    ["bands", { bands: "20,20" }, /bands is "20,20", it must be different numbers/],
  ])(
    "that its %s cannot have is refused with the reason, and nothing is stored",
    async (_what, settings, why) => {
      const run = await new Run().begin();
      await run.until(2 * hour);
      const id = run.change({ logValues: true, ...settings });
      await run.until(4 * hour);
      expect(run.command(id)).toMatchObject({ code: 200, data: { accepted: false, version: 0 } });
      expect((run.command(id).data as { reason: string }).reason).toMatch(why);
      expect([...run.world.keyValue.get("state")!.keys()].filter((key) => key.startsWith("r"))).toEqual([]);
      expect(run.told("supervisor restart")).toEqual([]);
      expect(run.attribute).toBeUndefined();
    },
  );

  it("goes to a sealed product as any command does, and is told back sealed", async () => {
    const run = await new Run().begin({ sealed: "proof", format: "compact" });
    await run.until(2 * hour);
    const id = run.change({ interval: 600, payload: "json" });
    await run.until(3 * hour);
    expect(run.command(id)).toMatchObject({ code: 200, data: { accepted: false } });
    expect((run.command(id).data as { reason: string }).reason).toMatch(/this product is sealed/);
    const sound = run.change({ interval: 600 });
    await run.until(6 * hour);
    expect(run.command(sound)).toMatchObject(accepted(1));
    expect(run.attribute).toEqual({ version: 1, interval: 600 });
    run.losesNothing(1);
  });

  it("has a board sleep deeply that was awake, and holds from wake to wake", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    const id = run.change({ sleep: "deep", interval: 600 });
    await run.until(12 * hour);
    expect(run.command(id)).toMatchObject(accepted(1));
    expect(run.world.sleeps).toBeGreaterThan(40);
    expect(run.attribute).toEqual({ version: 1, sleep: "deep", interval: 600 });
    expect(run.told("remote settings kept")).toHaveLength(1);
    expect(run.told("supervisor restart")).toHaveLength(1);
    // A wake says nothing of it.
    expect(run.told("remote settings in force").length).toBe(1);
    const settings = run.send("fetch_settings");
    await run.until(13 * hour);
    expect(run.command(settings)).toMatchObject({ data: { trial: false, settings: { interval: 600 } } });
    run.losesNothing(1);
  });

  it("reaches what an update goes by, in a product that has one, and is checked by its own reader", async () => {
    const run = await new Run().begin({ update: true, health: true });
    await run.until(2 * hour);
    const wrong = run.change({ updateHours: "25-3" });
    await run.until(3 * hour);
    expect(run.command(wrong)).toMatchObject({ code: 200, data: { accepted: false, version: 0 } });
    expect((run.command(wrong).data as { reason: string }).reason).toMatch(/^updateHours is "25-3"/);
    const right = run.change({ updateHours: "1-5", updates: "ask", updateBlocks: 16 });
    await run.until(5 * hour);
    expect(run.command(right)).toMatchObject(accepted(1));
    expect(run.attribute).toEqual({ version: 1, updateHours: "1-5", updates: "ask", updateBlocks: 16 });
    const fetched = run.send("fetch_settings");
    await run.until(6 * hour);
    expect(run.command(fetched)).toMatchObject({ data: { settings: { updateBlocks: 16, interval: 900 } } });
    run.losesNothing(1);
  });

  it("begins afresh where it says so", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    run.change({ interval: 300 });
    await run.until(4 * hour);
    const id = run.send("change_settings", { afresh: true });
    await run.until(8 * hour);
    expect(run.command(id)).toMatchObject(accepted(2));
    expect(run.attribute).toEqual({ version: 2 });
    expect(new Set(run.gaps(6 * hour, 8 * hour))).toEqual(new Set([900]));
  });
});

describe("a change that cuts the device off", () => {
  it.each([["none"], ["deep"]] as const)(
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
  const cuts = [...sweep(1, 120, 15, 7)];
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

  test.skipIf(xsMissing)("XS does the same, with the modules that the manifests name", async () => {
    const modules = new Map([
      ...readManifest("firmware/board/generic/manifest.json").modules,
      ...readManifest("firmware/remote-settings/manifest.json").modules,
    ]);
    const sources = variantSources("demo", { remoteSettings: true });
    const run = await new Run().begin({ engine: "xs", firmware: await bundleFirmware({ modules, sources }) });
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
  });

  it("two changes within an hour bring one restart each hour, and both hold in the end", async () => {
    const run = await new Run().begin({ interval: 300 });
    await run.until(20 * minute);
    run.change({ batch: 2 });
    await run.until(35 * minute);
    expect(run.told("supervisor restart")).toHaveLength(1);
    const second = run.change({ interval: 240 });
    await run.until(75 * minute);
    expect(run.command(second)).toMatchObject(accepted(2));
    // Within an hour of a start that the cloud has asked for there is none that it asks for.
    expect(run.told("supervisor restart")).toHaveLength(1);
    await run.until(3 * hour);
    expect(run.told("supervisor restart")).toHaveLength(2);
    expect(run.attribute).toEqual({ version: 2, batch: 2, interval: 240 });
    run.losesNothing(2);
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

  it.each([...sweep(1, 160, 20, 3)])(
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
});
