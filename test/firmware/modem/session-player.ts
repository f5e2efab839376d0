/**
 * Replays a session's file (see session-file.ts) against the whole driver, in virtual time. The other end of
 * the wire is `SessionModem`, which is not the simulated modem: it has been made of the world's logs alone.
 */
import { existsSync } from "node:fs";
import { expect } from "vitest";
import { logLine, modemLog } from "../../../firmware/device/log";
import { familyNamed } from "../../../firmware/modem/family/family";
import { families } from "../../../firmware/modem/family/index";
import { Modem } from "../../../firmware/modem/driver/modem";
import { hexText } from "../../../firmware/text/ascii";
import { VirtualClock } from "../../../host-sim/sim/time/clock";
import { matched, readSession } from "./session-file";
import { SessionModem } from "./session-modem";
import type { ModemOptions } from "../../../firmware/modem/driver/modem-options";
import type { DatagramOwner } from "../../../firmware/modem/udp";
import type { ScheduledEvent } from "../../../host-sim/sim/time/clock";
import type { PlanStep, Session } from "./session-file";

/** Where sessions lie, in a folder a family. */
export const sessionFolder = new URL("./sessions/", import.meta.url);
const peer = { address: "203.0.113.5", port: 5683 };
/** How long something expected may take, ms. */
const usualLimit = 60_000;

/** Replays a session's file against the whole driver. */
export class SessionPlayer {
  readonly clock = new VirtualClock();
  /**
   * What has come of it, in its order: `up`, `down REASON`, `imei DIGITS`, `time ISO`, `received HEX`,
   * `failed REASON`, and from the modem's end `sent HEX`.
   */
  readonly came: { readonly what: string; readonly time: number }[] = [];
  /** The device's log. */
  readonly log: string[] = [];
  readonly modem: SessionModem;
  readonly driver: Modem;
  readonly #session: Session;
  readonly #owner: DatagramOwner;
  #poll: ScheduledEvent | undefined;
  /** Rate at which the board speaks and hears, bit/s. */
  #rate: number;
  /** How many of `came` are behind us. */
  #seen = 0;
  #limit = usualLimit;
  /** When the firmware wanted something last, and when the last thing expected came, ms. */
  #wanted = 0;
  #met = 0;

  constructor(family: string, session: Session) {
    this.#session = session;
    const { clock } = this;
    const defaults = [
      new URL(`${family}/defaults.txt`, sessionFolder),
      new URL("defaults.txt", sessionFolder),
    ];
    const traits = familyNamed(families, family);
    this.#rate = traits.baud;
    this.modem = new SessionModem({
      clock,
      rate: traits.baud,
      layers: [session, ...defaults.filter((url) => existsSync(url)).map(readSession)],
      say: (text) => this.#hear(text),
      onSent: (hex) => this.#note(`sent ${hex}`),
    });
    this.driver = new Modem({
      family: traits,
      apn: "iot.example",
      write: (bytes) => this.#write(bytes),
      setBaud: (rate) => void (this.#rate = rate),
      random: () => 0.5,
      pace: 0,
      onUp: () => this.#note("up"),
      onDown: (reason) => this.#note(`down ${reason}`),
      onIdentified: (imei) => this.#note(`imei ${imei}`),
      onTime: (epoch) => this.#note(`time ${new Date(epoch).toISOString()}`),
      log: modemLog((event) => void this.log.push(logLine(event))),
      ...this.#wires(session.head.get("wires") ?? "key"),
      ...optionsOf(session),
    });
    this.#owner = {
      receiveDatagram: (bytes) => this.#note(`received ${hexText(bytes)}`),
      failDatagram: (reason) => this.#note(`failed ${reason}`),
    };
    this.driver.openSocket(this.#owner);
  }

  #wires(names: string): Partial<ModemOptions> {
    const wire = (name: string, what: string): ((on: boolean) => void) | undefined =>
      names.split(" ").includes(name) ? (on) => void (on && this.modem.wire(what)) : undefined;
    return {
      powerKey: wire("key", "KEY"),
      reset: wire("reset", "RESET"),
      wakePin: wire("pin", "PIN"),
      supply: names.includes("supply")
        ? (on: boolean) => this.modem.wire(`SUPPLY ${on ? "on" : "off"}`)
        : undefined,
    };
  }

  /** Plays the file to its end. */
  async play(): Promise<void> {
    for (const step of this.#session.plan) await this.#step(step);
  }

  async #step({ mark, rest, where }: PlanStep): Promise<void> {
    if (mark === "!") return this.#want(rest.split(" "));
    if (mark === "within") return void (this.#limit = Number(rest));
    if (mark === "=") return this.#expect(rest, where);
    if (mark === "took") {
      const [least, most] = rest.split(" ").map(Number);
      expect(this.#met - this.#wanted, where).toBeGreaterThanOrEqual(least);
      return expect(this.#met - this.#wanted, where).toBeLessThanOrEqual(most);
    }
    if (mark === "never") {
      const all = [...this.came.map(({ what }) => what), ...this.log];
      return expect(
        all.filter((line) => line.includes(rest)),
        this.#story(where),
      ).toEqual([]);
    }
    const [, pattern, how, count] = /^(.*?)(?: (x|upto )(\d+))?$/.exec(rest)!;
    const written = this.modem.told.filter(({ command }) => matched(pattern, command) !== undefined).length;
    if (mark === "unwritten") expect(written, this.#story(where)).toBe(0);
    else if (count === undefined) expect(written, this.#story(where)).toBeGreaterThan(0);
    else if (how === "x") expect(written, this.#story(where)).toBe(Number(count));
    else expect(written, this.#story(where)).toBeLessThanOrEqual(Number(count));
  }

  async #want([what, value]: readonly string[]): Promise<void> {
    const { now } = this.clock;
    this.#wanted = now;
    if (what === "pass") return this.#run(Number(value), () => false);
    this.driver.poll(now);
    if (what === "connect") this.driver.connect(now);
    else if (what === "reset") this.driver.reset(now);
    else {
      const bytes = Uint8Array.from(Buffer.from(value, "hex"));
      this.driver.sendDatagram(this.#owner, bytes, peer.address, peer.port, what === "last");
    }
    this.#touched();
  }

  /** Runs until what is expected has come; what comes before it may be anything. */
  async #expect(text: string, where: string): Promise<void> {
    if (text.startsWith("log ")) {
      const words = text.slice(4);
      const has = (): boolean => this.log.some((line) => line.includes(words));
      await this.#run(this.#limit, has);
      expect(has(), this.#story(where)).toBe(true);
    } else {
      const next = (): number => this.came.findIndex(({ what }, i) => i >= this.#seen && what === text);
      await this.#run(this.#limit, () => next() >= 0);
      expect(next(), this.#story(where)).toBeGreaterThanOrEqual(0);
      this.#met = this.came[next()].time;
      this.#seen = next() + 1;
    }
  }

  /** What a failure is told with: what was said and what came, the last of it. */
  #story(where: string): string {
    const told = this.modem.told.map(({ command, time }) => ({ time, line: `> ${command}` }));
    const came = this.came.map(({ what, time }) => ({ time, line: `= ${what}` }));
    const all = [...told, ...came].sort((a, b) => a.time - b.time).slice(-40);
    const lines = all.map(({ time, line }) => `${String(time).padStart(8)} ${line}`);
    return `${where}\n${lines.join("\n")}\n${this.log.slice(-15).join("\n")}\nstate ${this.driver.state}`;
  }

  #note(what: string): void {
    this.came.push({ what, time: this.clock.now });
  }

  #write(bytes: Uint8Array): void {
    if (this.#rate === this.modem.rate) return this.modem.receive(String.fromCharCode(...bytes));
    // The modem echoes what it makes of it.
    this.#hear("\xF8\x80\x00\xE0");
  }

  #hear(text: string): void {
    const noise = this.#rate !== this.modem.rate;
    const bytes = Uint8Array.from(text, (character) => (noise ? 0xf8 : character.charCodeAt(0)));
    // Behind whatever is going on: the driver may be writing the command that this answers.
    this.clock.after(0, () => {
      this.driver.receive(bytes, this.clock.now);
      this.#touched();
    });
  }

  async #run(ms: number, stop: () => boolean): Promise<void> {
    if (!stop()) await this.clock.run({ until: this.clock.now + ms, stop });
  }

  #touched(): void {
    this.clock.cancel(this.#poll);
    const { deadline } = this.driver;
    if (deadline === Infinity) return;
    this.#poll = this.clock.at(Math.max(deadline, this.clock.now), () => {
      this.driver.poll(this.clock.now);
      this.#touched();
    });
  }
}

/** What the session's head gives to the driver. A PIN is one that nobody has given before. */
function optionsOf(session: Session): Partial<ModemOptions> {
  const options = JSON.parse(session.head.get("options") ?? "{}") as Record<string, unknown>;
  if (typeof options.pin !== "string") return options;
  const fate = { outcome: "none", acceptedBefore: false, refusals: 0 } as const;
  return { ...options, pin: { pin: options.pin, memory: { recall: () => fate, note: () => true } } };
}
