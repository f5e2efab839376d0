/** The mean power that the simulated firmware draws with some settings, as surely as is asked for. */
import { meansOf, slopesOf, squaresOf } from "./chance";
import { MeteredRun } from "./metered-run";
import type { Coverage } from "../../sim/radio/link";
import type { Cycle, Slopes } from "./chance";
import type { Choice, MeasureOptions } from "./choice";
import type { EnergyProfile } from "./profile";

/** Mean power, W, by what it is for, and joules for one reading with all that belongs to it. */
export interface Measured {
  readonly watts: number;
  readonly wattsByCause: Readonly<Record<string, number>>;
  /** The same by part and state, such as `modem psm`. */
  readonly wattsByState: Readonly<Record<string, number>>;
  readonly joulesPerReport: number;
  /** The modem's and the board's share of `watts`. */
  readonly modem: number;
  readonly board: number;
  /** By how much chance may have moved `watts`: its standard error, W. */
  readonly error: number;
  /** `watts` with the least and the most steps a second that the processor may take by the profile. */
  readonly slowest: number;
  readonly fastest: number;
  /** What happens for one reading on average. */
  readonly perReport: {
    readonly wakes: number;
    /** Steps of XS. */
    readonly compute: number;
    /** ms in which the board has power and does not sleep, be it lightly. */
    readonly awake: number;
    readonly atLines: number;
    readonly authentications: number;
  };
  /** Bytes of a datagram in UDP, on average. */
  readonly datagram: { readonly up: number; readonly down: number };
}

/** What is learnt of a level from one choice and helps to measure others: see chance.ts. */
export interface Learnt {
  readonly slopes: Slopes;
  /** Variance of a cycle's joules that is left. */
  readonly variance: number;
  /** The cycles, and the ms of each: the same seed gives another choice the same chances at the same moments. */
  readonly cycles: readonly Cycle[];
  readonly period: number;
}

/** How long to measure for. */
export interface Precision {
  /** The standard error that is enough, a share of the mean; 0 for all readings that may be taken. */
  readonly enough: number;
  /** Cycles of each level before anything is judged. */
  readonly least: number;
}

/** The result, and what another choice can use of it. */
export interface Measurement {
  readonly measured: Measured;
  readonly learnt: readonly (Learnt | undefined)[];
}

/** Cycles behind which a measurement counts as half done, for whoever watches: how many it takes shows at its end. */
const usualCycles = 8;
/** Cycles by which a run goes on. */
const stride = 4;
/**
 * Before anything was seen, a cycle's joules are taken to differ by this share of what its connection takes, where
 * chance was taken out, as 1,200 contacts at each level had it: a late answer is one contact in a hundred, and twenty
 * without one must not pass for certainty.
 */
const doubtful = [0.35, 0.4, 1.5] as const;
/** States of a modem that is connected. */
const connected = ["access", "transmit", "receive", "connected"] as const;
/** So many cycles of one's own does that count for, or what was learnt from another choice. */
const weight = 10;

/**
 * Runs the firmware with these settings at each coverage level of the mix.
 *
 * @throws Error when a run does not come to its end
 */
export async function measure(choice: Choice, options: MeasureOptions): Promise<Measured> {
  return (await measureTo(choice, options, { enough: 0, least: 1 })).measured;
}

/**
 * The same until it is sure enough: the level that adds most to the doubt goes on first.
 *
 * @param learnt by level, of a choice like this one
 * @throws Error when a run does not come to its end
 */
export async function measureTo(
  choice: Choice,
  options: MeasureOptions,
  { enough, least }: Precision,
  learnt: readonly (Learnt | undefined)[] = [],
): Promise<Measurement> {
  const levels: Level[] = [];
  let cycles = 0;
  const onCycle = (): void => {
    cycles += 1;
    options.onWork?.(cycles / (cycles + usualCycles));
  };
  try {
    for (const coverage of [0, 1, 2] as const) {
      const share = options.mix[coverage];
      if (share === 0) continue;
      const level = new Level(
        coverage,
        share,
        await MeteredRun.create(choice, coverage, options),
        learnt[coverage],
      );
      levels.push(level);
      await level.advance(least, onCycle);
    }
    const most = Math.max(least, Math.ceil(options.reports / levels[0].run.batch));
    for (;;) {
      const open = levels.filter(({ run }) => run.cycles.length < most);
      const joules = levels.reduce((sum, { share, estimate }) => sum + share * estimate.means.joules, 0);
      const doubt = Math.sqrt(levels.reduce((sum, level) => sum + level.doubt, 0));
      if (open.length === 0 || doubt <= enough * joules) break;
      const next = open.reduce((a, b) => (b.gain > a.gain ? b : a));
      await next.advance(Math.min(stride, most - next.run.cycles.length), onCycle);
    }
    return summed(levels, options.profile, choice.interval);
  } finally {
    for (const { run } of levels) await run.close();
  }
}

/** What is thought of a level at some time. */
interface Estimate {
  /** Per cycle. */
  readonly means: Readonly<Record<string, number>>;
  /** Variance of the mean of the joules, and what one cycle alone has of it. */
  readonly doubt: number;
  readonly variance: number;
}

/** One coverage level of a measurement. */
class Level {
  readonly coverage: Coverage;
  readonly share: number;
  readonly run: MeteredRun;
  readonly #learnt: Learnt | undefined;
  #estimate: Estimate | undefined;

  constructor(coverage: Coverage, share: number, run: MeteredRun, learnt: Learnt | undefined) {
    this.coverage = coverage;
    this.share = share;
    this.run = run;
    this.#learnt = learnt;
  }

  async advance(cycles: number, onCycle: () => void): Promise<void> {
    this.#estimate = undefined;
    await this.run.advance(cycles, onCycle);
  }

  get slopes(): Slopes {
    return this.#learnt?.slopes ?? slopesOf(this.run.cycles, this.run.prior);
  }

  get estimate(): Estimate {
    if (this.#estimate !== undefined) return this.#estimate;
    const [alone, beside] = [this.#alone(), this.#besideOther()];
    this.#estimate = beside !== undefined && beside.doubt < alone.doubt ? beside : alone;
    return this.#estimate;
  }

  /** From its own cycles. */
  #alone(): Estimate {
    const { slopes } = this;
    const { cycles } = this.run;
    const means = meansOf(cycles, slopes);
    const contact = connected.reduce((sum, state) => sum + (means[`in modem ${state}`] ?? 0), 0);
    const before = this.#learnt?.variance ?? (doubtful[this.coverage] * contact) ** 2;
    const variance = (squaresOf(cycles, slopes, "joules") + weight * before) / (cycles.length - 1 + weight);
    return { means, variance, doubt: variance / cycles.length };
  }

  /** From how it differs in each cycle from the choice that was learnt from, where both have had the same chances. */
  #besideOther(): Estimate | undefined {
    const other = this.#learnt;
    const { cycles, period } = this.run;
    if (other === undefined || other.period !== period || other.cycles.length < cycles.length)
      return undefined;
    const usual = meansOf(other.cycles, other.slopes);
    const names = new Set([...Object.keys(usual), ...cycles.flatMap(({ amounts }) => Object.keys(amounts))]);
    const apart = cycles.map(({ amounts }, i): Cycle => {
      const there = other.cycles[i].amounts;
      const amount = (name: string): number => (amounts[name] ?? 0) - (there[name] ?? 0) + (usual[name] ?? 0);
      return { amounts: Object.fromEntries([...names].map((name) => [name, amount(name)])), draws: [0, 0] };
    });
    const variance = (squaresOf(apart, {}, "joules") + other.variance) / cycles.length;
    const doubt = variance / cycles.length + other.variance / other.cycles.length;
    return { means: meansOf(apart, {}), variance, doubt };
  }

  /** Its share in the doubt of the mean of all levels, and by how much that shrinks with the next cycles. */
  get doubt(): number {
    return this.share ** 2 * this.estimate.doubt;
  }

  get gain(): number {
    const { length } = this.run.cycles;
    return (this.share ** 2 * this.estimate.variance * stride) / (length * (length + stride));
  }
}

function summed(levels: readonly Level[], profile: EnergyProfile, interval: number): Measurement {
  const { value, low = value, high = value } = profile.board.computeRate;
  const learnt: (Learnt | undefined)[] = [];
  const total: Record<string, number> = {};
  let [doubt, batch, period] = [0, 1, 1];
  for (const level of levels) {
    const { share, run, slopes, estimate, coverage } = level;
    for (const [name, amount] of Object.entries(estimate.means))
      total[name] = (total[name] ?? 0) + share * amount;
    const { cycles } = run;
    learnt[coverage] = { slopes, variance: estimate.variance, cycles, period: run.period };
    doubt += level.doubt;
    ({ batch, period } = run);
  }
  const per = (prefix: string, divisor: number): [string, number][] =>
    Object.entries(total).flatMap(([name, amount]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), amount / divisor]] : [],
    );
  const seconds = period / 1_000;
  const watts = total.joules / seconds;
  const board = per("in board ", seconds).reduce((sum, [, power]) => sum + power, 0);
  const running = (total["in board running"] ?? 0) / seconds;
  const awake = per("ms board ", batch).filter(
    ([state]) => !["off", "deep sleep", "light sleep"].includes(state),
  );
  return {
    measured: {
      watts,
      wattsByCause: Object.fromEntries(per("for ", seconds).filter(([, power]) => power > 0)),
      wattsByState: Object.fromEntries(per("in ", seconds)),
      joulesPerReport: watts * interval,
      modem: watts - board,
      board,
      error: Math.sqrt(doubt) / seconds,
      slowest: watts + running * (value / low - 1),
      fastest: watts + running * (value / high - 1),
      perReport: {
        wakes: total.wakes / batch,
        compute: total.compute / batch,
        awake: awake.reduce((sum, [, ms]) => sum + ms, 0),
        atLines: total["AT lines"] / batch,
        authentications: total.authentications / batch,
      },
      datagram: {
        up: total["bytes up"] / total["datagrams up"],
        down: total["bytes down"] / total["datagrams down"],
      },
    },
    learnt,
  };
}
