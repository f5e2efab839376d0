/**
 * The simulated sensor against Sensirion's datasheet (SHT3x-DIS, May 2018, version 5): the bytes here are written from
 * its tables, and no driver is in it.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { I2cBus } from "../../../../host-sim/sim/board/i2c-bus";
import { SimulatedSht3x, checksumOf } from "../../../../host-sim/sim/board/sht3x";
import { Random } from "../../../../host-sim/sim/time/random";

const address = 0x44;
let bus: I2cBus;
let sensor: SimulatedSht3x;
beforeEach(() => {
  bus = new I2cBus(32, 33);
  sensor = new SimulatedSht3x({
    climate: () => ({ temperature: 25, humidity: 50 }),
    random: new Random("air"),
  });
  bus.attach(address, sensor);
});

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
/** Whether it takes a command. */
const send = (command: string, now: number): boolean =>
  bus.transfer(address, Buffer.from(command, "hex"), now).bytes !== undefined;
const read = (length: number, now: number) => bus.transfer(address, length, now);

/** Its six bytes as degC and %RH, by the formulas of section 4.13. */
function values(bytes: Uint8Array): [number, number] {
  expect([checksumOf(bytes.subarray(0, 2)), checksumOf(bytes.subarray(3, 5))]).toEqual([bytes[2], bytes[5]]);
  const word = (at: number): number => (bytes[at] << 8) | bytes[at + 1];
  return [-45 + (175 * word(0)) / 65_535, (100 * word(3)) / 65_535];
}

test("a checksum is that of the datasheet's example: BE EF has 92", () => {
  expect(checksumOf(Uint8Array.of(0xbe, 0xef))).toBe(0x92);
});

describe("a measurement", () => {
  test("without clock stretching: nothing is acknowledged until it is there, and it is read once", () => {
    expect(send("2400", 0)).toBe(true);
    expect(read(6, 14).bytes).toBeUndefined();
    expect(send("2400", 14)).toBe(false);
    const [temperature, humidity] = values(read(6, 15).bytes!);
    expect(temperature).toBeCloseTo(25, 0);
    expect(humidity).toBeCloseTo(50, 0);
    expect(read(6, 16).bytes).toBeUndefined();
    expect(sensor.measurements).toBe(1);
  });

  test("with clock stretching: the read takes as long as it still lasts", () => {
    expect(send("2c06", 0)).toBe(true);
    const { bytes, took } = read(6, 5);
    expect(took).toBe(10);
    expect(values(bytes!)[0]).toBeCloseTo(25, 0);
  });

  test.each([
    ["2400", 15],
    ["240b", 6],
    ["2416", 4],
  ])("%s takes %i ms", (command, duration) => {
    send(command, 0);
    expect(read(6, duration - 0.1).bytes).toBeUndefined();
    expect(read(6, duration).bytes).toHaveLength(6);
  });

  test("may be read in part; beyond its end nobody pulls the wire", () => {
    send("2400", 0);
    expect(read(2, 15).bytes).toHaveLength(2);
    send("2400", 20);
    expect(hex(read(8, 40).bytes!.subarray(6))).toBe("ffff");
  });
});

describe("the status word", () => {
  test("says after a reset that there was one, until it is cleared", () => {
    expect(send("f32d", 0)).toBe(true);
    const word = (bytes: Uint8Array): number => (bytes[0] << 8) | bytes[1];
    expect(word(read(3, 0).bytes!)).toBe(0x8010);
    expect(send("3041", 1)).toBe(true);
    send("f32d", 1);
    expect(word(read(3, 1).bytes!)).toBe(0);
    expect(send("30a2", 2)).toBe(true);
    // It starts, and acknowledges nothing meanwhile.
    expect(send("f32d", 3)).toBe(false);
    expect(send("f32d", 4)).toBe(true);
    expect(word(read(3, 4).bytes!)).toBe(0x8010);
  });

  test("says that a command was refused", () => {
    send("3041", 0);
    expect(send("1234", 1)).toBe(false);
    expect(send("24", 1)).toBe(false);
    send("f32d", 1);
    expect(hex(read(3, 1).bytes!.subarray(0, 2))).toBe("0002");
  });
});

describe("what fails", () => {
  test("another address, and a part that is not there", () => {
    expect(bus.transfer(0x45, Uint8Array.of(0x24, 0), 0).bytes).toBeUndefined();
    sensor.fault = "absent";
    expect([send("2400", 0), read(6, 20).bytes]).toEqual([false, undefined]);
  });

  test("a bus that is held down costs the time of the driver's limit", () => {
    bus.stuckLow = true;
    expect(bus.transfer(address, Uint8Array.of(0x24, 0), 0)).toEqual({ bytes: undefined, took: 400 });
    expect(read(6, 0)).toEqual({ bytes: undefined, took: 400 });
  });

  test("checksums that are wrong", () => {
    sensor.fault = "bad checksum";
    send("2400", 0);
    const bytes = read(6, 15).bytes!;
    expect(checksumOf(bytes.subarray(0, 2))).not.toBe(bytes[2]);
    expect(checksumOf(bytes.subarray(3, 5))).not.toBe(bytes[5]);
  });

  test("one that is stuck gives the same for ever; in order it has noise", () => {
    const one = (now: number): string | undefined => {
      send("2400", now);
      return hex(read(6, now + 15).bytes);
    };
    expect(new Set([0, 100, 200, 300].map(one)).size).toBeGreaterThan(1);
    sensor.fault = "stuck";
    expect(new Set([400, 500, 600, 700].map(one)).size).toBe(1);
  });

  test("one that is slow: half a second is more than a master waits while the clock is held", () => {
    sensor.fault = "slow";
    send("2c06", 0);
    expect(read(6, 20)).toEqual({ bytes: undefined, took: 400 });
    sensor.powerUp(1_000);
    send("2400", 1_010);
    expect(read(6, 1_500).bytes).toBeUndefined();
    expect(read(6, 1_510).bytes).toHaveLength(6);
  });
});
