/**
 * No pair of key and nonce is used twice, whatever becomes of the board's memories; and no command from before the last
 * one is fresh. What would find a fault is shown by planting some.
 */
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { describe, expect, it, test } from "vitest";
import { retainedLength, retainedParts } from "../../../firmware/continuity/retained-memory";
import { sealingOf } from "../../../firmware/seal/sealing";
import { Random } from "../../../host-sim/sim/time/random";
import { density } from "../../density";
import { NonceRecord, PowerCut, SealBoard, saltOf } from "./seal-board";
import type { NewSealing } from "../../../firmware/delivery/sealing";
import type { Trouble } from "./seal-board";

const sealing = sealingOf({ proof: false, migrating: false });

/** Reasons of a start after which the memory may hold what it did. */
const resets = ["panic", "watchdog", "software", "brownout", "external-pin"];

interface Life {
  readonly board: SealBoard;
  /** Why it starts, and whether the start before came to its end, which was deep sleep. */
  reason: string;
  slept: boolean;
  /** An older memory was restored, and no start since has come so far as to clear it. */
  restored: boolean;
  /** Images of its memory from earlier. */
  readonly images: Uint8Array[];
  /** Times of the last command that was executed, and of one that may have been. */
  taken: number;
  taking: number;
}

/** What was found in lives with so many cuts. */
interface Found {
  readonly cuts: number;
  readonly pairs: number;
  readonly salts: number;
  readonly repeated: readonly string[];
  readonly stale: number;
}

/**
 * Boards that live with power cuts, failing memories and copies of themselves.
 *
 * @param isOver whether what was found up to now is enough
 */
function live(
  seed: string,
  cuts: number,
  newSealing: NewSealing,
  isOver: (repeated: number, stale: number) => boolean = () => false,
): Found {
  const chance = new Random(seed);
  const below = (limit: number): number => Math.floor(chance.next() * limit);
  const record = new NonceRecord();
  const salts = new Set<string>();
  const found = { cuts: 0, stale: 0 };
  let clock = 1_790_000_000_000;
  let count = 0;
  const begin = (board: SealBoard): Life => ({
    board,
    reason: "power-on",
    slept: true,
    restored: false,
    images: [],
    taken: -1,
    taking: -1,
  });
  const lives = [begin(new SealBoard(`${seed} 0`, record))];
  // A salt that will soon be used up.
  keepSalt(lives[0].board, 65_530 - below(20));
  lives[0].reason = "deep-sleep";

  while (found.cuts < cuts && !isOver(record.repeated.length, found.stale)) {
    const life = lives[below(lives.length)];
    const { board } = life;
    const trouble: { -readonly [name in keyof Trouble]: Trouble[name] } = {};
    if (chance.chance(0.75)) {
      trouble.cutAt = below(60);
      trouble.torn = below(20);
    }
    // A start from deep sleep with a write half done is none that a board can have. It does no harm either, but where an
    // older memory was restored and not cleared yet.
    if (!life.slept) {
      const others =
        life.restored || life.reason === "power-on" ? resets : [...resets, "deep-sleep", "deep-sleep"];
      life.reason = chance.chance(0.4) ? "power-on" : others[below(others.length)];
    }
    if (life.reason === "power-on") {
      const kind = below(4);
      if (kind === 0) board.ram = chance.bytes(retainedLength);
      else if (kind === 1 && life.images.length > 0) {
        board.ram = life.images[below(life.images.length)].slice();
        life.restored = true;
      }
      // A bit of the salt's part sticks from now on, often one of the counter, or none.
      const { offset, length } = retainedParts.seal;
      const at = offset + (chance.chance(0.5) ? 12 + below(4) : below(length));
      board.stuck = chance.chance(0.3) ? { at, mask: 1 << below(5), set: chance.chance(0.3) } : undefined;
    } else if (!life.restored && chance.chance(0.3)) {
      // The memory clears what a start has to find cleared: what is restored into one that cannot is nobody's fault here.
      trouble.ignoresFrom = below(25);
      trouble.ignores = 1 + below(chance.chance(0.3) ? 1_000 : 4);
    }
    try {
      const device = board.start(life.reason, newSealing, trouble);
      life.restored = false;
      const soonest = Math.min(life.taken, life.taking);
      if (soonest >= 0 && device.isFresh(soonest - 1, clock) && !board.isOff) found.stale += 1;
      for (let left = 1 + below(14); left > 0 && !board.isOff; left--) {
        const what = below(10);
        if (what === 0) {
          clock += 1 + below(5_000);
          // As the device does: a failing memory may have it take no command, until it loses its power.
          if (!device.isFresh(clock, clock)) continue;
          life.taking = clock;
          device.take(clock);
          if (!board.isOff) life.taken = clock;
          continue;
        }
        const plain = Buffer.from(`text ${count++}`);
        const envelope = board.seal(() => (what < 7 ? device.sealUpload(plain) : device.sealReply(plain)));
        if (!board.isOff) salts.add(saltOf(envelope));
      }
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    life.slept = !board.isOff;
    if (life.slept) life.reason = "deep-sleep";
    else found.cuts += 1;
    if (life.images.length < 20) life.images.push(board.ram.slice());
    if (chance.chance(0.01) && lives.length < 5) {
      const copy = begin(board.clone(`${seed} ${lives.length}`));
      copy.images.push(...life.images);
      lives.push(copy);
    }
  }
  return { ...found, pairs: record.size, salts: salts.size, repeated: record.repeated };
}

/** Boards of whose memory one bit of the salt's part sticks, each through some nights. */
function stick(newSealing: NewSealing): string[] {
  const { offset, length } = retainedParts.seal;
  const repeated: string[] = [];
  for (let bit = 0; bit < 16 * length; bit++) {
    const record = new NonceRecord();
    const board = new SealBoard(`bit ${bit}`, record);
    board.stuck = { at: offset + (bit >> 4), mask: 1 << (bit & 7), set: (bit & 8) !== 0 };
    for (const reason of ["power-on", "deep-sleep", "deep-sleep", "deep-sleep"]) {
      const device = board.start(reason, newSealing);
      for (let i = 0; i < 9; i++) board.seal(() => device.sealUpload(Buffer.from(`text ${record.size}`)));
    }
    repeated.push(...record.repeated);
  }
  return repeated;
}

/** Boards of whose counters one bit sticks, in a memory that takes no more writes behind the one in which that shows. */
function stickAndStop(newSealing: NewSealing): string[] {
  const repeated: string[] = [];
  const cleared = Object.keys(retainedParts).length;
  // Up to the carry into a bit that no counter before has had: 7 to 11, 255 to 259.
  for (const reservations of [3, 65]) {
    for (let bit = 0; bit < 64; bit++) {
      const board = new SealBoard(`stop ${bit}`, new NonceRecord());
      const at = retainedParts.seal.offset + 12 + (bit >> 4);
      board.stuck = { at, mask: 1 << (bit & 7), set: (bit & 8) !== 0 };
      const ignoresFrom = cleared + 3 * reservations;
      for (const [reason, trouble] of [
        ["power-on", { ignoresFrom, ignores: Infinity }],
        ["deep-sleep", {}],
      ] as const) {
        const device = board.start(reason, newSealing, trouble);
        for (let i = 0; i < 4 * reservations; i++)
          board.seal(() => device.sealUpload(Buffer.from(`text ${board.record.size}`)));
      }
      repeated.push(...board.record.repeated);
    }
  }
  return repeated;
}

/** Boards whose memory has what was written, but is read wrong once, each time another one; and then some nights. */
function misread(newSealing: NewSealing): string[] {
  const repeated: string[] = [];
  for (const reason of ["power-on", "deep-sleep"]) {
    for (let misreads = 0; misreads < 8; misreads++) {
      const board = new SealBoard(`misread ${misreads}`, new NonceRecord());
      const night = (why: string, trouble?: Trouble): void => {
        const device = board.start(why, newSealing, trouble);
        for (let i = 0; i < 9; i++)
          board.seal(() => device.sealUpload(Buffer.from(`text ${board.record.size}`)));
      };
      if (reason === "deep-sleep") night("power-on");
      night(reason, { misreads });
      for (let i = 0; i < 3; i++) night("deep-sleep");
      repeated.push(...board.record.repeated);
    }
  }
  return repeated;
}

/** Puts a salt into a board's memory with the counters up to this one reserved. */
function keepSalt(board: SealBoard, last: number): void {
  const salt = Buffer.from("0102030405060708", "hex");
  const counter = Buffer.of(last >> 8, last & 0xff);
  const body = Buffer.concat([salt, counter, counter]);
  board.memory("deep-sleep").write(retainedParts.seal, body);
}

describe("over power cuts", () => {
  test("no nonce comes twice, and no command from before the last is fresh", () => {
    const cuts = density(10_000, 600);
    const found = live("cuts", cuts, sealing);
    expect(found.repeated).toEqual([]);
    expect(found.stale).toBe(0);
    expect(found.cuts).toBe(cuts);
    // Salts went on over sleep, and were left for fresh ones.
    expect(found.pairs).toBeGreaterThan(3 * found.salts);
    expect(found.salts).toBeGreaterThan(cuts / 4);
  });

  it("is so at each access to a memory, with each number of bytes that were still written", () => {
    const first = new SealBoard("count", new NonceRecord());
    const rounds = (board: SealBoard, reason: string, trouble?: Trouble): void => {
      try {
        const device = board.start(reason, sealing, trouble);
        for (let i = 0; i < 6 && !board.isOff; i++) {
          board.seal(() => device.sealUpload(Buffer.from(`upload ${board.record.size}`)));
          if (i === 3) device.take(1_790_000_000_000 + board.record.size);
        }
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
    };
    rounds(first, "power-on");
    rounds(first, "deep-sleep");
    const { accesses } = first;
    expect(accesses).toBeGreaterThan(25);
    let runs = 0;
    for (let cutAt = 0; cutAt < accesses; cutAt++) {
      for (const torn of density([0, 1, 4, 8, 9, 10, 16, 30], [0, 9])) {
        for (const reason of ["power-on", "panic", "deep-sleep"]) {
          const board = new SealBoard(`cut ${cutAt}`, new NonceRecord());
          rounds(board, "power-on");
          rounds(board, "deep-sleep", { cutAt, torn });
          expect(board.isOff).toBe(true);
          rounds(board, reason);
          rounds(board, "deep-sleep");
          expect(board.record.repeated).toEqual([]);
          runs += 1;
        }
      }
    }
    expect(runs).toBe(accesses * 3 * density(8, 2));
  });

  it("is so where a bit of the memory sticks, whichever", () => {
    expect(stick(sealing)).toEqual([]);
    expect(stickAndStop(sealing)).toEqual([]);
  });

  it("is so where it has what was written, and is read wrong", () => {
    expect(misread(sealing)).toEqual([]);
  });

  it("is so where a board draws salts for years", () => {
    const record = new NonceRecord();
    const board = new SealBoard("years", record);
    keepSalt(board, 65_531);
    const salts = new Set<string>();
    for (let night = 0; night < 12; night++) {
      const device = board.start("deep-sleep", sealing);
      salts.add(saltOf(board.seal(() => device.sealUpload(Buffer.from(`night ${night}`)))));
    }
    expect(record.repeated).toEqual([]);
    expect(record.size).toBe(12);
    expect(salts.size).toBeGreaterThan(1);
  });
});

/** What would use a nonce twice, or take a command of before: one line of the room, changed. */
const faults = [
  ["a counter that is given out twice", "nonces", "this.pair(this.#next++)", "this.pair(this.#next)"],
  [
    "the last reserved one given out again",
    "nonces",
    "this.#next = this.#last + 1;",
    "this.#next = this.#last + (this.#salt === undefined ? 1 : 0);",
  ],
  ["a reservation that is not read back", "nonces", "?.join() !== body.join()", " === null"],
  [
    "a reservation of less than is used",
    "nonces",
    "const pair = this.pair(last);",
    "const pair = this.pair(this.#next);",
  ],
  [
    "all counters used with four reserved",
    "nonces",
    "= last;\n    return true;",
    "= lastOfAll;\n    return true;",
  ],
  [
    "all counters used of a salt that the memory may have",
    "nonces",
    "this.#salt = new",
    "if (last < 0) this.#salt = new",
  ],
  ["a reservation of which one copy is looked at", "nonces", "kept[9] === kept[11]", "kept[9] >= 0"],
  ["the same, its upper half", "nonces", "kept[8] === kept[10]", "kept[8] >= 0"],
  ["a salt that stays when its counters are used up", "nonces", "this.#salt = new", "this.#salt ??= new"],
  ["salts that are no chance", "nonces", "Uint32Array.of(random() * 0x1_0000_0000,", "Uint32Array.of(0, 0 *"],
  [
    "a key that stays with a fresh salt",
    "sealing",
    "if (salt !== this.#upSalt)",
    "if (this.#upSalt === nothing)",
  ],
  [
    "an answer sealed under the counter before",
    "sealing",
    "plain, this.#nonces.next())",
    "plain, this.#uploaded === nothing ? this.#nonces.next() : this.#uploaded)",
  ],
  ["a time that is not stored", "command-time", "this.#slots?.save(body);", ""],
  [
    "a time that retained memory alone has a say in",
    "command-time",
    "Math.max(time, ",
    "Math.max(time, time < 0 ? -1 : time, 0 *",
  ],
] as const;

/** The room with one of its lines changed. */
async function planted(file: string, line: string, instead: string): Promise<NewSealing> {
  const source = readFileSync(`firmware/seal/${file}.ts`, "utf8");
  expect(source.split(line), line).toHaveLength(2);
  const contents = source.replace(line, () => instead);
  const built = await build({
    entryPoints: ["firmware/seal/sealing.ts"],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "room",
    target: "es2022",
    plugins: [
      {
        name: "planted",
        setup: ({ onLoad }) =>
          onLoad({ filter: new RegExp(`/seal/${file}\\.ts$`) }, () => ({ contents, loader: "ts" })),
      },
    ],
  });
  const load = new Function(`${built.outputFiles[0].text}; return room;`) as () => {
    sealingOf: typeof sealingOf;
  };
  return load().sealingOf({ proof: false, migrating: false });
}

describe("is found by these lives:", () => {
  test("nothing, in the room as it is, from its own bundle", async () => {
    const found = live(
      "planted",
      300,
      await planted("nonces", "const reserved = 4;", "const reserved = 4 ;"),
    );
    expect([found.repeated.length, found.stale]).toEqual([0, 0]);
  });

  test.each(faults)("%s", async (_what, file, line, instead) => {
    const room = await planted(file, line, instead);
    if (file === "command-time") {
      expect(live("planted", 300, room, (_, stale) => stale > 0).stale).toBeGreaterThan(0);
      return;
    }
    // One is enough: which of the lives finds it is no matter.
    const lives = [
      () => live("planted", 300, room, (repeated) => repeated > 0).repeated,
      stick,
      stickAndStop,
      misread,
    ];
    expect(lives.some((each) => each(room).length > 0)).toBe(true);
  });
});
