/**
 * How the images in test/vectors/journal come about: each scene makes a journal do what one rule of
 * docs/journal-format.md is about, power cuts and flipped bits included. The images of the present
 * release are these, to the byte; those of earlier ones stay as they were written.
 */
import { UploadQueue } from "../../../firmware/delivery/upload-queue";
import type { QueueOwner } from "../../../firmware/delivery/upload-queue";
import { Journal } from "../../../firmware/journal/journal";
import { thing } from "../../../firmware/product/thing";
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import type { Entry } from "../../../firmware/delivery/entry";
import type { JournalOptions } from "../../../firmware/journal/journal";

/** 2023-11-14, epoch ms. */
const someDay = 1_700_000_000_000;

const options: JournalOptions = {
  policy: "oldest",
  thinnable: () => true,
  pinned: () => false,
  onLost: () => {},
  onMoved: () => {},
};

const owner: QueueOwner = { entriesInFlight: [], onLost: () => {}, takenAt: () => -Infinity };

interface Scene {
  readonly name: string;
  readonly blockLength: number;
  readonly unit: number;
  /** What became of the flash. */
  readonly make: () => MemoryFlash;
}

function flashOf(
  blocks: number,
  blockLength: number,
  unit: number,
  power = new PowerDomain(),
  faults = new FlashFaults(new Random("faults")),
): MemoryFlash {
  const size = blocks * blockLength;
  return new MemoryFlash({ size, blockLength, writeAlign: unit, power, random: new Random("image"), faults });
}

const body = (id: number, length = 24): Uint8Array =>
  new Uint8Array(length).map((_, i) => (id * 31 + i) & 0xff);

/** A scene on flash with this geometry. */
function scene(
  name: string,
  [blocks, blockLength, unit]: readonly [number, number, number],
  play: (flash: MemoryFlash, power: PowerDomain) => void,
): Scene {
  const make = (): MemoryFlash => {
    const power = new PowerDomain();
    const flash = flashOf(blocks, blockLength, unit, power);
    play(flash, power);
    return flash;
  };
  return { name, blockLength, unit, make };
}

/** The address of the record with this id. */
function addressOf(journal: Journal, id: number): number {
  const address = journal.oldest(1_000, () => false).find((each) => journal.read(each)?.id === id);
  if (address === undefined) throw new Error(`no record ${id}`);
  return address;
}

/** Clears one bit that is set, at or behind this place. */
function flip(flash: MemoryFlash, from: number): void {
  let at = from;
  while (flash.bytes[at] === 0) at += 1;
  flash.bytes[at] &= flash.bytes[at] - 1;
}

function dated(flash: MemoryFlash): void {
  const journal = new Journal(flash, 3, options);
  // Ids wrap, and a body may be empty or end anywhere within a unit.
  for (const [i, id] of [0xffff_fffe, 0xffff_ffff, 0, 1, 2, 3].entries()) {
    journal.append(1 + (i % 3), id, someDay + i, true, body(id, [24, 0, 1, 2, 3, 33][i]));
  }
  journal.release(addressOf(journal, 0xffff_ffff));
  journal.markTried(addressOf(journal, 1), "alone");
  journal.markTried(addressOf(journal, 2), "timed");
  journal.markTried(addressOf(journal, 3), "alone");
  journal.markTried(addressOf(journal, 3), "timed");
}

/** @param from ids above this one */
function undated(flash: MemoryFlash, power: PowerDomain, from = 0): void {
  const first = new Journal(flash, 65_535, options);
  for (let id = 1; id <= 3; id++) first.append(1, from + id, 1_000 * id, false, body(id));
  const journal = new Journal(flash, 0, options);
  journal.append(1, from + 4, 500, false, body(4));
  journal.date(addressOf(journal, from + 2), someDay);
  // Power fails while a record gets its time: the second place has it.
  power.cutAt = power.operations + 1;
  journal.date(addressOf(journal, from + 3), someDay + 77);
  power.restore();
  const again = new Journal(flash, 1, options);
  again.date(addressOf(again, from + 3), someDay + 78);
}

function torn(flash: MemoryFlash, power: PowerDomain): void {
  const journal = new Journal(flash, 1, options);
  for (let id = 1; id <= 3; id++) journal.append(1, id, someDay + id, true, body(id));
  power.cutAt = power.operations + 1;
  journal.append(1, 4, someDay + 4, true, body(4));
  power.restore();
}

function flipped(flash: MemoryFlash): void {
  const journal = new Journal(flash, 1, options);
  for (let id = 1; id <= 5; id++) journal.append(1, id, someDay + id, true, body(id));
  const [a, b, c] = [1, 2, 3].map((id) => addressOf(journal, id));
  // One bit of a header, one of a body, two of a body, and one of the block's header.
  flip(flash, a + 8 + 5);
  flip(flash, b + 8 + 30);
  flip(flash, c + 8 + 28);
  flip(flash, c + 8 + 33);
  flip(flash, 4);
}

/** Two bits where one is put right by itself. */
function flippedTwice(flash: MemoryFlash): void {
  const journal = new Journal(flash, 1, options);
  for (let id = 1; id <= 4; id++) journal.append(1, id, someDay + id, true, body(id));
  const [a, , c] = [1, 2, 3].map((id) => addressOf(journal, id));
  // Of a record's header, of its header and its body, and of the block's header one in each copy.
  flip(flash, a + 8 + 4);
  flip(flash, a + 8 + 16);
  flip(flash, c + 8 + 5);
  flip(flash, c + 8 + 30);
  flip(flash, 4);
  flip(flash, 16 + 13);
}

/** The first block takes nothing more: what waits in it is copied, and a note lists it. */
function leftOut(flash: MemoryFlash, faults: FlashFaults): void {
  const journal = new Journal(flash, 1, options);
  for (let id = 1; id <= 5; id++) journal.append(1, id, someDay + id, true, body(id));
  journal.release(addressOf(journal, 2));
  faults.set("lose-write", 1, { blocks: [0] });
  for (let id = 6; id <= 9; id++) journal.append(1, id, someDay + id, true, body(id));
}

/** A ring in which every third record goes on waiting, until a block with some of them has to be copied. */
function untilCopied(flash: MemoryFlash): void {
  const journal = new Journal(flash, 1, options);
  for (let id = 1; id < 200; id++) {
    journal.append(1, id, someDay + id, true, body(id));
    if (id % 3 === 0) continue;
    journal.markTried(addressOf(journal, id), "alone");
    journal.release(addressOf(journal, id));
  }
}

/** The operation that marks the first block as reclaimed, counted from 1. */
function firstReclaim(): number {
  const power = new PowerDomain();
  const flash = flashOf(3, 512, 4, power);
  let operation = 0;
  const write = flash.write.bind(flash);
  flash.write = (bytes, offset) => {
    write(bytes, offset);
    if (operation === 0 && offset % 512 === 32 && bytes.every((byte) => byte === 0))
      operation = power.operations;
  };
  untilCopied(flash);
  if (operation === 0) throw new Error("no block was copied");
  return operation;
}

/** Power fails so many operations after the mark. */
const reclaiming =
  (after: number) =>
  (flash: MemoryFlash, power: PowerDomain): void => {
    power.cutAt = firstReclaim() + after;
    // The firmware does not live to see the operation end.
    power.onCut = () => {
      throw new Error("power cut");
    };
    try {
      untilCopied(flash);
    } catch (error) {
      if (!power.off) throw error;
    }
    if (!power.off) throw new Error("the power did not fail");
    power.restore();
  };

function ring(flash: MemoryFlash): void {
  const journal = new Journal(flash, 9, options);
  for (let id = 1; id <= 120; id++) {
    journal.append(1 + (id % 2), id, someDay + id, true, body(id, id % 40));
    if (id % 2 === 0) journal.release(addressOf(journal, id));
  }
}

function entries(flash: MemoryFlash): void {
  const queue = new UploadQueue(
    {
      flash,
      boot: 5,
      policy: "oldest",
      order: "oldest",
      thing,
      log: () => {},
    },
    owner,
  );
  const values = {
    temperature: 21.5,
    humidity: 40.25,
    rssi: { value: -97, quality: 2 },
    relay: 1,
    uptime: 86_400,
  };
  const formats = ["raw", "compact", "json"] as const;
  for (const [i, format] of formats.entries()) {
    const time = i === 1 ? undefined : someDay + i;
    queue.append({ kind: "reading", id: 10 + i, takenAt: 1_000 * i, time, values, format });
  }
  const message = {
    topic: "thing/event/overheat/post",
    params: { events: { temperature: 91.5 } },
    timed: true,
  };
  queue.append({
    kind: "message",
    id: 13,
    takenAt: 4_000,
    time: someDay + 3,
    ...message,
    done: undefined,
    volatile: false,
  });
}

/** All of them; their names are those of the files. */
export const scenes: readonly Scene[] = [
  scene("dated", [4, 512, 4], dated),
  scene("undated", [4, 512, 4], undated),
  scene("unit-16", [3, 1_024, 16], (flash, power) => {
    dated(flash);
    undated(flash, power, 10);
  }),
  scene("torn", [3, 512, 4], torn),
  scene("flipped", [3, 512, 4], flipped),
  scene("flipped-twice", [3, 512, 4], flippedTwice),
  {
    name: "left-out",
    blockLength: 512,
    unit: 4,
    make: () => {
      const faults = new FlashFaults(new Random("faults"));
      const flash = flashOf(4, 512, 4, new PowerDomain(), faults);
      leftOut(flash, faults);
      return flash;
    },
  },
  scene("ring", [4, 512, 4], ring),
  scene("reclaiming-mark", [3, 512, 4], reclaiming(0)),
  scene("reclaiming-copy", [3, 512, 4], reclaiming(2)),
  scene("reclaiming-header", [3, 512, 4], reclaiming(4)),
  scene("reclaiming-erase", [3, 512, 4], reclaiming(5)),
  scene("entries", [3, 512, 4], entries),
];

/** What a firmware finds in an image: its records by ascending id, with what they say. */
export function found(flash: MemoryFlash): Record<string, unknown>[] {
  const lost: number[] = [];
  const journal = new Journal(flash, 100, { ...options, onLost: (id) => void lost.push(id) });
  const records = journal.oldest(1_000, () => false).map((address) => journal.read(address));
  return records
    .filter((record) => record !== undefined)
    .map(({ id, type, time, dated: isDated, boot, tried, body: bytes }) => ({
      id,
      type,
      time,
      dated: isDated,
      boot,
      tried,
      body: Buffer.from(bytes).toString("hex"),
    }));
}

/** Entries as the device takes them up again after a loss of power. */
export function entriesIn(flash: MemoryFlash): Entry[] {
  const queue = new UploadQueue(
    {
      flash,
      boot: 6,
      policy: "oldest",
      order: "oldest",
      thing,
      log: () => {},
    },
    owner,
  );
  return queue.next(0, 3_600_000).slice();
}
