/**
 * A response that comes down in Block2 blocks (RFC 7959 section 2.4): each is held against what came before it, and what
 * they make together is one message. Which block is asked for next, and whether the transfer begins anew, is the client's.
 */
import { Body, blockOffset, blockSize, withoutOptions } from "./block";
import { OptionNumber, findOption, readUint } from "./option";
import type { Block } from "./block";
import type { Message } from "./message";

interface DownloadOptions {
  /** Longest body, bytes. */
  readonly maxBody: number;
  /** Smallest block that may be followed by another, bytes. */
  readonly leastBlock: number;
}

const nothing: Uint8Array = new Uint8Array(0);

/** A response of which one block or several have come. */
export class Download {
  readonly #options: DownloadOptions;
  readonly #first: Message;
  #body: Body | undefined;

  /** @param first the message with the first block, which is to be taken as well */
  constructor(options: DownloadOptions, first: Message) {
    this.#options = options;
    this.#first = copyOf(first);
  }

  /** Bytes that have come. */
  get length(): number {
    return this.#body === undefined ? 0 : this.#body.length;
  }

  /** The response's code. */
  get code(): number {
    return this.#first.code;
  }

  /** Whether a block is of the same version of the body as those before it (RFC 7959 section 2.4). */
  isSameBody({ options }: Message): boolean {
    return sameValue(
      findOption(this.#first.options, OptionNumber.eTag),
      findOption(options, OptionNumber.eTag),
    );
  }

  /**
   * Takes the next block.
   *
   * @returns "more" when another one follows, "whole" behind the last; "fault" when it is not what has to come next,
   *   "too-large" when the body is, or will be
   */
  take(message: Message, block: Block): "more" | "whole" | "fault" | "too-large" {
    const soFar = this.length;
    const { length } = message.payload;
    if (
      blockOffset(block) !== soFar ||
      (block.more ? length !== blockSize(block.szx) : length > blockSize(block.szx)) ||
      (block.more && blockSize(block.szx) < this.#options.leastBlock)
    ) {
      return "fault";
    }
    const { maxBody } = this.#options;
    const size2 = findOption(message.options, OptionNumber.size2);
    const expected = (size2 === undefined ? undefined : readUint(size2)) ?? soFar + length;
    if (Math.max(expected, soFar + length + (block.more ? 1 : 0)) > maxBody) return "too-large";
    const body = (this.#body ??= new Body(Math.max(expected, length), maxBody));
    body.append(message.payload);
    return block.more ? "more" : "whole";
  }

  /** The response as if it had come in one message. */
  get response(): Message {
    const first = this.#first;
    const options = withoutOptions(first.options, [OptionNumber.block2, OptionNumber.size2]);
    return { ...first, options, payload: this.#body?.bytes ?? nothing };
  }
}

/** The message without its payload, to be kept when the datagram that it is a view of has gone. */
function copyOf(message: Message): Message {
  const options = message.options.map(({ number, value }) => ({ number, value: value.slice() }));
  return { ...message, token: message.token.slice(), options, payload: nothing };
}

function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
