/**
 * Where a journal stands, kept over deep sleep, so that opening it costs a handful of reads whatever its size:
 * cursor, table of blocks, and the records that wait while they are few.
 *
 *     0 block length u32 | 4 blocks u16 | 6 unit u8 | 7 flags u8 | 8 active i16 | 10 few u8 | 11 zero
 *     12 end u32 | 16 records that wait u32 | 20 last i32 | 24 last sequence u32 | 28 note i32
 *     32 few: 8 x (address u32, id u32) | 96 tables of `Blocks`                              the machine's order
 *
 * It is true of one moment: whoever keeps it takes it up once, at the wake, and does away with it before the
 * journal changes. Flash is asked all the same, because a partition can be written to from outside while the
 * board sleeps. When anything differs, the whole journal is gone through. An image with the very same records
 * and other marks is not noticed: what was delivered is sent again, or counted though it is done.
 */
import { BlockState, Blocks, tableHead } from "./blocks";
import { FewRecords, mostFew } from "./few-records";
import { RecordStore } from "./record-store";
import type { Flash } from "./flash";

const flag = Object.freeze({ undated: 1, few: 2, lastReleased: 4 });
const fewAt = tableHead - 8 * mostFew;
/** How far behind the last record flash must be blank, bytes: whatever was appended stands there. */
const blankTail = 256;

/** A journal's state beside its records. */
export interface Standing {
  readonly records: RecordStore;
  readonly few: FewRecords;
  /** Whether a record that waits may lack its time. */
  readonly undated: boolean;
}

/**
 * The index of a journal as it is now. It shares its RAM with the journal, so it is to be written at once. Undefined
 * while the journal knows what only a walk finds again: blocks that could not be read, or not be emptied yet.
 */
export function journalIndex({ records, few, undated }: Standing): Uint8Array | undefined {
  const { blocks, cursor, last, leaving } = records;
  const unreadable = blocks.states.indexOf(BlockState.unreadable) >= 0;
  if (unreadable || blocks.gone.length > 0 || leaving.length > 0) return undefined;
  const { table } = blocks;
  const view = new DataView(table.buffer);
  const lastReleased = last >= 0 && cursor.at(last) && cursor.released;
  view.setUint32(0, blocks.blockLength, true);
  view.setUint16(4, blocks.count, true);
  table[6] = blocks.unit;
  table[7] =
    (undated ? flag.undated : 0) | (few.known ? flag.few : 0) | (lastReleased ? flag.lastReleased : 0);
  view.setInt16(8, records.active, true);
  table[10] = few.count;
  view.setUint32(12, records.end, true);
  view.setUint32(16, records.length, true);
  view.setInt32(20, last, true);
  view.setUint32(24, blocks.lastSequence, true);
  view.setInt32(28, records.noteAt, true);
  for (let i = 0; i < few.count; i++) {
    view.setUint32(fewAt + 8 * i, few.addressOf(i), true);
    view.setUint32(fewAt + 8 * i + 4, few.idOf(i), true);
  }
  return table;
}

/**
 * The journal as the index says; undefined when flash says otherwise, cannot be read, or the index is none.
 *
 * @param index what `journalIndex` gave, in a buffer of its own, which becomes the journal's
 */
export function takeUpIndex(flash: Flash, index: Uint8Array): Standing | undefined {
  try {
    return takeUp(flash, index);
  } catch {
    // Whoever goes through the whole journal then meets the same fault, and tells it.
    return undefined;
  }
}

function takeUp(flash: Flash, index: Uint8Array): Standing | undefined {
  const blocks = new Blocks(flash, index);
  if (blocks.table !== index) return undefined;
  const view = new DataView(index.buffer);
  const records = new RecordStore(blocks);
  records.active = view.getInt16(8, true);
  records.end = view.getUint32(12, true);
  records.length = view.getUint32(16, true);
  records.last = view.getInt32(20, true);
  blocks.lastSequence = view.getUint32(24, true);
  records.noteAt = view.getInt32(28, true);
  const few = new FewRecords();
  const flags = view.getUint8(7);
  const count = view.getUint8(10);
  if ((flags & flag.few) === 0) few.forget();
  else if (count > mostFew || count !== records.length) return undefined;
  else {
    for (let i = 0; i < count; i++)
      few.add(view.getUint32(fewAt + 8 * i, true), view.getUint32(fewAt + 8 * i + 4, true));
  }
  if (
    view.getUint32(0, true) !== blocks.blockLength ||
    view.getUint16(4, true) !== blocks.count ||
    view.getUint8(6) !== blocks.unit ||
    !agrees(records, few, (flags & flag.lastReleased) !== 0)
  )
    return undefined;
  return { records, few, undated: (flags & flag.undated) !== 0 };
}

/** Whether flash is as it was left, as far as a few reads tell. */
function agrees(records: RecordStore, few: FewRecords, lastReleased: boolean): boolean {
  const { blocks, active, end, last, cursor } = records;
  const free = blocks.states.indexOf(BlockState.free);
  if (free >= 0 && !blocks.isBlankAt(free, 0, blankTail)) return false;
  if (active < 0) return records.length === 0;
  if (active >= blocks.count || blocks.states[active] !== BlockState.used) return false;
  if (!(end >= blocks.start && end <= blocks.blockLength) || !blocks.hasHeader(active)) return false;
  if (!blocks.isBlankAt(active, end, blankTail)) return false;
  const start = active * blocks.blockLength;
  if (last >= 0) {
    if (last < start || !cursor.at(last) || last + cursor.size > start + end) return false;
    if (cursor.released !== lastReleased) return false;
  }
  for (let i = 0; i < few.count; i++) {
    if (!cursor.at(few.addressOf(i)) || cursor.released || cursor.header.id !== few.idOf(i)) return false;
  }
  return true;
}
