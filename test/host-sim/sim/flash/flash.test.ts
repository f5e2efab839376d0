/** The two kinds of flash on a host, held to the same rules; and what the file keeps. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { Journal } from "../../../../firmware/journal/journal";
import {
  FileFlash,
  FileFlashError,
  FileStore,
  openDeviceDirectory,
} from "../../../../host-sim/sim/flash/file-flash";
import { FlashFaults, FlashRefusal, flashFaultKinds } from "../../../../host-sim/sim/flash/flash-faults";
import { MemoryFlash } from "../../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Flash } from "../../../../firmware/journal/flash";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flash-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const memory = (power = new PowerDomain()): MemoryFlash =>
  new MemoryFlash({ size: 131_072, power, random: new Random("flash") });

const bytesAt = (flash: Flash, offset: number, length: number): number[] => {
  const buffer = new Uint8Array(length);
  flash.read(buffer, offset);
  return [...buffer];
};

describe.each([
  ["in memory", () => memory()],
  ["in a file", () => new FileFlash(join(folder, "journal"))],
])("flash %s", (_, open) => {
  it("is blank, takes cleared bits, refuses to set them, and is blank again after an erase", () => {
    const flash = open();
    expect(bytesAt(flash, 4_096, 4)).toEqual([255, 255, 255, 255]);
    flash.write(Uint8Array.of(0x0f, 0xf0, 0xff, 0x00), 4_096);
    flash.write(Uint8Array.of(0x0e, 0xff, 0x7f, 0x00), 4_096);
    expect(bytesAt(flash, 4_096, 4)).toEqual([0x0e, 0xf0, 0x7f, 0x00]);
    expect(() => flash.write(Uint8Array.of(0x10, 0xff, 0xff, 0xff), 4_096)).toThrow("erase");
    flash.eraseBlock(1);
    expect(bytesAt(flash, 4_096, 4)).toEqual([255, 255, 255, 255]);
    expect(flash.status()).toMatchObject({ size: 131_072, blockLength: 4_096, blocks: 32 });
  });
});

describe("flash in memory whose power fails", () => {
  test("a torn write leaves bits that were there or that were written, a torn erase none of its own", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(), (bytes, seed) => {
        const power = new PowerDomain();
        let cuts = 0;
        power.onCut = () => void (cuts += 1);
        const flash = new MemoryFlash({ size: 8_192, power, random: new Random(seed) });
        power.cutAt = 1;
        flash.write(bytes, 0);
        const torn = bytesAt(flash, 0, 8);
        torn.forEach((byte, i) => expect(byte & bytes[i]).toBe(bytes[i]));
        expect(cuts).toBe(1);
        // Without power nothing changes any more.
        flash.write(new Uint8Array(8), 0);
        flash.eraseBlock(0);
        expect(bytesAt(flash, 0, 8)).toEqual(torn);
        power.restore();
        power.cutAt = power.operations + 1;
        flash.eraseBlock(0);
        bytesAt(flash, 0, 8).forEach((byte, i) => expect(byte & torn[i]).toBe(torn[i]));
      }),
    );
  });

  test("places that do not exist, and what is not aligned, are the firmware's fault", () => {
    const flash = memory();
    for (const fault of [
      () => flash.read(new Uint8Array(4), 131_070),
      () => flash.read(new Uint8Array(4), -1),
      () => flash.write(new Uint8Array(4), 2),
      () => flash.write(new Uint8Array(3), 0),
      () => flash.eraseBlock(32),
      () => flash.eraseBlock(0.5),
    ]) {
      expect(fault).toThrow(expect.objectContaining({ name: "FlashMisuse" }));
    }
  });
});

describe("a device's directory", () => {
  it("keeps journal and state, for its owner's eyes", () => {
    const directory = join(folder, "a", "device");
    const first = openDeviceDirectory(directory);
    const quiet = {
      policy: "oldest",
      thinnable: () => true,
      pinned: () => false,
      onLost: () => {},
      onMoved: () => {},
    } as const;
    new Journal(first.flash, 1, quiet).append(1, 7, 1_000, true, Uint8Array.of(1, 2, 3));
    first.store.write("a", Uint8Array.of(9));
    first.flash.close();
    const second = openDeviceDirectory(directory);
    const journal = new Journal(second.flash, 2, quiet);
    const record = journal.read(journal.oldest(1, () => false)[0])!;
    expect([record.id, ...record.body]).toEqual([7, 1, 2, 3]);
    expect([...new Uint8Array(second.store.read("a")!)]).toEqual([9]);
    expect(second.store.read("b")).toBeUndefined();
    for (const name of ["", "journal", "state-a"]) {
      expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
    }
    expect(existsSync(join(directory, "state-a.new"))).toBe(false);
    second.flash.close();
  });

  it("is refused in one line when it is none, or another program's", () => {
    writeFileSync(join(folder, "file"), "x");
    expect(() => openDeviceDirectory(join(folder, "file"))).toThrow(FileFlashError);
    expect(() => openDeviceDirectory(folder)).toThrow("files of another program");
    const own = join(folder, "own");
    openDeviceDirectory(own).flash.close();
    writeFileSync(join(own, "journal"), "short");
    expect(() => openDeviceDirectory(own)).toThrow("has 5 bytes, a journal has 131072");
  });

  it("survives a state file that cannot be read", () => {
    expect(new FileStore(join(folder, "nowhere")).read("a")).toBeUndefined();
  });
});

describe("flash that fails", () => {
  const failing = (): { flash: MemoryFlash; faults: FlashFaults } => {
    const faults = new FlashFaults(new Random("faults"));
    const random = new Random("flash");
    return { faults, flash: new MemoryFlash({ size: 12_288, power: new PowerDomain(), random, faults }) };
  };

  it("strikes with its chance, until it is ended", () => {
    const { flash, faults } = failing();
    faults.set("refuse-write", 0.25);
    let refused = 0;
    for (let i = 0; i < 1_000; i++) {
      try {
        flash.write(new Uint8Array(4), 0);
      } catch (error) {
        expect(error).toBeInstanceOf(FlashRefusal);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(200);
    expect(refused).toBeLessThan(300);
    expect(faults.struck).toEqual({ "refuse-write": refused });
    for (const kind of flashFaultKinds) faults.set(kind, 1);
    faults.clear();
    flash.eraseBlock(0);
    flash.write(new Uint8Array(4), 0);
    expect(bytesAt(flash, 0, 4)).toEqual([0, 0, 0, 0]);
  });

  it("wears block by block: an erase says that it is done and leaves bits, and a write there is as on a chip", () => {
    const { flash, faults } = failing();
    faults.set("half-erase", 1, { blocks: [1], afterErases: 3 });
    for (let round = 0; round < 4; round++) {
      for (const block of [0, 1]) {
        flash.eraseBlock(block);
        expect(bytesAt(flash, 4_096 * block, 64).every((byte) => byte === 255)).toBe(
          round < 3 || block === 0,
        );
        flash.write(Uint8Array.of(round, 0, 0, 0x0f), 4_096 * block);
        flash.write(new Uint8Array(64), 4_096 * block + 4);
      }
    }
  });

  it("has bits that turn, both ways", () => {
    const { flash } = failing();
    flash.write(new Uint8Array(4_096), 0);
    flash.setBits(3);
    const ones = (): number =>
      bytesAt(flash, 0, 4_096).reduce(
        (sum, byte) => sum + [...byte.toString(2)].filter((bit) => bit === "1").length,
        0,
      );
    expect(ones()).toBe(3);
    // The firmware believes that those bits are clear, and is not to blame.
    flash.write(new Uint8Array(64).fill(0xf0), 0);
    expect(ones()).toBeLessThanOrEqual(3);
  });
});
