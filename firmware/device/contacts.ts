/**
 * When the device may speak with the cloud, and what comes of it: the budget for what others make the radio do
 * guards it, and the modem is looked at where somebody may keep it awake.
 *
 *     stranger's datagram ─┐
 *     modem kept awake ────┼─> budget for others ──> guarded: one contact in so many intervals, then out of
 *     refused request ─────┘                         the network
 */
import { OthersBudget } from "../continuity/others-budget";
import type { Follow } from "../continuity/others-budget";
import type { AgentOptions } from "./agent-options";

/** A guarded device speaks to the cloud with the first reading after so many intervals, and these bounds, ms. */
const guardedIntervals = 8.5;
const leastSpacing = 600_000;
const longestSpacing = 30_600_000;
/** What a second of a board that waits awake costs, in seconds of radio: 83 mW against 263 of board and radio. */
const awakeShare = 1 / 3;
/** Room for a clock that goes wrong in deep sleep when the modem is looked at, ms. */
const lookMargin = 10_000;
/** A modem that nobody speaks to for hours is looked at so often at most, ms. */
const lookEvery = 3_600_000;
/** A guarded device whose next contact is further off looks, ms: words to a modem that sleeps cost a second awake. */
const worthALook = 10_800_000;
/** The network's inactivity timer, ms: so long a connection lasts for which it was not told that one reply follows. */
const inactivity = 20_000;
/** Of so many intervals the contact of the first is listened to: an interval has about one. */
const listenedEach = 64;
/**
 * So long a board that sleeps deeply stays awake behind a contact to hear what comes after it, ms: longer than the radio
 * connection of a modem that has released it, and its T3324.
 */
const listening = 5_000;

/** Those of the agent's options that the contacts go by. */
export type ContactsOptions = Pick<
  AgentOptions,
  "link" | "othersBudget" | "batch" | "interval" | "retained" | "sleepsDeeply" | "log"
>;

/** The device's contacts with the cloud. All times are monotonic, ms. */
export class Contacts {
  readonly #options: ContactsOptions;
  readonly #others: OthersBudget;
  /** ms from one contact to the next, when all goes well. */
  readonly #interval: number;
  /** Something was sent since the last contact ended. */
  #open = false;
  /** When the device last sent a request, or fell asleep after it. */
  #lastRequest = Infinity;
  /** When to look whether the modem has fallen asleep after the last contact. */
  #lookAt = Infinity;
  /** The contact's turn to be listened to has come, and until when the board hears what comes behind it. */
  #listens = false;
  #listensUntil = -Infinity;

  constructor(options: ContactsOptions) {
    this.#options = options;
    const { retained, log } = options;
    const interval = (this.#interval = (options.batch ?? 1) * options.interval * 1000);
    this.#others = new OthersBudget({
      seconds: options.othersBudget ?? 0,
      spacing: Math.max(Math.min(guardedIntervals * interval, longestSpacing), leastSpacing),
      retained,
      onGuarded: (guard) => {
        this.#open = true;
        log({ kind: "radio guarded", ...guard });
      },
    });
  }

  /** When to look whether the modem has fallen asleep; Infinity for never. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /**
   * Until when the board is not to fall asleep, ms; a time that is past when it may. What comes behind a contact keeps the
   * modem's radio on, and a board in deep sleep hears nothing of it.
   */
  get listensUntil(): number {
    return this.#listensUntil;
  }

  /** When the cloud may be spoken to next; a time that is past when it may be now. */
  get next(): number {
    return this.#others.nextContact;
  }

  /** A command came that is nobody's who may give any. */
  forged(now: number): void {
    this.#others.forged(now);
  }

  /** Whether something may be sent that only another's datagram asks for; if so, it counts. */
  mayFollow(what: Follow, now: number): boolean {
    return this.#others.may(what, now);
  }

  /** A datagram came that belongs to no exchange under way. @param late answers that may have come since the start */
  stranger(isLate: boolean, late: number, now: number): void {
    if (isLate) this.#others.late(late, now);
    else this.#others.stranger(now);
  }

  /** A request was acknowledged without its answer: EnOS's rides on the ACK, the one reply for which the network waits. */
  emptyAck(now: number): void {
    this.#others.refused(inactivity, now);
  }

  /** An answer refused what was sent. @param wait until the next try: a board that sleeps deeply does not until then */
  refused(wait: number, now: number): void {
    this.#others.refused(this.#options.sleepsDeeply === true ? wait * awakeShare : 0, now);
  }

  /**
   * The device starts.
   *
   * @param lastRequest when it had fallen asleep, after deep sleep; else undefined
   */
  begin(woken: boolean, lastRequest: number | undefined, now: number): void {
    this.#others.begin(woken, now);
    if (!woken) return;
    this.#lastRequest = lastRequest ?? Infinity;
    if (this.#others.watching(now) || this.mayHaveMissed(this.#lastRequest, now)) this.#lookAt = now;
  }

  /**
   * Whether an hour has begun in deep sleep while the modem waits for hours. In deep sleep the board hears nothing of one
   * that restarts by itself, and such a modem knows nothing of its sleep, or that its radio is to be off.
   */
  private mayHaveMissed(from: number, now: number): boolean {
    if (Math.floor(from / lookEvery) >= Math.floor(now / lookEvery)) return false;
    return this.next - now > worthALook || this.#options.link.leftAlone === true;
  }

  /** Something is about to be sent. */
  opened(): void {
    this.#open = true;
  }

  /** A request goes out. */
  requested(now: number): void {
    // A modem that was just woken has shown whether it was awake, for which the request before counts.
    this.noteKeptOn(now);
    const turn = listenedEach * this.#interval;
    if (Math.floor(this.#lastRequest / turn) < Math.floor(now / turn)) this.#listens = true;
    this.#lastRequest = now;
  }

  /** The device has come to rest. @param late answers that may come, since the start */
  rested(late: number, now: number): void {
    this.#others.hold(late, now);
    // Not from its last request on: a board in deep sleep knows no more than when it fell asleep.
    const look = now + (this.#options.link.fallsAsleepAfter ?? Infinity) + lookMargin;
    if (this.#others.watching(now)) this.#lookAt = look;
    if (this.#options.sleepsDeeply !== true) return;
    if (this.#others.listens(this.#listens, now)) this.#listensUntil = now + listening;
    this.#listens = false;
  }

  /** The board falls asleep before the device has come to rest. @param late answers that may come, since the start */
  fallsAsleep(late: number, now: number): void {
    this.#others.hold(late, now);
  }

  /** Notices that others keep the radio on. Whether the contact is to end, as the device is guarded. */
  watch(now: number): boolean {
    const { link } = this.#options;
    if (now >= this.#lookAt) {
      this.#lookAt = Infinity;
      link.look?.(now);
    }
    this.noteKeptOn(now);
    return this.#open && this.#others.guarded(now);
  }

  private noteKeptOn(now: number): void {
    const kept = this.#options.link.keptOn?.(this.#lastRequest, now) ?? 0;
    if (kept === 0) return;
    this.#others.keptOn(kept, this.#lastRequest, now);
    // Told once: from here on it counts anew.
    this.#lastRequest = now;
  }

  /** Keeps what the budget's times have left, for a restart; to be called every few minutes. */
  keep(now: number): void {
    this.#others.keep(now);
  }

  /** Ends the contact: the device leaves the network. */
  end(now: number): void {
    const { link } = this.#options;
    // Only a modem that is up can leave the network.
    if (!link.ready) return link.connect(now);
    this.#open = false;
    this.#others.contactEnded(now);
    link.leave?.(now);
  }
}
