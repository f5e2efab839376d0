/** Which slot starts, by the rules of ESP-IDF's boot loader with rollback; and that no power cut leaves none. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { BootLoader } from "../../../../host-sim/sim/board/boot-loader";
import {
  OtaError,
  confirmRunning,
  giveUpRunning,
  nextSlot,
  setBootSlot,
  stateOfSlot,
} from "../../../../host-sim/sim/board/ota-operations";
import { OtaState, readEntries, writeEntry } from "../../../../host-sim/sim/board/otadata";
import { MemoryFlash } from "../../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../../host-sim/sim/time/random";
import { runs } from "../../../density";

/** The smallest image that the boot loader takes, laid out by hand from esp_image_format.h; `mark` tells two apart. */
function smallImage(mark: number): Uint8Array {
  const head = [0xe9, 1, ...Array<number>(21).fill(0), 1];
  const segment = [0x20, 0, 0x40, 0x3f, 4, 0, 0, 0, mark, 0, 0, 0];
  const body = Uint8Array.from([...head, ...segment, ...Array<number>(12).fill(0)]);
  body[47] = 0xef ^ mark;
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

class Chip {
  readonly power = new PowerDomain();
  readonly slots: MemoryFlash[];
  readonly otadata: MemoryFlash;
  readonly loader: BootLoader;

  constructor(seed: string | number = 1) {
    const random = new Random(seed);
    const flash = (name: string, size: number): MemoryFlash =>
      new MemoryFlash({ size, power: this.power, random: random.fork(name) });
    this.slots = [flash("ota_0", 8_192), flash("ota_1", 8_192)];
    this.otadata = flash("otadata", 8_192);
    this.loader = new BootLoader(this);
    this.slots[0].write(smallImage(1), 0);
  }

  start(how: "power" | "reset" | "deep sleep" = "reset"): unknown {
    this.power.restore();
    const outcome = this.loader.start(how);
    return typeof outcome === "string" ? outcome : outcome.slot;
  }

  get states(): number[] {
    return readEntries(this.otadata).map(({ state }) => state);
  }

  write(slot: number, mark = 2): void {
    this.slots[slot].eraseBlock(0);
    if (!this.power.off) this.slots[slot].write(smallImage(mark), 0);
  }
}

/** A chip whose slot 1 has a second image that starts next. */
function updated(): Chip {
  const chip = new Chip();
  chip.start("power");
  chip.write(1);
  expect(setBootSlot(1, chip)).toBe(OtaError.ok);
  return chip;
}

const entryBytes = (chip: Chip, sector: number): string =>
  Buffer.from(chip.otadata.bytes.subarray(4_096 * sector, 4_096 * sector + 32)).toString("hex");

describe("otadata", () => {
  it("lies in flash as ESP-IDF's esp_ota_select_entry_t: the bytes of otatool.py for sequences 1 and 2", () => {
    const chip = updated();
    const label = "ff".repeat(20);
    expect(entryBytes(chip, 0)).toBe(`01000000${label}020000009a984347`);
    expect(entryBytes(chip, 1)).toBe(`02000000${label}000000007437f655`);
  });

  it("is written at the first start, which finds it blank, and starts slot 0", () => {
    const chip = new Chip();
    expect(chip.start("power")).toBe(0);
    expect(chip.states).toEqual([OtaState.valid, OtaState.undefined]);
    expect(stateOfSlot(0, chip)).toBe(OtaState.valid);
    expect(stateOfSlot(1, chip)).toBeUndefined();
  });

  it("starts slot 1 where slot 0 is empty, and says so", () => {
    const chip = new Chip();
    chip.write(1);
    chip.slots[0].eraseBlock(0);
    expect(chip.start("power")).toBe(1);
    expect(readEntries(chip.otadata)[0]).toMatchObject({ sequence: 2, state: OtaState.valid });
  });
});

describe("a new image", () => {
  it("starts once, and is given up at the next start of any kind when nobody has confirmed it", () => {
    for (const how of ["power", "reset"] as const) {
      const chip = updated();
      expect(chip.states).toEqual([OtaState.valid, OtaState.new]);
      expect(chip.start()).toBe(1);
      expect(chip.states).toEqual([OtaState.valid, OtaState.pendingVerify]);
      expect(stateOfSlot(1, chip)).toBe(OtaState.pendingVerify);
      expect(chip.start(how)).toBe(0);
      expect(chip.states).toEqual([OtaState.valid, OtaState.aborted]);
      expect(chip.start()).toBe(0);
    }
  });

  it("stays once it is confirmed", () => {
    const chip = updated();
    chip.start();
    expect(confirmRunning(chip)).toBe(OtaError.ok);
    expect(chip.states).toEqual([OtaState.valid, OtaState.valid]);
    const { operations } = chip.power;
    expect(confirmRunning(chip)).toBe(OtaError.ok);
    expect(chip.power.operations).toBe(operations);
    for (const how of ["power", "reset", "deep sleep"] as const) expect(chip.start(how)).toBe(1);
  });

  it("outlives deep sleep unconfirmed, as the boot loader then looks at nothing, but not where its memory is gone", () => {
    const chip = updated();
    chip.start();
    expect(chip.start("deep sleep")).toBe(1);
    expect(chip.states).toEqual([OtaState.valid, OtaState.pendingVerify]);
    expect(new BootLoader(chip).start("deep sleep")).toEqual({ slot: 0 });
    expect(chip.states).toEqual([OtaState.valid, OtaState.aborted]);
  });

  it("does not start after deep sleep, before which it was chosen: the start that checks comes later", () => {
    const chip = updated();
    expect(chip.start("deep sleep")).toBe(0);
    expect(chip.start()).toBe(1);
  });

  it("is given up by itself, also after it was confirmed, and the one before runs", () => {
    for (const confirmed of [false, true]) {
      const chip = updated();
      chip.start();
      if (confirmed) confirmRunning(chip);
      expect(giveUpRunning(chip)).toBe(OtaError.ok);
      expect(chip.states).toEqual([OtaState.valid, OtaState.invalid]);
      expect(chip.start()).toBe(0);
      expect(chip.states).toEqual([OtaState.valid, OtaState.invalid]);
    }
  });

  it("cannot be given up where the one before is damaged, or gone", () => {
    const chip = updated();
    chip.start();
    confirmRunning(chip);
    chip.slots[0].write(Uint8Array.of(0, 0, 0, 0), 32);
    expect(giveUpRunning(chip)).toBe(OtaError.rollbackFailed);
    expect(chip.start()).toBe(1);
    const first = new Chip();
    first.start("power");
    expect(giveUpRunning(first)).toBe(OtaError.rollbackFailed);
  });

  it("is refused when it is damaged, whichever bit it is", () => {
    const chip = new Chip();
    chip.start("power");
    chip.write(1);
    const { bytes } = chip.slots[1];
    const image = smallImage(2);
    for (let bit = 0; bit < 8 * image.length; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(setBootSlot(1, chip)).toBe(OtaError.validateFailed);
      bytes[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(chip.states).toEqual([OtaState.valid, OtaState.undefined]);
    expect(setBootSlot(1, chip)).toBe(OtaError.ok);
  });

  it("is passed over when it was damaged after it was chosen", () => {
    const chip = updated();
    chip.slots[1].write(Uint8Array.of(0, 0, 0, 0), 0);
    expect(chip.start()).toBe(0);
    expect(chip.states).toEqual([OtaState.valid, OtaState.pendingVerify]);
  });

  it("takes the slot behind the running one, by sequences that grow", () => {
    const chip = updated();
    let running = 0;
    for (const [sequence, slot] of [
      [2, 1],
      [3, 0],
      [4, 1],
      [5, 0],
    ]) {
      expect(nextSlot(running, chip)).toBe(slot);
      if (sequence > 2) {
        chip.write(slot, sequence);
        expect(setBootSlot(slot, chip)).toBe(OtaError.ok);
      }
      expect(Math.max(...readEntries(chip.otadata).map((entry) => entry.sequence))).toBe(sequence);
      expect(chip.start()).toBe(slot);
      confirmRunning(chip);
      running = slot;
    }
  });
});

describe("damaged otadata", () => {
  it("whose entries both have another CRC: the slots are tried from 0 on, and nothing is written", () => {
    const chip = updated();
    for (const sector of [0, 1] as const) writeEntry(chip, sector, { sequence: 2, state: 2, crc: 7 });
    const before = entryBytes(chip, 0);
    expect(chip.start()).toBe(0);
    chip.slots[0].write(Uint8Array.of(0, 0, 0, 0), 0);
    expect(chip.start()).toBe(1);
    expect(entryBytes(chip, 0)).toBe(before);
    expect(setBootSlot(1, chip)).toBe(OtaError.ok);
    expect(readEntries(chip.otadata)[0]).toMatchObject({ sequence: 2, state: OtaState.new });
  });

  it("whose active entry has another CRC: the other one holds", () => {
    const chip = updated();
    writeEntry(chip, 1, { sequence: 2, state: OtaState.new, crc: 7 });
    expect(chip.start()).toBe(0);
    expect(chip.states).toEqual([OtaState.valid, OtaState.new]);
  });

  it("with a state that nobody has written counts as good, as only sequences have a CRC", () => {
    const chip = updated();
    writeEntry(chip, 1, { sequence: 2, state: 0x00f0_0000 });
    expect(chip.start()).toBe(1);
    expect(chip.start()).toBe(1);
  });

  test("no image in any slot: none starts", () => {
    const chip = new Chip();
    chip.slots[0].eraseBlock(0);
    expect(chip.start("power")).toBe("no image");
  });
});

type Step = "activate" | "confirm" | "back" | "reset" | "power" | "deep sleep";
const steps: readonly Step[] = ["activate", "confirm", "back", "reset", "power", "deep sleep"];

test("whatever is done and wherever the power fails, some image starts, and a damaged one never", () => {
  let cuts = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...steps), { minLength: 3, maxLength: 20 }),
      fc.array(fc.nat(12), { maxLength: 6 }),
      fc.nat(),
      (program, gaps, seed) => {
        const chip = new Chip(seed);
        const waiting = [...gaps];
        const plan = (): void => {
          const gap = waiting.shift();
          if (gap !== undefined) chip.power.cutAt = chip.power.operations + 1 + gap;
        };
        chip.power.onCut = () => void (cuts += 1);
        plan();
        let running: unknown = chip.start("power");
        let mark = 2;
        /** Starts until the power holds. */
        const restart = (how: Step): void => {
          running = chip.start(how as "power");
          while (running === "no power") {
            plan();
            running = chip.start("power");
          }
          expect(running === 0 || running === 1).toBe(true);
          const image = chip.slots[running as number].bytes;
          const expected = smallImage(image[32]);
          expect(Buffer.from(image.subarray(0, expected.length)).equals(expected)).toBe(true);
        };
        if (running === "no power") restart("power");
        for (const step of program) {
          if (step === "activate") {
            const slot = nextSlot(running as number, chip);
            chip.write(slot, (mark += 1));
            if (!chip.power.off) setBootSlot(slot, chip);
          } else if (step === "confirm") confirmRunning(chip);
          else if (step === "back") giveUpRunning(chip);
          else restart(step);
          if (!chip.power.off) continue;
          plan();
          restart("power");
        }
      },
    ),
    { numRuns: runs(2_000) },
  );
  expect(cuts).toBeGreaterThan(100);
});
