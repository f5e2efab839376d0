/**
 * The part of a simulated image that stands for what XS's linker preloads: slots of 16 bytes, full of addresses of each
 * other and of the code.
 *
 *     0          4      6      7      8              12
 *     +----------+------+------+------+--------------+--------------+
 *     | next     | id   | flag | kind | value        | more         |
 *     +----------+------+------+------+--------------+--------------+
 *
 * Slots are drawn from the names in the firmware's text, each from a name and what stands beside it, so that an edit
 * changes the slots of the edited lines and no others; but whatever is longer by a byte shifts all addresses behind it, as
 * in a real one. Of the real image of the m5stack-nbiot 320,400 bytes are such slots, and nine changed lines moved 64 % of
 * the bytes of its part of JavaScript, and left 9 % of the differences other than zero.
 */

/** Where the part of JavaScript lies in the address space: what an ESP32 maps flash to. */
const base = 0x3f40_0000;
export const slotLength = 16;
/** Of 2^32: the share of names from which a slot comes. */
const share = 0x46e0_0000;

/**
 * The slots of a firmware.
 *
 * @param text its bytes, which lie before them
 * @param start where they begin, from the beginning of the part of JavaScript
 */
export function preloadedHeap(text: string, start: number): Buffer {
  const names = namesIn(text);
  const heap = Buffer.alloc(slotLength * names.length);
  const address = (slot: number): number => base + start + slotLength * slot;
  /** The slot that a name stood in last. */
  const last = new Map<string, number>();
  for (const [slot, { name, at, hash }] of names.entries()) {
    const offset = slotLength * slot;
    const before = last.get(name);
    last.set(name, slot);
    // One of eight ends a list of properties.
    heap.writeUInt32LE((hash & 7) === 0 ? 0 : address(slot + 1), offset);
    heap.writeUInt16LE(hashOf(name, 0) % idCount, offset + 4);
    heap[offset + 6] = (hash >>> 3) & 0x0f;
    heap[offset + 7] = 1 + ((hash >>> 7) % kinds);
    switch ((hash >>> 12) & 7) {
      case 0:
        // A number.
        heap.writeInt32LE((hash >>> 15) % 1_000, offset + 8);
        break;
      case 1:
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
        // An object, or what a property refers to; an accessor has two of them.
        heap.writeUInt32LE(address(before ?? slot), offset + 8);
        if ((hash & 0x30_0000) !== 0)
          heap.writeUInt32LE(address(slot + 1 + ((hash >>> 22) & 7)), offset + 12);
    }
  }
  return heap;
}

/** Names of properties that an image has, and kinds of slot. */
const idCount = 3_000;
const kinds = 24;

interface Name {
  readonly name: string;
  /** Where it stands, in bytes. */
  readonly at: number;
  /** Of it and what stands beside it. */
  readonly hash: number;
}

/** Names from which a slot comes. */
function namesIn(text: string): readonly Name[] {
  const found: Name[] = [];
  let before = "";
  for (const match of text.matchAll(/[A-Za-z_$#][\w$]*/g)) {
    const [name] = match;
    const hash = hashOf(name, hashOf(before, 0));
    before = name;
    if (spread(hash) < share) found.push({ name, at: match.index, hash });
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
