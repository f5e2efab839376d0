/**
 * What the board's processor has to do in a turn.
 *
 * A turn is one event that the host hands to the firmware, with all that the firmware does for it. What it costs in
 * steps of XS is told from what crosses the bridge meanwhile (protocol.ts): which event it was, the lines and bytes
 * that came, and each command of the firmware with its bytes. All of that is the same in every engine, and so is the
 * cost. The figures are in processor-table.ts, which is made from runs on XS; the simulation's own modules, which a
 * board has in machine code, are left out of them.
 */
import {
  GuestCommand,
  HostEvent,
  cipherMode,
  commandHeader,
  digests,
  eventHeader,
  resetReasons,
} from "./protocol";
import { nextSlot, runningSlot } from "./flash";
import { processorTable } from "./processor-table";

/**
 * Steps of XS in a second on an ESP32 at 240 MHz. Assumed: there is no published figure of a board, and 1 to 3 million
 * are likely, with a factor of 3 either way. docs/energy.md says how one measurement replaces it.
 */
export const computeRate = 2_000_000;

/** The processor's clock at that rate, MHz: at another one steps take longer by as much. */
export const fastestClock = 240;

/**
 * Kinds of turn: the board's two starts, and what comes to it when it runs. A receive FIFO full of bytes is only
 * emptied ("serial kept"), and the turn behind it reads them (firmware/board/modem-port.ts).
 */
export const turnKinds = [
  "start",
  "wake",
  "timer",
  "serial received",
  "serial kept",
  "serial writable",
  "pin",
] as const;
export type TurnKind = (typeof turnKinds)[number];

/**
 * What the firmware does, as the table names it: its commands, and what it does with those, numbered behind them. A sealed
 * payload takes AES twice under one key, as CBC-MAC and as a counter (RFC 3610); an HMAC takes SHA-256 twice, each behind a
 * block of padded key (RFC 2104). In commands of their own AES and SHA-256 stand for a signature. Flash that is read and
 * written is the journal's, unless it is an update's: what is staged, the image that runs, and the one that is made.
 */
export const turnWork = Object.freeze({
  ...GuestCommand,
  ccm: 40,
  hmac: 41,
  stagingRead: 42,
  stagingWrite: 43,
  baseRead: 44,
  imageRead: 45,
  imageWrite: 46,
});

/** Their names. */
export type WorkName = keyof typeof turnWork;

/**
 * Steps of a turn: the sum of what stands here for its kind, for what it was told and for what it did. A turn that
 * brings room for bytes to send only sends them, and takes what stands for its kind.
 */
export interface ProcessorTable {
  readonly turns: Readonly<Record<TurnKind, number>>;
  /** What is added where the firmware asks itself after each turn whether to go into deep sleep. */
  readonly sleeping: Readonly<Record<TurnKind, number>>;
  /** A line that came over the serial wire, and each byte. */
  readonly line: number;
  readonly byte: number;
  /** A command, and each byte of its body and of its answer; 0 for one that is not named. */
  readonly commands: Readonly<Partial<Record<WorkName, readonly [each: number, byte: number]>>>;
}

/** What happened in one turn. */
export interface TurnCounts {
  readonly kind: TurnKind;
  readonly sleeping: boolean;
  readonly lines: number;
  readonly bytes: number;
  /** By the number in `turnWork`. */
  readonly commands: Float64Array;
  /** Bytes of their bodies and answers, likewise. */
  readonly commandBytes: Float64Array;
}

const kinds = 1 + Math.max(...Object.values(turnWork));
/** What reading and writing of a partition is, where it is not the journal's. */
const updateWork: Readonly<Record<string, readonly [read: WorkName, write: WorkName]>> = {
  update: ["stagingRead", "stagingWrite"],
  [runningSlot]: ["baseRead", "baseRead"],
  [nextSlot]: ["imageRead", "imageWrite"],
};
const sha256 = digests.findIndex(({ name }) => name === "SHA256");
/** A key of 32 bytes fills half of a block, and what pads it (RFC 2104 section 2) the other. */
const keyEnd = commandHeader + 32;
const blockEnd = commandHeader + 64;
const paddings: readonly number[] = [0x36, 0x5c];
const lineFeed = 0x0a;
const deepSleep = resetReasons.indexOf("Deep Sleep");
/** Bytes that fill a receive FIFO, and so many of them does the firmware keep. */
const full = 120;
const mostKept = 12;

/** Which kind of turn an event begins. */
function turnKindOf(event: Uint8Array): TurnKind {
  switch (event[0]) {
    case HostEvent.boot:
      return event[1] === deepSleep ? "wake" : "start";
    case HostEvent.serialReceived:
      return "serial received";
    case HostEvent.serialWritable:
      return "serial writable";
    case HostEvent.pinChanged:
      return "pin";
    default:
      return "timer";
  }
}

/** Counts what happens in a turn. */
export class TurnCounter implements TurnCounts {
  /** The firmware is set to sleep deeply. */
  readonly sleeping: boolean;
  kind: TurnKind = "start";
  lines = 0;
  bytes = 0;
  readonly commands = new Float64Array(kinds);
  readonly commandBytes = new Float64Array(kinds);
  /** Of turns before: FIFOs that were kept, with their bytes and lines. */
  #kept = 0;
  #keptBytes = 0;
  #keptLines = 0;
  /** Names of partitions by the number that the firmware gives them. */
  readonly #partitions: string[] = [];
  /** AES of this turn as CBC and as a counter, each without the other yet: by the key. */
  readonly #halves = new Map<string, { readonly mode: number; readonly bytes: number }>();

  /** @param sleeping the firmware is set to sleep deeply */
  constructor(sleeping: boolean) {
    this.sleeping = sleeping;
  }

  /** A turn begins with this event. */
  begin(event: Uint8Array): void {
    this.kind = turnKindOf(event);
    this.lines = 0;
    this.bytes = 0;
    this.commands.fill(0);
    this.commandBytes.fill(0);
    this.#halves.clear();
    if (event[0] === HostEvent.boot) this.#kept = this.#keptBytes = this.#keptLines = 0;
    if (event[0] === HostEvent.serialReceived) {
      this.bytes = event.length - eventHeader;
      for (let i = eventHeader; i < event.length; i++) if (event[i] === lineFeed) this.lines += 1;
      if (this.bytes >= full) return this.keep();
    } else if (this.kind !== "timer") return;
    this.bytes += this.#keptBytes;
    this.lines += this.#keptLines;
    this.#kept = this.#keptBytes = this.#keptLines = 0;
  }

  /** What has come is kept for the next turn. */
  private keep(): void {
    this.kind = "serial kept";
    if (this.#kept < mostKept) {
      this.#kept += 1;
      this.#keptBytes += this.bytes;
      this.#keptLines += this.lines;
    }
    this.bytes = this.lines = 0;
  }

  /** The firmware gave this command, and got this answer. */
  command(command: Uint8Array, answer: Uint8Array): void {
    const bytes = command.length - commandHeader + answer.length;
    if (command[0] === turnWork.cipher) return this.aes(command, bytes);
    if (command[0] === turnWork.flashStatus) this.#partitions[command[1]] = partitionIn(command);
    this.count(isKeyed(command) ? turnWork.hmac : this.flashWork(command), 1, bytes);
  }

  /** What it counts as by the partition that it is about. */
  private flashWork(command: Uint8Array): number {
    const [kind, number] = command;
    if (kind !== turnWork.flashRead && kind !== turnWork.flashWrite) return kind;
    const works = updateWork[this.#partitions[number] ?? ""];
    return works === undefined ? kind : turnWork[works[kind === turnWork.flashRead ? 0 : 1]];
  }

  private count(work: number, times: number, bytes: number): void {
    this.commands[work] += times;
    this.commandBytes[work] += bytes;
  }

  /** One of AES's two modes by itself is what it is; with the other under the same key it seals or opens. */
  private aes(command: Uint8Array, bytes: number): void {
    const [, mode, keyLength] = command;
    const key = Buffer.from(command.subarray(commandHeader, commandHeader + keyLength)).toString("latin1");
    const half = this.#halves.get(key);
    if (
      half === undefined ||
      half.mode === mode ||
      (mode !== cipherMode.ctr && half.mode !== cipherMode.ctr)
    ) {
      this.#halves.set(key, { mode, bytes });
      return this.count(turnWork.cipher, 1, bytes);
    }
    this.#halves.delete(key);
    this.count(turnWork.cipher, -1, -half.bytes);
    this.count(turnWork.ccm, 1, half.bytes + bytes);
  }

  /** Steps of XS that the turn takes by the table. */
  compute(): number {
    const { turns, sleeping, line, byte } = table;
    const { kind } = this;
    let sum = turns[kind];
    if (this.sleeping) sum += sleeping[kind];
    if (kind === "serial writable") return Math.round(sum);
    sum += line * this.lines + byte * this.bytes;
    for (let i = 0; i < kinds; i++) sum += each[i] * this.commands[i] + eachByte[i] * this.commandBytes[i];
    return Math.round(sum);
  }
}

/** The partition's name in a `flashStatus` command. */
function partitionIn(command: Uint8Array): string {
  return Buffer.from(command.subarray(commandHeader)).toString("utf16le");
}

/** Whether a command takes SHA-256 of what begins with a padded key. */
function isKeyed(command: Uint8Array): boolean {
  if (command[0] !== turnWork.digest || command[1] !== sha256 || command.length < blockEnd) return false;
  const padding = command[keyEnd];
  if (!paddings.includes(padding)) return false;
  for (let i = keyEnd; i < blockEnd; i++) if (command[i] !== padding) return false;
  return true;
}

const table: ProcessorTable = processorTable;
const each = new Float64Array(kinds);
const eachByte = new Float64Array(kinds);
for (const [name, [one, byte]] of Object.entries(table.commands)) {
  const kind = turnWork[name as WorkName];
  each[kind] = one;
  eachByte[kind] = byte;
}
