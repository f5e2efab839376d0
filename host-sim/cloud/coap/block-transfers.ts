/**
 * Bodies that travel in blocks (RFC 7959): requests that come up in Block1 blocks, and answers that go
 * down in Block2 blocks. Written from the RFC and sharing nothing with the firmware's.
 *
 *    POST 1:0/1/512        ->                 GET                  ->
 *    <- 2.31 1:0/1/128   (smaller, please)    <- 2.05 2:0/1/1024, ETag
 *    POST 1:4/1/128        ->                 GET 2:4/0/256   (smaller, please)
 *    <- 2.31 1:4/1/128                        <- 2.05 2:4/1/256, ETag
 *    POST 1:5/0/128        ->                 GET 2:5/0/256        ->
 *    <- 2.04 1:5/0/128                        <- 2.05 2:5/0/256, ETag
 *
 * A transfer is known by its peer, method, path and Request-Tags; tokens and message ids are its blocks'.
 */
import { createHash } from "node:crypto";
import type { CoapOption } from "./coap-wire";
import type { Peer } from "../events";
import { exchangeLifetime, peerKey } from "./reply-store";
import { Code } from "./codes";
import { OptionNumber } from "./options";
import { largestBlockSzx, blockSize, tooLarge, writeBlock, writeUint, szxOf } from "./request";
import type { Answer, Block, CoapRequest, RefusedRequest } from "./request";

const maxAge = 14;
const etagBytes = 4;

/** What a message is to be at most, bytes, so that no network cuts it up (RFC 7252 section 4.6). */
const largestMessage = 1152;
/** Header, longest token, payload marker, ETag, Block1, Block2 and Size2: never more than this, bytes. */
export const frame = 36;

/** Which transfer a request is part of. */
export function transferKey(request: CoapRequest, peer: Peer): string {
  const tags = (request.requestTags ?? []).map((tag) => Buffer.from(tag).toString("hex"));
  return JSON.stringify([peerKey(peer), request.method, request.path, tags]);
}

/** What is kept per transfer. Bounded in number and in bytes: the transfers longest idle are dropped. */
class TransferTable<T> {
  readonly #most: number;
  readonly #mostBytes: number;
  /** The transfer that was used last comes last. */
  readonly #entries = new Map<string, { value: T; bytes: number; expires: number }>();
  #bytes = 0;

  constructor(most: number, mostBytes: number) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || now >= entry.expires ? undefined : entry.value;
  }

  /** Keeps a value of so many bytes for a lifetime from now on. */
  set(key: string, value: T, bytes: number, now: number): void {
    this.delete(key);
    this.#entries.set(key, { value, bytes, expires: now + exchangeLifetime });
    this.#bytes += bytes;
    for (const [oldest, { expires }] of this.#entries) {
      if (this.#entries.size <= this.#most && this.#bytes <= this.#mostBytes && now < expires) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

interface Upload {
  readonly contentFormat: number | undefined;
  /** Room is made as bytes come. */
  bytes: Uint8Array;
  length: number;
}

/** Requests' bodies while they come up. */
export class Uploads {
  readonly #mostBytes: number;
  readonly #szx: number;
  readonly #table: TransferTable<Upload>;

  /** @param limits most bodies at once, bytes of one body, bytes of a block */
  constructor(limits: { transfers: number; bodyBytes: number; blockSize: number }) {
    this.#mostBytes = limits.bodyBytes;
    this.#szx = szxOf(limits.blockSize);
    this.#table = new TransferTable(limits.transfers, limits.transfers * limits.bodyBytes);
  }

  get size(): number {
    return this.#table.size;
  }

  /** Takes a block that others follow: 2.31, or why not. What is there already stays as it is then. */
  take(key: string, request: CoapRequest, block: Block, now: number): Answer | RefusedRequest {
    const { payload, contentFormat } = request;
    const from = block.num * blockSize(block.szx);
    let upload = from === 0 ? undefined : this.#table.get(key, now);
    const fault = this.#check(upload, from, request);
    if (fault !== undefined) {
      // Of a body that is too long no block will ever be of use.
      if (fault.options !== undefined) this.#table.delete(key);
      return fault;
    }
    const end = from + payload.length;
    upload ??= { contentFormat, bytes: new Uint8Array(payload.length), length: 0 };
    if (end > upload.bytes.length) {
      const grown = new Uint8Array(Math.min(2 * end, this.#mostBytes));
      grown.set(upload.bytes.subarray(0, upload.length));
      upload.bytes = grown;
    }
    upload.bytes.set(payload, from);
    upload.length = Math.max(upload.length, end);
    this.#table.set(key, upload, upload.bytes.length, now);
    const asked = { ...block, szx: Math.min(block.szx, this.#szx) };
    return { code: Code.continue, options: [{ number: OptionNumber.block1, value: writeBlock(asked) }] };
  }

  /** The whole body, now that its last block is there, or why not. Nothing is kept or dropped. */
  complete(key: string, request: CoapRequest, block: Block, now: number): Uint8Array | RefusedRequest {
    const from = block.num * blockSize(block.szx);
    const upload = from === 0 ? undefined : this.#table.get(key, now);
    const fault = this.#check(upload, from, request);
    if (fault !== undefined) return fault;
    if (upload === undefined) return request.payload;
    const body = new Uint8Array(from + request.payload.length);
    body.set(upload.bytes.subarray(0, from));
    body.set(request.payload, from);
    return body;
  }

  delete(key: string): void {
    this.#table.delete(key);
  }

  /** Whether a block fits behind what is there; the first one always starts a body. */
  #check(upload: Upload | undefined, from: number, request: CoapRequest): RefusedRequest | undefined {
    const { payload, contentFormat, size1 = 0 } = request;
    const end = from + payload.length;
    if (from > 0) {
      const known = upload?.length ?? 0;
      // A block that came before is as good as a new one, as long as it says the same. A last one has
      // never come before: it would have ended the transfer.
      const again =
        upload !== undefined &&
        request.block1?.more === true &&
        end <= known &&
        Buffer.compare(upload.bytes.subarray(from, end), payload) === 0;
      if (from !== known && !again) {
        return incomplete(`Block1: expected the block from byte ${known} on, got the one from ${from} on`);
      }
      if (upload?.contentFormat !== contentFormat) {
        return incomplete("Block1: a block of another Content-Format than the first");
      }
    }
    const length = Math.max(end, from === 0 ? size1 : 0);
    if (length <= this.#mostBytes) return undefined;
    return tooLarge(`body of ${length} bytes or more, at most ${this.#mostBytes}`, this.#mostBytes);
  }
}

function incomplete(reason: string): RefusedRequest {
  return { refused: Code.entityIncomplete, reason };
}

/** An answer's body, of which any block can be told. */
export interface BlockedBody {
  readonly code: number;
  readonly body: Uint8Array;
  /** What every block says: the body's ETag and what its bytes mean. */
  readonly options: readonly CoapOption[];
}

/** Answers' bodies while they go down. */
export class Downloads {
  readonly #mostBytes: number;
  readonly #szx: number;
  readonly #table: TransferTable<BlockedBody>;

  /** @param limits most bodies at once, their bytes in all, bytes of a block */
  constructor(limits: { transfers: number; answerBytes: number; blockSize: number }) {
    this.#mostBytes = limits.answerBytes;
    this.#szx = szxOf(limits.blockSize);
    this.#table = new TransferTable(limits.transfers, limits.answerBytes);
  }

  get size(): number {
    return this.#table.size;
  }

  has(key: string, now: number): boolean {
    return this.#table.get(key, now) !== undefined;
  }

  /**
   * An answer just made, or the block of it that is asked for: it is cut up when it is too long for one
   * message, or when the request wants smaller blocks. `key` as from `transferKey`, asked for on need.
   * @throws RangeError for a body that can never be sent
   */
  start(answer: Answer, request: CoapRequest, key: () => string, now: number): Answer | RefusedRequest {
    const body = answer.payload;
    if (body === undefined || body.length === 0) return answer;
    const asked = request.block2;
    let szx = Math.min(asked?.szx ?? largestBlockSzx, this.#szx);
    const options = answer.options ?? [];
    const { largest = largestMessage } = answer;
    const length = options.reduce((sum, { value }) => sum + value.length + 5, frame);
    if (asked === undefined) {
      while (szx > 0 && length + Math.min(body.length, blockSize(szx)) > largest) szx -= 1;
    }
    if (body.length <= blockSize(szx) && (asked === undefined || asked.num === 0)) {
      if (asked === undefined) return answer;
      this.#table.delete(key());
      return withOptions(answer, [
        { number: OptionNumber.block2, value: writeBlock({ num: 0, more: false, szx }) },
      ]);
    }
    if (body.length > this.#mostBytes) {
      throw new RangeError(`answer of ${body.length} bytes, at most ${this.#mostBytes} can be kept`);
    }
    const meaning = options.filter(
      ({ number }) => number === OptionNumber.contentFormat || number === maxAge,
    );
    const etag = createHash("sha256").update(body).digest().subarray(0, etagBytes);
    const download: BlockedBody = {
      code: answer.code,
      body: body.slice(),
      options: [{ number: OptionNumber.etag, value: etag }, ...meaning],
    };
    if (asked !== undefined && asked.num > 0) {
      const later = blockOf(download, asked, szx, request);
      if (!("refused" in later)) this.#table.set(key(), download, body.length, now);
      return later;
    }
    this.#table.set(key(), download, body.length, now);
    // What an answer says besides its body, such as that a command waits, is said once: it may be long.
    const besides = options.filter((option) => !meaning.includes(option));
    while (szx > 0 && length + blockSize(szx) > largest) szx -= 1;
    const first = blockOf(download, { num: 0, szx }, szx, request);
    return "refused" in first ? first : withOptions(first, besides);
  }

  /** A later block of a body that is kept; the caller has seen that it is. */
  next(key: string, request: CoapRequest, asked: Block, now: number): Answer | RefusedRequest {
    const download = this.#table.get(key, now);
    if (download === undefined) return incomplete("Block2: no body is kept of which this could be a block");
    this.#table.set(key, download, download.body.length, now);
    return blockOf(download, asked, this.#szx, request);
  }
}

/** The block of a body that starts where the one asked for does, and is no larger than `largestSzx` says. */
export function blockOf(
  { code, body, options }: BlockedBody,
  asked: { num: number; szx: number },
  largestSzx: number,
  { size2 }: CoapRequest,
): Answer | RefusedRequest {
  const from = asked.num * blockSize(asked.szx);
  const szx = Math.min(asked.szx, largestSzx);
  const size = blockSize(szx);
  if (from >= body.length) {
    return { refused: Code.badRequest, reason: `Block2: no byte ${from} in a body of ${body.length}` };
  }
  const more = from + size < body.length;
  const added: CoapOption[] = [
    { number: OptionNumber.block2, value: writeBlock({ num: from / size, more, szx }) },
  ];
  if (size2 !== undefined) added.push({ number: OptionNumber.size2, value: writeUint(body.length) });
  return { code, options: [...options, ...added], payload: body.subarray(from, from + size) };
}

/** The answer with more options. */
export function withOptions(answer: Answer, added: readonly CoapOption[]): Answer {
  return { ...answer, options: [...(answer.options ?? []), ...added] };
}
