/** The tables of BC66 and BC660K: sessions as the documents have them, and lines bent beyond them. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { epochOf } from "../../../../firmware/modem/at/clock";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { ascii, hexText } from "../../../../firmware/text/ascii";
import { cuts, readFrom } from "./socket-table";
import { Transcript } from "./transcript";
import { runs } from "../../../density";

describe("a session as the documents have it", () => {
  it("BC66, woken by a pulse on PSM_EINT", async () => {
    const pulses: number[] = [];
    const transcript: Transcript = new Transcript("bc66", {
      wakePin: (pressed) => void pulses.push(pressed ? -transcript.clock.now : transcript.clock.now),
    });
    await transcript.play("bc66-session.txt");
    expect(pulses.length).toBe(2);
    expect(pulses[0] + pulses[1]).toBe(300);
  });

  it("BC660K, woken by what it is asked", () => new Transcript("bc660k").play("bc660k-session.txt"));
});

const datagram = fc.uint8Array({ minLength: 4, maxLength: 512 });

describe("what AT+QIRD gives", () => {
  it("BC660K: however it is written, wherever it is cut", () => {
    fc.assert(
      fc.property(datagram, fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(2_048), cuts, (...drawn) => {
        const [bytes, oneLine, quoted, counted, left, pieces] = drawn;
        const quote = quoted ? '"' : "";
        const digits = `${quote}${hexText(bytes)}${quote}`;
        const header = `+QIRD: ${bytes.length}${counted ? `,${left}` : ""}`;
        const text = oneLine ? `\r\n${header},${digits}\r\n` : `\r\n${header}\r\n${digits}\r\n`;
        expect(readFrom("bc660k", ascii(`${text}\r\nOK\r\n`), pieces)).toEqual([hexText(bytes), "ok"]);
      }),
      { seed: 660 },
    );
  });

  it("BC66: any bytes, wherever they are cut", () => {
    fc.assert(
      fc.property(datagram, fc.boolean(), cuts, (bytes, counted, pieces) => {
        const head = ascii(`\r\n+QIRD: ${bytes.length}${counted ? ",0" : ""}\r\n`);
        const said = Uint8Array.from([...head, ...bytes, ...ascii("\r\n\r\nOK\r\n")]);
        expect(readFrom("bc66", said, pieces)).toEqual([hexText(bytes), "ok"]);
      }),
      { seed: 66 },
    );
  });

  it.each(["bc66", "bc660k"])("%s: nonsense is borne, and ends", (name) => {
    const piece = fc.oneof(
      fc.constantFrom(
        "+QIRD: ",
        "+QIRD: 4",
        ",",
        '"',
        "0A0B0C0D",
        "\r\n",
        "OK",
        "9".repeat(30),
        '+QIURC: "recv",0',
      ),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => String.fromCharCode(...bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), cuts, (pieces, where) => {
        const said = Uint8Array.from(pieces.join(""), (character) => character.charCodeAt(0));
        const came = readFrom(name, said, where);
        expect(["ok", "error", "timeout"]).toContain(came.at(-1));
        expect(came.length).toBeLessThan(20);
      }),
      { seed: 67, numRuns: runs(500) },
    );
  });
});

describe("unsolicited lines", () => {
  const { urc } = familyNamed(families, "bc660k");

  it("what was pushed is read back", () => {
    fc.assert(
      fc.property(datagram, fc.nat(4), (bytes, socket) => {
        const line = ascii(`+QIURC: "recv",${socket},${bytes.length},"${hexText(bytes)}"`);
        expect(urc(line)).toEqual({ kind: "datagram", socket, bytes });
      }),
      { seed: 68 },
    );
  });

  it("bent ones throw nothing", () => {
    const words = [
      "+QIURC:",
      '"recv"',
      '"closed"',
      '"pdpdeact"',
      ",",
      '"',
      "0",
      "4",
      "0A0B",
      "+QNBIOTEVENT:",
    ];
    words.push('"ENTER PSM"', "+CTZEU:", '"+8",1,', '"2026/13/02,23:50:20"', '"2026/10/02,23:50:20"', " ");
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
        const meant = urc(ascii(parts.join("")));
        if (meant?.kind === "time") expect(epochOf(meant.clock)).toBe(Date.UTC(2026, 9, 2, 23, 50, 20));
      }),
      { seed: 69, numRuns: runs(2_000) },
    );
  });
});
