/**
 * How far an update has come, as the state log keeps it:
 *
 *     0       1       2          3        4          8           12      16     20
 *     +-------+-------+----------+--------+----------+-----------+-------+------+--------------+
 *     | form  | stage | failures | rounds | turn u32 | file size | from  | end  | chunk length |    little-endian
 *     | 1     |       |          |        |          | u32       | u32   | u32  | u32          |
 *     +-------+-------+----------+--------+----------+-----------+-------+------+--------------+
 *     24             28     29            32      40             56                   64
 *     +--------------+------+-------------+-------+--------------+--------------------+
 *     | image offset | szx  | ETag length | ETag  | chunk digest | bad blocks         |
 *     +--------------+------+-------------+-------+--------------+--------------------+
 *
 * and, for each block that comes, a record of eight bytes: the turn, to which it belongs, and the end.
 */
import { longestTag } from "./file-block";
import { chainDigestLength } from "./package";
import { badBlockBytes } from "./staging";
import type { ChunkName } from "./package";
import type { StateLog } from "./state-log";

/** Kinds of records in the state log. */
export const RecordKind = Object.freeze({
  /** The package's head with its signature, as it came. */
  head: 16,
  state: 17,
  received: 18,
} as const);

/**
 * What is being done: `none`, nothing, and what is kept is which blocks are bad; `head`, it is fetched, or was and is to be judged; `base`, the running image is compared with the
 * one that the difference is made from; `chunks` are fetched and applied; `image`, all of it is compared with the head.
 */
export type Stage = "none" | "head" | "base" | "chunks" | "image";

const stages: readonly Stage[] = Object.freeze(["none", "head", "base", "chunks", "image"] as const);
const form = 1;
const stateLength = 56 + badBlockBytes;
const noTag = 0xff;

/** An update under way. */
export class UpdateState {
  stage: Stage = "none";
  /** How often the chunk under way has failed. */
  failures = 0;
  /** How often all chunks were applied, and the image was not the head's. */
  rounds = 0;
  #turn = 0;
  /** Bytes of the file; 0 for not known. */
  fileSize = 0;
  /** Where the chunk under way begins in the file, and behind the last byte that has come. */
  from = 0;
  end = 0;
  /** The chunk under way: its length, the head of its digest, and where its output begins in the image. */
  chunkLength = 0;
  readonly chunkDigest = new Uint8Array(chainDigestLength);
  imageOffset = 0;
  /** Exponent of the block size to ask for. */
  szx = 0;
  /** The file's ETag; undefined where the server gives none or nothing has come. */
  tag: Uint8Array | undefined;
  /** Blocks of the staging that are not used. */
  readonly #bad: Uint8Array;

  /** @param bad the staging's own, which is filled by `load` */
  constructor(bad: Uint8Array) {
    this.#bad = bad;
  }

  /** What is in the log; false when there is nothing of it. */
  load(log: StateLog): boolean {
    const body = log.read(RecordKind.state);
    if (body === undefined || body.length !== stateLength || body[0] !== form) return false;
    const stage = stages[body[1]];
    if (stage === undefined) return false;
    const view = new DataView(body.buffer, body.byteOffset);
    this.stage = stage;
    this.failures = body[2];
    this.rounds = body[3];
    this.#turn = view.getUint32(4, true);
    this.fileSize = view.getUint32(8, true);
    this.from = view.getUint32(12, true);
    this.end = view.getUint32(16, true);
    this.chunkLength = view.getUint32(20, true);
    this.imageOffset = view.getUint32(24, true);
    this.szx = body[28];
    this.tag = body[29] <= longestTag ? body.slice(32, 32 + body[29]) : undefined;
    this.chunkDigest.set(body.subarray(40, 56));
    this.#bad.set(body.subarray(56));
    const received = log.read(RecordKind.received);
    if (received?.length === 8) {
      const last = new DataView(received.buffer, received.byteOffset);
      if (last.getUint32(0, true) === this.#turn) this.end = last.getUint32(4, true);
    }
    return true;
  }

  /** From now on another update, or none, is under way. */
  restart(stage: Stage, fileSize: number, szx: number): void {
    this.stage = stage;
    this.fileSize = fileSize;
    this.szx = szx;
    this.tag = undefined;
    this.from = 0;
    this.end = 0;
    this.failures = 0;
    this.rounds = 0;
    this.chunkLength = 0;
    this.imageOffset = 0;
  }

  /** The chunk that comes next begins in the file behind the one under way, and in the image at this offset. */
  advance(from: number, chunk: ChunkName, imageOffset: number): void {
    this.from = from;
    this.chunkLength = chunk.length;
    this.chunkDigest.set(chunk.digest);
    this.imageOffset = imageOffset;
    this.failures = 0;
  }

  /** Keeps all of it; false when the flash fails. */
  save(log: StateLog): boolean {
    this.#turn = (this.#turn + 1) >>> 0;
    const body = new Uint8Array(stateLength);
    const view = new DataView(body.buffer);
    body[0] = form;
    body[1] = stages.indexOf(this.stage);
    body[2] = Math.min(this.failures, 255);
    body[3] = Math.min(this.rounds, 255);
    view.setUint32(4, this.#turn, true);
    view.setUint32(8, this.fileSize, true);
    view.setUint32(12, this.from, true);
    view.setUint32(16, this.end, true);
    view.setUint32(20, this.chunkLength, true);
    view.setUint32(24, this.imageOffset, true);
    body[28] = this.szx;
    body[29] = this.tag === undefined ? noTag : this.tag.length;
    if (this.tag !== undefined) body.set(this.tag, 32);
    body.set(this.chunkDigest, 40);
    body.set(this.#bad, 56);
    return log.write(RecordKind.state, body);
  }

  /** Keeps how far the file has come, the rest being as it was saved. */
  saveEnd(log: StateLog): boolean {
    const body = new Uint8Array(8);
    const view = new DataView(body.buffer);
    view.setUint32(0, this.#turn, true);
    view.setUint32(4, this.end, true);
    return log.write(RecordKind.received, body);
  }
}
