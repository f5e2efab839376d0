/**
 * Two bits that have turned, over all pairs: of a record, of a block's header. Nothing is lost without being told,
 * and no value is wrong. `npm test` looks at every 101st pair.
 */
import { describe, expect, it } from "vitest";
import { Journal } from "../../../firmware/journal/journal";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { sweep } from "../../density";
import type { JournalOptions } from "../../../firmware/journal/journal";

const blockLength = 512;
const some = 1_700_000_000_000;

interface Told {
  readonly lost: number[];
  readonly news: string[];
}

function open(flash: MemoryFlash, told: Told = { lost: [], news: [] }): Journal {
  const options: JournalOptions = {
    policy: "oldest",
    thinnable: () => true,
    pinned: () => false,
    onLost: (id) => void told.lost.push(id),
    onMoved: () => {},
    onBlock: ({ block, what, records }) => void told.news.push(`${block} ${what} ${records ?? ""}`),
  };
  return new Journal(flash, 2, options);
}

function flashOf(): MemoryFlash {
  const power = new PowerDomain();
  return new MemoryFlash({ size: 3 * blockLength, blockLength, power, random: new Random("two bits") });
}

/** Each record as a text. */
function read(journal: Journal): Map<number, string> {
  const found = new Map<number, string>();
  for (const address of journal.oldest(100, () => false)) {
    const record = journal.read(address);
    if (record === undefined) continue;
    const { id, type, time, dated, tried, body } = record;
    found.set(id, `${type} ${time} ${dated} ${tried} ${Buffer.from(body).toString("hex")}`);
  }
  return found;
}

interface Scene {
  readonly name: string;
  /** Three records, and what is done to the one in the middle. */
  readonly play: (journal: Journal) => void;
  /** The one that is damaged: the last one may be taken for a write that power cut short. */
  readonly damaged: number;
}

const body = (id: number): Uint8Array => new Uint8Array(10).map((_, i) => (37 * id + 11 * i) & 0xff);

function appendThree(journal: Journal, dated: boolean): void {
  for (let id = 1; id <= 3; id++) journal.append(1, id, dated ? some + id : 1_000 * id, dated, body(id));
}

const addressOf = (journal: Journal, id: number): number =>
  journal.oldest(100, () => false).find((address) => journal.read(address)!.id === id)!;

const scenes: readonly Scene[] = [
  { name: "dated", damaged: 2, play: (journal) => appendThree(journal, true) },
  { name: "the last one", damaged: 3, play: (journal) => appendThree(journal, true) },
  { name: "undated", damaged: 2, play: (journal) => appendThree(journal, false) },
  {
    name: "dated later",
    damaged: 2,
    play: (journal) => {
      appendThree(journal, false);
      for (let id = 1; id <= 3; id++) journal.date(addressOf(journal, id), some + 7_000 * id);
    },
  },
  {
    name: "sent",
    damaged: 2,
    play: (journal) => {
      appendThree(journal, true);
      journal.markTried(addressOf(journal, 2), "alone");
    },
  },
];

describe.each(scenes)("a record, $name", ({ play, damaged }) => {
  const flash = flashOf();
  play(open(flash));
  const before = flash.bytes.slice();
  const all = read(open(flash));
  const journal = open(flash);
  const from = addressOf(journal, damaged);
  const to = damaged === 3 ? from + 44 : addressOf(journal, damaged + 1);
  const bits = 8 * (to - from);

  it("is right, or told to be lost, alone", () => {
    expect(all.size).toBe(3);
    let mended = 0;
    let lost = 0;
    const wrong: string[] = [];
    for (const pair of sweep(0, (bits * (bits - 1)) / 2 - 1, 101)) {
      // The pairs in the order (1, 0), (2, 0), (2, 1), (3, 0) …
      const high = Math.floor((1 + Math.sqrt(1 + 8 * pair)) / 2);
      const low = pair - (high * (high - 1)) / 2;
      flash.bytes.set(before);
      for (const bit of [low, high]) flash.bytes[from + (bit >> 3)] ^= 1 << (bit & 7);
      const told: Told = { lost: [], news: [] };
      const found = read(open(flash, told));
      const missing = [...all.keys()].filter((id) => !found.has(id));
      const altered = [...found].filter(([id, text]) => all.get(id) !== text);
      if (altered.length > 0 || told.news.length > 0 || told.lost.join() !== missing.join())
        wrong.push(
          `${low} ${high}: altered ${altered.join()} told ${told.lost.join()} missing ${missing.join()}`,
        );
      else if (missing.length === 0) mended += 1;
      else if (missing.join() === String(damaged)) lost += 1;
      else wrong.push(`${low} ${high}: ${missing.join()} is missing`);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(wrong).toHaveLength(0);
    // Two bits of a body of ten bytes.
    expect(mended).toBeGreaterThan(5 * lost);
  });
});

it("a block's header: none of the pairs costs a record", () => {
  const flash = flashOf();
  appendThree(open(flash), true);
  const before = flash.bytes.slice();
  const all = read(open(flash));
  const bits = 8 * 32;
  for (const pair of sweep(0, (bits * (bits - 1)) / 2 - 1, 101)) {
    const high = Math.floor((1 + Math.sqrt(1 + 8 * pair)) / 2);
    const low = pair - (high * (high - 1)) / 2;
    flash.bytes.set(before);
    for (const bit of [low, high]) flash.bytes[bit >> 3] ^= 1 << (bit & 7);
    const told: Told = { lost: [], news: [] };
    const found = read(open(flash, told));
    expect([low, high, ...found]).toEqual([low, high, ...all]);
    expect(told).toEqual({ lost: [], news: [] });
  }
});

it("a header beyond repair is told, with the number of records that waited", () => {
  const flash = flashOf();
  appendThree(open(flash), true);
  const told: Told = { lost: [], news: [] };
  for (const at of [5, 6, 7, 21, 22, 23]) flash.bytes[at] ^= 0x3f;
  expect(read(open(flash, told)).size).toBe(0);
  expect(told).toEqual({ lost: [], news: ["0 lost 3"] });
  // Once: the block is about to be erased.
  const again: Told = { lost: [], news: [] };
  open(flash, again);
  expect(again.news).toEqual([]);
});
