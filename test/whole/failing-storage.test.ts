/**
 * Storage and retained memory that fail while a device works, over the whole chain: whatever they do, readings
 * arrive once, no id is given twice, and the operator hears of it.
 */
import { afterEach, describe, expect, test } from "vitest";
import { damage, memoryDamages, storageFaultKinds } from "../../host-sim/sim/board/storage-faults";
import { Random } from "../../host-sim/sim/time/random";
import { World } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { xsMissing } from "../host-sim/sim/board/rig";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { StorageFaultKind } from "../../host-sim/sim/board/storage-faults";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

class Trial {
  readonly told: LogEvent[] = [];
  readonly raw: string[] = [];
  readonly restarts: string[] = [];
  world!: World;

  static async begin(options: Partial<WorldOptions>): Promise<Trial> {
    const trial = new Trial();
    world = trial.world = await World.create({
      ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
      ...{ interval: 900, format: "compact", pendingTtl: 48 * hour, readingsKept: 10_000 },
      ...{ settings: { startSpread: 0 }, ...options },
      onEvent: (event) => {
        if (event.source === "board" && event.what === "restarted") trial.restarts.push(event.text);
        const line = toldBy(event);
        if (line !== undefined) trial.told.push(line);
      },
    } as WorldOptions);
    await trial.world.start();
    return trial;
  }

  async until(hours: number): Promise<void> {
    await this.world.clock.run({ until: hours * hour });
  }

  /** What holds at the end, once there was time to deliver all. */
  holds(): void {
    const taken = this.told.flatMap((event) => (event.kind === "report taken" ? [event.id] : []));
    expect(new Set(taken).size).toBe(taken.length);
    const { productKey, deviceKey } = this.world.device;
    const readings = this.world.cloud.reported.readings(productKey, deviceKey);
    expect(new Set(readings.map(({ id, time }) => `${id} ${time}`)).size).toBe(taken.length);
    expect(readings).toHaveLength(taken.length);
    expect(
      this.told.filter(({ kind }) => /^(fault|start failed|report dropped|report refused)$/.test(kind)),
    ).toEqual([]);
    expect(this.restarts.filter((text) => text !== "crash: Panic")).toEqual([]);
  }

  get troubles(): unknown[] {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.reported
      .events(productKey, deviceKey)
      .flatMap(({ event, values }) => (event === "trouble" ? [values["what"]] : []));
  }
}

describe.each(["none", "deep"] as const)("sleep=%s, storage", (sleep) => {
  const shares = density([1, 0.3], [1]);
  const few: readonly StorageFaultKind[] = ["refuse-open", "lose-write", "flip-write"];
  const kinds =
    sleep === "deep" ? density<readonly StorageFaultKind[]>(storageFaultKinds, few) : storageFaultKinds;
  const cases = kinds.flatMap((kind) => shares.map((share) => [kind, share] as const));
  test.each(cases)("%s, at a share of %d: every reading once, and no id twice", async (kind, chance) => {
    const hours = density(24, sleep === "deep" ? 4 : 7);
    const trial = await Trial.begin({ sleep, seed: `${kind} ${chance}` });
    await trial.until(1);
    trial.world.storageFaults.set(kind, chance);
    for (let at = 2; at <= hours; at += 1) {
      trial.world.clock.at(at * hour + 17 * at * 60_000, () => {
        if (at % 2 === 0) trial.world.cutPower(60_000);
        else trial.world.crash("Panic");
      });
    }
    await trial.until(hours + 1);
    trial.world.storageFaults.clear();
    await trial.until(hours + 4);
    trial.holds();
    expect(trial.world.storageFaults.struck[kind]).toBeGreaterThan(0);
    if (kind.startsWith("refuse") || kind === "full") expect(trial.troubles).toContain("memory failed");
  });
});

describe.skipIf(xsMissing !== undefined)("on XS", () => {
  test("storage that refuses, is full and loses what it takes: the firmware gets the exceptions, and works", async () => {
    const kinds: readonly StorageFaultKind[] = ["refuse-open", "full", "lose-write"];
    for (const kind of density(kinds, kinds.slice(0, 2))) {
      const trial = await Trial.begin({ engine: "xs", seed: kind });
      await trial.until(0.5);
      trial.world.storageFaults.set(kind, 1);
      trial.world.cutPower(60_000);
      await trial.until(2);
      trial.world.storageFaults.clear();
      await trial.until(2.5);
      trial.holds();
      expect(trial.world.storageFaults.struck[kind]).toBeGreaterThan(0);
      await trial.world.close();
    }
  });
});

describe("retained memory", () => {
  test.each(memoryDamages)(
    "%s at each hour, in deep sleep: every reading once, and no id twice",
    async (how) => {
      const hours = density(36, 4);
      const trial = await Trial.begin({ sleep: "deep", seed: how });
      const random = new Random(how);
      for (let minutes = 65; minutes < hours * 60; minutes += 65) {
        trial.world.clock.at(minutes * 60_000, () =>
          damage(trial.world.retained, how, random, 1 + (random.u32() % 400)),
        );
      }
      // Not at the moment of a reading, which would be on its way.
      await trial.until(hours + 3.1);
      trial.holds();
      expect(trial.told.some(({ kind }) => kind === "agent woke without its memory")).toBe(true);
    },
  );
});
