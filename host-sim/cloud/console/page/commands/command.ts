/** A command as the API shows it, and the words for how it stands. Times are epoch ms, durations seconds. */

export const statuses = [
  ...(["pending", "sent", "success", "failed", "timed-out", "expired", "revoked"] as const),
] as const;
export type Status = (typeof statuses)[number];

export interface Command {
  readonly id: string;
  readonly kind: "set" | "get" | "service" | "raw" | "upgrade";
  readonly service?: string;
  readonly points?: Readonly<Record<string, unknown>> | readonly string[];
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly payload?: string;
  readonly requestId?: number;
  readonly path: string;
  readonly status: Status;
  readonly pendingTtl: number;
  readonly responseTimeout: number;
  readonly createdAt: number;
  readonly deadline?: number;
  readonly offeredAt?: number;
  readonly offeredLastAt?: number;
  readonly uplink?: string;
  readonly fetchedAt?: number;
  readonly sentAt?: number;
  readonly answeredAt?: number;
  readonly endedAt?: number;
  readonly offers: number;
  readonly code?: number;
  readonly data?: unknown;
  readonly message?: string;
  readonly late?: {
    readonly at: number;
    readonly code: number;
    readonly data?: unknown;
    readonly message?: string;
  };
}

/** How a status is written. */
export const statusWords: Readonly<Record<Status, string>> = {
  pending: "waiting",
  sent: "sent",
  success: "success",
  failed: "failed",
  "timed-out": "timed out",
  expired: "expired",
  revoked: "revoked",
};

/** What a status is like, for its colour and its mark. */
export type Tone = "waiting" | "running" | "good" | "bad" | "over";

export const statusTones: Readonly<Record<Status, Tone>> = {
  pending: "waiting",
  sent: "running",
  success: "good",
  failed: "bad",
  "timed-out": "bad",
  expired: "bad",
  revoked: "over",
};

/**
 * Result codes of devices that have a name: 200 is EnOS's, those of the 200s and above it this project's firmware's,
 * after HTTP's. Any other whole number is the device's own.
 */
const codeNames: ReadonlyMap<number, string> = new Map([
  [200, "success"],
  [208, "done before, its result is not kept"],
  [240, "refused in safe start"],
  [241, "interrupted, the effect is not known"],
  [242, "the answer is too long"],
  [400, "bad request"],
  [404, "unknown to the device"],
  [500, "failed in the device"],
]);

/** A result code with its name: `404, unknown to the device`. */
export function codeWords(code: number): string {
  const name = codeNames.get(code);
  return name === undefined ? `${code}, the device's own code` : `${code}, ${name}`;
}

/** Whether it has come to its end. */
export function isOver({ status }: Command): boolean {
  return status !== "pending" && status !== "sent";
}

/** How many of these stand before one in the queue: the one that was sent, and those that wait for longer. */
export function ahead(command: Command, all: readonly Command[]): number {
  if (command.status !== "pending") return 0;
  let count = 0;
  for (const other of all) {
    if (other.id === command.id) return count;
    if (!isOver(other)) count += 1;
  }
  return count;
}
