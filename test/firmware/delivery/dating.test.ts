/** The times of readings that were taken before the device knew the time. */
import { expect, test } from "vitest";
import { dateRecords } from "../../../firmware/delivery/dating";
import { Journal } from "../../../firmware/journal/journal";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { Random } from "../../../host-sim/sim/time/random";
import { queueOf, reading } from "./journal-rig";

const epoch = 1_767_225_600_000;
const body = Uint8Array.of(1, 2, 3);

/** A record: number of its boot, ms since that, and its id; dated ones have epoch ms. */
type Written = readonly [boot: number, time: number, id: number, dated?: true];

/** A journal that was written over several boots, as the last of them finds it. */
function journalOf(records: readonly Written[], current: number): Journal {
  const flash = new MemoryFlash({ power: new PowerDomain(), random: new Random("dating") });
  const open = (boot: number): Journal =>
    new Journal(flash, boot, {
      policy: "oldest",
      thinnable: () => true,
      pinned: () => false,
      onLost: () => expect.unreachable(),
      onMoved: () => {},
    });
  for (const [boot, time, id, dated = false] of records) open(boot).append(1, id, time, dated, body);
  return open(current);
}

/** Times of the records that have one, ms after `epoch`, by id. */
function timesOf(journal: Journal): Record<number, number> {
  const times: Record<number, number> = {};
  journal.each((address, { id }) => {
    const record = journal.read(address)!;
    if (record.dated) times[id] = record.time - epoch;
  });
  return times;
}

test("records of this boot get its beginning and their uptime, and none of them is estimated", () => {
  const journal = journalOf(
    [
      [7, 1_000, 1],
      [7, 61_000, 2],
    ],
    7,
  );
  expect(dateRecords(journal, 7, epoch)).toBe(0);
  expect(timesOf(journal)).toEqual({ 1: 1_000, 2: 61_000 });
});

test("earlier boots are put in front of this one, a second apart, in their order", () => {
  const journal = journalOf(
    [
      [5, 2_000, 1],
      [5, 50_000, 2],
      [6, 3_000, 3],
      [7, 4_000, 4],
    ],
    7,
  );
  expect(dateRecords(journal, 7, epoch)).toBe(3);
  const ofSix = -(3_000 + 1_000);
  const ofFive = ofSix - (50_000 + 1_000);
  expect(timesOf(journal)).toEqual({ 1: ofFive + 2_000, 2: ofFive + 50_000, 3: ofSix + 3_000, 4: 4_000 });
});

test("numbers of boots wrap: 65535 came before 0", () => {
  const journal = journalOf(
    [
      [65_535, 9_000, 1],
      [65_536, 1_000, 2],
    ],
    65_536,
  );
  expect(dateRecords(journal, 65_536, epoch)).toBe(1);
  expect(timesOf(journal)).toEqual({ 1: -1_000, 2: 1_000 });
});

test("a record that has its time keeps it", () => {
  const journal = journalOf(
    [
      [6, epoch - 500, 1, true],
      [7, 1_000, 2],
    ],
    7,
  );
  expect(dateRecords(journal, 7, epoch)).toBe(0);
  expect(dateRecords(journal, 7, epoch + 99)).toBe(0);
  expect(timesOf(journal)).toEqual({ 1: -500, 2: 1_000 });
});

test("what flash did not give when the clock was set is dated as soon as it does, and not by a later boot", () => {
  const random = new Random("dating out of reach");
  const faults = new FlashFaults(random);
  const flash = new MemoryFlash({ blockLength: 512, power: new PowerDomain(), random, faults });
  const { queue } = queueOf({ flash, boot: 2 });
  const taken = Array.from({ length: 40 }, (_, id) => reading(id + 1, { time: undefined }));
  for (const entry of taken) queue.append(entry);
  faults.set("refuse-read", 1, { blocks: [0, 1] });
  queue.date(epoch);
  faults.clear();
  queue.append(reading(41, { time: epoch + 41_000 }));
  // The power fails, and the next boot begins an hour later: it knows nothing of when the one before ended.
  const later = queueOf({ flash, boot: 3 });
  later.queue.date(epoch + 3_600_000);
  const times: number[] = [];
  for (let i = 1; i <= 41; i++) {
    const [entry] = later.queue.next(0, Infinity);
    times.push(entry!.time! - epoch);
    later.queue.release(entry!);
  }
  expect(times.sort((a, b) => a - b)).toEqual(Array.from({ length: 41 }, (_, i) => 1_000 * (i + 1)));
});
