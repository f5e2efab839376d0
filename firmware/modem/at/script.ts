/**
 * A row of AT commands run one after the other, stated as a table: what a modem family needs said
 * differs in the table, not in the code.
 */
import { ascii } from "../../text/ascii";
import { has, lacks, miss } from "./firmware-gaps";
import type { AtCommand, AtEngine, AtError, AtResult } from "./engine";
import type { FirmwareGaps, Gap } from "./firmware-gaps";

/** One command of a script: what it asks and whose lines are its answer, as for the engine. */
export interface Step extends Omit<AtCommand, "timeout" | "probe" | "onDone" | "alsoWithin"> {
  /** ms; `defaultTimeout` when left out. */
  readonly timeout?: number;
  /** A refusal is worth no line in the log: a question, or a command that many firmwares lack. */
  readonly optional?: boolean;
  /** Asked when the step was refused: what is tried in its place, before the steps that follow. */
  readonly otherwise?: () => readonly Step[];
  /** What stands behind `=` is for no log: a password, a PIN. */
  readonly secret?: boolean;
  /**
   * A time-out does not end the script either: the line that the step waits for by `also` may have got lost.
   */
  readonly patient?: boolean;
  /** Asked when the step's turn has come: true when it is not needed. */
  readonly skip?: () => boolean;
  /** What tells the same as the line that the step waits for by `also`, should that have got lost. */
  readonly ask?: Question;
  /** The command was answered with OK. */
  readonly onOk?: (now: number) => void;
  /** It was refused. */
  readonly onRefused?: (now: number) => void;
  /** It was not answered at all. */
  readonly onSilence?: (now: number) => void;
  /** What the firmware lacks where this is refused: the step is left out where it does. */
  readonly gap?: Gap;
  /** The same of a question whose answer is for a step behind it: its own refusal says nothing. */
  readonly forGap?: Gap;
}

/** A question in place of a line that may have got lost. */
interface Question {
  readonly line: Uint8Array;
  readonly prefix?: Uint8Array;
  /** Reads a line of the answer; undefined when it tells nothing, or that it is too soon. */
  readonly tells?: (line: Uint8Array) => AtResult | undefined;
  /** From the OK until it is asked, and from one question to the next, ms; `lineWithin` when left out. */
  readonly after?: number;
}

/**
 * A script in rows, each built when its turn comes: a long table would take RAM as a whole. Undefined behind the last.
 */
export type Rows = (index: number) => readonly Step[] | undefined;

/** How a script ended: all steps done, or the result of the one that failed. */
export interface ScriptResult {
  readonly result: AtResult;
  /** The step that failed. */
  readonly failed?: Step;
}

/** Time for a command that needs no radio, ms. */
const defaultTimeout = 5_000;

/** From a command's OK until the line behind it may have got lost, ms: most come within one second. */
const lineWithin = 3_000;

/**
 * Runs a row of AT commands one after the other, and stops at the first that is not answered.
 *
 * @param gaps what the firmware was found to lack, and where that is noted
 * @param onRefused gets a step that was answered with an error, and that error, when the row is to go on behind
 *   it; left out, a refusal ends the row unless the step is `optional`
 */
export function runScript(
  engine: AtEngine,
  steps: readonly Step[] | Rows,
  onDone: (outcome: ScriptResult, now: number) => void,
  now: number,
  gaps?: FirmwareGaps,
  onRefused?: (step: Step, error: AtError) => void,
): void {
  new Script(engine, steps, onDone, gaps, onRefused).next(now);
}

/** A script under way. */
class Script {
  readonly #engine: AtEngine;
  readonly #onDone: (outcome: ScriptResult, now: number) => void;
  readonly #gaps: FirmwareGaps | undefined;
  readonly #onRefused: ((step: Step, error: AtError) => void) | undefined;
  readonly #rows: Rows | undefined;
  #row = 0;
  #steps: readonly Step[];
  #index = 0;
  /** When the step under way has had its time, ms. */
  #until = 0;

  constructor(
    engine: AtEngine,
    steps: readonly Step[] | Rows,
    onDone: (outcome: ScriptResult, now: number) => void,
    gaps: FirmwareGaps | undefined,
    onRefused: ((step: Step, error: AtError) => void) | undefined,
  ) {
    this.#engine = engine;
    const inRows = typeof steps === "function";
    this.#rows = inRows ? steps : undefined;
    this.#steps = inRows ? [] : steps;
    this.#onDone = onDone;
    this.#gaps = gaps;
    this.#onRefused = onRefused;
  }

  next(now: number): void {
    let step = this.following();
    while (step === undefined) {
      const row = this.#rows?.(this.#row++);
      if (row === undefined) return this.#onDone({ result: { kind: "ok" } }, now);
      this.#steps = row;
      this.#index = 0;
      step = this.following();
    }
    const timeout = step.timeout ?? defaultTimeout;
    this.#until = now + timeout;
    this.#engine.send(
      {
        line: step.line,
        timeout,
        sure: step.sure,
        prefix: step.prefix,
        owns: step.owns,
        bare: step.bare,
        onLine: step.onLine,
        payload: step.payload,
        raw: step.raw,
        ends: step.ends,
        also: step.also,
        alsoWithin: step.ask === undefined ? undefined : (step.ask.after ?? lineWithin),
        onDone: (result, at) => this.done(step, result, at),
      },
      now,
    );
  }

  /**
   * The line that the step waits for has not come: what it would have told is asked for, as long as there is time.
   */
  private ask(step: Step, question: Question, now: number): void {
    const { line, prefix, tells, after = lineWithin } = question;
    // Where nothing else tells it, the command is said once more: its line has as long as before.
    const again = tells === undefined;
    const timeout = again ? Math.max(defaultTimeout, this.#until - now) : defaultTimeout;
    const onDone = (result: AtResult, at: number): void => {
      const isSilent = result.kind === "timeout" && result.heard !== true;
      if (isSilent || at >= this.#until) return this.done(step, { kind: "timeout" }, at);
      if (again && result.kind !== "error") return this.ask(step, question, at);
      // A word, and time for the line behind its OK.
      const onWord = (_: AtResult, t: number): void => this.ask(step, question, t);
      this.hear(step, { line: attention, timeout: defaultTimeout, alsoWithin: after, onDone: onWord }, at);
    };
    this.hear(step, { line, prefix, timeout, alsoWithin: again ? after : 1, onDone }, now, tells);
  }

  /** Sends a command during which the line that the step waits for may come: then, or when it `tells` the same, the step is done. */
  private hear(step: Step, command: AtCommand, now: number, tells?: Question["tells"]): void {
    let told: AtResult | undefined;
    this.#engine.send(
      {
        ...command,
        onLine: (line) => (told ??= tells?.(line)),
        also: (line) => {
          const said = step.also?.(line);
          told ??= said;
          // Whatever it says, the command's own OK is to come.
          return said === undefined ? undefined : { kind: "ok" };
        },
        onDone: (result, at) => {
          if (told !== undefined || result.kind === "aborted") this.done(step, told ?? result, at);
          else command.onDone(result, at);
        },
      },
      now,
    );
  }

  /** The next step of the row in hand that is needed. */
  private following(): Step | undefined {
    const steps = this.#steps;
    while (this.#index < steps.length && this.isLeftOut(steps[this.#index])) this.#index += 1;
    return steps[this.#index++];
  }

  private isLeftOut({ skip, gap, forGap = gap }: Step): boolean {
    if (forGap !== undefined && this.#gaps !== undefined && lacks(this.#gaps, forGap)) return true;
    return skip?.() === true;
  }

  /** Notes what the answer tells of the firmware. */
  private learn({ gap }: Step, { kind }: AtResult, now: number): void {
    if (gap === undefined || this.#gaps === undefined) return;
    if (kind === "ok") has(this.#gaps, gap);
    else if (kind === "error") miss(this.#gaps, gap, now);
  }

  private done(step: Step, result: AtResult, now: number): void {
    if (result.kind === "timeout" && result.heard === true && step.ask !== undefined)
      return this.ask(step, step.ask, now);
    let goesOn = result.kind === "ok" || (result.kind === "timeout" && step.patient === true);
    this.learn(step, result, now);
    if (result.kind === "ok") step.onOk?.(now);
    else if (result.kind === "timeout") step.onSilence?.(now);
    else if (result.kind === "error") {
      step.onRefused?.(now);
      if (step.optional !== true) this.#onRefused?.(step, result);
      goesOn = step.optional === true || step.otherwise !== undefined || this.#onRefused !== undefined;
      const instead = step.otherwise?.() ?? [];
      if (instead.length > 0) {
        this.#steps = instead.concat(this.#steps.slice(this.#index));
        this.#index = 0;
      }
    }
    if (goesOn) this.next(now);
    else this.#onDone({ result, failed: step }, now);
  }
}

/** Time for the answer to a probe, ms; one that gets none takes as long. */
export const probeTimeout = 300;

const attention = ascii("AT");
/** Has a modem give result codes, if a former owner has told it not to (ITU-T V.250 section 6.2.5). */
const results = ascii("ATQ0");

/** What a modem is asked that is not known to hear, when it was asked in vain so many times. */
export function wordFor(tried: number): Uint8Array {
  return tried % 4 === 2 ? results : attention;
}

/** Whether the result is an answer to that word: AT is refused when noise was before it on the line. */
export function answersWord({ kind }: AtResult, word: Uint8Array): boolean {
  return kind === "ok" || (kind === "error" && word === results);
}

/**
 * Sends AT until it is answered, at most `attempts` times: is the modem there, and awake? Each fourth time it is
 * told to answer, for one that gives no result codes is silent to AT.
 */
export function probe(
  engine: AtEngine,
  attempts: number,
  onDone: (answered: boolean, now: number) => void,
  now: number,
  tried = 0,
): void {
  const line = wordFor(tried);
  engine.send(
    {
      line,
      timeout: probeTimeout,
      probe: true,
      onDone: (result, at) => {
        if (answersWord(result, line)) onDone(true, at);
        else if (result.kind === "aborted") return;
        else if (tried + 1 >= attempts) onDone(false, at);
        else probe(engine, attempts, onDone, at, tried + 1);
      },
    },
    now,
  );
}
