/**
 * A partition of flash with anything in it: what a journal has left there, with bytes changed, blocks exchanged and
 * stretches erased. It is opened, used as if nothing were wrong, and opened again. Nothing but a partition that
 * cannot be used is refused, nothing is read or written outside of it, and the work is bounded.
 */
import { Journal } from "../../../firmware/journal/journal";
import { decodeEntry } from "../../../firmware/delivery/entry-codec";
import { thing } from "../../../firmware/product/thing";
import { Script, check, hex } from "./target";
import type { Flash, FlashStatus } from "../../../firmware/journal/flash";
import type { FullPolicy, JournalOptions } from "../../../firmware/journal/journal";
import type { Target, Watch } from "./target";

const blockLength = 512;
const blocks = 3;
/** Calls to the flash for one input: opening it looks at each header, and each record moves once at most. */
const mostCalls = 40_000;

/** NOR flash that does what it is told within its partition: a write clears bits, an erase sets them. */
export class PlainFlash implements Flash {
  readonly bytes = new Uint8Array(blocks * blockLength).fill(0xff);
  readonly #align: number;
  #calls = 0;

  constructor(align: number) {
    this.#align = align;
  }

  status(): FlashStatus {
    return { size: this.bytes.length, blockLength, blocks, writeAlign: this.#align };
  }

  read(buffer: Uint8Array, offset: number): void {
    this.#check("read", buffer.length, offset);
    buffer.set(this.bytes.subarray(offset, offset + buffer.length));
  }

  write(buffer: Uint8Array, offset: number): void {
    this.#check("written", buffer.length, offset);
    const aligned = offset % this.#align === 0 && buffer.length % this.#align === 0;
    check(aligned, "writes are aligned", () => `${buffer.length} bytes at ${offset}`);
    for (let i = 0; i < buffer.length; i++) this.bytes[offset + i] &= buffer[i];
  }

  eraseBlock(block: number): void {
    this.#check("erased", blockLength, block * blockLength);
    this.bytes.fill(0xff, block * blockLength, (block + 1) * blockLength);
  }

  #check(what: string, length: number, offset: number): void {
    const inside = Number.isInteger(offset) && offset >= 0 && offset + length <= this.bytes.length;
    check(inside, "nothing outside of the partition", () => `${length} bytes ${what} at ${offset}`);
    this.#calls += 1;
    check(this.#calls <= mostCalls, "the work with a partition is bounded");
  }
}

const policies: readonly FullPolicy[] = ["oldest", "newest", "thin"];

export const flashTarget: Target = {
  name: "flash",
  boundary: "flash image",
  code: ["firmware/journal/", "firmware/delivery/entry-codec"],
  portable: true,
  seeds: () => [
    new Uint8Array([0, 4, 10, 20, 30, 40, 0, 3, 1, 2, 3]),
    new Uint8Array([1, 15, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 2, 1, 0, 12, 255, 4, 4, 1, 2, 3, 4]),
    new Uint8Array([4, 0, 0, 240, 0, 0, 255, 0, 255, 3, 3]),
  ],
  generate: (random) => random.bytes(6 + Math.floor(random.next() * 120)),
  run(input, watch) {
    const script = new Script(input);
    const flags = script.byte();
    const flash = new PlainFlash([4, 1, 16, 8][flags & 3]);
    const options: JournalOptions = {
      policy: policies[(flags >> 2) % 3],
      thinnable: (type) => type === 1,
      pinned: (id) => (id & 31) === 31,
      onLost: (_id, _type, reason) => watch.feature(`lost ${reason}`),
      onMoved: () => watch.feature("moved"),
    };
    let id = 1;
    const first = new Journal(flash, 1, options);
    for (let count = script.below(24); count > 0; count--) {
      const size = script.byte() >> 1;
      const appended = first.append(
        1 + (size & 3),
        id++,
        1e12 + id,
        (size & 4) !== 0,
        new Uint8Array(size).fill(id),
      );
      if (appended.kind === "kept" && (size & 24) === 24) first.release(appended.address);
    }
    damage(flash.bytes, script);
    for (let start = 0; start < 2; start++) {
      const journal = open(flash, 2 + start, options, watch);
      if (journal === undefined) return;
      const { waiting, damaged, mended } = journal.recovery;
      watch.feature(
        `waiting ${Math.min(waiting, 3)} damaged ${Math.min(damaged, 3)} mended ${Math.min(mended, 2)}`,
      );
      use(journal, script, (id += 100), watch);
    }
  },
};

/** The journal, or undefined for a partition that it says cannot be used. */
function open(flash: Flash, boot: number, options: JournalOptions, watch: Watch): Journal | undefined {
  watch.input();
  try {
    return new Journal(flash, boot, options);
  } catch (error) {
    if (!(error instanceof RangeError) || /Invalid|offset|call stack/i.test(error.message)) throw error;
    watch.feature(`refused: ${error.message.slice(0, 40)}`);
    return undefined;
  }
}

/** Reads, releases, dates and appends as a device does. */
function use(journal: Journal, script: Script, from: number, watch: Watch): void {
  let id = from;
  for (let round = 0; round < 3; round++) {
    for (const address of journal.oldest(8, (each) => (each & 7) === 7)) {
      const record = journal.read(address);
      if (record === undefined) continue;
      check(
        record.body.length <= blockLength,
        "a record fits its block",
        () => `${record.body.length} bytes`,
      );
      const entry = decodeEntry(thing, record, 0);
      watch.feature(`type ${record.type & 7} entry ${entry?.kind}`);
      watch.step?.(`record ${record.id} ${record.type} ${hex(record.body.subarray(0, 20))}`);
      if (!record.dated) journal.date(address, 1.7e12);
      journal.markTried(address, (round & 1) === 0 ? "alone" : "timed");
      if (script.byte() < 200) journal.release(address);
    }
    const size = script.byte() >> 1;
    const appended = journal.append(1, id++, 1.7e12, true, new Uint8Array(size).fill(round));
    watch.feature(`append ${appended.kind}`);
    check(journal.length >= 0 && journal.length <= 600, "the count of records is sound", () =>
      String(journal.length),
    );
  }
}

/** What time, a bad power supply and whoever has the chip in his hands do to it. */
function damage(bytes: Uint8Array, script: Script): void {
  for (let count = script.below(12); count > 0; count--) {
    const how = script.byte();
    const at = (script.byte() << 3) ^ script.byte();
    switch (how % 8) {
      case 0:
        bytes[at % bytes.length] &= script.byte();
        break;
      case 1:
        bytes[at % bytes.length] = script.byte();
        break;
      case 2:
        bytes.fill(0xff, at % bytes.length, (at % bytes.length) + script.byte());
        break;
      case 3:
        bytes.fill(0, at % bytes.length, (at % bytes.length) + script.byte());
        break;
      case 4: {
        // A block in another's place, twice there.
        const [from, to] = [script.below(blocks), script.below(blocks)];
        bytes.copyWithin(to * blockLength, from * blockLength, (from + 1) * blockLength);
        break;
      }
      case 5: {
        const given = script.take(script.below(40));
        bytes.set(given.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
        break;
      }
      case 6:
        // Bits that set themselves.
        bytes[at % bytes.length] |= script.byte();
        break;
      default:
        bytes.copyWithin(at % bytes.length, script.byte() * 4, script.byte() * 8);
    }
  }
}
