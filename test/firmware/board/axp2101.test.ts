import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { Axp2101 } from "../../../firmware/board/axp2101";
import type { RegisterBus } from "../../../firmware/board/axp2101";

/** A chip's registers, and what befalls its bus. */
class Chip implements RegisterBus {
  readonly registers = new Uint8Array(256);
  readonly written: string[] = [];
  /** Accesses until one is not acknowledged. */
  failsAfter = Infinity;
  /** Writes to this one have no effect. */
  stuck = -1;

  constructor(id = 0x4a) {
    this.registers[0x03] = id;
    this.registers[0x80] = 0x11;
    this.registers[0x84] = 0x80;
  }

  readUint8(register: number): number {
    this.#access();
    return this.registers[register];
  }

  writeUint8(register: number, value: number): void {
    this.#access();
    this.written.push(`${register.toString(16)}=${value.toString(16)}`);
    if (register !== this.stuck) this.registers[register] = value;
  }

  #access(): void {
    if (this.failsAfter-- <= 0) throw new Error("i2c write failed");
  }
}

describe("the modem's rail", () => {
  it("goes on at 3.0 V, and leaves every other bit alone", () => {
    const chip = new Chip();
    expect(new Axp2101(chip).switchModem(true)).toBeUndefined();
    // 88 + 14 steps of 100 mV above 1.6 V; the voltage before the switch.
    expect(chip.written).toEqual(["84=e6", "80=15"]);
  });

  it("goes off", () => {
    const chip = new Chip();
    chip.registers[0x80] = 0xff;
    expect(new Axp2101(chip).switchModem(false)).toBeUndefined();
    expect(chip.written).toEqual(["80=fb"]);
  });

  it("is left alone on another chip", () => {
    const chip = new Chip(0x4b);
    expect(new Axp2101(chip).switchModem(true)).toBe("no AXP2101: chip id 75, expected 74");
    expect(chip.written).toEqual([]);
  });

  it("does not switch: told", () => {
    const chip = new Chip();
    chip.stuck = 0x80;
    expect(new Axp2101(chip).switchModem(true)).toBe("DC3 did not switch");
  });

  it("with a bus that fails at any access: told, never thrown", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.boolean(), (failsAfter, on) => {
        const chip = new Chip();
        chip.failsAfter = failsAfter;
        const fault = new Axp2101(chip).switchModem(on);
        if (failsAfter < (on ? 6 : 4)) expect(fault).toBe("no answer on I2C: i2c write failed");
        else expect(fault).toBeUndefined();
      }),
      { seed: 2_101 },
    );
  });
});
