/**
 * What the cloud remembers of the envelopes of one device, and what in them calls for somebody. A parsing script has no
 * memory, and EnOS remembers nothing of this kind: that a message came before, or that two boards have one key, only shows
 * to who keeps count.
 *
 * Each start of a device has a salt, and counts its envelopes from 0. Of the last few starts the highest count is kept, and
 * which of those shortly below it have come:
 *
 *     count above the highest                       new
 *     within the window below it, not yet come      new: one that was overtaken
 *     within the window, come; or below the window  replayed
 *     new, of another start than the last new one   cloned, unless that start is new itself
 */
import type { Seal } from "../script/seal";
import type { DoubtKind, SealDoubt, SealView } from "./seal-view";

/** Starts that are remembered. The oldest one goes; what comes of it again then looks like another start. */
const mostStarts = 8;
/** Counts below the highest that are remembered. */
const window = 32;
/** Reasons for refusals that are told apart, and the one for all others. */
const mostReasons = 8;
const otherReason = "other";
/** A doubt is told again when the last time that it was told is so long ago, ms. */
const toldFor = 86_400_000;

/** One start of the device. */
interface Start {
  readonly salt: string;
  highest: number;
  /** Bit i: the count that is i below the highest has come. */
  seen: number;
}

/** What is kept of a doubt, and when it was told last, ms. */
interface KeptDoubt extends SealDoubt {
  toldAt: number;
}

/** As it is stored. */
export interface KeptSeal {
  opened: number;
  since?: number;
  last?: SealView["last"];
  starts: Start[];
  doubts: KeptDoubt[];
}

/** A message in doubt, and whether it is time to tell that. */
export interface Doubted {
  readonly doubt: SealDoubt;
  readonly isTold: boolean;
}

/** What is known of a doubt besides its kind. */
type About = Pick<SealDoubt, "reason" | "salt" | "counter" | "sealedBy">;

export class DeviceSeal {
  #opened = 0;
  #since: number | undefined;
  #last: SealView["last"];
  /** The one that was heard of last is the last. */
  #starts: Start[] = [];
  /** By kind, of refusals by kind and reason. */
  readonly #doubts = new Map<string, KeptDoubt>();

  /** Envelopes of the device that the script opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Whether there is any doubt. */
  get isDoubted(): boolean {
    return this.#doubts.size > 0;
  }

  /** Which of the script's keys opened the last envelope; undefined before the first. */
  get root(): 0 | 1 | undefined {
    return this.#last?.root;
  }

  /**
   * The script opened an envelope that came by this device's path. Returns what is wrong with it.
   * @param deviceKey of the path
   * @param now ms
   */
  open(
    { deviceKey: sealedBy, salt, counter, root }: Seal,
    deviceKey: string,
    now: number,
  ): Doubted | undefined {
    if (sealedBy !== deviceKey) return this.#doubt("swapped", { sealedBy, salt, counter }, now);
    this.#opened += 1;
    this.#since ??= now;
    this.#last = { at: now, salt, counter, root };
    const kind = this.#count(salt, counter);
    return kind && this.#doubt(kind, { salt, counter }, now);
  }

  /** The script refused a message. */
  refuse(reason: string, now: number): Doubted {
    const reasons = [...this.#doubts.values()].filter(({ what }) => what === "refused").length;
    const isKnown = this.#doubts.has(nameOf("refused", reason));
    return this.#doubt("refused", { reason: isKnown || reasons < mostReasons ? reason : otherReason }, now);
  }

  /** A message was taken that was not sealed; undefined where the device has never sealed. */
  takePlain(now: number): Doubted | undefined {
    return this.#opened === 0 ? undefined : this.#doubt("plain", {}, now);
  }

  /** As people see it; undefined while there is nothing to see. */
  view(): SealView | undefined {
    if (this.#opened === 0 && this.#doubts.size === 0) return undefined;
    const doubts = [...this.#doubts.values()];
    const times = (kind: DoubtKind): number => this.#doubts.get(kind)?.times ?? 0;
    const refused = doubts.filter(({ what }) => what === "refused");
    return {
      opened: this.#opened,
      since: this.#since,
      last: this.#last && { ...this.#last },
      refused: Object.fromEntries(refused.map((doubt) => [doubt.reason!, doubt.times])),
      ...{ replayed: times("replayed"), cloned: times("cloned") },
      ...{ swapped: times("swapped"), plain: times("plain") },
      doubts: doubts.map(shown).sort((one, other) => other.at - one.at),
    };
  }

  /** A copy for the storage. */
  keep(): KeptSeal {
    return {
      ...{ opened: this.#opened, since: this.#since, last: this.#last },
      starts: this.#starts.map((start) => ({ ...start })),
      doubts: [...this.#doubts.values()].map((doubt) => ({ ...doubt })),
    };
  }

  restore({ opened, since, last, starts, doubts }: KeptSeal): void {
    this.#opened = opened;
    this.#since = since;
    this.#last = last;
    this.#starts = starts.map((start) => ({ ...start }));
    for (const doubt of doubts) this.#doubts.set(nameOf(doubt.what, doubt.reason), { ...doubt });
  }

  /** Counts an envelope; what is wrong with its count. */
  #count(salt: string, counter: number): "replayed" | "cloned" | undefined {
    const at = this.#starts.findIndex((start) => start.salt === salt);
    if (at < 0) {
      this.#starts.push({ salt, highest: counter, seen: 1 });
      if (this.#starts.length > mostStarts) this.#starts.shift();
      return undefined;
    }
    const start = this.#starts[at];
    const ahead = counter - start.highest;
    if (ahead > 0) {
      start.seen = (ahead < window ? (start.seen << ahead) >>> 0 : 0) | 1;
      start.highest = counter;
    } else {
      const bit = -ahead < window ? (1 << -ahead) >>> 0 : 0;
      if (bit === 0 || (start.seen & bit) !== 0) return "replayed";
      start.seen = (start.seen | bit) >>> 0;
    }
    if (at === this.#starts.length - 1) return undefined;
    this.#starts.splice(at, 1);
    this.#starts.push(start);
    return "cloned";
  }

  /** Counts a doubt: told at the first time, at each tenfold, and when it was not told for a day. */
  #doubt(what: DoubtKind, about: About, now: number): Doubted {
    const name = nameOf(what, about.reason);
    const before = this.#doubts.get(name);
    const times = (before?.times ?? 0) + 1;
    const isTold = /^10*$/.test(String(times)) || now - before!.toldAt >= toldFor;
    const doubt = { what, times, at: now, ...about };
    this.#doubts.set(name, { ...doubt, toldAt: isTold ? now : before!.toldAt });
    return { doubt, isTold };
  }
}

function shown(kept: KeptDoubt): SealDoubt {
  const { toldAt: _, ...doubt } = kept;
  return doubt;
}

function nameOf(what: DoubtKind, reason?: string): string {
  return reason === undefined ? what : `${what} ${reason}`;
}
