import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Journal } from "../../../firmware/journal/journal";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { JournalModel } from "./journal-model";
import { density, runs } from "../../density";
import type { FullPolicy, JournalOptions } from "../../../firmware/journal/journal";

const quiet: JournalOptions = {
  policy: "oldest",
  thinnable: (type) => type === 1,
  pinned: () => false,
  onLost: () => {},
  onMoved: () => {},
};

function flashOf(blocks: number, blockLength = 512): MemoryFlash {
  const options = { size: blocks * blockLength, blockLength, power: new PowerDomain() };
  return new MemoryFlash({ ...options, random: new Random("journal") });
}

const body = (id: number): Uint8Array => new Uint8Array(24).fill(id & 0xff);

/** Appends records 1 to `count` of one type. */
function fill(journal: Journal, count: number, type = 1, first = 1): number[] {
  const full: number[] = [];
  for (let id = first; id < first + count; id++) {
    if (journal.append(type, id, 1_000 * id, true, body(id)).kind === "full") full.push(id);
  }
  return full;
}

const ids = (journal: Journal): number[] =>
  journal.oldest(10_000, () => false).map((address) => journal.read(address)!.id);

describe("a journal", () => {
  it("gives back what it was given, oldest first, over as many starts as there may be", () => {
    const flash = flashOf(4);
    let journal = new Journal(flash, 1, quiet);
    fill(journal, 12);
    for (let boot = 2; boot < 6; boot++) {
      journal = new Journal(flash, boot, quiet);
      expect(ids(journal)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
    const record = journal.read(journal.oldest(1, () => false)[0])!;
    expect(record).toMatchObject({ id: 1, type: 1, time: 1_000, dated: true, boot: 1, tried: "no" });
    expect([...record.body]).toEqual([...body(1)]);
    expect(journal.recovery).toEqual({ waiting: 12, damaged: 0, mended: 0 });
  });

  it("knows after a restart how a record was sent", () => {
    const flash = flashOf(4);
    const journal = new Journal(flash, 1, quiet);
    fill(journal, 4);
    const [, b, c, d] = journal.oldest(4, () => false);
    journal.markTried(b, "alone");
    journal.markTried(c, "timed");
    journal.markTried(d, "timed");
    journal.markTried(d, "alone");
    const again = new Journal(flash, 2, quiet);
    const tried = again.oldest(4, () => false).map((address) => again.read(address)!.tried);
    expect(tried).toEqual(["no", "alone", "timed", "both"]);
  });

  it("gives an undated record its time once, and keeps it", () => {
    const flash = flashOf(4);
    const journal = new Journal(flash, 7, quiet);
    journal.append(1, 5, 123_456, false, body(5));
    const [address] = journal.oldest(1, () => false);
    expect(journal.read(address)).toMatchObject({ dated: false, time: 123_456, boot: 7 });
    expect(journal.date(address, 1_700_000_000_123)).toBe(true);
    expect(journal.date(address, 1_800_000_000_000)).toBe(true);
    const again = new Journal(flash, 8, quiet);
    expect(again.read(again.oldest(1, () => false)[0])).toMatchObject({
      dated: true,
      time: 1_700_000_000_123,
    });
  });

  it("refuses what no block has room for, and says so", () => {
    const journal = new Journal(flashOf(4), 1, quiet);
    expect(journal.append(1, 1, 0, true, new Uint8Array(500))).toEqual({ kind: "too-large" });
    expect(journal.append(1, 1, 0, true, new Uint8Array(430)).kind).toBe("kept");
  });

  it.each([
    ["two blocks", 2, 512, 4],
    ["blocks too short for a record", 8, 256, 4],
    ["writes of 128 bytes at once", 8, 4096, 128],
    ["writes of 24 bytes at once", 8, 4096, 24],
  ])("does not take a partition of %s", (_what, blocks, blockLength, writeAlign) => {
    const flash = new MemoryFlash({
      size: blocks * blockLength,
      blockLength,
      writeAlign,
      power: new PowerDomain(),
      random: new Random(1),
    });
    expect(() => new Journal(flash, 1, quiet)).toThrow(RangeError);
  });

  it("finds its way through whatever the partition held before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 512, maxLength: 512 }), { minLength: 3, maxLength: 5 }),
        (blocks) => {
          const flash = flashOf(blocks.length);
          blocks.forEach((bytes, i) => flash.bytes.set(bytes, 512 * i));
          const journal = new Journal(flash, 1, quiet);
          expect(journal.length).toBe(0);
          fill(journal, 5);
          expect(ids(new Journal(flash, 2, quiet))).toEqual([1, 2, 3, 4, 5]);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  it("survives any bytes written over it: never throws, never goes round in circles", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2047), fc.nat(255)), { maxLength: 200 }), (hits) => {
        const flash = flashOf(4);
        fill(new Journal(flash, 1, quiet), 20);
        for (const [at, byte] of hits) flash.bytes[at] = byte;
        const journal = new Journal(flash, 2, quiet);
        for (const address of journal.oldest(1_000, () => false)) journal.read(address);
        fill(journal, 60, 1, 1_000);
        expect(ids(journal).length).toBe(journal.length);
      }),
      { numRuns: runs(300) },
    );
  });
});

it("erases what an append would erase where it is made ready before, as often in all, and costs no record", () => {
  const run = (ready: boolean) => {
    const flash = flashOf(4);
    const erase = flash.eraseBlock.bind(flash);
    const erases = { appending: 0, ready: 0 };
    let appending = false;
    flash.eraseBlock = (block) => {
      erases[appending ? "appending" : "ready"] += 1;
      erase(block);
    };
    const journal = new Journal(flash, 1, quiet);
    for (let id = 1; id <= 200; id++) {
      appending = true;
      expect(journal.append(1, id, 1_000 * id, true, body(id)).kind).toBe("kept");
      appending = false;
      if (ready) journal.prepare();
      const first = Math.max(1, id - 4);
      expect(ids(journal)).toEqual(Array.from({ length: id - first + 1 }, (_, i) => first + i));
      for (const address of journal.oldest(id < 5 ? 0 : 1, () => false)) journal.release(address);
    }
    return erases;
  };
  const [without, made] = [run(false), run(true)];
  expect(without.appending).toBeGreaterThan(10);
  expect(made.appending).toBe(0);
  expect(Math.abs(made.ready - without.appending)).toBeLessThanOrEqual(1);
});

describe("when it is full", () => {
  const run = (policy: FullPolicy, options: Partial<JournalOptions> = {}) => {
    const lost: string[] = [];
    const onLost: JournalOptions["onLost"] = (id, _type, reason) => void lost.push(`${id} ${reason}`);
    const journal = new Journal(flashOf(5), 1, { ...quiet, policy, onLost, ...options });
    return { journal, lost };
  };

  it("the oldest go, each is told, and no more than it takes", () => {
    const { journal, lost } = run("oldest");
    expect(fill(journal, 200)).toEqual([]);
    expect(lost).toEqual(Array.from({ length: lost.length }, (_, i) => `${i + 1} dropped`));
    expect(ids(journal)).toEqual(Array.from({ length: 200 - lost.length }, (_, i) => lost.length + 1 + i));
    // Three of five blocks at least are full of what waits.
    expect(journal.length).toBeGreaterThan(3 * Math.floor(460 / 56));
  });

  it("the newest are refused, each is told, and what was kept stays", () => {
    const { journal, lost } = run("newest");
    const full = fill(journal, 200);
    expect(lost).toEqual([]);
    expect(ids(journal)).toEqual(Array.from({ length: 200 - full.length }, (_, i) => i + 1));
    expect(full[0]).toBe(journal.length + 1);
  });

  it("the past gets coarser: something of all of it stays, and messages are spared", () => {
    const { journal, lost } = run("thin");
    fill(journal, 3, 2, 1);
    expect(fill(journal, 60, 1, 4)).toEqual([]);
    const left = ids(journal);
    expect(left.slice(0, 3)).toEqual([1, 2, 3]);
    expect(lost.every((line) => line.endsWith(" thinned"))).toBe(true);
    expect(lost.length + left.length).toBe(63);
    // Of the first half some are left, of the last ten all.
    expect(left.filter((id) => id > 3 && id < 30).length).toBeGreaterThanOrEqual(5);
    expect(left.slice(-10)).toEqual([54, 55, 56, 57, 58, 59, 60, 61, 62, 63]);
  });

  it("what is on its way to the cloud stays", () => {
    const { journal, lost } = run("oldest", { pinned: (id) => id === 2 });
    fill(journal, 300);
    expect(ids(journal)[0]).toBe(2);
    expect(lost).not.toContain("2 dropped");
  });
});

describe("flash that forgets", () => {
  it("one flipped bit anywhere costs no record", () => {
    const flash = flashOf(4);
    fill(new Journal(flash, 1, quiet), 14);
    const before = flash.bytes.slice();
    const expected = Array.from({ length: 14 }, (_, i) => i + 1);
    for (let at = 0; at < flash.bytes.length; at++) {
      if (before[at] === 0xff && before[at + 1] === 0xff && before[at - 1] === 0xff && at % 16 !== 0)
        continue;
      for (let bit = 0; bit < 8; bit++) {
        if ((before[at] & (1 << bit)) === 0) continue;
        flash.bytes.set(before);
        flash.bytes[at] &= ~(1 << bit);
        const journal = new Journal(flash, 2, quiet);
        const records = journal.oldest(100, () => false).map((address) => journal.read(address)!);
        expect(records.map(({ id }) => id)).toEqual(expected);
        for (const record of records) expect([...record.body]).toEqual([...body(record.id)]);
      }
    }
  });

  it("a record with more of them is lost, alone, and told", () => {
    const flash = flashOf(4);
    fill(new Journal(flash, 1, quiet), 14);
    const lost: string[] = [];
    const before = new Journal(flash, 2, quiet);
    const [, , third] = before.oldest(3, () => false);
    flash.bytes.fill(0, third + 36, third + 44);
    const journal = new Journal(flash, 3, {
      ...quiet,
      onLost: (id, type, reason) => void lost.push(`${id} ${type} ${reason}`),
    });
    for (const address of journal.oldest(100, () => false)) journal.read(address);
    expect(lost).toEqual(["3 1 corrupt"]);
    expect(journal.length).toBe(13);
  });

  it("cells that do not hold what is written cost a place, and no record", () => {
    const flash = flashOf(4);
    const journal = new Journal(flash, 1, quiet);
    fill(journal, 3);
    // The next place has a bit that reads 0 whatever is written.
    const write = flash.write.bind(flash);
    let stuck = 1;
    flash.write = (bytes, offset) => {
      write(bytes, offset);
      if (stuck-- > 0) flash.bytes[offset + 30] = 0;
    };
    fill(journal, 3, 1, 4);
    expect(ids(new Journal(flash, 2, quiet))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

test("a block that cannot be erased costs the others nothing, and is tried once", () => {
  const flash = flashOf(6);
  const erase = flash.eraseBlock.bind(flash);
  let tries = 0;
  flash.eraseBlock = (block) => {
    if (block === 2) tries += 1;
    if (block === 2) throw new Error("ESP_ERR_FLASH");
    erase(block);
  };
  const news: string[] = [];
  const options: JournalOptions = {
    ...quiet,
    onBlock: ({ block, what }) => void news.push(`${block} ${what}`),
  };
  let journal = new Journal(flash, 1, options);
  const kept: number[] = [];
  for (let id = 1; id <= 400; id++) {
    if (journal.append(1, id, id, true, body(id)).kind === "kept") kept.push(id);
    // Ten wait at any time; now and then the board starts anew.
    while (journal.length > 10) {
      journal.release(journal.oldest(1, () => false)[0]);
      kept.shift();
    }
    if (id % 150 === 0) journal = new Journal(flash, id, options);
    expect(ids(journal)).toEqual(kept);
  }
  expect(kept.at(-1)).toBe(400);
  expect(news).toEqual(["2 left-out"]);
  // A supply that is low for a moment is no bad block.
  expect(tries).toBe(3);
});

test("a start reads each byte of a full journal little more than once", () => {
  const flash = flashOf(32, 4096);
  fill(new Journal(flash, 1, quiet), 2_000);
  flash.reads.calls = 0;
  flash.reads.bytes = 0;
  const journal = new Journal(flash, 2, quiet);
  expect(journal.length).toBeGreaterThan(1_800);
  expect(flash.reads.bytes).toBeLessThan(1.5 * 32 * 4096);
});

test("years of a reading every 15 minutes wear all blocks alike, and none out", () => {
  const flash = flashOf(16, 4096);
  const waiting = new Map<number, number>();
  const onMoved = (id: number, address: number): void => void waiting.set(id, address);
  const journal = new Journal(flash, 1, { ...quiet, onMoved });
  const years = density(10, 2);
  const random = new Random("wear");
  for (let id = 0; id < years * 365 * 96; id++) {
    const appended = journal.append(1, id, id, true, random.bytes(52));
    if (appended.kind !== "kept") throw new Error(appended.kind);
    waiting.set(id, appended.address);
    // Mostly at once, now and then after a day offline.
    const keep = id % 9_600 < 96 ? 96 : 0;
    for (const [old, address] of waiting) {
      if (waiting.size <= keep) break;
      journal.release(address);
      waiting.delete(old);
    }
  }
  const erases = [...flash.erases];
  const mean = erases.reduce((sum, each) => sum + each, 0) / erases.length;
  console.log(
    `${years} years: ${Math.max(...erases)} erases of the worst block, ${mean.toFixed(0)} in the mean`,
  );
  expect(Math.max(...erases)).toBeLessThan(1.05 * mean);
  // NOR flash is good for 100,000.
  expect(mean).toBeLessThan(100 * years);
  expect([...journal.erases]).toEqual(erases);
});

test("the model of the power-cut tests notices a journal that forgets", () => {
  const model = new JournalModel({ seed: 1 });
  for (let i = 0; i < 30; i++) model.step();
  const [first] = model.expected.keys();
  model.journal.release(model.journal.oldest(1, () => false)[0]);
  expect(model.fault()).toBe(`id ${first} is gone`);
});
