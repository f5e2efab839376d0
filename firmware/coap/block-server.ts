/**
 * The server's half of block-wise transfer (RFC 7959): puts a request's body together from its Block1
 * blocks, cuts a response's body into Block2 blocks, and hands the application whole ones.
 *
 * Two transfers are kept apart by peer, method, Uri, Accept, Content-Format and Request-Tag (RFC 9175
 * section 3). Tokens say nothing: a client may use one for all blocks, or a new one for each.
 *
 *    block 0 ............. starts a transfer, in place of an unfinished one with the same key
 *    the next in line .... 2.31, or the application when it is the last
 *    the same again ...... taken again (its answer was lost, and the client began a new exchange)
 *    any other ........... 4.08, and nothing of the transfer is kept
 *    beyond `maxBody` .... 4.13 with Size1, and nothing is kept
 */
import {
  Body,
  blockOffset,
  blockSize,
  encodeBlock,
  findBlock,
  insertOptions,
  szxFor,
  withoutOptions,
} from "./block";
import { Code, Type, codeClass } from "./code";
import { encodedLength } from "./message";
import { OptionNumber, encodeUint, findOption, readUint } from "./option";
import type { Block } from "./block";
import type { IncomingRequest, Responded, Response } from "./exchange";
import type { Message } from "./message";
import type { Option } from "./option";
import type { ServerExchange } from "./server";

export interface BlockServerOptions {
  /** The application. */
  readonly onRequest: (request: IncomingRequest, now: number) => void;
  /**
   * Asked with the first block of an upload, before the rest is sent: a response code refuses it,
   * undefined lets it come.
   */
  readonly admit: ((message: Message, address: string, port: number) => number | undefined) | undefined;
  /** Preferred and largest block, bytes: 16, 32 ... 1024. */
  readonly blockSize: number;
  /** Longest datagram to send, bytes: blocks are made to fit. */
  readonly maxDatagram: number;
  /** Longest body of a request, bytes. */
  readonly maxBody: number;
  /** Most bodies under way at once in each direction; the one without a message for longest makes room. */
  readonly maxTransfers: number;
  /** How long a transfer is kept without a message of the client, ms. */
  readonly lifetime: number;
}

/** What is kept of a transfer in either direction. */
interface Kept {
  readonly address: string;
  readonly port: number;
  readonly key: Key;
  until: number;
}

/** A body on its way up. */
interface Upload extends Kept {
  readonly body: Body;
  /** Where the last block started, bytes. */
  last: number;
}

/** A body on its way down. */
interface Download extends Kept {
  readonly response: Response;
}

/** The bodies that come to and go from one endpoint that serves. */
export class BlockServer {
  readonly #options: BlockServerOptions;
  readonly #szx: number;
  #uploads: Upload[] = [];
  #downloads: Download[] = [];

  constructor(options: BlockServerOptions) {
    this.#options = options;
    this.#szx = szxFor(options.blockSize);
  }

  /** Transfers that are kept, both ways. */
  get length(): number {
    return this.#uploads.length + this.#downloads.length;
  }

  /** Takes a request that came in one message. */
  receive(exchange: ServerExchange, now: number): void {
    this.purge(now);
    const options = exchange.message.options;
    const block1 = findBlock(options, OptionNumber.block1);
    const block2 = findBlock(options, OptionNumber.block2);
    if (block1 === "reserved" || block2 === "reserved")
      return void exchange.respond({ code: Code.badRequest }, now);
    if (block1 !== undefined) return this.takeBlock(exchange, block1, block2, now);
    if (exchange.message.payload.length > this.#options.maxBody) return this.tooLarge(exchange, now);
    if (block2 !== undefined && block2.num > 0) {
      const download = findContinued(this.#downloads, exchange);
      if (download !== undefined) {
        download.until = now + this.#options.lifetime;
        return void this.slice(exchange, download.response, undefined, block2, now);
      }
      if (!isRepeatable(exchange.message)) {
        return void exchange.respond({ code: Code.requestEntityIncomplete }, now);
      }
    }
    this.deliver(exchange, exchange.message, undefined, block2, now);
  }

  /** Forgets transfers that nobody has continued. */
  purge(now: number): void {
    this.#uploads = alive(this.#uploads, now);
    this.#downloads = alive(this.#downloads, now);
  }

  /** Forgets all transfers. */
  clear(): void {
    this.#uploads = [];
    this.#downloads = [];
  }

  private takeBlock(exchange: ServerExchange, block: Block, block2: Block | undefined, now: number): void {
    const { message, address, port } = exchange;
    const offset = blockOffset(block);
    const length = message.payload.length;
    if (block.more ? length !== blockSize(block.szx) : length > blockSize(block.szx)) {
      return void exchange.respond({ code: Code.badRequest }, now);
    }
    let upload = find(this.#uploads, exchange);
    const foretold = findOption(message.options, OptionNumber.size1);
    const expected = foretold === undefined ? undefined : readUint(foretold);
    // A block that is not the last is followed by at least one byte.
    if (Math.max(expected ?? 0, offset + length + (block.more ? 1 : 0)) > this.#options.maxBody) {
      if (upload !== undefined) drop(this.#uploads, upload);
      return this.tooLarge(exchange, now);
    }
    if (block.num === 0) {
      if (upload !== undefined) drop(this.#uploads, upload);
      const refused = this.#options.admit?.(message, address, port);
      if (!exchange.open) return;
      if (refused !== undefined) return void exchange.respond({ code: refused }, now);
      const body = new Body(expected ?? 0, this.#options.maxBody);
      upload = { address, port, key: keyOf(message), until: 0, last: 0, body };
      // A body in one block needs no place among the transfers, so that none has to make room for it.
      if (block.more) add(this.#uploads, upload, this.#options.maxTransfers);
    } else if (upload !== undefined && offset === upload.last && upload.body.length > 0) {
      upload.body.truncate(offset);
    }
    if (upload === undefined || offset !== upload.body.length) {
      if (upload !== undefined) drop(this.#uploads, upload);
      return void exchange.respond({ code: Code.requestEntityIncomplete }, now);
    }
    upload.body.append(message.payload);
    upload.last = offset;
    upload.until = now + this.#options.lifetime;
    const echo = { num: block.num, more: block.more, szx: Math.min(block.szx, this.#szx) };
    if (block.more) {
      const value = encodeBlock(echo);
      return void exchange.respond(
        { code: Code.continue, options: [{ number: OptionNumber.block1, value }] },
        now,
      );
    }
    drop(this.#uploads, upload);
    const options = withoutOptions(message.options, [OptionNumber.block1, OptionNumber.size1]);
    this.deliver(exchange, { ...message, options, payload: upload.body.bytes }, echo, block2, now);
  }

  /** Hands a whole request to the application. */
  private deliver(
    exchange: ServerExchange,
    message: Message,
    block1: Block | undefined,
    block2: Block | undefined,
    now: number,
  ): void {
    const { address, port } = exchange;
    const respond = (response: Response, at: number): Responded => {
      // The client asks for a part of a body; an error is another body, and is sent from its start.
      const part = block2 === undefined || codeClass(response.code) === 2 ? block2 : { ...block2, num: 0 };
      return this.slice(exchange, response, block1, part, at);
    };
    this.#options.onRequest({ message, address, port, respond }, now);
  }

  /** Answers with the part of the response's body that was asked for, or the first. */
  private slice(
    exchange: ServerExchange,
    response: Response,
    block1: Block | undefined,
    block2: Block | undefined,
    now: number,
  ): Responded {
    if (!exchange.open) return exchange.respond(response, now);
    const body = response.payload ?? nothing;
    const length = body.length;
    let szx = Math.min(this.#szx, block2 === undefined ? 6 : block2.szx);
    const offset = block2 === undefined ? 0 : blockOffset(block2);
    const echo: Option[] =
      block1 === undefined ? [] : [{ number: OptionNumber.block1, value: encodeBlock(block1) }];
    // The client has asked for a block, so the response says that this one is all.
    const only = { num: 0, more: false, szx };
    const whole =
      block2 === undefined || length === 0
        ? withOptions(response, echo)
        : withOptions(response, [{ number: OptionNumber.block2, value: encodeBlock(only) }, ...echo]);
    const fits = length <= blockSize(szx) && this.lengthOf(exchange, whole) <= this.#options.maxDatagram;
    if (length === 0 || (offset === 0 && fits)) return exchange.respond(whole, now);
    if (offset >= length) return exchange.respond({ code: Code.badRequest }, now);

    const tagged = withETag(response, body);
    const worst = withOptions({ ...tagged, payload: undefined }, [...longestOptions, ...echo]);
    szx = Math.min(szx, szxFor(this.#options.maxDatagram - this.lengthOf(exchange, worst) - 1));
    if (szx < 0) return exchange.respond(whole, now);
    const size = blockSize(szx);
    const end = Math.min(offset + size, length);
    const block = { num: offset / size, more: end < length, szx };
    const added = [{ number: OptionNumber.block2, value: encodeBlock(block) }, ...echo];
    if (offset === 0) {
      added.push({ number: OptionNumber.size2, value: encodeUint(length) });
      this.keep(exchange, tagged, now);
    }
    return exchange.respond({ ...withOptions(tagged, added), payload: body.subarray(offset, end) }, now);
  }

  /** Bytes of the datagram that a response makes. */
  private lengthOf(exchange: ServerExchange, { code, options, payload }: Response): number {
    const token = exchange.message.token;
    return encodedLength({ type: Type.acknowledgement, code, messageId: 0, token, options, payload });
  }

  private keep(exchange: ServerExchange, response: Response, now: number): void {
    const { message, address, port } = exchange;
    const former = find(this.#downloads, exchange);
    if (former !== undefined) drop(this.#downloads, former);
    const until = now + this.#options.lifetime;
    const download = { address, port, key: keyOf(message), until, response };
    add(this.#downloads, download, this.#options.maxTransfers);
  }

  private tooLarge(exchange: ServerExchange, now: number): void {
    const size1 = { number: OptionNumber.size1, value: encodeUint(this.#options.maxBody) };
    exchange.respond({ code: Code.requestEntityTooLarge, options: [size1] }, now);
  }
}

const nothing: Uint8Array = new Uint8Array(0);

/** What a block adds to a response at most. */
const longestOptions: readonly Option[] = Object.freeze([
  Object.freeze({ number: OptionNumber.block2, value: new Uint8Array(3) }),
  Object.freeze({ number: OptionNumber.size2, value: new Uint8Array(4) }),
]);

function withOptions(response: Response, added: readonly Option[]): Response {
  return added.length === 0
    ? response
    : { ...response, options: insertOptions(response.options ?? [], added) };
}

/**
 * The response with an ETag, by which the client sees that all blocks are of one body (RFC 7959 section
 * 2.4): the application's, or a fingerprint of the body (FNV-1a, 32 bits). Without it a client that
 * fetches two bodies from one path at once could mix them up.
 */
function withETag(response: Response, body: Uint8Array): Response {
  if (findOption(response.options ?? [], OptionNumber.eTag) !== undefined) return response;
  let hash = 0x811c9dc5;
  for (let i = 0; i < body.length; i++) hash = Math.imul(hash ^ (body[i] ?? 0), 0x01000193);
  const value = Uint8Array.of(hash >>> 24, hash >>> 16, hash >>> 8, hash);
  return withOptions(response, [{ number: OptionNumber.eTag, value }]);
}

/**
 * Whether a request may be done again for the sake of a part of its answer: it has no effect, and all of
 * it is here. A FETCH without its body, by which clients ask for the rest of its answer, cannot be repeated.
 */
function isRepeatable({ code, payload }: Message): boolean {
  return code === Code.get || (code === Code.fetch && payload.length > 0);
}

/**
 * Options that tell one transfer of a peer from another (RFC 9175 section 3.1). The application's own
 * are not among them, since some differ from block to block, such as a signature.
 */
const keyOptions: readonly number[] = Object.freeze([
  OptionNumber.uriHost,
  OptionNumber.uriPort,
  OptionNumber.uriPath,
  OptionNumber.uriQuery,
  OptionNumber.accept,
]);

/** Those of them that a client may leave out once its own body is over. */
const bodyOptions: readonly number[] = Object.freeze([OptionNumber.contentFormat, OptionNumber.requestTag]);

/** What tells one transfer of a peer from another. */
interface Key {
  /** Method and key options: number and length before each value, so that none runs into the next. */
  readonly bytes: Uint8Array;
  /** How much of it is left without those of the body, which come last. */
  readonly bodiless: number;
}

function keyOf(message: Message): Key {
  const among = (numbers: readonly number[]): Option[] =>
    message.options.filter((option) => numbers.indexOf(option.number) >= 0);
  const options = among(keyOptions).concat(among(bodyOptions));
  let length = 1;
  for (const { value } of options) length += 4 + value.length;
  const bytes = new Uint8Array(length);
  bytes[0] = message.code;
  let offset = 1;
  let bodiless = 1;
  for (const { number, value } of options) {
    bytes[offset] = number >> 8;
    bytes[offset + 1] = number & 0xff;
    bytes[offset + 2] = value.length >> 8;
    bytes[offset + 3] = value.length & 0xff;
    bytes.set(value, offset + 4);
    offset += 4 + value.length;
    if (keyOptions.indexOf(number) >= 0) bodiless = offset;
  }
  return { bytes, bodiless };
}

function find<T extends Kept>(list: readonly T[], exchange: ServerExchange, anyBody = false): T | undefined {
  if (list.length === 0) return undefined;
  const { address, port } = exchange;
  const key = keyOf(exchange.message);
  // Newest first, which matters where the body does not.
  for (let i = list.length - 1; i >= 0; i--) {
    const each = list[i];
    if (each?.port === port && each.address === address && sameKey(each.key, key, anyBody)) return each;
  }
  return undefined;
}

/** The body that a request asks for the rest of, with or without the options of its own body. */
function findContinued(downloads: readonly Download[], exchange: ServerExchange): Download | undefined {
  const exact = find(downloads, exchange);
  // One that names a transfer must not get the answer to another.
  if (exact !== undefined || findOption(exchange.message.options, OptionNumber.requestTag) !== undefined) {
    return exact;
  }
  return find(downloads, exchange, true);
}

function sameKey(a: Key, b: Key, anyBody: boolean): boolean {
  const length = anyBody ? a.bodiless : a.bytes.length;
  if (length !== (anyBody ? b.bodiless : b.bytes.length)) return false;
  for (let i = 0; i < length; i++) {
    if (a.bytes[i] !== b.bytes[i]) return false;
  }
  return true;
}

/** Puts a transfer in; if there are too many, in place of the one without a message for longest. */
function add<T extends Kept>(list: T[], item: T, most: number): void {
  if (list.length >= most) {
    let idle = 0;
    let earliest = Infinity;
    for (let i = 0; i < list.length; i++) {
      const until = list[i]?.until ?? Infinity;
      if (until >= earliest) continue;
      earliest = until;
      idle = i;
    }
    list.splice(idle, 1);
  }
  list.push(item);
}

function drop<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

function alive<T extends Kept>(list: T[], now: number): T[] {
  return list.some((each) => each.until <= now) ? list.filter((each) => each.until > now) : list;
}
