/** A run's rows, as its data has them: when, which kind, and in words. Datagrams are paired into exchanges. */
import { codeText, printable } from "../../../../cloud/coap/coap-text";
import { decodeCoap } from "../../../../cloud/coap/coap-wire";
import { rowKinds } from "../run-data";
import { pairExchanges } from "./exchanges";
import { summedUp } from "./unpack";
import type { RowKind } from "../run-data";
import type { Exchange } from "./exchanges";
import type { Unpacked } from "./unpack";

const uriPath = 11;
const trouble =
  /refused|dropped|denied|fault:|timed out|unanswered|kept |discarded|hung|out of coverage|malformed|restarted|failed|power lost/;
const utf8 = new TextDecoder();

export class RunRows {
  readonly times: Float64Array;
  readonly run: Unpacked;
  /** Where each datagram's bytes and each exchange's lines begin. */
  readonly #bytesAt: Float64Array;
  readonly #linesAt: Float64Array;
  /** Row of each datagram. */
  readonly #rowOf: Int32Array;
  readonly #exchanges;
  /** By text: whether it tells of trouble; worked out when it is asked for, 0 before. */
  readonly #troubles: Int8Array;

  constructor(run: Unpacked) {
    this.run = run;
    const { rows, datagrams, exchanges, texts } = run.data;
    this.times = summedUp(rows.time);
    this.#bytesAt = summedUp([0, ...datagrams.length]);
    this.#linesAt = summedUp([0, ...exchanges.lines]);
    this.#troubles = new Int8Array(texts.length);
    this.#rowOf = new Int32Array(datagrams.up.length);
    for (let row = 0; row < this.length; row++) {
      if (this.kind(row) === "air") this.#rowOf[this.value(row)] = row;
    }
    this.#exchanges = pairExchanges({
      length: datagrams.up.length,
      isUp: (datagram) => datagrams.up[datagram] === 1,
      bytes: (datagram) => this.bytes(datagram),
    });
  }

  get length(): number {
    return this.times.length;
  }

  kind(row: number): RowKind {
    return rowKinds[this.run.data.rows.kind[row]];
  }

  /** Number of the datagram, of the exchange of lines, or of the text. */
  value(row: number): number {
    return this.run.data.rows.value[row];
  }

  /** Row of a datagram. */
  rowOf(datagram: number): number {
    return this.#rowOf[datagram];
  }

  bytes(datagram: number): Uint8Array {
    return this.run.bytes.subarray(this.#bytesAt[datagram], this.#bytesAt[datagram + 1]);
  }

  /** First byte and count of each part of a datagram that is masked. */
  maskedIn(datagram: number): (readonly [at: number, length: number])[] {
    const { masked } = this.run.data.datagrams;
    // Three numbers each, in the order of the datagrams.
    let [low, high] = [0, masked.length / 3];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (masked[3 * middle] < datagram) low = middle + 1;
      else high = middle;
    }
    const ranges: (readonly [number, number])[] = [];
    for (let i = 3 * low; masked[i] === datagram; i += 3) ranges.push([masked[i + 1], masked[i + 2]]);
    return ranges;
  }

  /** The datagrams that a datagram belongs with, itself among them. */
  exchangeOf(datagram: number): Exchange {
    return this.#exchanges.list[this.#exchanges.of[datagram]];
  }

  /** Lines of an exchange with the modem, each with where it came from. */
  lines(exchange: number): { fromModem: boolean; text: string }[] {
    const { texts, exchanges } = this.run.data;
    return exchanges.line.slice(this.#linesAt[exchange], this.#linesAt[exchange + 1]).map((line) => ({
      fromModem: line % 2 === 1,
      text: texts[line >> 1],
    }));
  }

  /** A row in words; of a datagram what it is for. */
  text(row: number): string {
    const kind = this.kind(row);
    const value = this.value(row);
    const { texts, datagrams } = this.run.data;
    if (kind === "at") return this.#exchangeText(value);
    return texts[kind === "air" ? datagrams.cause[value] : value];
  }

  /** Something went wrong there, or was done once more. */
  isTrouble(row: number): boolean {
    const { datagrams, texts } = this.run.data;
    const kind = this.kind(row);
    const value = this.value(row);
    if (kind === "at") return this.lines(value).some(({ text }) => /^(?:ERROR|\+CM[ES] ERROR)/.test(text));
    if (kind === "air") {
      return datagrams.travel[value] < 0 || datagrams.again[value] > 0 || datagrams.duplicate[value] > 0;
    }
    if (this.#troubles[value] === 0) this.#troubles[value] = trouble.test(texts[value]) ? 1 : -1;
    return this.#troubles[value] === 1;
  }

  /** Code of a message, and the end of its path where it has one; undefined where it cannot be read. */
  message(datagram: number): { type: number; code: number; codeText: string; path: string } | undefined {
    const message = decodeCoap(this.bytes(datagram));
    if ("malformed" in message) return undefined;
    const path = message.options
      .filter((each) => each.number === uriPath)
      .map((each) => utf8.decode(each.value));
    const shown = path[0] === "auth" ? path.slice(0, 1) : path.slice(4);
    const { type, code } = message;
    return { type, code, codeText: codeText(code), path: printable(shown.join("/"), 60) };
  }

  #exchangeText(number: number): string {
    const lines = this.lines(number);
    const commands = lines.filter(({ fromModem }) => !fromModem).map(({ text }) => text);
    if (commands.length === 0) return lines.map(({ text }) => text).join("  ");
    if (commands.length <= 2) return commands.join("  ");
    const back = lines.length - commands.length;
    return `${commands[0]}  …  ${commands[commands.length - 1]} (${commands.length} commands, ${back} lines back)`;
  }
}
