/** The log in flash: what is given back, whatever the power and the flash do. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { LogArchive } from "../../../firmware/health/log-archive";
import { crc32 } from "../../../firmware/journal/crc";
import { ascii } from "../../../firmware/text/ascii";
import { FlashFaults, flashFaultKinds } from "../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { runs, sweep } from "../../density";

const append = (archive: LogArchive, text: string): boolean => {
  const bytes = ascii(text);
  return archive.append(bytes, crc32(bytes, 0, bytes.length));
};

class Bench {
  readonly power = new PowerDomain();
  readonly flash: MemoryFlash;

  constructor(seed: number | string, faults?: FlashFaults) {
    this.flash = new MemoryFlash({ size: 8_192, power: this.power, random: new Random(seed), faults });
  }

  open(isCold = true): LogArchive {
    return new LogArchive(this.flash, isCold);
  }
}

/** Text of this length, different for each number. */
const text = (number: number, length: number): string =>
  `${number} ${"abcdefghij".repeat(Math.ceil(length / 10))}`.slice(0, length - 1) + "\n";

describe("the archive of the log", () => {
  it("gives back the newest text, from whichever end it is wanted, over starts", () => {
    const bench = new Bench(1);
    let archive = bench.open();
    expect(archive.newest(100, 0)).toBe("");
    let all = "";
    for (let n = 0; n < 200; n++) {
      if (n % 3 === 0) archive = bench.open(n % 2 === 0);
      const piece = text(n, 1 + ((n * 37) % 700));
      expect(append(archive, piece)).toBe(true);
      all += piece;
      for (const [length, skip] of [
        [400, 0],
        [400, 399],
        [1_000, 1_500],
      ]) {
        const end = Math.max(0, all.length - skip);
        expect(archive.newest(length, skip)).toBe(all.slice(Math.max(0, end - length), end));
      }
      const held = archive.newest(100_000, 0);
      expect(all.endsWith(held)).toBe(true);
      // A whole block but for its last piece's room is there as soon as both were filled.
      if (all.length > 8_192) expect(held.length).toBeGreaterThan(4_096 - 16 - 720);
    }
    expect(bench.flash.misuse).toBeUndefined();
    expect(archive.newest(10, 100_000)).toBe("");
  });

  it("wears both blocks alike, by an erase for each that is filled", () => {
    const bench = new Bench(2);
    const archive = bench.open();
    for (let n = 0; n < 100; n++) append(archive, text(n, 500));
    const [a, b] = bench.flash.erases;
    expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
    // Eight pieces of 508 bytes fit into a block.
    expect(a + b).toBe(Math.ceil(100 / 8));
    expect(bench.open().erases).toBe(a + b);
  });

  it("takes no partition that it cannot use", () => {
    const power = new PowerDomain();
    for (const options of [
      { size: 4_096 },
      { size: 8_192, writeAlign: 16 },
      { size: 1_024, blockLength: 512 },
    ])
      expect(
        () => new LogArchive(new MemoryFlash({ ...options, power, random: new Random(1) }), true),
      ).toThrow(RangeError);
  });

  it("refuses a piece that no block has room for, and goes on", () => {
    const bench = new Bench(3);
    const archive = bench.open();
    expect(append(archive, "x".repeat(4_096))).toBe(false);
    expect(append(archive, "a line\n")).toBe(true);
    expect(archive.newest(100, 0)).toBe("a line\n");
  });

  test("whichever operation the power cuts short: what was there stays, and what comes is kept", () => {
    const script = (bench: Bench, kept: (all: string) => void): void => {
      let all = "";
      for (let start = 0; start < 6; start++) {
        const archive = bench.open();
        for (let n = 0; n < 10; n++) {
          const piece = text(100 * start + n, 300 + 40 * n);
          if (!append(archive, piece) || bench.power.off) {
            // The device starts anew when its power is back.
            bench.power.restore();
            break;
          }
          all += piece;
        }
        kept(all);
      }
    };
    const whole = new Bench("cut");
    script(whole, () => {});
    const { operations } = whole.power;
    expect(operations).toBeGreaterThan(60);
    for (const at of sweep(1, operations, 3)) {
      const bench = new Bench(`cut ${at}`);
      bench.power.cutAt = at;
      script(bench, (all) => {
        const held = bench.open().newest(100_000, 0);
        const lines = new Set(all.split("\n"));
        // Each line but those of the piece that was cut is one that was written, the newest last.
        for (const line of held.split("\n")) expect(line === "" || lines.has(line), `cut ${at}`).toBe(true);
        if (all !== "") expect(all.endsWith(held.slice(-300)), `cut ${at}`).toBe(true);
      });
      expect(bench.flash.misuse, `cut ${at}`).toBeUndefined();
    }
  });

  test("flash that refuses costs the log, and nothing else", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...flashFaultKinds), (seed, kind) => {
        const faults = new FlashFaults(new Random(seed));
        const bench = new Bench(seed, faults);
        let archive = bench.open();
        append(archive, text(1, 600));
        faults.set(kind, 0.3);
        for (let n = 0; n < 30; n++) {
          try {
            if (n % 5 === 0) archive = bench.open();
          } catch {
            continue;
          }
          append(archive, text(n, 600));
          expect(archive.newest(500, 0)).toMatch(/^[\n -~]*$/);
        }
        expect(bench.flash.misuse).toBeUndefined();
      }),
      { numRuns: runs(50) },
    );
  });

  test("whatever bytes are in flash, it opens, gives text and takes more", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(6), (seed, kind) => {
        const bench = new Bench(seed);
        const random = new Random(seed);
        const archive = bench.open();
        for (let n = 0; n < 12; n++) append(archive, text(n, 500));
        const { bytes } = bench.flash;
        for (let i = 0; i < 1 + kind * kind * 40; i++) {
          const at = random.u32() % bytes.length;
          bytes[at] = kind % 2 === 0 ? random.u32() & 0xff : bytes[at] & random.u32();
        }
        const after = bench.open();
        expect(after.newest(100_000, 0)).toMatch(/^[\n -~]*$/);
        const opened = bench.open();
        let done = false;
        for (let n = 0; n < 20 && opened.failure === undefined; n++) done = append(opened, text(n, 500));
        if (done) expect(opened.newest(500, 0)).toBe(text(19, 500));
      }),
      { numRuns: runs(100) },
    );
  });
});
