/**
 * An update from the first block of its file to the whole image in the other slot. It asks for blocks and takes their
 * answers, and does a slice of work in flash at a time; when, and over which link, is its owner's business. All that it
 * has reached is in flash: it goes on from there after any loss of power, and after deep sleep.
 *
 *     begin --> head --take: "head"--> accept --> [base] --> chunks --> image --step: "ready"-->
 *                                                   ^ the running image is the difference's    ^ the image is the head's
 *
 * A chunk that does not have the digest which the one before it names is fetched again, a few times.
 */
import { blockSize } from "../coap/block";
import { ChunkWork } from "./chunk-work";
import { isSameTag, readFileBlock } from "./file-block";
import { headLength, outputUnit, readPackageHead } from "./package";
import { ReadableFlash, SliceDigest, startsWith } from "./slice-digest";
import { Staging } from "./staging";
import { RecordKind, UpdateState } from "./update-state";
import type { Message } from "../coap/message";
import type { Sha256 } from "../enos/sign";
import type { Flash } from "../journal/flash";
import type { PackageHead } from "./package";
import type { Slots } from "./slots";
import type { StateLog } from "./state-log";
import type { Stage } from "./update-state";

export interface DownloadOptions {
  /** The log in the update's partition, and with it the partition. */
  readonly log: StateLog;
  readonly slots: Slots;
  readonly newSha256: () => Sha256;
  /** Exponent of the largest block to ask for: 16 << szx bytes (default 5, 512 bytes). */
  readonly szx?: number;
}

/** Why an update cannot go on. `detail` is a word for the log. */
export interface DownloadFault {
  /**
   * `base`: the running image is not the one that the difference is made from; `chunk`: one cannot be applied;
   * `image`: all chunks together do not make the head's image; `flash`: it fails.
   */
  readonly stage: "base" | "chunk" | "image" | "flash";
  readonly detail: string;
}

/**
 * What became of an answer: `taken`; `head`, the package's head is there and wants to be judged; `complete`, the last
 * byte of the file is there; `smaller`, it was cut off on its way or the server's blocks are smaller, and smaller ones
 * are asked for from now on;
 * `stale`, it is not the block that is wanted; `other-file`, the file is another one than when it was begun;
 * `unusable`, it is no block of a file; `fault`, see there.
 */
export type Taken = "taken" | "head" | "complete" | "smaller" | "stale" | "other-file" | "unusable" | "fault";

/** Bytes that are read and digested in one slice. */
const slice = 8_192;
/** How often a chunk may fail. */
const chunkTries = 3;
/** How often all chunks may be applied for an image. */
const rounds = 2;
const nothing: Uint8Array = new Uint8Array(0);

/** One update, or none. Nothing of it throws. */
export class Download {
  readonly #log: StateLog;
  readonly #slots: Slots;
  readonly #newSha256: () => Sha256;
  readonly #szx: number;
  readonly #staging: Staging;
  #state: UpdateState | undefined;
  #imageLength = 0;
  #work: ChunkWork | undefined;
  /** The chunk that is there has been checked, and is being applied. */
  #applying = false;
  #digest: SliceDigest | undefined;
  /** A digest was wrong once: bytes may have been read wrongly. */
  #again = false;
  #fault: DownloadFault | undefined;
  #ready = false;

  constructor({ log, slots, newSha256, szx = 5 }: DownloadOptions) {
    this.#log = log;
    this.#slots = slots;
    this.#newSha256 = newSha256;
    this.#szx = szx;
    this.#staging = new Staging(log);
  }

  /** Whether there is an update, at whichever stage. */
  get begun(): boolean {
    return this.#state !== undefined;
  }

  /** Why it cannot go on. */
  get fault(): DownloadFault | undefined {
    return this.#fault;
  }

  /** The image is in the other slot, all of it read back. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The package's head is there and has not been accepted. */
  get undecided(): boolean {
    return this.#state?.stage === "head" && this.#state.end >= headLength;
  }

  /** What the package's head says, once it was accepted: read from flash each time. */
  get head(): PackageHead | undefined {
    const stage = this.#state?.stage;
    const bytes = stage === undefined || stage === "head" ? undefined : this.#log.read(RecordKind.head);
    const head = bytes === undefined ? undefined : readPackageHead(bytes);
    return typeof head === "string" ? undefined : head;
  }

  /** The file's ETag; undefined where the server gives none. */
  get etag(): Uint8Array | undefined {
    return this.#state?.tag;
  }

  /** Bytes of the file that have come, and that it has; 0 where that is not known. */
  get received(): number {
    return this.#state?.end ?? 0;
  }

  get fileSize(): number {
    return this.#state?.fileSize ?? 0;
  }

  /** Bytes of the image that are made, by whole chunks, and that it has; 0 before its head was accepted. */
  get written(): number {
    return this.#state?.imageOffset ?? 0;
  }

  get imageLength(): number {
    return this.#imageLength;
  }

  /**
   * The block to ask for, its offset in the file a multiple of its 16 << szx bytes; undefined when there is none, or no
   * room for it before some `step`s are made.
   */
  get next(): { readonly offset: number; readonly szx: number } | undefined {
    const state = this.#state;
    if (state === undefined || this.#fault !== undefined || this.undecided) return undefined;
    if (state.fileSize > 0 && state.end >= state.fileSize) return undefined;
    const size = blockSize(state.szx);
    if (this.#staging.room < size) return undefined;
    return { offset: Math.floor(state.end / size) * size, szx: state.szx };
  }

  /** Whether `step` has something to do. */
  get works(): boolean {
    const state = this.#state;
    if (state === undefined || this.#fault !== undefined) return false;
    switch (state.stage) {
      case "none":
      case "head":
        return false;
      case "base":
        return true;
      case "chunks":
        return this.#applying || this.isChunkThere(state);
      case "image":
        return !this.#ready;
    }
  }

  /** Takes up what is in flash, at a start; false when there is no update. */
  resume(): boolean {
    this.forget();
    const state = new UpdateState(this.#staging.bad);
    if (!state.load(this.#log) || state.stage === "none") return false;
    this.#state = state;
    const { head } = this;
    if (state.stage !== "head" && head === undefined) {
      this.#state = undefined;
      return false;
    }
    this.#imageLength = head?.imageLength ?? 0;
    state.szx = Math.min(state.szx, this.#szx);
    this.#staging.resume(state.from, state.end);
    return true;
  }

  /**
   * Forgets the update that there is, and begins another one.
   *
   * @param fileSize bytes, 0 where nobody has said
   * @returns why not
   */
  begin(fileSize: number): string | undefined {
    const state = this.renew("head", fileSize);
    if (state === undefined) return "state not written";
    if (!this.#staging.usable) return "too few good blocks";
    this.#state = state;
    return undefined;
  }

  /** Forgets the update that there is; false when the flash fails. */
  drop(): boolean {
    return this.renew("none", 0) !== undefined;
  }

  /** The package's head with its signature, 280 bytes as they came; undefined when it is not there. */
  signedHead(): Uint8Array | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    if (state.stage !== "head") return this.#log.read(RecordKind.head);
    if (state.end < headLength) return undefined;
    const bytes = new Uint8Array(headLength);
    return this.#staging.read(bytes, 0) ? bytes : undefined;
  }

  /**
   * Goes on with the update whose head its owner has judged: signature, board, product and version.
   *
   * @returns why its image cannot be made here, as a word for the log
   */
  accept(): string | undefined {
    const state = this.#state;
    const bytes = this.signedHead();
    if (state === undefined || bytes === undefined) return "no-head";
    const head = readPackageHead(bytes);
    if (typeof head === "string") return head;
    if (head.imageLength > sizeOf(this.#slots.other)) return "image-too-long";
    if (head.baseLength > sizeOf(this.#slots.running)) return "base-too-long";
    const fileSize = headLength + head.bodyLength;
    if (state.fileSize > 0 && state.fileSize !== fileSize) return "other-file-size";
    state.fileSize = fileSize;
    this.#imageLength = head.imageLength;
    this.restart(state, head);
    // Without this record the head is there to be judged once more.
    if (!this.#log.write(RecordKind.head, bytes) || !state.save(this.#log)) {
      return this.fail("flash", "state").detail;
    }
    return undefined;
  }

  /** Takes an answer to a request for `next`. */
  take(message: Message): Taken {
    const state = this.#state;
    const asked = this.next;
    if (state === undefined || asked === undefined) return "stale";
    const block = readFileBlock(message, asked.szx);
    if (block === "unusable") return block;
    if (block === "cut") return state.szx === 0 ? "unusable" : this.askFor(state, state.szx - 1);
    const { offset, bytes, tag } = block;
    const end = offset + bytes.length;
    if (state.end === 0) {
      state.tag = tag?.slice();
      if (tag !== undefined && !this.save(state)) return "fault";
    } else if (!isSameTag(state.tag, tag)) return "other-file";
    // The server's blocks are smaller, and what is wanted lies behind this one.
    if (offset === asked.offset && end <= state.end && block.szx < asked.szx)
      return this.askFor(state, block.szx);
    if (offset > state.end || end <= state.end) return "stale";
    const { fileSize } = state;
    const size = block.size ?? (block.last ? end : fileSize);
    if ((fileSize > 0 && size !== fileSize) || block.last !== (end === size)) return "other-file";
    if (block.last && end < headLength) return "unusable";
    state.fileSize = size;
    if (block.szx < asked.szx && this.askFor(state, block.szx) === "fault") return "fault";
    return this.store(state, bytes.subarray(state.end - offset));
  }

  /**
   * Does one slice of work: at most two sectors are read and digested, or one is made.
   *
   * @returns `more`, at once or later; `idle`, until another block has come; `ready`, the image is in the other slot
   */
  step(): "more" | "idle" | "ready" | DownloadFault {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#ready) return "ready";
    const state = this.#state;
    if (state === undefined || !this.works) return "idle";
    if (this.#applying) return this.apply(state);
    if (this.#digest !== undefined) {
      const digest = this.#digest.step(slice);
      return digest === undefined ? "more" : this.compare(state, digest);
    }
    const { head } = this;
    if (head === undefined) return this.fail("flash", "head");
    if (state.stage === "chunks") return this.check(state, head);
    const isBase = state.stage === "base";
    const slot = new ReadableFlash(isBase ? this.#slots.running : this.#slots.other);
    const length = isBase ? head.baseLength : head.imageLength;
    this.#digest = new SliceDigest(this.#newSha256(), slot, 0, length);
    return "more";
  }

  /** From now on, and after the next start, blocks are asked for in this size. */
  private askFor(state: UpdateState, szx: number): "smaller" | "fault" {
    state.szx = szx;
    return this.save(state) ? "smaller" : "fault";
  }

  private store(state: UpdateState, bytes: Uint8Array): Taken {
    const stored = this.#staging.put(bytes);
    state.end = this.#staging.end;
    // A chunk that is being applied is not there any more.
    if (this.#applying && state.end < state.from + state.chunkLength) this.#applying = false;
    switch (stored) {
      case "no-room":
      case "bad-block":
        if (this.save(state) && stored === "bad-block") return "taken";
        this.#fault ??= this.fail("flash", "too few good blocks");
        return "fault";
      case "rewound":
      case "stored":
        if (!state.saveEnd(this.#log)) {
          this.fail("flash", "state");
          return "fault";
        }
    }
    if (stored !== "stored") return "taken";
    if (this.undecided) return "head";
    return state.end === state.fileSize ? "complete" : "taken";
  }

  /** Goes on with the digest of a whole slot. A wrong one is made again, once: bytes may have been read wrongly. */
  private compare(state: UpdateState, digest: Uint8Array | "unreadable"): "more" | "ready" | DownloadFault {
    this.#digest = undefined;
    const { head } = this;
    if (head === undefined) return this.fail("flash", "head");
    const isBase = state.stage === "base";
    const wanted = isBase ? head.baseDigest : head.imageDigest;
    const same = digest !== "unreadable" && startsWith(digest, wanted);
    const again = !same && !this.#again;
    this.#again = again;
    if (again) return "more";
    if (!isBase && same) {
      this.#ready = true;
      return "ready";
    }
    if (isBase && !same) return this.fail("base", "other-image");
    if (isBase) state.stage = "chunks";
    else {
      state.rounds += 1;
      if (state.rounds >= rounds) return this.fail("image", "other-digest");
      this.restart(state, head);
    }
    return this.save(state) ? "more" : this.#fault!;
  }

  /** All chunks are fetched and applied from the first on. */
  private restart(state: UpdateState, head: PackageHead): void {
    state.stage = head.kind === "difference" ? "base" : "chunks";
    state.advance(headLength, head.first, 0);
    // What has come with the head stays.
    if (state.rounds > 0) {
      this.#staging.restart(headLength);
      state.end = headLength;
    } else this.#staging.release(headLength);
  }

  /** Checks the chunk that is there. */
  private check(state: UpdateState, head: PackageHead): "more" | "idle" | DownloadFault {
    this.#work ??= new ChunkWork({
      staging: this.#staging,
      slots: this.#slots,
      sector: outputUnit,
      newSha256: this.#newSha256,
    });
    const trouble = this.#work.begin(state, head.baseLength);
    if (trouble === "digest" || trouble === "staging") {
      // It may have been changed on its way, or in the flash.
      this.#staging.discard();
      state.end = this.#staging.end;
      return this.failed(state, trouble) ?? "idle";
    }
    if (trouble !== undefined) return this.fail("chunk", trouble);
    const { outputLength, next } = this.#work.head!;
    const end = state.from + state.chunkLength;
    const made = state.imageOffset + outputLength;
    const sound =
      next === undefined
        ? made === head.imageLength && end === state.fileSize
        : made < head.imageLength && end + next.length <= state.fileSize;
    if (!sound) return this.fail("chunk", "lengths");
    this.#applying = true;
    return "more";
  }

  private apply(state: UpdateState): "more" | DownloadFault {
    const work = this.#work!;
    const step = work.step();
    if (step === "more") return step;
    this.#applying = false;
    // The chunk is the maker's, so that it is the flash that fails, and nothing is fetched again.
    if (step !== "done") return this.failed(state, step) ?? "more";
    const { outputLength, next } = work.head!;
    const made = state.imageOffset + outputLength;
    const end = state.from + state.chunkLength;
    if (next === undefined) {
      state.stage = "image";
      state.imageOffset = made;
    } else state.advance(end, next, made);
    this.#staging.release(end);
    // Its memory is for others until the next chunk is there.
    if (!this.works || next === undefined) this.#work = undefined;
    return this.save(state) ? "more" : this.#fault!;
  }

  /** The chunk has failed; undefined while it may be tried again. */
  private failed(state: UpdateState, trouble: string): DownloadFault | undefined {
    state.failures += 1;
    if (state.failures >= chunkTries) {
      // After the next start it may be tried as often again, if its owner wants that.
      state.failures = 0;
      this.save(state);
      return this.fail(trouble === "slot" ? "flash" : "chunk", trouble);
    }
    return this.save(state) ? undefined : this.#fault;
  }

  private isChunkThere(state: UpdateState): boolean {
    return state.end >= state.from + state.chunkLength;
  }

  /** Puts another update, or none, in the place of what there is; undefined when the flash fails. */
  private renew(stage: Stage, fileSize: number): UpdateState | undefined {
    const state = new UpdateState(this.#staging.bad);
    // Its turn goes on, and bad blocks stay so.
    state.load(this.#log);
    this.forget();
    state.restart(stage, fileSize, this.#szx);
    this.#staging.resume(0, 0);
    return this.#log.write(RecordKind.head, nothing) && state.save(this.#log) ? state : undefined;
  }

  private forget(): void {
    this.#state = undefined;
    this.#imageLength = 0;
    this.#work = undefined;
    this.#applying = false;
    this.#digest = undefined;
    this.#again = false;
    this.#fault = undefined;
    this.#ready = false;
  }

  private save(state: UpdateState): boolean {
    if (state.save(this.#log)) return true;
    this.fail("flash", "state");
    return false;
  }

  private fail(stage: DownloadFault["stage"], detail: string): DownloadFault {
    this.#fault = { stage, detail };
    return this.#fault;
  }
}

/** Bytes of a slot; 0 where its flash does not say. */
function sizeOf(slot: Pick<Flash, "status">): number {
  try {
    return slot.status().size;
  } catch {
    return 0;
  }
}
