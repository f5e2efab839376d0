/**
 * The serial port that the modem is at. It is opened anew when the modem is found at another rate.
 */
import Timer from "timer";
import Serial from "embedded:io/serial";

/** Bytes that are written before the UART has told the room in its transmit FIFO, which has 128. */
const firstWrite = 64;

/** What makes pieces of a command that the transmit FIFO has room for. */
interface Writer {
  write(bytes: Uint8Array): void;
  onWritable(free: number): void;
}

/** Number of the UART, its pins, and the class of what feeds it. */
export interface ModemPortOptions {
  readonly port: number;
  readonly transmit: number;
  readonly receive: number;
  readonly writer: new (port: { write(bytes: Uint8Array): void }, free: number) => Writer;
}

/** Who hears what comes. */
export interface ModemPortListener {
  readonly modem: { receive(bytes: Uint8Array, now: number): void };
  /** Meets what is thrown. */
  readonly driver: { turn(work: (now: number) => void): void; guard(work: () => void): void };
}

/** The serial port that the modem is at; silent and deaf until `open`. */
export class ModemPort {
  readonly #options: ModemPortOptions;
  #listener: ModemPortListener | undefined;
  #serial: Serial | undefined;
  #writer: Writer | undefined;

  constructor(options: ModemPortOptions) {
    this.#options = options;
  }

  /** @param baud bit/s */
  open(baud: number, listener: ModemPortListener): void {
    this.#listener = listener;
    this.#serial?.close();
    const { port, transmit, receive, writer: FedBy } = this.#options;
    const serial = new Serial({
      port,
      transmit,
      receive,
      baud,
      format: "buffer",
      onReadable: () => this.read(),
      onWritable: (free) => this.feed(free),
    });
    this.#serial = serial;
    this.#writer = new FedBy(serial, firstWrite);
  }

  /** Opens it at another rate, soon: in a port's own callback its native must not be closed, as it goes on with it. */
  reopen(baud: number): void {
    const listener = this.#listener;
    if (listener !== undefined) Timer.set(() => listener.driver.guard(() => this.open(baud, listener)), 0);
  }

  write(bytes: Uint8Array): void {
    this.#writer?.write(bytes);
  }

  private read(): void {
    const bytes = this.#serial?.read();
    const { driver, modem } = this.#listener!;
    if (bytes instanceof ArrayBuffer) driver.turn((now) => modem.receive(new Uint8Array(bytes), now));
  }

  private feed(free: number): void {
    this.#listener?.driver.guard(() => this.#writer?.onWritable(free));
  }
}
