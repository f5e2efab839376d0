/** Settings that the cloud changes, over the whole chain: in force, told back, refused. */
import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { serveApi } from "../../host-sim/cloud/api/server";
import { Run, accepted, endRun, hour, minute } from "./remote-run";

afterEach(endRun);

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
});
