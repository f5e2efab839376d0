/**
 * The client's half of block-wise transfer against a server that breaks the rules wherever the script
 * says so: wrong numbers, sizes, flags, codes and tags, silence, resets and floods.
 */
import { blockOffset, blockSize, encodeBlock } from "../../../firmware/coap/block";
import { Code, Type } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { decode, encode, encodedLength } from "../../../firmware/coap/message";
import { OptionNumber, encodeUint } from "../../../firmware/coap/option";
import { internet } from "../../../firmware/coap/transmission";
import { ascii, asciiText } from "../../../firmware/text/ascii";
import { Random } from "../../sim/time/random";
import { blockOf, couldMake } from "./block-pieces";
import { check, hex } from "./target";
import type { Outcome } from "../../../firmware/coap/exchange";
import type { Message } from "../../../firmware/coap/message";
import type { Option } from "../../../firmware/coap/option";
import type { Piece } from "./block-pieces";
import type { Script, Watch } from "./target";

const peer = { address: "192.0.2.1", port: 5683 };
const lengths = [0, 5, 16, 40, 64, 200, 600, 1_500];
/** Datagrams of the client's beyond which a transfer has no end. */
const mostDatagrams = 4_000;

/** A request of the client's, and all that the server said to it. */
interface Asked {
  readonly body: Uint8Array;
  readonly answers: { readonly message: Message; readonly piece: Piece | undefined }[];
  outcomes: number;
}

export function playHostileServer(script: Script, maxBody: number, watch: Watch): void {
  const flags = script.byte();
  const asked: Asked[] = [];
  let queue: Message[] = [];
  let now = 0;
  let datagrams = 0;
  const random = new Random("client");
  const client: Endpoint = new Endpoint({
    transmit: (datagram) => {
      datagrams += 1;
      watch.step?.(`client sends ${hex(datagram)}`);
      const message = decode(datagram.slice()) as Message;
      if (message.code > 0 && message.code < 32) {
        checkUpload(message, asked);
        queue.push(message);
      }
    },
    random: () => random.next(),
    transmission: { ...internet, nstart: 1 + (flags & 1) },
    maxBody,
    blockSize: script.pick([1024, 16, 64, 256]),
    maxDatagram: script.pick([1152, 200, 80]),
    offerBlockSize: (flags & 2) !== 0,
    blockToken: (flags & 4) !== 0 ? "same" : "fresh",
  });
  const ask = (head: number): void => {
    const id = asked.length;
    const body = pattern(id, lengths[(head >> 2) & 7]);
    asked.push({ body, answers: [], outcomes: 0 });
    const options = [{ number: OptionNumber.uriQuery, value: ascii(String(id)) }];
    const onComplete = (outcome: Outcome): void => settle(outcome, asked[id], maxBody, watch);
    client.request({ ...peer, code: 1 + (head & 1), options, payload: body, onComplete }, now);
  };
  ask(script.byte());
  if ((flags & 8) !== 0) ask(script.byte());
  while (client.pending > 0) {
    check(datagrams < mostDatagrams, "a transfer comes to an end", () => `${datagrams} datagrams`);
    const request = queue.shift();
    if (request === undefined) {
      now = Math.max(now, client.deadline);
      client.poll(now);
      continue;
    }
    const one = asked[idOf(request)];
    for (const answer of answersTo(request, one, script)) {
      const datagram = new Bytes(encodedLength(answer));
      encode(answer, datagram);
      watch.step?.(`server sends ${hex(datagram)}`);
      const block = blockOf(answer, "block2");
      const tag = answer.options.find(({ number }) => number === OptionNumber.eTag);
      const group = `${answer.code} ${tag === undefined ? "none" : hex(tag.value)}`;
      const piece = block === undefined ? undefined : { block, payload: answer.payload, group };
      one.answers.push({ message: answer, piece });
      client.receive(datagram, peer.address, peer.port, now);
    }
    queue = queue.slice(-8);
  }
  for (const { outcomes } of asked)
    check(outcomes === 1, "each request has one outcome", () => String(outcomes));
}

const idOf = (request: Message): number =>
  Number(asciiText(request.options.find(({ number }) => number === OptionNumber.uriQuery)!.value));

/** What goes up is the caller's body, block by block. */
function checkUpload(request: Message, asked: readonly Asked[]): void {
  const { body } = asked[idOf(request)];
  const block = blockOf(request, "block1");
  const sent = hex(request.payload);
  if (block === undefined) {
    const next = (blockOf(request, "block2")?.num ?? 0) > 0 || request.payload.length === 0;
    check(next || sent === hex(body), "a request carries its body", () => sent);
    return;
  }
  const offset = blockOffset(block);
  const part = body.subarray(offset, offset + blockSize(block.szx));
  check(
    sent === hex(part),
    "a block is the part of the body that it says it is",
    () => `${sent} at ${offset}`,
  );
  const more = offset + part.length < body.length;
  check(block.more === more && (offset === 0 || part.length > 0), "the last block is the last");
}

/** An honest answer, but for what the script changes; with the script over it stays honest. */
function answersTo(request: Message, { body, answers }: Asked, script: Script): Message[] {
  const lies = script.byte();
  const block1 = blockOf(request, "block1");
  const block2 = blockOf(request, "block2");
  const options: Option[] = [];
  let code: number = Code.content;
  let payload: Uint8Array = new Uint8Array(0);
  if (block1?.more === true) {
    code = Code.continue;
  } else {
    const served = pattern(100, lengths[(body.length + 5) % 8]);
    const szx = Math.min(block2?.szx ?? 6, script.below(7) || 2);
    const at = block2 === undefined ? 0 : blockOffset(block2);
    const size = blockSize(szx);
    payload = served.slice(at, at + size);
    const lie = (lies & 1) === 0 ? 0 : script.byte();
    const num = at / size + [0, 1, -1, 5, 0, 0, 0, 0][lie & 7];
    const more = at + payload.length < served.length !== ((lie & 7) === 4);
    if ((lie & 7) === 5) payload = payload.slice(0, lie >> 3);
    if ((lie & 7) === 6) payload = pattern(7, payload.length + 1);
    const block = { num: Math.max(0, num), more, szx: (lie & 7) === 7 ? 7 : szx };
    if (more || at > 0 || block2 !== undefined)
      options.push({ number: OptionNumber.block2, value: encodeBlock(block) });
  }
  if (block1 !== undefined) {
    const lie = (lies & 2) === 0 ? 0 : script.byte();
    const szx = [block1.szx, 0, 1, 7, block1.szx][lie & 3];
    const num = block1.num + ((lie & 4) === 0 ? 0 : 1);
    if ((lie & 8) !== 0)
      code = script.pick([Code.requestEntityTooLarge, Code.requestEntityIncomplete, 0x5f, 0x44]);
    if ((lie & 16) === 0) {
      options.push({ number: OptionNumber.block1, value: encodeBlock({ num, more: block1.more, szx }) });
    }
  }
  if ((lies & 4) !== 0) options.push({ number: OptionNumber.eTag, value: Uint8Array.of(script.below(2)) });
  if ((lies & 8) !== 0)
    options.push({ number: OptionNumber.size2, value: encodeUint(script.byte() << script.below(24)) });
  if ((lies & 16) !== 0) code = script.pick([code, 0x84, 0x88, 0x8d, 0x45, 0x44, 0xa0, 0x5f]);
  options.sort((a, b) => a.number - b.number);
  const messageId = request.messageId;
  const answer = {
    type: Type.acknowledgement as Type,
    code,
    messageId,
    token: request.token,
    options,
    payload,
  };
  const empty = { ...answer, code: 0, token: new Uint8Array(0), options: [], payload: new Uint8Array(0) };
  switch ((lies & 32) === 0 ? 0 : script.below(7)) {
    case 1:
      return [{ ...answer, type: Type.confirmable, messageId: messageId ^ 0x5555 }];
    case 2:
      return [empty, { ...answer, type: Type.nonConfirmable, messageId: messageId ^ 0x5555 }];
    case 3:
      return [];
    case 4:
      return [{ ...empty, type: Type.reset }];
    case 5:
      return [answer, answer, answer];
    case 6:
      // An answer of before with what is asked now.
      return [{ ...(answers[script.below(8)]?.message ?? answer), messageId, token: request.token }];
    default:
      return [answer];
  }
}

/** What is delivered is one of the server's messages, or a body that its blocks could have made. */
function settle(outcome: Outcome, asked: Asked, maxBody: number, watch: Watch): void {
  asked.outcomes += 1;
  check(asked.outcomes === 1, "each request has one outcome");
  watch.feature(`client ${outcome.kind}`);
  watch.step?.(`outcome ${outcome.kind}`);
  if (outcome.kind !== "response") return;
  const { code, payload } = outcome.message;
  const whole = asked.answers.some(({ message, piece }) => {
    const alone = piece === undefined || (piece.block.num === 0 && !piece.block.more) || code >> 5 !== 2;
    return alone && message.code === code && hex(message.payload) === hex(payload);
  });
  watch.feature(`client response ${code} ${whole ? "whole" : "from blocks"}`);
  if (whole) return;
  const pieces = asked.answers.flatMap(({ piece }) => (piece === undefined ? [] : [piece]));
  check(couldMake(pieces, payload), "a body is one that valid blocks could have made", () => hex(payload));
  check(payload.length <= maxBody, "no body is longer than maxBody", () => `${payload.length} bytes`);
}

/** The allocations of firmware/coap are watched, ours are not. */
export const Bytes = Uint8Array;

/** Bytes that differ with the seed, and from one block to the next. */
export function pattern(seed: number, length: number): Uint8Array {
  const bytes = new Bytes(length);
  for (let i = 0; i < length; i++) bytes[i] = seed * 31 + i + (i >> 4) * 7 + 1;
  return bytes;
}
