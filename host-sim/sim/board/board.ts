/**
 * The simulated board: it runs an engine with the firmware in it, gives it the time, and connects its pins and
 * its UART to the modem, and its flash and storage to what the caller keeps.
 *
 * The guest tells with each answer when its next timer is due; that is one event of the scheduler.
 *
 * Where the board has a processor, a turn takes time (see processor.ts):
 *
 *     event -> the guest runs ... busy ... -> what it sends outward leaves, further events come
 *
 * The guest runs at the turn's beginning and is told the time then. Its lines of the trace come at once, and flash and
 * storage are written at once; bytes on the wire, levels of pins, the UART's rate, sleep and restart come when the turn
 * is over, and so do the timers that it has set. What arrives while the board is busy waits until then, bytes in the
 * UART's FIFO, which has room for 128.
 *
 * With an engine that answers at once everything here happens at once; with XS each call returns a
 * promise that whoever runs the scheduler has to await (`VirtualClock.run` does).
 */
import { EngineStopped, GuestFault, nothing } from "../engine/engine";
import { BoardFlash } from "./flash";
import {
  GuestCommand,
  HostEvent,
  commandHeader,
  eventHeader,
  fifoSize,
  resetReasons,
  slotOperations,
} from "./protocol";
import { BoardDigests, cipher, verify } from "./crypto";
import { OtaError } from "./ota-operations";
import { BoardStorage, textAt, utf16 } from "./key-value";
import { TurnCounter } from "./processor";
import { crcOfRetained, readRetained, writeRetained } from "./retained";
import type { Engine } from "../engine/engine";
import type { PowerDomain } from "../flash/power-domain";
import type { FlashPartitions } from "./flash";
import type { I2cBus } from "./i2c-bus";
import type { KeyValueStores } from "./key-value";
import type { TurnCounts, TurnKind } from "./processor";
import type { StorageStrike } from "./storage-faults";
import type { ScheduledEvent, Scheduler } from "../time/clock";

/** The board's end of the serial wire: a UART's transmit FIFO. */
export interface SerialWire {
  /** Takes bytes for which there is room. */
  write(bytes: Uint8Array): void;
  /** Room in the FIFO now, bytes. */
  txFree(): number;
  /** Another rate from now on, bit/s. Left out where the wire has no rate. */
  setBaud?(rate: number): void;
}

/** Why a board has stopped: on real hardware it would now boot again. */
export interface Restart {
  /**
   * "exception": one escaped a callback; "abort": the engine ran out of memory, stack or time;
   * "software": the firmware asked for it; "deep sleep": likewise, after `duration`.
   */
  readonly reason: "exception" | "abort" | "software" | "deep sleep";
  /** Deep sleep, ms by the board's own clock. */
  readonly duration?: number;
  /** The exception's text, or the engine's. */
  readonly text: string;
  /** The exception, with its stack where the engine gives one. */
  readonly error?: Error;
}

export interface BoardOptions {
  /** An engine that has evaluated the firmware's bundle, used by this board alone. */
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  /** What `mc/config` gives: values that JSON can carry. */
  readonly config: Record<string, unknown>;
  /** Key-value storage: hand the same Map to the board that comes after a restart. */
  readonly keyValue: KeyValueStores;
  /** What an operation on it meets, where it fails: see `StorageFaults`. */
  readonly storageStrike?: StorageStrike;
  /** Why its UART cannot be opened now: the firmware gets an exception with that text. */
  readonly serialFault?: () => string | undefined;
  /** Partitions of its flash, likewise. */
  readonly flash?: FlashPartitions;
  /** The slots for its image; it has none when left out. */
  readonly slots?: BoardSlots;
  /** It erases a block of flash. @returns ms for which it stands still and hears nothing */
  readonly onErase?: () => number;
  /** What flash and key-value storage lose power with; see `PowerDomain.onCut`. */
  readonly power?: PowerDomain;
  /** Memory that outlives deep sleep, panics and restarts; what it holds after a loss of power is the caller's. */
  readonly retained?: Uint8Array;
  /** Why it starts (default "Power-On"). */
  readonly resetReason?: (typeof resetReasons)[number];
  /** For the firmware's Math.random: the same numbers for the same seed. */
  readonly seed?: number | string;
  /** For the firmware's Math.random, without a seed: as many bytes as asked for, which nobody can foretell. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** True time at power-on, epoch ms. The firmware does not see it: see `rtc` and `onClockSet`. */
  readonly epoch: number;
  /** The board's own clock at power-on, epoch ms. It has no battery: 0, 1970, unless it only restarted. */
  readonly rtc?: number;
  readonly serial: SerialWire;
  /** What the firmware traces, as it comes: a line ends with its own "\n". */
  readonly onTrace: (text: string) => void;
  /** What an application under test tells whoever tests it, and the answer to it (guest/ask.ts). */
  readonly onAsk?: (text: string) => string;
  /** A level that an output drives. */
  readonly onPin: (pin: number, level: 0 | 1) => void;
  /** How long its turns take; they take no time when this is left out. */
  readonly processor?: BoardProcessor;
  /** Its I2C bus; nothing is wired to it when left out. */
  readonly i2c?: I2cBus;
  /** Volts at an analog input; undefined where the reading fails, as it does when this is left out. */
  readonly analog?: (pin: number) => number | undefined;
  /** The firmware stands still for so many ms, and empties no FIFO. */
  readonly onStandstill?: (duration: number) => void;
  /** From the end of this turn on it sleeps lightly, for so many ms at most. @param ring the modem's RI is wired */
  readonly onLightSleep?: (duration: number, ring: boolean) => void;
  /** The firmware has set its clock, which is now wrong by `error` ms (positive: ahead). */
  readonly onClockSet?: (error: number) => void;
  /** The board has stopped for good; start another. Left out, a fault of the firmware is thrown. */
  readonly onRestart?: (restart: Restart) => void;
}

/** ESP-IDF's functions about the slots, as firmware/board/update.c calls them. They return what these return. */
export type BoardSlots = Readonly<Record<(typeof slotOperations)[number], () => number>>;

/** The board's processor, as far as it takes time. */
interface BoardProcessor {
  /** Steps of XS in a second; Infinity for turns that take no time. */
  readonly rate: number;
  /** A turn begins, now, and takes so many steps and so many ms, in which the board hears nothing. */
  readonly onTurn?: (turn: TurnTime) => void;
}

/** What a turn takes. */
export interface TurnTime {
  readonly kind: TurnKind;
  /** Steps of XS. */
  readonly compute: number;
  /** ms of these steps, of erasing flash, and of the times at which the firmware stood still. */
  readonly ms: number;
  /** What happened in it; changes with the next turn. */
  readonly counts: TurnCounts;
}

/** One board with one firmware in one engine. */
export class Board {
  readonly #options: BoardOptions;
  readonly #engine: Engine;
  readonly #scheduler: Scheduler;
  readonly #flash: BoardFlash;
  readonly #storage: BoardStorage;
  readonly #digests = new BoardDigests();
  #running = false;
  #restart: Restart | undefined;
  #stopped: Restart | undefined;
  #powerOn = 0;
  /** Its own clock at power-on, epoch ms. */
  #wallOffset = 0;
  /** Virtual time that the guest was told last, ms since power-on. */
  #now = 0;
  #due = NaN;
  #timer: ScheduledEvent | undefined;
  #serialOpen = false;
  #hearsWritable = false;
  readonly #counter: TurnCounter;
  /** Until when the board is busy with the turn before, by the scheduler. */
  #busyUntil = 0;
  /** What the turn sends outward, in order, and how many of these are bytes on the serial wire. */
  #outward: (() => void)[] = [];
  /** ms that the erases of this turn take. */
  #erasing = 0;
  #unsent = 0;
  #turnEnd: ScheduledEvent | undefined;
  /** Events that have come while it was busy, in order, and when the first of them comes to the firmware. */
  #waiting: Buffer[] = [];
  #nextWaiting: ScheduledEvent | undefined;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#scheduler = options.scheduler;
    this.#flash = new BoardFlash(options.flash ?? new Map());
    this.#storage = new BoardStorage(options.keyValue, options.power, options.storageStrike);
    this.#counter = new TurnCounter(options.config.sleep === "deep");
    this.#engine.onCommand = (command) => this.#command(command);
  }

  /** Why it has stopped, once it has. */
  get stopped(): Restart | undefined {
    return this.#stopped;
  }

  /** What its own clock says, epoch ms. */
  get wall(): number {
    return this.#wallOffset + this.#scheduler.now - this.#powerOn;
  }

  /** Powers it on, now. */
  start(): void | Promise<void> {
    const seed = String(this.#options.seed ?? "");
    const config = JSON.stringify(this.#options.config);
    const event = newEvent(HostEvent.boot, 16 + 2 * (seed.length + config.length));
    event[1] = resetReasons.indexOf(this.#options.resetReason ?? "Power-On");
    event.writeDoubleLE(this.#options.rtc ?? 0, eventHeader);
    event.writeUInt32LE(seed.length, eventHeader + 8);
    event.writeUInt32LE(config.length, eventHeader + 12);
    event.write(seed + config, eventHeader + 16, "utf16le");
    this.#powerOn = this.#scheduler.now;
    this.#wallOffset = this.#options.rtc ?? 0;
    this.#running = true;
    return this.#deliver(event);
  }

  /** Takes the power away: no further event reaches the firmware. The engine is the caller's to close. */
  powerOff(): void {
    this.#running = false;
    for (const event of [this.#timer, this.#turnEnd, this.#nextWaiting]) this.#scheduler.cancel(event);
    this.#timer = this.#turnEnd = this.#nextWaiting = undefined;
    this.#outward = [];
    this.#waiting = [];
  }

  /** Bytes have come over the serial wire; those without room in the 128-byte FIFO are lost. */
  serialReceive(bytes: Uint8Array): void | Promise<void> {
    if (!this.#serialOpen || bytes.length === 0) return;
    const event = newEvent(HostEvent.serialReceived, bytes.length);
    event.set(bytes, eventHeader);
    return this.#deliver(event);
  }

  /** The transmit FIFO has run low and has room for `free` bytes. */
  serialWritable(free: number): void | Promise<void> {
    if (!this.#hearsWritable) return;
    const event = newEvent(HostEvent.serialWritable, 0);
    event.writeUInt32LE(free, 4);
    return this.#deliver(event);
  }

  /** Something outside puts a level on a pin. */
  pinChanged(pin: number, level: 0 | 1): void | Promise<void> {
    const event = newEvent(HostEvent.pinChanged, 0);
    event[1] = pin;
    event[2] = level;
    return this.#deliver(event);
  }

  /** @param time what the guest is told, ms since power-on; never less than before */
  #deliver(event: Buffer, time = this.#scheduler.now - this.#powerOn): void | Promise<void> {
    if (!this.#running) return;
    if (this.#scheduler.now < this.#busyUntil) return this.#wait(event);
    this.#endTurn();
    if (!this.#running) return;
    this.#erasing = 0;
    this.#now = Math.max(this.#now, time);
    event.writeDoubleLE(this.#now, 8);
    this.#counter.begin(event);
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#engine.deliver(event);
    } catch (error) {
      return this.#fault(error);
    }
    if (answer instanceof Uint8Array) return this.#onAnswer(answer);
    return answer.then(
      (bytes) => this.#onAnswer(bytes),
      (error: unknown) => this.#fault(error),
    );
  }

  /** Keeps an event until the board is no longer busy. Bytes are kept together, as in the UART's FIFO. */
  #wait(event: Buffer): void {
    const waiting = this.#waiting;
    const same = waiting.findIndex((each) => each[0] === event[0]);
    if (same >= 0 && event[0] === HostEvent.serialReceived) {
      waiting[same] = Buffer.concat([waiting[same], event.subarray(eventHeader)]).subarray(
        0,
        eventHeader + fifoSize,
      );
    } else if (same < 0 || event[0] === HostEvent.pinChanged) waiting.push(event);
    if (this.#nextWaiting?.run === undefined) this.#waitUntilIdle();
  }

  #waitUntilIdle(): void {
    this.#nextWaiting = this.#scheduler.at(this.#busyUntil, () => {
      const event = this.#waiting.shift();
      if (event === undefined) return;
      if (this.#waiting.length > 0) this.#waitUntilIdle();
      // Room has grown meanwhile.
      if (event[0] === HostEvent.serialWritable) event.writeUInt32LE(this.#options.serial.txFree(), 4);
      return this.#deliver(event);
    });
  }

  /** The engine has done what there is to do in a turn: the board is busy with it from now on. */
  #beginBusy(): void {
    const { processor } = this.#options;
    if (processor === undefined) return;
    const counts = this.#counter;
    const compute = counts.compute();
    const stoodStill = Math.max(0, this.#powerOn + this.#now - this.#scheduler.now);
    const ms = stoodStill + this.#erasing + (1_000 * compute) / processor.rate;
    processor.onTurn?.({ kind: counts.kind, compute, ms, counts });
    if (ms === 0) return;
    this.#busyUntil = this.#scheduler.now + ms;
    if (this.#outward.length > 0) this.#turnEnd = this.#scheduler.at(this.#busyUntil, () => this.#endTurn());
    this.#options.onStandstill?.(ms);
  }

  /** The turn before is over: what it sends outward leaves. */
  #endTurn(): void {
    if (this.#outward.length === 0) return;
    this.#scheduler.cancel(this.#turnEnd);
    this.#turnEnd = undefined;
    const outward = this.#outward;
    this.#outward = [];
    this.#unsent = 0;
    for (let i = 0; i < outward.length && this.#running; i++) outward[i]();
  }

  #onAnswer(answer: Uint8Array): void {
    if (this.#flash.misuse !== undefined) throw this.#flash.misuse;
    if (this.#restart !== undefined) return this.#stopAfterTurn(this.#restart);
    if (!this.#running) return;
    this.#beginBusy();
    const now = this.#scheduler.now;
    if (this.#busyUntil <= now) this.#endTurn();
    if (!this.#running) return;
    const due = new DataView(answer.buffer, answer.byteOffset).getFloat64(0, true);
    if (due === this.#due && this.#timer?.run !== undefined) return;
    this.#due = due;
    this.#scheduler.cancel(this.#timer);
    this.#timer = undefined;
    if (Number.isNaN(due)) return;
    // The guest is told the very time it asked for: a sum of fractions could fall a tick short of it. A timer is set
    // where the turn comes to it: at its end.
    const late = Math.max(0, this.#busyUntil - now);
    this.#setTimer(this.#powerOn + due + late, due + late);
  }

  /** @param told what the guest is told then, unless it is busy */
  #setTimer(time: number, told?: number): void {
    this.#timer = this.#scheduler.at(time, () => {
      if (this.#scheduler.now < this.#busyUntil) return this.#setTimer(this.#busyUntil);
      return this.#deliver(newEvent(HostEvent.timers, 0), told);
    });
  }

  #fault(error: unknown): void {
    if (this.#restart !== undefined) return this.#stopAfterTurn(this.#restart);
    if (!(error instanceof GuestFault || error instanceof EngineStopped)) throw error;
    const reason = error instanceof GuestFault ? "exception" : "abort";
    this.#stopAfterTurn({ reason, text: error.message, error });
  }

  /** The turn ends with the board's stop, when what it has sent before has left. */
  #stopAfterTurn(restart: Restart): void {
    this.#restart = restart;
    if (!this.#running) return this.#stop(restart);
    this.#outward.push(() => this.#stop(restart));
    this.#beginBusy();
    if (this.#busyUntil <= this.#scheduler.now) this.#endTurn();
  }

  #stop(restart: Restart): void {
    const running = this.#running;
    this.powerOff();
    if (!running) return;
    this.#stopped = restart;
    const { onRestart } = this.#options;
    if (onRestart !== undefined) return onRestart(restart);
    throw restart.error ?? new GuestFault(`the firmware asked for a ${restart.text}`);
  }

  #command(command: Uint8Array): Uint8Array {
    // After a restart, or without power, nothing that the firmware still does has an effect.
    if (!this.#running || this.#restart !== undefined) return nothing;
    const answer = this.#carryOut(command);
    this.#counter.command(command, answer);
    return answer;
  }

  #carryOut(command: Uint8Array): Uint8Array {
    switch (command[0]) {
      case GuestCommand.trace:
        this.#options.onTrace(textAt(command, commandHeader, command.length));
        return nothing;
      case GuestCommand.serialOpen:
        return this.#openSerial(command);
      case GuestCommand.serialWrite:
        return this.#writeSerial(command.subarray(commandHeader));
      case GuestCommand.serialClose:
        this.#serialOpen = false;
        this.#hearsWritable = false;
        return nothing;
      case GuestCommand.pinWrite: {
        const pin = command[2] | (command[3] << 8);
        const level = command[1] === 0 ? 0 : 1;
        this.#leave(() => this.#options.onPin(pin, level));
        return nothing;
      }
      case GuestCommand.digest:
        return this.#digests.digest(command);
      case GuestCommand.digestPart:
        this.#digests.part(command);
        return nothing;
      case GuestCommand.cipher:
        return cipher(command);
      case GuestCommand.keyRead:
        return this.#storage.read(command);
      case GuestCommand.keyWrite:
        return this.#storage.write(command);
      case GuestCommand.keyDelete:
        return this.#storage.delete(command);
      case GuestCommand.keyList:
        return this.#storage.list(command);
      case GuestCommand.keyOpen:
        return this.#storage.open(command);
      case GuestCommand.clockSet:
        this.#clockSet(command);
        return nothing;
      case GuestCommand.restart:
        this.#restart = { reason: "software", text: "restart" };
        return nothing;
      case GuestCommand.deepSleep: {
        const duration = new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true);
        this.#restart = { reason: "deep sleep", text: `for ${duration} ms`, duration };
        return nothing;
      }
      case GuestCommand.lightSleep: {
        const duration = new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true);
        const ring = command[1] === 1;
        // With bytes in the UART's FIFO it does not sleep.
        this.#leave(() => {
          if (this.#waiting.length === 0) this.#options.onLightSleep?.(duration, ring);
        });
        return nothing;
      }
      case GuestCommand.retainedRead:
        return readRetained(this.#options.retained, command);
      case GuestCommand.retainedWrite:
        writeRetained(this.#options.retained, command);
        return nothing;
      case GuestCommand.retainedCrc32:
        return crcOfRetained(this.#options.retained, command);
      case GuestCommand.random:
        return this.#random(command);
      case GuestCommand.flashStatus:
        return this.#flash.status(command);
      case GuestCommand.flashRead:
        return this.#flash.read(command);
      case GuestCommand.flashWrite:
        return this.#flash.write(command);
      case GuestCommand.flashErase:
        this.#erasing += this.#options.onErase?.() ?? 0;
        return this.#flash.erase(command);
      case GuestCommand.slots: {
        const result = this.#options.slots?.[slotOperations[command[1]]]() ?? OtaError.fail;
        return new Uint8Array(new Int32Array([result]).buffer);
      }
      case GuestCommand.verify:
        return verify(command);
      case GuestCommand.i2c:
        return this.#transfer(command);
      case GuestCommand.analogRead: {
        const volts = this.#options.analog?.(command[2] | (command[3] << 8)) ?? NaN;
        return new Uint8Array(new Float64Array([volts]).buffer);
      }
      case GuestCommand.delay:
        this.#standStill(new DataView(command.buffer, command.byteOffset).getFloat64(commandHeader, true));
        return nothing;
      case GuestCommand.ask: {
        const text = textAt(command, commandHeader, command.length);
        return utf16(this.#options.onAsk?.(text) ?? "");
      }
      default:
        throw new Error(`the guest sent a command of unknown kind ${command[0]}`);
    }
  }

  #random(command: Uint8Array): Uint8Array {
    const { randomBytes } = this.#options;
    if (randomBytes === undefined) throw new Error("the board was given neither a seed nor random bytes");
    return randomBytes(new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true));
  }

  /** Opens the UART. Its FIFO is empty, so the interrupt of room comes as soon as the firmware returns. */
  #openSerial(command: Uint8Array): Uint8Array {
    const hearsWritable = command[1] === 1;
    const failure = this.#options.serialFault?.();
    if (failure !== undefined) return utf16(failure);
    const { serial } = this.#options;
    const rate = new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true);
    this.#serialOpen = true;
    this.#hearsWritable = hearsWritable;
    this.#leave(() => {
      serial.setBaud?.(rate);
      if (hearsWritable) this.#scheduler.after(0, () => this.serialWritable(serial.txFree()));
    });
    return nothing;
  }

  #writeSerial(bytes: Uint8Array): Uint8Array {
    const { serial } = this.#options;
    if (this.#unsent + bytes.length > serial.txFree()) return full;
    this.#unsent += bytes.length;
    this.#leave(() => serial.write(bytes));
    return taken;
  }

  /** Something goes outward: at the end of the turn, where turns take time. */
  #leave(effect: () => void): void {
    this.#outward.push(effect);
    if (this.#options.processor === undefined) this.#endTurn();
  }

  /** One transfer over I2C, during which the firmware waits. */
  #transfer(command: Uint8Array): Uint8Array {
    const { i2c } = this.#options;
    const body = new DataView(command.buffer, command.byteOffset + commandHeader);
    const now = body.getFloat64(0, true);
    const bytes = command[1] === 1 ? body.getUint16(10, true) : command.slice(commandHeader + 12);
    const wired = i2c !== undefined && body.getUint8(8) === i2c.data && body.getUint8(9) === i2c.clock;
    const outcome = wired ? i2c.transfer(command[2], bytes, this.#powerOn + now) : undefined;
    const took = Math.ceil(outcome?.took ?? 0);
    if (took > 0) this.#standStill(now + took);
    const read = outcome?.bytes;
    return Uint8Array.of(read === undefined ? 0 : 1, 0, took & 0xff, took >> 8, ...(read ?? []));
  }

  /** @param until when it goes on, ms since power-on */
  #standStill(until: number): void {
    const waited = until - this.#now;
    if (waited <= 0) return;
    this.#now = until;
    this.#options.onStandstill?.(until + this.#powerOn - this.#scheduler.now);
  }

  #clockSet(command: Uint8Array): void {
    const set = new DataView(command.buffer, command.byteOffset).getFloat64(commandHeader, true);
    this.#wallOffset = set - this.#now;
    this.#options.onClockSet?.(set - (this.#options.epoch + this.#now));
  }
}

const full = new Uint8Array([0]);
const taken = new Uint8Array([1]);

/** An event without its time, which `#deliver` fills in. */
function newEvent(kind: number, bodyLength: number): Buffer {
  const event = Buffer.alloc(eventHeader + bodyLength);
  event[0] = kind;
  return event;
}
