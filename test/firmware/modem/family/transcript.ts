/**
 * A whole driver replayed against a session written down beforehand, in virtual time. The files say on
 * their first lines where they come from; a line of them is
 *
 *     ! connect | reset | send HEX | last HEX   what the firmware wants (`last`: one answer is expected)
 *     > COMMAND               the next line the driver must write
 *     < LINE                  what the modem says then, framed as it does it, 10 ms later
 *     raw TEXT                the same byte by byte; \r \n \xHH as in C
 *     data HEX                the next bytes the driver must write, a datagram's
 *     key                     the driver must press the power key, and let go of it
 *     wait MS                 time passes, and the driver writes nothing
 *     until STATE             time passes until the driver is in this state, and it writes nothing before
 *     = TEXT                  the next thing that must have come of it, see `Transcript.came`
 */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { Modem } from "../../../../firmware/modem/driver/modem";
import type { ModemOptions } from "../../../../firmware/modem/driver/modem-options";
import type { DatagramOwner } from "../../../../firmware/modem/udp";
import { hexText } from "../../../../firmware/text/ascii";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import type { ScheduledEvent } from "../../../../host-sim/sim/time/clock";

/** ms between a command and its answer. */
const latency = 10;
/** The longest that the driver lets a modem wait for its next command, ms. */
const patience = 20_000;
const peer = { address: "203.0.113.5", port: 5683 };

export class Transcript {
  readonly clock = new VirtualClock();
  readonly driver: Modem;
  /** `up`, `down REASON`, `received HEX`, `time ISO`, `imei DIGITS`, `failed REASON`, in their order. */
  readonly came: string[] = [];
  /** What the driver wrote and no line of the file has named yet. */
  #written = "";
  #presses = 0;
  readonly #owner: DatagramOwner;
  #poll: ScheduledEvent | undefined;

  constructor(family: string, options: Partial<ModemOptions> = {}) {
    this.driver = new Modem({
      family: familyNamed(families, family),
      write: (bytes) => void (this.#written += String.fromCharCode(...bytes)),
      apn: "iot.example",
      bands: [8, 20],
      psm: { t3412: 3_600, t3324: 10 },
      powerKey: (pressed) => void (this.#presses += pressed ? 1 : 0),
      random: () => 0.5,
      pace: 0,
      onUp: () => this.came.push("up"),
      onDown: (reason) => this.came.push(`down ${reason}`),
      onTime: (epoch) => this.came.push(`time ${new Date(epoch).toISOString()}`),
      ...options,
    });
    this.#owner = {
      receiveDatagram: (bytes) => void this.came.push(`received ${hexText(bytes)}`),
      failDatagram: (reason) => void this.came.push(`failed ${reason}`),
    };
    this.driver.openSocket(this.#owner);
  }

  /** Plays a file of ../fixtures to its end. */
  async play(file: string): Promise<void> {
    const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8");
    for (const [index, line] of text.split("\n").entries()) {
      if (line === "" || line.startsWith("#")) continue;
      const space = line.indexOf(" ");
      const mark = space < 0 ? line : line.slice(0, space);
      await this.#step(mark, space < 0 ? "" : line.slice(space + 1), `${file}:${index + 1}: ${line}`);
    }
    expect(this.came, `${file}: left over`).toEqual([]);
    expect(this.#written, `${file}: left over`).toBe("");
  }

  async #step(mark: string, rest: string, where: string): Promise<void> {
    if (mark === "!") return this.#want(rest.split(" "));
    if (mark === ">") return expect(await this.#take(rest.length + 1), where).toBe(`${rest}\r`);
    if (mark === "data") return expect(hex(await this.#take(rest.length / 2)), where).toBe(rest);
    if (mark === "<") return this.#say(`\r\n${rest}\r\n`);
    if (mark === "raw") return this.#say(unescape(rest));
    if (mark === "=") return expect(this.came.shift(), where).toBe(rest);
    if (mark === "wait") await this.#run(Number(rest), () => this.#written !== "");
    else if (mark === "until")
      await this.#run(600_000, () => this.driver.state === rest || this.#written !== "");
    else if (mark === "key") await this.#run(patience, () => this.#presses > 0);
    else throw new Error(`unknown line ${where}`);
    if (mark === "until") return expect(this.driver.state, where).toBe(rest);
    expect(this.#written, where).toBe("");
    if (mark === "key") expect(this.#presses--, where).toBe(1);
  }

  #want([what, digits]: readonly string[]): void {
    const { now } = this.clock;
    this.driver.poll(now);
    if (what === "connect") this.driver.connect(now);
    else if (what === "reset") this.driver.reset(now);
    else {
      const bytes = Uint8Array.from(Buffer.from(digits, "hex"));
      this.driver.sendDatagram(this.#owner, bytes, peer.address, peer.port, what === "last");
    }
    this.#touched();
  }

  /** The next bytes that the driver writes, as far as they come. */
  async #take(count: number): Promise<string> {
    await this.#run(patience, () => this.#written.length >= count);
    // What does not fit is shown up to its end.
    const end = this.#written.indexOf("\r") + 1;
    const taken = this.#written.slice(0, Math.max(count, end));
    this.#written = this.#written.slice(taken.length);
    return taken;
  }

  async #say(text: string): Promise<void> {
    await this.#run(latency, () => false);
    this.driver.receive(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
      this.clock.now,
    );
    this.#touched();
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

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex").toUpperCase();
}

function unescape(text: string): string {
  return text.replace(/\\(r|n|x[0-9A-Fa-f]{2})/g, (_, what: string) => {
    if (what === "r") return "\r";
    return what === "n" ? "\n" : String.fromCharCode(parseInt(what.slice(1), 16));
  });
}
