import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { ascii, asciiText, startsWith } from "../../../../firmware/text/ascii";
import { runs } from "../../../density";
import type { AtCommand, AtResult } from "../../../../firmware/modem/at/engine";

const sendOk = (line: Uint8Array): AtResult | undefined => {
  const text = asciiText(line);
  return text === "SEND OK" ? { kind: "ok" } : text === "SEND FAIL" ? { kind: "error" } : undefined;
};
const qiopen = (line: Uint8Array): AtResult | undefined => {
  if (!startsWith(line, ascii("+QIOPEN: 0,"))) return undefined;
  const code = Number(asciiText(line, 11));
  return code === 0 ? { kind: "ok" } : { kind: "error", code };
};
const secondField = (header: Uint8Array, prefix: string): number | undefined => {
  const match = new RegExp(`^\\${prefix} (\\d+),?$`).exec(asciiText(header));
  return match === null ? undefined : Number(match[1]);
};

/** An engine whose every contact with the world is noted. */
function rig() {
  const log: string[] = [];
  const engine = new AtEngine({
    write: (bytes) => log.push(`> ${asciiText(bytes).replace("\r", "\\r").replace("\x1b", "ESC")}`),
    urcs: ["+QIURC:", "+CADATAIND:"].map(ascii),
    banners: [ascii("RDY")],
    onUrc: (line) => log.push(`urc ${asciiText(line)}`),
    onBanner: () => log.push("banner"),
  });
  let now = 0;
  return {
    engine,
    take: () => log.splice(0),
    ask: (text: string, options: Partial<AtCommand>) =>
      engine.send(
        {
          line: ascii(text),
          timeout: 10_000,
          onLine: (line) => log.push(`< ${asciiText(line)}`),
          onDone: (result) => log.push(`= ${JSON.stringify(result)}`),
          ...options,
        },
        now,
      ),
    say: (text: string) => engine.receive(ascii(text), now),
    bytes: (bytes: Uint8Array) => engine.receive(bytes, now),
    pass: (ms: number) => {
      now += ms;
      engine.poll(now);
    },
    data: (bytes: Uint8Array) => log.push(`data ${Buffer.from(bytes).toString("hex")}`),
  };
}

const payload = { prompt: 0x3e, bytes: ascii("hello") };

describe("data behind a prompt", () => {
  it("goes out when the modem asks for it, and no earlier", () => {
    const { ask, say, take } = rig();
    ask("AT+CASEND=0,5", { payload });
    expect(take()).toEqual(["> AT+CASEND=0,5\\r"]);
    say("AT+CASEND=0,5\r\r\n> ");
    expect(take()).toEqual(["> hello"]);
    say("\r\nOK\r\n");
    expect(take()).toEqual(['= {"kind":"ok"}']);
  });

  it("is not asked for by the same character within a line, nor without such a command", () => {
    const { ask, say, take } = rig();
    ask("AT", {});
    say("\r\n> \r\nOK\r\n");
    expect(take()).toEqual(["> AT\\r", '= {"kind":"ok"}']);
    const { ask: askData, say: sayData, take: takeData } = rig();
    askData("AT+CASEND=0,5", { payload });
    sayData("\r\nx> y\r\n");
    expect(takeData()).toEqual(["> AT+CASEND=0,5\\r"]);
  });

  it("is asked for behind a URC, and the blank behind the prompt is part of it", () => {
    const { ask, say, take, pass } = rig();
    ask("AT+QISEND=0,5", { payload, ends: sendOk });
    say('\r\n+QIURC: "recv",0\r\n>');
    say(" ");
    say("\r\nSEND OK\r\n");
    pass(20);
    expect(take()).toEqual(["> AT+QISEND=0,5\\r", 'urc +QIURC: "recv",0', "> hello", '= {"kind":"ok"}']);
  });

  it("never asked for: ESC, and a time-out that says so; the next command waits for a late answer", () => {
    const { ask, say, take, pass } = rig();
    ask("AT+CASEND=0,5", { payload });
    ask("AT", {});
    take();
    pass(4_999);
    expect(take()).toEqual([]);
    pass(1);
    expect(take()).toEqual(["> ESC", '= {"kind":"timeout","unprompted":true}']);
    // Late: the next command would be data.
    say("\r\n> ");
    expect(take()).toEqual(["> ESC"]);
    say("\r\nERROR\r\n");
    pass(1_000);
    expect(take()).toEqual(["> AT\\r"]);
  });

  it.each(["given up", "waited for"])(
    "%s when the engine is cleared: ESC when it comes all the same",
    (when) => {
      const { engine, ask, say, take, pass } = rig();
      ask("AT+CASEND=0,5", { payload });
      pass(when === "given up" ? 5_000 : 100);
      engine.clear(when === "given up" ? 5_000 : 100);
      take();
      say("\r\n> ");
      expect(take()).toEqual(["> ESC"]);
    },
  );

  it("taken and then nothing: an ordinary time-out", () => {
    const { ask, say, take, pass } = rig();
    ask("AT+CASEND=0,5", { payload });
    pass(4_000);
    say("\r\n>");
    take();
    pass(9_999);
    expect(take()).toEqual([]);
    pass(1);
    expect(take()).toEqual(['= {"kind":"timeout"}']);
  });

  it("refused instead of asked for", () => {
    const { ask, say, take } = rig();
    ask("AT+CASEND=0,5", { payload });
    say("\r\n+CME ERROR: 3\r\n");
    expect(take().at(-1)).toBe('= {"kind":"error","code":3}');
  });
});

describe("the line that ends a command", () => {
  it.each([
    ["SEND OK in place of OK", "\r\nSEND OK\r\n", '= {"kind":"ok"}'],
    ["SEND OK behind OK", "\r\nOK\r\n\r\nSEND OK\r\n", '= {"kind":"ok"}'],
    ["SEND FAIL", "\r\nSEND FAIL\r\n", '= {"kind":"error"}'],
    ["ERROR", "\r\nERROR\r\n", '= {"kind":"error"}'],
  ])("%s", (_, text, end) => {
    const { ask, say, take } = rig();
    ask("AT+QISEND=0,5", { ends: sendOk });
    say(text);
    expect(take().slice(1)).toEqual([end]);
  });

  it("OK alone does not end one that has another end", () => {
    const { ask, say, take, pass } = rig();
    ask("AT+QISEND=0,5", { ends: sendOk });
    say("\r\nOK\r\n");
    pass(9_999);
    expect(take().slice(1)).toEqual([]);
    pass(1);
    expect(take()).toEqual(['= {"kind":"timeout"}']);
  });

  it.each([
    ["before OK", "\r\n+QIOPEN: 0,0\r\n\r\nOK\r\n", '= {"kind":"ok"}'],
    ["behind OK", "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n", '= {"kind":"ok"}'],
    ["a failure behind OK", "\r\nOK\r\n\r\n+QIOPEN: 0,563\r\n", '= {"kind":"error","code":563}'],
    ["a failure before OK", "\r\n+QIOPEN: 0,563\r\n", '= {"kind":"error","code":563}'],
    ["ERROR at once", "\r\nERROR\r\n", '= {"kind":"error"}'],
  ])("a line besides OK: %s", (_, text, end) => {
    const { ask, say, take } = rig();
    ask('AT+QIOPEN=1,0,"UDP"', { also: qiopen });
    say(text);
    expect(take().slice(1)).toEqual([end]);
  });

  it("twice the same half is no whole", () => {
    const { ask, say, take } = rig();
    ask("AT+QIOPEN=1,0", { also: qiopen });
    say("\r\nOK\r\n\r\nOK\r\n");
    expect(take().slice(1)).toEqual([]);
    say("\r\n+QIOPEN: 0,0\r\n");
    expect(take()).toEqual(['= {"kind":"ok"}']);
  });
});

describe("raw bytes in an answer", () => {
  const sameLine = (data: (bytes: Uint8Array) => void): Partial<AtCommand> => ({
    prefix: ascii("+CARECV:"),
    raw: { sameLine: true, count: (header) => secondField(header, "+CARECV:"), onData: data },
  });
  const nextLine = (data: (bytes: Uint8Array) => void): Partial<AtCommand> => ({
    prefix: ascii("+QIRD:"),
    raw: { sameLine: false, count: (header) => secondField(header, "+QIRD:"), onData: data },
  });

  it("on the header's line, line ends and words among them", () => {
    const { ask, say, take, data } = rig();
    ask("AT+CARECV=0,1024", sameLine(data));
    say("\r\n+CARECV: 8,\r\nOK\r\n,,\r\n\r\nOK\r\n");
    expect(take().slice(1)).toEqual(["data 0d0a4f4b0d0a2c2c", '= {"kind":"ok"}']);
  });

  it("on the header's line, none", () => {
    const { ask, say, take, data } = rig();
    ask("AT+CARECV=0,1024", sameLine(data));
    say("\r\n+CARECV: 0\r\n\r\nOK\r\n");
    expect(take().slice(1)).toEqual(["< +CARECV: 0", '= {"kind":"ok"}']);
  });

  it("on the next line, the first of them a line feed", () => {
    const { ask, say, take, data } = rig();
    ask("AT+QIRD=0,512", nextLine(data));
    say("\r\n+QIRD: 4\r\n\n\r>A\r\n\r\nOK\r\n");
    expect(take().slice(1)).toEqual(["< +QIRD: 4", "data 0a0d3e41", '= {"kind":"ok"}']);
  });

  it("more than there is room for: no data, and the command still ends", () => {
    const { ask, say, take, data } = rig();
    ask("AT+QIRD=0,512", nextLine(data));
    say("\r\n+QIRD: 99999\r\nxx\r\nOK\r\n");
    expect(take().slice(1)).toEqual(["< +QIRD: 99999", '= {"kind":"ok"}']);
  });

  it("cut short: a time-out, and the next answer is read as lines again", () => {
    const { ask, say, take, data, pass } = rig();
    ask("AT+CARECV=0,1024", sameLine(data));
    say("\r\n+CARECV: 20,abc");
    take();
    pass(10_000);
    pass(1_000);
    ask("AT", {});
    say("\r\nOK\r\n");
    expect(take()).toEqual(['= {"kind":"timeout"}', "> AT\\r", '= {"kind":"ok"}']);
  });

  it("any bytes come through whole, however they are cut", () => {
    const cuts = fc.array(fc.nat(600), { maxLength: 12 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), cuts, fc.boolean(), (body, at, same) => {
        const { ask, bytes, take, data } = rig();
        ask(same ? "AT+CARECV=0,600" : "AT+QIRD=0,600", same ? sameLine(data) : nextLine(data));
        const head = ascii(same ? `\r\n+CARECV: ${body.length},` : `\r\n+QIRD: ${body.length}\r\n`);
        const all = Buffer.concat([head, body, ascii("\r\n\r\nOK\r\n")]);
        const places = [...new Set([0, ...at.map((place) => place % all.length), all.length])].sort(
          (a, b) => a - b,
        );
        for (let i = 1; i < places.length; i++) bytes(all.subarray(places[i - 1], places[i]));
        const said = take().filter((line) => !line.startsWith("<"));
        expect(said.slice(1)).toEqual([`data ${Buffer.from(body).toString("hex")}`, '= {"kind":"ok"}']);
      }),
      { seed: 7080, numRuns: runs(500) },
    );
  });
});

describe("fewer bytes than announced", () => {
  const raw = (sameLine: boolean, log: string[]): Partial<AtCommand> => ({
    prefix: ascii(sameLine ? "+CARECV:" : "+QIRD:"),
    raw: {
      sameLine,
      count: (header) => secondField(header, sameLine ? "+CARECV:" : "+QIRD:"),
      onData: (bytes, missing) => log.push(`${asciiText(bytes)} missing ${missing}`),
    },
  });

  const forms = [
    ["on the header's line", true, (count: number) => `\r\n+CARECV: ${count},`],
    ["behind the header's line", false, (count: number) => `\r\n+QIRD: ${count}\r\n`],
  ] as const;

  // Whether all of the answer's end is taken for data, a part of it, or no more than fits exactly.
  const cases = forms.flatMap((form) =>
    ["\r\n\r\nOK\r\n", "\r\nOK\r\n"].flatMap((tail) =>
      [tail.length - 3, tail.length - 2, tail.length - 1, tail.length, 20].map(
        (missing) => [...form, tail, missing] as const,
      ),
    ),
  );
  it.each(cases)(
    "%s: what came is kept, and the command ends a second later",
    (_, sameLine, head, tail, missing) => {
      const { ask, say, take, pass, engine } = rig();
      const got: string[] = [];
      ask("AT+X", raw(sameLine, got));
      say(`${head(12 + missing)}twelve bytes${tail.slice(0, 3)}`);
      pass(500);
      say(tail.slice(3));
      take();
      expect(engine.deadline).toBe(1_500);
      pass(999);
      expect(got).toEqual([]);
      pass(1);
      expect(got).toEqual([`twelve bytes missing ${missing}`]);
      expect(take()).toEqual(['= {"kind":"ok"}']);
      // Lines are lines again.
      ask("AT", {});
      pass(1_000);
      say("\r\nOK\r\n");
      expect(take()).toEqual(["> AT\\r", '= {"kind":"ok"}']);
    },
  );

  // No more than the line end behind the data, or a part of it, is taken for data.
  const fewCases = forms.flatMap((form) =>
    ["\r\n\r\nOK\r\n", "\r\nOK\r\n"].flatMap((tail) =>
      [1, 2, 3, 4]
        .filter((missing) => missing <= tail.length - 4)
        .map((missing) => [...form, tail, missing] as const),
    ),
  );
  it.each(fewCases)(
    "%s, a few: no line end passes for data, and the OK ends the command",
    (_, sameLine, head, tail, missing) => {
      for (const known of [false, true]) {
        const { ask, say, take, pass } = rig();
        const got: string[] = [];
        if (known) {
          ask("AT+X", raw(sameLine, got));
          say(`${head(3)}yes${tail}`);
          pass(1_000);
        }
        ask("AT+X", raw(sameLine, got));
        say(`${head(12 + missing)}twelve bytes${tail}`);
        expect(got.at(-1)).toBe(`twelve bytes missing ${missing}`);
        expect(take().at(-1)).toBe('= {"kind":"ok"}');
      }
    },
  );

  it("never gives another datagram for whole than the one that came", () => {
    const byte = fc.constantFrom(0x0d, 0x0a, 0x4f, 0x4b, 0x41);
    const tails = fc.constantFrom("\r\n\r\nOK\r\n", "\r\nOK\r\n");
    fc.assert(
      fc.property(
        fc.array(byte, { minLength: 1, maxLength: 12 }),
        fc.nat(8),
        tails,
        fc.boolean(),
        (body, short, tail, same) => {
          const { ask, bytes, pass } = rig();
          const got: { readonly text: string; readonly missing: number }[] = [];
          const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
          ask("AT+X", {
            ...raw(same, []),
            raw: { ...raw(same, []).raw!, onData: (data, missing) => got.push({ text: hex(data), missing }) },
          });
          const came = body.slice(0, Math.max(0, body.length - short));
          const head = ascii(same ? `\r\n+CARECV: ${body.length},` : `\r\n+QIRD: ${body.length}\r\n`);
          bytes(Buffer.concat([head, Uint8Array.from(came), ascii(tail)]));
          pass(20_000);
          for (const { text, missing } of got) {
            expect(hex(Uint8Array.from(body)).startsWith(text)).toBe(true);
            if (missing === 0) expect(text).toBe(hex(Uint8Array.from(came)));
            if (came.length < body.length) expect(missing).toBeGreaterThan(0);
          }
        },
      ),
      { seed: 7081, numRuns: runs(2_000) },
    );
  });

  it.each(["\r\n\r\nOK\r\n", "\r\nOK\r\n"])(
    "data that is a line end is whole once it is known what stands behind data: %j",
    (tail) => {
      const { ask, say, pass } = rig();
      const got: string[] = [];
      for (const data of ["yes", "line\r\n", "line\r", "\r\n\r\n"]) {
        ask("AT+X", raw(false, got));
        say(`\r\n+QIRD: ${data.length}\r\n${data}${tail}`);
        expect(got.at(-1)).toBe(`${data} missing 0`);
        pass(1_000);
      }
    },
  );

  it.each(forms)("%s: data that ends as an answer does is given as it is", (_, sameLine, head) => {
    for (const end of ["\r\nOK\r\n", "\r\nO", "OK\r\n", "\r\n"]) {
      const { ask, say, take } = rig();
      const got: string[] = [];
      ask("AT+X", raw(sameLine, got));
      const data = `data${end}`;
      say(`${head(data.length)}${data}\r\n\r\nOK\r\n`);
      expect(got).toEqual([`${data} missing 0`]);
      expect(take().at(-1)).toBe('= {"kind":"ok"}');
    }
  });

  it("none at all", () => {
    const { ask, say, take, pass } = rig();
    const got: string[] = [];
    ask("AT+X", raw(false, got));
    say("\r\n+QIRD: 20\r\n\r\nOK\r\n");
    pass(1_000);
    expect(got).toEqual([" missing 20"]);
    expect(take().at(-1)).toBe('= {"kind":"ok"}');
  });

  it("and no OK behind them: the command is not answered", () => {
    const { ask, say, take, pass } = rig();
    const got: string[] = [];
    ask("AT+X", raw(false, got));
    say("\r\n+QIRD: 20\r\ntwelve bytes");
    pass(9_999);
    take();
    pass(1);
    expect(take()).toEqual(['= {"kind":"timeout"}']);
    expect(got).toEqual([]);
  });

  it("a pause is no end: the rest may come later", () => {
    const { ask, say, take, pass } = rig();
    const got: string[] = [];
    ask("AT+X", raw(false, got));
    say("\r\n+QIRD: 20\r\ntwelve bytes");
    pass(3_000);
    say(" and 8!!\r\nOK\r\n");
    expect(got).toEqual(["twelve bytes and 8!! missing 0"]);
    expect(take().at(-1)).toBe('= {"kind":"ok"}');
  });
});

describe("digits for result codes", () => {
  it("are results of a probe, and from then on of any command, until words are back", () => {
    const { ask, say, take, engine } = rig();
    ask("AT", { probe: true });
    say("AT\r0\r");
    expect(engine.digits).toBe(true);
    expect(take()).toEqual(["> AT\\r", '= {"kind":"ok"}']);
    ask("AT+X", { bare: true });
    engine.poll(1_000);
    say("864600030000017\r\n4\r");
    expect(take()).toEqual(["> AT+X\\r", "< 864600030000017", '= {"kind":"error"}']);
    engine.digits = false;
    engine.poll(2_000);
    ask("AT+NSOCR", { bare: true });
    engine.poll(2_000);
    say("\r\n0\r\n\r\nOK\r\n");
    expect(take()).toEqual(["> AT+NSOCR\\r", "< 0", '= {"kind":"ok"}']);
  });

  it("are given up when the modem says OK: a line of noise may have passed for one", () => {
    const { ask, say, take, engine } = rig();
    ask("AT", { probe: true });
    say("AT\r0\r");
    expect(engine.digits).toBe(true);
    ask("ATE0", {});
    engine.poll(1_000);
    say("\r\nOK\r\n");
    expect(engine.digits).toBe(false);
    ask("AT+NSOCR", { bare: true });
    engine.poll(2_000);
    take();
    say("\r\n0\r\n\r\nOK\r\n");
    expect(take()).toEqual(["< 0", '= {"kind":"ok"}']);
  });

  it("are data of a command that is none", () => {
    const { ask, say, take, engine } = rig();
    ask("AT+NSOCR", { bare: true });
    say("\r\n0\r\n\r\nOK\r\n");
    expect(take()).toEqual(["> AT+NSOCR\\r", "< 0", '= {"kind":"ok"}']);
    expect(engine.digits).toBe(false);
  });
});

describe("a command that is hastened", () => {
  it("ends by another's hand when it is late, and as usual when it is not", () => {
    const { ask, say, take, pass, engine } = rig();
    const late: number[] = [];
    engine.hasten(100, 0, (at) => late.push(at));
    ask("AT+A", {});
    engine.hasten(3_000, 0, (at) => late.push(at));
    pass(2_999);
    say("\r\nOK\r\n");
    pass(10_000);
    expect(take()).toEqual(["> AT+A\\r", '= {"kind":"ok"}']);
    ask("AT+B", {});
    const began = 12_999;
    engine.hasten(3_000, began, (at) => {
      late.push(at);
      engine.clear(at);
    });
    pass(3_000);
    expect(late).toEqual([began + 3_000]);
    expect(take()).toEqual(["> AT+B\\r", '= {"kind":"aborted"}']);
  });
});
