/** What a board's serial port and captured files hold, down to lines, their times and their writers. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { boardLine } from "../../../../host-sim/tools/monitor/board-line";
import { CapturedLines } from "../../../../host-sim/tools/monitor/captured-line";
import { LineReader, longestLine } from "../../../../host-sim/tools/monitor/line-reader";
import { maskedLine } from "../../../../host-sim/tools/monitor/masked-line";
import { XsbugWire } from "../../../../host-sim/tools/monitor/xsbug-wire";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

function linesOf(pieces: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return lines;
}

describe("lines", () => {
  it("end in any way, and the last one needs no end", () => {
    expect(linesOf([bytes("a\r\nb\nc\rd")])).toEqual(["a", "b", "c", "d"]);
  });

  it("are the same however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (data, cuts) => {
          const places = [0, ...cuts.map((cut) => Math.min(cut, data.length)), data.length].sort(
            (a, b) => a - b,
          );
          const pieces = places.slice(1).map((end, i) => data.subarray(places[i], end));
          expect(linesOf(pieces)).toEqual(linesOf([data]));
        },
      ),
    );
  });

  it("are bounded: what is too long is cut, and the next one is whole", () => {
    const lines = linesOf([bytes("x".repeat(9_000)), bytes("x".repeat(9_000)), bytes("\nreport: missed\n")]);
    expect(lines.map(({ length }) => length)).toEqual([longestLine, 14]);
  });

  it("keep what they were pushed, though the buffer is used again", () => {
    const buffer = bytes("one");
    const lines: string[] = [];
    const reader = new LineReader((line) => lines.push(line));
    reader.push(buffer);
    buffer.fill(0x78);
    reader.end();
    expect(lines).toEqual(["one"]);
  });
});

describe("a debug build's port", () => {
  it("has the log in the debugger's messages", () => {
    const wire = new XsbugWire();
    expect(wire.read("report: taken id=1 format=raw")).toBeUndefined();
    expect(wire.spoken).toBe(false);
    expect(wire.read("<?xs.3FFB1C40?>")).toEqual({ kind: "other" });
    expect(wire.spoken).toBe(true);
    expect(wire.read("<xsbug><log>modem: cell operator=&#34;A &#38; B&#34;&#10;</log></xsbug>")).toEqual({
      kind: "log",
      lines: ['modem: cell operator="A & B"'],
    });
    expect(wire.read('<xsbug><log path="/x.js" line="3">modem: &lt;</log></xsbug>')).toEqual({
      kind: "log",
      lines: [],
    });
    expect(wire.read("<xsbug><log>up&#10;agent: idle&#10;</log></xsbug>")).toEqual({
      kind: "log",
      lines: ["modem: <up", "agent: idle"],
    });
    expect(wire.read("<xsbug><samples>1,2,3</samples></xsbug>")).toEqual({ kind: "other" });
  });

  it("is answered where it waits: at its start, and where it stops", () => {
    const wire = new XsbugWire();
    // Without the machine's number there is nobody to answer to.
    expect(wire.read('<xsbug><login name="main" value="XS 16.1.0"/></xsbug>')).toEqual({
      kind: "login",
      text: "main, XS 16.1.0",
      answer: undefined,
    });
    wire.read("<?xs.0000BEEF?>");
    const login = wire.read('<xsbug><login name="main" value="XS 16.1.0"/></xsbug>');
    expect(login?.kind).toBe("login");
    expect(login?.kind === "login" && Buffer.from(login.answer!).toString()).toBe(
      "\r\n<?xs.0000BEEF?>\r\n<go/>\r\n",
    );
    expect(wire.read('<xsbug><break path="a.js" line="1">throw!')).toEqual({ kind: "other" });
    const stop = wire.read("</break></xsbug>");
    expect(stop).toMatchObject({ kind: "break", text: "throw!" });
    expect(stop?.kind === "break" && stop.answer?.length).toBe(26);
  });

  it("may send anything", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 8 }), (texts) => {
        const wire = new XsbugWire();
        for (const text of texts) {
          wire.read(text);
          wire.read(`<xsbug>${text}</xsbug>`);
          const log = wire.read(`<xsbug><log>${text}</log></xsbug>`);
          if (log?.kind === "log") expect(log.lines.every((line) => !/[\r\n]/.test(line))).toBe(true);
        }
      }),
    );
  });
});

describe("a captured line", () => {
  const line = "report: taken id=7 format=raw";

  test.each([
    [line, undefined, false],
    [`2026-11-30T00:33:14.123Z ${line}`, Date.UTC(2026, 10, 30, 0, 33, 14, 123), true],
    [`[2026-11-30 00:33:14.123] ${line}`, Date.UTC(2026, 10, 30, 0, 33, 14, 123), true],
    [`2026-11-30T01:33:14,123+01:00 ${line}`, Date.UTC(2026, 10, 30, 0, 33, 14, 123), true],
    [`00:33:14.5 ${line}`, 1_994_500, false],
    ["00:33:14.123  report   taken id=7 format=raw", 1_994_123, false],
    ["1d 00:33:14.123  device   report: taken id=7 format=raw", 86_400_000 + 1_994_123, false],
    [`1764462794 ${line}`, 1_764_462_794_000, true],
    [`1764462794.25 ${line}`, 1_764_462_794_250, true],
    [`Nov 30 00:33:14 ${line}`, Date.UTC(2024, 10, 30, 0, 33, 14), false],
    [`[   12.345678] ${line}`, 12_346, false],
  ])("%s", (captured, at, dated) => {
    expect(new CapturedLines().read(captured)).toEqual({ at, dated, text: line });
  });

  it("goes on past midnight, and is not put off by two lines that have changed places", () => {
    const lines = new CapturedLines();
    const times = ["23:59:59.9", "23:59:59.8", "00:00:00.1"].map((time) => lines.read(`${time} ${line}`)?.at);
    expect(times).toEqual([86_399_900, 86_399_800, 86_400_100]);
  });

  it("of a timeline is the device's alone", () => {
    const lines = new CapturedLines();
    const read = (text: string): string | undefined => lines.read(`00:00:01.000  ${text}`)?.text;
    expect(read("device   modem: up")).toBe("modem: up");
    expect(read("modem    power on (supply)")).toBeUndefined();
    expect(read("─▶ up    CON POST mid=275a")).toBeUndefined();
    expect(read("AT       AT+CSQ")).toBeUndefined();
  });

  it("may be anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const read = new CapturedLines().read(text);
        expect(read?.at === undefined || Number.isFinite(read.at)).toBe(true);
      }),
    );
  });
});

describe("who wrote a line", () => {
  test.each([
    ["modem: asleep", "device"],
    ["modem: words of a later firmware", "device"],
    ["agent: does something new", "unknown"],
    ["radar: sees nothing", "unknown"],
    ["I (29) boot: ESP-IDF v6.0 2nd stage bootloader", "chip"],
    ["\u001b[0;32mI (29) boot: ESP-IDF v6.0 2nd stage bootloader\u001b[0m", "chip"],
    ["ets Jul 29 2019 12:21:46", "chip"],
    ["ESP-ROM:esp32s3-20210327", "chip"],
    ["Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.", "chip"],
    ["instruments: 0,0,12,1,0", "runtime"],
    ["XS abort: unhandled exception: no", "runtime"],
    ["hello", "other"],
    ["\ufffd\ufffdx\u0000~\ufffd", "noise"],
  ])("%j is %s", (line, kind) => {
    expect(boardLine(line).kind).toBe(kind);
  });

  test.each([
    ["rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "deep-sleep"],
    ["rst:0x5 (DSLEEP),boot:0x8 (SPI_FAST_FLASH_BOOT)", "deep-sleep"],
    ["rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "power-on"],
    ["rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "software"],
    ["rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13", "brownout"],
    ["rst:0x8 (TG1WDT_SYS_RESET),boot:0x13", "watchdog"],
  ])("%s: %s", (line, reset) => {
    expect(boardLine(line)).toEqual({ kind: "chip", reset });
  });

  it("is found out for any line", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (line) => void boardLine(line)));
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void boardLine(`report: ${text}`)));
  });
});

describe("what looks like a secret", () => {
  test.each([
    ['fault: {"token":"abc"} seen', 'fault: {"token":"****"} seen'],
    ["board: deviceSecret=Zx8 other", "board: deviceSecret=**** other"],
    ['modem: refused command="AT+CPIN=1234" code=16', 'modem: refused command="AT+CPIN="****"'],
    ["> AT+CGAUTH=1,1,me,hush", "> AT+CGAUTH=1,1,me,hush"],
    ["AT+CGAUTH=1,1,me,hush", "AT+CGAUTH=1,1,<hidden>"],
    ["key WaFO5rZxXk3q7bTn9KpLd2sV in a line", "key **** in a line"],
    ["sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sha ****"],
    // What the firmware says is no secret.
    ["session: online edition=token", "session: online edition=token"],
    ["modem: identified imei=864600031353255", "modem: identified imei=864600031353255"],
    [
      "message: acknowledged id=2365450722 topic=ota/device/inform",
      "message: acknowledged id=2365450722 topic=ota/device/inform",
    ],
    [
      'modem: sim status="SIM PIN": the card wants its PIN: set pin=, or take the PIN off with a phone',
      'modem: sim status="SIM PIN": the card wants its PIN: set pin=, or take the PIN off with a phone',
    ],
    ["I (1) nvs: secret: 'one two' psk = three", "I (1) nvs: secret: **** psk = ****"],
    ["I (1) nvs: device_secret=four; password: five", "I (1) nvs: device_secret=****; password: ****"],
    ['{"\\u0074oken":"six"}', '{"token":"****"}'],
  ])("%s", (line, shown) => {
    expect(maskedLine(line)).toBe(shown);
  });
});
