/**
 * ESP-IDF's record of which slot starts: two entries, one in each sector of the partition `otadata`, of which the one with
 * the higher sequence holds. Fields as in its esp_flash_partitions.h, integers little-endian:
 *
 *     0            4                      24          28          32
 *     +------------+----------------------+-----------+-----------+
 *     | ota_seq    | seq_label            | ota_state | crc       |
 *     +------------+----------------------+-----------+-----------+
 *
 * The slot is (ota_seq - 1) modulo the number of slots. `crc` is of `ota_seq` alone, so that a state which was written in
 * part passes for any other.
 */
import { crc32 } from "node:zlib";
import type { Flash } from "../../../firmware/journal/flash";
import type { PowerDomain } from "../flash/power-domain";

/** What the boot loader knows of the image that an entry starts, as `esp_ota_img_states_t` numbers it. */
export const OtaState = Object.freeze({
  /** It starts next for the first time. */
  new: 0,
  /** It has started for the first time, and nobody has confirmed it. */
  pendingVerify: 1,
  valid: 2,
  invalid: 3,
  /** It was pending, and the chip started anew. */
  aborted: 4,
  undefined: 0xffff_ffff,
});

/** One entry. */
export interface OtaEntry {
  readonly sequence: number;
  readonly state: number;
  readonly crc: number;
}

/** Bytes of an entry; the rest of its sector is erased. */
const entryLength = 32;
const stateAt = 24;
const crcAt = 28;
/** An erased entry's sequence. */
const blank = 0xffff_ffff;

/** Both entries, as they lie there. @throws what the flash throws */
export function readEntries(flash: Pick<Flash, "read" | "status">): readonly [OtaEntry, OtaEntry] {
  return [readEntry(flash, 0), readEntry(flash, 1)];
}

function readEntry(flash: Pick<Flash, "read" | "status">, sector: number): OtaEntry {
  const bytes = Buffer.alloc(entryLength);
  flash.read(bytes, sector * flash.status().blockLength);
  return {
    sequence: bytes.readUInt32LE(0),
    state: bytes.readUInt32LE(stateAt),
    crc: bytes.readUInt32LE(crcAt),
  };
}

/** Erases a sector and writes an entry into it, with the right CRC unless it has one: between the two there is none. */
export function writeEntry(
  { otadata, power }: { readonly otadata: Flash; readonly power: PowerDomain },
  sector: 0 | 1,
  { sequence, state, crc = sequenceCrc(sequence) }: Omit<OtaEntry, "crc"> & { readonly crc?: number },
): void {
  const bytes = Buffer.alloc(entryLength, 0xff);
  bytes.writeUInt32LE(sequence, 0);
  bytes.writeUInt32LE(state, stateAt);
  bytes.writeUInt32LE(crc, crcAt);
  otadata.eraseBlock(sector);
  if (!power.off) otadata.write(bytes, sector * otadata.status().blockLength);
}

/** The ROM's CRC-32 of a sequence, begun with all ones as ESP-IDF does. */
function sequenceCrc(sequence: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(sequence);
  return crc32(bytes, 0xffff_ffff);
}

/** Nothing was written there, or what it starts was given up: without a look at the CRC, as ESP-IDF has it. */
export function isOut({ sequence, state }: OtaEntry): boolean {
  return sequence === blank || state === OtaState.invalid || state === OtaState.aborted;
}

/** Nothing was ever written there, or its sequence is damaged. */
export function isInitial({ sequence, crc }: OtaEntry): boolean {
  return sequence === blank || crc !== sequenceCrc(sequence);
}

/** Its sequence is as it was written. */
export function isWhole({ sequence, crc }: OtaEntry): boolean {
  return crc === sequenceCrc(sequence);
}

/** Which entry holds: of two good ones that with the higher sequence, the first one where they are equal. */
export function activeEntry(entries: readonly [OtaEntry, OtaEntry]): 0 | 1 | undefined {
  const [first, second] = entries.map((entry) => !isOut(entry) && isWhole(entry));
  if (first && second) return entries[0].sequence >= entries[1].sequence ? 0 : 1;
  if (first) return 0;
  return second ? 1 : undefined;
}

/** Number of the slot that an entry starts, of so many. A sequence of 0 wraps, as it does in 32 bits. */
export function slotOf({ sequence }: OtaEntry, slots: number): number {
  return ((sequence - 1) >>> 0) % slots;
}
