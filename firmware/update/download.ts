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
import { FileIntake, isUndecided } from "./file-intake";
import { ImageMaking, storedHead } from "./image-making";
import { headLength, readPackageHead } from "./package";
import { Staging } from "./staging";
import { RecordKind, UpdateState } from "./update-state";
import type { Message } from "../coap/message";
import type { Sha256 } from "../enos/sign";
import type { Flash } from "../journal/flash";
import type { Taken, WantedBlock } from "./file-intake";
import type { DownloadFault } from "./image-making";
import type { PackageHead } from "./package";
import type { Slots } from "./slots";
import type { StateLog } from "./state-log";
import type { Stage } from "./update-state";

export type { Taken } from "./file-intake";
export type { DownloadFault } from "./image-making";

export interface DownloadOptions {
  /** The log in the update's partition, and with it the partition. */
  readonly log: StateLog;
  readonly slots: Slots;
  readonly newSha256: () => Sha256;
  /** Exponent of the largest block to ask for: 16 << szx bytes (default 5, 512 bytes). */
  readonly szx?: number;
}

/** Exponent below which blocks are tiny. */
const tinySzx = 3;
const nothing: Uint8Array = new Uint8Array(0);

/** One update, or none. Nothing of it throws. */
export class Download {
  readonly #log: StateLog;
  readonly #slots: Slots;
  readonly #szx: number;
  readonly #staging: Staging;
  readonly #intake: FileIntake;
  readonly #making: ImageMaking;
  #state: UpdateState | undefined;
  #imageLength = 0;
  #fault: DownloadFault | undefined;

  constructor({ log, slots, newSha256, szx = 5 }: DownloadOptions) {
    const staging = new Staging(log);
    this.#log = log;
    this.#slots = slots;
    this.#szx = szx;
    this.#staging = staging;
    this.#intake = new FileIntake(log, staging);
    this.#making = new ImageMaking({ log, staging, slots, newSha256 });
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
    return this.#making.ready;
  }

  /** The package's head is there and has not been accepted. */
  get undecided(): boolean {
    return this.#state !== undefined && isUndecided(this.#state);
  }

  /** What the package's head says, once it was accepted: read from flash each time. */
  get head(): PackageHead | undefined {
    const stage = this.#state?.stage;
    return stage === undefined || stage === "head" ? undefined : storedHead(this.#log);
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
   * The block to ask for; undefined when there is none, or no room for it before some `step`s are made.
   */
  get next(): WantedBlock | undefined {
    const state = this.#state;
    return state === undefined || this.#fault !== undefined ? undefined : this.#intake.next(state);
  }

  /** Whether `step` has something to do. */
  get works(): boolean {
    const state = this.#state;
    return state !== undefined && this.#fault === undefined && this.#making.works(state);
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
    this.#making.beginWith(state, head);
    // Without this record the head is there to be judged once more.
    if (!this.#log.write(RecordKind.head, bytes) || !state.save(this.#log)) {
      this.#fault = { stage: "flash", detail: "state" };
      return this.#fault.detail;
    }
    return undefined;
  }

  /** Takes an answer to a request for `next`. */
  take(message: Message): Taken {
    const state = this.#state;
    const asked = this.next;
    if (state === undefined || asked === undefined) return "stale";
    const taken = this.#intake.take(state, asked, message);
    if (taken === "fault") this.#fault = { stage: "flash", detail: this.#intake.trouble };
    // A chunk that is being applied may have been in a block that fails.
    if (!this.#making.works(state)) this.#making.interrupt();
    return taken;
  }

  /**
   * Does one slice of work: at most two sectors are read and digested, or one is made.
   *
   * @returns `more`, at once or later; `idle`, until another block has come; `ready`, the image is in the other slot
   */
  step(): "more" | "idle" | "ready" | DownloadFault {
    const state = this.#state;
    if (this.#fault !== undefined) return this.#fault;
    if (state === undefined) return "idle";
    const { from } = state;
    const step = this.#making.step(state);
    if (typeof step === "object") this.#fault = step;
    // Nothing says who has made an answer in tiny blocks: one datagram must not make the whole file cost its multiple.
    if (state.from > from && state.szx < tinySzx) state.szx = this.#szx;
    return step;
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
    this.#fault = undefined;
    this.#intake.restart();
    this.#making.restart();
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
