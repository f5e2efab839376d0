/**
 * The messages of one device, or of all, as the page has them: those that were kept, and those that come. Bounded, also while it
 * pauses.
 */
import { signal } from "@preact/signals";
import { Exchanges } from "../../../page/exchanges";
import { Outcomes, outcomeOf } from "../../outcome";
import type { FeedEntry, KeptMessage, Message } from "../../entries";
import type { DeviceName } from "../../../events";
import type { Outcome } from "../../outcome";
import type { Exchange } from "../../../page/exchanges";

/** A message with what became of it. */
export interface ShownMessage extends Omit<Message, "id"> {
  readonly number: number;
  /** Grows while the cloud handles it. */
  readonly outcomes: Outcomes;
}

export type ShownExchange = Exchange<ShownMessage>;

/** Messages kept, and entries that wait while it pauses. */
export const mostMessages = 5_000;
/** Messages whose outcomes may still come. */
const mostRecent = 256;

export class MessageList {
  /** Counts up whenever what is shown has changed. */
  readonly version = signal(0);
  /** Messages that came since it pauses; undefined: it does not. */
  readonly waiting = signal<number | undefined>(undefined);
  readonly #device: string | undefined;
  #exchanges = new Exchanges<ShownMessage>(mostMessages);
  /** Numbers of those that may still be spoken of. */
  readonly #recent = new Map<number, ShownMessage>();
  #queue: FeedEntry[] = [];
  /** The kept ones are being read: what comes meanwhile waits. */
  #isReading = true;
  #isTold = false;
  #first = Infinity;
  #last = 0;

  /** @param device `productKey/deviceKey`; undefined: of all, and of strangers */
  constructor(device: string | undefined) {
    this.#device = device;
  }

  get exchanges(): readonly ShownExchange[] {
    return this.#exchanges.list;
  }

  /** How many messages there are. */
  get length(): number {
    return this.#exchanges.held.messages;
  }

  /** Epoch ms of the oldest message; undefined without any. */
  get oldest(): number | undefined {
    return this.#exchanges.list[0]?.messages[0]?.at;
  }

  /** Begins anew with messages that were kept, oldest first. */
  reset(kept: readonly KeptMessage[]): void {
    this.#exchanges = new Exchanges<ShownMessage>(mostMessages);
    this.#recent.clear();
    this.#first = Infinity;
    this.#last = 0;
    for (const message of kept) this.#add(shownOf(message));
    this.#isReading = false;
    if (this.waiting.value === undefined) this.#takeQueue();
    this.version.value += 1;
  }

  /** Puts older messages before those that are there. Returns how many there were. */
  prepend(kept: readonly KeptMessage[]): number {
    const older = kept.filter(({ number }) => number < this.#first).map(shownOf);
    if (older.length === 0) return 0;
    const present = this.#exchanges.list
      .flatMap((exchange) => exchange.messages)
      .sort((a, b) => a.number - b.number);
    this.#exchanges = new Exchanges<ShownMessage>(mostMessages);
    this.#last = 0;
    // As many of the older ones as there is room for: what is new stays.
    for (const each of [...older.slice(-(mostMessages - present.length)), ...present]) this.#add(each);
    this.#tell();
    return older.length;
  }

  /** Takes in what the stream brings. */
  hear(entry: FeedEntry): void {
    if (!this.#concerns(entry)) return;
    if (this.#isReading || this.waiting.value !== undefined) {
      this.#queue.push(entry);
      if (this.#queue.length > mostMessages) this.#queue.shift();
      if (entry.kind === "message" && this.waiting.value !== undefined) this.waiting.value += 1;
      return;
    }
    this.#take(entry);
    this.#tell();
  }

  pause(): void {
    this.waiting.value = 0;
  }

  resume(): void {
    this.waiting.value = undefined;
    if (this.#isReading) return;
    this.#takeQueue();
    this.#tell();
  }

  /** The exchange that a message is of. */
  of(number: number): ShownExchange | undefined {
    return this.exchanges.find(({ messages }) => messages.some((message) => message.number === number));
  }

  #concerns(entry: FeedEntry): boolean {
    if (this.#device === undefined) return entry.kind === "message" || entry.message !== undefined;
    if (entry.kind === "message") return entry.device === this.#device;
    if (entry.message === undefined) return false;
    const { productKey, deviceKey } = entry.event as Partial<DeviceName>;
    return deviceKey === undefined || `${productKey}/${deviceKey}` === this.#device;
  }

  #takeQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const entry of queue) this.#take(entry);
  }

  #take(entry: FeedEntry): void {
    if (entry.kind === "message") {
      if (entry.number > this.#last) this.#add({ ...entry, outcomes: new Outcomes() });
      return;
    }
    const message = this.#recent.get(entry.message!);
    const outcome = message && outcomeOf(entry.event, entry.leftOut);
    // Of a message that was read as kept, it may have been told already.
    if (outcome !== undefined && !hasOutcome(message!, outcome)) message!.outcomes.add(outcome);
  }

  #add(message: ShownMessage): void {
    this.#exchanges.add(message);
    this.#first = Math.min(this.#first, message.number);
    this.#last = message.number;
    this.#recent.set(message.number, message);
    if (this.#recent.size > mostRecent) this.#recent.delete(this.#recent.keys().next().value!);
  }

  /** A hundred a second are told ten times. */
  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    setTimeout(() => {
      this.#isTold = false;
      this.version.value += 1;
    }, 100);
  }
}

function shownOf({ outcome, moreOutcomes = 0, ...message }: KeptMessage): ShownMessage {
  const outcomes = new Outcomes();
  for (const each of outcome) outcomes.add(each);
  outcomes.more += moreOutcomes;
  return { ...message, outcomes };
}

function hasOutcome({ outcomes }: ShownMessage, { type, text }: Outcome): boolean {
  return outcomes.list.some((each) => each.type === type && each.text === text);
}
