/** The UART's FIFOs: 128 bytes each way and no mercy. */
import { describe, expect, test } from "vitest";
import { engines, runFixture } from "./rig";

const serial = { transmit: 17, receive: 16, port: 1, baud: 115_200 };

/** What the fixture does at start, before any byte comes in. */
const opening = [
  "0 pin: Error: in use",
  "0 port: RangeError: port in use",
  "0 serial ff80",
  `0 serial ${"61".repeat(126)}`,
  "0 full: Error: output full",
];

const closing = ["1000 closed: Error: closed", "1000 serial 07"];

function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe.each(engines)("on %s", (_name, open) => {
  test("reads all that is there, and only then hears of room to write", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "serial", serial }, 2000, (rig) => {
      rig.receive(10.25, counting(120));
      rig.receive(20, counting(3, 200));
      rig.clock.at(30, () => rig.board.serialWritable(118));
      // The FIFO has drained by the time the fixture opens the port anew.
      rig.clock.at(40, () => {
        rig.free = 128;
      });
      rig.receive(1500, counting(3));
    });
    await engine.close();
    expect(rig.log).toEqual([
      ...opening,
      "10.25 readable 120 true",
      `10.25 read ${hex(counting(120))} undefined`,
      "20 readable 3 true",
      "20 read c8c9ca undefined",
      "30 writable 118",
      ...closing,
    ]);
  });

  test("an empty FIFO says so as soon as the firmware returns", async () => {
    const engine = open();
    let asked = 0;
    const wire = { write: () => {}, txFree: () => (asked++ < 3 ? 128 : 77) };
    const rig = await runFixture(engine, { program: "serial", serial }, 5, () => {}, { serial: wire });
    await engine.close();
    expect(rig.log.at(-1)).toBe("0 writable 77");
  });

  test("reads into a buffer piece by piece", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "serial", serial, pieces: 4 }, 100, (rig) => {
      rig.receive(10, counting(9));
    });
    await engine.close();
    expect(rig.log.slice(opening.length)).toEqual([
      "10 readable 9 true",
      "10 piece 00010203",
      "10 piece 04050607",
      "10 piece 08",
    ]);
  });

  test("what finds the receive FIFO full is lost without a word", async () => {
    const engine = open();
    const rig = await runFixture(engine, { program: "serial", serial, hold: true }, 2000, (rig) => {
      rig.receive(10, counting(120));
      rig.receive(20, counting(20, 120));
      rig.receive(30, counting(5, 240));
    });
    await engine.close();
    expect(rig.log.slice(opening.length)).toEqual([
      "10 readable 120 true",
      "20 readable 128 true",
      "30 readable 128 true",
      `1000 held ${hex(counting(128))} undefined`,
    ]);
  });
});
