/**
 * `embedded:io/serial` as on an ESP32: the UART's hardware FIFOs of 128 bytes and no buffer behind
 * them. What arrives while the receive FIFO is full is lost without a word; a write larger than the
 * room in the transmit FIFO throws. How much room there is only the host knows (its wire drains the
 * FIFO as time passes), so each write is answered by it.
 */
import { GuestCommand, commandHeader, eventHeader, fifoSize } from "../protocol";
import { bytesOf, command, getText, issue } from "./bridge";
import { checkOutput, checkPin, freePin, takePin } from "./pins";

const uarts = 3;
const highestBaud = 20_000_000;

type Callback = (this: Serial, count: number) => void;

/** An open port: what the events from the host find. */
interface Port {
  readonly serial: Serial;
  readonly number: number;
  readonly onReadable: Callback | undefined;
  readonly onWritable: Callback | undefined;
  readonly transmit: number | undefined;
  readonly receive: number | undefined;
  readonly fifo: Uint8Array;
  count: number;
}

/** The simulated board has one wire. */
let open: Port | undefined;

export interface SerialOptions {
  transmit?: number;
  receive?: number;
  port?: number;
  baud: number;
  format?: "buffer" | "number";
  onReadable?: Callback;
  onWritable?: Callback;
  target?: unknown;
}

export default class Serial {
  #port: Port | undefined;
  #format: "buffer" | "number";

  constructor(options: SerialOptions) {
    const transmit = "transmit" in options ? checkPin(options.transmit) : undefined;
    const receive = "receive" in options ? checkPin(options.receive) : undefined;
    if (transmit === undefined && receive === undefined) throw new Error("invalid");
    if (transmit !== undefined) checkOutput(transmit);
    const number = "port" in options ? Number(options.port) : 0;
    if (!(number >= 0 && number < uarts)) throw new RangeError("invalid port");
    const baud = Math.trunc(Number(options.baud));
    if (!(baud > 0 && baud <= highestBaud)) throw new RangeError("invalid baud");
    if ("target" in options) (this as { target?: unknown }).target = options.target;
    this.#format = checkFormat(options.format ?? "buffer", "invalid format");
    if (open?.number === number) throw new RangeError("port in use");
    if (open !== undefined) throw new Error("the simulated board has one serial wire, and it is taken");
    const port: Port = {
      serial: this,
      number,
      onReadable: receive === undefined ? undefined : options.onReadable,
      onWritable: transmit === undefined ? undefined : options.onWritable,
      transmit,
      receive,
      fifo: new Uint8Array(fifoSize),
      count: 0,
    };
    const message = command(GuestCommand.serialOpen, port.onWritable === undefined ? 0 : 1, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, baud, true);
    const failure = issue(message);
    if (failure.byteLength > 0) throw new Error(getText(failure, 0));
    if (transmit !== undefined) takePin(transmit);
    if (receive !== undefined) takePin(receive);
    this.#port = port;
    open = port;
  }

  get format(): "buffer" | "number" {
    return this.#format;
  }

  set format(value: "buffer" | "number") {
    this.#format = checkFormat(value, "unimplemented");
  }

  /**
   * All that is there (`undefined` when nothing is); into `buffer`, as much as fits, and its count.
   * Never more bytes than `onReadable` told: the board would answer with junk, so this throws.
   */
  read(into?: ArrayBuffer | ArrayBufferView | number): ArrayBuffer | number | undefined {
    const port = this.#opened();
    if (port.count === 0) return undefined;
    if (this.#format === "number") return take(port, new Uint8Array(1))[0];
    if (into === undefined || typeof into === "number") {
      const length = into ?? port.count;
      if (!(length > 0)) throw new Error("invalid");
      if (length > port.count) {
        throw new RangeError(`read(${length}) with ${port.count} bytes there reads junk`);
      }
      return take(port, new Uint8Array(length)).buffer as ArrayBuffer;
    }
    const target = bytesOf(into);
    const length = Math.min(target.length, port.count);
    if (length === 0) throw new Error("invalid");
    take(port, length === target.length ? target : target.subarray(0, length));
    return length;
  }

  /** @throws Error "output full": nothing was written; wait for onWritable */
  write(data: ArrayBuffer | ArrayBufferView | number): void {
    this.#opened();
    let message: Uint8Array;
    if (this.#format === "number") {
      message = command(GuestCommand.serialWrite, 0, 0, 1);
      message[commandHeader] = Number(data);
    } else {
      const bytes = bytesOf(data);
      message = command(GuestCommand.serialWrite, 0, 0, bytes.length);
      message.set(bytes, commandHeader);
    }
    const answer = new Uint8Array(issue(message));
    if (answer[0] !== 1) throw new Error("output full");
  }

  close(): void {
    const port = this.#port;
    if (port === undefined) return;
    this.#port = undefined;
    open = undefined;
    if (port.transmit !== undefined) freePin(port.transmit);
    if (port.receive !== undefined) freePin(port.receive);
    issue(command(GuestCommand.serialClose, 0, 0, 0));
  }

  #opened(): Port {
    if (this.#port === undefined) throw new Error("closed");
    return this.#port;
  }
}

function checkFormat(format: string, complaint: string): "buffer" | "number" {
  if (format !== "buffer" && format !== "number") throw new RangeError(complaint);
  return format;
}

/** Moves the FIFO's first bytes into `target`, which it can fill. */
function take(port: Port, target: Uint8Array): Uint8Array {
  target.set(port.fifo.subarray(0, target.length));
  port.fifo.copyWithin(0, target.length, port.count);
  port.count -= target.length;
  return target;
}

/** Bytes came over the wire: those without room in the FIFO are lost. */
export function serialReceived(event: ArrayBuffer): void {
  const port = open;
  if (port === undefined || port.receive === undefined) return;
  const length = Math.min(event.byteLength - eventHeader, fifoSize - port.count);
  port.fifo.set(new Uint8Array(event, eventHeader, length), port.count);
  port.count += length;
  port.onReadable?.call(port.serial, port.count);
}

/** The transmit FIFO has room for `free` bytes. */
export function serialWritable(free: number): void {
  if (free > 0) open?.onWritable?.call(open.serial, free);
}
