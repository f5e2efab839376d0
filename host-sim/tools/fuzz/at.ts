/**
 * A hostile modem on the AT port, to the driver of each family: it answers as the script says, in time or not,
 * whole or in pieces, with what its family would say at another moment, or with anything. Nothing is thrown, the
 * clock goes on, the driver writes a bounded amount, and each line of the log is one.
 */
import { families } from "../../../firmware/modem/family/index";
import { logLine, modemLog } from "../../../firmware/device/log";
import { Modem } from "../../../firmware/modem/driver/modem";
import { Udp } from "../../../firmware/modem/udp";
import { ascii, asciiText } from "../../../firmware/text/ascii";
import { Random } from "../../sim/time/random";
import { arrivals, registered, vocabulary } from "./at-words";
import { Script, check } from "./target";
import { checkedLog } from "./tiny-device";
import type { Family } from "../../../firmware/modem/family/family";
import type { PinFate, PinMemory, PinOutcome } from "../../../firmware/modem/driver/pin-entry";
import type { Target, Watch } from "./target";

const imei = "864600030000017";
const waits = [0, 10, 100, 1_000, 5_000, 60_000, 600_000, 86_400_000];
/** Secrets of the settings, which no line of the log may have. */
const secrets = { pin: "46820", apnPassword: "kept-to-itself" };
const server = "203.0.113.5";
const serverName = "enos.example";
/** Bytes that the driver may write for one thing that comes: a few commands, a datagram in hexadecimal. */
const mostWritten = 4_096;
const mostPolls = 64;
const mostSteps = 30;

export const atTarget: Target = {
  name: "at",
  boundary: "AT port",
  code: ["firmware/modem/"],
  portable: true,
  seeds: () =>
    // Without settings of the modem's, and with some.
    [0, 1, 2, 4, 8, 15].flatMap((settings) =>
      families.map((_family, i) =>
        Uint8Array.of(
          i + settings * families.length,
          ...[2, 2, 9, 3, 2, 11, 60, 2, 3, 2, 9, 9, 3, 3, 0, 5, 2, 9, 200, 3],
        ),
      ),
    ),
  generate(random) {
    const input = random.bytes(8 + Math.floor(random.next() * 90));
    // Where a modem does as it should for a while, more is to be seen.
    const share = random.next();
    for (let i = 1; i < input.length; i++) if (random.chance(share)) input[i] = 2;
    return input;
  },
  run: (input, watch) => new Play(new Script(input), watch).run(),
};

/** What became of the PIN on each card, and the rule that follows: a refused one is never given to it again. */
class CardMemory implements PinMemory {
  readonly #fates = new Map<string, PinFate>();
  #marked = false;

  recall(card: string): PinFate {
    return this.#fates.get(card) ?? { outcome: "none", acceptedBefore: false, refusals: 0 };
  }

  note(card: string, _pin: string, outcome: PinOutcome, tries?: number): boolean {
    const before = this.recall(card);
    if (outcome === "given") {
      check(
        before.outcome !== "refused",
        "a PIN that a card has refused is not given to it again",
        () => card,
      );
      this.#marked = true;
    }
    this.#fates.set(card, {
      outcome,
      acceptedBefore: before.outcome === "accepted",
      refusals: outcome === "refused" ? before.refusals + 1 : before.refusals,
      tries: outcome === "given" ? tries : before.tries,
    });
    return true;
  }

  /** The PIN goes over the wire. */
  given(): void {
    check(this.#marked, "a PIN is given once for each mark in the memory");
    this.#marked = false;
  }
}

class Play {
  readonly #script: Script;
  readonly #watch: Watch;
  readonly #family: Family;
  readonly #modem: Modem;
  readonly #socket: Udp;
  readonly #pins = new CardMemory();
  readonly #server: string;
  #now = 0;
  /** Command lines, or data, that wait for an answer. */
  readonly #commands: string[] = [];
  #line = "";
  #written = 0;
  #got = 0;

  constructor(script: Script, watch: Watch) {
    this.#script = script;
    this.#watch = watch;
    const first = script.byte();
    this.#family = families[first % families.length];
    const settings = Math.floor(first / families.length);
    const has = (bit: number): boolean => (settings & bit) !== 0;
    const named = has(2) && this.#family.resolve !== undefined;
    this.#server = named ? serverName : server;
    const random = new Random("driver");
    const log = checkedLog(watch);
    this.#modem = new Modem({
      family: this.#family,
      write: (bytes) => this.#write(bytes),
      apn: "iot.example",
      psm: { t3412: 3_600, t3324: 10 },
      ...(has(1) && { pin: { pin: secrets.pin, memory: this.#pins } }),
      ...(has(4) && {
        apn: "",
        apnLogin: { auth: "chap", user: "me", password: secrets.apnPassword },
        bands: [8, 20],
        operator: "26201",
        roaming: false,
        rat: this.#family.technologies ?? ["nb-iot"],
        edrx: 20.48,
      }),
      ...(has(8) && { init: ["AT+CNBS=1"], setBaud: (rate: number) => watch.step?.(`  line at ${rate}`) }),
      powerKey: () => {},
      reset: () => {},
      random: () => random.next(),
      onUp: () => watch.feature(`up ${this.#family.name}`),
      onDown: (reason) => watch.feature(`down ${reason}`),
      log: modemLog((event) => {
        log(event);
        const line = logLine(event);
        for (const secret of Object.values(secrets)) {
          check(!line.includes(secret), "no secret is in the log", () => line);
        }
      }),
    });
    this.#socket = new Udp({ modem: this.#modem });
  }

  run(): void {
    this.#modem.connect(this.#now);
    for (let step = 0; step < mostSteps && !this.#script.over; step++) {
      this.#written = 0;
      this.#step();
      check(
        this.#written <= mostWritten,
        "the driver writes no more than it must",
        () => `${this.#written} bytes`,
      );
    }
    for (let turn = 0; turn < 2; turn++) this.#wait(1_000_000);
  }

  #step(): void {
    const script = this.#script;
    const kind = script.byte() % 12;
    if (kind >= 3 && kind <= 8) this.#watch.input();
    switch (kind) {
      case 0:
        this.#written = -mostWritten * 24;
        return this.#wait(script.pick(waits));
      case 1:
        return this.#honest();
      case 2:
        return this.#settle();
      case 3: {
        // A datagram for the device, as the family says that there is one.
        this.#say(`\r\n${arrivals[this.#family.name] ?? script.pick(vocabulary)}\r\n`);
        return this.#settle();
      }
      case 4:
        return this.#say(`\r\n${script.pick(vocabulary)}\r\n`);
      case 5: {
        const line = script.pick(vocabulary);
        const [from, to, often] = [script.byte(), script.byte(), script.pick([1, 1, 2, 8, 100])];
        const part = line.slice(from % line.length, 1 + (to % line.length));
        return this.#say(`\r\n${line.slice(0, 1 + (from % line.length))}${part.repeat(often)}\r\n`);
      }
      case 6:
        return this.#receive(script.take(script.below(80)));
      case 7: {
        // A line of one byte, or of two, as long as lines get.
        const [a, b, length] = [script.byte(), script.byte(), script.byte() * 6];
        const prefix = script.pick(vocabulary).split(/[:,]/)[0];
        const text = String.fromCharCode(a & 0x7f, b & 0x7f).repeat(length >> 1);
        return this.#say(`\r\n${prefix}: ${text}\r\n`);
      }
      case 8:
        return this.#say(this.#commands.length > 0 ? `${this.#commands[0]}\r` : "AT\r");
      case 9:
      case 10:
        this.#socket.write(new Uint8Array(1 + script.byte() * 2), this.#server, 5683);
        return this.#settle();
      default:
        this.#order(script.byte());
        return this.#wait(0);
    }
  }

  /** What the agent asks of the driver besides sending. */
  #order(choice: number): void {
    if (choice > 200) this.#modem.reset(this.#now);
    else if (choice < 50) this.#modem.suspend(this.#now);
    else if (choice < 100) {
      // Something has come back, and the application wants to know of the cell.
      this.#modem.readCell();
      this.#modem.confirm();
    } else if (choice < 110) this.#modem.leave(this.#now);
    else this.#modem.connect(this.#now);
  }

  /** Answers as expected until the driver has come to rest. */
  #settle(): void {
    const modem = this.#modem;
    for (let count = 0; count < 50; count++) {
      this.#written = 0;
      const rests = modem.state === "up" || modem.state === "asleep" || modem.state === "off";
      if (this.#commands.length === 0 && rests && !modem.busy) return;
      this.#honest();
    }
  }

  /** Answers the oldest command as a modem of this family would, and lets the gap behind it pass. */
  #honest(): void {
    const command = this.#commands.shift();
    if (command === undefined) return this.#wait(3_000);
    for (const line of this.#answers(command)) this.#say(line === ">" ? "\r\n> " : `\r\n${line}\r\n`);
    this.#wait(60);
  }

  #answers(command: string): readonly string[] {
    const is = (...names: string[]): boolean => names.some((name) => command.startsWith(`AT+${name}`));
    if (is("CGMM") || command === "ATI") return [this.#family.models[0], "OK"];
    if (is("CGSN") || command === "AT+GSN") return [is("CGSN=1") ? `+CGSN: ${imei}` : imei, "OK"];
    if (is("CPIN?")) return ["+CPIN: READY", "OK"];
    if (is("CEREG?")) return [registered, "OK"];
    if (is("CFUN=1")) return ["OK", "+CPIN: READY", '+CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"'];
    if (is("CCLK?")) return ['+CCLK: "26/01/09,10:07:06+04"', "OK"];
    if (is("CSOC=")) return ["+CSOC: 0", "OK"];
    if (is("CSOSTATUS")) return ["+CSOSTATUS: 0,2", "OK"];
    if (is("CAOPEN=")) return ["+CAOPEN: 0,0", "OK"];
    if (is("CASEND=", "CASEND", "CIPSEND", "QISEND=", "USOST=") && !/[0-9A-F]{8}/.test(command)) return [">"];
    if (is("CAOPEN?")) return ["+CAOPEN: 0,0", "OK"];
    if (is("CNACT?")) return ['+CNACT: 0,1,"10.0.0.2"', "OK"];
    if (is("CNACT=")) return ["OK", "+APP PDP: 0,ACTIVE"];
    if (is("CIPSTART")) return ["OK", "0, CONNECT OK"];
    if (is("CIFSR")) return ["10.0.0.2"];
    if (is("CIPSHUT")) return ["SHUT OK"];
    if (is("QIOPEN=")) return ["OK", "+QIOPEN: 0,0"];
    if (is("UPSDA")) return ["OK", '+UUPSDA: 0,"10.0.0.2"'];
    if (is("QISEND=")) return ["SEND OK", "OK"];
    if (is("QIACT?")) return ['+QIACT: 1,1,1,"10.0.0.2"', "OK"];
    if (is("CARECV=")) return ["+CARECV: 4,abcd", "OK"];
    if (is("QIRD=")) return ["+QIRD: 4", "abcd", "OK"];
    if (is("NSORF=")) return ["0,203.0.113.5,5683,4,AABBCCDD,0", "OK"];
    if (is("USORF=0,0")) return ["+USORF: 0,4", "OK"];
    if (is("USORF=")) return ['+USORF: 0,"203.0.113.5",5683,4,"AABBCCDD"', "OK"];
    if (is("NSOCR=")) return ["0", "OK"];
    if (is("NSOST")) return ["0,4", "OK"];
    if (is("USOCR=")) return ["+USOCR: 0", "OK"];
    if (is("USOST")) return ["+USOST: 0,4", "OK"];
    if (is("CDNSGIP")) return ["OK", '+CDNSGIP: 1,"enos.example","203.0.113.5"'];
    if (is("QIDNSGIP=1")) return ["OK", '+QIURC: "dnsgip",0,1,300', '+QIURC: "dnsgip","203.0.113.5"'];
    if (is("QIDNSGIP")) return ["OK", "+QIDNSGIP: 0,1,300", "+QIDNSGIP: 203.0.113.5"];
    if (is("UDNSRN")) return ['+UDNSRN: "203.0.113.5"', "OK"];
    if (is("QDNS")) return ["OK", "+QDNS:203.0.113.5"];
    if (!command.startsWith("AT")) return ["SEND OK", "OK"];
    if (command.endsWith("?")) return [`${command.slice(2, -1)}: 0,1`, "OK"];
    return ["OK"];
  }

  #write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    this.#line += asciiText(bytes, 0, Math.min(bytes.length, 600));
    const lines = this.#line.split("\r");
    this.#line = (lines.pop() ?? "").slice(-1_200);
    // Data behind a prompt has no end of its own.
    if (this.#line.length > 0 && !this.#line.startsWith("AT")) {
      lines.push(this.#line);
      this.#line = "";
    }
    for (const line of lines) {
      if (line.length > 0) this.#commands.push(line);
      if (line.endsWith(`"${secrets.pin}"`)) this.#pins.given();
    }
    if (this.#commands.length > 8) this.#commands.splice(0, this.#commands.length - 8);
    this.#watch.step?.(`> ${lines.join("|").slice(0, 80)}`);
  }

  #say(text: string): void {
    this.#receive(ascii(text));
  }

  #receive(bytes: Uint8Array): void {
    this.#watch.step?.(`< ${JSON.stringify(asciiText(bytes, 0, Math.min(bytes.length, 120)))}`);
    this.#modem.receive(bytes.slice(), this.#now);
    this.#poll();
  }

  /** Lets time pass; when the driver has much to do by itself, not all of it. */
  #wait(most: number): void {
    const end = this.#now + most;
    this.#poll();
    for (let turn = 0; turn < 24 && this.#modem.deadline <= end && this.#commands.length < 2; turn++) {
      this.#now = this.#modem.deadline;
      this.#poll();
    }
    if (this.#modem.deadline > end) this.#now = end;
  }

  #poll(): void {
    const modem = this.#modem;
    modem.poll(this.#now);
    for (let polls = 0; modem.deadline <= this.#now; polls++) {
      check(polls < mostPolls, "the clock goes on", () => `deadline ${modem.deadline} at ${this.#now}`);
      modem.poll(this.#now);
    }
    for (let datagram = this.#socket.read(); datagram !== undefined; datagram = this.#socket.read())
      this.#got += 1;
    this.#watch.feature(`state ${modem.state} ${this.#family.name} got ${Math.min(this.#got, 2)}`);
    const rests = modem.state === "off" || modem.state === "asleep" || modem.state === "up";
    check(rests || modem.deadline < Infinity, "a driver at work has a deadline", () => modem.state);
  }
}
