/**
 * The simulated board: it runs an engine with the firmware in it, gives it the time, and connects its pins and
 * its UART to the modem, and its flash and storage to what the caller keeps.
 *
 * The guest tells with each answer when its next timer is due; that is one event of the scheduler.
 * With an engine that answers at once everything here happens at once; with XS each call returns a
 * promise that whoever runs the scheduler has to await (`VirtualClock.run` does).
 */
import { EngineStopped, GuestFault, nothing } from "../engine/engine";
import { BoardFlash } from "./flash";
import { GuestCommand, HostEvent, commandHeader, eventHeader, resetReasons } from "./protocol";
import { cipher, digest } from "./crypto";
import { BoardStorage, textAt, utf16 } from "./key-value";
import { crcOfRetained, readRetained, writeRetained } from "./retained";
import type { Engine } from "../engine/engine";
import type { PowerDomain } from "../flash/power-domain";
import type { FlashPartitions } from "./flash";
import type { I2cBus } from "./i2c-bus";
import type { KeyValueStores } from "./key-value";
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
  /** It erases a block of flash, and hears nothing meanwhile. */
  readonly onErase?: () => void;
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
  /** Its I2C bus; nothing is wired to it when left out. */
  readonly i2c?: I2cBus;
  /** Volts at an analog input; undefined where the reading fails, as it does when this is left out. */
  readonly analog?: (pin: number) => number | undefined;
  /** The firmware stands still for so many ms, and empties no FIFO. */
  readonly onStandstill?: (duration: number) => void;
  /** The firmware has set its clock, which is now wrong by `error` ms (positive: ahead). */
  readonly onClockSet?: (error: number) => void;
  /** The board has stopped for good; start another. Left out, a fault of the firmware is thrown. */
  readonly onRestart?: (restart: Restart) => void;
}

/** One board with one firmware in one engine. */
export class Board {
  readonly #options: BoardOptions;
  readonly #engine: Engine;
  readonly #scheduler: Scheduler;
  readonly #flash: BoardFlash;
  readonly #storage: BoardStorage;
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

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#scheduler = options.scheduler;
    this.#flash = new BoardFlash(options.flash ?? new Map());
    this.#storage = new BoardStorage(options.keyValue, options.power, options.storageStrike);
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
    this.#scheduler.cancel(this.#timer);
    this.#timer = undefined;
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
    this.#now = Math.max(this.#now, time);
    event.writeDoubleLE(this.#now, 8);
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

  #onAnswer(answer: Uint8Array): void {
    if (this.#flash.misuse !== undefined) throw this.#flash.misuse;
    if (this.#restart !== undefined) return this.#stop(this.#restart);
    if (!this.#running) return;
    const due = new DataView(answer.buffer, answer.byteOffset).getFloat64(0, true);
    if (due === this.#due && this.#timer?.run !== undefined) return;
    this.#due = due;
    this.#scheduler.cancel(this.#timer);
    this.#timer = undefined;
    if (Number.isNaN(due)) return;
    // The guest is told the very time it asked for: a sum of fractions could fall a tick short of it.
    this.#timer = this.#scheduler.at(this.#powerOn + due, () =>
      this.#deliver(newEvent(HostEvent.timers, 0), due),
    );
  }

  #fault(error: unknown): void {
    if (this.#restart !== undefined) return this.#stop(this.#restart);
    if (!(error instanceof GuestFault || error instanceof EngineStopped)) throw error;
    const reason = error instanceof GuestFault ? "exception" : "abort";
    this.#stop({ reason, text: error.message, error });
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
      case GuestCommand.pinWrite:
        this.#options.onPin(command[2] | (command[3] << 8), command[1] === 0 ? 0 : 1);
        return nothing;
      case GuestCommand.digest:
        return digest(command);
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
        this.#options.onErase?.();
        return this.#flash.erase(command);
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
    serial.setBaud?.(new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true));
    this.#serialOpen = true;
    this.#hearsWritable = hearsWritable;
    if (hearsWritable) this.#scheduler.after(0, () => this.serialWritable(serial.txFree()));
    return nothing;
  }

  #writeSerial(bytes: Uint8Array): Uint8Array {
    const { serial } = this.#options;
    if (bytes.length > serial.txFree()) return full;
    serial.write(bytes);
    return taken;
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
