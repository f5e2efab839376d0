/**
 * The index that spares a walk over the whole journal after deep sleep: with it a journal is what a walk would
 * have found, and what it is not true of is noticed.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Journal } from "../../../firmware/journal/journal";
import { takeUpIndex } from "../../../firmware/journal/journal-index";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { density, runs } from "../../density";
import { JournalModel } from "./journal-model";
import type { JournalOptions } from "../../../firmware/journal/journal";
import type { ModelOptions } from "./journal-model";

const quiet: JournalOptions = {
  policy: "oldest",
  thinnable: () => true,
  pinned: () => false,
  onLost: () => {},
  onMoved: () => {},
};

/** A copy of flash as it is now: to open a journal may write to it. */
function copyOf(flash: MemoryFlash): MemoryFlash {
  const { size, blockLength, writeAlign } = flash.status();
  const options = { size, blockLength, writeAlign, power: new PowerDomain(), random: new Random("copy") };
  const copy = new MemoryFlash(options);
  copy.bytes.set(flash.bytes);
  return copy;
}

/** All that waits, in words. */
function entries(journal: Journal): string[] {
  return journal
    .oldest(10_000, () => false)
    .map((address) => {
      const { id, type, time, dated, tried, body } = journal.read(address)!;
      return `${id} ${type} ${time} ${dated} ${tried} ${Buffer.from(body).toString("hex")}`;
    });
}

/** What a walk finds. */
const walked = (flash: MemoryFlash): string[] => entries(new Journal(copyOf(flash), 9, quiet));

const shapes: ModelOptions[] = [
  { seed: 1, waiting: 3, inOrder: 1 },
  { seed: 2, blocks: 5, writeAlign: 16, longest: 40, waiting: 10, inOrder: 0.2 },
  { seed: 3, blocks: 3, waiting: 6, inOrder: 0 },
  { seed: 4, blocks: 8, blockLength: 1024, longest: 200, waiting: 40, inOrder: 0.1 },
  { seed: 5, blocks: 4, waiting: 100, policy: "thin" },
];

describe("a journal that is opened with its index", () => {
  test.each(shapes)("is the one that a walk finds, and goes on as it: %j", (shape) => {
    const model = new JournalModel(shape);
    for (let step = 0; step < density(2_000, 500); step++) {
      model.step();
      if (step % 3 !== 0) continue;
      const index = model.journal.index()!.slice();
      const other = new Journal(copyOf(model.flash), 9, quiet);
      const { calls } = model.flash.reads;
      const standing = takeUpIndex(model.flash, index.slice());
      expect(standing).toBeDefined();
      expect(model.flash.reads.calls - calls).toBeLessThan(16);
      const opened = new Journal(copyOf(model.flash), 9, quiet, index.slice());
      expect(entries(opened)).toEqual(entries(other));
      expect(opened.length).toBe(other.length);
      // A walk does not know how often a blank block was erased.
      expect(opened.erases).toEqual(model.flash.erases);
      if (!opened.undated) {
        for (const address of other.oldest(10_000, () => false))
          expect(other.read(address)!.dated).toBe(true);
      }
      model.boot(index);
      expect(model.fault()).toBeUndefined();
    }
  });

  test("outlives any cut of the power after it, as one that was walked over", () => {
    const shape: ModelOptions = { seed: 7, blocks: 4, waiting: 10, longest: 30, inOrder: 0.3 };
    let struck = 0;
    for (let cut = 1; cut < density(400, 60); cut++) {
      const model = new JournalModel({ ...shape, seed: `${cut}` });
      model.power.cutAt = 40 + 3 * cut;
      for (let step = 0; step < 300; step++) {
        const whole = model.step();
        if (!whole) expect(model.fault(), `cut ${cut}`).toBeUndefined();
        // A loss of power leaves no index.
        else if (step % 2 === 0) model.boot(model.journal.index()!.slice());
      }
      expect(model.fault(), `cut ${cut}`).toBeUndefined();
      struck += model.cuts;
    }
    expect(struck).toBeGreaterThan(30);
  });

  test("reads as little with 1 MiB full of records as with 16 KiB", () => {
    const reads = [4, 256].map((blocks) => {
      const options = { size: 4096 * blocks, power: new PowerDomain(), random: new Random(1) };
      const flash = new MemoryFlash(options);
      const journal = new Journal(flash, 1, quiet);
      for (let id = 0; id < 80 * blocks; id++) journal.append(1, id, id, true, new Uint8Array(20));
      const index = journal.index()!.slice();
      const { calls, bytes } = flash.reads;
      expect(new Journal(flash, 2, quiet, index).length).toBe(journal.length);
      return { calls: flash.reads.calls - calls, bytes: flash.reads.bytes - bytes };
    });
    expect(reads[1]).toEqual(reads[0]);
    expect(reads[0].calls).toBeLessThan(8);
    expect(reads[0].bytes).toBeLessThan(1024);
  });
});

describe("an index that is not true of the flash", () => {
  /** A journal after some work, with few or many records that wait, and its index. */
  function journalOf(seed: number, waiting: number): { model: JournalModel; index: Uint8Array } {
    const model = new JournalModel({ seed, blocks: 6, waiting, longest: 40 });
    for (let step = 0; step < 60 + (seed % 200); step++) model.step();
    return { model, index: model.journal.index()!.slice() };
  }

  test("for any record was appended since: it is noticed", () => {
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.constantFrom(4, 30),
        fc.integer({ min: 1, max: 40 }),
        (seed, waiting, n) => {
          const { model, index } = journalOf(seed, waiting);
          let appended = 0;
          for (let i = 0; i < n; i++) if (model.append(1, i, i % 2 === 0)) appended += 1;
          fc.pre(appended > 0);
          expect(takeUpIndex(model.flash, index.slice())).toBeUndefined();
          expect(entries(new Journal(copyOf(model.flash), 9, quiet, index))).toEqual(walked(model.flash));
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test("for any work was done since, while few waited: it is noticed, or makes no difference", () => {
    let noticed = 0;
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 1, max: 12 }), (seed, steps) => {
        const { model, index } = journalOf(seed, 6);
        for (let i = 0; i < steps; i++) model.step();
        if (takeUpIndex(model.flash, index.slice()) === undefined) noticed += 1;
        expect(entries(new Journal(copyOf(model.flash), 9, quiet, index))).toEqual(walked(model.flash));
      }),
      { numRuns: runs(300) },
    );
    expect(noticed).toBeGreaterThan(30);
  });

  test("for flash is another board's, was erased, or is as it was long before: it is noticed", () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.constantFrom(4, 30), fc.constantFrom(0, 1, 2), (seed, waiting, kind) => {
        const { model, index } = journalOf(seed, waiting);
        const other = journalOf(seed + 1_001, waiting).model;
        if (kind === 1) other.flash.bytes.fill(0xff);
        if (kind === 2) {
          const young = new JournalModel({ seed, blocks: 6, waiting, longest: 40 });
          for (let step = 0; step < 20; step++) young.step();
          other.flash.bytes.set(young.flash.bytes);
        }
        model.flash.bytes.set(other.flash.bytes);
        expect(takeUpIndex(model.flash, index.slice())).toBeUndefined();
        expect(entries(new Journal(copyOf(model.flash), 9, quiet, index))).toEqual(walked(model.flash));
      }),
      { numRuns: runs(300) },
    );
  });

  test("for it is another partition's: it is noticed", () => {
    const { index } = journalOf(1, 4);
    for (const blocks of [3, 5, 7]) {
      const options = {
        size: 512 * blocks,
        blockLength: 512,
        power: new PowerDomain(),
        random: new Random(1),
      };
      expect(takeUpIndex(new MemoryFlash(options), index.slice())).toBeUndefined();
    }
  });

  test("for its bytes are any: nothing is thrown, and it comes to an end", () => {
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.array(fc.tuple(fc.nat(157), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (seed, hits) => {
          const { model, index } = journalOf(seed, 6);
          for (const [at, byte] of hits) index[at % index.length] = byte;
          const journal = new Journal(copyOf(model.flash), 9, quiet, index);
          for (const address of journal.oldest(100, () => false)) journal.read(address);
          for (let id = 0; id < 40; id++) {
            try {
              journal.append(1, id, id, true, new Uint8Array(20));
            } catch (error) {
              // Flash that is not as the index has it: the queue opens the journal anew, without an index.
              expect(error).toBeInstanceOf(Error);
              return;
            }
          }
        },
      ),
      { numRuns: runs(400) },
    );
  });

  test("when flash cannot be read for it: the walk says so, and leaves no index that would hide it", () => {
    const { model, index } = journalOf(1, 4);
    const flash = copyOf(model.flash);
    const read = flash.read.bind(flash);
    let failing = [0, 1, 2, 3, 4, 5];
    flash.read = (buffer, offset) => {
      if (failing.includes(Math.floor(offset / 512))) throw new Error("ESP_ERR_FLASH");
      return read(buffer, offset);
    };
    expect(takeUpIndex(flash, index.slice())).toBeUndefined();
    expect(() => new Journal(flash, 9, quiet, index.slice())).toThrow("ESP_ERR_FLASH");
    failing = [Math.floor(model.journal.oldest(1, () => false)[0] / 512)];
    const told: string[] = [];
    const onBlock: JournalOptions["onBlock"] = ({ what }) => void told.push(what);
    const journal = new Journal(flash, 9, { ...quiet, onBlock }, index.slice());
    expect(told).toEqual(["unreadable"]);
    expect(journal.index()).toBeUndefined();
    failing = [];
    expect(entries(new Journal(flash, 10, quiet))).toEqual(walked(model.flash));
  });
});

test("a block that is left out stays so over sleep, and when power fails at any moment after it", () => {
  const options = { size: 6 * 512, blockLength: 512, power: new PowerDomain(), random: new Random(1) };
  const flash = new MemoryFlash(options);
  const erase = flash.eraseBlock.bind(flash);
  const failing = (block: number): void => {
    if (block === 2) throw new Error("ESP_ERR_FLASH");
    erase(block);
  };
  flash.eraseBlock = failing;
  let journal = new Journal(flash, 1, quiet);
  let id = 0;
  const work = (steps: number): void => {
    for (const end = id + steps; id < end; id++) {
      journal.append(1, id, id, true, new Uint8Array(20));
      while (journal.length > 0) journal.release(journal.oldest(1, () => false)[0]);
      journal = new Journal(flash, 2, quiet, journal.index()!.slice());
    }
  };
  work(200);
  let erased = 0;
  flash.eraseBlock = (block) => {
    failing(block);
    erased += 1;
    // As the next start finds it: it does not try block 2 again.
    const copy = copyOf(flash);
    const tried: number[] = [];
    const eraseCopy = copy.eraseBlock.bind(copy);
    copy.eraseBlock = (each) => {
      tried.push(each);
      eraseCopy(each);
    };
    const walk = new Journal(copy, 3, quiet);
    for (let i = 0; i < 100; i++) walk.append(1, 10_000 + i, i, true, new Uint8Array(20));
    expect(tried.length).toBeGreaterThan(3);
    expect(tried).not.toContain(2);
  };
  work(100);
  expect(erased).toBeGreaterThan(5);
});
