/**
 * The part of a simulated image that stands for what XS's linker preloads: slots of 16 bytes, full of addresses of each
 * other and of the code.
 *
 *     0          4      6      7      8              12
 *     +----------+------+------+------+--------------+--------------+
 *     | next     | id   | flag | kind | value        | more         |
 *     +----------+------+------+------+--------------+--------------+
 *
 * Slots are drawn from the names in the firmware's code, each from a name and the one before it, so that an edit changes the
 * slots of the edited lines and no others; but whatever is longer by a byte shifts all addresses behind it, as in a real
 * one. Of the real image of the m5stack-nbiot, linked by SDK 8.2.3, 320,400 bytes are such slots; nine changed lines moved
 * 64 % of the bytes of its part of JavaScript, left 9 % of the differences other than zero, and made an update of 22.7 kB.
 * Of a simulated one they move 74 %, leave 11 %, and make 19 kB (image.test.ts).
 */
import type { NameInCode } from "./simulated-bytecode";

/** Where the part of JavaScript lies in the address space: what an ESP32 maps flash to. */
const base = 0x3f40_0000;
const slotLength = 16;
/** Of 2^32: the share of names from which a slot comes. */
const share = 0x4b00_0000;

/** A name from which a slot comes; `hash`: of it and of the one before. */
interface Source extends NameInCode {
  readonly hash: number;
}

/**
 * The slots of a firmware.
 *
 * @param names of its code, which lies before them
 * @param start where they begin, from the beginning of the part of JavaScript
 */
export function preloadedHeap(names: readonly NameInCode[], start: number): Buffer {
  const sources = sourcesIn(names);
  const heap = Buffer.alloc(slotLength * sources.length);
  const address = (slot: number): number => base + start + slotLength * slot;
  /** The slot that a name stood in last. */
  const last = new Map<string, number>();
  for (const [slot, { name, id, at, hash }] of sources.entries()) {
    const offset = slotLength * slot;
    const before = last.get(name);
    last.set(name, slot);
    // One of four ends a list of properties.
    heap.writeUInt32LE((hash & 3) === 0 ? 0 : address(slot + 1), offset);
    // What is no property, such as an item of an array, has no name.
    if ((hash & 0x18) !== 0) heap.writeUInt16LE(id, offset + 4);
    heap[offset + 6] = (hash >>> 5) & (hash >>> 8) & (hash >>> 11) & 7;
    heap[offset + 7] = 1 + ((hash >>> 7) & (hash >>> 17) & 7);
    switch ((hash >>> 12) & 7) {
      case 0:
      case 1:
      case 5:
        // A number.
        heap.writeInt32LE((hash >>> 15) % 1_000, offset + 8);
        break;
      case 2:
        // A text, a key.
        heap.writeUInt32LE(base + at, offset + 8);
        break;
      case 3:
      case 4:
        // A function: its code, and the object that it belongs to.
        heap.writeUInt32LE(base + at, offset + 8);
        heap.writeUInt32LE(address(before ?? 0), offset + 12);
        break;
      default:
        // An object, or what a property refers to; most have two of them.
        heap.writeUInt32LE(address(before ?? slot), offset + 8);
        if ((hash & 0x30_0000) !== 0)
          heap.writeUInt32LE(address(slot + 1 + ((hash >>> 22) & 7)), offset + 12);
    }
  }
  return heap;
}

function sourcesIn(names: readonly NameInCode[]): readonly Source[] {
  const found: Source[] = [];
  let before = 0;
  for (const each of names) {
    const own = hashOf(each.name, 0);
    const hash = hashOf(each.name, before);
    before = own;
    if (spread(hash) < share) found.push({ ...each, hash });
  }
  return found;
}

/** 32 bits from a text (FNV-1a). */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

function spread(hash: number): number {
  let x = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
