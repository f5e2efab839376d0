/** One command as the cloud keeps it, stores it and shows it. */
import { isCutFrom } from "./command-ids";
import { rawDown } from "./command-encoding";
import type { Asked, EncodedCommand } from "./command-encoding";

/** "pending" until its payload has left the cloud, "sent" until its end. */
export type CommandStatus = "pending" | "sent" | "success" | "failed" | "timed-out" | "expired" | "revoked";

/** How long a command waits, ms. */
export interface CommandTimes {
  /** While the device is away; 0: it is taken for a device that is online, and goes with its next answer. */
  pendingTtl: number;
  /** Once sent, for the reply. */
  responseTimeout: number;
}

/** A command as its sender sees it. */
export interface CommandView extends Readonly<CommandTimes>, Asked {
  readonly id: string;
  readonly productKey: string;
  readonly deviceKey: string;
  readonly kind: EncodedCommand["kind"];
  /** Which service it calls, when that is its kind. */
  readonly service?: string;
  /** Below /topic/sys/PK/DK, such as `thing/service/measurepoint/set`. */
  readonly path: string;
  /** Of one given by hand: its bytes in hex. */
  readonly payload?: string;
  readonly requestId?: number;
  readonly status: CommandStatus;
  /** When it was queued, ms, as all times below. */
  readonly createdAt: number;
  /** When it comes to its end unless something happens before; only while it has none. */
  readonly deadline?: number;
  /** When the device was first offered it: told where to fetch it, or sent it. */
  readonly offeredAt?: number;
  /** When it was offered last. */
  readonly offeredLastAt?: number;
  /** Below /topic/sys/PK/DK: what the device had sent, on whose answer it was first offered. */
  readonly uplink?: string;
  /** When the device first fetched it; never where its payload goes along with the offer. */
  readonly fetchedAt?: number;
  /** When its payload left the cloud: from then on the response time-out runs. */
  readonly sentAt?: number;
  readonly answeredAt?: number;
  /** When it came to its end, by a reply or without. */
  readonly endedAt?: number;
  /** The device's result code; 200 is success. */
  readonly code?: number;
  /** What a reply carried as `data`. */
  readonly data?: unknown;
  /** The text of the device's answer, or why the command failed without one. */
  readonly message?: string;
  /** A reply that came after the end. */
  readonly late?: LateReply;
  /** How often it was offered to the device. */
  readonly offers: number;
}

/** A reply that came too late: when, ms, and what it said. */
interface LateReply {
  readonly at: number;
  readonly code: number;
  readonly data?: unknown;
  readonly message?: string;
}

/** A command as its queue keeps it. */
export interface Entry extends EncodedCommand, CommandTimes {
  readonly id: string;
  status: CommandStatus;
  readonly createdAt: number;
  /** Since when it waits to be sent, ms: its creation, or when it was to be sent again. */
  waitsSince: number;
  /** The first time, and the last. */
  firstOfferedAt?: number;
  offeredAt?: number;
  uplink?: string;
  fetchedAt?: number;
  sentAt?: number;
  answeredAt?: number;
  endedAt?: number;
  offers: number;
  code?: number;
  data?: unknown;
  message?: string;
  late?: LateReply;
}

/** The code of a reply that all went well. */
export const success = 200;
/** EnOS waits no longer for a reply, ms. */
export const longestResponse = 60_000;

/** Its payload leaves now, ms. */
export function markSent(entry: Entry, now: number): void {
  // The time for the reply runs from the first time, however often the command is sent.
  if (entry.status === "pending") entry.sentAt = now;
  entry.status = "sent";
}

/** When it comes to its end unless something happens before, ms. */
export function deadlineOf({ status, sentAt, waitsSince, pendingTtl, responseTimeout }: Entry): number {
  if (status === "sent") return (sentAt ?? waitsSince) + responseTimeout;
  return waitsSince + (pendingTtl === 0 ? responseTimeout : pendingTtl);
}

/** Whether a reply with this id is to the command. */
export function isKnownBy({ id, path, requestId }: Entry, key: string): boolean {
  if (requestId !== undefined) return String(requestId) === key;
  return id === key || (path === rawDown && isCutFrom(id, key));
}

/** Whether it has come to its end. */
export function isFinished({ status }: Entry): boolean {
  return status !== "pending" && status !== "sent";
}

/** As it is stored. Versions up to 0.2.0 had one time-out for all, and one status for all that was answered. */
interface Kept extends Omit<Entry, "payload" | "status"> {
  payload: string;
  status: CommandStatus | "answered";
  expiresAt?: number;
}

/** A command from the storage, also one that a former version kept. @throws TypeError on what is none */
export function restored(value: unknown): Entry {
  const { payload, expiresAt, ...kept } = value as Kept;
  const entry = { ...kept, payload: Buffer.from(payload, "base64") } as Entry;
  if (expiresAt === undefined) return entry;
  entry.waitsSince = entry.createdAt;
  entry.pendingTtl = Math.max(1, expiresAt - entry.createdAt);
  entry.responseTimeout = longestResponse;
  if (kept.status === "answered") entry.status = kept.code === success ? "success" : "failed";
  if (kept.status === "timed-out" && kept.sentAt === undefined) entry.status = "expired";
  if (isFinished(entry)) entry.endedAt = entry.answeredAt ?? expiresAt;
  return entry;
}

/** As its sender sees it. */
export function viewOf(entry: Entry, productKey: string, deviceKey: string): CommandView {
  const { id, kind, service, points, inputs, path, requestId, status, pendingTtl, responseTimeout } = entry;
  const { createdAt, uplink, fetchedAt, sentAt, answeredAt, endedAt, offers, code, data, message, late } =
    entry;
  return {
    ...{ id, productKey, deviceKey, kind, service, points, inputs, path, requestId },
    payload: kind === "raw" ? Buffer.from(entry.payload).toString("hex") : undefined,
    ...{ status, pendingTtl, responseTimeout, createdAt, uplink, fetchedAt, sentAt, answeredAt, endedAt },
    deadline: isFinished(entry) ? undefined : deadlineOf(entry),
    // Versions before kept the last offer alone.
    offeredAt: entry.firstOfferedAt ?? (offers === 1 ? entry.offeredAt : undefined),
    offeredLastAt: entry.offeredAt,
    ...{ offers, code, data, message, late },
  };
}
