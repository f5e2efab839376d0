/** The sequence chart's rows as the run's data have them: when, from which lifeline to which, and in words. */
import { codeText, printable } from "../../../../cloud/coap/coap-text";
import { decodeCoap } from "../../../../cloud/coap/coap-wire";
import { rowKinds } from "../run-data";
import { span } from "./units";
import { summedUp } from "./unpack";
import type { RowKind } from "../run-data";
import type { Unpacked } from "./unpack";

/** Lifelines, from the left: device 0, modem 1, network 2, cloud 3. */
export interface Row {
  readonly time: number;
  readonly kind: RowKind;
  /** Equal for something that happens at one lifeline. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly mark: "" | "lost" | "again";
}

const types = ["CON", "NON", "ACK", "RST"] as const;
const uriPath = 11;
const trouble =
  /refused|dropped|denied|fault:|timed out|unanswered|kept |discarded|hung|out of coverage|malformed/;
const utf8 = new TextDecoder();

export class SequenceRows {
  readonly times: Float64Array;
  readonly #run: Unpacked;
  /** Where each datagram's bytes and each exchange's lines begin. */
  readonly #bytesAt: Float64Array;
  readonly #linesAt: Float64Array;

  constructor(run: Unpacked) {
    this.#run = run;
    this.times = summedUp(run.data.rows.time);
    this.#bytesAt = summedUp([0, ...run.data.datagrams.length]);
    this.#linesAt = summedUp([0, ...run.data.exchanges.lines]);
  }

  get length(): number {
    return this.times.length;
  }

  kind(row: number): RowKind {
    return rowKinds[this.#run.data.rows.kind[row]];
  }

  /** Number of the datagram or exchange. */
  value(row: number): number {
    return this.#run.data.rows.value[row];
  }

  bytes(datagram: number): Uint8Array {
    return this.#run.bytes.subarray(this.#bytesAt[datagram], this.#bytesAt[datagram + 1]);
  }

  /** Lines of an exchange, each with where it came from. */
  lines(exchange: number): { fromModem: boolean; text: string }[] {
    const { texts, exchanges } = this.#run.data;
    return exchanges.line.slice(this.#linesAt[exchange], this.#linesAt[exchange + 1]).map((line) => ({
      fromModem: line % 2 === 1,
      text: texts[line >> 1],
    }));
  }

  row(number: number): Row {
    const kind = this.kind(number);
    const time = this.times[number];
    if (kind === "air") return { time, kind, ...this.#air(this.value(number)) };
    if (kind === "at") return { time, kind, ...this.#exchange(this.value(number)) };
    const text = this.#run.data.texts[this.value(number)];
    const mark = trouble.test(text) ? "lost" : "";
    const radio = kind === "modem" && /cell|network|radio connection|coverage/.test(text);
    const at = { device: 0, board: 0, modem: 1, cloud: 3 }[kind];
    return { time, kind, text, mark, from: at, to: radio ? 2 : at };
  }

  /** Something went wrong there, or was done once more. */
  isTrouble(number: number): boolean {
    const { datagrams, texts } = this.#run.data;
    const kind = this.kind(number);
    const value = this.value(number);
    if (kind === "at") return this.lines(value).some(({ text }) => /^(?:ERROR|\+CM[ES] ERROR)/.test(text));
    if (kind !== "air") return trouble.test(texts[value]);
    return datagrams.travel[value] < 0 || datagrams.again[value] > 0 || datagrams.duplicate[value] > 0;
  }

  #air(number: number): Omit<Row, "time" | "kind"> {
    const { datagrams, texts } = this.#run.data;
    const up = datagrams.up[number] === 1;
    const travel = datagrams.travel[number];
    const lost = travel < 0;
    const cause = texts[datagrams.cause[number]];
    const end = lost ? `lost (${texts[datagrams.loss[number]]})` : span(travel);
    const copy = datagrams.duplicate[number] === 1 ? ", doubled by the network" : "";
    const mark = lost ? "lost" : datagrams.again[number] > 0 || copy !== "" ? "again" : "";
    const [from, to] = up ? [1, lost ? 2 : 3] : [3, lost ? 2 : 1];
    const size = `${datagrams.length[number]} B`;
    return { from, to, mark, text: `${this.#message(number)} · ${cause}${copy} · ${size} · ${end}` };
  }

  /** Type, code and the end of the path. */
  #message(number: number): string {
    const message = decodeCoap(this.bytes(number));
    if ("malformed" in message) return "malformed";
    const path = message.options
      .filter((each) => each.number === uriPath)
      .map((each) => utf8.decode(each.value));
    const shown = path[0] === "auth" ? path.slice(0, 1) : path.slice(4);
    const where = shown.length === 0 ? "" : ` ${printable(shown.join("/"), 60)}`;
    return `${types[message.type]} ${codeText(message.code)}${where}`;
  }

  #exchange(number: number): Omit<Row, "time" | "kind"> {
    const lines = this.lines(number);
    const commands = lines.filter(({ fromModem }) => !fromModem).map(({ text }) => text);
    if (commands.length === 0) {
      return { from: 1, to: 0, mark: "", text: lines.map(({ text }) => text).join("  ") };
    }
    const more =
      commands.length > 2
        ? ` (${commands.length} commands, ${lines.length - commands.length} lines back)`
        : "";
    const shown = commands.length > 2 ? [commands[0], "…", commands[commands.length - 1]] : commands;
    return { from: 0, to: 1, mark: "", text: shown.join("  ") + more };
  }
}
