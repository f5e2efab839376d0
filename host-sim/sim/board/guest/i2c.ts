/**
 * `embedded:io/i2c` as on an ESP32 (modules/io/i2c of the SDK): one address on a bus, synchronous. The program stands
 * still for as long as a transfer takes.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { bytesOf, command, issue, now, passTime } from "./bridge";
import { checkOutput, checkPin, freePin, takePin } from "./pins";

interface Opened {
  readonly data: number;
  readonly clock: number;
  readonly address: number;
}

/** Those that are open: several may share their pins. */
const open: Opened[] = [];

/** Behind the command's header: the time f64, the pins u8 each, the length to read u16, the bytes to write. */
const fixed = 12;

export interface I2COptions {
  data: number;
  clock: number;
  hz: number;
  address: number;
  target?: unknown;
}

export default class I2C {
  #opened: Opened | undefined;

  constructor(options: I2COptions) {
    for (const name of ["data", "clock", "address"] as const) {
      if (options[name] === undefined) throw new RangeError(`${name} required`);
    }
    const { data, clock, address, hz } = options;
    const shared = open.some((each) => each.data === data && each.clock === clock);
    if (!shared) {
      for (const pin of [data, clock]) checkOutput(checkPin(pin));
    }
    if (!(address >= 0 && address <= 127)) throw new RangeError("invalid address");
    if (open.some((each) => each.data === data && each.clock === clock && each.address === address)) {
      throw new RangeError("duplicate address");
    }
    if (!(hz > 0 && hz <= 20_000_000)) throw new RangeError("invalid hz");
    if ("target" in options) (this as { target?: unknown }).target = options.target;
    if (!shared) for (const pin of [data, clock]) takePin(pin);
    this.#opened = { data, clock, address };
    open.push(this.#opened);
  }

  get format(): "buffer" {
    return "buffer";
  }

  /** So many bytes; or as many as the buffer has, and how many these are. @throws Error "read failed" */
  read(into: ArrayBuffer | ArrayBufferView | number): ArrayBuffer | number {
    const target = typeof into === "number" ? new Uint8Array(into) : bytesOf(into);
    const bytes = this.#transfer(1, target.length);
    if (bytes === undefined) throw new Error("read failed");
    target.set(bytes);
    return typeof into === "number" ? (target.buffer as ArrayBuffer) : target.length;
  }

  /** @throws Error "write failed" */
  write(buffer: ArrayBuffer | ArrayBufferView): void {
    const bytes = bytesOf(buffer);
    if (this.#transfer(0, 0, bytes) === undefined) throw new Error("write failed");
  }

  close(): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    open.splice(open.indexOf(opened), 1);
    if (open.some((each) => each.data === opened.data && each.clock === opened.clock)) return;
    freePin(opened.data);
    freePin(opened.clock);
  }

  /** The answer: whether it came to its end u8, 0, how long it took u16 ms, what was read. */
  #transfer(reads: 0 | 1, length: number, bytes: Uint8Array = new Uint8Array(0)): Uint8Array | undefined {
    if (this.#opened === undefined) throw new Error("closed");
    const { data, clock, address } = this.#opened;
    const message = command(GuestCommand.i2c, reads, address, fixed + bytes.length);
    const view = new DataView(message.buffer);
    view.setFloat64(commandHeader, now, true);
    view.setUint8(commandHeader + 8, data);
    view.setUint8(commandHeader + 9, clock);
    view.setUint16(commandHeader + 10, length, true);
    message.set(bytes, commandHeader + fixed);
    const answer = new Uint8Array(issue(message));
    passTime(answer[2] | (answer[3] << 8));
    return answer[0] === 1 ? answer.subarray(4) : undefined;
  }
}
