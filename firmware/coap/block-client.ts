/**
 * The client's half of block-wise transfer (RFC 7959): a request whose body does not fit goes up in
 * Block1 blocks, a response whose body does not fit comes down in Block2 blocks; the caller sees one
 * request and one response.
 *
 *    POST 1:0/1/512        ->                 GET                  ->
 *    <- 2.31 1:0/1/128   (smaller, please)    <- 2.05 2:0/1/512
 *    POST 1:4/1/128        ->                 GET 2:1/0/512        ->
 *    <- 2.31 1:4/1/128                        <- 2.05 2:1/0/512
 *    POST 1:5/0/128        ->
 *    <- 2.04 1:5/0/128, and perhaps 2:0/1/512
 *
 * Every block is an exchange of its own, with a token of its own unless `blockToken` says otherwise. Whose turn it is to go
 * up: block-uploads.ts; what the blocks that come down are together: block-download.ts.
 */
import { blockOffset, blockSize, encodeBlock, findBlock, largestBlockNumber, szxFor } from "./block";
import { insertOptions } from "./block";
import { Download } from "./block-download";
import { Uploads } from "./block-uploads";
import { ClientExchange } from "./client";
import { Code, codeClass } from "./code";
import { decode, encodedLength } from "./message";
import { OptionNumber, encodeUint } from "./option";
import type { Block } from "./block";
import type { Upload } from "./block-uploads";
import type { Client, PlainRequest } from "./client";
import type { Guard } from "./endpoint-options";
import type { Exchange, Outcome, Request } from "./exchange";
import type { Message } from "./message";
import type { Option, OptionBlock } from "./option";

export interface BlockClientOptions {
  readonly client: Client;
  readonly random: () => number;
  /** Longest datagram to send, bytes. */
  readonly maxDatagram: number;
  /** Token length, bytes. */
  readonly tokenLength: number;
  /** Uploads under way or waiting for each other, over all peers; one more ends as `queue-full`. */
  readonly maxRequests: number;
  /** Largest block, bytes: 16, 32 ... 1024. */
  readonly blockSize: number;
  /** Longest body of a response, bytes. */
  readonly maxBody: number;
  /**
   * Whether requests say at once how large the response's blocks may be at most (two bytes each), for links that cannot
   * receive the server's first 1024, and for servers that refuse to make them smaller in the middle of a body, as
   * libcoap does from 4.3.5 on.
   */
  readonly offerBlockSize: boolean;
  /** Smallest block that the server may choose, bytes. */
  readonly leastBlock: number;
  /** Says whether one more block may be asked for, or sent because the server wants them smaller. */
  readonly guard: Pick<Guard, "mayFollow"> | undefined;
  /** Whether each block gets a fresh token, or all of a transfer the same. */
  readonly blockToken: "fresh" | "same";
}

const leastBlock = 16;
/** Bytes of Size1 and block number that a long body needs and an empty one does not. */
const longestSize1 = 4;

/** How often a transfer starts over: once the server has lost it (4.08) or changed the body (ETag). */
const restarts = 1;

/** One request with all its blocks. */
class Transfer implements Exchange, PlainRequest, Upload {
  readonly address: string;
  readonly port: number;
  readonly code: number;
  readonly confirmable: boolean;
  readonly fixed: OptionBlock | undefined;
  options: readonly Option[] | undefined;
  payload: Uint8Array | undefined;
  token: Uint8Array | undefined;

  readonly #options: BlockClientOptions;
  readonly #uploads: Uploads;
  readonly #request: Request;
  /** The caller's fixed options where block options do not all come behind them. */
  readonly #unpacked: readonly Option[];
  readonly #body: Uint8Array;
  #exchange: ClientExchange | undefined;
  #done = false;
  #past = 0;
  #uploading = false;
  #szx: number;
  /** The size that this end has chosen for what goes up. */
  #chosen = 0;
  /** Where the block under way starts and ends in the body that goes up. */
  #from = 0;
  #to = 0;
  #tag: Uint8Array | undefined;
  #restarts = restarts;
  /** The response once it comes down in blocks. */
  #download: Download | undefined;

  constructor(options: BlockClientOptions, uploads: Uploads, request: Request) {
    this.#options = options;
    this.#uploads = uploads;
    this.#request = request;
    this.address = request.address;
    this.port = request.port;
    this.code = request.code;
    this.confirmable = request.confirmable ?? true;
    const packed = request.fixed === undefined || request.fixed.last <= OptionNumber.block2;
    this.fixed = packed ? request.fixed : undefined;
    this.#unpacked = packed ? noOptions : unpack(request.fixed);
    this.#body = request.payload ?? nothing;
    this.#szx = szxFor(options.blockSize);
  }

  get retransmissions(): number {
    return this.#past + (this.#exchange?.retransmissions ?? 0);
  }

  cancel(now: number): void {
    if (this.#exchange !== undefined) this.#exchange.cancel(now);
    // Before its turn, and between two blocks, when the caller cancels from within its options function, there is
    // no exchange to cancel.
    else if (!this.#done) this.finish({ kind: "cancelled" }, now);
  }

  start(now: number): void {
    const options = this.callersOptions();
    const offer = { num: 0, more: false, szx: this.#szx };
    const whole = this.#options.offerBlockSize
      ? insertOptions(options, [{ number: OptionNumber.block2, value: encodeBlock(offer) }])
      : options;
    const length = this.lengthWith(whole, this.#body);
    if (this.#body.length <= this.#options.blockSize && length <= this.#options.maxDatagram) {
      this.options = whole;
      this.payload = this.#request.payload;
      this.#to = this.#body.length;
      this.send(now);
      return;
    }
    const turn = this.#uploads.enter(this);
    if (turn === true) this.upload(options, now);
    else if (turn === undefined) this.finish({ kind: "queue-full" }, now);
  }

  /** Begins the upload that has waited for another one's end. */
  haveTurn(now: number): void {
    this.upload(this.callersOptions(), now);
  }

  onComplete(outcome: Outcome, now: number): void {
    this.#past += this.#exchange?.retransmissions ?? 0;
    this.#exchange = undefined;
    if (outcome.kind !== "response") return this.finish(outcome, now);
    const message = outcome.message;
    // Of a body that comes in blocks, a part of a block is worth nothing.
    if (message.cut !== undefined) {
      return this.#download === undefined ? this.finish(outcome, now) : void this.fault(now);
    }
    try {
      if (this.#download === undefined && !this.uploaded(message, now)) return;
      this.download(message, now);
    } catch (error) {
      // Only the caller's options, asked for the next block, are this transfer's business.
      const exchange = this.#exchange as ClientExchange | undefined;
      if (this.#done || (exchange !== undefined && exchange.state !== "new")) throw error;
      this.finish({ kind: "cancelled", discarded: "handler-failed" }, now);
    }
  }

  private mayFollow(now: number): boolean {
    return this.#options.guard?.mayFollow("block", now) !== false;
  }

  /** Starts to send the body in blocks, from the front; the first goes with these options. */
  private upload(options: readonly Option[], now: number): void {
    this.#from = 0;
    this.#tag = this.#uploads.takeTag();
    if (!this.#uploading) {
      this.#uploading = true;
      // The largest block for which a datagram has room beside these options.
      this.#szx = Math.min(this.#szx, szxFor(this.room(options)));
      this.#chosen = this.#szx;
    }
    const blocks = Math.ceil(this.#body.length / blockSize(Math.max(this.#szx, 0)));
    if (this.#szx < 0 || blocks > largestBlockNumber + 1) return this.finish({ kind: "too-large" }, now);
    this.sendBlock(options, now);
  }

  /** Bytes of a body that a datagram holds beside these options and those of a block. */
  private room(options: readonly Option[]): number {
    const probe = this.blockOptions(options, true, true, this.#options.offerBlockSize);
    return this.#options.maxDatagram - this.lengthWith(probe, nothing) - 1;
  }

  /** Whether a body of any length has room beside the request's options, in blocks of 16 bytes if need be. */
  carries(): boolean {
    // As long as every Request-Tag is; no upload takes this one.
    this.#tag = new Uint8Array(2);
    return this.room(this.callersOptions()) >= leastBlock + longestSize1;
  }

  private sendBlock(options: readonly Option[], now: number): void {
    this.#to = Math.min(this.#from + blockSize(this.#szx), this.#body.length);
    const more = this.#to < this.#body.length;
    // RFC 7959 section 3.3: the response to the last block may have a long body too.
    const offer = !more && this.#options.offerBlockSize;
    this.options = this.blockOptions(options, more, this.#from === 0, offer);
    this.payload = this.#body.subarray(this.#from, this.#to);
    this.send(now);
  }

  private blockOptions(options: readonly Option[], more: boolean, first: boolean, offer: boolean): Option[] {
    const block = { num: this.#from / blockSize(Math.max(this.#szx, 0)), more, szx: Math.max(this.#szx, 0) };
    const added: Option[] = [{ number: OptionNumber.block1, value: encodeBlock(block) }];
    if (first) added.push({ number: OptionNumber.size1, value: encodeUint(this.#body.length) });
    if (offer) {
      added.push({
        number: OptionNumber.block2,
        value: encodeBlock({ num: 0, more: false, szx: block.szx }),
      });
    }
    added.push({ number: OptionNumber.requestTag, value: this.#tag! });
    return insertOptions(options, added);
  }

  /** Reads the answer to what went up; true when it is the response to the whole. */
  private uploaded(message: Message, now: number): boolean {
    const block = findBlock(message.options, OptionNumber.block1);
    if (block === "reserved") return this.fault(now);
    if (message.code === Code.requestEntityTooLarge && block !== undefined && this.#body.length > 16) {
      // RFC 7959 section 2.9.3: not the body, but the blocks are too large. They only ever get
      // smaller, so this comes to an end.
      const used = this.#uploading ? this.#szx : this.#szx + 1;
      if (block.szx < used) {
        if (this.isTooSmall(block)) return this.fault(now);
        this.#szx = block.szx;
        this.upload(this.callersOptions(), now);
        return false;
      }
    }
    if (!this.#uploading) return true;
    const last = this.#to === this.#body.length;
    if (message.code === Code.requestEntityIncomplete && this.#from > 0 && this.#restarts > 0) {
      this.#restarts -= 1;
      this.upload(this.callersOptions(), now);
      return false;
    }
    // The server has refused the request before its last block: the rest need not be sent.
    if (codeClass(message.code) !== 2) return true;
    const proceed = message.code === Code.continue;
    if (block === undefined) return last && !proceed ? true : this.fault(now);
    const echoed = block.num === this.#from / blockSize(this.#szx) || blockOffset(block) === this.#from;
    if (!echoed || (last && proceed)) return this.fault(now);
    if (last) return true;
    const smaller = block.szx < this.#chosen;
    if (smaller && (this.isTooSmall(block) || !this.mayFollow(now))) return this.fault(now);
    // A server that answers success instead of "continue" acts on each block: the rest is sent all the same.
    this.#from = this.#to;
    this.#szx = Math.min(this.#szx, block.szx);
    this.sendBlock(this.callersOptions(), now);
    return false;
  }

  /** Takes a response, or a block of one. */
  private download(message: Message, now: number): void {
    const block = findBlock(message.options, OptionNumber.block2);
    if (block === "reserved") return void this.fault(now);
    const download = this.#download;
    if (download === undefined) {
      if (block === undefined || isWhole(block, message)) {
        return this.finish({ kind: "response", message }, now);
      }
    } else if (message.code !== download.code) {
      // An error instead of a block is the response; another success is not the rest of this one.
      if (codeClass(message.code) === 2) return void this.fault(now);
      if (message.code === Code.requestEntityIncomplete && this.mayAskAgain()) return this.askAgain(now);
      return this.finish({ kind: "response", message }, now);
    } else if (block !== undefined && !download.isSameBody(message)) {
      // The body has changed meanwhile, and its parts do not fit each other.
      return this.mayAskAgain() ? this.askAgain(now) : void this.fault(now);
    }
    this.take(message, block, now);
  }

  /** Whether the transfer may begin anew: only a request without effect may be sent a second time. */
  private mayAskAgain(): boolean {
    return this.#restarts > 0 && isSafe(this.code);
  }

  private askAgain(now: number): void {
    this.#restarts -= 1;
    this.#download = undefined;
    this.#uploading = false;
    this.start(now);
  }

  private take(message: Message, block: Block | undefined, now: number): void {
    if (block === undefined) return void this.fault(now);
    const isFirst = this.#download === undefined;
    const download = (this.#download ??= new Download(this.#options, message));
    const taken = download.take(message, block);
    if (taken === "too-large") return this.finish({ kind: "body-too-large" }, now);
    if (taken === "whole") return this.finish({ kind: "response", message: download.response }, now);
    if (taken === "fault") return void this.fault(now);
    // Blocks may become smaller but not larger: by RFC 7959 section 2.4 the client keeps the first size. What went up
    // may have been in smaller ones, as there the datagrams to send set the bound: of them nothing was said.
    const { offerBlockSize, blockSize: largest } = this.#options;
    const most = isFirst && !offerBlockSize ? szxFor(largest) : this.#szx;
    this.#szx = Math.min(most, block.szx);
    this.next({ num: download.length / blockSize(this.#szx), more: false, szx: this.#szx }, now);
  }

  /** Asks for a block of the response: the same request, without its body. */
  private next(block: Block, now: number): void {
    if (block.num > largestBlockNumber) return void this.fault(now);
    if (!this.mayFollow(now)) return this.finish({ kind: "body-too-large" }, now);
    const added: Option[] = [{ number: OptionNumber.block2, value: encodeBlock(block) }];
    if (this.#tag !== undefined) added.push({ number: OptionNumber.requestTag, value: this.#tag });
    this.options = insertOptions(this.callersOptions(), added);
    this.payload = undefined;
    this.send(now);
  }

  private send(now: number): void {
    if (this.#done) return;
    if (this.#options.blockToken === "same" && this.token === undefined) {
      this.token = this.#options.client.newToken(this.address, this.port);
    }
    this.#exchange = new ClientExchange(this.#options.client, this);
    this.#options.client.submit(this.#exchange, now);
  }

  private callersOptions(): readonly Option[] {
    const options = this.#request.options;
    const given = typeof options === "function" ? options() : (options ?? noOptions);
    return this.#unpacked.length === 0 ? given : this.#unpacked.concat(given);
  }

  private lengthWith(options: readonly Option[], payload: Uint8Array): number {
    return (
      encodedLength({ type: 0, code: this.code, messageId: 0, fixed: this.fixed, options, payload }) +
      this.#options.tokenLength
    );
  }

  /** Every block is an exchange: in the smallest ones a body takes hundreds. */
  private isTooSmall(block: Block): boolean {
    return blockSize(block.szx) < this.#options.leastBlock;
  }

  private fault(now: number): false {
    this.finish({ kind: "block-fault" }, now);
    return false;
  }

  private finish(outcome: Outcome, now: number): void {
    if (this.#done) return;
    this.#done = true;
    this.#download = undefined;
    try {
      this.#request.onComplete(outcome, now);
    } finally {
      this.#uploads.leave(this, now);
    }
  }
}

/** Requests of one endpoint, with bodies of any length. */
export class BlockClient {
  readonly #options: BlockClientOptions;
  readonly #uploads: Uploads;

  constructor(options: BlockClientOptions) {
    this.#options = options;
    this.#uploads = new Uploads(options);
  }

  /** Sends a request; its outcome comes through `onComplete`, at once when it cannot even be queued. */
  request(request: Request, now: number): Exchange {
    const transfer = new Transfer(this.#options, this.#uploads, request);
    transfer.start(now);
    return transfer;
  }

  /** Cancels the uploads that wait for another one to end; whatever is under way has been cancelled already. */
  close(now: number): void {
    this.#uploads.close(now);
  }

  /** Whether the request's options leave room in a datagram for at least a small block of any body. */
  carries(request: Request): boolean {
    return new Transfer(this.#options, this.#uploads, request).carries();
  }
}

const nothing: Uint8Array = new Uint8Array(0);
const noOptions: readonly Option[] = Object.freeze([]);

/** The options of a block that was encoded beforehand, one by one, so that others can be put between them. */
function unpack(block: OptionBlock | undefined): readonly Option[] {
  if (block === undefined) return noOptions;
  const datagram = new Uint8Array(4 + block.bytes.length);
  datagram[0] = 0x40;
  datagram[1] = Code.get;
  datagram.set(block.bytes, 4);
  const message = decode(datagram);
  return typeof message === "string" ? noOptions : message.options;
}

/** Whether this one message is all of the response. */
function isWhole(block: Block, message: Message): boolean {
  return block.num === 0 && !block.more && message.payload.length <= blockSize(block.szx);
}

/** Methods without effect, RFC 7252 section 5.1 and RFC 8132: they may be asked again. */
function isSafe(code: number): boolean {
  return code === Code.get || code === Code.fetch;
}
