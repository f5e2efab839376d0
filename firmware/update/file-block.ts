/** What an answer says of a file that is fetched block by block (RFC 7959 section 2.4). */
import { blockOffset, blockSize, findBlock } from "../coap/block";
import { Code } from "../coap/code";
import { OptionNumber, findOption, readUint } from "../coap/option";
import { startsWith } from "./slice-digest";
import type { Message } from "../coap/message";

/** A block of a file. The arrays are views of the answer. */
export interface FileBlock {
  /** Where it is in the file, bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Exponent of its size. */
  readonly szx: number;
  readonly last: boolean;
  readonly tag: Uint8Array | undefined;
  /** Bytes of the file; undefined where the server does not say. */
  readonly size: number | undefined;
}

/** Longest ETag, bytes (RFC 7252 section 5.10.6). */
export const longestTag = 8;

/**
 * The block in an answer.
 *
 * @param szx exponent of the size that was asked for
 * @returns `cut` when the answer has lost its end on the way, `unusable` when it is no block of a file
 */
export function readFileBlock(message: Message, szx: number): FileBlock | "cut" | "unusable" {
  const { code, options, payload } = message;
  if (code !== Code.content) return "unusable";
  if (message.cut !== undefined) return "cut";
  // A server gives a file that is no longer than a block without the option.
  const block = findBlock(options, OptionNumber.block2) ?? { num: 0, more: false, szx };
  if (block === "reserved" || block.szx > szx) return "unusable";
  const size = blockSize(block.szx);
  const { length } = payload;
  if (length === 0 || (block.more ? length !== size : length > size)) return "unusable";
  const tag = findOption(options, OptionNumber.eTag);
  if (tag !== undefined && tag.length > longestTag) return "unusable";
  const size2 = findOption(options, OptionNumber.size2);
  return {
    offset: blockOffset(block),
    bytes: payload,
    szx: block.szx,
    last: !block.more,
    tag,
    size: size2 === undefined ? undefined : readUint(size2),
  };
}

/**
 * Whether two ETags tell that the file is another one. Where one is absent they tell nothing: libcoap's server gives none
 * with a later block that is asked for from another address.
 */
export function isOtherTag(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && (a.length !== b.length || !startsWith(a, b));
}
