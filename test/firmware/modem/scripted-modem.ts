/**
 * The driver on a rig: a modem that answers from a table, in virtual time.
 *
 * Between two events the driver is polled when it wants to be, as the firmware does it. At each
 * event it is checked that the driver is not stuck: whenever it is at something, or holds the key
 * down, it must have a time at which it goes on by itself.
 */
import { logLine, modemLog } from "../../../firmware/device/log";
import { sim7020 } from "../../../firmware/modem/family/sim7020";
import { Modem } from "../../../firmware/modem/driver/modem";
import type { DownReason, ModemOptions } from "../../../firmware/modem/driver/modem-options";
import type { DatagramOwner } from "../../../firmware/modem/udp";
import { ascii, asciiText } from "../../../firmware/text/ascii";
import { VirtualClock } from "../../../host-sim/sim/time/clock";
import type { ScheduledEvent } from "../../../host-sim/sim/time/clock";

export const imei = "864600030000017";
export const peer = { address: "203.0.113.5", port: 5683 };
export const registeredUrc = '+CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"';
export const registeredAnswer = '+CEREG: 5,1,"5B57","01A50B1A",9,,,"00000101","00100001"';

/** Lines that answer a command; none at all is silence, `undefined` what was the answer before. */
export type Answer = readonly string[] | ((line: string) => readonly string[] | undefined);

/** What a modem answers that has a card, is registered, and does as it is told. */
const goodAnswers: readonly (readonly [string | RegExp, Answer])[] = [
  ["AT+CGMM", ["SIM7020G", "OK"]],
  ["AT+CGSN", [imei, "OK"]],
  ["AT+CPIN?", ["+CPIN: READY", "OK"]],
  ["AT+CFUN=0", ["+CPIN: NOT READY", "OK"]],
  ["AT+CFUN=1", ["OK", "+CPIN: READY", "+CEREG: 2"]],
  ["AT+COPS?", ["+COPS: 0", "OK"]],
  ["AT+CEREG?", [registeredAnswer, "OK"]],
  ["AT+CSQ", ["+CSQ: 18,0", "OK"]],
  ["AT+CCLK?", ['+CCLK: "26/01/09,10:07:06+04"', "OK"]],
  ["AT+CSOC=1,2,1", ["+CSOC: 0", "OK"]],
  ["AT+CSOSTATUS=0", ["+CSOSTATUS: 0,2", "OK"]],
  [/^AT/, ["OK"]],
];

export class ScriptedModem {
  readonly clock = new VirtualClock();
  readonly driver: Modem;
  readonly owner: DatagramOwner;
  /** Command lines of the driver, with the virtual ms at which each was written. */
  readonly commands: { text: string; time: number }[] = [];
  /** What the driver told, in order: `up`, `down <reason>`. */
  readonly states: { text: string; time: number }[] = [];
  readonly log: string[] = [];
  readonly times: number[] = [];
  /** Presses of the key, virtual ms. */
  readonly presses: { from: number; until: number }[] = [];
  readonly received: string[] = [];
  readonly failures: string[] = [];
  echo = false;
  /** No answer to anything. */
  silent = false;
  /** ms between a command and its answer. */
  delay = 10;
  #answers: (readonly [string | RegExp, Answer])[] = [...goodAnswers];
  #partial = "";
  #poll: ScheduledEvent | undefined;
  #pressedAt: number | undefined;
  #pollsInARow = 0;
  #lastPoll = -1;

  constructor(options: Partial<ModemOptions> & { withKey?: boolean } = {}) {
    const { withKey = true, ...rest } = options;
    this.driver = new Modem({
      family: sim7020,
      write: (bytes) => this.#written(asciiText(bytes)),
      apn: "iot.example",
      ...(withKey ? { powerKey: (pressed: boolean) => this.#key(pressed) } : {}),
      random: () => 0.5,
      pace: 0,
      onUp: (time) => this.states.push({ text: "up", time }),
      onDown: (reason: DownReason, time) => this.states.push({ text: `down ${reason}`, time }),
      onTime: (epoch) => this.times.push(epoch),
      log: modemLog((event) => this.log.push(logLine(event).slice("modem: ".length))),
      ...rest,
    });
    this.owner = {
      receiveDatagram: (bytes, address, port) => {
        const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        this.received.push(`${hex} from ${address}:${port}`);
      },
      failDatagram: (reason) => void this.failures.push(reason),
    };
    this.driver.openSocket(this.owner);
  }

  /** Texts of the commands since the last call. */
  take(): string[] {
    return this.commands.splice(0).map(({ text }) => text);
  }

  get stateTexts(): string[] {
    return this.states.map(({ text }) => text);
  }

  get keyPressed(): boolean {
    return this.#pressedAt !== undefined;
  }

  /** From now on this is the answer to the commands that fit; the last one told counts. */
  answer(command: string | RegExp, answer: Answer): void {
    this.#answers.unshift([command, answer]);
  }

  /** The modem restarts: it echoes again, and has forgotten what `+CEREG:` is to tell until that is set anew. */
  restart(banner = "RDY"): void {
    this.echo = true;
    this.answer("AT+CEREG?", ["+CEREG: 0,0", "OK"]);
    this.answer("ATE0", () => {
      // This command is still echoed.
      this.clock.after(0, () => void (this.echo = false));
      return ["OK"];
    });
    this.answer(/^AT\+CEREG=\d$/, () => {
      this.answer("AT+CEREG?", [registeredAnswer, "OK"]);
      return ["OK"];
    });
    this.say(banner);
  }

  /** As at the start: every command is answered as by a good modem. */
  behave(): void {
    this.#answers = [...goodAnswers];
    this.silent = false;
    this.echo = false;
    this.delay = 10;
  }

  connect(): void {
    this.driver.connect(this.clock.now);
    this.#touched();
  }

  suspend(): void {
    this.driver.suspend(this.clock.now);
    this.#touched();
  }

  reset(): void {
    this.driver.reset(this.clock.now);
    this.#touched();
  }

  /** The cloud has answered. */
  confirm(): void {
    this.driver.confirm();
    this.#touched();
  }

  /** Sends a datagram of these hex digits, at the present time. */
  send(hex: string, options: { release?: boolean; address?: string; port?: number } = {}): void {
    this.driver.poll(this.clock.now);
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const { release = false, address = peer.address, port = peer.port } = options;
    this.driver.sendDatagram(this.owner, bytes, address, port, release);
    this.#touched();
  }

  /** The modem says these lines now. */
  say(...lines: readonly string[]): void {
    for (const line of lines) this.bytes(ascii(`\r\n${line}\r\n`));
  }

  bytes(bytes: Uint8Array): void {
    this.driver.receive(bytes, this.clock.now);
    this.#touched();
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.run({ until: this.clock.now + ms });
  }

  /** Lets time pass until this is so, at most `ms`; whether it came to be. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    const end = this.clock.now + ms;
    await this.clock.run({ until: end, stop: condition });
    return condition();
  }

  /** Connects and waits until it is up. */
  async up(): Promise<void> {
    this.connect();
    if (!(await this.until(() => this.driver.ready, 60_000))) {
      throw new Error(`not up but ${this.driver.state}; log: ${this.log.join("; ")}`);
    }
  }

  /** The state when this command is first written, the modem then saying nothing to it. */
  async hangAt(command: string | RegExp, ms = 700_000): Promise<void> {
    this.answer(command, []);
    const start = this.commands.length;
    const fits = (text: string): boolean => matches(command, text);
    const came = await this.until(() => this.commands.slice(start).some(({ text }) => fits(text)), ms);
    if (!came) throw new Error(`${command} was not sent; log: ${this.log.join("; ")}`);
  }

  /** @throws Error when the driver is at something and would never go on by itself */
  check(): void {
    const { state, deadline } = this.driver;
    const idle = state === "off" || state === "up" || state === "asleep";
    if (!idle && deadline === Infinity) throw new Error(`stuck in ${state}`);
    const letGo = !this.keyPressed || deadline <= this.clock.now + 1_100;
    if (!letGo) throw new Error(`key held down in ${state}`);
  }

  #written(text: string): void {
    this.#partial += text;
    for (let end = this.#partial.indexOf("\r"); end >= 0; end = this.#partial.indexOf("\r")) {
      const line = this.#partial.slice(0, end);
      this.#partial = this.#partial.slice(end + 1);
      this.commands.push({ text: line, time: this.clock.now });
      if (!this.silent) this.#respond(line);
    }
  }

  #respond(line: string): void {
    let lines: readonly string[] | undefined;
    for (const [command, answer] of this.#answers) {
      if (lines !== undefined) break;
      if (matches(command, line)) lines = typeof answer === "function" ? answer(line) : answer;
    }
    if (lines === undefined || lines.length === 0) return;
    const { echo } = this;
    this.clock.after(this.delay, () => {
      if (echo) this.bytes(ascii(`${line}\r`));
      this.say(...lines);
    });
  }

  #key(pressed: boolean): void {
    const now = this.clock.now;
    if (pressed === this.keyPressed) throw new Error(`key ${pressed ? "pressed" : "released"} twice`);
    if (pressed) {
      this.#pressedAt = now;
    } else {
      this.presses.push({ from: this.#pressedAt!, until: now });
      this.#pressedAt = undefined;
    }
  }

  /** After each event: the next poll is when the driver wants it. */
  #touched(): void {
    this.check();
    this.clock.cancel(this.#poll);
    const { deadline } = this.driver;
    if (deadline === Infinity) return;
    this.#poll = this.clock.at(deadline, () => {
      const now = this.clock.now;
      this.#pollsInARow = now === this.#lastPoll ? this.#pollsInARow + 1 : 0;
      this.#lastPoll = now;
      if (this.#pollsInARow > 50) throw new Error(`polled without end in ${this.driver.state}`);
      this.driver.poll(now);
      this.#touched();
    });
  }
}

function matches(command: string | RegExp, text: string): boolean {
  return typeof command === "string" ? command === text : command.test(text);
}
