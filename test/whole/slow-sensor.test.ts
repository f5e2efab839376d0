/**
 * A sensor that takes its time, over the whole chain and in both engines: promises have to run there, too. What it
 * answers in time arrives; nothing else does; the modem sleeps while it measures, and so does the board afterwards.
 */
import { resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { World } from "../../host-sim/sim/world/world";
import { xsMissing } from "../host-sim/sim/board/rig";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const second = 1_000;
const minute = 60_000;
const hour = 60 * minute;

const firmware = await bundleFirmware({ application: resolve("test/whole/slow-application.js") });

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** What the sensor does with its n-th reading. */
type How = (n: number) => "never" | "rejects" | "";

class Trial {
  readonly told: { readonly time: number; readonly event: LogEvent }[] = [];
  /** When the sensor was asked, and whether the modem's radio was in use then; when it answered. */
  readonly asked: { readonly at: number; readonly state: string }[] = [];
  readonly answered: { readonly at: number; readonly state: string }[] = [];
  world!: World;

  static async run(
    until: number,
    { how = () => "" as const, slow, limit, ...options }: Partial<WorldOptions> & Sensor,
  ): Promise<Trial> {
    const trial = new Trial();
    world = trial.world = await World.create({
      ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
      ...{ interval: 900, format: "compact", firmware },
      settings: { startSpread: 0, slow, limit },
      onAsk: (text) => {
        if (text === "how") return how(trial.asked.length);
        const { clock, modem } = trial.world;
        (text === "asked" ? trial.asked : trial.answered).push({ at: clock.now, state: modem.state });
        return "";
      },
      onEvent: (event) => {
        const line = toldBy(event);
        if (line !== undefined) trial.told.push({ time: event.time, event: line });
      },
      ...options,
    } as WorldOptions);
    await trial.world.start();
    await trial.world.clock.run({ until });
    return trial;
  }

  /** Readings that the cloud has. */
  get stored(): number {
    const { cloud, device } = this.world;
    return cloud.reported.readings(device.productKey, device.deviceKey).length;
  }

  of<K extends LogEvent["kind"]>(kind: K): (LogEvent & { readonly kind: K })[] {
    return this.told.flatMap(({ event }) =>
      event.kind === kind ? [event as LogEvent & { readonly kind: K }] : [],
    );
  }
}

interface Sensor {
  readonly how?: How;
  readonly slow: number;
  readonly limit?: number;
}

const engines = [
  ["node", false],
  ["xs", xsMissing],
] as const;

describe.each(engines)("on %s, a sensor that takes two seconds", (engine, missing) => {
  test.skipIf(missing)("is waited for; the modem is asleep meanwhile, and the step stays", async () => {
    const trial = await Trial.run(3 * hour - minute, { engine, slow: 2 * second });
    expect([trial.asked.length, trial.stored]).toEqual([12, 12]);
    // The board may be busy with something else when a reading is due; the next is due at its time all the same.
    const [{ at: first }] = trial.asked;
    for (const [i, { at }] of trial.asked.entries()) {
      expect(Math.abs(at - first - i * 15 * minute)).toBeLessThan(10);
    }
    // Of the first one the modem is off; from then on it sleeps.
    expect(new Set(trial.asked.slice(1).map(({ state }) => state))).toEqual(new Set(["psm"]));
    expect(trial.answered.map(({ state }) => state)).toEqual(trial.asked.map(({ state }) => state));
  });

  test.skipIf(missing)("is waited for by a board that sleeps deeply", async () => {
    const trial = await Trial.run(3 * hour - minute, { engine, slow: 2 * second, sleep: "deep" });
    expect([trial.asked.length, trial.stored]).toEqual([12, 12]);
    expect(trial.world.sleeps).toBeGreaterThanOrEqual(11);
    expect(new Set(trial.asked.slice(1).map(({ state }) => state))).toEqual(new Set(["psm"]));
  });

  test.skipIf(missing)("that hangs now and then, or fails, costs those readings alone", async () => {
    const how: How = (n) => (n % 3 === 1 ? "never" : n % 3 === 2 ? "rejects" : "");
    const trial = await Trial.run(3 * hour - minute, { engine, slow: 2 * second, how, sleep: "deep" });
    expect([trial.asked.length, trial.stored]).toEqual([12, 4]);
    expect(trial.of("report missed").map(({ count, reason }) => [count, reason])).toEqual(
      Array(4).fill([1, "no answer within 5000 ms"]),
    );
    expect(trial.of("report back").map(({ count }) => count)).toEqual(Array(4).fill(2));
    expect(trial.of("session keep alive")).toHaveLength(7);
    expect(trial.world.sleeps).toBeGreaterThanOrEqual(11);
  });

  test.skipIf(missing)("and answers after its limit: no reading is made of that", async () => {
    const trial = await Trial.run(2 * hour - minute, { engine, slow: 9 * second, limit: 3 * second });
    expect([trial.asked.length, trial.answered.length, trial.stored]).toEqual([8, 8, 0]);
    expect(trial.of("report missed").map(({ count }) => count)).toEqual([1]);
    const patient = await Trial.run(2 * hour - minute, { engine, slow: 9 * second, limit: 10 * second });
    expect(patient.stored).toBe(8);
  });
});
