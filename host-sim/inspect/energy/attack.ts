/**
 * What somebody who attacks the way to the cloud costs: the same device, left alone and attacked for days on end.
 *
 * The first day of an attack costs more than the others, because the device has to notice it first; a battery lasts
 * for years, so that day is taken off its capacity once, and the days after it make the mean power.
 */
import { World } from "../../sim/world/world";
import { batteryYears } from "./battery";
import { EnergyMeter } from "./meter";
import type { Coverage } from "../../sim/radio/link";
import type { Attack } from "../../sim/radio/hostile-acts";
import type { ModemEvent } from "../../sim/modem/modem-event";
import type { WorldEvent } from "../../sim/world/world";
import type { Battery } from "./battery";
import type { Choice, MeasureOptions } from "./choice";

/** One who attacks. */
export interface Attacker {
  /** What it does, as people say it. */
  readonly text: string;
  /** From the beginning of what is measured on. */
  readonly attack: Omit<Attack, "from" | "to">;
}

const offPath = (
  text: string,
  act: "ping" | "response",
  every: number,
  sender: "server" | "own",
): Attacker => ({
  text,
  attack: { strength: "off-path", acts: [act], every, sender },
});
const onPath = (text: string, ...acts: Attack["acts"]): Attacker => ({
  text,
  attack: { strength: "on-path", acts },
});

/** Those that are tried, by where they stand. All who are off the path know the device's public port. */
export const attackers: Readonly<Record<"off-path" | "on-path", readonly Attacker[]>> = {
  "off-path": [
    offPath("a ping every 5 s in the server's name", "ping", 5_000, "server"),
    offPath("a ping every 5 s from elsewhere", "ping", 5_000, "own"),
    offPath("five pings a second", "ping", 200, "server"),
    offPath("a response each second that nothing asked for", "response", 1_000, "server"),
  ],
  "on-path": [
    onPath("4.01 to each request", "unauthorized"),
    onPath("5.xx or 4.03 to each request", "error"),
    onPath("each answer announces a command", "announce"),
    onPath("each answer brings a command", "command"),
    onPath("answers in blocks of 16 bytes without an end", "blocks"),
    onPath("an empty acknowledgement before each answer", "hush"),
    onPath("old answers once more", "replay-answer"),
    onPath("ten pings at each datagram that passes", "flood"),
  ],
};

/** Days that are measured: the first and those after it. */
export const attackDays = 22;

/** The row of a device that is left alone. */
const nobody = "nobody";

/** Those whom a device is measured under, in the table's order: first nobody. */
export function attackersFrom(from: keyof typeof attackers): readonly (Attacker | undefined)[] {
  return [undefined, ...attackers[from]];
}

/** What a row of the table is called. */
export function attackerText(attacker: Attacker | undefined): string {
  return attacker?.text ?? nobody;
}

/** How a device fared under one attacker, or none. */
export interface UnderAttack {
  readonly text: string;
  /** Mean power of the days after the first, W. */
  readonly watts: number;
  /** What the first day took beyond such a day, J. */
  readonly onset: number;
  /** Share of the day that the modem spent in PSM or switched off, of the day with the least. */
  readonly psm: number;
  /** Datagrams that the device sent, a day. */
  readonly datagrams: number;
  /** Share of the readings that the cloud had at the end; the last ones may wait for the next contact. */
  readonly delivered: number;
}

/** The same, and how long a battery lasts then. */
export interface Attacked extends UnderAttack {
  readonly years: number;
}

const hour = 3_600_000;
const day = 24 * hour;
/** The first registration and session are over by then. */
const warmUp = 6 * hour;

/**
 * Measures a device for days on end.
 *
 * @param attacker undefined for one that is left alone
 * @throws Error when a run fails
 */
export async function measureAttack(
  choice: Choice,
  attacker: Attacker | undefined,
  options: MeasureOptions,
  days = attackDays,
): Promise<UnderAttack> {
  let [watts, onset, datagrams, delivered] = [0, 0, 0, 0];
  const psm = new Array<number>(days).fill(0);
  for (const coverage of [0, 1, 2] as const) {
    const share = options.mix[coverage];
    if (share === 0) continue;
    const run = await runAt(choice, coverage, attacker, options, days);
    const after = (run.joules[days] - run.joules[1]) / (days - 1);
    watts += (share * after) / (day / 1_000);
    onset += share * Math.max(0, run.joules[1] - run.joules[0] - after);
    run.psm.forEach((each, i) => (psm[i] += share * each));
    datagrams += (share * run.datagrams) / days;
    delivered += share * run.delivered;
  }
  return { text: attackerText(attacker), watts, onset, psm: Math.min(...psm), datagrams, delivered };
}

/** Whether the modem is asleep or off from this event on; undefined for one that says nothing of it. */
function restsFrom(event: ModemEvent): boolean | undefined {
  if (event.type === "psm") return event.state === "enter";
  return event.type === "power" ? event.state === "off" : undefined;
}

/** How long a battery lasts under it. */
export function attackedWith(battery: Battery, under: UnderAttack): Attacked {
  const capacity = Math.max(0, battery.capacity - under.onset / 3_600);
  return { ...under, years: batteryYears({ ...battery, capacity }, under.watts) };
}

async function runAt(
  choice: Choice,
  coverage: Coverage,
  attacker: Attacker | undefined,
  options: MeasureOptions,
  days: number,
): Promise<{ joules: number[]; psm: number[]; datagrams: number; delivered: number }> {
  const { saving: _saving, settings = {}, ...device } = choice;
  const { seed, loss, engine = "node", edition = "token" } = options;
  const meter = new EnergyMeter(options.profile, { coverage });
  const asleep = new Array<number>(days).fill(0);
  let since: number | undefined;
  let [datagrams, taken, stored] = [0, 0, 0];
  /** Adds a stay in PSM to the days that it was in. */
  const slept = (from: number, to: number): void => {
    for (let i = 0; i < days; i++) {
      const [begin, end] = [warmUp + i * day, warmUp + (i + 1) * day];
      asleep[i] += Math.max(0, Math.min(to, end) - Math.max(from, begin));
    }
  };
  const hear = (event: WorldEvent): void => {
    meter.hear(event);
    if (event.source === "air" && event.report.direction === "up" && event.time >= warmUp) datagrams += 1;
    if (event.source === "device" && event.text.startsWith("report: taken")) taken += 1;
    if (event.source === "cloud" && event.event.type === "stored" && event.event.kind === "reading")
      stored += 1;
    const rests = event.source === "modem" ? restsFrom(event.event) : undefined;
    if (rests === undefined) return;
    if (since !== undefined) slept(since, event.time);
    since = rests ? event.time : undefined;
  };
  const world = await World.create({
    ...device,
    seed,
    loss,
    engine,
    edition,
    coverage,
    powerKey: true,
    settings: { startSpread: 0, ...settings },
    ...(attacker === undefined ? {} : { attacks: [{ ...attacker.attack, from: warmUp }] }),
    onEvent: hear,
  });
  const joules: number[] = [];
  try {
    await world.start();
    const levels = options.mix.filter((each) => each > 0).length;
    const before = options.mix.slice(0, coverage).filter((each) => each > 0).length;
    for (let i = 0; i <= days; i++) {
      const time = warmUp + i * day;
      // Hour by hour, so that whoever watches sees it go on.
      while (world.clock.now < time) {
        await world.clock.run({ until: Math.min(time, world.clock.now + hour) });
        options.onWork?.((before + world.clock.now / (warmUp + days * day)) / levels);
      }
      joules.push((i === days ? meter.finish(time) : meter.account(time)).joules);
    }
  } finally {
    await world.close();
  }
  if (since !== undefined) slept(since, warmUp + days * day);
  return {
    joules,
    psm: asleep.map((ms) => ms / day),
    datagrams,
    delivered: stored / Math.max(1, taken),
  };
}
