/**
 * Questions to a real modem, one at a time, and whatever it says: nothing is made of the lines but where an
 * answer ends.
 */

/** How a command was answered: the lines, and the one that ended them; without one the modem was silent. */
export interface Answer {
  readonly lines: readonly string[];
  /** OK, ERROR, +CME ERROR: 3 …, as the modem says it. */
  readonly result?: string;
}

/** The wire to the modem. */
export interface Wire {
  write(bytes: Uint8Array): void;
}

/** A line of the exchange, as it went by. */
export type OnLine = (direction: "host" | "modem", text: string) => void;

/** Longest line that is kept, characters: noise at a wrong rate has no line ends. */
const longest = 2_000;

/** Speaks AT with a modem. */
export class AtDialogue {
  readonly #wire: Wire;
  readonly #onLine: OnLine;
  #pending = "";
  #command = "";
  #lines: string[] = [];
  #done: ((answer: Answer) => void) | undefined;
  /** Bytes that were no text since `heard` was last asked, and all of them. */
  #noise = 0;
  #bytes = 0;

  constructor(wire: Wire, onLine: OnLine = () => {}) {
    this.#wire = wire;
    this.#onLine = onLine;
  }

  /** What came since this was last asked: nothing, text, or what is no text. */
  heard(): "nothing" | "text" | "noise" {
    const [noise, bytes] = [this.#noise, this.#bytes];
    this.#noise = 0;
    this.#bytes = 0;
    if (bytes === 0) return "nothing";
    return 4 * noise > bytes ? "noise" : "text";
  }

  /** Forgets a line begun, as after a change of rate. */
  clear(): void {
    this.#pending = "";
  }

  /** Bytes from the modem. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#bytes += 1;
      if (byte === 0x0d || byte === 0x0a) this.#line();
      else if (this.#pending.length < longest) {
        if (byte < 0x20 || byte > 0x7e) this.#noise += 1;
        this.#pending += byte < 0x20 || byte > 0x7e ? "?" : String.fromCharCode(byte);
      }
    }
  }

  /** Sends a command line and waits for its answer, `timeout` ms at most. */
  ask(command: string, timeout: number): Promise<Answer> {
    this.#command = command;
    this.#lines = [];
    this.#onLine("host", command);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#done?.({ lines: this.#lines }), timeout);
      this.#done = (answer) => {
        clearTimeout(timer);
        this.#done = undefined;
        resolve(answer);
      };
      this.#wire.write(Buffer.from(`${command}\r`, "latin1"));
    });
  }

  #line(): void {
    const line = this.#pending.trim();
    this.#pending = "";
    // The echo, where the modem echoes.
    if (line === "" || line === this.#command) return;
    this.#onLine("modem", line);
    if (this.#done === undefined) return;
    if (/^(OK|ERROR|\+CM[ES] ERROR: ?.*|NO CARRIER|COMMAND NOT SUPPORT|[04])$/.test(line)) {
      // Digits are result codes in the short style of ITU-T V.250 (ATV0).
      const result = line === "0" ? "OK" : line === "4" ? "ERROR" : line;
      return this.#done({ lines: this.#lines, result });
    }
    this.#lines.push(line);
  }
}
