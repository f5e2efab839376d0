/**
 * The server's half of block-wise transfer against clients that send whatever blocks the script says, in
 * and out of order, from two peers, for two resources, with and without Request-Tag.
 */
import { blockOffset, blockSize, encodeBlock } from "../../../firmware/coap/block";
import { Code, Type } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { serverHalf } from "../../../firmware/coap/server-half";
import { decode, encode, encodedLength } from "../../../firmware/coap/message";
import { OptionNumber, encodeUint } from "../../../firmware/coap/option";
import { exchangeLifetime, internet } from "../../../firmware/coap/transmission";
import { ascii } from "../../../firmware/text/ascii";
import { Random } from "../../sim/time/random";
import { blockOf, couldMake } from "./block-pieces";
import { Bytes, pattern } from "./hostile-server";
import { Witness, check, hex } from "./target";
import type { Block } from "../../../firmware/coap/block";
import type { IncomingRequest } from "../../../firmware/coap/exchange";
import type { Message } from "../../../firmware/coap/message";
import type { Option } from "../../../firmware/coap/option";
import type { Piece } from "./block-pieces";
import type { Script, Watch } from "./target";

const peers = ["192.0.2.1", "192.0.2.2"];
const port = 5683;

/** What one client knows of its transfer, and what it sent of it since the server last dropped it. */
interface Transfer {
  pieces: Piece[];
  offset: number;
  /** Where the answer goes on. */
  down: number;
  body: Uint8Array;
}

export function playHostileClient(script: Script, maxBody: number, watch: Watch): void {
  const flags = script.byte();
  const witness = new Witness();
  const transfers = new Map<string, Transfer>();
  /** Bodies that the application answered with, by peer, method and path. */
  const answered = new Map<string, Uint8Array[]>();
  const maxTransfers = 1 + (flags & 1);
  const refusing = (flags & 2) !== 0;
  const transmission = internet;
  const random = new Random("server");
  let now = 0;
  let current: Message | undefined;
  let replies: Message[] = [];
  let refused = false;
  const server: Endpoint = new Endpoint({
    transmit: (datagram) => {
      watch.step?.(`server sends ${hex(datagram)}`);
      replies.push(decode(datagram.slice()) as Message);
    },
    random: () => random.next(),
    transmission,
    maxBody,
    remembered: 16,
    blockSize: script.pick([1024, 16, 64]),
    server: serverHalf({
      maxTransfers,
      admit: (message) =>
        refusing && (message.payload[0] ?? 0) % 4 === 3 ? ((refused = true), Code.forbidden) : undefined,
      onRequest: witness.watching((request: IncomingRequest) => serve(request)),
    }),
  });

  const serve = (request: IncomingRequest): void => {
    const { message, address } = request;
    const key = keyOf(address, message);
    const transfer = transfers.get(key)!;
    const body = hex(message.payload);
    watch.step?.(`application gets ${message.payload.length} bytes`);
    check(message.payload.length <= maxBody, "no body is longer than maxBody", () => body);
    if (blockOf(current!, "block1") === undefined) {
      check(body === hex(current!.payload), "a request of one message keeps its body", () => body);
      watch.feature("server got one message");
    } else {
      check(
        couldMake(transfer.pieces, message.payload),
        "a body is one that valid blocks could have made",
        () => body,
      );
      watch.feature(`server got ${Math.min(transfer.pieces.length, 5)} blocks`);
      transfer.pieces = [];
    }
    const length = [0, 10, 64, 65, 300, 1_200][script.below(6)];
    const answer = pattern(script.byte(), length);
    const before = answered.get(untagged(key)) ?? [];
    answered.set(untagged(key), [...before, answer]);
    request.respond({ code: Code.content, payload: answer }, now);
  };

  for (let count = 0; count < 400 && !script.over; count++) {
    const head = script.byte();
    const address = peers[head & 1];
    const { options, transfer, key } = describe(script.byte(), address, transfers);
    const block1 = (head & 2) === 0 ? undefined : upward(script, transfer);
    const block2 = (head & 4) === 0 ? undefined : downward(script, transfer);
    const payload =
      block1?.payload ?? ((head & 8) === 0 ? new Uint8Array(0) : script.take(1 + (head >> 4) * 8));
    if (block1 !== undefined) options.push({ number: OptionNumber.block1, value: encodeBlock(block1.block) });
    if (block2 !== undefined) options.push({ number: OptionNumber.block2, value: encodeBlock(block2) });
    if ((head & 16) !== 0)
      options.push({ number: OptionNumber.size1, value: encodeUint(script.byte() << script.below(24)) });
    if ((head & 32) !== 0) now += [1, 1_000, 50_000, exchangeLifetime(transmission)][script.below(4)];
    if ((head & 64) !== 0) server.poll(now);
    options.sort((a, b) => a.number - b.number);
    const type = (head & 128) === 0 ? Type.confirmable : Type.nonConfirmable;
    const code = Number(key.split(" ")[1]);
    const request = { type, code, messageId: count, token: Uint8Array.of(count), options, payload };
    current = request;
    replies = [];
    refused = false;
    if (block1 !== undefined && block1.block.szx < 7) {
      transfer.pieces.push({ block: block1.block, payload, group: "" });
    }
    const datagram = new Bytes(encodedLength(request));
    encode(request, datagram);
    watch.step?.(`client ${address} sends ${hex(datagram)}`);
    server.receive(datagram, address, port, now);
    witness.testify();
    const { transfers: held, outgoing } = server.held;
    check(held <= 2 * maxTransfers && outgoing === 0, "the tables are bounded", () => `${held} transfers`);
    check(replies.length === 1, "each request is answered once", () => `${replies.length} answers`);
    const [reply] = replies;
    watch.feature(
      `server says ${reply.code} to ${block1 === undefined ? "" : "block1"} ${block2 === undefined ? "" : "block2"}`,
    );
    learn(reply, transfer, block1 !== undefined, refused);
    checkSlice(reply, answered.get(untagged(key)) ?? []);
  }
  now += 2 * exchangeLifetime(transmission);
  server.poll(now);
  check(
    Object.values(server.held).every((each) => each === 0),
    "in the end nothing is held",
  );
}

/** The Uri, the Request-Tag and the transfer that they stand for. */
function describe(
  choice: number,
  address: string,
  transfers: Map<string, Transfer>,
): { options: Option[]; transfer: Transfer; key: string } {
  const options: Option[] = [{ number: OptionNumber.uriPath, value: ascii((choice & 1) === 0 ? "a" : "b") }];
  const code = [2, 1, 3, 5][(choice >> 1) & 3];
  const tag = (choice >> 3) & 3;
  if (tag > 0) options.push({ number: OptionNumber.requestTag, value: new Uint8Array(tag - 1).fill(tag) });
  const key = keyOf(address, { code, options });
  let transfer = transfers.get(key);
  if (transfer === undefined) {
    transfer = { pieces: [], offset: 0, down: 0, body: pattern(transfers.size, 3_000) };
    transfers.set(key, transfer);
  }
  return { options, transfer, key };
}

/** The next block of an upload, but for what the script changes. */
function upward(script: Script, transfer: Transfer): { block: Block; payload: Uint8Array } {
  const lie = script.byte();
  const szx = (lie >> 5) % 7;
  const size = blockSize(szx);
  if ((lie & 3) === 1) transfer.offset = 0;
  const num = Math.max(0, Math.floor(transfer.offset / size) + [0, 0, 0, script.below(5) - 2][lie & 3]);
  const more = (lie & 4) === 0;
  const from = (lie & 24) === 24 ? 0 : num * size;
  const length = more ? size : size - (lie & 8);
  const payload = transfer.body.slice(from, from + ((lie & 24) === 16 ? script.byte() : length));
  return { block: { num, more, szx: lie === 255 ? 7 : szx }, payload };
}

function downward(script: Script, transfer: Transfer): Block {
  const choice = script.byte();
  const szx = choice & 7;
  const num = Math.floor(transfer.down / blockSize(szx % 7)) + [0, 0, 1, script.byte()][(choice >> 3) & 3];
  return { num: (choice & 32) === 0 ? num : 0, more: (choice & 64) !== 0, szx };
}

/** Goes on where the server wants it, and keeps what the server may still use. */
function learn(reply: Message, transfer: Transfer, sentBlock: boolean, refused: boolean): void {
  if (sentBlock) {
    const last = transfer.pieces[transfer.pieces.length - 1];
    if (reply.code === Code.continue) transfer.offset = blockOffset(last.block) + last.payload.length;
    const dropped = reply.code === Code.requestEntityIncomplete || reply.code === Code.requestEntityTooLarge;
    if (dropped || refused) transfer.pieces = [];
  }
  const block2 = blockOf(reply, "block2");
  if (block2 !== undefined) transfer.down = block2.more ? blockOffset(block2) + reply.payload.length : 0;
}

/** A 2.05 carries what the application said, or the part of it that it states. */
function checkSlice(reply: Message, bodies: readonly Uint8Array[]): void {
  if (reply.code !== Code.content) return;
  const block = blockOf(reply, "block2");
  const offset = block === undefined ? 0 : blockOffset(block);
  const { payload } = reply;
  const right = bodies.some((body) => {
    const end = offset + payload.length;
    const more = block?.more ?? false;
    if (more !== end < body.length || (more && payload.length !== blockSize(block!.szx))) return false;
    return end <= body.length && hex(body.subarray(offset, end)) === hex(payload);
  });
  check(
    right,
    "a block of a response is a part of what the application said",
    () => `${hex(payload)} at ${offset}`,
  );
}

function keyOf(address: string, { code, options }: Pick<Message, "code" | "options">): string {
  const value = (wanted: number): string => {
    const option = options.find(({ number }) => number === wanted);
    return option === undefined ? "none" : `=${hex(option.value)}`;
  };
  return `${address} ${code} ${value(OptionNumber.uriPath)} ${value(OptionNumber.requestTag)}`;
}

const untagged = (key: string): string => key.slice(0, key.lastIndexOf(" "));
