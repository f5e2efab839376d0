/** A row opened: a datagram taken apart down to its bytes, an AT exchange line by line. */
import { codeText, printable } from "../../../../cloud/coap/coap-text";
import { decodeCoap } from "../../../../cloud/coap/coap-wire";
import { optionForms, uintOf } from "../../../../cloud/coap/options";
import { stamp } from "../../duration";
import { fillTable, make } from "./element";
import { span } from "./units";
import type { RunData } from "../run-data";
import type { SequenceRows } from "./sequence-rows";

const types = ["CON, confirmable", "NON, not confirmable", "ACK, acknowledgement", "RST, reset"] as const;

const utf8 = new TextDecoder();

/** What stands below a row when it is open. */
export function detailOf(rows: SequenceRows, data: RunData, row: number): HTMLElement {
  const kind = rows.kind(row);
  if (kind === "air") return datagram(rows, data, row);
  if (kind !== "at") {
    const { text } = rows.row(row);
    return make("div", { class: "detail" }, [make("p", { text })]);
  }
  const lines = rows.lines(rows.value(row)).map(({ fromModem, text }) => `${fromModem ? "<" : ">"} ${text}`);
  return make("div", { class: "detail" }, [make("pre", { text: lines.join("\n") })]);
}

function datagram(rows: SequenceRows, data: RunData, row: number): HTMLElement {
  const number = rows.value(row);
  const { datagrams, texts, epoch } = data;
  const bytes = rows.bytes(number);
  const hidden = hiddenBytes(datagrams.masked, number);
  const time = rows.times[row];
  const travel = datagrams.travel[number];
  const arrival =
    travel < 0 ? `lost: ${texts[datagrams.loss[number]]}` : `${stamp(time + travel)}, after ${span(travel)}`;
  const facts: [string, string][] = [
    [
      "cause",
      texts[datagrams.cause[number]] + (datagrams.duplicate[number] === 1 ? ", doubled by the network" : ""),
    ],
    ["sent", `${stamp(time)} (${new Date(epoch + time).toISOString()})`],
    ["arrived", arrival],
    ["from, to", `${texts[datagrams.from[number]]} → ${texts[datagrams.to[number]]}`],
    ...decoded(bytes, hidden),
  ];
  const table = make("table", { class: "fields" });
  fillTable(table, [["field", "value"], ...facts]);
  return make("div", { class: "detail" }, [
    table,
    make("pre", { class: "hex", text: hexDump(bytes, hidden) }),
  ]);
}

/** The CoAP message, field by field. */
function decoded(bytes: Uint8Array, hidden: ReadonlySet<number>): [string, string][] {
  const message = decodeCoap(bytes);
  if ("malformed" in message) return [["malformed", message.malformed]];
  const fields: [string, string][] = [
    ["type", types[message.type]],
    ["code", codeText(message.code)],
    ["message id", `0x${message.messageId.toString(16).padStart(4, "0")}`],
    ["token", message.token.length === 0 ? "none" : hex(message.token)],
  ];
  const masked = (value: Uint8Array): boolean =>
    value.length > 0 && hidden.has(value.byteOffset - bytes.byteOffset);
  for (const { number, value } of message.options) {
    const { name, as, purpose } = optionForms[number] ?? { name: `option ${number}`, as: "bytes" };
    const label = purpose === undefined ? name : `${name}, ${purpose}`;
    fields.push([label, masked(value) ? `•• (${value.length} bytes, masked)` : valueText(value, as)]);
  }
  if (message.payload.length > 0) {
    const start = message.payload.byteOffset - bytes.byteOffset;
    fields.push([`payload, ${message.payload.length} B`, payloadText(message.payload, start, hidden)]);
  }
  return fields;
}

function valueText(value: Uint8Array, as: "text" | "number" | "bytes"): string {
  if (as === "text") return printable(utf8.decode(value), 255);
  if (as === "number" && value.length <= 4) return String(uintOf(value));
  return value.length === 0 ? "empty" : hex(value);
}

/** As text where it is text, else in hex. */
function payloadText(payload: Uint8Array, start: number, hidden: ReadonlySet<number>): string {
  const shown = payload.map((byte, i) => (hidden.has(start + i) ? 0x2a : byte));
  const text = utf8.decode(shown);
  return /^[\x20-\x7e\u00a0-\u024f\s]*$/.test(text) ? printable(text, 1024) : hex(shown);
}

/** Sixteen bytes to a line, what is masked as dots. */
function hexDump(bytes: Uint8Array, hidden: ReadonlySet<number>): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const digits = part.map((byte, i) => (hidden.has(at + i) ? "••" : byte.toString(16).padStart(2, "0")));
    const letters = part.map((byte, i) =>
      hidden.has(at + i) ? "•" : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    lines.push(`${at.toString(16).padStart(4, "0")}  ${digits.join(" ").padEnd(47)}  ${letters.join("")}`);
  }
  return lines.join("\n");
}

/** Places of the masked bytes of one datagram. */
function hiddenBytes(masked: readonly number[], datagram: number): Set<number> {
  const places = new Set<number>();
  for (let i = 0; i < masked.length; i += 3) {
    if (masked[i] !== datagram) continue;
    for (let at = masked[i + 1]; at < masked[i + 1] + masked[i + 2]; at++) places.add(at);
  }
  return places;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
