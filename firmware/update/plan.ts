/**
 * When and how much of an update may be fetched: what the settings say of contacts, days, hours and coverage, how long
 * to wait after a try in vain, and how often a day the head of a file may turn out to be none for this device.
 *
 * Its state lies in retained memory over deep sleep and restarts, 28 bytes:
 *
 *     at f64 | next try in s u32 | bytes today u32 | day left, min u16 | failing for, min u16 | blocks left u16
 *     | ask in, min u16 | failures u8 | refusals u8 | files u8 | flags u8                        little-endian
 *
 * All times are monotonic, ms.
 */
import { Backoff } from "../timing/backoff";
import type { PauseReason } from "./update-event";
import type { UpdateSettings } from "./update-settings";

const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;
/** Pauses after a block that did not come. */
const firstPause = 60_000;
const longestPause = 6 * hour;
/** Refusals in a row, such as 4.04, after which there is no such file. */
const mostRefusals = 3;
/** A server that has given no block for so long has no file. */
const givenUpAfter = 7 * day;
/** Heads a day that may be none for this device, and files a day that may be begun. */
const mostHeads = 3;
const mostFiles = 6;
/** So long after a contact began the modem has told how the coverage is, if it ever does. */
const coverageTold = 10_000;

/** Bytes of the state. */
export const planLength = 28;

/** What the plan has to know of the moment. */
export interface Moment {
  /** Epoch ms; undefined while the device does not know the time. */
  readonly epoch: number | undefined;
  /** Coverage level as the modem told it last; undefined where it does not. */
  readonly coverage: number | undefined;
}

/** What may be fetched, and when. */
export class Plan {
  readonly #settings: Pick<UpdateSettings, "blocks" | "bytes" | "hours" | "coverage" | "updates">;
  readonly #pauses: Backoff;
  #notBefore = -Infinity;
  #dayEnds = -Infinity;
  #bytes = 0;
  #heads = 0;
  #files = 0;
  #failingSince: number | undefined;
  #refusals = 0;
  #blocksLeft: number;
  #askAt = -Infinity;
  #contactAt = -Infinity;
  /** Changes whenever something is counted that a restart must not forget. */
  counted = 0;

  constructor(
    settings: Pick<UpdateSettings, "blocks" | "bytes" | "hours" | "coverage" | "updates">,
    random: () => number,
  ) {
    this.#settings = settings;
    this.#pauses = new Backoff(firstPause, longestPause, random);
    this.#blocksLeft = blocksOf(settings);
  }

  /** A contact begins, or readings were delivered in one: it may have its blocks. */
  contact(now: number): void {
    this.#contactAt = now;
    this.#blocksLeft = blocksOf(this.#settings);
  }

  /** Why no block may be asked for now; undefined when one may. */
  pause({ epoch, coverage }: Moment, now: number): PauseReason | undefined {
    const { hours, bytes } = this.#settings;
    if (now < this.#notBefore) return this.#refusals > 0 ? "refused" : "no-answer";
    if (this.#blocksLeft <= 0) return "blocks";
    this.turnDay(now);
    if (bytes > 0 && this.#bytes >= bytes) return "bytes";
    if (hours !== undefined && (epoch === undefined || untilHours(hours, epoch) > 0)) return "hours";
    const poor =
      coverage === undefined ? now < this.#contactAt + coverageTold : coverage > this.#settings.coverage;
    return this.#settings.coverage < 2 && poor ? "coverage" : undefined;
  }

  /** Whether another block may follow the one that is under way. @param bytes of a block */
  mayFollow(bytes: number, now: number): boolean {
    this.turnDay(now);
    const most = this.#settings.bytes;
    return this.#blocksLeft > 1 && (most === 0 || this.#bytes + bytes < most);
  }

  /** When what `pause` says may be over by itself, ms; Infinity when a contact has to begin for that. */
  resumesAt({ epoch, coverage }: Moment, now: number): number {
    const { hours } = this.#settings;
    switch (this.pause({ epoch, coverage }, now)) {
      case "no-answer":
      case "refused":
        return this.#notBefore;
      case "bytes":
        return this.#dayEnds;
      case "hours":
        return epoch === undefined ? Infinity : now + untilHours(hours!, epoch);
      case "coverage":
        return coverage === undefined ? this.#contactAt + coverageTold : Infinity;
      default:
        return Infinity;
    }
  }

  /** A block has come. */
  took(bytes: number, now: number): void {
    this.turnDay(now);
    this.#bytes += bytes;
    this.#blocksLeft -= 1;
    this.#failingSince = undefined;
    this.#refusals = 0;
    this.#pauses.reset();
  }

  /**
   * No block has come.
   *
   * @param refused the server has said that it will not give it
   * @returns ms until the next try; undefined when it is no use any more
   */
  failed(refused: boolean, now: number): number | undefined {
    this.#failingSince ??= now;
    this.#refusals = refused ? this.#refusals + 1 : 0;
    if (this.#refusals >= mostRefusals || now - this.#failingSince >= givenUpAfter) return undefined;
    const wait = this.#pauses.next();
    this.#notBefore = now + wait;
    return wait;
  }

  /** Another file is fetched, or the same from the front: what failed before says nothing of it. */
  begin(): void {
    this.#notBefore = -Infinity;
    this.#failingSince = undefined;
    this.#refusals = 0;
    this.#pauses.reset();
  }

  /** Whether another file may be begun today; if so, it counts. */
  mayBegin(now: number): boolean {
    this.turnDay(now);
    if (this.#heads >= mostHeads || this.#files >= mostFiles) return false;
    this.#files += 1;
    this.counted += 1;
    return true;
  }

  /** The head of a file was none for this device. */
  headRefused(now: number): void {
    this.turnDay(now);
    this.#heads += 1;
    this.counted += 1;
  }

  /** When the cloud is asked for a version next; Infinity where it is not. */
  get askAt(): number {
    return this.#settings.updates === "ask" ? this.#askAt : Infinity;
  }

  /** The cloud is asked now. */
  asked(now: number): void {
    this.#askAt = now + day;
    this.counted += 1;
  }

  /** What to keep over deep sleep. @param flags a byte of the owner's */
  state(flags: number, now: number): Uint8Array {
    this.turnDay(now);
    const bytes = new Uint8Array(planLength);
    const view = new DataView(bytes.buffer);
    const minutes = (at: number, ms: number): void =>
      view.setUint16(at, Math.max(0, Math.min(Math.ceil(ms / minute), 0xffff)), true);
    view.setFloat64(0, now, true);
    view.setUint32(8, Math.max(0, Math.min(Math.ceil((this.#notBefore - now) / 1000), 0xffff_ffff)), true);
    view.setUint32(12, Math.min(this.#bytes, 0xffff_ffff), true);
    minutes(16, this.#dayEnds - now);
    minutes(18, this.#failingSince === undefined ? 0 : now - this.#failingSince + 1);
    view.setUint16(20, Math.max(0, Math.min(this.#blocksLeft, 0xffff)), true);
    minutes(22, this.#askAt - now);
    bytes[24] = Math.min(this.#pauses.failures, 0xff);
    bytes[25] = this.#refusals;
    bytes[26] = (Math.min(this.#heads, 15) << 4) | Math.min(this.#files, 15);
    bytes[27] = flags;
    return bytes;
  }

  /**
   * Takes back what `state` gave; anything of another length is left alone.
   *
   * @param continued the clock has gone on since; after a restart it begins at zero, and the board was not off
   * @returns the flags
   */
  restore(bytes: Uint8Array, continued: boolean, now: number): number {
    if (bytes.length !== planLength) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, planLength);
    const at = view.getFloat64(0, true);
    const from = continued && at <= now ? at : now;
    const after = (ms: number): number => (ms === 0 ? -Infinity : from + ms);
    this.#notBefore = after(1000 * view.getUint32(8, true));
    this.#bytes = view.getUint32(12, true);
    this.#dayEnds = after(minute * view.getUint16(16, true));
    const failing = minute * view.getUint16(18, true);
    this.#failingSince = failing === 0 ? undefined : from - failing;
    if (this.#settings.blocks > 0)
      this.#blocksLeft = Math.min(view.getUint16(20, true), this.#settings.blocks);
    this.#askAt = after(minute * view.getUint16(22, true));
    this.#pauses.failures = bytes[24];
    this.#refusals = bytes[25];
    this.#heads = bytes[26] >> 4;
    this.#files = bytes[26] & 15;
    return bytes[27];
  }

  private turnDay(now: number): void {
    if (now < this.#dayEnds) return;
    this.#dayEnds = now + day;
    this.#bytes = 0;
    this.#heads = 0;
    this.#files = 0;
  }
}

function blocksOf({ blocks }: Pick<UpdateSettings, "blocks">): number {
  return blocks === 0 ? Infinity : blocks;
}

/** ms until the hours begin, 0 within them. */
function untilHours({ from, until }: { from: number; until: number }, epoch: number): number {
  const time = epoch % day;
  const begins = from * hour;
  const ends = until * hour;
  const inside = begins < ends ? time >= begins && time < ends : time >= begins || time < ends;
  return inside ? 0 : (begins - time + day) % day;
}
