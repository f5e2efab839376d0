/**
 * The commands of one device and their life, as EnOS has it: they go out strictly one after another, each once the
 * one before was answered or has timed out.
 *
 *                reply     success (code 200), failed (any other code)
 *             .---------->
 *     pending --> sent ---> timed-out     no reply within the response time-out
 *        |
 *        +---> expired      not sent within its pendingTtl
 *        +---> revoked      by its operator
 *        '---> failed, timed-out    with pendingTtl 0: the device went offline, or did not speak in time
 *
 * What arrives after the end changes nothing: a late reply is told to the operator, and the end stays as it is.
 */
import {
  deadlineOf,
  isFinished,
  isKnownBy,
  longestResponse,
  markSent,
  restored,
  success,
  viewOf,
} from "./command-entry";
import type { EncodedCommand } from "./command-encoding";
import type { CommandStatus, CommandTimes, CommandView, Entry } from "./command-entry";

/** A device's reply to a command. */
export interface CommandReply {
  readonly code: number;
  readonly data?: unknown;
  readonly message?: string;
}

/** What a reply was to: a command that waited for it, or one that had ended without. */
export interface Replied {
  readonly id: string;
  readonly late: boolean;
  /** From when its payload left to the reply, ms. */
  readonly took: number;
  /** The reply stated the id as a parsing script has cut it. */
  readonly cut: boolean;
}

/** Times are those of commands that bring none of their own. */
export interface CommandLimits extends CommandTimes {
  /** After an offer, ms until the same command is offered again. */
  resendAfter: number;
  /** Most commands that wait for one device. */
  waitingCommands: number;
  /** Finished commands kept per device. */
  finishedCommands: number;
  /** Largest command payload, bytes. */
  commandPayload: number;
}

/** Why a command is not taken, or not revoked, though nothing is wrong with it. */
export class CommandRefused extends RangeError {
  override name = "CommandRefused";
  readonly why: "full" | "offline" | "id taken" | "not waiting";

  constructor(why: CommandRefused["why"], message: string) {
    super(message);
    this.why = why;
  }
}

interface Numbered {
  /** Counts up in the order of queueing; the storage knows the command by it. */
  readonly number: number;
  readonly entry: Entry;
}

/** A command as it is put on a response, or as the answer to a GET. */
export interface Delivery {
  readonly id: string;
  readonly path: string;
  readonly payload: Uint8Array;
}

/** A command that came to its end without a reply. */
export interface Ended {
  readonly id: string;
  readonly status: "timed-out" | "expired" | "failed";
}

/** Told of what to store of the command with this number; `entry` is undefined when it is to be deleted. */
export type KeepCommand = (number: number, id: string, entry: unknown) => void;

export class CommandQueue {
  readonly #limits: CommandLimits;
  readonly #keep: KeepCommand;
  /** Those without an end, in the order in which they go out. At most one of them is "sent". */
  #waiting: Numbered[] = [];
  /** In the order of their ends. */
  readonly #finished: Numbered[] = [];
  #nextNumber = 0;

  constructor(limits: CommandLimits, keep: KeepCommand = () => {}) {
    this.#limits = limits;
    this.#keep = keep;
  }

  /** All commands kept, oldest first. */
  views(productKey: string, deviceKey: string): CommandView[] {
    return this.#all().map(({ entry }) => viewOf(entry, productKey, deviceKey));
  }

  /** One command that is kept. */
  view(id: string, productKey: string, deviceKey: string): CommandView | undefined {
    const entry = this.#find(id)?.entry;
    return entry && viewOf(entry, productKey, deviceKey);
  }

  /** Whether a command that waits has this request id. */
  awaits(requestId: number): boolean {
    return this.#waiting.some(({ entry }) => entry.requestId === requestId);
  }

  /** Numbers and ids of the commands kept. */
  kept(): { number: number; id: string }[] {
    return this.#all().map(({ number, entry: { id } }) => ({ number, id }));
  }

  /** When the next command comes to its end without a reply, ms; Infinity when none waits. */
  get deadline(): number {
    let deadline = Infinity;
    for (const { entry } of this.#waiting) deadline = Math.min(deadline, deadlineOf(entry));
    return deadline;
  }

  /**
   * Queues a command.
   * @param times its own; the limits' where it has none
   * @param online whether the device is: one without pendingTtl is for such a device only
   * @throws RangeError on a payload or time out of range; CommandRefused when it cannot be taken now
   */
  add(id: string, command: EncodedCommand, now: number, times: Partial<CommandTimes>, online: boolean): void {
    const { commandPayload, waitingCommands } = this.#limits;
    const { payload, requestId } = command;
    if (payload.length > commandPayload) {
      throw new RangeError(`command: expected at most ${commandPayload} bytes, got ${payload.length}`);
    }
    const pendingTtl = times.pendingTtl ?? this.#limits.pendingTtl;
    const responseTimeout = times.responseTimeout ?? this.#limits.responseTimeout;
    refuseOutside("pendingTtl", pendingTtl, 0, longestPending);
    refuseOutside("responseTimeout", responseTimeout, shortestResponse, longestResponse);
    if (requestId !== undefined && this.awaits(requestId)) {
      throw new CommandRefused(
        "id taken",
        `command: request id ${requestId} is already waiting for its reply`,
      );
    }
    if (pendingTtl === 0 && !online) {
      throw new CommandRefused(
        "offline",
        "command: the device is not online; with a pendingTtl the command waits for it",
      );
    }
    const pending = this.#waiting.filter(({ entry }) => entry.status === "pending").length;
    if (pending >= waitingCommands) {
      throw new CommandRefused("full", `command: ${waitingCommands} already wait for this device`);
    }
    const entry: Entry = {
      ...{ id, ...command, pendingTtl, responseTimeout, status: "pending", offers: 0 },
      ...{ createdAt: now, waitsSince: now },
    };
    const numbered = { number: this.#nextNumber++, entry };
    this.#waiting.push(numbered);
    this.#changed(numbered);
  }

  /** Takes over a command from the storage, also one that a former version kept. */
  restore(number: number, value: unknown): string {
    const numbered = { number, entry: restored(value) };
    (isFinished(numbered.entry) ? this.#finished : this.#waiting).push(numbered);
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    return numbered.entry.id;
  }

  /**
   * The command to put on the response that is just being made, if one is due: the one whose turn it is. Once its
   * payload has left it is due again after a while; until then a path alone tells of it each time.
   * @param deliver true when the payload goes along (option 2102), false when only the path does
   * @param uplink what the response is to, as `CommandView` has it
   * @param fits whether the response has room for one with this path and payload: else it waits for another
   */
  offer(
    now: number,
    deliver: boolean,
    uplink: string,
    fits: (path: string, payload: Uint8Array) => boolean,
  ): Delivery | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const { entry } = first;
    const { offeredAt = -Infinity } = entry;
    const isDue = (entry.status === "pending" && !deliver) || now - offeredAt >= this.#limits.resendAfter;
    if (!isDue || (deliver && !fits(entry.path, entry.payload))) return undefined;
    if (entry.firstOfferedAt === undefined) {
      entry.firstOfferedAt = now;
      entry.uplink = uplink;
    }
    entry.offeredAt = now;
    entry.offers += 1;
    if (deliver) markSent(entry, now);
    this.#changed(first);
    return entry;
  }

  /**
   * The command that a GET of `path` means: the one whose turn it is, so that a device which lost the answer can ask
   * once more; undefined when that has another path.
   */
  fetch(path: string, now: number): Delivery | undefined {
    const first = this.#first;
    if (first === undefined || first.entry.path !== path) return undefined;
    const { entry } = first;
    entry.offeredAt = now;
    entry.fetchedAt ??= now;
    markSent(entry, now);
    this.#changed(first);
    return entry;
  }

  /**
   * Takes a reply that came for `path`. Undefined when it is to no command that was sent, or to one that has its
   * reply already.
   * @param key the id of the message; of a raw one what its script made of it
   */
  answer(path: string, key: string, reply: CommandReply, now: number): Replied | undefined {
    const known = ({ entry }: Numbered): boolean =>
      entry.path === path &&
      entry.sentAt !== undefined &&
      entry.answeredAt === undefined &&
      isKnownBy(entry, key);
    const open = this.#waiting.find(known);
    const found = open ?? [...this.#finished].reverse().find(known);
    if (found === undefined) return undefined;
    const { entry } = found;
    const took = now - entry.sentAt!;
    const cut = entry.requestId === undefined && entry.id !== key;
    if (open === undefined) {
      // What the end was stays: the operator may have acted on it.
      if (entry.late !== undefined) return undefined;
      const { code, data, message } = reply;
      entry.late = { at: now, code, data, message };
      this.#changed(found);
      return { id: entry.id, late: true, took, cut };
    }
    entry.answeredAt = now;
    entry.code = reply.code;
    entry.data = reply.data;
    entry.message = reply.message;
    this.#end(found, reply.code === success ? "success" : "failed", now);
    return { id: entry.id, late: false, took, cut };
  }

  /** Withdraws a command that has not been sent; false, and no effect, for any other. */
  revoke(id: string, now: number): boolean {
    const found = this.#find(id);
    if (found?.entry.status !== "pending") return false;
    this.#end(found, "revoked", now);
    return true;
  }

  /** Has a command wait anew, as long as at first, behind those that wait; false for one that is not kept. */
  repeat(id: string, now: number): boolean {
    const found = this.#find(id);
    if (found === undefined) return false;
    const { entry } = found;
    remove(this.#waiting, found);
    remove(this.#finished, found);
    Object.assign(entry, { status: "pending", waitsSince: now });
    for (const member of perSending) delete entry[member];
    this.#waiting.push(found);
    this.#changed(found);
    return true;
  }

  /** Ends the commands whose time is over, and those without pendingTtl when the device is offline. */
  expire(now: number, online: boolean): Ended[] {
    const ended: Ended[] = [];
    for (const each of [...this.#waiting]) {
      const { entry } = each;
      const isInstant = entry.status === "pending" && entry.pendingTtl === 0;
      const gone = isInstant && !online;
      if (!gone && now < deadlineOf(entry)) continue;
      const status = gone ? "failed" : entry.status === "sent" || isInstant ? "timed-out" : "expired";
      if (gone) entry.message = "the device went offline before the command was sent";
      this.#end(each, status, now);
      ended.push({ id: entry.id, status });
    }
    return ended;
  }

  /** The command whose turn it is: the one that was sent, until it ends. */
  get #first(): Numbered | undefined {
    if (this.#waiting.length === 0) return undefined;
    return this.#waiting.find(({ entry }) => entry.status === "sent") ?? this.#waiting[0];
  }

  #find(id: string): Numbered | undefined {
    const isIt = ({ entry }: Numbered): boolean => entry.id === id;
    return this.#waiting.find(isIt) ?? this.#finished.find(isIt);
  }

  #all(): Numbered[] {
    return [...this.#finished, ...this.#waiting].sort((one, other) => one.number - other.number);
  }

  #end(numbered: Numbered, status: CommandStatus, now: number): void {
    numbered.entry.status = status;
    numbered.entry.endedAt = now;
    remove(this.#waiting, numbered);
    this.#finished.push(numbered);
    this.#changed(numbered);
    while (this.#finished.length > this.#limits.finishedCommands) {
      const { number, entry } = this.#finished.shift()!;
      this.#keep(number, entry.id, undefined);
    }
  }

  #changed({ number, entry }: Numbered): void {
    this.#keep(number, entry.id, { ...entry, payload: Buffer.from(entry.payload).toString("base64") });
  }
}

/** What of a command is told of its sending, and begins anew with another one. */
const perSending = [
  ...(["firstOfferedAt", "offeredAt", "uplink", "fetchedAt", "answeredAt", "endedAt", "late"] as const),
] as const;

/** Bounds of EnOS's pendingTtl and of the time for a response, ms. */
const longestPending = 172_800_000;
const shortestResponse = 1_000;

function remove(list: Numbered[], numbered: Numbered): void {
  const at = list.indexOf(numbered);
  if (at >= 0) list.splice(at, 1);
}

function refuseOutside(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`${name}: expected ${least / 1000} to ${most / 1000} s, got ${value / 1000}`);
}
