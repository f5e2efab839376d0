/**
 * What a trial's rules judge by. It is read from the log, the wire and the cloud's events, never from
 * inside the firmware.
 */
import { readLogLine, splitLogLine } from "../../sim/world/device-log";
import { epoch } from "../../sim/world/world";
import { CadenceBook } from "./books/cadence";
import { OnlineBook } from "./books/online-book";
import { PauseBook } from "./books/pause-book";
import { RadioBook } from "./books/radio-book";
import { SealBook } from "./books/seal-book";
import { SecretWatch } from "./books/secret-watch";
import type { CloudEvent } from "../../cloud/cloud";
import type { WorldEvent } from "../../sim/world/world";
import type { ChaosDevice } from "./script";

/** A reading that the device said it took. */
export interface Taken {
  readonly id: number;
  /** Virtual ms: the true time of the measurement. */
  readonly at: number;
  /** Number of the boot in which that was. */
  readonly boot: number;
  readonly values: unknown;
  /** In RAM alone, as no flash takes it: the device says so, and a restart may cost it. */
  readonly held?: true;
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
  /** Lines of the log that must not be there. */
  readonly faultLines: string[] = [];
  /** Rooms of the log's lines that its reader does not know. */
  readonly unreadable: string[] = [];
  readonly hastes: Haste[] = [];
  /** Restarts that the firmware asked for and gave a reason, and all others, but for those that the campaign made. */
  readonly restarts = { explained: [] as string[], unexplained: [] as string[] };
  readonly secrets: SecretWatch;
  readonly cadence: CadenceBook;
  readonly radio = new RadioBook();
  readonly online = new OnlineBook();
  readonly pauses = new PauseBook();
  /** Of a device whose product is sealed. */
  readonly seal: SealBook | undefined;
  /** Commands that the device refused as not sealed by the script, when, and why. */
  readonly refusedCommands: { readonly at: number; readonly reason: string }[] = [];
  /** Commands executed: when and in which boot, by the id. */
  readonly executed = new Map<string, { readonly at: number; readonly boot: number }[]>();
  /** Ids of commands that came again after they had been executed. */
  readonly repeated = new Set<string>();
  /** Messages of the application's that the device said it gave up. */
  readonly messageLosses: (Loss & { readonly id: number })[] = [];
  /** Messages that the cloud stored, by kind: their ids. */
  readonly messagesStored = new Map<string, Set<string>>();
  /** When the cloud refused readings, or flash did not give them, that are then sent after others, virtual ms. */
  readonly postponements: number[] = [];
  /** Until when the device speaks to the cloud less often, as others make its radio do too much; virtual ms. */
  guardedUntil = -Infinity;
  /** When the device said last that it fetches no more commands that day, virtual ms. */
  enoughCommands = -Infinity;
  /** Starts without the application and the journal, when they came: virtual ms. */
  readonly safeStarts: number[] = [];
  /** When the radio is to be on again after its budget was spent, virtual ms. */
  radioOffUntil = -Infinity;
  /** Starts of the board and their ends, virtual ms each; the last has none. */
  readonly boots: number[] = [0];
  readonly ends: number[] = [];
  datagrams = 0;
  /** Virtual ms. */
  lastAcknowledged = -Infinity;
  readonly #pending = new Set<number>();
  /** The device has started without its journal. */
  #blind = false;
  /** Blocks of the journal that it cannot read, so that it does not know of all that waits. */
  readonly #hidden = new Set<number>();
  #reason: string | undefined;
  #lastSend = -Infinity;
  #heard = true;

  /**
   * @param deviceSecret must not be seen anywhere but in its place
   * @param sealKey of a sealed product's board, 64 hex digits, likewise
   */
  constructor(
    deviceSecret: string,
    device: Pick<ChaosDevice, "interval" | "sleep" | "sealed">,
    sealKey?: string,
  ) {
    this.secrets = new SecretWatch(deviceSecret, sealKey);
    this.seal = device.sealed === undefined ? undefined : new SealBook();
    this.cadence = new CadenceBook(device);
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
        this.secrets.line(event.text, event.direction === "host");
        if (event.direction === "modem") this.#telling(event.text, event.time);
        return;
      case "modem":
        if (event.event.type === "receive") this.#heard = true;
        if (event.event.type === "send") this.#sent(event.time);
        this.radio.hear(event.event);
        return;
      case "air":
        this.datagrams += 1;
        this.secrets.datagram(event.report.bytes, event.report.direction);
        if (event.report.direction === "up") this.seal?.sent(event.report.bytes, event.time);
        return;
      case "cloud":
        if (event.event.type === "stored") this.#stored(event.event, event.time);
        return;
      case "board":
        // Its start is told by what brings it about.
        if (event.what === "starting" || event.what === "started") return;
        this.cadence.board(event);
        // A restart's boot begins a moment later; what matters is that it is another one.
        if (this.ends.length < this.boots.length) this.ends.push(event.time);
        if (event.what !== "asleep" && event.what !== "awake") {
          this.#forgetHeld();
          this.#blind = false;
        }
        // What cannot be read is told at each wake, too.
        this.#hidden.clear();
        if (event.what !== "power lost") this.boots.push(event.time);
        if (event.what !== "restarted") return;
        if (this.#reason !== undefined && event.text.startsWith("software")) {
          this.restarts.explained.push(this.#reason);
        } else if (!event.text.startsWith("crash: ")) {
          this.restarts.unexplained.push(event.text);
        }
        this.#reason = undefined;
        return;
    }
  }

  #line(text: string, at: number): void {
    const { room } = splitLogLine(text);
    this.secrets.log(text, room);
    const event = readLogLine(text);
    this.cadence.line(event, at);
    this.online.hear(event, at);
    this.pauses.hear(event, at);
    switch (event?.kind) {
      case undefined:
        // Not the line itself: what nobody can read may hold anything.
        this.unreadable.push(room);
        return;
      case "report taken":
      case "report held": {
        const { id, values } = event;
        const held = event.kind === "report held" ? ({ held: true } as const) : {};
        this.taken.set(id, { id, at, boot: this.boots.length, values, ...held });
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
      case "report kept":
      case "report apart":
        if (!/^(?:unanswered|offline)/.test(event.reason)) this.postponements.push(at);
        return;
      case "message dropped":
      case "message refused": {
        const how = event.kind === "message dropped" ? "dropped" : "refused";
        const { id, reason } = event;
        this.messageLosses.push({ id, how, reason, at, waiting: this.#pending.size });
        return;
      }
      case "command refused":
        this.refusedCommands.push({ at, reason: event.reason });
        return;
      case "command repeated":
        this.repeated.add(String(event.id));
        return;
      case "command executed": {
        const times = this.executed.get(String(event.id)) ?? [];
        this.executed.set(String(event.id), [...times, { at, boot: this.boots.length }]);
        return;
      }
      case "session downlink-ignored":
        if (event.reason === "enough commands for today") this.enoughCommands = at;
        return;
      case "radio guarded":
        this.guardedUntil = at + event.wait;
        return;
      case "journal none":
        this.#blind = true;
        this.postponements.push(at);
        return;
      case "start safe":
        this.#blind = true;
        this.safeStarts.push(at);
        return;
      case "radio off":
        this.radioOffUntil = at + event.wait;
        return;
      case "agent idle":
        // Nothing waits in it any more: of what ended in the moment of a power cut it never told.
        // Without its journal it knows nothing of what waits there.
        if (event.waiting === undefined && !this.#blind && this.#hidden.size === 0) this.#pending.clear();
        return;
      case "fault":
      case "modem illegal transition":
        this.faultLines.push(text);
        return;
      case "supervisor restart":
        this.#reason = event.reason;
        return;
      case "update starts":
      case "update back":
        this.#reason = "update";
        return;
      case "journal open":
        this.#blind = false;
        this.damaged += event.damaged ?? 0;
        return;
      case "journal block":
        if (event.what === "lost") this.damaged += event.readings ?? 0;
        if (event.what !== "unreadable") return void this.#hidden.delete(event.block);
        this.#hidden.add(event.block);
        // It sends what it knows of meanwhile.
        this.postponements.push(at);
        return;
    }
  }

  /** What was in RAM alone is gone, unless flash has taken it meanwhile. */
  #forgetHeld(): void {
    for (const id of this.#pending) if (this.taken.get(id)?.held === true) this.#pending.delete(id);
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

  /** What a modem says of the time, asked or by itself; the network's zone is UTC here. */
  #telling(text: string, at: number): void {
    if (!/^(\+CLTS|\+CCLK|\+CTZEU?|\*PSUTTZ):/.test(text)) return;
    // `yy/MM/dd,hh:mm:ss`, with four digits of the year in `+CTZE`, and `yyyy,M,d,h,m,s` in `*PSUTTZ`.
    const match = /(\d\d)[/,](\d\d?)[/,](\d\d?),(\d\d?)[:,](\d\d?)[:,](\d\d?)/.exec(text);
    if (match === null) return;
    const [year, month, date, hours, minutes, seconds] = match.slice(1).map(Number);
    const told = Date.UTC(2000 + year, month - 1, date, hours, minutes, seconds);
    const error = told - (epoch + at);
    this.tellings.push({ at, error, asked: text.startsWith("+CCLK:") });
    this.cadence.told(error);
  }

  #stored(
    { kind, id, points, time }: Extract<CloudEvent, { type: "stored" | "stored-before" }>,
    at: number,
  ): void {
    if (kind === "reading") return void this.stored.push({ id, points, time, at });
    const ids = this.messagesStored.get(kind) ?? new Set();
    this.messagesStored.set(kind, ids.add(id));
  }
}
