/**
 * Three days without coverage in the middle of a device's life, and what becomes of the readings that it
 * takes meanwhile: `npm start -- --scenario outage`.
 *
 *     0          6 h                              78 h         caught up    and an hour more
 *     |  at work  |  no coverage, readings wait    |  catching up  |  at work  |
 */
import { withoutValues } from "../../sim/world/device-log";
import { World, epoch, sleepDrift } from "../../sim/world/world";
import { Ledger } from "./ledger";
import { timeTolerance } from "./rules/readings";
import { judge } from "./verdict";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { BoardSleep } from "../../sim/world/simulation";
import type { Pace } from "../../sim/time/clock";
import type { WorldEvent } from "../../sim/world/world";
import type { Script } from "./script";

export interface OutageOptions extends DeviceOptions {
  readonly seed: number;
  readonly onEvent?: (event: WorldEvent) => void;
  /** The coverage goes, or comes back. */
  readonly onTurn?: (time: number, text: string) => void;
  /** What the run waits for, for whoever watches it go by. */
  readonly pace?: Pace;
  /** Why the run is to end before it is over, asked again and again. */
  readonly ended?: () => string | undefined;
}

/** How it went. */
export interface OutageResult {
  readonly seed: number;
  readonly engine: "node" | "xs";
  /** Every reading is in the cloud once, those that waited with their own time. */
  readonly complete: boolean;
  readonly shortfall?: string;
  /** Virtual ms without coverage. */
  readonly outage: number;
  readonly taken: number;
  readonly stored: number;
  /** Readings that waited when the coverage came back, and the age of the oldest then, ms. */
  readonly waited: number;
  readonly oldest: number;
  /** Of these: stored with the time of their measurement. */
  readonly timed: number;
  /** ms from the return of the coverage to the first answer from the cloud, and until nothing waited. */
  readonly firstContact: number;
  readonly caughtUp: number;
  /** Datagrams from the return of the coverage until nothing waited, those in vain among them. */
  readonly catchUp: {
    readonly up: number;
    readonly down: number;
    readonly bytesUp: number;
    readonly bytesDown: number;
  };
  readonly restarts: number;
  /** With deep sleep only. */
  readonly board?: BoardSleep;
  readonly virtualTime: number;
}

const hour = 3_600_000;
/** When the coverage goes, and when it is back, virtual ms. */
const gone = 6 * hour;
const back = 78 * hour;
/** Time for catching up: a radio whose budget for the day is spent waits for the next day. */
const patience = 30 * hour;
const afterwards = hour;
/** Seconds from which on a reading bears its own time: what waited is not mistaken for new. */
const lateAfter = 60;

/** Runs it. @throws EngineMissing when the XS engine is not installed */
export async function runOutage(options: OutageOptions): Promise<OutageResult> {
  return new Outage(options).run();
}

class Outage {
  readonly #options: OutageOptions;
  readonly #catchUp = { up: 0, down: 0, bytesUp: 0, bytesDown: 0 };
  #books: Ledger | undefined;
  #waiting: readonly number[] = [];
  #firstContact = NaN;
  #caughtUp = NaN;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  async run(): Promise<OutageResult> {
    const world = await World.create({
      ...this.#options,
      settings: { ...this.#options.settings, late: lateAfter, logValues: true },
      onEvent: (event) => this.#hear(event),
    });
    const books = new Ledger(world.device.deviceSecret, {
      interval: this.#options.interval,
      sleep: this.#options.sleep ?? "none",
    });
    this.#books = books;
    const { clock, cell } = world;
    clock.at(gone, () => {
      cell.outage = true;
      this.#options.onTurn?.(gone, "no coverage from now on");
    });
    clock.at(back, () => {
      cell.outage = false;
      this.#waiting = books.pendingIds();
      this.#options.onTurn?.(back, `coverage is back, ${this.#waiting.length} readings wait`);
    });
    const { pace, ended } = this.#options;
    let stopped: string | undefined;
    const over = (): boolean => {
      const { now } = clock;
      if ((stopped ??= ended?.()) !== undefined) return true;
      // With a batch some of the new ones wait, and should.
      if (now > back && Number.isNaN(this.#caughtUp) && this.#waiting.every((id) => !books.isPending(id))) {
        this.#caughtUp = now;
      }
      return now > this.#caughtUp + afterwards && books.pending === 0;
    };
    try {
      await world.start();
      await clock.run({ until: back + patience, stop: over, pace });
    } finally {
      await world.close();
    }
    const online =
      world.cloud.devices.view(world.device.productKey, world.device.deviceKey)?.state === "online";
    const result = this.#judge(books, online, world);
    // What is missing then is nobody's fault.
    return stopped === undefined ? result : { ...result, complete: false, shortfall: stopped };
  }

  #hear(event: WorldEvent): void {
    // The values are for the books: on a screen they would fill the line, once for each reading.
    const isLine = event.source === "device";
    this.#options.onEvent?.(isLine ? { ...event, text: withoutValues(event.text) } : event);
    this.#books?.hear(event);
    if (event.time < back || !Number.isNaN(this.#caughtUp)) return;
    if (event.source !== "air") return;
    const { direction, bytes } = event.report;
    if (direction === "down" && Number.isNaN(this.#firstContact)) this.#firstContact = event.time;
    this.#catchUp[direction] += 1;
    if (direction === "up") this.#catchUp.bytesUp += bytes.length;
    else this.#catchUp.bytesDown += bytes.length;
  }

  #judge(books: Ledger, online: boolean, world: World): OutageResult {
    const { seed, engine, sleep } = this.#options;
    const waited = this.#waiting.map((id) => books.taken.get(id)!);
    const script = this.#script();
    // Asleep the board's clock drifts, and nobody tells it the time until the coverage is back.
    const drift = sleep === "deep" ? sleepDrift : 0;
    const tolerance = timeTolerance(script.device);
    const account = judge(books, { script, online, cutsInWrite: 0, busiestHour: 0 });
    const timed = waited.filter((taken) => {
      const copy = account.copies.get(taken.id)?.[0];
      // One that arrived as the coverage went, and whose answer did not, has the time of its arrival.
      const time = copy?.time ?? (copy !== undefined && copy.at < back ? epoch + copy.at : undefined);
      if (time === undefined) return false;
      return Math.abs(time - (epoch + taken.at)) <= tolerance + drift * Math.max(0, taken.at - gone);
    }).length;
    const result = {
      seed,
      engine,
      outage: back - gone,
      taken: books.taken.size,
      stored: books.stored.length,
      waited: waited.length,
      oldest: waited.length === 0 ? 0 : back - waited[0].at,
      timed,
      firstContact: this.#firstContact - back,
      caughtUp: this.#caughtUp - back,
      catchUp: this.#catchUp,
      restarts: books.restarts.explained.length,
      ...(sleep === "deep" ? { board: { asleep: world.boardAsleep, sleeps: world.sleeps } } : {}),
      virtualTime: world.clock.now,
    };
    const shortfall = shortfallOf(result, account.violations[0]?.sentence);
    if (shortfall === undefined) return { ...result, complete: true };
    return { ...result, complete: false, shortfall };
  }

  /** As the rules of a campaign want it: nothing that befalls this device explains a loss. */
  #script(): Script {
    const { seed, edition, coverage, interval, format, powerKey } = this.#options;
    const { modem = "sim7020", batch = 1, sleep = "none", full = "oldest", order = "oldest" } = this.#options;
    const { addressBound = false, supply = false, journalSize = 131_072 } = this.#options;
    const device = { modem, edition, addressBound, coverage, interval, format, batch, full, order, sleep };
    const board = { powerKey, supply, journalSize };
    const fault = { at: gone, kind: "coverage-outage", lasting: back - gone, amount: 0 } as const;
    return { seed, hours: back / hour, device: { ...device, ...board }, faults: [fault] };
  }
}

function shortfallOf(
  { waited, timed, caughtUp }: { waited: number; timed: number; caughtUp: number },
  violation: string | undefined,
): string | undefined {
  if (violation !== undefined) return violation;
  if (waited === 0) return "no reading waited";
  if (Number.isNaN(caughtUp)) return "the device did not catch up";
  if (timed === waited) return undefined;
  return `${waited - timed} readings that waited are stored without their own time`;
}
