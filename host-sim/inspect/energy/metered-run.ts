/**
 * One device at one coverage level, metered from contact to contact for as long as somebody wants to know more.
 */
import { contactsOf } from "../../../firmware/device/contact-plan";
import { World } from "../../sim/world/world";
import { coverageProfiles } from "../../sim/radio/coverage";
import { EnergyMeter } from "./meter";
import { clockOf } from "./choice";
import { waitingPower } from "./profile";
import type { Coverage, DatagramReport } from "../../sim/radio/link";
import type { WorldEvent } from "../../sim/world/world";
import type { Cycle, Prior, Slopes } from "./chance";
import type { Choice, MeasureOptions } from "./choice";
import type { EnergyAccount } from "./meter";
import type { BoardClock, EnergyProfile } from "./profile";

/** Longest eDRX cycle asked for where it takes PSM's place, seconds. */
const edrxCycle = 82;
/** The first registration and session are not what a battery is spent on, ms. */
const warmUp = 3_600_000;
/** Cycles for which the cloud may have nothing of the device. */
const longestSilence = 8;

/** Lines of the device's log behind which there is nothing to be measured. */
const faults = /^(report: (refused|dropped)|settings: )/;

/** Datagrams of a contact, of which one goes each way. */
const datagrams = 2;
/** ms by which a lost one makes a contact longer, as 1,200 contacts at each level had it. */
const lossCost = [7_000, 15_000, 50_000] as const;

/** Counts beside the joules of causes and states. */
type Count =
  | "wakes"
  | "authentications"
  | "AT lines"
  | "compute"
  | "datagrams up"
  | "datagrams down"
  | "bytes up"
  | "bytes down";

/** The run; to be closed. */
export class MeteredRun {
  readonly cycles: Cycle[] = [];
  /** Readings that are sent together, and the ms that lie between two contacts. */
  readonly batch: number;
  readonly period: number;
  readonly #meter: EnergyMeter;
  /** What is known of the costs of chance before anything was seen. */
  readonly prior: Prior;
  readonly #loss: number;
  readonly #meanLatency: number;
  #world!: World;
  #counts: Record<Count, number> = noCounts();
  #before: EnergyAccount | undefined;
  #draws: [losses: number, latency: number] = [0, 0];
  /** When the last connection ended and the cloud had the last reading, virtual ms. */
  #idleSince = 0;
  #storedAt = 0;
  #next = 0;
  #fault: string | undefined;

  /** Starts the device. */
  static async create(choice: Choice, coverage: Coverage, options: MeasureOptions): Promise<MeteredRun> {
    const run = new MeteredRun(choice, coverage, options);
    const { saving, settings = {}, ...device } = choice;
    const { seed, loss, engine = "node", edition = "token", profile } = options;
    const clock = clockOf(choice);
    run.#world = await World.create({
      ...device,
      ...(saving === "edrx" ? { edrx: edrxCycle } : {}),
      seed,
      loss,
      engine,
      edition,
      coverage,
      powerKey: saving === "psm",
      processor: { rate: profile.board.computeRate.value * clock.megahertz, waiting: clock.waiting },
      settings: { startSpread: 0, ...settings },
      readingsKept: 100,
      onEvent: (event) => run.#hear(event),
    });
    await run.#world.start();
    return run;
  }

  private constructor(choice: Choice, coverage: Coverage, { profile, loss }: MeasureOptions) {
    const { oneWay, loss: usual } = coverageProfiles[coverage];
    this.batch = contactsOf(choice.interval, choice.batch, choice.lifetime).batch;
    this.period = 1_000 * choice.interval * this.batch;
    this.#meter = new EnergyMeter(profile, {
      coverage,
      edrx: choice.saving === "edrx",
      clock: clockOf(choice),
    });
    this.#loss = loss ?? usual;
    // A log-normal time: between its median and its 95th percentile its logarithm has 1.645 standard deviations.
    const spread = (Math.log(oneWay.p95 / oneWay.median) / 1.6448536269514722) ** 2;
    this.#meanLatency = oneWay.median * Math.exp(spread / 2);
    this.prior = {
      variance: [
        datagrams * this.#loss * (1 - this.#loss),
        datagrams * this.#meanLatency ** 2 * (Math.exp(spread) - 1),
      ],
      slopes: slopesBefore(profile, clockOf(choice), lossCost[coverage]),
    };
  }

  /**
   * Goes on for so many cycles.
   *
   * @param onCycle another one is over
   * @throws Error when the device does not do what it is there for
   */
  async advance(cycles: number, onCycle?: () => void): Promise<void> {
    const { clock } = this.#world;
    if (this.#before === undefined) {
      await clock.run({ until: warmUp });
      // A batch that is longer than that has its first contact then.
      while (this.#idleSince < warmUp - this.period) {
        await clock.run({ until: clock.now + this.period / 8 });
        this.#requireContact();
      }
      // Half a cycle behind a contact the device is asleep.
      this.#next = this.#idleSince + this.period / 2;
      while (this.#next < clock.now) this.#next += this.period;
      await clock.run({ until: this.#next });
      this.#before = this.#meter.account(clock.now);
      this.#startCycle();
    }
    for (let i = 0; i < cycles; i++) {
      this.#next += this.period;
      await clock.run({ until: this.#next });
      const account = this.#meter.account(clock.now);
      const amounts = { ...differenceOf(this.#before, account), ...this.#counts };
      this.cycles.push({ amounts, draws: this.#draws });
      this.#before = account;
      this.#startCycle();
      onCycle?.();
      this.#requireContact();
    }
  }

  /** @throws Error when there is nothing to be measured, or nothing any more */
  #requireContact(): void {
    if (this.#world.clock.now - this.#storedAt > longestSilence * this.period + warmUp) {
      this.#fault ??= "the cloud has nothing of the device any more";
    }
    if (this.#fault !== undefined) throw new Error(this.#fault);
  }

  close(): Promise<void> {
    return this.#world.close();
  }

  #startCycle(): void {
    this.#draws = [0, 0];
    this.#counts = noCounts();
  }

  #hear(event: WorldEvent): void {
    this.#meter.hear(event);
    const counts = this.#counts;
    switch (event.source) {
      case "air":
        return this.#travelled(event.report);
      case "at":
        if (event.direction === "host") counts["AT lines"] += 1;
        return;
      case "processor":
        counts.compute += event.compute;
        return;
      case "modem":
        if (event.event.type === "rrc" && event.event.state === "idle") this.#idleSince = event.time;
        return;
      case "cloud":
        if (event.event.type === "stored" && event.event.kind === "reading") this.#storedAt = event.time;
        if (event.event.type === "authenticated") counts.authentications += 1;
        return;
      case "board":
        if (event.what === "awake") counts.wakes += 1;
        if (event.what === "restarted") this.#fault ??= `the board restarted: ${event.text}`;
        return;
      case "device":
        if (faults.test(event.text)) this.#fault ??= event.text;
    }
  }

  #travelled({ direction, bytes, fate, reason, time, deliveredAt }: DatagramReport): void {
    if (fate === "lost" && reason !== "radio") return;
    this.#counts[`datagrams ${direction}`] += 1;
    this.#counts[`bytes ${direction}`] += bytes.length;
    this.#draws[0] += (fate === "lost" ? 1 : 0) - this.#loss;
    if (deliveredAt !== undefined) this.#draws[1] += deliveredAt - time - this.#meanLatency;
  }
}

/** Modem and board wait while a datagram is on its way, and until one that was lost is sent again. */
function slopesBefore(profile: EnergyProfile, clock: BoardClock, cost: number): Slopes {
  const [modem, board] = [profile.modem.connected.value / 1_000, waitingPower(profile, clock) / 1_000];
  const rates = {
    joules: modem + board,
    "for report": modem,
    "in modem connected": modem,
    "for board waiting": board,
    "in board waiting": board,
    "ms board waiting": 1,
  };
  return Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, [rate * cost, rate]]));
}

/** J in all (`joules`), by cause (`for report`) and state (`in board waiting`), and ms by state (`ms board waiting`). */
function differenceOf(from: EnergyAccount, to: EnergyAccount): Record<string, number> {
  const amounts: Record<string, number> = { joules: to.joules - from.joules };
  for (const [cause, joules] of Object.entries(to.byCause)) {
    amounts[`for ${cause}`] = joules - (from.byCause[cause] ?? 0);
  }
  for (const [state, { ms, joules }] of Object.entries(to.byState)) {
    const before = from.byState[state] ?? { ms: 0, joules: 0 };
    amounts[`in ${state}`] = joules - before.joules;
    amounts[`ms ${state}`] = ms - before.ms;
  }
  return amounts;
}

function noCounts(): Record<Count, number> {
  return {
    wakes: 0,
    authentications: 0,
    "AT lines": 0,
    compute: 0,
    "datagrams up": 0,
    "datagrams down": 0,
    "bytes up": 0,
    "bytes down": 0,
  };
}
