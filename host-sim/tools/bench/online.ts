/**
 * How long a modem of each family takes to be up: from power-on, and out of PSM. Virtual time, so the same numbers on any
 * machine; but what modem and network take is drawn by the seed, and spreads by seconds, so each mean has its standard error.
 */
import { families } from "../../sim/modem/families";
import { readLogLine } from "../../sim/world/device-log";
import { World } from "../../sim/world/world";

/** A mean of many, and its standard error. */
export interface Mean {
  readonly mean: number;
  readonly error: number;
}

/** Mean times of one family, s. */
export interface TimeToUp {
  readonly family: string;
  /** From power-on to a modem that takes datagrams. */
  readonly cold: Mean;
  /** The same from the decision to wake it. */
  readonly fromPsm: Mean;
}

/**
 * The same, of the driver that ran every bring-up without asking what the firmware at hand knows (commit b9e35a49): it and the
 * simulated modems of that time alone, without a processor that takes its time, over 200 seeds with three wakes each.
 */
export const timesBefore: Readonly<Record<string, Omit<TimeToUp, "family">>> = Object.freeze({
  sim7020: before(18.03, 0.281, 1.882, 0.002),
  sim7080: before(19.301, 0.279, 9.119, 0.058),
  sim7000: before(30.154, 0.354, 13.04, 0.087),
  bc66: before(24.172, 0.382, 5.851, 0.045),
  bc660k: before(22.773, 0.325, 5.065, 0.044),
  bc95: before(39.916, 4.789, 1.231, 0.002),
  "sara-n2": before(39.936, 4.789, 1.231, 0.002),
  bg95: before(23.994, 0.322, 11.529, 0.08),
  "sara-r4": before(29.253, 0.332, 8.659, 0.047),
  "sara-r5": before(29.148, 0.328, 10.45, 0.049),
});

function before(cold: number, coldError: number, wake: number, wakeError: number): Omit<TimeToUp, "family"> {
  return { cold: { mean: cold, error: coldError }, fromPsm: { mean: wake, error: wakeError } };
}

/**
 * By how much the first is more than the second for certain, as far as two standard errors of the difference are: by less than
 * that chance alone makes them differ.
 */
export function excess(now: Mean, then: Mean): number {
  return now.mean - then.mean - 2 * Math.hypot(now.error, then.error);
}

/** Worlds for each family. */
const worlds = 100;
const interval = 900;
/** Readings of each, of which the first is the power-on's. */
const readings = 5;

/** Measures every family. */
export async function benchOnline(): Promise<TimeToUp[]> {
  const times: TimeToUp[] = [];
  for (const family of families.keys()) {
    const cold: number[] = [];
    const wakes: number[] = [];
    for (let seed = 1; seed <= worlds; seed++) await measure(family, seed, cold, wakes);
    times.push({ family, cold: meanOf(cold), fromPsm: meanOf(wakes) });
  }
  return times;
}

/** One device's first readings; adds what it took to `cold` and `wakes`, s. */
async function measure(family: string, seed: number, cold: number[], wakes: number[]): Promise<void> {
  let up: number | undefined;
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
      if (told?.kind === "modem waking") waking = event.time;
      if (told?.kind !== "modem note" || !/^up\b/.test(told.text)) return;
      up ??= event.time;
      if (waking === undefined) return;
      wakes.push((event.time - waking) / 1_000);
      waking = undefined;
    },
  });
  try {
    await world.start();
    await world.clock.run({ until: readings * interval * 1_000 });
  } finally {
    await world.close();
  }
  if (up === undefined) throw new Error(`${family}, seed ${seed}: never up`);
  cold.push(up / 1_000);
}

function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
