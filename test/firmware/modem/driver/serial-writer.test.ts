import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { SerialWriter } from "../../../../firmware/modem/driver/serial-writer";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import { runs } from "../../../density";

/** A port that throws on a write larger than its free room, as the ESP32's does. */
class Fifo {
  readonly pieces: Uint8Array[] = [];
  free: number;

  constructor(free: number) {
    this.free = free;
  }

  get text(): string {
    return this.pieces.map((piece) => asciiText(piece)).join("");
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) throw new Error("an empty write");
    if (bytes.length > this.free) throw new Error(`room for ${this.free} bytes, got ${bytes.length}`);
    this.free -= bytes.length;
    this.pieces.push(bytes.slice());
  }
}

describe("a port with little room", () => {
  it("gets a long command in pieces", () => {
    const fifo = new Fifo(5);
    const writer = new SerialWriter(fifo, 5);
    writer.write(ascii("AT+CFUN=0\r"));
    expect(fifo.text).toBe("AT+CF");
    fifo.free = 3;
    writer.onWritable(3);
    expect(fifo.text).toBe("AT+CFUN=");
    fifo.free = 100;
    writer.onWritable(100);
    expect(fifo.text).toBe("AT+CFUN=0\r");
    expect(fifo.pieces.length).toBe(3);
  });

  it("gets nothing while it is full, and several commands at once when it is empty", () => {
    const fifo = new Fifo(0);
    const writer = new SerialWriter(fifo, 0);
    writer.write(ascii("AT\r"));
    writer.write(ascii("ATE0\r"));
    expect(fifo.pieces).toEqual([]);
    fifo.free = 128;
    writer.onWritable(128);
    expect(fifo.text).toBe("AT\rATE0\r");
  });

  it("gets a second command behind the first one's rest", () => {
    const fifo = new Fifo(2);
    const writer = new SerialWriter(fifo, 2);
    writer.write(ascii("AT\r"));
    writer.write(ascii("ATE0\r"));
    expect(fifo.text).toBe("AT");
    fifo.free = 4;
    writer.onWritable(4);
    expect(fifo.text).toBe("AT\rATE");
  });

  it("gets nothing for an event when nothing waits", () => {
    const fifo = new Fifo(128);
    const writer = new SerialWriter(fifo, 128);
    writer.onWritable(128);
    expect(fifo.pieces).toEqual([]);
    writer.write(ascii("AT\r"));
    expect(fifo.text).toBe("AT\r");
  });
});

it("keeps order and room whatever comes", () => {
  const step = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300, size: "max" }).map((bytes) => ({ bytes })),
    fc.nat(128).map((drained) => ({ drained })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), fc.nat(128), (steps, start) => {
      const fifo = new Fifo(start);
      const writer = new SerialWriter(fifo, start);
      let written = "";
      for (const event of steps) {
        if ("bytes" in event) {
          written += asciiText(event.bytes);
          writer.write(event.bytes.slice());
        } else {
          fifo.free = Math.min(128, fifo.free + event.drained);
          writer.onWritable(fifo.free);
        }
        expect(written.startsWith(fifo.text)).toBe(true);
        // What can go has gone.
        expect(fifo.text.length === written.length || fifo.free === 0).toBe(true);
      }
      for (let i = 0; i < 400 && fifo.text.length < written.length; i++) {
        fifo.free = 128;
        writer.onWritable(128);
      }
      expect(fifo.text).toBe(written);
    }),
    { seed: 128, numRuns: runs(300) },
  );
});
