/**
 * How long a device of each family takes to its cloud: from power-on to the session, and from PSM to a modem
 * that takes datagrams. Virtual time, so the same numbers on any machine.
 */
import { families } from "../../sim/modem/families";
import { readLogLine } from "../../sim/world/device-log";
import { World } from "../../sim/world/world";

/** Mean times of one family, s. */
export interface TimeToOnline {
  readonly family: string;
  /** From power-on to the session with the cloud. */
  readonly cold: number;
  /** From the decision to wake the modem to a modem that is up. */
  readonly fromPsm: number;
}

/**
 * The same, of the driver that ran every bring-up without asking what the firmware at hand knows; against the
 * simulated modems of that time, over 40 seeds.
 */
export const timesBefore: Readonly<Record<string, Omit<TimeToOnline, "family">>> = Object.freeze({
  sim7020: { cold: 22.2, fromPsm: 1.88 },
  sim7080: { cold: 24.04, fromPsm: 8.94 },
  sim7000: { cold: 32.93, fromPsm: 13.39 },
  bc66: { cold: 27.98, fromPsm: 5.61 },
  bc660k: { cold: 27.1, fromPsm: 4.86 },
  bc95: { cold: 32.06, fromPsm: 1.23 },
  "sara-n2": { cold: 32.08, fromPsm: 1.23 },
  bg95: { cold: 28.74, fromPsm: 11.68 },
  "sara-r4": { cold: 32.15, fromPsm: 8.57 },
  "sara-r5": { cold: 31.54, fromPsm: 10.54 },
});

/** Worlds for each family. */
const worlds = 40;
const interval = 900;

/** Measures every family. */
export async function benchOnline(): Promise<TimeToOnline[]> {
  const times: TimeToOnline[] = [];
  for (const family of families.keys()) {
    const cold: number[] = [];
    const wakes: number[] = [];
    for (let seed = 1; seed <= worlds; seed++) await measure(family, seed, cold, wakes);
    times.push({ family, cold: mean(cold), fromPsm: mean(wakes) });
  }
  return times;
}

/** One device's first readings; adds what it took to `cold` and `wakes`, s. */
async function measure(family: string, seed: number, cold: number[], wakes: number[]): Promise<void> {
  let online: number | undefined;
  let waking: number | undefined;
  const world = await World.create({
    seed,
    engine: "node",
    edition: "token",
    coverage: 0,
    loss: 0,
    modem: family,
    powerKey: true,
    interval,
    format: "raw",
    settings: { startSpread: 0 },
    onEvent: (event) => {
      if (event.source !== "device") return;
      const told = readLogLine(event.text);
      if (told?.kind === "session online") online ??= event.time;
      if (told?.kind === "modem waking") waking = event.time;
      if (told?.kind !== "modem note" || !/^up\b/.test(told.text) || waking === undefined) return;
      wakes.push((event.time - waking) / 1_000);
      waking = undefined;
    },
  });
  try {
    await world.start();
    await world.clock.run({ until: 4 * interval * 1_000 });
  } finally {
    await world.close();
  }
  if (online === undefined) throw new Error(`${family}, seed ${seed}: never online`);
  cold.push(online / 1_000);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
