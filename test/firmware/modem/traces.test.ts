/**
 * What modems of each family were seen to say, replayed to the driver's tables: the simulated modems are
 * ours, these lines are not. The files name their sources; a line of them is
 *
 *     ! open|send|read …      what the driver wants done
 *     > COMMAND               what it must say then (* for any rest)
 *     < LINE                  what the modem says, framed as it does it
 *     raw …                   the same, byte by byte
 *     prompt >, data HEX      the modem asks for data, and must get this
 *     = …                     what must have come of it
 *     urc LINE -> …           an unsolicited line, and what it must mean
 *     time LINE -> …          the network's time, and what it must mean
 */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { epochOf } from "../../../firmware/modem/at/clock";
import { AtEngine } from "../../../firmware/modem/at/engine";
import { familyNamed } from "../../../firmware/modem/family/family";
import { noGaps } from "../../../firmware/modem/at/firmware-gaps";
import { families } from "../../../firmware/modem/family/index";
import { runScript } from "../../../firmware/modem/at/script";
import { ascii, asciiText, hexText } from "../../../firmware/text/ascii";
import type { Family, ModemUrc, Received } from "../../../firmware/modem/family/family";
import type { Step } from "../../../firmware/modem/at/script";

const folder = new URL("./traces/", import.meta.url);

/** An engine with the family's tables; what it hears and says is noted. */
class Replay {
  readonly said: string[] = [];
  readonly came: string[] = [];
  readonly #family: Family;
  readonly #engine: AtEngine;
  #now = 0;

  constructor(family: Family) {
    this.#family = family;
    this.#engine = new AtEngine({
      write: (bytes) => this.said.push(asciiText(bytes)),
      urcs: family.urcs,
      banners: family.banners,
      gap: 0,
      onUrc: (line) => this.came.push(meaning(family.urc(line.slice()))),
      onBanner: () => this.came.push("banner"),
    });
  }

  say(text: string): void {
    this.#now += 10;
    this.#engine.receive(ascii(text), this.#now);
    this.#engine.poll(this.#now);
  }

  want(words: readonly string[]): void {
    this.#now += 2_000;
    this.#engine.poll(this.#now);
    runScript(
      this.#engine,
      this.#steps(words),
      ({ result }) => {
        this.came.push(
          result.kind === "error" && result.code !== undefined ? `error ${result.code}` : result.kind,
        );
      },
      this.#now,
    );
  }

  time(line: string): string {
    let told = "nothing";
    const steps = this.#family.signalAndTime({
      onSignal() {},
      onTime: (clock) => (told = new Date(epochOf(clock)).toISOString()),
    });
    for (const step of steps) {
      if (step.prefix !== undefined && line.startsWith(asciiText(step.prefix))) step.onLine?.(ascii(line));
    }
    return told;
  }

  #steps([what, id, ...rest]: readonly string[]): Step[] {
    const { sockets } = this.#family;
    const onData = ({ bytes, address, port, cut }: Received): void => {
      const from = address === undefined ? "" : ` from ${address}:${port}`;
      this.came.push(`received ${hexText(bytes)}${from}${cut === true ? ", cut" : ""}`);
    };
    if (what === "open") {
      return sockets.open(Number(id), rest[0], Number(rest[1]), (opened) =>
        this.came.push(`opened ${opened}`),
      );
    }
    if (what === "read") return sockets.read!(Number(id), onData);
    const bytes = Uint8Array.from(Buffer.from(rest[0], "hex"));
    return sockets.send(Number(id), bytes, rest[1], Number(rest[2]), false, noGaps());
  }
}

function meaning(urc: ModemUrc | undefined): string {
  if (urc === undefined) return "nothing";
  if (urc.kind === "time") return `time ${new Date(epochOf(urc.clock)).toISOString()}`;
  if (urc.kind === "datagram") return `datagram ${urc.socket} ${hexText(urc.bytes)}`;
  if (urc.kind === "data" || urc.kind === "closed") return `${urc.kind} ${urc.socket}`;
  return urc.kind;
}

function replay(file: string): void {
  const trace = new Replay(familyNamed(families, file.replace(".txt", "")));
  const lines = readFileSync(new URL(file, folder), "utf8").split("\n");
  for (const [index, text] of lines.entries()) {
    const where = `${file}:${index + 1}`;
    const [mark] = text.split(" ", 1);
    const rest = text.slice(mark.length + 1);
    const [told, expected] = rest.split(/\s+-> /);
    if (mark === "!") trace.want(rest.split(" "));
    else if (mark === "<") trace.say(`\r\n${rest}\r\n`);
    else if (mark === "raw") trace.say(rest.replaceAll("\\r", "\r").replaceAll("\\n", "\n"));
    else if (mark === "prompt") trace.say(`\r\n${rest} `);
    else if (mark === "data")
      expect(Buffer.from(trace.said.shift()!, "latin1").toString("hex").toUpperCase(), where).toBe(rest);
    else if (mark === "=") expect(trace.came.shift(), where).toBe(rest);
    else if (mark === ">") {
      const said = trace.said.shift()?.replace("\r", "") ?? "nothing";
      if (rest.endsWith("*")) expect(said.slice(0, rest.length - 1), where).toBe(rest.slice(0, -1));
      else expect(said, where).toBe(rest);
    } else if (mark === "urc") {
      trace.say(`\r\n${told}\r\n`);
      expect(trace.came.shift(), where).toBe(expected);
    } else if (mark === "time") expect(trace.time(told), where).toBe(expected);
    else expect(text === "" || mark === "#", `${where}: ${text}`).toBe(true);
  }
  expect(trace.said, file).toEqual([]);
  expect(trace.came, file).toEqual([]);
}

describe("seen on the wire", () => {
  const files = readdirSync(folder);
  it("for most families", () => expect(files.length).toBeGreaterThanOrEqual(7));
  it.each(files)("%s", (file) => replay(file));
});
