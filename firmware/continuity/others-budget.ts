/**
 * What others make the radio do, against what they may in a day.
 *
 * Whatever arrives keeps the radio connected, whether it is answered or not: a stranger who sends four bytes now
 * and then keeps a modem out of PSM for good. An answer, which nothing authenticates, can ask for another request:
 * a command to fetch, one more block, a new session. Both are counted in seconds of radio. When the day's budget is
 * spent, the device is guarded for a day from then on:
 *
 *   - it speaks to the cloud less often, `spacing` apart, and sends little because an answer asks for it;
 *   - behind each contact it leaves the network and attaches anew, which gives it another address: what is sent
 *     to the old one reaches nobody, and the modem falls asleep.
 *
 * A modem that was awake all along, though it should have slept, counts as kept on: most modems drop what comes
 * from elsewhere than their peer, so that the firmware never sees it. It shows when the modem is next wanted; for
 * as long as a guard has lasted the device looks sooner after it, for the trouble may come back.
 *
 * All times are monotonic, ms.
 */
import { retainedParts } from "./retained-memory";
import type { RetainedMemory } from "./retained-memory";

const day = 86_400_000;
/** ms for which one datagram keeps the radio on: the network's inactivity timer and T3324, as both mostly are. */
const tail = 30_000;
/** Radio time of one exchange that another one asked for, ms. */
const exchange = 2_500;
/** Strangers may use this share of the budget: they need be nobody in particular. */
const strangersShare = 1 / 6;
/** Commands are fetched until this share is used, so that an operator who sends many does not guard the device. */
const commandsShare = 3 / 4;
/** So many a day are fetched whatever used it: a cloud that was in trouble for an hour must not cost them all. */
const commandsReserved = 12;
/** What a state has room for. */
const mostForged = 0x3f;
/** What a guarded device sends in one contact because answers ask for it. */
const followsPerContact = 8;
/** An RST is sent this seldom, ms. Without one a peer that sends again gives up by itself. */
const betweenResets = 60_000;
/** A guard lasts a day; trouble that comes back has the next one last four times as long, up to 16 days. */
const guardGrowth = 4;
const mostGrowths = 2;
/** Late answers that are expected at most, as the state has room for: a crowded cell answers when more requests have been in vain. */
const mostLate = 15;
/** A stranger has the device look after the contact under way, ms. */
const suspicion = 60_000;
/** A guard that does not help is left alone for so long. */
const leftAlone = 32 * day;
const minute = 60_000;
/**
 * Bytes of the state, as it is kept: a time f64, five times to come in minutes and two spent in s, u16; two u8, of two
 * numbers each: 2 and 6 bits, 4 and 4.
 */
const stateLength = 24;
const mostOf16Bits = 0xffff;

/** Why something is sent that only another's datagram has asked for. */
export type Follow = "reset" | "block" | "command" | "session";

export interface OthersBudgetOptions {
  /** Seconds of radio a day that others may cause, 0 for no bound. */
  readonly seconds: number;
  /** ms from one contact to the next while the device is guarded. */
  readonly spacing: number;
  /** Where the state outlives deep sleep and restarts. */
  readonly retained: RetainedMemory | undefined;
  /** The device is guarded from now on. */
  readonly onGuarded: (guard: Guard) => void;
}

/** Why the device is guarded, ms of radio, and for how long, ms. */
export interface Guard {
  /** For which strangers have kept the radio on. */
  readonly strangers: number;
  /** For exchanges that only an answer has asked for. */
  readonly exchanges: number;
  readonly wait: number;
}

/** The budget for what others make the radio do. */
export class OthersBudget {
  readonly #options: OthersBudgetOptions;
  /** ms */
  readonly #limit: number;
  #dayEnds = -Infinity;
  #strangers = 0;
  #exchanges = 0;
  /** Until then the radio is on because of a stranger's datagram. */
  #onUntil = -Infinity;
  #guardedUntil = -Infinity;
  #nextContact = -Infinity;
  #leftAloneUntil = -Infinity;
  #watchedUntil = -Infinity;
  #suspectUntil = -Infinity;
  #growths = 0;
  #followed = 0;
  /** Commands fetched today, as far as they are of those reserved. */
  #commands = 0;
  /** Commands of today that were nobody's who may give any. */
  #forged = 0;
  /** Late answers that may come still, and those since the start that are counted in it. */
  #late = 0;
  #counted = 0;
  #resetAt = -Infinity;

  constructor(options: OthersBudgetOptions) {
    this.#options = options;
    this.#limit = options.seconds === 0 ? Infinity : options.seconds * 1_000;
  }

  /**
   * Takes up the state from before the start; to be called once, before anything else.
   *
   * @param continued the start is out of deep sleep, over which the clock has gone on
   */
  begin(continued: boolean, now: number): void {
    const state = this.#options.retained?.read(retainedParts.radio);
    if (state?.length !== stateLength || this.#limit === Infinity) return;
    const view = new DataView(state.buffer, state.byteOffset, stateLength);
    const at = view.getFloat64(0, true);
    // After a restart the clock begins at zero, and how long the board was off is not known.
    const from = continued && at <= now ? at : now;
    const time = (offset: number): number => {
      const left = view.getUint16(offset, true);
      return left === 0 ? -Infinity : from + minute * left;
    };
    this.#dayEnds = time(8);
    this.#guardedUntil = time(10);
    this.#nextContact = time(12);
    this.#leftAloneUntil = time(14);
    this.#watchedUntil = time(16);
    this.#strangers = 1_000 * view.getUint16(18, true);
    this.#exchanges = 1_000 * view.getUint16(20, true);
    this.#growths = Math.min(state[22] & 0x03, mostGrowths);
    this.#forged = state[22] >> 2;
    this.#late = Math.min(state[23] & 0x0f, mostLate);
    this.#commands = Math.min(state[23] >> 4, commandsReserved);
    this.keep(now);
  }

  /**
   * Keeps what is left of the times to come; to be called every few minutes. After a restart, over which no clock
   * goes on, they count from what was kept last: a guarded device speaks seldom, so that is hours ago.
   */
  keep(now: number): void {
    if (now < Math.max(this.#guardedUntil, this.#leftAloneUntil, this.#watchedUntil)) this.save(now);
  }

  /** Whether the device does with less contact than it would like to. */
  guarded(now: number): boolean {
    return now < this.#guardedUntil;
  }

  /** Whether the device looks soon after each contact if its modem has fallen asleep. */
  watching(now: number): boolean {
    return now < Math.max(this.#watchedUntil, this.#suspectUntil) && !this.guarded(now);
  }

  /**
   * Whether the board is to hear what comes behind a contact: when its turn has come, and behind all of a day on which a
   * stranger was heard of whom it is not known yet whether he goes on.
   */
  listens(itsTurn: boolean, now: number): boolean {
    if (this.#limit === Infinity || this.guarded(now)) return false;
    return itsTurn || (this.#strangers > 0 && now < this.#dayEnds);
  }

  /** When the cloud may be spoken to next, ms; a time that is past when it may be now. */
  get nextContact(): number {
    return Math.min(this.#nextContact, this.#guardedUntil);
  }

  /** A contact of a guarded device is over. */
  contactEnded(now: number): void {
    this.#nextContact = now + this.#options.spacing;
    this.#followed = 0;
    this.save(now);
  }

  /** A datagram came that nothing of the device's had asked for. */
  stranger(now: number): void {
    const until = now + tail;
    this.charge(until - Math.max(now, this.#onUntil), 0, now);
    this.#onUntil = until;
    this.#suspectUntil = now + suspicion;
  }

  /**
   * An answer came to a request that was answered before, or given up.
   *
   * @param expected late answers that there may be since the start, `Endpoint.lateAnswers`
   */
  late(expected: number, now: number): void {
    this.count(expected);
    if (this.#late === 0) return this.stranger(now);
    this.#late -= 1;
    // Else each start after deep sleep would expect it once more.
    this.save(now);
  }

  /** Keeps what late answers there may be, for the start after deep sleep. */
  hold(expected: number, now: number): void {
    if (this.count(expected)) this.save(now);
  }

  /** Takes in those that are new. Whether there are any. */
  private count(expected: number): boolean {
    if (expected === this.#counted) return false;
    this.#late = Math.min(mostLate, this.#late + expected - this.#counted);
    this.#counted = expected;
    return true;
  }

  /**
   * The modem was awake for so long though it should have slept, ms.
   *
   * @param since when the device had last sent something, or its board had fallen asleep after that, ms
   */
  keptOn(time: number, since: number, now: number): void {
    if (!this.guarded(now)) {
      // Seen soon after a contact it is less than it would have become.
      if (now >= this.#leftAloneUntil) this.charge(time, 0, now, this.watching(now));
      return;
    }
    // Within a contact, the first of the guard's or one that was due, it is found as ever: the device has not left yet.
    if (since >= this.#nextContact) return;
    // It was so in spite of the guard, which does not help against whatever it is.
    this.#guardedUntil = -Infinity;
    this.#watchedUntil = -Infinity;
    this.#leftAloneUntil = now + leftAlone;
    this.save(now);
  }

  /** An answer that refused what was sent will cost an exchange, and so much time besides, ms of radio. */
  refused(time: number, now: number): void {
    this.charge(0, exchange + time, now);
  }

  /** A command that was taken is nobody's who may give any: a day has no more of them than strangers may cost. */
  forged(now: number): void {
    if (this.#limit === Infinity) return;
    this.turnDay(now);
    this.#forged = Math.min(this.#forged + 1, mostForged);
    this.save(now);
  }

  /** Whether something may be sent that only another's datagram asks for; if so, it counts. */
  may(what: Follow, now: number): boolean {
    if (this.#limit === Infinity) return true;
    if (what === "command" && this.#forged > 0 && this.isForgedEnough(now)) return false;
    if (what === "reset") {
      if (now < this.#resetAt || this.guarded(now)) return false;
      this.#resetAt = now + betweenResets;
      return true;
    }
    if (this.guarded(now)) return ++this.#followed <= followsPerContact;
    this.turnDay(now);
    if (what === "command") {
      if (this.#commands < commandsReserved) this.#commands += 1;
      else if (this.#exchanges >= commandsShare * this.#limit) return false;
    }
    this.charge(0, exchange, now);
    return true;
  }

  /** @param enough it guards the device, be it within the budget or not */
  private charge(strangers: number, exchanges: number, now: number, enough = false): void {
    if (this.#limit === Infinity || this.guarded(now)) return;
    this.turnDay(now);
    this.#strangers += strangers;
    this.#exchanges += exchanges;
    const spent = this.#strangers + this.#exchanges;
    if (enough || this.#strangers > strangersShare * this.#limit || spent > this.#limit) this.guard(now);
    this.save(now);
  }

  /** Whether the forged commands of today have used up what strangers may cost; after the first at the soonest. */
  private isForgedEnough(now: number): boolean {
    this.turnDay(now);
    const forged = this.#forged;
    return forged === mostForged || (forged > 0 && (forged + 1) * exchange > strangersShare * this.#limit);
  }

  private guard(now: number): void {
    this.#growths = now < this.#watchedUntil ? Math.min(this.#growths + 1, mostGrowths) : 0;
    const wait = day * guardGrowth ** this.#growths;
    this.#guardedUntil = now + wait;
    this.#watchedUntil = now + 2 * wait;
    this.#nextContact = -Infinity;
    this.#dayEnds = -Infinity;
    this.#options.onGuarded({ strangers: this.#strangers, exchanges: this.#exchanges, wait });
  }

  private turnDay(now: number): void {
    if (now < this.#dayEnds) return;
    this.#dayEnds = now + day;
    this.#strangers = 0;
    this.#exchanges = 0;
    this.#commands = 0;
    this.#forged = 0;
  }

  private save(now: number): void {
    const { retained } = this.#options;
    if (retained === undefined) return;
    const state = new Uint8Array(stateLength);
    const view = new DataView(state.buffer);
    const put = (offset: number, value: number): void =>
      view.setUint16(offset, Math.max(0, Math.min(Math.ceil(value), mostOf16Bits)), true);
    const left = (offset: number, until: number): void => put(offset, (until - now) / minute);
    view.setFloat64(0, now, true);
    left(8, this.#dayEnds);
    left(10, this.#guardedUntil);
    left(12, this.#nextContact);
    left(14, this.#leftAloneUntil);
    left(16, this.#watchedUntil);
    put(18, this.#strangers / 1_000);
    put(20, this.#exchanges / 1_000);
    state[22] = this.#growths | (this.#forged << 2);
    state[23] = this.#late | (this.#commands << 4);
    retained.write(retainedParts.radio, state);
  }
}
