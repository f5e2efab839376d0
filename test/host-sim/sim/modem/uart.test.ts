import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Uart } from "../../../../host-sim/sim/modem/uart";

/** One byte at 115200 baud 8N1, ms. */
const byteTime = 10_000 / 115_200;

function makeWire() {
  const clock = new VirtualClock();
  const uart = new Uart({ scheduler: clock, baud: 115_200 });
  const toModem: { time: number; bytes: number[] }[] = [];
  const toBoard: { time: number; bytes: number[] }[] = [];
  const writable: { time: number; free: number }[] = [];
  uart.modem.onReceive = (bytes) => void toModem.push({ time: clock.now, bytes: [...bytes] });
  uart.board.onReceive = (bytes) => void toBoard.push({ time: clock.now, bytes: [...bytes] });
  uart.board.onWritable = (free) => void writable.push({ time: clock.now, free });
  uart.modem.setPowered(true);
  return { clock, uart, toModem, toBoard, writable };
}

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);

describe("board to modem", () => {
  it("takes 10 bit times a byte", async () => {
    const { clock, uart, toModem } = makeWire();
    uart.board.write(counting(100));
    await clock.run();
    expect(toModem).toHaveLength(1);
    expect(toModem[0].bytes).toEqual([...counting(100)]);
    expect(toModem[0].time).toBeCloseTo(100 * byteTime, 9);
  });

  it("sends a second write behind the first", async () => {
    const { clock, uart, toModem } = makeWire();
    uart.board.write(counting(60));
    uart.board.write(counting(40));
    await clock.run();
    expect(toModem.map(({ time }) => time)).toEqual([
      expect.closeTo(60 * byteTime, 9),
      expect.closeTo(100 * byteTime, 9),
    ]);
  });

  it("tells the FIFO's room, and that 10 bytes remain", async () => {
    const { clock, uart, writable } = makeWire();
    expect(uart.board.txFree()).toBe(128);
    uart.board.write(counting(128));
    expect(uart.board.txFree()).toBe(0);
    await clock.run({ until: 64 * byteTime });
    expect(uart.board.txFree()).toBe(64);
    await clock.run();
    expect(writable).toEqual([{ time: expect.closeTo(118 * byteTime, 9), free: 118 }]);
    expect(uart.board.txFree()).toBe(128);
  });

  it("says writable at once after a small write, and once after several", async () => {
    const { clock, uart, writable } = makeWire();
    uart.board.write(counting(10));
    await clock.run({ until: 0 });
    expect(writable).toEqual([{ time: 0, free: 118 }]);
    await clock.run();
    uart.board.write(counting(50));
    uart.board.write(counting(50));
    await clock.run();
    expect(writable).toHaveLength(2);
  });

  it("refuses what does not fit", () => {
    const { uart } = makeWire();
    uart.board.write(counting(100));
    expect(() => uart.board.write(counting(29))).toThrow(RangeError);
    uart.board.write(counting(28));
  });

  it("loses everything towards a modem without power", async () => {
    const { clock, uart, toModem } = makeWire();
    uart.modem.setPowered(false);
    uart.board.write(counting(20));
    await clock.run();
    expect(toModem).toEqual([]);
  });

  it("loses the first bytes when the modem comes up while they pass", async () => {
    const { clock, uart, toModem } = makeWire();
    uart.modem.setPowered(false);
    clock.at(4.5 * byteTime, () => uart.modem.setPowered(true));
    uart.board.write(counting(20));
    await clock.run();
    expect(toModem[0].bytes).toEqual([...counting(20)].slice(5));
  });
});

describe("modem to board", () => {
  it("hands a short answer over after 4 symbol times of silence", async () => {
    const { clock, uart, toBoard } = makeWire();
    uart.modem.write(counting(6));
    await clock.run();
    expect(toBoard).toEqual([{ time: expect.closeTo((6 + 4) * byteTime, 9), bytes: [...counting(6)] }]);
  });

  it("hands a long one over in chunks of 120", async () => {
    const { clock, uart, toBoard } = makeWire();
    uart.modem.write(counting(250));
    await clock.run();
    expect(toBoard.map(({ bytes }) => bytes.length)).toEqual([120, 120, 10]);
    expect(toBoard[0].time).toBeCloseTo(120 * byteTime, 9);
    expect(toBoard[1].time).toBeCloseTo(240 * byteTime, 9);
    expect(toBoard[2].time).toBeCloseTo(254 * byteTime, 9);
    expect(toBoard.flatMap(({ bytes }) => bytes)).toEqual([...counting(250)]);
  });

  it("exactly 120 bytes need no silence", async () => {
    const { clock, uart, toBoard } = makeWire();
    uart.modem.write(counting(120));
    await clock.run();
    expect(toBoard).toEqual([{ time: expect.closeTo(120 * byteTime, 9), bytes: [...counting(120)] }]);
  });

  it.each([
    [3.9, 1],
    [4.1, 2],
  ])("a pause of %s symbol times makes %s chunks", async (pause, chunks) => {
    const { clock, uart, toBoard } = makeWire();
    uart.modem.write(counting(10));
    clock.at((10 + pause) * byteTime, () => uart.modem.write(counting(10)));
    await clock.run();
    expect(toBoard).toHaveLength(chunks);
  });

  it("carries noise in front of what comes later", async () => {
    const { clock, uart, toBoard } = makeWire();
    uart.garbage(Uint8Array.of(0xff, 0x00));
    uart.modem.write(Uint8Array.of(1));
    await clock.run();
    expect(toBoard[0].bytes).toEqual([0xff, 0x00, 1]);
  });

  it("waits for the board's promise before it goes on", async () => {
    const { clock, uart } = makeWire();
    const order: string[] = [];
    uart.board.onReceive = async (bytes) => {
      order.push(`start ${bytes.length}`);
      await Promise.resolve();
      order.push(`end ${bytes.length}`);
    };
    uart.modem.write(counting(130));
    await clock.run();
    expect(order).toEqual(["start 120", "end 120", "start 10", "end 10"]);
  });

  it("loses, doubles and reorders nothing, and never hands over more than the FIFO holds", async () => {
    const time = fc.double({ min: 0, max: 20, noNaN: true });
    const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), time));
    await fc.assert(
      fc.asyncProperty(writes, async (plan) => {
        const { clock, uart, toBoard } = makeWire();
        const sent: number[] = [];
        for (const [length, at] of plan) {
          clock.at(at, () => {
            const bytes = Uint8Array.from({ length }, (_, i) => (sent.length + i) & 0xff);
            sent.push(...bytes);
            uart.modem.write(bytes);
          });
        }
        await clock.run();
        expect(toBoard.flatMap(({ bytes }) => bytes)).toEqual(sent);
        expect(Math.max(0, ...toBoard.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(120);
      }),
    );
  });
});

it("refuses a rate that is none", () => {
  expect(() => new Uart({ scheduler: new VirtualClock(), baud: 0 })).toThrow(RangeError);
});
