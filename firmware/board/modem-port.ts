/**
 * The serial port that the modem is at. It is opened anew when the modem is found at another rate.
 *
 * Behind the UART's receive FIFO of 128 bytes there is no buffer, and 120 bytes come in 10.4 ms at 115,200 bit/s: a slow
 * processor needs longer than that for reading them into words and polling the agent. While more is coming they are
 * only taken out of the FIFO, which is a few hundred steps, and looked at all together once the line is quiet. It costs
 * less, too, as the agent is polled once.
 */
import Timer from "timer";
import Serial from "embedded:io/serial";

/** Bytes that are written before the UART has told the room in its transmit FIFO, which has 128. */
const firstWrite = 64;
/** Bytes in the receive FIFO at which its interrupt comes while more are coming; it comes for fewer after a silence. */
const full = 120;
/** Most pieces that are kept: more than the framer takes of a line, which is a third more than 512 bytes in hexadecimal. */
const mostKept = 12;

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
  /** What has come and was not looked at yet. */
  #kept: ArrayBuffer[] = [];
  /** Ends the wait for more where the last piece has filled the FIFO as it was; undefined while nothing is kept. */
  #quiet: Timer | undefined;
  /** ms in which a full FIFO comes twice. */
  #patience = 0;

  constructor(options: ModemPortOptions) {
    this.#options = options;
  }

  /** Something is coming, and was not looked at yet. */
  get receiving(): boolean {
    return this.#kept.length > 0;
  }

  /** @param baud bit/s */
  open(baud: number, listener: ModemPortListener): void {
    this.#listener = listener;
    this.#patience = Math.ceil((2 * 10_000 * full) / baud);
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
    if (!(bytes instanceof ArrayBuffer)) return;
    const kept = this.#kept;
    // Of a longer line the beginning is told from its end; to look at it meanwhile would take longer than the FIFO lasts.
    if (kept.length < mostKept) kept.push(bytes);
    else kept[mostKept - 1] = bytes;
    if (bytes.byteLength < full || !this.wait()) this.give();
  }

  /** Waits for more; false where no timer can be had, as what is kept would else be kept for ever. */
  private wait(): boolean {
    try {
      if (this.#quiet === undefined) this.#quiet = Timer.set(this.#onQuiet, this.#patience);
      else Timer.schedule(this.#quiet, this.#patience);
      return true;
    } catch {
      return false;
    }
  }

  readonly #onQuiet = (): void => {
    this.#quiet = undefined;
    this.give();
  };

  /** Hands over what was kept, in one turn. */
  private give(): void {
    const pieces = this.#kept;
    this.#kept = [];
    if (this.#quiet !== undefined) Timer.clear(this.#quiet);
    this.#quiet = undefined;
    const { driver, modem } = this.#listener!;
    driver.turn((now) => {
      for (let i = 0; i < pieces.length; i++) modem.receive(new Uint8Array(pieces[i]), now);
    });
  }

  private feed(free: number): void {
    this.#listener?.driver.guard(() => this.#writer?.onWritable(free));
  }
}
