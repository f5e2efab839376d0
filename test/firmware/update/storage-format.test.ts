/** docs/update-storage.md read word by word, with none of the firmware's code, against what the firmware writes. */
import { crc32 as zlibCrc } from "node:zlib";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DownloadingBoard } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";

const blockLength = 4_096;

interface Stored {
  readonly turn: number;
  readonly records: Map<number, Buffer>;
}

/** zlib's, which Node has under this name from 20.15 on. */
const crc = (bytes: Uint8Array, before = 0): number => zlibCrc(bytes, before);

/** The records that count. */
function readLog(partition: Buffer): Stored | undefined {
  let best: { turn: number; block: Buffer } | undefined;
  for (let i = 0; i < 4; i++) {
    const block = partition.subarray(i * blockLength, (i + 1) * blockLength);
    if (block.toString("latin1", 0, 4) !== "EnUs" || crc(block.subarray(0, 8)) !== block.readUInt32LE(8))
      continue;
    const turn = block.readUInt32LE(4);
    if (best === undefined || ((turn - best.turn) | 0) > 0) best = { turn, block };
  }
  if (best === undefined) return undefined;
  const { turn, block } = best;
  const records = new Map<number, Buffer>();
  for (let at = 16; at + 8 <= blockLength && block.subarray(at, at + 8).some((byte) => byte !== 0xff);) {
    const length = block.readUInt16LE(at + 2);
    if (length > 512) break;
    const body = block.subarray(at + 8, at + 8 + length);
    const sound = crc(body, crc(block.subarray(at, at + 4), turn)) === block.readUInt32LE(at + 4);
    if (sound && length > 0) records.set(block[at], body);
    else if (sound) records.delete(block[at]);
    at += 8 + ((length + 3) & ~3);
  }
  return { turn, records };
}

/** The state, and what is in the ring. */
function readState(partition: Buffer): Record<string, unknown> | undefined {
  const stored = readLog(partition);
  const state = stored?.records.get(17);
  if (stored === undefined || state === undefined || state[0] !== 1) return undefined;
  const received = stored.records.get(18);
  const from = state.readUInt32LE(12);
  const same = received !== undefined && received.readUInt32LE(0) === state.readUInt32LE(4);
  const end = same ? received.readUInt32LE(4) : state.readUInt32LE(16);
  const good: number[] = [];
  for (let i = 0; i < Math.min(64, partition.length / blockLength - 4); i++) {
    if ((state[56 + (i >> 3)] & (1 << (i & 7))) === 0) good.push(4 + i);
  }
  const file = Buffer.alloc(end - from);
  for (let i = 0; i < file.length; i++) {
    const at = from + i;
    file[i] = partition[good[Math.floor(at / blockLength) % good.length] * blockLength + (at % blockLength)];
  }
  return {
    stage: state[1],
    failures: state[2],
    rounds: state[3],
    fileSize: state.readUInt32LE(8),
    from,
    end,
    chunkLength: state.readUInt32LE(20),
    imageOffset: state.readUInt32LE(24),
    szx: state[28],
    etag: state[29] === 0xff ? undefined : state.toString("hex", 32, 32 + state[29]),
    chunkDigest: state.toString("hex", 40, 56),
    good,
    head: stored.records.get(16)?.toString("hex"),
    file: file.toString("hex"),
  };
}

const running = smallImage("running", 40_000);
const image = changedImage(running, "format", 2_000);
const bytes = smallPackage({ image, base: new Uint8Array(0) });
const file = { bytes, tag: Uint8Array.of(0xab, 0xcd) };

describe("the page about an update in flash", () => {
  it("says what the firmware writes, after each block and each slice of work", () => {
    const board = new DownloadingBoard({ seed: "format", running, blocks: 12 });
    board.update.flash.bytes.fill(0x5a, 4 * blockLength);
    board.update.faults.set("refuse-erase", 1, { blocks: [6] });
    expect(readState(Buffer.from(board.update.flash.bytes))).toBeUndefined();
    const stages = new Set<unknown>();
    const chunks = new Set<unknown>();
    for (let end: unknown = "stuck"; end === "stuck";) {
      end = board.run(file, 1);
      const partition = Buffer.from(board.update.flash.bytes);
      const state = readState(partition);
      const { download } = board;
      if (state === undefined) throw new Error("no state");
      expect(state).toMatchObject({
        fileSize: bytes.length,
        end: download.received,
        imageOffset: download.written,
      });
      expect(state.file).toBe(
        Buffer.from(bytes.subarray(state.from as number, state.end as number)).toString("hex"),
      );
      if (state.stage !== 1) {
        expect(state).toMatchObject({ etag: "abcd", szx: 5, failures: 0, rounds: 0 });
        expect(state.head).toBe(Buffer.from(bytes.subarray(0, 280)).toString("hex"));
      }
      stages.add(state.stage);
      chunks.add(state.chunkDigest);
      if (end !== "stuck") expect(state.good).toEqual([4, 5, 7, 8, 9, 10, 11]);
    }
    expect([...stages]).toEqual([1, 3, 4]);
    expect(chunks.size).toBe(1 + Math.ceil(image.length / 8_192));
    board.download.drop();
    const dropped = readState(Buffer.from(board.update.flash.bytes));
    expect(dropped).toMatchObject({ stage: 0, head: undefined, good: [4, 5, 7, 8, 9, 10, 11] });
  });

  it("names each stage and each kind of record that there is", () => {
    const page = readFileSync("docs/update-storage.md", "utf8");
    for (const row of [
      "| 16 | the package's head",
      "| 17 | the state",
      "| 18 | how far",
      "| 0 | has no update",
    ]) {
      expect(page).toContain(row);
    }
    expect(page.match(/^\| [0-4] \| /gm)).toHaveLength(5);
  });
});
