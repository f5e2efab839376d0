/** A wire that loses bytes and turns bits over. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { Uart } from "../../../../host-sim/sim/modem/uart";

const byteTime = 10_000 / 115_200;
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);

function makeWire() {
  const clock = new VirtualClock();
  const uart = new Uart({ scheduler: clock, baud: 115_200 });
  const chunks: { time: number; bytes: number[] }[] = [];
  uart.board.onReceive = (bytes) => void chunks.push({ time: clock.now, bytes: [...bytes] });
  const received = () => chunks.flatMap(({ bytes }) => bytes);
  return { clock, uart, chunks, received };
}

/** Bits by which two texts of the same length differ, one entry for each byte that does. */
function differences(sent: Uint8Array, got: number[]): number[] {
  const bits = (value: number) => value.toString(2).replaceAll("0", "").length;
  return [...sent].map((byte, i) => bits(byte ^ got[i])).filter((count) => count > 0);
}

describe("overrun", () => {
  it.each([
    [0, 0, [0, 1, 2, 3, 4, 5]],
    [2, 0, [2, 3, 4, 5]],
    [2, 3, [0, 1, 2, 5]],
    [2, 5, [0, 1, 2, 3, 4]],
    [6, 0, []],
    [0, 2, [0, 1, 2, 3, 4, 5]],
  ])("loses %i bytes behind %i", async (count, after, expected) => {
    const { clock, uart, received } = makeWire();
    uart.overrun(count, after);
    uart.modem.write(counting(6));
    await clock.run();
    expect(received()).toEqual(expected);
  });

  it("goes on in the next line, and then all comes through", async () => {
    const { clock, uart, received } = makeWire();
    uart.overrun(5, 4);
    uart.modem.write(counting(2));
    await clock.run({ until: 100 });
    for (let i = 0; i < 3; i++) uart.modem.write(counting(4));
    await clock.run();
    expect(received()).toEqual([0, 1, 0, 1, 3, 0, 1, 2, 3]);
  });

  it("leaves the wire's time as it is", async () => {
    const { clock, uart, chunks } = makeWire();
    uart.overrun(90, 10);
    uart.modem.write(counting(110));
    await clock.run();
    expect(chunks).toEqual([
      { time: expect.closeTo(14 * byteTime, 9) as number, bytes: [...counting(10)] },
      { time: expect.closeTo(114 * byteTime, 9) as number, bytes: [...counting(110).slice(100)] },
    ]);
  });

  it("is ended by another", async () => {
    const { clock, uart, received } = makeWire();
    uart.overrun(100);
    uart.overrun(0);
    uart.modem.write(counting(3));
    await clock.run();
    expect(received()).toEqual([0, 1, 2]);
  });

  it("does not touch what goes to the modem", async () => {
    const { clock, uart } = makeWire();
    let got = 0;
    uart.modem.onReceive = (bytes) => void (got += bytes.length);
    uart.modem.setPowered(true);
    uart.overrun(100);
    uart.corrupt(100);
    uart.board.write(counting(20));
    await clock.run();
    expect(got).toBe(20);
  });
});

describe("corrupt", () => {
  it.each([0, 1, 7, 50])("flips one bit in each of %i bytes, spread over what comes", async (count) => {
    const { clock, uart, received } = makeWire();
    uart.corrupt(count, new Random(3));
    const sent = counting(2_000);
    uart.modem.write(sent);
    await clock.run();
    expect(differences(sent, received())).toEqual(new Array(count).fill(1));
  });

  it("ends with its count", async () => {
    const { clock, uart, received } = makeWire();
    uart.corrupt(10);
    uart.modem.write(counting(1_000));
    await clock.run();
    const before = received().length;
    uart.modem.write(counting(1_000));
    await clock.run();
    expect(received().slice(before)).toEqual([...counting(1_000)]);
  });

  it("is the same from the same randomness, and leaves the sender's bytes alone", async () => {
    const run = async (seed: number) => {
      const { clock, uart, received } = makeWire();
      const sent = counting(300);
      uart.corrupt(20, new Random(seed));
      uart.modem.write(sent);
      await clock.run();
      expect(sent).toEqual(counting(300));
      return received();
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

it.each([-1, 1.5, Number.NaN, Infinity])("%d is no number of bytes", (count) => {
  const { uart } = makeWire();
  expect(() => uart.overrun(count)).toThrow(RangeError);
  expect(() => uart.overrun(1, count)).toThrow(RangeError);
  expect(() => uart.corrupt(count)).toThrow(RangeError);
});

describe("a board that is deaf while it erases flash", () => {
  it("gets what its FIFO has held, and loses what came beyond", async () => {
    const { clock, uart, chunks, received } = makeWire();
    clock.at(1, () => uart.deaf(45));
    clock.at(2, () => uart.modem.write(counting(200)));
    await clock.run();
    expect(chunks).toEqual([{ time: 46, bytes: [...counting(128)] }]);
    expect(uart.lost).toBe(72);
    uart.modem.write(counting(6));
    await clock.run();
    expect(received().slice(128)).toEqual([...counting(6)]);
  });

  it("loses nothing of what is short, or still on the wire when it hears again", async () => {
    for (const [from, length] of [
      [2, 128],
      [42, 250],
      [0, 10],
    ]) {
      const { clock, uart, received } = makeWire();
      clock.at(1, () => uart.deaf(45));
      clock.at(from, () => uart.modem.write(counting(length)));
      await clock.run();
      expect(received()).toEqual([...counting(length)]);
      expect(uart.lost).toBe(0);
    }
  });
});
