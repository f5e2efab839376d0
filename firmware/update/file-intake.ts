/**
 * Which block of an update's file is wanted next, and what becomes of the answers: whether they are of that file, and
 * where its bytes go.
 */
import { blockSize } from "../coap/block";
import { isOtherTag, readFileBlock } from "./file-block";
import { headLength } from "./package";
import { startsWith } from "./slice-digest";
import { RecordKind } from "./update-state";
import type { Message } from "../coap/message";
import type { FileBlock } from "./file-block";
import type { Staging } from "./staging";
import type { StateLog } from "./state-log";
import type { UpdateState } from "./update-state";

/**
 * What became of an answer: `taken`; `head`, the package's head is there and wants to be judged; `complete`, the last
 * byte of the file is there; `smaller`, it was cut off on its way or the server's blocks are smaller, and smaller ones
 * are asked for from now on; `stale`, it is not the block that is wanted; `other-file`, the file is another one than when
 * it was begun; `unusable`, it is no block of a file; `fault`, the flash fails.
 */
export type Taken = "taken" | "head" | "complete" | "smaller" | "stale" | "other-file" | "unusable" | "fault";

/** A block to ask for: its offset in the file is a multiple of its 16 << szx bytes. */
export interface WantedBlock {
  readonly offset: number;
  readonly szx: number;
}

/** Exponent of the smallest block that shows a head's digest of the image. */
const tellingSzx = 3;

/** The blocks of one update after the other. Nothing of it throws. */
export class FileIntake {
  readonly #log: StateLog;
  readonly #staging: Staging;
  /** An ETag is another one, and the file's first block is to tell whether it is another file. */
  #doubtful = false;
  /** It has told that it is not, and no block has come since. */
  #settled = false;
  /** Why the last answer was a `fault`. */
  trouble = "";

  constructor(log: StateLog, staging: Staging) {
    this.#log = log;
    this.#staging = staging;
  }

  /** Another update begins, or is taken up. */
  restart(): void {
    this.#doubtful = false;
    this.#settled = false;
  }

  /** The block to ask for; undefined when there is none, or no room for it before some work is done. */
  next(state: UpdateState): WantedBlock | undefined {
    if (isUndecided(state) || (state.fileSize > 0 && state.end >= state.fileSize)) return undefined;
    if (this.#doubtful) return { offset: 0, szx: state.szx };
    const size = blockSize(state.szx);
    if (this.#staging.room < size) return undefined;
    return { offset: Math.floor(state.end / size) * size, szx: state.szx };
  }

  /** Takes an answer to a request for `asked`. */
  take(state: UpdateState, asked: WantedBlock, message: Message): Taken {
    const block = readFileBlock(message, asked.szx);
    if (block === "unusable") return block;
    if (block === "cut") return state.szx === 0 ? "unusable" : this.askFor(state, state.szx - 1);
    const { offset, bytes, tag } = block;
    const end = offset + bytes.length;
    if (this.#doubtful) {
      if (offset > 0) return "stale";
      const taken = this.doubt(state, block);
      if (taken !== undefined) return taken;
    }
    // The server's blocks are smaller, and what is wanted lies behind this one.
    if (offset === asked.offset && end <= state.end && block.szx < asked.szx) {
      return this.askFor(state, block.szx);
    }
    if (offset > state.end || end <= state.end) return "stale";
    const { fileSize } = state;
    const size = block.size ?? (block.last ? end : fileSize);
    if ((fileSize > 0 && size !== fileSize) || (block.last ? end !== size : size > 0 && end >= size)) {
      return this.otherLength(state, block);
    }
    if (block.last && end < headLength) return "unusable";
    state.fileSize = size;
    if (state.end === 0) {
      state.tag = tag?.slice();
      if (tag !== undefined && !this.save(state)) return "fault";
    } else if (isOtherTag(state.tag, tag)) {
      const taken = this.doubt(state, block);
      if (taken !== undefined) return taken;
    }
    if (block.szx < asked.szx && this.askFor(state, block.szx) === "fault") return "fault";
    return this.store(state, bytes.subarray(state.end - offset));
  }

  /**
   * The ETag is another one, as it may be of the same file once its server has started anew: the file's first block tells,
   * as far as it has the digest of the image in it.
   *
   * @returns undefined when this is the file, and the block one to be taken
   */
  private doubt(state: UpdateState, { offset, bytes, szx, tag }: FileBlock): Taken | undefined {
    if (state.stage === "head" || szx < tellingSzx) return "other-file";
    this.#doubtful = offset > 0;
    if (this.#doubtful) return "taken";
    const head = this.#log.read(RecordKind.head);
    if (head === undefined || !startsWith(head, bytes.subarray(0, headLength))) return "other-file";
    // Where each answer has another one they mean nothing.
    state.tag = this.#settled ? undefined : tag?.slice();
    this.#settled = true;
    if (!this.save(state)) return "fault";
    return bytes.length <= state.end ? "taken" : undefined;
  }

  /**
   * The file has another length than before. That of an accepted head is its maker's, so that the first block tells, as with
   * another ETag: one made-up answer must not cost all that has come.
   */
  private otherLength(state: UpdateState, block: FileBlock): Taken {
    if (state.stage === "head" || this.#settled) return "other-file";
    return this.doubt(state, block) ?? "other-file";
  }

  /** From now on, and after the next start, blocks are asked for in this size. */
  private askFor(state: UpdateState, szx: number): "smaller" | "fault" {
    state.szx = szx;
    return this.save(state) ? "smaller" : "fault";
  }

  private store(state: UpdateState, bytes: Uint8Array): Taken {
    const stored = this.#staging.put(bytes);
    state.end = this.#staging.end;
    const moved = stored === "bad-block" || stored === "no-room";
    if (!(moved ? this.save(state) : state.saveEnd(this.#log))) return this.fail("state");
    if (stored === "no-room") return this.fail("too few good blocks");
    if (stored !== "stored") return "taken";
    this.#settled = false;
    if (isUndecided(state)) return "head";
    return state.end === state.fileSize ? "complete" : "taken";
  }

  private save(state: UpdateState): boolean {
    if (state.save(this.#log)) return true;
    this.fail("state");
    return false;
  }

  private fail(trouble: string): "fault" {
    this.trouble = trouble;
    return "fault";
  }
}

/** Whether the package's head is there and was not accepted yet. */
export function isUndecided(state: UpdateState): boolean {
  return state.stage === "head" && state.end >= headLength;
}
