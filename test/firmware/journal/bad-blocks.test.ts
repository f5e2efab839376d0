/** Blocks that fail: what is kept stays, the rest goes on, and the next start knows. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Journal } from "../../../firmware/journal/journal";
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import type { JournalOptions } from "../../../firmware/journal/journal";
import type { FlashFaultKind } from "../../../host-sim/sim/flash/flash-faults";

/** A journal over failing flash, and beside it what it has to hold. */
class Bench {
  readonly faults: FlashFaults;
  readonly flash: MemoryFlash;
  readonly random: Random;
  /** Ids of records that are kept and neither released nor told to be lost, with the bytes of their bodies. */
  readonly expected = new Map<number, Uint8Array>();
  readonly lost: string[] = [];
  readonly news: string[] = [];
  readonly addresses = new Map<number, number>();
  journal!: Journal;
  #boots = 0;
  #id = 0;

  constructor(seed: number | string, blocks = 6, blockLength = 512) {
    this.random = new Random(seed);
    this.faults = new FlashFaults(this.random.fork("faults"));
    const size = blocks * blockLength;
    const random = this.random.fork("flash");
    this.flash = new MemoryFlash({
      size,
      blockLength,
      power: new PowerDomain(),
      random,
      faults: this.faults,
    });
    this.start();
  }

  /** Opens the journal, as after a loss of power. */
  start(policy: JournalOptions["policy"] = "oldest"): void {
    this.#boots += 1;
    this.journal = new Journal(this.flash, this.#boots, {
      policy,
      thinnable: () => true,
      pinned: () => false,
      onLost: (id, _type, reason) => {
        this.lost.push(`${id} ${reason}`);
        this.expected.delete(id);
        this.addresses.delete(id);
      },
      onMoved: (id, address) => {
        if (this.addresses.has(id)) this.addresses.set(id, address);
      },
      onBlock: ({ block, what, records }) => {
        this.news.push(`${block} ${what}${records === undefined ? "" : ` ${records}`}`);
      },
    });
    this.journal.each((address, { id }) => this.addresses.set(id, address));
  }

  append(): string {
    const id = ++this.#id;
    const body = this.random.bytes(8 + (id % 30));
    const { kind, ...more } = this.journal.append(1, id, 1_700_000_000_000 + id, true, body);
    if (kind !== "kept") return kind;
    this.addresses.set(id, (more as { address: number }).address);
    this.expected.set(id, body);
    return kind;
  }

  release(id: number): void {
    this.journal.release(this.addresses.get(id)!);
    this.expected.delete(id);
    this.addresses.delete(id);
  }

  /** Keeps some ten records going round. */
  work(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.append();
      while (this.expected.size > 10) this.release([...this.expected.keys()][this.random.u32() % 3]);
    }
  }

  /** What the journal holds, in place of what it has to. */
  found(): Map<number, Uint8Array> {
    const found = new Map<number, Uint8Array>();
    for (const address of this.journal.oldest(1_000, () => false)) {
      const record = this.journal.read(address);
      if (record === undefined) continue;
      if (found.has(record.id)) throw new Error(`record ${record.id} is there twice`);
      found.set(record.id, record.body);
    }
    return found;
  }

  /** All that has to be there is, as it was written; what was delivered may be there still. */
  checkKept(): void {
    const found = this.found();
    for (const [id, body] of this.expected) expect([id, found.get(id)]).toEqual([id, body]);
    expect(this.flash.misuse).toBeUndefined();
  }

  check(): void {
    const plain = (map: Map<number, Uint8Array>): string[] =>
      [...map].map(([id, body]) => `${id} ${Buffer.from(body).toString("hex")}`).sort();
    expect(plain(this.found())).toEqual(plain(this.expected));
    expect(this.journal.length).toBe(this.expected.size);
    expect(this.flash.misuse).toBeUndefined();
  }
}

const failing: readonly FlashFaultKind[] = [
  "refuse-write",
  "lose-write",
  "half-write",
  "refuse-erase",
  "lose-erase",
  "half-erase",
];

describe.each(failing)("%s in one block of six", (kind) => {
  it.each([0, 1, 2, 3, 4, 5])("costs no record: block %i", (block) => {
    const bench = new Bench(`${kind} ${block}`);
    bench.work(20);
    bench.faults.set(kind, 1, { blocks: [block] });
    for (let start = 0; start < 6; start++) {
      bench.work(30);
      bench.check();
      bench.start();
      bench.check();
    }
    expect(bench.lost).toEqual([]);
    expect(bench.news).toEqual([`${block} left-out`]);
  });

  it("is remembered over starts: nothing is written there or erased again", () => {
    const bench = new Bench(kind);
    bench.faults.set(kind, 1, { blocks: [2] });
    bench.work(100);
    expect(bench.news).toEqual(["2 left-out"]);
    const { struck } = bench.faults;
    const before = struck[kind];
    for (let start = 0; start < 5; start++) {
      bench.start();
      bench.work(60);
    }
    expect(struck[kind]).toBe(before);
    expect(bench.news).toEqual(["2 left-out"]);
    bench.check();
  });
});

describe("a block that cannot be read", () => {
  it("costs what is in it for as long as that lasts, and nothing else; the owner is told how many", () => {
    const bench = new Bench("unreadable", 6, 512);
    for (let i = 0; i < 20; i++) bench.append();
    const within = [...bench.addresses].filter(([, address]) => address >> 9 === 1).map(([id]) => id);
    expect(within.length).toBeGreaterThan(3);
    bench.faults.set("refuse-read", 1, { blocks: [1] });
    const all = new Map(bench.expected);
    bench.found();
    expect(bench.news).toEqual([`1 unreadable ${within.length}`]);
    for (const id of within) bench.expected.delete(id);
    bench.check();
    // As after a loss of power: how many it has nobody can tell.
    bench.start();
    bench.check();
    expect(bench.news.slice(1)).toEqual(["1 unreadable"]);
    for (let i = 0; i < 5; i++) bench.append();
    bench.check();
    bench.faults.clear();
    bench.start();
    for (const id of within) bench.expected.set(id, all.get(id)!);
    bench.check();
    expect(bench.lost).toEqual([]);
  });

  it("gives what is in it as soon as it can, without a start, and nothing twice", () => {
    for (let block = 0; block < 6; block++) {
      const bench = new Bench(`readable ${block}`, 6, 512);
      bench.work(40);
      bench.faults.set("refuse-read", 1, { blocks: [block] });
      const all = new Map(bench.expected);
      const left = bench.found();
      for (const id of [...bench.expected.keys()]) if (!left.has(id)) bench.expected.delete(id);
      const within = [...all.keys()].filter((id) => !bench.expected.has(id));
      // Where it is the one that is written to, another one is.
      for (let i = 0; i < 8; i++) expect(bench.append()).toBe("kept");
      bench.check();
      // Delivered from RAM, as the address is known: it does not come back.
      const [delivered, ...waiting] = within;
      if (delivered !== undefined) bench.release(delivered);
      expect(bench.journal.settled).toBe(true);
      bench.faults.clear();
      expect(bench.append()).toBe("kept");
      for (const id of waiting) bench.expected.set(id, all.get(id)!);
      bench.check();
      if (within.length > 0) {
        const readings = waiting.length > 0 ? ` ${waiting.length}` : "";
        expect(bench.news).toEqual([`${block} unreadable ${within.length}`, `${block} readable${readings}`]);
      }
      bench.work(60);
      bench.check();
      bench.start();
      bench.check();
      expect(bench.lost).toEqual([]);
    }
  });

  it("may be each of them in turn", () => {
    for (let block = 0; block < 6; block++) {
      const bench = new Bench(`unreadable ${block}`);
      bench.work(40);
      bench.faults.set("refuse-read", 1, { blocks: [block] });
      bench.start();
      const left = bench.found();
      for (const id of [...bench.expected.keys()]) if (!left.has(id)) bench.expected.delete(id);
      bench.work(80);
      bench.check();
      expect(bench.news.filter((line) => !line.startsWith(`${block} unreadable`))).toEqual([]);
    }
  });
});

it("flash that takes nothing at all keeps what it has, says so, and is used again when it works", () => {
  for (const kind of ["refuse-write", "lose-write"] as const) {
    const bench = new Bench(`nothing ${kind}`);
    bench.work(50);
    bench.faults.set(kind, 1);
    for (let i = 0; i < 20; i++) expect(bench.append()).toBe("failed");
    bench.check();
    bench.start();
    bench.check();
    bench.faults.clear();
    bench.work(100);
    bench.check();
    bench.start();
    bench.check();
    expect(bench.lost).toEqual([]);
  }
});

test("flash that fails as a whole for a while costs no record, and what it did not mark then is marked nowhere else", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(
        fc.record({
          kind: fc.constantFrom(...failing),
          chance: fc.constantFrom(0.7, 0.9, 1),
          steps: fc.integer({ min: 1, max: 20 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      (seed, phases) => {
        const bench = new Bench(seed, 16);
        bench.work(60);
        for (const { kind, chance, steps } of phases) {
          bench.faults.set(kind, chance);
          bench.work(steps);
          bench.faults.clear();
          bench.work(60);
          bench.checkKept();
          // Half of the blocks at most are left out, now that flash works.
          for (let i = 0; i < 20; i++) expect(bench.append()).toBe("kept");
          bench.checkKept();
          for (const id of [...bench.expected.keys()].slice(0, 20)) bench.release(id);
        }
        bench.start();
        bench.checkKept();
        expect(bench.lost).toEqual([]);
      },
    ),
    { numRuns: runs(300) },
  );
});

it("a full journal whose block fails gives up the oldest, each told, and goes on with one block less", () => {
  const bench = new Bench("full");
  for (let i = 0; i < 200; i++) bench.append();
  bench.check();
  bench.faults.set("refuse-write", 1, { blocks: [3] });
  for (let i = 0; i < 200; i++) {
    expect(bench.append()).toBe("kept");
    if (i % 20 === 0) bench.check();
  }
  bench.start();
  bench.check();
  expect(bench.news).toEqual(["3 left-out"]);
  expect(bench.lost.every((line) => line.endsWith(" dropped"))).toBe(true);
  expect(new Set(bench.lost).size).toBe(bench.lost.length);
  expect(bench.expected.size).toBeGreaterThan(20);
});

it("a full journal that keeps the oldest loses none of them when a block fails", () => {
  const bench = new Bench("newest");
  bench.start("newest");
  for (let i = 0; i < 200; i++) bench.append();
  const kept = [...bench.expected.keys()];
  bench.faults.set("refuse-write", 1, { blocks: [0, 1] });
  // Marks are what is written to a full journal.
  for (const id of kept.slice(0, 4)) bench.release(id);
  bench.check();
  bench.start("newest");
  bench.check();
  for (let i = 0; i < 10; i++) bench.append();
  bench.check();
});

test("whichever blocks fail, whenever, and however: what is kept is there, and nothing twice", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(
        fc.record({
          kind: fc.constantFrom(...failing, "late-write" as const, "late-erase" as const),
          blocks: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 }),
          chance: fc.constantFrom(0.05, 0.5, 1),
          steps: fc.integer({ min: 1, max: 60 }),
          restart: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      (seed, phases) => {
        const bench = new Bench(seed, 8);
        for (const { kind, blocks, chance, steps, restart } of phases) {
          bench.faults.clear();
          bench.faults.set(kind, chance, { blocks });
          bench.work(steps);
          bench.check();
          if (!restart || !bench.journal.settled) continue;
          bench.start();
          bench.check();
        }
      },
    ),
    { numRuns: runs(400) },
  );
});
