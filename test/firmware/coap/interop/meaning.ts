/**
 * What the firmware means to send, told without its code: from the scenario (method, path, body, block
 * size) and from what the peer sent, as coap-packet reads it. Each datagram of a run is held against it.
 */
import { expect } from "vitest";
import { code, hex, peerDecode, utf8Hex } from "../../../../host-sim/tools/fuzz/peer";
import { firstMessageId } from "./udp-endpoint";
import type { Fields } from "../../../../host-sim/tools/fuzz/peer";
import type { Datagram } from "./udp-endpoint";

/** An option: its number and its value in hex, or "$name". */
export type Meaning = readonly [number: number, value: string];

/**
 * A message that is to be sent. Where the firmware draws a value by chance the scenario gives it a name,
 * "$name": the value may be any, but the same wherever the name is, and no other name's.
 */
export interface Meant {
  readonly type: "CON" | "NON" | "ACK" | "RST";
  /** Such as 0.03. */
  readonly code: string;
  /** That of the message which it acknowledges or rejects; otherwise the next of our own. */
  readonly messageId?: number;
  /** In hex, or "$name". */
  readonly token: string;
  /** In ascending order. */
  readonly options?: readonly Meaning[];
  readonly payload?: Uint8Array;
}

/** A datagram that was sent, and what is in it beyond doubt. */
export interface Judged {
  readonly bytes: string;
  readonly meant: Required<Fields>;
}

const types = { CON: 0, NON: 1, ACK: 2, RST: 3 } as const;

/** An option's integer in the fewest bytes, in hex. */
export function uint(value: number): string {
  if (value === 0) return "";
  const digits = value.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** A block option's value in hex, its size in bytes. */
function block(num: number, more: boolean, size: number): string {
  return uint(num * 16 + (more ? 8 : 0) + Math.log2(size) - 4);
}

/** Uri-Path and Uri-Query of "/a/b?c". */
export function uri(text: string): Meaning[] {
  const [path, query] = text.split("?");
  const segments = path.split("/").filter((segment) => segment !== "");
  return [
    ...segments.map((segment) => [11, utf8Hex(segment)] as const),
    ...(query === undefined ? [] : [[15, utf8Hex(query)] as const]),
  ];
}

/** Options in the form that requests take. */
export function asOptions(options: readonly Meaning[]): { number: number; value: Uint8Array }[] {
  return options.map(([number, value]) => ({ number, value: new Uint8Array(Buffer.from(value, "hex")) }));
}

/** A request of our client's half, whole. */
export interface Whole {
  readonly type?: "CON" | "NON";
  /** Such as 0.03. */
  readonly code: string;
  readonly options: readonly Meaning[];
  readonly body?: Uint8Array;
  /** Largest block, bytes. */
  readonly size: number;
  /** Whether it says how large the response's blocks may be. */
  readonly offer?: boolean;
  /** Length of the response's body, bytes. */
  readonly answer?: number;
  /** Block size in which the peer begins to answer, when it is not ours. */
  readonly first?: number;
  /** One token for all blocks. */
  readonly sameToken?: boolean;
}

/** Different in each scenario of a run. */
let scenarios = 0;

/** The messages of one request: its body block by block, then the further blocks of the response. */
export function requests(whole: Whole): Meant[] {
  const { options, size, body = new Uint8Array(0), answer = 0, offer = false } = whole;
  const name = `$${++scenarios}`;
  const messages: Meant[] = [];
  const add = (added: readonly Meaning[], payload?: Uint8Array): void => {
    const token = `${name} token ${whole.sameToken === true ? "" : messages.length}`;
    const all = [...options, ...added].sort((a, b) => a[0] - b[0]);
    messages.push({ type: whole.type ?? "CON", code: whole.code, token, options: all, payload });
  };
  const tag: Meaning[] = body.length > size ? [[292, `${name} tag`]] : [];
  if (body.length <= size) add(offer ? [[23, block(0, false, size)]] : [], body);
  for (let at = 0; body.length > size && at < body.length; at += size) {
    const size1: Meaning[] = at === 0 ? [[60, uint(body.length)]] : [];
    const more = at + size < body.length;
    const offered: Meaning[] = offer && !more ? [[23, block(0, false, size)]] : [];
    add([[27, block(at / size, more, size)], ...size1, ...tag, ...offered], body.subarray(at, at + size));
  }
  const first = whole.first ?? size;
  for (let at = first; answer > first && at < answer; at += size) {
    add([[23, block(at / size, false, size)], ...tag]);
  }
  return messages;
}

/** What our server's half answers to the whole of a request. */
export interface Answer {
  /** Such as 2.05. */
  readonly code: string;
  readonly options?: readonly Meaning[];
  readonly body?: Uint8Array;
  /** It comes after the empty ACK. */
  readonly separate?: boolean;
}

/** The value of an option, as coap-packet reads it. */
function option(message: Fields, wanted: number): string | undefined {
  return (message.options ?? []).find(([number]) => number === wanted)?.[1];
}

function readBlock(value: string | undefined): { num: number; more: boolean; size: number } | undefined {
  if (value === undefined) return undefined;
  const bits = Number.parseInt(value || "0", 16);
  return { num: bits >> 4, more: (bits & 8) !== 0, size: 16 << (bits & 7) };
}

/** FNV-1a, 32 bits: the ETag of a body that goes in blocks. */
function fingerprint(body: Uint8Array): string {
  const hash = [...body].reduce(
    (sum, byte) => ((sum ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn,
    0x811c9dc5n,
  );
  return hash.toString(16).padStart(8, "0");
}

/** The messages that answer one message of the peer, with blocks of at most `size` bytes. */
export function answers(request: Required<Fields>, answer: Answer, size: number): Meant[] {
  const confirmable = request.type === 0;
  const { messageId, token } = request;
  const reply: Pick<Meant, "type" | "messageId" | "token"> = confirmable
    ? { type: "ACK", messageId, token }
    : { type: "NON", token };
  const block1 = readBlock(option(request, 27));
  const block2 = readBlock(option(request, 23));
  const echo: Meaning[] =
    block1 === undefined ? [] : [[27, block(block1.num, block1.more, Math.min(block1.size, size))]];
  if (block1?.more === true) return [{ ...reply, code: "2.31", options: echo }];
  const { body = new Uint8Array(0), options = [] } = answer;
  const part = Math.min(size, block2?.size ?? 1024);
  const at = block2 === undefined ? 0 : block2.num * block2.size;
  const more = at + part < body.length;
  const added: Meaning[] = [];
  if (more || at > 0) added.push([4, fingerprint(body)]);
  if ((block2 !== undefined && body.length > 0) || more) added.push([23, block(at / part, more, part)]);
  added.push(...echo);
  if (at === 0 && more) added.push([28, uint(body.length)]);
  const all = [...options, ...added].sort((a, b) => a[0] - b[0]);
  const message = { code: answer.code, options: all, payload: body.subarray(at, at + part) };
  // What follows is kept ready, so it is never late.
  if (answer.separate !== true || !confirmable || at > 0) return [{ ...reply, ...message }];
  return [
    { type: "ACK", code: "0.00", messageId, token: "" },
    { type: "CON", token, ...message },
  ];
}

/** What an endpoint is to send in a run. */
export interface Scenario {
  /** The requests of our client's half, in order. */
  readonly requests?: readonly Meant[];
  /** What our server's half sends for a request that is no duplicate. */
  readonly answers?: (request: Required<Fields>) => readonly Meant[];
  /** Nobody waits for the responses any more. */
  readonly cancelled?: boolean;
}

/** All datagrams that were sent, and how many of them were repetitions. */
export interface Verdict {
  readonly judged: Judged[];
  readonly repeated: number;
  /** Messages that the peer sent again, as one does whose machine was busy: each may be answered again. */
  readonly heardAgain: number;
}

/**
 * Holds all that was sent against the scenario: nothing else, nothing less, in this order; and what is
 * repeated, to the last bit.
 */
export function judge(wire: readonly Datagram[], scenario: Scenario): Verdict {
  const due: Meant[] = [...(scenario.requests ?? [])];
  /** What is due to a peer before anything else. */
  const replies = new Map<number, Meant[]>();
  const known = new Map<string, Required<Fields>>();
  const names = new Map<string, string>();
  const seen = new Set<string>();
  const judged: Judged[] = [];
  let repeated = 0;
  let heardAgain = 0;
  let ours = firstMessageId;

  const resolve = (value: string, drawn: string, length: number): string => {
    if (!value.startsWith("$")) return value;
    const former = names.get(value);
    if (former !== undefined) return former;
    expect(drawn, `${value} is drawn in ${length} bytes`).toHaveLength(2 * length);
    expect([...names.values()], `${value} is no other's`).not.toContain(drawn);
    names.set(value, drawn);
    return drawn;
  };
  for (const { sent, bytes, port } of wire) {
    const fields = peerDecode(Buffer.from(bytes, "hex"));
    const waiting = replies.get(port) ?? [];
    replies.set(port, waiting);
    if (!sent) {
      const mark = `${port} ${fields.messageId}`;
      if (fields.type > 1) continue;
      if (seen.has(mark)) {
        heardAgain += 1;
        continue;
      }
      seen.add(mark);
      if (fields.code > 0 && fields.code >> 5 === 0) {
        waiting.push(...(scenario.answers?.(fields) ?? []));
      } else if (fields.type === 0) {
        // RST is the answer to a ping.
        const type = fields.code === 0 || scenario.cancelled === true ? "RST" : "ACK";
        waiting.unshift({ type, code: "0.00", messageId: fields.messageId, token: "" });
      }
      continue;
    }
    const former = known.get(`${port} ${bytes}`);
    if (former !== undefined) {
      repeated += 1;
      judged.push({ bytes, meant: former });
      continue;
    }
    const next = waiting.shift() ?? due.shift();
    expect(next, `nothing more was due, yet this was sent: ${JSON.stringify(fields)}`).toBeDefined();
    const meant: Required<Fields> = {
      type: types[next!.type],
      code: code(next!.code),
      messageId: next!.messageId ?? ours,
      token: resolve(next!.token, fields.token, 4),
      options: (next!.options ?? []).map(([number, value], i) => [
        number,
        resolve(value, fields.options[i]?.[1] ?? "", 2),
      ]),
      payload: hex(next!.payload ?? new Uint8Array(0)),
    };
    if (next!.messageId === undefined) ours = (ours + 1) & 0xffff;
    expect(fields).toEqual(meant);
    known.set(`${port} ${bytes}`, meant);
    judged.push({ bytes, meant });
  }
  expect([...replies.values()].flat().concat(due), "all that was due was sent").toEqual([]);
  return { judged, repeated, heardAgain };
}
