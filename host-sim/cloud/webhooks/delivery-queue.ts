/**
 * What waits for one webhook: in order, one at a time, each until it is answered 2xx or was tried often enough.
 *
 *     waiting --2xx-----------------------------> delivered
 *        |-----tried for the last time, 410-----> failed
 *        '-----no room, webhook disabled--------> dropped
 *
 * Knows neither time nor network by itself.
 */

/** What came of an attempt: HTTP's status, or why there was none. */
export type Outcome = { readonly status: number } | { readonly fault: string };

/** A delivery, as it stands. Times are epoch ms. */
export interface Delivery {
  /** The same in each attempt. */
  readonly id: string;
  /** Of the event. */
  readonly type: string;
  /** When that was. */
  readonly at: number;
  readonly state: "waiting" | "delivered" | "failed" | "dropped";
  readonly attempts: number;
  /** What the last attempt was answered. */
  readonly httpStatus?: number;
  /** Why it is not delivered. */
  readonly error?: string;
  /** When it is tried next; not while it is under way. */
  readonly nextAttempt?: number;
  readonly endedAt?: number;
}

/** Something that whoever runs the stand-in is to hear of. */
export type QueueNews =
  | { readonly outcome: "retrying" | "failed"; readonly reason: string }
  /** At the first one, and then at every tenfold. */
  | { readonly outcome: "dropped"; readonly reason: string; readonly dropped: number }
  /** Answered 410: nothing more is wanted. */
  | { readonly outcome: "gone" };

export interface QueueOptions {
  /** ms */
  now(): number;
  /** Calls `work` after so many ms. The answer prevents that. */
  schedule(ms: number, work: () => void): () => void;
  /** In [0, 1). */
  random(): number;
  /** One attempt. Never rejects. */
  send(id: string, body: string): Promise<Outcome>;
  tell(news: QueueNews): void;
}

/** Waits between attempts, ms: denser than the specification suggests, as the next ones wait behind. */
export const retryDelays: readonly number[] = Object.freeze([5_000, 30_000, 120_000, 600_000, 1_800_000]);
/** Each wait is up to so much longer or shorter, so that not all come at once. */
const spread = 0.2;
/** What waits at most: deliveries, and bytes of their bodies. */
const mostWaiting = 1000;
const mostBytes = 1 << 20;
/** Deliveries that are over and still shown. */
const mostEnded = 100;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Entry {
  readonly delivery: Mutable<Delivery>;
  readonly body: string;
  readonly bytes: number;
}

export class DeliveryQueue {
  readonly #options: QueueOptions;
  readonly #waiting: Entry[] = [];
  /** Oldest first. */
  readonly #ended: Delivery[] = [];
  readonly #counts = { delivered: 0, failed: 0, dropped: 0 };
  #bytes = 0;
  #isSending = false;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** How many wait, and how many have ended in which way. */
  get counts(): { waiting: number; delivered: number; failed: number; dropped: number } {
    return { waiting: this.#waiting.length, ...this.#counts };
  }

  /** Those that wait and those that ended last, the newest first. */
  list(): Delivery[] {
    const all = [...this.#ended, ...this.#waiting.map(({ delivery }) => delivery)];
    return all.reverse().map((delivery) => ({ ...delivery }));
  }

  add(id: string, type: string, at: number, body: string): void {
    if (this.#isClosed) return;
    const bytes = Buffer.byteLength(body);
    this.#waiting.push({ delivery: { id, type, at, state: "waiting", attempts: 0 }, body, bytes });
    this.#bytes += bytes;
    while (this.#waiting.length > mostWaiting || this.#bytes > mostBytes) {
      // One that is under way stays, as it may have been received.
      this.#drop(this.#isSending && this.#waiting.length > 1 ? 1 : 0, "too much waits");
      if (this.#waiting.length === 0) break;
    }
    if (this.#cancel === undefined) this.#plan(0);
  }

  /** Tries at once what waits for another attempt. */
  retryNow(): void {
    if (this.#cancel !== undefined) this.#plan(0);
  }

  /** Gives up all that waits. */
  clear(reason: string): void {
    this.#stop();
    while (this.#waiting.length > 0) this.#drop(0, reason);
  }

  /** Sends nothing more and tells nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #plan(ms: number): void {
    this.#stop();
    if (this.#isClosed || this.#isSending || this.#waiting.length === 0) return;
    this.#cancel = this.#options.schedule(ms, () => {
      this.#cancel = undefined;
      void this.#attempt(this.#waiting[0]);
    });
  }

  async #attempt(entry: Entry): Promise<void> {
    const { delivery, body } = entry;
    this.#isSending = true;
    delivery.attempts += 1;
    delete delivery.nextAttempt;
    const outcome = await this.#options.send(delivery.id, body);
    this.#isSending = false;
    if (this.#isClosed) return;
    // Unless it was given up meanwhile.
    const wait = this.#waiting[0] === entry ? this.#conclude(entry, outcome) : 0;
    this.#plan(wait);
  }

  /** Takes down what came of an attempt; how long to wait before the next one, ms. */
  #conclude({ delivery }: Entry, outcome: Outcome): number {
    const status = "status" in outcome ? outcome.status : undefined;
    const reason = faultOf(outcome);
    delivery.httpStatus = status;
    delivery.error = reason;
    if (reason === undefined) {
      this.#end(0, "delivered");
      return 0;
    }
    if (status === 410) {
      this.#end(0, "failed");
      this.#options.tell({ outcome: "gone" });
      return 0;
    }
    if (delivery.attempts > retryDelays.length) {
      this.#end(0, "failed");
      this.#options.tell({ outcome: "failed", reason });
      return 0;
    }
    const { now, random, tell } = this.#options;
    const wait = Math.round(retryDelays[delivery.attempts - 1] * (1 - spread + 2 * spread * random()));
    delivery.nextAttempt = now() + wait;
    if (delivery.attempts === 1) tell({ outcome: "retrying", reason });
    return wait;
  }

  #drop(index: number, reason: string): void {
    this.#waiting[index].delivery.error = reason;
    this.#end(index, "dropped");
    const { dropped } = this.#counts;
    if (/^10*$/.test(String(dropped))) this.#options.tell({ outcome: "dropped", reason, dropped });
  }

  #end(index: number, state: "delivered" | "failed" | "dropped"): void {
    const [{ delivery, bytes }] = this.#waiting.splice(index, 1);
    this.#bytes -= bytes;
    this.#counts[state] += 1;
    delete delivery.nextAttempt;
    this.#ended.push({ ...delivery, state, endedAt: this.#options.now() });
    if (this.#ended.length > mostEnded) this.#ended.shift();
  }
}

/** Why an attempt has failed; undefined when it has not. */
export function faultOf(outcome: Outcome): string | undefined {
  if ("fault" in outcome) return outcome.fault;
  const { status } = outcome;
  if (status >= 200 && status < 300) return undefined;
  return `answered ${status}${status >= 300 && status < 400 ? "; redirects are not followed" : ""}`;
}
