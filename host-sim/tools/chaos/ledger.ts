/**
 * What a trial's rules judge by. It is read from the log, the wire and the cloud's events, never from
 * inside the firmware.
 */
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { readLogLine, splitLogLine } from "../../sim/world/device-log";
import { epoch } from "../../sim/world/world";
import type { WorldEvent } from "../../sim/world/world";

/** A reading that the device said it took. */
export interface Taken {
  readonly id: number;
  /** Virtual ms: the true time of the measurement. */
  readonly at: number;
  /** Number of the boot in which that was. */
  readonly boot: number;
  readonly values: unknown;
}

/** A reading as the cloud stored it. */
export interface Stored {
  /** Of the request that brought it. */
  readonly id: string;
  readonly points: unknown;
  /** When it was measured, as the device says, epoch ms; undefined: now. */
  readonly time: number | undefined;
  /** Virtual ms. */
  readonly at: number;
}

/** A line of the log that tells of a loss. */
export interface Loss {
  readonly how: "dropped" | "refused";
  readonly reason: string;
  readonly at: number;
  /** Readings that waited then. */
  readonly waiting: number;
}

/** Datagrams that follow each other faster, with nothing received between them. */
export interface Haste {
  readonly at: number;
  readonly gap: number;
}

/** Least time between two datagrams without an answer, ms: 3 s, but for what the AT port adds and takes. */
const leastGap = 2_800;

/**
 * The books of a trial: what the device said of its readings, what the cloud has of them, and whatever
 * else the rules need.
 */
export class Ledger {
  readonly taken = new Map<number, Taken>();
  readonly acknowledged = new Map<number, number>();
  readonly losses = new Map<number, Loss>();
  readonly stored: Stored[] = [];
  /** Records of the journal that the device found damaged. */
  damaged = 0;
  /** What the modem said that the time is, ms ahead of the true one; `asked`: it was asked for it. */
  readonly tellings: { readonly at: number; readonly error: number; readonly asked: boolean }[] = [];
  /** Lines of the log that must not be there, and those with a secret in them, by their room alone. */
  readonly faultLines: string[] = [];
  readonly leaks: string[] = [];
  /** Rooms of the log's lines that its reader does not know. */
  readonly unreadable: string[] = [];
  readonly hastes: Haste[] = [];
  /** Restarts that the firmware asked for and gave a reason, and all others. */
  readonly restarts = { explained: [] as string[], unexplained: [] as string[] };
  /** Starts of the board and their ends, virtual ms each; the last has none. */
  readonly boots: number[] = [0];
  readonly ends: number[] = [];
  datagrams = 0;
  /** Virtual ms. */
  lastAcknowledged = -Infinity;
  readonly #pending = new Set<number>();
  readonly #secrets: string[];
  #reason: string | undefined;
  #lastSend = -Infinity;
  #heard = true;

  /** @param deviceSecret must not be seen in the log */
  constructor(deviceSecret: string) {
    this.#secrets = [deviceSecret];
  }

  /** Readings that the device has, as far as it has told. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Their ids, in the order in which they were taken. */
  pendingIds(): readonly number[] {
    return [...this.#pending];
  }

  isPending(id: number): boolean {
    return this.#pending.has(id);
  }

  hear(event: WorldEvent): void {
    switch (event.source) {
      case "device":
        return this.#line(event.text, event.time);
      case "at":
        if (event.direction === "modem") this.#telling(event.text, event.time);
        return;
      case "modem":
        if (event.event.type === "receive") this.#heard = true;
        if (event.event.type === "send") this.#sent(event.time);
        return;
      case "air":
        this.datagrams += 1;
        if (event.report.direction === "down") this.#findToken(event.report.bytes);
        return;
      case "cloud":
        if (event.event.type === "stored" && event.event.kind === "reading") {
          const { id, points, time } = event.event;
          this.stored.push({ id, points, time, at: event.time });
        }
        return;
      case "board":
        // A restart's boot begins a moment later; what matters is that it is another one.
        if (this.ends.length < this.boots.length) this.ends.push(event.time);
        if (event.what !== "power lost") this.boots.push(event.time);
        if (event.what !== "restarted") return;
        if (this.#reason !== undefined && event.text.startsWith("software")) {
          this.restarts.explained.push(this.#reason);
        } else {
          this.restarts.unexplained.push(event.text);
        }
        this.#reason = undefined;
        return;
    }
  }

  #line(text: string, at: number): void {
    for (const secret of this.#secrets) {
      if (text.includes(secret)) this.leaks.push(text.split(":")[0]);
    }
    const event = readLogLine(text);
    switch (event?.kind) {
      case undefined:
        // Not the line itself: what nobody can read may hold anything.
        this.unreadable.push(splitLogLine(text).room);
        return;
      case "report taken": {
        const { id, values } = event;
        this.taken.set(id, { id, at, boot: this.boots.length, values });
        // One that is dropped as it comes, for want of room, is told to be so first.
        if (!this.losses.has(id)) this.#pending.add(id);
        return;
      }
      case "report acknowledged":
        this.acknowledged.set(event.id, at);
        this.lastAcknowledged = at;
        this.#pending.delete(event.id);
        return;
      case "report dropped":
        return this.#lost(event.id, "dropped", event.reason, at);
      case "report refused":
        return this.#lost(event.id, "refused", event.reason, at);
      case "agent idle":
        // Nothing waits in it any more: of what ended in the moment of a power cut it never told.
        if (event.waiting === undefined) this.#pending.clear();
        return;
      case "fault":
      case "modem illegal transition":
        this.faultLines.push(text);
        return;
      case "supervisor restart":
        this.#reason = event.reason;
        return;
      case "journal open":
        this.damaged += event.damaged ?? 0;
        return;
    }
  }

  #lost(id: number, how: Loss["how"], reason: string, at: number): void {
    this.losses.set(id, { how, reason, at, waiting: this.#pending.size });
    this.#pending.delete(id);
  }

  #sent(at: number): void {
    const gap = at - this.#lastSend;
    if (gap < leastGap && !this.#heard) this.hastes.push({ at, gap });
    this.#lastSend = at;
    this.#heard = false;
  }

  /** `+CLTS: ` and `+CCLK: ` with `yy/MM/dd,hh:mm:ss+zz`, the network's zone being UTC here. */
  #telling(text: string, at: number): void {
    if (!text.startsWith("+CLTS:") && !text.startsWith("+CCLK:")) return;
    const match = /(\d\d)\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)/.exec(text);
    if (match === null) return;
    const [year, month, date, hours, minutes, seconds] = match.slice(1).map(Number);
    const told = Date.UTC(2000 + year, month - 1, date, hours, minutes, seconds);
    this.tellings.push({ at, error: told - (epoch + at), asked: text.startsWith("+CCLK:") });
  }

  #findToken(datagram: Uint8Array): void {
    const message = decodeCoap(datagram);
    if ("malformed" in message || message.payload.length === 0) return;
    const token = /"token":"([^"]{8,})"/.exec(Buffer.from(message.payload).toString("latin1"))?.[1];
    if (token !== undefined && !this.#secrets.includes(token)) this.#secrets.push(token);
  }
}
