/**
 * The image of an update in the other slot, a slice of work at a time: the running image is compared with the one that a
 * difference is made from, each chunk is applied as soon as it is there, and at the end all of the image is read back.
 */
import { ChunkWork } from "./chunk-work";
import { headLength, outputUnit, readPackageHead } from "./package";
import { ReadableFlash, SliceDigest, startsWith } from "./slice-digest";
import { RecordKind } from "./update-state";
import type { Sha256 } from "../enos/sign";
import type { PackageHead } from "./package";
import type { Slots } from "./slots";
import type { Staging } from "./staging";
import type { StateLog } from "./state-log";
import type { UpdateState } from "./update-state";

/** Why an update cannot go on. `detail` is a word for the log. */
export interface DownloadFault {
  /**
   * `base`: the running image is not the one that the difference is made from; `chunk`: one cannot be applied;
   * `image`: all chunks together do not make the head's image; `flash`: it fails.
   */
  readonly stage: "base" | "chunk" | "image" | "flash";
  readonly detail: string;
}

/** What an image is made from and in. */
export interface ImageMakingParts {
  readonly log: StateLog;
  readonly staging: Staging;
  readonly slots: Slots;
  readonly newSha256: () => Sha256;
}

/** Bytes that are read and digested in one slice. */
const slice = 8_192;
/** How often a chunk may fail. */
const chunkTries = 3;
/** How often all chunks may be applied for an image. */
const rounds = 2;

/** One image after the other. Nothing of it throws. */
export class ImageMaking {
  readonly #parts: ImageMakingParts;
  #work: ChunkWork | undefined;
  /** The chunk that is there has been checked, and is being applied. */
  #applying = false;
  #digest: SliceDigest | undefined;
  /** A digest was wrong once: bytes may have been read wrongly. */
  #again = false;
  /** The image is in the other slot, all of it read back. */
  ready = false;

  constructor(parts: ImageMakingParts) {
    this.#parts = parts;
  }

  /** Another update begins, or is taken up. */
  restart(): void {
    this.#work = undefined;
    this.#applying = false;
    this.#digest = undefined;
    this.#again = false;
    this.ready = false;
  }

  /** Whether `step` has something to do. */
  works(state: UpdateState): boolean {
    switch (state.stage) {
      case "none":
      case "head":
        return false;
      case "base":
        return true;
      case "chunks":
        return isChunkThere(state);
      case "image":
        return !this.ready;
    }
  }

  /** Does one slice of work: at most two sectors are read and digested, or one is made. */
  step(state: UpdateState): "more" | "idle" | "ready" | DownloadFault {
    if (this.ready) return "ready";
    if (!this.works(state)) return "idle";
    if (this.#applying) return this.apply(state);
    if (this.#digest !== undefined) {
      const digest = this.#digest.step(slice);
      return digest === undefined ? "more" : this.compare(state, digest);
    }
    const head = storedHead(this.#parts.log);
    if (head === undefined) return fault("flash", "head");
    if (state.stage === "chunks") return this.check(state, head);
    const { slots, newSha256 } = this.#parts;
    const isBase = state.stage === "base";
    const slot = new ReadableFlash(isBase ? slots.running : slots.other);
    this.#digest = new SliceDigest(newSha256(), slot, 0, isBase ? head.baseLength : head.imageLength);
    return "more";
  }

  /** All chunks are to be applied from the first on. */
  beginWith(state: UpdateState, head: PackageHead): void {
    state.stage = head.kind === "difference" ? "base" : "chunks";
    state.advance(headLength, head.first, 0);
    this.#parts.staging.release(headLength);
  }

  /** What has come of a chunk that is being applied is not there any more. */
  interrupt(): void {
    this.#applying = false;
  }

  /** Goes on with the digest of a whole slot. A wrong one is made again, once: bytes may have been read wrongly. */
  private compare(state: UpdateState, digest: Uint8Array | "unreadable"): "more" | "ready" | DownloadFault {
    this.#digest = undefined;
    const head = storedHead(this.#parts.log);
    if (head === undefined) return fault("flash", "head");
    const isBase = state.stage === "base";
    const wanted = isBase ? head.baseDigest : head.imageDigest;
    const same = digest !== "unreadable" && startsWith(digest, wanted);
    const again = !same && !this.#again;
    this.#again = again;
    if (again) return "more";
    if (!isBase && same) {
      this.ready = true;
      return "ready";
    }
    if (isBase && !same) return fault("base", "other-image");
    if (isBase) state.stage = "chunks";
    else {
      state.rounds += 1;
      if (state.rounds >= rounds) return fault("image", "other-digest");
      this.beginWith(state, head);
      this.#parts.staging.restart(headLength);
      state.end = headLength;
    }
    return this.save(state) ?? "more";
  }

  /** Checks the chunk that is there. */
  private check(state: UpdateState, head: PackageHead): "more" | "idle" | DownloadFault {
    const { log, staging, slots, newSha256 } = this.#parts;
    this.#work ??= new ChunkWork({ staging, slots, sector: outputUnit, back: log.buffer, newSha256 });
    const chunk = this.#work.begin(state, head.baseLength);
    if (chunk === "digest" || chunk === "staging") {
      // It may have been changed on its way, or in the flash.
      staging.discard();
      state.end = staging.end;
      return this.failed(state, chunk) ?? "idle";
    }
    if (typeof chunk === "string") return fault("chunk", chunk);
    const { outputLength, next } = chunk;
    const end = state.from + state.chunkLength;
    const made = state.imageOffset + outputLength;
    const sound =
      next === undefined
        ? made === head.imageLength && end === state.fileSize
        : made < head.imageLength && end + next.length <= state.fileSize;
    if (!sound) return fault("chunk", "lengths");
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
    const { head } = work;
    if (typeof head === "string") return fault("chunk", head);
    const { outputLength, next } = head;
    const made = state.imageOffset + outputLength;
    const end = state.from + state.chunkLength;
    if (next === undefined) {
      state.stage = "image";
      state.imageOffset = made;
    } else state.advance(end, next, made);
    this.#parts.staging.release(end);
    // Its memory is for others until the next chunk is there.
    if (next === undefined || !isChunkThere(state)) this.#work = undefined;
    return this.save(state) ?? "more";
  }

  /** The chunk has failed; undefined while it may be tried again. */
  private failed(state: UpdateState, trouble: string): DownloadFault | undefined {
    state.failures += 1;
    if (state.failures >= chunkTries) {
      // After the next start it may be tried as often again, if its owner wants that.
      state.failures = 0;
      this.save(state);
      return fault(trouble === "slot" ? "flash" : "chunk", trouble);
    }
    return this.save(state);
  }

  private save(state: UpdateState): DownloadFault | undefined {
    return state.save(this.#parts.log) ? undefined : fault("flash", "state");
  }
}

/** What the head says that was accepted. */
export function storedHead(log: StateLog): PackageHead | undefined {
  const bytes = log.read(RecordKind.head);
  const head = bytes === undefined ? undefined : readPackageHead(bytes);
  return typeof head === "string" ? undefined : head;
}

function isChunkThere(state: UpdateState): boolean {
  return state.end >= state.from + state.chunkLength;
}

function fault(stage: DownloadFault["stage"], detail: string): DownloadFault {
  return { stage, detail };
}
