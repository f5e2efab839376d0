/**
 * The one rail of an AXP2101 power management chip that feeds a modem: DC3, at 3.0 V. Registers as in
 * X-Powers' data sheet for the chip:
 *
 *     0x03  chip id, 0x4A
 *     0x80  switches of the DC rails: bit 2 is DC3
 *     0x84  voltage of DC3, bits 0 to 6: from 88 on in steps of 100 mV above 1.6 V
 */

/** What is used of the bus: registers of 8 bits. Each may throw, as when nobody acknowledges. */
export interface RegisterBus {
  readUint8(register: number): number;
  writeUint8(register: number, value: number): void;
}

/** The chip's address on the bus, 7 bits. */
export const axp2101Address = 0x34;

const chipId = 0x4a;
const idRegister = 0x03;
const switchRegister = 0x80;
const voltageRegister = 0x84;
const dc3 = 0x04;
const voltageBits = 0x7f;
/** 88 + (3000 mV - 1600 mV) / 100 mV */
const threeVolts = 102;

/** Switches DC3. */
export class Axp2101 {
  readonly #bus: RegisterBus;

  constructor(bus: RegisterBus) {
    this.#bus = bus;
  }

  /** Switches the rail, at 3.0 V when on; why it could not, or undefined when it has. */
  switchModem(on: boolean): string | undefined {
    const bus = this.#bus;
    try {
      const id = bus.readUint8(idRegister);
      if (id !== chipId) return `no AXP2101: chip id ${id}, expected ${chipId}`;
      const rails = bus.readUint8(switchRegister);
      if (on) {
        const kept = bus.readUint8(voltageRegister) & ~voltageBits & 0xff;
        bus.writeUint8(voltageRegister, kept | threeVolts);
      }
      bus.writeUint8(switchRegister, on ? rails | dc3 : rails & ~dc3 & 0xff);
      const done = (bus.readUint8(switchRegister) & dc3) !== 0;
      return done === on ? undefined : "DC3 did not switch";
    } catch (error) {
      return `no answer on I2C: ${error instanceof Error ? error.message : "unknown"}`;
    }
  }
}
