/**
 * Commands on their way to one device: held until it speaks, offered again until it has answered.
 *
 *     pending -> sent -> answered          "pending" until the payload has left the cloud,
 *        \         \                       "sent" until the reply came
 *         `---------`---> timed-out
 */
import type { Product } from "../registry/product";
import { printable } from "../coap/coap-text";

/** What an operator wants a device to do. */
export type Command =
  | { kind: "set"; points: Record<string, unknown> }
  | { kind: "get"; points: string[] }
  | { kind: "service"; service: string; inputs: Record<string, unknown> }
  /** A firmware to fetch; always JSON, also where the product's other commands are bytes. */
  | { kind: "upgrade"; params: UpgradeParams }
  /** Bytes given by hand; `requestId` is the u32 inside them. */
  | { kind: "raw"; payload: Uint8Array; requestId: number };

/** What `ota/device/upgrade` says of a firmware. */
export interface UpgradeParams {
  version: string;
  /** Hexadecimal digest of the file. */
  sign: string;
  /** Such as "md5". */
  signMethod: string;
  /** Where the file is: a path on this server, or a URL. */
  fileUrl: string;
  /** Bytes. */
  fileSize: number;
}

type CommandStatus = "pending" | "sent" | "answered" | "timed-out";

/** A command as its sender sees it. */
export interface CommandView {
  readonly id: string;
  readonly productKey: string;
  readonly deviceKey: string;
  readonly kind: Command["kind"];
  /** Below /topic/sys/PK/DK, such as `thing/service/measurepoint/set`. */
  readonly path: string;
  readonly status: CommandStatus;
  /** ms, as the two below */
  readonly createdAt: number;
  /** When its payload last left the cloud. */
  readonly sentAt?: number;
  readonly answeredAt?: number;
  /** The device's result code; 200 is success. */
  readonly code?: number;
  /** What a reply carried as `data`. */
  readonly data?: unknown;
  /** The text of the device's answer. */
  readonly message?: string;
  /** How often it was offered to the device. */
  readonly offers: number;
}

/** A device's reply to a command. */
export interface CommandReply {
  readonly code: number;
  readonly data?: unknown;
  readonly message?: string;
}

export interface CommandLimits {
  /** After an offer, ms until the same command is offered again. */
  resendAfter: number;
  /** From `add`, ms until a command without reply is given up, unless it brings a time of its own. */
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
  /** Request id of a raw command, which its reply repeats. */
  requestId?: number;
  status: CommandStatus;
  createdAt: number;
  /** When it is given up, ms. */
  expiresAt: number;
  offeredAt?: number;
  sentAt?: number;
  answeredAt?: number;
  offers: number;
  /** Offered by path alone and not fetched since. */
  awaitsFetch: boolean;
  code?: number;
  data?: unknown;
  message?: string;
}

/** A command as it is put on a response, or as the answer to a GET. */
export interface Delivery {
  readonly id: string;
  readonly path: string;
  readonly payload: Uint8Array;
}

/** Told of what to store of the command with this number; `undefined` when it is to be deleted. */
export type KeepCommand = (number: number, entry: unknown) => void;

export class CommandQueue {
  readonly #limits: CommandLimits;
  readonly #keep: KeepCommand;
  /** Oldest first. */
  #entries: { number: number; entry: Entry }[] = [];
  #nextNumber = 0;

  constructor(limits: CommandLimits, keep: KeepCommand = () => {}) {
    this.#limits = limits;
    this.#keep = keep;
  }

  /** All commands kept, oldest first. */
  views(productKey: string, deviceKey: string): CommandView[] {
    return this.#entries.map(({ entry }) => viewOf(entry, productKey, deviceKey));
  }

  /** One command that is kept. */
  view(id: string, productKey: string, deviceKey: string): CommandView | undefined {
    const found = this.#entries.find(({ entry }) => entry.id === id);
    return found && viewOf(found.entry, productKey, deviceKey);
  }

  /** Whether a command goes by this number: one that is kept, or the request id of one that waits. */
  knows(id: number): boolean {
    return this.#entries.some(
      ({ entry }) => entry.id === String(id) || (waits(entry) && entry.requestId === id),
    );
  }

  /** Numbers under which commands are kept. */
  numbers(): number[] {
    return this.#entries.map(({ number }) => number);
  }

  /** When the next command times out, ms; Infinity when none waits. */
  get deadline(): number {
    let deadline = Infinity;
    for (const { entry } of this.#entries) if (waits(entry)) deadline = Math.min(deadline, entry.expiresAt);
    return deadline;
  }

  /**
   * Queues a command under `id` and returns its path.
   * @param faultOf why one with this path and payload can never be sent; undefined when it can
   * @param timeout ms until it is given up
   * @throws RangeError when it is too long, not as the model says, or too many wait already
   */
  add(
    id: string,
    command: Command,
    product: Product,
    faultOf: (path: string, payload: Uint8Array) => string | undefined,
    now: number,
    timeout = this.#limits.commandTimeout,
  ): string {
    const { path, payload, requestId } = encodeCommand(id, command, product);
    const { commandPayload, commandsPerDevice } = this.#limits;
    if (payload.length > commandPayload) {
      throw new RangeError(`command: expected at most ${commandPayload} bytes, got ${payload.length}`);
    }
    refuseFault(faultOf(path, payload));
    if (!(timeout > 0 && timeout <= longestTimeout)) {
      throw new RangeError(`timeout: expected more than 0 and at most ${longestTimeout} ms, got ${timeout}`);
    }
    const taken =
      requestId !== undefined &&
      this.#entries.some(({ entry }) => waits(entry) && entry.requestId === requestId);
    if (taken) throw new RangeError(`command: request id ${requestId} is already waiting for its reply`);
    if (this.#entries.length >= commandsPerDevice) {
      const finished = this.#entries.findIndex(({ entry }) => !waits(entry));
      if (finished < 0) throw new RangeError(`command: ${commandsPerDevice} already wait for this device`);
      this.#keep(this.#entries[finished].number, undefined);
      this.#entries.splice(finished, 1);
    }
    const entry: Entry = {
      ...{ id, kind: command.kind, path, payload, requestId, createdAt: now, expiresAt: now + timeout },
      ...{ status: "pending", offers: 0, awaitsFetch: false },
    };
    const number = this.#nextNumber++;
    this.#entries.push({ number, entry });
    this.#changed(number, entry);
    return path;
  }

  /** Takes over a command from the storage. */
  restore(number: number, value: unknown): void {
    const kept = value as Omit<Entry, "payload"> & { payload: string };
    this.#entries.push({ number, entry: { ...kept, payload: Buffer.from(kept.payload, "base64") } });
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
  }

  /**
   * The command to put on the response that is just being made, if one is due: one whose payload has left
   * again after a while, one that has to be fetched each time, for a path alone tells of any that waits.
   * @param deliver true when the payload goes along (option 2102), false when only the path does
   * @param fits whether the response has room for one with this path and payload: else it waits for another
   */
  offer(
    now: number,
    deliver: boolean,
    fits: (path: string, payload: Uint8Array) => boolean,
  ): Delivery | undefined {
    const found = this.#entries.find(({ entry: { status, offeredAt } }) => {
      if (status !== "pending" && status !== "sent") return false;
      if (status === "pending" && !deliver) return true;
      return offeredAt === undefined || now - offeredAt >= this.#limits.resendAfter;
    });
    if (found === undefined) return undefined;
    const { number, entry } = found;
    if (deliver && !fits(entry.path, entry.payload)) return undefined;
    entry.offeredAt = now;
    entry.offers += 1;
    entry.awaitsFetch = !deliver;
    if (deliver) {
      entry.status = "sent";
      entry.sentAt = now;
    }
    this.#changed(number, entry);
    return entry;
  }

  /**
   * The command that a GET of `path` means: the oldest one offered there and not fetched yet, else the
   * oldest that waits, so that a device which lost the answer can ask once more.
   */
  fetch(path: string, now: number): Delivery | undefined {
    const there = this.#entries.filter(({ entry }) => waits(entry) && entry.path === path);
    const found = there.find(({ entry }) => entry.awaitsFetch) ?? there[0];
    if (found === undefined) return undefined;
    const { number, entry } = found;
    entry.awaitsFetch = false;
    entry.status = "sent";
    entry.offeredAt = now;
    entry.sentAt = now;
    this.#changed(number, entry);
    return entry;
  }

  /**
   * Takes a reply that came for `path`. Returns the command's id, or `undefined` when none waits for it,
   * as after the same reply came before.
   * @param key the id of the message; of a raw one its request id as text
   */
  answer(path: string, key: string, reply: CommandReply, now: number): string | undefined {
    const found = this.#entries.find(({ entry }) => {
      if (!waits(entry) || entry.path !== path) return false;
      return entry.requestId === undefined ? entry.id === key : String(entry.requestId) === key;
    });
    if (found === undefined) return undefined;
    const { number, entry } = found;
    entry.status = "answered";
    entry.answeredAt = now;
    entry.code = reply.code;
    entry.data = reply.data;
    entry.message = reply.message;
    this.#changed(number, entry);
    return entry.id;
  }

  /** Has a command wait again for its reply, as long as at first; false for one that is not kept. */
  repeat(id: string, now: number): boolean {
    const found = this.#entries.find(({ entry }) => entry.id === id);
    if (found === undefined) return false;
    const { number, entry } = found;
    entry.status = "pending";
    entry.offeredAt = undefined;
    entry.expiresAt = now + (entry.expiresAt - entry.createdAt);
    this.#changed(number, entry);
    return true;
  }

  /** Gives up the commands whose time is over; returns their ids. */
  expire(now: number): string[] {
    const lost = this.#entries.filter(({ entry }) => waits(entry) && now >= entry.expiresAt);
    for (const { number, entry } of lost) {
      entry.status = "timed-out";
      this.#changed(number, entry);
    }
    return lost.map(({ entry }) => entry.id);
  }

  #changed(number: number, entry: Entry): void {
    this.#keep(number, { ...entry, payload: Buffer.from(entry.payload).toString("base64") });
  }
}

/** A month, ms. */
const longestTimeout = 30 * 86_400_000;
const rawDown = "thing/model/down_raw";
const upgradePath = "ota/device/upgrade";

function viewOf(entry: Entry, productKey: string, deviceKey: string): CommandView {
  const { id, kind, path, status, createdAt, sentAt, answeredAt, offers, code, data, message } = entry;
  return {
    ...{ id, productKey, deviceKey, kind, path, status, createdAt, sentAt, answeredAt, offers },
    ...{ code, data, message },
  };
}

function waits(entry: Entry): boolean {
  return entry.status === "pending" || entry.status === "sent";
}

type EncodedCommand = Pick<Entry, "path" | "payload" | "requestId">;

function encodeCommand(id: string, command: Command, product: Product): EncodedCommand {
  switch (command.kind) {
    case "raw": {
      const { requestId, payload } = command;
      if (!Number.isInteger(requestId) || requestId < 0 || requestId > 0xffff_ffff) {
        throw new RangeError(`requestId: expected an integer from 0 to 4294967295, got ${requestId}`);
      }
      if (payload.length === 0) throw new RangeError("payload: expected at least 1 byte");
      return { path: rawDown, payload: payload.slice(), requestId };
    }
    case "set":
      refuseFault(product.checkSet(command.points));
      return encodeService(id, "measurepoint/set", command.points, product);
    case "get":
      if (product.payload === "raw")
        throw new RangeError("get: has no raw form, and the product's commands are raw");
      for (const identifier of command.points) {
        if (!product.hasPoint(identifier))
          throw new RangeError(`points: ${printable(identifier)} is not in the model`);
      }
      return encodeService(id, "measurepoint/get", command.points, product);
    case "service": {
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(command.service) || command.service.endsWith("_reply")) {
        throw new RangeError("service: expected 1 to 64 of A-Z a-z 0-9 _ - that do not end in _reply");
      }
      refuseFault(product.checkService(command.service, command.inputs));
      return encodeService(id, command.service, command.inputs, product);
    }
    case "upgrade": {
      const text = JSON.stringify({
        ...{ id, version: "1.0", method: "ota.device.upgrade", params: command.params },
      });
      return { path: upgradePath, payload: Buffer.from(text, "utf8") };
    }
  }
}

/** As JSON, or as the bytes that the product's parsing script makes of it. */
function encodeService(id: string, service: string, params: unknown, product: Product): EncodedCommand {
  const method = `thing.service.${service.replace("/", ".")}`;
  const text = JSON.stringify({ id, version: "1.0", method, params });
  if (product.payload === "json")
    return { path: `thing/service/${service}`, payload: Buffer.from(text, "utf8") };
  const payload = product.jsonToRaw(text, "command");
  if ("fault" in payload) throw new RangeError(`the parsing script made no command of it: ${payload.fault}`);
  if (payload.length === 0)
    throw new RangeError("the parsing script made no command of it: it gave no bytes");
  return { path: rawDown, payload, requestId: Number(id) };
}

function refuseFault(fault: string | undefined): void {
  if (fault !== undefined) throw new RangeError(fault);
}
