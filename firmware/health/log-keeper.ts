/**
 * Brings the log's lines from retained memory to flash before newer ones take their place, so that those of hours ago can
 * be fetched, and most of those before a loss of power:
 *
 *     line -> ring in retained memory -> archive in flash     half of the ring is new, the device has come to rest
 *                                                             with some lines, or started anew otherwise than from sleep
 *
 * Flash wears: so many erases a day, and lines beyond that are lost to the archive, which says so at their place. Nothing
 * is written within a call of the log, where the stack of an ESP32 may be in use already.
 */
import { logPlace } from "../continuity/log-ring";
import { ascii } from "../text/ascii";
import { crc32 } from "../journal/crc";
import { reasonOf } from "../text/reason";
import { LogArchive } from "./log-archive";
import type { LogRing } from "../continuity/log-ring";
import type { RetainedStore } from "../continuity/retained-memory";
import type { Flash } from "../journal/flash";
import type { Tally } from "./tally";

/** So many new bytes go to flash at once, and fewer when the device rests. */
const muchNew = logPlace.length >> 1;
const someNew = 512;
/** Erases of both blocks in the time of a daily report: 34 years until one of them has had 100,000. */
export const erasesADay = 16;
/** Stands for lines that went before they were in flash. */
const gapLine = "[lines missing]\n";

export interface LogKeeperOptions {
  readonly ring: LogRing;
  readonly store: RetainedStore | undefined;
  /** The partition, when it is wanted first; undefined where the board's table has none. */
  readonly open: () => Flash | undefined;
  /** The board has started otherwise than from deep sleep: the power may have failed, or the firmware. */
  readonly isCold: boolean;
  readonly tally: Tally;
  /** Flash fails, said once a start. */
  readonly onFailure: (reason: string) => void;
}

/** Keeps the log in flash. */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  /** Undefined until it is wanted; null where there is none. */
  #archive: LogArchive | null | undefined;
  #at: number;
  /** Bytes of the ring that are not in flash; all of it where more than that went by. */
  #fresh: number;
  /** What the last start has left goes to flash whatever it is. */
  #isDue: boolean;
  #rests = false;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
    const { ring, tally, isCold } = options;
    this.#at = ring.at;
    const saved = tally.logSaved < logPlace.length ? tally.logSaved : 0;
    this.#fresh = tally.logGap ? logPlace.length : (ring.at - saved + logPlace.length) % logPlace.length;
    this.#isDue = isCold;
  }

  /** A line was appended to the ring. */
  heard(): void {
    const { at } = this.#options.ring;
    this.#fresh += (at - this.#at + logPlace.length) % logPlace.length;
    this.#at = at;
    if (this.#fresh <= logPlace.length) return;
    this.#fresh = logPlace.length;
    this.#options.tally.logGap = true;
  }

  /** The device has come to rest: there is time to write. */
  rested(): void {
    this.#rests = true;
  }

  /** To be called once a turn. @returns whether the tally has changed: what is in flash now */
  poll(): boolean {
    const fresh = this.#fresh;
    if (fresh < someNew && !this.#isDue && !this.#rests) return false;
    const saves = fresh >= muchNew || this.#isDue || (this.#rests && fresh >= someNew);
    this.#rests = false;
    this.#isDue = false;
    return saves && this.save();
  }

  /** The board is about to fall asleep. */
  beforeSleep(): void {
    this.#rests = true;
    this.poll();
  }

  /** Up to `length` characters of the log, without the newest `skip` ones, as `LogRing.newest` gives them. */
  newest(length: number, skip: number): string {
    const { ring, tally } = this.#options;
    const archive = this.archive();
    if (archive === undefined) return ring.newest(length, skip);
    // From the newest on: what is not in flash, what is missing, and what flash has.
    const fresh = this.#fresh;
    const gap = tally.logGap ? gapLine : "";
    let left = length;
    let past = skip;
    let text = "";
    if (past < fresh) {
      const here = Math.min(left, fresh - past);
      text = ring.newest(here, past);
      left -= here;
      past = fresh;
    }
    past -= fresh;
    if (past < gap.length && left > 0) {
      const end = gap.length - past;
      const start = Math.max(0, end - left);
      text = gap.slice(start, end) + text;
      left -= end - start;
      past = gap.length;
    }
    return archive.newest(left, past - gap.length) + text;
  }

  private archive(): LogArchive | undefined {
    if (this.#archive !== undefined) return this.#archive ?? undefined;
    const { open, isCold, onFailure, store } = this.#options;
    this.#archive = null;
    try {
      const flash = store === undefined ? undefined : open();
      if (flash !== undefined) this.#archive = new LogArchive(flash, isCold);
    } catch (error) {
      onFailure(reasonOf(error));
    }
    return this.#archive ?? undefined;
  }

  private save(): boolean {
    const archive = this.archive();
    const { tally, store, onFailure } = this.#options;
    if (archive === undefined || archive.failure !== undefined) return false;
    const { offset, length } = logPlace;
    if (tally.logErases >= erasesADay && archive.costsErase(this.#fresh + gapLine.length)) return false;
    const before = archive.erases;
    let done = true;
    if (tally.logGap) {
      const gap = ascii(gapLine);
      done = archive.append(gap, crc32(gap, 0, gap.length));
    }
    const at = this.#at;
    const from = (at - this.#fresh + length) % length;
    if (done && from >= at && this.#fresh > 0) {
      done = archive.append(
        store!.read(offset + from, length - from),
        store!.crc32(offset + from, length - from),
      );
      if (done && at > 0) done = archive.append(store!.read(offset, at), store!.crc32(offset, at));
    } else if (done && this.#fresh > 0) {
      done = archive.append(store!.read(offset + from, at - from), store!.crc32(offset + from, at - from));
    }
    tally.logErases += archive.erases - before;
    if (done) {
      this.#fresh = 0;
      tally.logSaved = at;
      tally.logGap = false;
    } else onFailure(archive.failure ?? "no room");
    return true;
  }
}
