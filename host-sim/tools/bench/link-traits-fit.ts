/**
 * The table of link depth from times that were seen at full depth: `npm run bench -- --only link-traits` compares, `--update`
 * makes it anew.
 *
 *     a datagram    next one out - came in = receive + send + byte x its length
 *     a start       registered -> first datagram = ready + send
 *     a wake        first datagram = the later of (out of PSM + asked) and (registered again + ready), + send
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { families as driverFamilies } from "../../../firmware/modem/family/index";
import { projectRoot } from "../../project";
import { drawnShare } from "../../sim/modem/draw";
import { families } from "../../sim/modem/families";
import { seeWorld } from "./link-times";
import type { Family } from "../../sim/modem/family";
import type { FamilyTraits } from "../../sim/fleet/link-traits";
import type { SeenWake, SeenWorld } from "./link-times";

/** Worlds of each family, and readings of each. */
const worlds = 40;
const readings = 8;
/** Worlds whose board sleeps deeply, for the steps alone. */
const sleepers = 8;
/** Less than a line takes on the UART and in the driver, ms. */
const atOnce = 15;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Share of modems that have something: all, none, or as many as the simulated modem draws it for, which it does in one way
 * for all (sim/modem/draw.ts). How many of the worlds have it tells which of the three; their own share is chance.
 *
 * @throws Error where it is none of the three: four standard deviations of what is drawn away from it
 */
export function shareOf(what: string, seen: readonly boolean[]): number {
  const share = seen.filter(Boolean).length / seen.length;
  if (share === 0 || share === 1) return share;
  const deviation = Math.sqrt((drawnShare * (1 - drawnShare)) / seen.length);
  if (Math.abs(share - drawnShare) <= 4 * deviation) return drawnShare;
  throw new Error(
    `${what}: ${share * seen.length} of ${seen.length} modems, which is not what a modem draws (${drawnShare})`,
  );
}

/** Makes a family's row. */
async function fitFamily(family: Family): Promise<FamilyTraits> {
  const awake: SeenWorld[] = [];
  for (let seed = 1; seed <= worlds; seed++) awake.push(await seeWorld(family.name, seed, "none", readings));
  const asleep: SeenWorld[] = [];
  for (let seed = 1; seed <= sleepers; seed++) {
    asleep.push(await seeWorld(family.name, seed, "deep", readings));
  }
  // Each byte is two digits, and a digit ten bits on the wire.
  const byte = 20_000 / family.baud;
  const received = mean(awake.flatMap((world) => world.received));
  const receive = received < atOnce ? 0 : received;
  // An answer that was lost is followed by a retransmission: what is usual counts, and not the mean.
  const send = median(awake.flatMap(({ next }) => next.map(({ ms, bytes }) => ms - bytes * byte))) - receive;
  const handed = ({ sent, bytes }: SeenWake): number => sent - send - bytes * byte;
  const { boots, lock } = family.sleep;
  const [reopening, keeping] = [true, false].map((reopens) =>
    awake.filter((world) => world.reopens === reopens).flatMap((world) => world.wakes),
  );
  const differ = reopening.length > 0 && keeping.length > 0;
  const wake = fitWake(differ ? keeping : awake.flatMap((world) => world.wakes), handed, boots);
  const opened = (wakes: readonly SeenWake[]): number => mean(wakes.map((each) => each.opened));
  const largest = driverFamilies.find(({ name }) => name === family.name)!.sockets.largest;
  return {
    boot: family.power.boot,
    switchesOff: family.power.key !== undefined,
    setUp: Math.round(mean(awake.map(({ setUp }) => setUp))),
    ready: Math.round(mean(awake.map(({ ready, readyBytes }) => ready - send - readyBytes * byte))),
    key: Math.round(mean(awake.flatMap((world) => world.wakes.map(({ key }) => key)))),
    asked: Math.round(wake.asked),
    ...(boots ? { restarts: { card: family.boot.cardDelay, ready: Math.round(wake.ready) } } : {}),
    reopens: shareOf(
      `${family.name}'s sockets`,
      awake.map(({ reopens }) => reopens),
    ),
    reopen: differ ? Math.max(0, Math.round(opened(reopening) - opened(keeping))) : 0,
    ...(lock === undefined ? {} : { lock }),
    send: Math.round(send),
    byte: Math.round(10_000 * byte) / 10_000,
    receive: Math.round(receive),
    assistance: shareOf(
      `${family.name}'s release assistance`,
      awake.map(({ assistance }) => assistance),
    ),
    largest,
    steps: {
      none: 100 * Math.round(mean(awake.map(({ steps }) => steps)) / 100),
      deep: 100 * Math.round(mean(asleep.map(({ steps }) => steps)) / 100),
    },
  };
}

interface FittedWake {
  readonly asked: number;
  readonly ready: number;
}

/** The two constants that lie nearest to these wakes, by least squares on a grid of 10 ms. */
function fitWake(wakes: readonly SeenWake[], handed: (wake: SeenWake) => number, boots: boolean): FittedWake {
  const times = wakes.map(handed);
  if (!boots) {
    // One that had to be asked twice is not what a wake takes.
    return { asked: median(times), ready: 0 };
  }
  const registered = wakes.map((wake) => wake.registered ?? 0);
  const late = mean(times.map((time, i) => time - registered[i]));
  let best = { asked: 0, ready: 0, error: Infinity };
  const most = Math.max(0, ...times);
  for (let asked = 0; asked <= most; asked += 20) {
    for (let ready = 0; ready <= late + 20; ready += 20) {
      let error = 0;
      for (let i = 0; i < times.length; i++) {
        error += (Math.max(asked, registered[i] + ready) - times[i]) ** 2;
      }
      if (error < best.error) best = { asked, ready, error };
    }
  }
  return { asked: best.asked, ready: best.ready };
}

/** Makes all rows. @param onFamily hears of each before it begins */
export async function fitFamilies(
  onFamily: (name: string) => void = () => {},
): Promise<ReadonlyMap<string, FamilyTraits>> {
  const rows = new Map<string, FamilyTraits>();
  for (const family of families.values()) {
    onFamily(family.name);
    rows.set(family.name, await fitFamily(family));
  }
  return rows;
}

/** Writes them into the project. */
export function writeTable(rows: ReadonlyMap<string, FamilyTraits>): void {
  writeFileSync(join(projectRoot(), "host-sim/sim/fleet/link-traits-table.ts"), tableText(rows));
}

/** The text of host-sim/sim/fleet/link-traits-table.ts. */
export function tableText(rows: ReadonlyMap<string, FamilyTraits>): string {
  const value = (given: unknown): string =>
    Array.isArray(given)
      ? `[${given.map(value).join(", ")}]`
      : typeof given === "object" && given !== null
        ? `{ ${Object.entries(given)
            .map(([name, each]) => `${name}: ${value(each)}`)
            .join(", ")} }`
        : Number.isInteger(given)
          ? String(given).replace(/\B(?=(\d{3})+$)/g, "_")
          : String(given);
  return [
    "/**",
    " * What each family's modem and driver take at link depth, see link-traits.ts: made from runs at full depth by",
    " * `npm run bench -- --only link-traits --update`, and not by hand.",
    " */",
    "export const linkTraitsTable = {",
    ...[...rows].flatMap(([name, row]) => [
      `  ${/^\w+$/.test(name) ? name : JSON.stringify(name)}: {`,
      ...Object.entries(row).map(([member, given]) => `    ${member}: ${value(given)},`),
      "  },",
    ]),
    "} as const;",
    "",
  ].join("\n");
}
