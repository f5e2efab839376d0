/**
 * The campaign's side of the application that it gives its device (guest/application.ts): how that is to fail, what
 * it is to send, and what it did.
 */
import type { World } from "../../sim/world/world";

/** What fails, and how. The names are those that the application understands. */
export const failures = Object.freeze([
  undefined,
  /** `sample` throws, gives nothing, gives values of which one cannot be read, or values beside the model. */
  { sample: "throw" },
  { sample: "nothing" },
  { sample: "getter" },
  { sample: "nonsense" },
  /** A command's handler throws, never comes to an end, or gives no result. */
  { handler: "throw" },
  { handler: "hang" },
  { handler: "nonsense" },
  /** `sample` gives a promise that never comes, or one that is rejected. */
  { sample: "hang" },
  { sample: "reject" },
] as const);

/** An event, attributes or tags that the application has sent, by the numbers it gave them. */
export interface Posted {
  readonly kind: string;
  readonly number: number;
  /** Virtual ms. */
  readonly at: number;
  /** Number of the boot. */
  readonly boot: number;
  /** The call has come back: from then on the device has it. */
  taken: boolean;
  /** What the application was told of it, the last that was: "accepted", "refused" or "dropped". */
  how: string | undefined;
}

/** Answers what the application asks, and writes down what it tells. */
export class ApplicationTrouble {
  /** Index in `failures`, 0 for an application that works. */
  failing = 0;
  /** Starts that end in the application's, from the next one on. */
  panicsAtStart = 0;
  /** By kind and number. */
  readonly posted = new Map<string, Posted>();
  /** How often each calibration was run, by its reference. */
  readonly calibrations = new Map<number, number>();
  /** Called when `sample` was asked for a reading and is made to fail: the log tells of some of these only. */
  onMissed: (() => void) | undefined;
  #toSend: (readonly [kind: string, number: number])[] = [];
  #next = 1_000;
  /** The world, once it is there: the application speaks first when the board starts. */
  world: World | undefined;

  /** With its next reading the application sends so many events, attributes and tags. */
  send(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#next += 1;
      this.#toSend.push([["event", "tags", "attributes", "event"][this.#next % 4], this.#next]);
    }
  }

  /** Hears what the application says; the answer is for it. */
  hear(text: string): string {
    const [word, ...rest] = text.split(" ");
    const failure = failures[this.failing];
    switch (word) {
      case "start":
        return this.#start();
      case "sample":
        return this.#sample(failure !== undefined && "sample" in failure ? failure.sample : undefined);
      case "ran":
        if (rest[0] === "calibrate") this.#count(Number(rest[1]));
        return failure !== undefined && "handler" in failure ? failure.handler : "";
      case "posting":
      case "posted":
      case "done":
        this.#note(word, rest[0], Number(rest[1]), rest[2]);
        return "";
      default:
        return "";
    }
  }

  #start(): string {
    if (this.panicsAtStart === 0) return "";
    this.panicsAtStart -= 1;
    this.world!.crash("Panic");
    return "";
  }

  #sample(fail: string | undefined): string {
    const send = this.#toSend;
    this.#toSend = [];
    if (fail !== undefined) this.onMissed?.();
    return fail === undefined && send.length === 0 ? "" : JSON.stringify({ fail, send });
  }

  #count(reference: number): void {
    this.calibrations.set(reference, (this.calibrations.get(reference) ?? 0) + 1);
  }

  #note(word: string, kind: string, number: number, how: string | undefined): void {
    const { clock, boots: boot } = this.world!;
    const key = `${kind} ${number}`;
    if (word === "posting") {
      this.posted.set(key, { kind, number, at: clock.now, boot, taken: false, how: undefined });
      return;
    }
    const posted = this.posted.get(key);
    if (posted === undefined) return;
    if (word === "posted") posted.taken = true;
    else posted.how = how;
  }
}
