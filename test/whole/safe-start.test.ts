/**
 * An application that brings the device down at each start, over the whole chain: the device ends in a safe
 * start, can be reached, says why, and comes back. What it had measured before is delivered after.
 */
import { resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { readManifest } from "../../host-sim/tools/footprint/manifest";
import { World } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { xsMissing } from "../host-sim/sim/board/rig";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const modules = new Map(readManifest("firmware/board/generic/manifest.json").modules);
modules.set("sound-application", modules.get("application")!);
modules.set("application", resolve("test/whole/broken-application.js"));
const firmware = await bundleFirmware({ modules });

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

class Trial {
  readonly told: { readonly time: number; readonly event: LogEvent }[] = [];
  readonly settings: Record<string, unknown> = { startSpread: 0 };
  world!: World;

  /** A device that has measured for three hours without coverage. */
  static async begin(options: Partial<WorldOptions>): Promise<Trial> {
    const trial = new Trial();
    world = trial.world = await World.create({
      ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
      ...{ interval: 900, format: "compact", pendingTtl: 48 * hour },
      ...{ firmware, settings: trial.settings, ...options },
      onEvent: (event) => {
        const line = toldBy(event);
        if (line !== undefined) trial.told.push({ time: event.time, event: line });
      },
    } as WorldOptions);
    await trial.world.start();
    await trial.until(hour);
    trial.world.cell.outage = true;
    await trial.until(4 * hour);
    return trial;
  }

  async until(time: number): Promise<void> {
    await this.world.clock.run({ until: time });
  }

  of<K extends LogEvent["kind"]>(kind: K, since = 0): (LogEvent & { readonly kind: K })[] {
    return this.told.flatMap(({ time, event }) =>
      event.kind === kind && time >= since ? [event as LogEvent & { readonly kind: K }] : [],
    );
  }

  /** How many readings the log calls taken. */
  get taken(): number {
    return this.of("report taken").length;
  }

  /** How many the cloud has, each counted once: those of a batch have one id, and times of their own. */
  get stored(): number {
    const { productKey, deviceKey } = this.world.device;
    return new Set(
      this.world.cloud.reported.readings(productKey, deviceKey).map(({ id, time }) => `${id} ${time}`),
    ).size;
  }

  /** What the device told of itself. */
  get troubles(): { what: string; line: string }[] {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.reported
      .events(productKey, deviceKey)
      .flatMap(({ event, values }) =>
        event === "trouble" ? [values as { what: string; line: string }] : [],
      );
  }

  command(service: string, inputs: Record<string, unknown>): string {
    const { cloud, cloudNow, device } = this.world;
    const command = { kind: "service", service, inputs } as const;
    const id = cloud.commands.send(device.productKey, device.deviceKey, command, cloudNow);
    this.world.touchCloud();
    return id;
  }

  answer(id: string) {
    return this.world.cloud.commands.view(id);
  }

  /** The bytes of the journal. */
  get flash(): Buffer {
    const bytes = new Uint8Array(this.world.flash!.status().size);
    this.world.flash!.read(bytes, 0);
    return Buffer.from(bytes);
  }
}

/** From the broken start to the last reading delivered. */
async function comesBack(broken: string, options: Partial<WorldOptions>, why: string): Promise<void> {
  const trial = await Trial.begin(options);
  trial.settings["broken"] = broken;
  trial.world.cutPower(1_000);
  await trial.until(4.5 * hour);
  expect(trial.of("start safe")).toEqual([expect.objectContaining({ reason: why })]);
  const before = trial.flash;
  const taken = trial.taken;
  trial.world.cell.outage = false;
  const stored = trial.stored;
  expect(taken - stored).toBeGreaterThan(10);
  await trial.until(7 * hour);
  // It is in contact and has said why, and neither measures nor touches what waits.
  expect(trial.troubles.map(({ what }) => what)).toContain("start safe");
  expect(trial.troubles.find(({ what }) => what === "start safe")!.line).toContain(JSON.stringify(why));
  expect(trial.taken).toBe(taken);
  expect(trial.stored).toBe(stored);
  const refused = trial.command("calibrate", { reference: { temperature: 20 } });
  const log = trial.command("fetch_log", {});
  await trial.until(9 * hour);
  expect(trial.answer(refused)).toMatchObject({ status: "failed", code: 240 });
  const { status, data } = trial.answer(log)!;
  expect(status).toBe("success");
  expect((data as { text: string }).text).toMatch(/\d+ session: keep alive\n/);
  expect(trial.flash.equals(before)).toBe(true);
  // The operator has found the mistake.
  delete trial.settings["broken"];
  const restart = trial.command("restart", { normally: true });
  // Some minutes behind a reading, so that it is stored.
  await trial.until(12.1 * hour);
  expect(trial.answer(restart)).toMatchObject({ status: "success", code: 200 });
  expect(trial.of("supervisor restart")).toEqual([{ kind: "supervisor restart", reason: "command" }]);
  expect(trial.of("start safe")).toHaveLength(1);
  expect(trial.taken).toBeGreaterThan(taken + 4);
  expect(trial.stored).toBe(trial.taken);
}

describe("an application that brings the device down at each start", () => {
  test("an exception that nobody catches: three aborts, then a safe start", async () => {
    await comesBack("timer", {}, "abort");
  });

  test("a constructor that throws: three failed starts, then a safe start", async () => {
    await comesBack("constructor", {}, "no sensor");
  });

  test("in deep sleep the device sleeps between contacts, and is reached all the same", async () => {
    await comesBack("timer", { sleep: "deep", edition: "tokenless" }, "abort");
    expect(world!.sleeps).toBeGreaterThan(5);
  });

  test("a device that nobody helps tries its application again once a day; loss of power ends it too", async () => {
    const trial = await Trial.begin({});
    trial.world.cell.outage = false;
    trial.settings["broken"] = "timer";
    trial.world.cutPower(1_000);
    const days = density(4, 2);
    await trial.until(4 * hour + days * day + hour);
    expect(trial.of("start safe")).toHaveLength(days + 1);
    expect(trial.of("supervisor restart").map(({ reason }) => reason)).toEqual(
      Array.from({ length: days }, () => "safe-start-over"),
    );
    expect(trial.troubles.filter(({ what }) => what === "start safe")).toHaveLength(days + 1);
    delete trial.settings["broken"];
    trial.world.cutPower(1_000);
    await trial.until(4 * hour + days * day + 4 * hour);
    expect(trial.of("start safe")).toHaveLength(days + 1);
    expect(trial.stored).toBe(trial.taken);
  });
});

describe.skipIf(xsMissing !== undefined)("on XS", () => {
  test("an application that recurses without end: XS ends for want of stack, three times", async () => {
    await comesBack("stack", { engine: "xs" }, "abort");
  });
});
