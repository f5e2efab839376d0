/**
 * The judge of bodies put together from blocks, and the watch over what is allocated for them.
 */
import { blockOffset, blockSize, findBlock } from "../../../firmware/coap/block";
import { OptionNumber } from "../../../firmware/coap/option";
import { Violation, check } from "./target";
import type { Block } from "../../../firmware/coap/block";
import type { Message } from "../../../firmware/coap/message";

/** A block as it was sent. */
export interface Piece {
  readonly block: Block;
  readonly payload: Uint8Array;
  /** What all blocks of one body have in common, such as the code and the ETag. */
  readonly group: string;
}

/**
 * Whether blocks out of this list, in this order, make this body (RFC 7959 section 2.3): the first at 0,
 * each where the one before it ended, all but the last full and with more to follow.
 */
export function couldMake(pieces: readonly Piece[], body: Uint8Array): boolean {
  const ends = new Map<string, Set<number>>();
  for (const { block, payload, group } of pieces) {
    const offset = blockOffset(block);
    const size = blockSize(block.szx);
    if (block.more ? payload.length !== size : payload.length > size) continue;
    const reached = ends.get(group) ?? new Set([0]);
    ends.set(group, reached);
    const end = offset + payload.length;
    if (!reached.has(offset) || end > body.length) continue;
    if (!payload.every((byte, i) => body[offset + i] === byte)) continue;
    if (!block.more && end === body.length) return true;
    if (block.more) reached.add(end);
  }
  return false;
}

/** The block option of a message with this number, if it has a valid one. */
export function blockOf(message: Message, option: "block1" | "block2"): Block | undefined {
  const block = findBlock(message.options, OptionNumber[option]);
  return block === "reserved" ? undefined : block;
}

/**
 * Runs something and looks at each array of bytes that is made meanwhile: what a peer foretells must not
 * be believed beyond what may be held.
 *
 * @throws Violation when one is longer than `most` bytes
 */
export function withAllocationsBelow(most: number, run: () => void): void {
  const genuine = globalThis.Uint8Array;
  let longest = 0;
  globalThis.Uint8Array = new Proxy(genuine, {
    construct(target, args: unknown[], newTarget) {
      if (typeof args[0] === "number" && args[0] > longest) {
        longest = args[0];
        if (longest > 1 << 24) throw new Violation("no allocation beyond maxBody", `${longest} bytes`);
      }
      return Reflect.construct(
        target,
        args,
        newTarget === globalThis.Uint8Array ? target : newTarget,
      ) as object;
    },
  });
  try {
    run();
  } finally {
    globalThis.Uint8Array = genuine;
  }
  check(longest <= most, "no allocation beyond maxBody", () => `${longest} bytes, not ${most}`);
}
