/** The data directory: what is kept through an end, a crash, a cut or corrupted log, and what is refused. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { LevelStore } from "../../../../host-sim/cloud/store/level-store";
import { StoreError, openStore } from "../../../../host-sim/cloud/store/level-store";

let place: string;
let opened: LevelStore[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "enos-store-"));
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close().catch(() => undefined);
  rmSync(place, { recursive: true, force: true });
});

const at = (name: string): string => join(place, name);

async function open(name: string): Promise<LevelStore> {
  const store = await openStore(at(name));
  opened.push(store);
  return store;
}

/** What a directory holds, read by opening and closing it. */
async function content(name: string): Promise<Record<string, unknown>> {
  const store = await openStore(at(name));
  const all = Object.fromEntries(store.entries);
  await store.close();
  return all;
}

/** What kill -9 leaves: the files as they are, while the program still has them open. */
function killed(name: string, copy: string): void {
  rmSync(at(copy), { recursive: true, force: true });
  cpSync(at(name), at(copy), { recursive: true });
  rmSync(join(at(copy), "LOCK"), { force: true });
}

const logOf = (name: string): string => {
  const logs = readdirSync(at(name)).filter((file) => file.endsWith(".log"));
  expect(logs).toHaveLength(1);
  return join(at(name), logs[0]);
};

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  const { message } = error as StoreError;
  expect(message).not.toContain("\n");
  return message;
}

describe("what is kept", () => {
  it("is all that was put and not deleted, in the order of its keys", async () => {
    const store = await open("a");
    expect([...store.entries]).toEqual([]);
    store.put("point/b", { value: 21.5, text: "ü\n", list: [1, null, true] });
    store.put("point/a", "first");
    store.put("point/a", "second");
    store.put("gone", 1);
    await store.flush();
    store.delete("gone");
    store.delete("never there");
    await store.close();

    const again = await open("a");
    expect([...again.entries]).toEqual([
      ["point/a", "second"],
      ["point/b", { value: 21.5, text: "ü\n", list: [1, null, true] }],
    ]);
    expect([...again.entries]).toEqual([]);
  });

  it("is more than one read's worth", async () => {
    const store = await open("a");
    for (let i = 0; i < 2500; i++) store.put(`k${i}`, i);
    await store.close();
    expect(Object.keys(await content("a"))).toHaveLength(2500);
  });

  it("is what was flushed when the program is killed, and nothing that was not", async () => {
    const store = await open("a");
    store.put("flushed", 1);
    await store.flush();
    store.put("queued", 1);
    expect(store.dirty).toBe(true);
    killed("a", "b");
    expect(await content("b")).toEqual({ flushed: 1 });
  });

  it("goes out in one batch with what others flush meanwhile, and flush waits for all of it", async () => {
    const store = await open("a");
    const done: string[] = [];
    store.put("first", 1);
    const first = store.flush().then(() => done.push("first"));
    store.put("second", 1);
    const second = store.flush().then(() => done.push("second"));
    store.put("third", 1);
    const third = store.flush().then(() => done.push("third"));
    await second;
    // The third shares the second's batch: it is on the way when the second's has resolved.
    killed("a", "b");
    expect(await content("b")).toEqual({ first: 1, second: 1, third: 1 });
    await Promise.all([first, third]);
    expect(done).toEqual(["first", "second", "third"]);
    await store.flush();
    expect(store.dirty).toBe(false);
  });

  it("waits for the batch under way also when nothing is queued", async () => {
    const store = await open("a");
    store.put("k", 1);
    void store.flush();
    await store.flush();
    killed("a", "b");
    expect(await content("b")).toEqual({ k: 1 });
  });

  it("reaches the disk with every flush when that is asked", async () => {
    const store = await openStore(at("a"), { sync: true });
    store.put("k", 1);
    await store.flush();
    await store.close();
    expect(await content("a")).toEqual({ k: 1 });
  });
});

test("what is discarded is not written", async () => {
  const store = await open("a");
  store.put("k", 1);
  await store.flush();
  store.delete("k");
  store.put("l", 1);
  store.discard();
  await store.close();
  expect(await content("a")).toEqual({ k: 1 });
});

test("closing twice is no fault, and nothing is written afterwards", async () => {
  const store = await open("a");
  await Promise.all([store.close(), store.close()]);
  store.put("k", 1);
  expect(await refusal(store.flush())).toMatch(/cannot be written/);
  expect(await refusal(store.flush())).toMatch(/cannot be written/);
  expect(await content("a")).toEqual({});
});

describe("a last write that was torn", () => {
  /** A directory as kill -9 leaves it, and where in its log the last of its three batches stands. */
  async function torn(lastValue: string): Promise<{ log: Buffer; start: number }> {
    const store = await open("a");
    store.put("device", { sequence: 1 });
    await store.flush();
    store.put("device", { sequence: 2 });
    store.put("old", 1);
    await store.flush();
    const start = statSync(logOf("a")).size;
    store.put("device", { sequence: 3 });
    store.put("point", lastValue);
    store.delete("old");
    await store.flush();
    const log = readFileSync(logOf("a"));
    await store.close();
    return { log, start };
  }
  const before = { device: { sequence: 2 }, old: 1 };

  async function withLog(bytes: Uint8Array): Promise<Record<string, unknown>> {
    killed("base", "b");
    writeFileSync(logOf("b"), bytes);
    return content("b");
  }

  beforeEach(async () => {
    // One directory with an empty log, into which the logs under test are laid.
    const store = await open("base");
    await store.flush();
  });

  it("is there whole when it was not torn", async () => {
    const { log } = await torn("value");
    expect(await withLog(log)).toEqual({ device: { sequence: 3 }, point: "value" });
  });

  it("leaves the state before it when cut anywhere", async () => {
    const { log, start } = await torn("value");
    expect(log.length - start).toBeGreaterThan(30);
    for (let cut = start; cut < log.length; cut++) {
      expect(await withLog(log.subarray(0, cut)), `cut at ${cut}`).toEqual(before);
    }
  });

  it("leaves the state before it when a byte of it is wrong", async () => {
    const { log, start } = await torn("value");
    for (let place = start; place < log.length; place++) {
      const bytes = Uint8Array.from(log);
      bytes[place] ^= 0x41;
      expect(await withLog(bytes), `byte ${place}`).toEqual(before);
    }
  });

  it("leaves the state before it when it is longer than a block of the log", async () => {
    // Incompressible is not needed: the log is not compressed. Blocks are of 32 KiB.
    const { log, start } = await torn("x".repeat(100_000));
    for (let cut = start; cut < log.length; cut += 4999) {
      expect(await withLog(log.subarray(0, cut)), `cut at ${cut}`).toEqual(before);
    }
    expect(await withLog(log.subarray(0, log.length - 1))).toEqual(before);
  });

  it("does not take earlier ones along when rubbish or zeros follow", async () => {
    const { log } = await torn("value");
    const all = { device: { sequence: 3 }, point: "value" };
    expect(await withLog(Buffer.concat([log, Buffer.alloc(5000)]))).toEqual(all);
    expect(await withLog(Buffer.concat([log, Buffer.alloc(5000, 0xa5)]))).toEqual(all);
  });
});

describe("a directory that cannot be used", () => {
  it("is one that somebody has open", async () => {
    await open("a");
    const other = await refusal(openStore(at("a")));
    expect(other).toMatch(/a: in use by another process; end that one, or choose another directory$/);
  });

  it("is one with another program's files, which are left as they are", async () => {
    mkdirSync(at("a"));
    writeFileSync(join(at("a"), "notes.txt"), "mine");
    expect(await refusal(openStore(at("a")))).toMatch(/holds files of another program; name a new or empty/);
    expect(readdirSync(at("a"))).toEqual(["notes.txt"]);
  });

  it("is another program's database", async () => {
    const other = new ClassicLevel(at("a"));
    await other.put("k", "no JSON");
    await other.close();
    expect(await refusal(openStore(at("a")))).toMatch(/a database of another program; name a new or empty/);
  });

  it("is one of a later version of this program", async () => {
    await content("a");
    const level = new ClassicLevel(at("a"));
    await level.put("!enos-cloud", "2");
    await level.close();
    expect(await refusal(openStore(at("a")))).toMatch(/another version of this program \(format 2\)/);
  });

  it("is a file, or below one", async () => {
    writeFileSync(at("file"), "");
    expect(await refusal(openStore(at("file")))).toMatch(/cannot be used as data directory \(ENOTDIR/);
    expect(await refusal(openStore(at("file/below")))).toMatch(/cannot be used as data directory \(ENOTDIR/);
  });

  it.skipIf(process.getuid?.() === 0)("is one that may not be written", async () => {
    mkdirSync(at("a"), { mode: 0o500 });
    expect(await refusal(openStore(join(at("a"), "data")))).toMatch(/cannot be used .*EACCES/);
  });

  it("is one with an entry nested deeper than any stack", async () => {
    const level = new ClassicLevel(at("a"));
    await level.put("!enos-cloud", "1");
    await level.put("reading/p/d/1", `${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    await level.close();
    expect(await refusal(openStore(at("a")))).toMatch(/damaged \(entry "reading\/p\/d\/1"\); restore/);
  });

  it.each<[string, (dir: string) => void, RegExp]>([
    ["without its CURRENT", (dir) => rmSync(join(dir, "CURRENT")), /damaged \(no file CURRENT\); restore/],
    [
      "with another CURRENT",
      (dir) => writeFileSync(join(dir, "CURRENT"), "rubbish"),
      /damaged|cannot be opened/,
    ],
    ["whose MANIFEST is rubbish", (dir) => corrupt(dir, /^MANIFEST/), /damaged|cannot be opened/],
    [
      "whose MANIFEST is gone",
      (dir) => rmSync(join(dir, find(dir, /^MANIFEST/))),
      /damaged|cannot be opened/,
    ],
    ["whose table is gone", (dir) => rmSync(join(dir, find(dir, /\.ldb$/))), /damaged|cannot be opened/],
    ["whose table is rubbish", (dir) => corrupt(dir, /\.ldb$/), /damaged|cannot be (opened|read)/],
  ])("is one %s", async (_name, damage, message) => {
    const level = new ClassicLevel(at("a"));
    await level.put("!enos-cloud", "1");
    await level.put("device/secret", JSON.stringify({ deviceSecret: "s3cr3t" }));
    await level.compactRange("!", "z");
    await level.close();
    damage(at("a"));
    const said = await refusal(openStore(at("a")));
    expect(said).toMatch(message);
    expect(said).not.toContain("s3cr3t");
  });

  it("is one with an entry that is no JSON, which is named and not shown", async () => {
    await content("a");
    const level = new ClassicLevel(at("a"));
    await level.put("device/PK/DK", `{"deviceSecret":"s3cr3t"`);
    await level.close();
    const said = await refusal(openStore(at("a")));
    expect(said).toMatch(/the data is damaged \(entry "device\/PK\/DK"\); restore it from a copy/);
    expect(said).not.toContain("s3cr3t");
    // It is free again.
    expect(await refusal(openStore(at("a")))).toBe(said);
  });

  const find = (dir: string, pattern: RegExp): string => readdirSync(dir).find((name) => pattern.test(name))!;
  function corrupt(dir: string, pattern: RegExp): void {
    const file = join(dir, find(dir, pattern));
    writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a));
  }
});

describe("who may read it", () => {
  const mode = (name: string): number => statSync(at(name)).mode & 0o777;

  it("is its owner alone, for a directory that was made, with those above it", async () => {
    await open("above/a");
    expect([mode("above"), mode("above/a")]).toEqual([0o700, 0o700]);
  });

  it("is its owner alone, for an empty one that was there", async () => {
    mkdirSync(at("a"), { mode: 0o755 });
    await open("a");
    expect(mode("a")).toBe(0o700);
  });
});

test("a first start that was cut short is started anew", async () => {
  mkdirSync(at("a"));
  writeFileSync(join(at("a"), "LOCK"), "");
  writeFileSync(join(at("a"), "LOG"), "");
  expect(await content("a")).toEqual({});
  // The database was made and its format not yet written.
  const level = new ClassicLevel(at("b"));
  await level.open();
  await level.close();
  expect(await content("b")).toEqual({});
});
