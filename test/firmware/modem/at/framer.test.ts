import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { LineFramer } from "../../../../firmware/modem/at/framer";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import { runs } from "../../../density";

/** Lines that come out when the bytes come in these pieces. */
function linesOf(pieces: readonly Uint8Array[], capacity?: number): { lines: string[]; overflows: number } {
  const lines: string[] = [];
  const framer = new LineFramer({ onLine: (line) => lines.push(asciiText(line)) }, capacity);
  for (const piece of pieces) framer.receive(piece);
  return { lines, overflows: framer.overflows };
}

/** Cuts the bytes at these places, in whatever order they are. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const bounds = [0, ...sorted, bytes.length];
  return bounds.slice(1).map((end, i) => bytes.slice(bounds[i], end));
}

describe("cutting into lines", () => {
  const samples: [string, string, string[]][] = [
    ["a response", "\r\n+CSQ: 18,0\r\n\r\nOK\r\n", ["+CSQ: 18,0", "OK"]],
    ["an echo, which ends with a CR alone", "AT+CSQ\r\r\n+CSQ: 18,0\r\n", ["AT+CSQ", "+CSQ: 18,0"]],
    ["LF alone, as some firmware writes", "OK\n\nRDY\n", ["OK", "RDY"]],
    ["LF before CR", "OK\n\rRDY\n\r", ["OK", "RDY"]],
    ["nothing but line ends", "\r\n\r\n\n\r", []],
    ["an end that has not come", "OK\r\n+CSQ: 1", ["OK"]],
    ["a lone blank", " \r\n", [" "]],
    ["bytes that are no text", "\x00\xff\x80\r\nOK\r\n", ["\x00\xff\x80", "OK"]],
  ];
  it.each(samples)("%s", (_, text, lines) => {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    expect(linesOf([bytes]).lines).toEqual(lines);
    expect(linesOf(Array.from(bytes, (byte) => Uint8Array.of(byte))).lines).toEqual(lines);
  });

  it("holds a datagram of 512 bytes in hex behind the name of its URC", () => {
    const line = `+CSONMI: 0,1024,${"A5".repeat(512)}`;
    expect(linesOf([ascii(`\r\n${line}\r\n`)])).toEqual({ lines: [line], overflows: 0 });
  });
});

describe("a line too long", () => {
  it("is dropped whole and counted; the one behind it is not", () => {
    const text = `\r\n${"x".repeat(9)}\r\nOK\r\n`;
    expect(linesOf([ascii(text)], 8)).toEqual({ lines: ["OK"], overflows: 1 });
  });

  it("is told of by its beginning, once it has come to its end", () => {
    const told: string[] = [];
    const onOverlong = (beginning: Uint8Array): void => void told.push(asciiText(beginning));
    const framer = new LineFramer({ onLine: () => {}, onOverlong }, 8);
    framer.receive(ascii("+CSONMI: 0,9999"));
    expect(told).toEqual([]);
    framer.receive(ascii("\r\nOK\r\n"));
    expect(told).toEqual(["+CSONMI:"]);
  });

  it("may be as long as the buffer", () => {
    expect(linesOf([ascii("12345678\r\n")], 8)).toEqual({ lines: ["12345678"], overflows: 0 });
  });

  it("counts once however long it is, and stays in its bounds", () => {
    const pieces = Array.from({ length: 1_000 }, () => ascii("garbage without any end"));
    expect(linesOf([...pieces, ascii("\rOK\r")], 8)).toEqual({ lines: ["OK"], overflows: 1 });
  });
});

describe("clear", () => {
  it("forgets a line begun", () => {
    const lines: string[] = [];
    const framer = new LineFramer({ onLine: (line) => lines.push(asciiText(line)) });
    framer.receive(ascii("+CSO"));
    framer.clear();
    framer.receive(ascii("RDY\r\n"));
    expect(lines).toEqual(["RDY"]);
  });

  it("ends an overflow", () => {
    const lines: string[] = [];
    const framer = new LineFramer({ onLine: (line) => lines.push(asciiText(line)) }, 4);
    framer.receive(ascii("too long"));
    framer.clear();
    framer.receive(ascii("RDY\r\n"));
    expect(lines).toEqual(["RDY"]);
  });

  it("may be called while a line is being handled", () => {
    const lines: string[] = [];
    const framer: LineFramer = new LineFramer({
      onLine: (line) => {
        lines.push(asciiText(line));
        framer.clear();
      },
    });
    framer.receive(ascii("RDY\r\nOK\r\n"));
    expect(lines).toEqual(["RDY", "OK"]);
  });
});

describe("any bytes", () => {
  const noise = fc.uint8Array({ maxLength: 300, size: "max" });
  const character = fc.constantFrom(...'\r\nAOK+: ,"9');
  const text = fc
    .array(character, { maxLength: 200, size: "max" })
    .map((characters) => ascii(characters.join("")));
  const places = fc.array(fc.nat(300), { maxLength: 20 });

  it("give the same lines however they are split", () => {
    fc.assert(
      fc.property(fc.oneof(noise, text), places, fc.integer({ min: 1, max: 40 }), (bytes, at, capacity) => {
        expect(linesOf(cut(bytes, at), capacity)).toEqual(linesOf([bytes], capacity));
      }),
      { seed: 7020, numRuns: runs(500) },
    );
  });

  it("give what splitting the text gives", () => {
    fc.assert(
      fc.property(fc.oneof(noise, text), fc.integer({ min: 1, max: 40 }), (bytes, capacity) => {
        const whole = asciiText(bytes).split(/[\r\n]+/);
        const begun = whole.pop()!;
        const expected = whole.filter((line) => line !== "" && line.length <= capacity);
        const tooLong = [...whole, begun].filter((line) => line.length > capacity).length;
        expect(linesOf([bytes], capacity)).toEqual({ lines: expected, overflows: tooLong });
      }),
      { seed: 7020, numRuns: runs(500) },
    );
  });

  /** What comes out besides lines: data that a line announces, or a line begun, and prompts. */
  function eventsOf(pieces: readonly Uint8Array[], capacity: number, sameLine: boolean): string[] {
    const events: string[] = [];
    const framer: LineFramer = new LineFramer(
      {
        onLine(line) {
          const text = asciiText(line);
          events.push(`line ${text}`);
          framer.watching = sameLine && text === "OK";
          if (text.startsWith("9")) framer.prompt = 0x41;
          if (!sameLine && text.startsWith("A")) framer.takeRaw(text.length);
          if (text === "+") framer.clear();
        },
        onOverlong: (beginning) => events.push(`overlong ${asciiText(beginning)}`),
        onPrompt: () => events.push("prompt"),
        onRaw: (bytes) => events.push(`raw ${asciiText(bytes)}`),
        onPartial: (line) => (line[0] === 0x2b ? line.length : undefined),
      },
      capacity,
    );
    framer.watching = sameLine;
    for (const piece of pieces) framer.receive(piece);
    return [...events, `missing ${framer.missing}`, `begun ${asciiText(framer.begun)}`];
  }

  it("give the same data, prompts and lines byte by byte as in any pieces", () => {
    fc.assert(
      fc.property(
        text,
        places,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (bytes, at, most, sameLine) => {
          const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
          const expected = eventsOf(single, most, sameLine);
          expect(eventsOf([bytes], most, sameLine)).toEqual(expected);
          expect(eventsOf(cut(bytes, at), most, sameLine)).toEqual(expected);
        },
      ),
      { seed: 7021, numRuns: runs(1000) },
    );
  });
});
