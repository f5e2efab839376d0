/**
 * Commands on their way to one device: held until it speaks, offered again until it has answered.
 *
 *     pending -> sent -> answered          "pending" until the payload has left the cloud,
 *        \         \                       "sent" until the reply came
 *         `---------`---> timed-out
 */
import { isObject } from "./thing-json";
import type { PointValue } from "./demo-product";

/** What an operator wants a device to do. */
export type Command =
  | { kind: "set"; points: Record<string, PointValue> }
  | { kind: "get"; points: string[] }
  | { kind: "service"; service: string; inputs: Record<string, unknown> }
  /** Bytes made by the product's parsing script; `requestId` is the u32 inside them. */
  | { kind: "raw"; payload: Uint8Array; requestId: number };

export type CommandStatus = "pending" | "sent" | "answered" | "timed-out";

/** A command as its sender may look at it. */
export interface CommandView {
  readonly id: string;
  readonly kind: Command["kind"];
  /** Below /topic/sys/PK/DK, such as `thing/service/measurepoint/set`. */
  readonly path: string;
  readonly status: CommandStatus;
  /** ms */
  readonly createdAt: number;
  /** The device's result code; 200 is success. */
  readonly code?: number;
  /** What a JSON reply carried as `data`. */
  readonly data?: unknown;
  /** How often it was offered to the device. */
  readonly offers: number;
}

export interface CommandLimits {
  /** After an offer, ms until the same command is offered again. */
  resendAfter: number;
  /** From `add`, ms until a command without reply is given up. */
  commandTimeout: number;
  /** Commands kept per device, finished ones included. */
  commandsPerDevice: number;
  /** Largest command payload, bytes. */
  commandPayload: number;
}

interface Entry {
  id: string;
  kind: Command["kind"];
  path: string;
  payload: Uint8Array;
  requestId?: number;
  status: CommandStatus;
  createdAt: number;
  offeredAt?: number;
  offers: number;
  /** Offered by path alone and not fetched since. */
  awaitsFetch: boolean;
  code?: number;
  data?: unknown;
}

/** What is put on a response, or answered to a fetch. */
export interface Delivery {
  readonly id: string;
  readonly path: string;
  readonly payload: Uint8Array;
}

export class CommandQueue {
  readonly #limits: CommandLimits;
  #entries: Entry[] = [];

  constructor(limits: CommandLimits) {
    this.#limits = limits;
  }

  /** All commands kept, oldest first. */
  views(): CommandView[] {
    return this.#entries.map(({ id, kind, path, status, createdAt, offers, code, data }) => {
      return { id, kind, path, status, createdAt, offers, code, data };
    });
  }

  /** When the next command times out, ms; Infinity when none waits. */
  get deadline(): number {
    const first = this.#entries.find(waits);
    return first === undefined ? Infinity : this.#timesOutAt(first);
  }

  /**
   * Queues a command under `id` and returns its path.
   * @throws RangeError when it is too long, malformed, or too many wait already
   */
  add(id: string, command: Command, now: number): string {
    const { path, payload } = encodeCommand(id, command);
    const { commandPayload, commandsPerDevice } = this.#limits;
    if (payload.length > commandPayload) {
      throw new RangeError(`command: expected at most ${commandPayload} bytes, got ${payload.length}`);
    }
    const requestId = command.kind === "raw" ? command.requestId : undefined;
    if (requestId !== undefined && this.#entries.some((e) => waits(e) && e.requestId === requestId)) {
      throw new RangeError(`command: request id ${requestId} is already waiting for its reply`);
    }
    if (this.#entries.length >= commandsPerDevice) {
      const finished = this.#entries.findIndex((entry) => !waits(entry));
      if (finished < 0) throw new RangeError(`command: ${commandsPerDevice} already wait for this device`);
      this.#entries.splice(finished, 1);
    }
    this.#entries.push({
      ...{ id, kind: command.kind, path, payload, requestId, createdAt: now },
      ...{ status: "pending", offers: 0, awaitsFetch: false },
    });
    return path;
  }

  /**
   * The command to put on the response that is just being made, if one is due.
   * @param deliver true when the payload goes along (option 2102), false when only the path does
   */
  offer(now: number, deliver: boolean): Delivery | undefined {
    const entry = this.#entries.find((candidate) => {
      if (!waits(candidate)) return false;
      return candidate.offeredAt === undefined || now - candidate.offeredAt >= this.#limits.resendAfter;
    });
    if (entry === undefined) return undefined;
    entry.offeredAt = now;
    entry.offers += 1;
    entry.awaitsFetch = !deliver;
    if (deliver) entry.status = "sent";
    return entry;
  }

  /**
   * The command that a GET of `path` means: the oldest one offered there and not fetched yet, else the
   * oldest that waits, so that a device which lost the answer can ask once more.
   */
  fetch(path: string, now: number): Delivery | undefined {
    const there = this.#entries.filter((entry) => waits(entry) && entry.path === path);
    const entry = there.find((candidate) => candidate.awaitsFetch) ?? there[0];
    if (entry === undefined) return undefined;
    entry.awaitsFetch = false;
    entry.status = "sent";
    entry.offeredAt = now;
    return entry;
  }

  /**
   * Takes a reply. Returns the command's id, or `undefined` when none waits for it, as after the same
   * reply came before. `key` is the id of a JSON command, or the request id of a raw one.
   */
  answer(path: string, key: string | number, code: number, data?: unknown): string | undefined {
    const entry = this.#entries.find((candidate) => {
      if (!waits(candidate) || candidate.path !== path) return false;
      return candidate.kind === "raw" ? candidate.requestId === key : candidate.id === String(key);
    });
    if (entry === undefined) return undefined;
    entry.status = "answered";
    entry.code = code;
    entry.data = data;
    return entry.id;
  }

  /** Gives up what has waited too long; returns the ids. */
  expire(now: number): string[] {
    const lost = this.#entries.filter((entry) => {
      return waits(entry) && now >= this.#timesOutAt(entry);
    });
    for (const entry of lost) entry.status = "timed-out";
    return lost.map((entry) => entry.id);
  }

  /** One sum for the deadline and for its test: with fractions, another way to put it can differ. */
  #timesOutAt(entry: Entry): number {
    return entry.createdAt + this.#limits.commandTimeout;
  }
}

function waits(entry: Entry): boolean {
  return entry.status === "pending" || entry.status === "sent";
}

function encodeCommand(id: string, command: Command): { path: string; payload: Uint8Array } {
  switch (command.kind) {
    case "raw": {
      const { requestId, payload } = command;
      if (!Number.isInteger(requestId) || requestId < 0 || requestId > 0xffff_ffff) {
        throw new RangeError(`requestId: expected an integer from 0 to 4294967295, got ${requestId}`);
      }
      if (payload.length === 0) throw new RangeError("payload: expected at least 1 byte");
      return { path: "thing/model/down_raw", payload: payload.slice() };
    }
    case "set":
      return jsonCommand(id, "measurepoint/set", command.points);
    case "get":
      return jsonCommand(id, "measurepoint/get", command.points);
    case "service": {
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(command.service) || command.service.endsWith("_reply")) {
        throw new RangeError("service: expected 1 to 64 of A-Z a-z 0-9 _ - that do not end in _reply");
      }
      if (!isObject(command.inputs)) throw new RangeError("inputs: expected an object");
      return jsonCommand(id, command.service, command.inputs);
    }
  }
}

function jsonCommand(id: string, service: string, params: unknown): { path: string; payload: Uint8Array } {
  const method = `thing.service.${service.replace("/", ".")}`;
  const text = JSON.stringify({ id, version: "1.0", method, params });
  return { path: `thing/service/${service}`, payload: Buffer.from(text, "utf8") };
}
