/** Runs a part of a fleet, and counts what comes of it. */
import { batteryYears } from "../../inspect/energy/battery";
import { field } from "../../inspect/energy/field";
import { profileNamed } from "../../inspect/energy/profiles";
import { Fleet } from "../../sim/fleet/fleet";
import { familyOf, familyTraits } from "../../sim/fleet/link-traits";
import { ownScriptEngine } from "../../sim/fleet/own-script";
import { count, newHistogram, textOf } from "./delays";
import { DeviceMeter, levelPower } from "./device-meter";
import { begin } from "./incidents";
import { wholeRun } from "../shards/shard";
import { sumOf } from "./merge";
import { devicesOf } from "./plan";
import { byWorst, emptyLoad, resultForm, worstNamed } from "./result";
import type { CloudEvent } from "../../cloud/cloud";
import type { Coverage } from "../../sim/radio/link";
import type { LevelPower } from "./device-meter";
import type { LogEvent } from "../../../firmware/device/log";
import type { Histogram } from "./delays";
import type { Shard } from "../shards/shard";
import type { FleetPlan } from "./plan";
import type { FleetCounts, FleetLoad, FleetResult, WorstDevice } from "./result";

const hour = 3_600_000;
/** ms of a stretch of the load: a peak behind a blackout lasts for minutes. */
const step = 10_000;
/** What a battery loses by itself in a year: `npm run energy` takes the same. */
const selfDischarge = 0.01;
/** Steps of XS in a second at the clock that the firmware is built for. */
const stepsASecond = 8_333 * 160;

/** What is counted of each device, by its place in the shard. */
class Books {
  readonly acknowledged: Float64Array;
  readonly lost: Float64Array;
  readonly latest: Float64Array;
  readonly delays: Histogram = newHistogram();
  /** When each command was queued that has no answer yet, ms, and how long others took. */
  readonly queued = new Map<string, number>();
  readonly answers: Histogram = newHistogram();
  readonly counts: FleetCounts = {
    ...{ taken: 0, acknowledged: 0, stored: 0, lost: 0, waiting: 0, authentications: 0 },
    ...{ datagramsUp: 0, datagramsDown: 0, datagramsLost: 0, retransmissions: 0, bytesUp: 0, bytesDown: 0 },
    ...{ restarts: 0, faults: 0, pages: 0, pagesBlocked: 0, pagesUnanswered: 0 },
    ...{ commands: 0, commandsAnswered: 0, commandsLost: 0 },
  };

  constructor(devices: number) {
    this.acknowledged = new Float64Array(devices);
    this.lost = new Float64Array(devices);
    this.latest = new Float64Array(devices);
  }

  hearCloud(event: CloudEvent): void {
    const { counts } = this;
    switch (event.type) {
      case "command-queued":
        counts.commands += 1;
        this.queued.set(event.id, event.at);
        return;
      case "command-answered":
        counts.commandsAnswered += 1;
        return count(this.answers, event.at - this.queued.get(event.id)!);
      case "command-timed-out":
      case "command-expired":
      case "command-failed":
        counts.commandsLost += 1;
    }
  }

  hear(place: number, event: LogEvent): void {
    const { counts } = this;
    switch (event.kind) {
      case "report taken":
        counts.taken += 1;
        return;
      case "report acknowledged":
        counts.acknowledged += 1;
        this.acknowledged[place] += 1;
        if (event.after > this.latest[place]) this.latest[place] = event.after;
        return count(this.delays, event.after);
      case "report refused":
      case "report dropped":
        counts.lost += 1;
        this.lost[place] += 1;
        return;
      case "session online":
        counts.authentications += 1;
        return;
      case "fault":
        counts.faults += 1;
        return;
    }
  }
}

/** Devices that are simulated at a time, unless a cell has more. */
const atATime = 1_000;

/** How many of a plan's devices are in memory at a time: those of whole cells. */
export function devicesTogether({ devicesPerCell }: FleetPlan): number {
  return devicesPerCell * Math.max(1, Math.floor(atATime / devicesPerCell));
}

/**
 * Runs it: some cells, then the next ones. Their devices share nothing, so that it comes to the same; and the memory that
 * it takes, and the processor's caches have to go through, are those of a few cells however large the fleet is.
 *
 * @param onProgress gets the share that is done, now and then
 */
export async function runShard(
  plan: FleetPlan,
  shard: Shard,
  onProgress: (share: number) => void = () => {},
): Promise<FleetResult> {
  const { first, end } = devicesOf(plan, shard);
  const together = devicesTogether(plan);
  const parts: FleetResult[] = [];
  for (let from = first; from < end; from += together) {
    const to = Math.min(end, from + together);
    const told = (share: number): void => onProgress((from - first + share * (to - from)) / (end - first));
    parts.push(await runCells(plan, { first: from, end: to }, told));
  }
  return sumOf(parts, shard);
}

/** The devices of these cells, from the first one's number to that behind the last one's. */
async function runCells(
  plan: FleetPlan,
  { first, end }: { readonly first: number; readonly end: number },
  onProgress: (share: number) => void,
): Promise<FleetResult> {
  const books = new Books(end - first);
  const load = emptyLoad(plan.hours, step);
  const powerOf = powersOf(plan);
  const meters: DeviceMeter[] = [];
  const { counts } = books;
  const bin = (): number => Math.min(load.datagrams.length - 1, Math.floor(fleet.clock.now / step));
  const sleep = plan.settings["sleep"] === "deep" ? "deep" : "none";
  const steps = Array.from(
    { length: end - first },
    (_, i) => familyTraits(familyOf(plan.modem, first + i)).steps[sleep],
  );
  const fleet = new Fleet({
    ...{ seed: plan.seed, first, end, mix: plan.mix, edition: plan.edition, format: plan.format },
    modem: plan.modem,
    ...{ devicesPerCell: plan.devicesPerCell, settings: plan.settings, journalSize: plan.journalSize },
    natIdle: plan.natIdle ?? undefined,
    loss: plan.loss ?? undefined,
    scriptEngine: ownScriptEngine,
    onLog: (number, event) => books.hear(number - first, event),
    onModem: (number, event) => {
      meters[number - first].hear(event);
      if (event.type === "psm" && event.state === "exit") {
        meters[number - first].computed((1_000 * steps[number - first]) / stepsASecond);
      }
    },
    onBoard: (number, what) => {
      meters[number - first].moment(what, fleet.clock.now);
      if (what === "power on") counts.restarts += 1;
    },
    onUplink: (number, bytes, again) => {
      counts.datagramsUp += 1;
      counts.bytesUp += bytes;
      if (again) counts.retransmissions += 1;
      meters[number - first].sent(bytes, fleet.clock.now);
    },
    onFate: (up, bytes, arrives) => {
      if (!up) {
        counts.datagramsDown += 1;
        counts.bytesDown += bytes;
      }
      if (!arrives) counts.datagramsLost += 1;
    },
    onArrival: () => {
      load.datagrams[bin()] += 1;
    },
    onCloud: (event) => {
      if (event.type !== "stored") return books.hearCloud(event);
      if (event.kind !== "reading") return;
      counts.stored += 1;
      load.stored[bin()] += 1;
    },
  });
  fleet.coverage.forEach((coverage, i) =>
    meters.push(new DeviceMeter(powerOf(familyOf(plan.modem, first + i), coverage as Coverage))),
  );
  watchCells(fleet, load);
  begin(plan, fleet, first);
  const until = plan.hours * hour;
  const parts = 100;
  for (let part = 1; part <= parts; part++) {
    await fleet.run((until * part) / parts);
    onProgress(part / parts);
  }
  return { form: resultForm, plan, shard: wholeRun, ...summed(plan, fleet, first, { books, meters, load }) };
}

/**
 * What a device of a family draws at a level; one table serves all that are alike. With the profile "module" it is what the
 * family's data sheet says, and the field's where nobody here has read one.
 */
function powersOf({ profile, settings }: FleetPlan): (family: string, coverage: Coverage) => LevelPower {
  const edrx = Number(settings["edrx"] ?? 0) > 0;
  const tables = new Map<string, LevelPower>();
  return (family, coverage) => {
    const name = profile === "module" ? family : profile;
    const key = `${name}/${coverage}`;
    const table = tables.get(key) ?? levelPower(profileNamed(name) ?? field, coverage, edrx);
    tables.set(key, table);
    return table;
  };
}

/** Notes at each step what the cells had to do in it. */
function watchCells({ clock, cells }: Fleet, load: FleetLoad): void {
  const before = cells.map(() => ({ requests: 0, collisions: 0, refusals: 0, airtime: 0, pages: 0 }));
  load.requests.forEach((_, i) => {
    // Behind all else of that moment.
    clock.at((i + 1) * step, () => {
      cells.forEach(({ access, paging }, c) => {
        const now = access.load;
        const { pages } = paging.load;
        load.pages[i] += pages - before[c].pages;
        load.requests[i] += now.requests - before[c].requests;
        load.collisions[i] += now.collisions - before[c].collisions;
        load.refusals[i] += now.refusals - before[c].refusals;
        load.airtime[i] += Math.round(now.airtime) - Math.round(before[c].airtime);
        load.waiting[i] = Math.max(load.waiting[i], now.mostWaiting);
        now.mostWaiting = now.waiting;
        before[c] = { ...now, pages };
      });
    });
  });
}

interface Counted {
  readonly books: Books;
  readonly meters: readonly DeviceMeter[];
  readonly load: FleetLoad;
}

function summed(
  plan: FleetPlan,
  fleet: Fleet,
  first: number,
  { books, meters, load }: Counted,
): Omit<FleetResult, "form" | "plan" | "shard"> {
  const { counts } = books;
  const levels = [0, 1, 2].map(() => ({ devices: 0, modem: 0, board: 0 }));
  const years = newHistogram();
  const worst: WorstDevice[] = [];
  const seconds = plan.hours * 3_600;
  const battery = { capacity: plan.battery, selfDischarge };
  fleet.devices.forEach((device, i) => {
    const joules = meters[i].account(fleet.clock.now);
    const lasts = Math.round(100 * batteryYears(battery, joules / seconds));
    const level = levels[fleet.coverage[i]];
    level.devices += 1;
    // Whole numbers, whose sum is the same in whatever order.
    level.modem += Math.round(1_000 * meters[i].modem);
    level.board += Math.round(1_000 * meters[i].board);
    count(years, lasts);
    counts.waiting += device.waiting;
    worst.push({
      number: first + i,
      deviceKey: device.record.deviceKey,
      coverage: fleet.coverage[i],
      lost: books.lost[i],
      waiting: device.waiting,
      latest: Math.round(books.latest[i]),
      years: lasts,
    });
  });
  for (const { paging } of fleet.cells) {
    counts.pages += paging.load.pages;
    counts.pagesBlocked += paging.load.blocked;
    counts.pagesUnanswered += paging.load.unanswered;
  }
  return {
    counts,
    delays: textOf(books.delays),
    answers: textOf(books.answers),
    years: textOf(years),
    levels,
    load,
    worst: worst.sort(byWorst).slice(0, worstNamed),
  };
}
