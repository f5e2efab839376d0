/**
 * Somebody in the middle of the way who has no key, and what he comes to: `npm start -- --scenario eavesdropper`. The same
 * two devices, hour by hour, once for each way of protecting their payloads:
 *
 *     0            3 h                                 21 h             25 h       33 h
 *     |  he listens  |  a trick every two hours, nine  |  nothing passes  |  he lets go  |
 */
import { ManInTheMiddle } from "../../sim/path/man-in-the-middle";
import { Random } from "../../sim/time/random";
import { World } from "../../sim/world/world";
import { canonical } from "../chaos/rules/readings";
import { DeviceBooks } from "./books";
import { published } from "./published";
import { protections, tries } from "./tries";
import type { DeviceOptions, Seal } from "../../sim/world/device-options";
import type { WorldEvent } from "../../sim/world/world";
import type { Trick } from "../../sim/path/man-in-the-middle";
import type { PublicKnowledge } from "../../sim/path/public-knowledge";
import type { Span } from "./books";
import type { Means, Protection, Try } from "./tries";

const seals: Readonly<Record<Protection, Seal | undefined>> = {
  plain: undefined,
  sealed: true,
  "sealed, proof": "proof",
};

/** The protection that a device's options name. */
export function protectionOf(sealed: Seal | undefined): Protection {
  return protections.find((each) => seals[each] === sealed)!;
}

export interface EavesdropperOptions extends DeviceOptions {
  readonly seed: number;
  /** Every event of a run, with which run it is. */
  readonly onEvent?: (event: WorldEvent, protection: Protection) => void;
  /** He begins with something else. */
  readonly onTurn?: (time: number, text: string, protection: Protection) => void;
  /** What boards run in the place of their own firmware, by the run: a test plants faults with it. */
  readonly firmware?: Readonly<Partial<Record<Protection, string>>>;
  /** Which of the runs; all when left out. */
  readonly only?: readonly Protection[];
  /** A run begins. */
  readonly onRun?: (protection: Protection) => void;
  /** How far all of it is, 0 to 1, and at what. */
  readonly onWork?: (share: number, text: string) => void;
}

/** How often something was tried, and how often it came to what he wanted. */
export interface Score {
  readonly tried: number;
  readonly gained: number;
}

/** What he came to in one run. */
export interface RunResult {
  readonly protection: Protection;
  /** Readings and commands that passed, and of these those whose values he knows. */
  readonly readings: Score;
  readonly commands: Score;
  /** By the names of the tries. */
  readonly tries: Readonly<Record<string, Score>>;
  /** Readings that neither device took and the cloud has, and of these those with the mark of a sealed device. */
  readonly untrue: { readonly stored: number; readonly marked: number };
  /** Readings of both devices that the devices have given away and the cloud has not. */
  readonly lost: number;
  /** What the cloud tells its operator to be wrong, and events in which the devices do. */
  readonly noticed: number;
  readonly virtualTime: number;
}

export interface EavesdropperResult {
  readonly seed: number;
  readonly engine: "node" | "xs";
  readonly runs: readonly RunResult[];
  /** Why it shows nothing, or what he came to that a seal is to keep from him. */
  readonly shortfall?: string;
}

const hour = 3_600_000;
const listening = 3 * hour;
/** From the beginning of one try to that of the next, and how much of it he tries for. */
const apart = 2 * hour;
const usual = 1.25 * hour;
/** For what was held back to arrive, and for devices that have become careful. */
const afterwards = 8 * hour;
/** How often he tries each: once with each report that passes. */
const most = 3;
/** When the operator switches the relay on, off, and on again, for him to listen to. */
const orders = [0.75 * hour, 1.5 * hour, 2.25 * hour];

/** Events of the cloud that tell an operator that something is wrong. */
const warnings: ReadonlySet<string> = new Set([
  ...["report-refused", "script-fault", "seal-doubted", "signature-refused"],
  ...["reply-stray", "time-doubted", "points-skipped"],
]);

/** A try that is on the clock. */
interface Played {
  readonly what: Try;
  /** From its beginning to that of the next. */
  readonly span: Span;
  /** Once it has begun. */
  readonly trick: () => Trick;
}

/** Runs all of it. @throws EngineMissing when the XS engine is not installed */
export async function runEavesdropper(options: EavesdropperOptions): Promise<EavesdropperResult> {
  const { only = protections } = options;
  const runs: RunResult[] = [];
  for (const protection of only) {
    options.onRun?.(protection);
    const onWork = (share: number): void => options.onWork?.((runs.length + share) / only.length, protection);
    runs.push(await new Run({ ...options, sealed: seals[protection], onWork }, protection).run());
  }
  const result = { seed: options.seed, engine: options.engine, runs };
  const shortfall = shortfallOf(runs);
  return shortfall === undefined ? result : { ...result, shortfall };
}

class Run {
  readonly #options: EavesdropperOptions;
  readonly #protection: Protection;
  readonly #first = new DeviceBooks();
  readonly #second = new DeviceBooks();
  readonly #man = new ManInTheMiddle();
  #noticed = 0;

  constructor(options: EavesdropperOptions, protection: Protection) {
    this.#options = options;
    this.#protection = protection;
  }

  async run(): Promise<RunResult> {
    const { seed } = this.#options;
    const { firmware = {}, ...options } = this.#options;
    const device = {
      ...options,
      firmware: firmware[this.#protection],
      // What he is judged by are values, and times that are the readings' own.
      settings: { ...options.settings, logValues: true, late: 60 },
      mark: options.sealed !== undefined,
    };
    const first = await World.create({ ...device, onEvent: (event) => this.#hear(event) });
    const { clock } = first;
    const second = await World.beside(first, {
      ...device,
      seed: `${seed}/second`,
      onEvent: (event) => this.#second.hear(event),
    });
    first.path.interpose(this.#man);
    const random = new Random(`${seed}/eavesdropper`);
    const knowledge = await published(seals[this.#protection], first.device.productKey, random);
    const means: Means = {
      ...{ path: first.path, man: this.#man, knowledge },
      random,
      most,
      first: first.device.deviceKey,
      second: second.device.deviceKey,
    };
    const sent = orders.map((at, index) => ({ at, points: { relay: index % 2 === 0 ? 1 : 0 }, id: "" }));
    for (const order of sent) clock.at(order.at, () => void (order.id = this.#order(first, order.points)));
    const played = this.#schedule(first, means);
    const end = played[played.length - 1].span.to + afterwards;
    try {
      await first.start();
      await second.start();
      await clock.run({
        until: end,
        stop: () => (this.#options.onWork?.(clock.now / end, this.#protection), false),
      });
    } finally {
      await first.close();
      await second.close();
    }
    const audits = { first: this.#first.audit(first), second: this.#second.audit(second) };
    const books = { first: this.#first, second: this.#second };
    const scores = played.map(({ what: { name, whose, gain }, span, trick }) => {
      const audit = audits[whose];
      // Of what never set out he has not heard.
      const tried = trick().blocks === true ? audit.arrived(span).taken : trick().tried;
      const gained =
        gain === "obeyed"
          ? books[whose].obeyed(span)
          : gain === "lost"
            ? audit.lost(span)
            : audit.untrue(span);
      return [name, { tried, gained }] as const;
    });
    const all = { from: 0, to: Infinity };
    const read = this.#read(knowledge);
    const known = [audits.first.known(read), audits.second.known(read)];
    const answered = sent.filter(({ id }) => first.cloud.commands.view(id)?.answeredAt !== undefined);
    return {
      protection: this.#protection,
      readings: { tried: known[0].all + known[1].all, gained: known[0].known + known[1].known },
      commands: {
        tried: answered.length,
        gained: answered.filter(({ points }, index) => this.#hasRead(knowledge, index, points)).length,
      },
      tries: Object.fromEntries(scores),
      untrue: {
        stored: audits.first.untrue(all) + audits.second.untrue(all),
        marked: audits.first.marked + audits.second.marked,
      },
      lost: audits.first.lost(all) + audits.second.lost(all),
      noticed: this.#noticed + troublesOf(first) + troublesOf(second),
      virtualTime: clock.now,
    };
  }

  /** Puts the tries on the clock, one after another. */
  #schedule(world: World, means: Means): Played[] {
    let at = listening;
    return tries.map((what) => {
      const { lasting = usual } = what;
      const from = at;
      at += lasting - usual + apart;
      let trick: Trick | undefined;
      const { clock } = world;
      clock.at(from, () => {
        trick = what.begin(means);
        this.#man.trick = trick;
        this.#options.onTurn?.(from, what.text, this.#protection);
      });
      clock.at(from + lasting, () => void (this.#man.trick = undefined));
      return { what, span: { from, to: at }, trick: () => trick! };
    });
  }

  #order(world: World, points: Record<string, unknown>): string {
    const { cloud, device, cloudNow } = world;
    const { productKey, deviceKey } = device;
    const id = cloud.commands.sendAddressed(productKey, deviceKey, { kind: "set", points }, cloudNow);
    world.touchCloud();
    this.#first.commands.add(id);
    return id;
  }

  /** Values of readings that he has read off what has passed. */
  #read(knowledge: PublicKnowledge): ReadonlySet<string> {
    return new Set(
      this.#man.reports.flatMap(({ payload }) =>
        knowledge.readings(payload).map((points) => canonical(points)),
      ),
    );
  }

  /** Whether he knows what the operator asked for with the command of this number. */
  #hasRead(knowledge: PublicKnowledge, index: number, points: Readonly<Record<string, unknown>>): boolean {
    const passed = this.#man.commands[index];
    const read = passed && knowledge.command(passed.payload);
    return read !== undefined && canonical(read) === canonical(points);
  }

  #hear(event: WorldEvent): void {
    this.#options.onEvent?.(event, this.#protection);
    this.#first.hear(event);
    if (event.source !== "cloud" || event.time < listening) return;
    const { event: told } = event;
    if (warnings.has(told.type)) this.#noticed += 1;
  }
}

/** Events in which a device tells that something is wrong. */
function troublesOf({ cloud, device }: World): number {
  const events = cloud.reported.events(device.productKey, device.deviceKey);
  return events.filter(({ event }) => event === "trouble").length;
}

/** What the runs do not show, or show otherwise than it is to be. */
function shortfallOf(runs: readonly RunResult[]): string | undefined {
  for (const { protection, readings, commands, tries: scores, untrue, lost } of runs) {
    const strength = protections.indexOf(protection);
    if (untrue.marked > 0) return `${protection}: ${untrue.marked} readings that no device took bear a mark`;
    const all: [string, Score, Protection | undefined][] = [
      ["reads reports", readings, "sealed"],
      ["reads commands", commands, "sealed"],
      ...tries.map(({ name, text, keptBy }): [string, Score, Protection | undefined] => [
        text,
        scores[name],
        keptBy,
      ]),
    ];
    for (const [text, { tried, gained }, keptBy] of all) {
      const isKept = keptBy !== undefined && protections.indexOf(keptBy) <= strength;
      if (tried === 0) return `${protection}: he never got to it, ${text}`;
      if (isKept && gained > 0) return `${protection}: he ${text}, ${gained} of ${tried} times`;
      if (!isKept && gained === 0)
        return `${protection}: he ${text}, but never comes to it: nothing is shown`;
    }
    if (strength === protections.length - 1 && lost > 0) return `${protection}: ${lost} readings are lost`;
  }
  return undefined;
}
