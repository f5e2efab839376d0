/** One command as the cloud keeps it, stores it and shows it. */
import { isCutFrom } from "./command-ids";
import { rawDown } from "./command-encoding";
import type { EncodedCommand } from "./command-encoding";

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
export interface CommandView extends Readonly<CommandTimes> {
  readonly id: string;
  readonly productKey: string;
  readonly deviceKey: string;
  readonly kind: EncodedCommand["kind"];
  /** Which service it calls, when that is its kind. */
  readonly service?: string;
  /** Below /topic/sys/PK/DK, such as `thing/service/measurepoint/set`. */
  readonly path: string;
  readonly status: CommandStatus;
  /** ms, as all times below */
  readonly createdAt: number;
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

/** When a reply came too late, ms, and its code. */
interface LateReply {
  readonly at: number;
  readonly code: number;
}

/** A command as its queue keeps it. */
export interface Entry extends EncodedCommand, CommandTimes {
  readonly id: string;
  status: CommandStatus;
  readonly createdAt: number;
  /** Since when it waits to be sent, ms: its creation, or when it was to be sent again. */
  waitsSince: number;
  offeredAt?: number;
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
  const { id, kind, service, path, status, pendingTtl, responseTimeout, createdAt, sentAt } = entry;
  const { answeredAt, endedAt, offers, code, data, message, late } = entry;
  return {
    ...{ id, productKey, deviceKey, kind, service, path, status, pendingTtl, responseTimeout, createdAt },
    ...{ sentAt, answeredAt, endedAt, offers, code, data, message, late },
  };
}
