/**
 * A modem that knows nothing but what a session's file says of one: it answers each command as a real one
 * was seen to, in the bytes and after the time seen there; what the file does not say, as the family's
 * `defaults.txt` and then that of all families have it from the manuals; all else by ERROR.
 */
import { matched } from "./session-file";
import type { Block, Part, Session } from "./session-file";
import type { ScheduledEvent, Scheduler } from "../../../host-sim/sim/time/clock";

/** ms from a command to its answer, where nothing else is said. */
const latency = 10;

/** What a session's modem is given. */
export interface SessionModemOptions {
  readonly clock: Scheduler;
  /** The session, then what is asked where that says nothing, in this order. */
  readonly layers: readonly Session[];
  /** Takes what the modem says, a byte in a character. */
  readonly say: (text: string) => void;
  /** The modem has taken a datagram. */
  readonly onSent: (hex: string) => void;
  /** Rate of its UART where the session does not say it. */
  readonly rate: number;
}

/** A modem that knows nothing but what a session's file says of one. */
export class SessionModem {
  /** What the modem was told, and when, ms: commands, `KEY`, `RESET`, `PIN`, `SUPPLY on`, `SUPPLY off`. */
  readonly told: { readonly command: string; readonly time: number }[] = [];
  /** Rate of the modem's UART, bit/s: what comes at another is noise. */
  rate: number;
  readonly #options: SessionModemOptions;
  readonly #given = new Map<string, number>();
  /** What will be said unasked. */
  readonly #unasked = new Map<Block, ScheduledEvent>();
  /** Blocks that are given once, and were. */
  readonly #spent = new Set<Block>();
  /** The modem never echoes. */
  readonly #silent: boolean;
  /** Commands are not heard before, ms; Infinity while the modem is off. */
  #deafUntil = 0;
  #echo: boolean;
  #line = "";
  /** Bytes of a datagram that are still to come, and what goes on then. */
  #awaited = 0;
  #datagram = "";
  #onDatagram: (() => void) | undefined;
  /** What `AT+CEREG=` was set to: a log shows what another program had set. */
  #level = "0";
  /** Counts restarts: what was still to be said before one is not said any more. */
  #life = 0;

  constructor(options: SessionModemOptions) {
    this.#options = options;
    this.rate = Number(options.layers[0].head.get("rate") ?? options.rate);
    const has = (mark: string): boolean => options.layers.some(({ head }) => head.has(mark));
    this.#silent = has("silent");
    this.#echo = !this.#silent;
    if (has("off")) this.#deafUntil = Infinity;
    else this.#start();
  }

  /** Takes bytes from the driver, a byte in a character. */
  receive(text: string): void {
    for (const character of text) {
      if (this.#awaited > 0) {
        this.#datagram += character;
        if (--this.#awaited === 0) this.#onDatagram?.();
      } else if (character === "\r") {
        const command = this.#line.replace(/[^\x20-\x7e]/g, "");
        this.#line = "";
        this.#obey(command);
      } else {
        this.#line += character;
      }
    }
  }

  /** A wire: `KEY`, `RESET`, `PIN`, `SUPPLY on`, `SUPPLY off`. */
  wire(what: string): void {
    this.#note(what);
    if (what === "SUPPLY off") this.#deafUntil = Infinity;
    const off = this.#deafUntil === Infinity;
    if (what === "RESET" || (off && (what === "KEY" || what === "SUPPLY on"))) this.#reboot();
    const answer = this.#find(what);
    if (answer !== undefined) this.#play(answer.block.parts, answer.stars, what);
  }

  #note(command: string): void {
    const { clock, layers } = this.#options;
    this.told.push({ command, time: clock.now });
    for (const block of layers.flatMap((layer) => layer.unasked)) {
      if (block.after !== undefined && matched(block.after, command) !== undefined) this.#later(block);
    }
  }

  #obey(command: string): void {
    const { clock, say } = this.#options;
    this.#note(command);
    if (clock.now < this.#deafUntil) return;
    if (this.#echo) say(`${command}\r`);
    if (command === "") return;
    if (command === "ATE0") this.#echo = false;
    else if (command === "ATE1") this.#echo = !this.#silent;
    const answer = this.#find(command);
    if (answer === undefined) return this.#play([{ kind: "say", text: "\r\nERROR\r\n" }], [], command);
    const level = /^AT\+CEREG=(\d)$/.exec(command)?.[1];
    const taken = answer.block.parts.some((part) => part.kind === "say" && part.text.includes("\r\nOK\r\n"));
    if (level !== undefined && taken) this.#level = level;
    this.#play(answer.block.parts, answer.stars, command);
  }

  /** The block that answers a command now, from the first layer that has one. */
  #find(command: string): { block: Block; stars: string[] } | undefined {
    for (const [depth, { answers }] of this.#options.layers.entries()) {
      const fitting = answers.filter((block) => matched(block.pattern, command) !== undefined);
      if (fitting.length === 0) continue;
      // Of several patterns the one that says most.
      const { pattern } = fitting.reduce((a, b) => (b.pattern.length > a.pattern.length ? b : a));
      const blocks = fitting.filter((block) => block.pattern === pattern);
      const due = this.#latest(blocks);
      const stars = matched(pattern, command)!;
      if (due?.once === true) this.#spent.add(due);
      if (due !== undefined) return { block: due, stars };
      const row = blocks.filter((block) => block.from === undefined);
      if (row.length === 0) continue;
      const key = `${depth} ${pattern}`;
      const count = this.#given.get(key) ?? 0;
      this.#given.set(key, count + 1);
      return { block: row[Math.min(count, row.length - 1)], stars };
    }
    return undefined;
  }

  /** Of the blocks that hold by now, the one that began to hold last: what was said last counts. */
  #latest(blocks: readonly Block[]): Block | undefined {
    let began = -1;
    let latest: Block | undefined;
    for (const block of blocks) {
      const { from, after } = block;
      const since = after === undefined ? 0 : this.#lastTold(after);
      if (from === undefined || since === undefined || this.#spent.has(block)) continue;
      if (since + from > this.#options.clock.now || since + from < began) continue;
      began = since + from;
      latest = block;
    }
    return latest;
  }

  #lastTold(pattern: string): number | undefined {
    for (let i = this.told.length - 1; i >= 0; i--) {
      if (matched(pattern, this.told[i].command) !== undefined) return this.told[i].time;
    }
    return undefined;
  }

  #start(): void {
    for (const { unasked } of this.#options.layers) {
      for (const block of unasked) if (block.after === undefined) this.#later(block);
    }
  }

  #later(block: Block): void {
    const { clock } = this.#options;
    // What was to come behind the command before, the modem begins anew.
    clock.cancel(this.#unasked.get(block));
    const say = (): void => {
      if (this.#deafUntil !== Infinity) this.#play(block.parts, [], "", 0);
    };
    this.#unasked.set(block, clock.after(block.from ?? 0, say));
  }

  #reboot(): void {
    const { clock, layers } = this.#options;
    this.#life += 1;
    this.#line = "";
    this.#awaited = 0;
    this.#echo = !this.#silent;
    this.#level = "0";
    const boot = layers.find((layer) => layer.boot !== undefined)?.boot;
    const { from = 0, parts = [] } = boot ?? {};
    this.#deafUntil = clock.now + from;
    const life = this.#life;
    clock.after(from, () => {
      if (life === this.#life) this.#play(parts, [], "", 0);
    });
  }

  /** Says an answer's parts, one after the other. */
  #play(parts: readonly Part[], stars: readonly string[], command: string, delay = latency): void {
    const { clock, say, onSent } = this.#options;
    const life = this.#life;
    const filled = (text: string): string =>
      text.replace("$level", this.#level).replace(/\$(\d)/g, (_, n: string) => stars[Number(n) - 1] ?? "");
    const go = (index: number): void => {
      if (life !== this.#life || index === parts.length) return;
      const part = parts[index];
      if (part.kind === "wait") return void clock.after(part.ms, () => go(index + 1));
      if (part.kind === "reboot") return this.#reboot();
      if (part.kind === "prompt") {
        this.#datagram = "";
        this.#awaited = Number(/(\d+)\D*$/.exec(command)?.[1] ?? 0);
        this.#onDatagram = () => {
          onSent(Buffer.from(this.#datagram, "latin1").toString("hex").toUpperCase());
          clock.after(latency, () => go(index + 1));
        };
        return say(part.text);
      }
      if (part.kind === "sent") onSent(filled(part.hex).toUpperCase());
      else if (part.kind === "rate") this.rate = Number(filled(part.rate));
      else say(filled(part.text));
      go(index + 1);
    };
    clock.after(delay, () => go(0));
  }
}
