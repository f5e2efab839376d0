import { beforeEach, describe, expect, it } from "vitest";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import type { AtCommand, AtResult } from "../../../../firmware/modem/at/engine";
import { isCeregAnswer } from "../../../../firmware/modem/at/fields";
import { ascii, asciiText } from "../../../../firmware/text/ascii";

/** An engine whose every contact with the world is noted in `log`. */
class Rig {
  readonly log: string[] = [];
  readonly engine: AtEngine;
  now = 0;

  constructor() {
    this.engine = new AtEngine({
      write: (bytes) => this.log.push(`> ${asciiText(bytes).replace("\r", "\\r")}`),
      urcs: ["+CSONMI:", "+CEREG:", "+CPIN:"].map(ascii),
      banners: ["RDY", "SMS Ready"].map(ascii),
      onUrc: (line, now) => this.log.push(`urc ${asciiText(line)} at ${now}`),
      onBanner: (now) => this.log.push(`banner at ${now}`),
    });
  }

  /** Queues a command; what it gets is noted behind its line. */
  ask(text: string, options: Partial<AtCommand> & { asks?: string } = {}): void {
    const { asks, ...rest } = options;
    this.engine.send(
      {
        line: ascii(text),
        timeout: 5_000,
        prefix: asks === undefined ? undefined : ascii(asks),
        onLine: (line) => this.log.push(`${text} < ${asciiText(line)}`),
        onDone: (result) => this.log.push(`${text} = ${resultText(result)}`),
        ...rest,
      },
      this.now,
    );
  }

  /** Lines from the modem, framed. */
  say(...lines: string[]): void {
    for (const line of lines) this.engine.receive(ascii(`\r\n${line}\r\n`), this.now);
  }

  echo(line: string): void {
    this.engine.receive(ascii(`${line}\r`), this.now);
  }

  /** Lets time pass, polling when the engine wants it. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.engine.deadline <= end) {
      this.now = Math.max(this.now, this.engine.deadline);
      this.engine.poll(this.now);
    }
    this.now = end;
  }

  /** What was noted since the last call. */
  take(): string[] {
    return this.log.splice(0);
  }
}

function resultText(result: AtResult): string {
  return result.kind === "error" && result.code !== undefined ? `error ${result.code}` : result.kind;
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

describe("a command", () => {
  it("goes out with a CR and ends with OK", () => {
    rig.ask("AT");
    rig.say("OK");
    expect(rig.take()).toEqual(["> AT\\r", "AT = ok"]);
    expect(rig.engine.busy).toBe(false);
    expect(rig.engine.deadline).toBe(Infinity);
  });

  it("gets its information lines", () => {
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.say("+CSQ: 18,0", "OK");
    expect(rig.take()).toEqual(["> AT+CSQ\\r", "AT+CSQ < +CSQ: 18,0", "AT+CSQ = ok"]);
  });

  const errors: [string, string][] = [
    ["ERROR", "error"],
    ["+CME ERROR: 10", "error 10"],
    ["+CME ERROR:10", "error 10"],
    ["+CME ERROR: 0", "error 0"],
    ["+CMS ERROR: 500", "error 500"],
    ["+CME ERROR: SIM not inserted", "error"],
    ["+CME ERROR:", "error"],
    ["+CME ERROR: ", "error"],
    ["+CME ERROR: 1e3", "error"],
    ["+CME ERROR: -1", "error"],
  ];
  it.each(errors)("ends with %s", (line, result) => {
    rig.ask("AT+CPIN?");
    rig.say(line);
    expect(rig.take()).toEqual(["> AT+CPIN?\\r", `AT+CPIN? = ${result}`]);
  });

  it.each(["OKAY", "ok", " OK", "OK ", "ERRORS", "+CMEERROR: 1"])("does not end with %j", (line) => {
    rig.ask("AT");
    rig.say(line);
    expect(rig.take()).toEqual(["> AT\\r"]);
    expect(rig.engine.unknown).toBe(1);
  });

  it("may be sent from within the end of the one before", () => {
    rig.ask("AT", { onDone: () => rig.ask("ATE0") });
    rig.say("OK");
    rig.pass(20);
    rig.say("OK");
    expect(rig.take()).toEqual(["> AT\\r", "> ATE0\\r", "ATE0 = ok"]);
  });
});

describe("echo", () => {
  it("is dropped and noted", () => {
    rig.ask("AT");
    rig.echo("AT");
    rig.say("OK");
    expect(rig.take()).toEqual(["> AT\\r", "AT = ok"]);
    expect(rig.engine.echoed).toBe(true);
    expect(rig.engine.unknown).toBe(0);
  });

  it("may stand in front of a URC or behind it", () => {
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.echo("AT+CSQ");
    rig.say("+CPIN: READY", "+CSQ: 1,0", "OK");
    rig.pass(20);
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.say("+CPIN: READY");
    rig.echo("AT+CSQ");
    rig.say("+CSQ: 2,0", "OK");
    expect(rig.take()).toEqual([
      "> AT+CSQ\\r",
      "urc +CPIN: READY at 0",
      "AT+CSQ < +CSQ: 1,0",
      "AT+CSQ = ok",
      "> AT+CSQ\\r",
      "urc +CPIN: READY at 20",
      "AT+CSQ < +CSQ: 2,0",
      "AT+CSQ = ok",
    ]);
  });

  it("is not taken for information without a prefix", () => {
    rig.ask("AT+CGSN", { bare: true });
    rig.echo("AT+CGSN");
    rig.say("864600030000017", "OK");
    expect(rig.take()).toEqual(["> AT+CGSN\\r", "AT+CGSN < 864600030000017", "AT+CGSN = ok"]);
  });
});

describe("unsolicited lines", () => {
  it.each([
    ["before", ["+CSONMI: 0,2,41", "+CSQ: 18,0", "OK"]],
    ["inside", ["+CSQ: 18,0", "+CSONMI: 0,2,41", "OK"]],
    ["behind", ["+CSQ: 18,0", "OK", "+CSONMI: 0,2,41"]],
  ])("stand %s a response", (_, lines) => {
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.say(...lines);
    const noted = rig.take();
    expect(noted.filter((text) => text.startsWith("AT"))).toEqual(["AT+CSQ < +CSQ: 18,0", "AT+CSQ = ok"]);
    expect(noted).toContain("urc +CSONMI: 0,2,41 at 0");
  });

  it("come when nothing is asked, with the time of their end", () => {
    rig.now = 5;
    rig.engine.receive(ascii("\r\n+CPIN: RE"), 5);
    rig.engine.receive(ascii("ADY\r\n"), 9);
    expect(rig.take()).toEqual(["urc +CPIN: READY at 9"]);
  });

  it("are the command's while it asks for that prefix, and nobody else's", () => {
    rig.ask("AT+CPIN?", { asks: "+CPIN:" });
    rig.say("+CPIN: READY", "OK", "+CPIN: NOT READY");
    expect(rig.take()).toEqual([
      "> AT+CPIN?\\r",
      "AT+CPIN? < +CPIN: READY",
      "AT+CPIN? = ok",
      "urc +CPIN: NOT READY at 0",
    ]);
  });

  it("of the same prefix are told apart by their shape", () => {
    rig.ask("AT+CEREG?", { asks: "+CEREG:", owns: isCeregAnswer });
    rig.say('+CEREG: 1,"5B57","01A50B1A",9', "+CEREG: 5,2", "+CEREG: 2", "OK");
    expect(rig.take().slice(1)).toEqual([
      'urc +CEREG: 1,"5B57","01A50B1A",9 at 0',
      "AT+CEREG? < +CEREG: 5,2",
      "urc +CEREG: 2 at 0",
      "AT+CEREG? = ok",
    ]);
  });

  it("do not fit a bare command's information, nor does any line with a plus", () => {
    rig.ask("AT+CGSN", { bare: true });
    rig.say("+CPIN: READY", "+NEW: 1", "864600030000017", "OK");
    expect(rig.take().slice(1)).toEqual([
      "urc +CPIN: READY at 0",
      "AT+CGSN < 864600030000017",
      "AT+CGSN = ok",
    ]);
  });

  it("that fit nothing are counted", () => {
    rig.say("Neul", "+NEW: 1", "864600030000017");
    rig.ask("AT");
    rig.say("864600030000017", "OK");
    expect(rig.engine.unknown).toBe(4);
    expect(rig.take()).toEqual(["> AT\\r", "AT = ok"]);
  });
});

describe("a banner", () => {
  it("is a whole line, and comes before all else but the echo", () => {
    rig.ask("AT+CGSN", { bare: true });
    rig.say("RDY", "RDY!", "SMS Ready", "OK");
    expect(rig.take()).toEqual([
      "> AT+CGSN\\r",
      "banner at 0",
      "AT+CGSN < RDY!",
      "banner at 0",
      "AT+CGSN = ok",
    ]);
  });
});

describe("one at a time", () => {
  it("in their order, 20 ms after the answer before", () => {
    rig.ask("AT+A");
    rig.ask("AT+B");
    rig.ask("AT+C");
    expect(rig.take()).toEqual(["> AT+A\\r"]);
    rig.now = 100;
    rig.say("OK");
    expect(rig.take()).toEqual(["AT+A = ok"]);
    expect(rig.engine.deadline).toBe(120);
    rig.pass(19);
    expect(rig.take()).toEqual([]);
    rig.pass(1);
    expect(rig.take()).toEqual(["> AT+B\\r"]);
    rig.say("ERROR");
    rig.pass(20);
    expect(rig.take()).toEqual(["AT+B = error", "> AT+C\\r"]);
  });

  it("and a poll too early changes nothing", () => {
    rig.ask("AT+A");
    rig.ask("AT+B");
    rig.engine.poll(0);
    rig.engine.poll(4_999);
    expect(rig.take()).toEqual(["> AT+A\\r"]);
    expect(rig.engine.deadline).toBe(5_000);
  });

  it("sixteen may wait; one more is turned away at once", () => {
    for (let i = 0; i < 17; i++) rig.ask(`AT+${i}`);
    rig.ask("AT+17");
    expect(rig.take()).toEqual(["> AT+0\\r", "AT+17 = aborted"]);
    for (let i = 0; i < 17; i++) {
      rig.say("OK");
      rig.pass(20);
    }
    expect(rig.take().filter((text) => text.endsWith("= ok")).length).toBe(17);
    expect(rig.engine.busy).toBe(false);
  });
});

describe("a time-out", () => {
  it("comes when it is due, and the next command waits for a late answer", () => {
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.ask("AT+CCLK?", { asks: "+CCLK:" });
    rig.pass(5_000);
    expect(rig.take()).toEqual(["> AT+CSQ\\r", "AT+CSQ = timeout"]);
    expect(rig.engine.timeouts).toBe(1);
    rig.pass(500);
    rig.say("+CSQ: 18,0", "OK");
    rig.pass(499);
    expect(rig.take()).toEqual([]);
    rig.pass(1);
    expect(rig.take()).toEqual(["> AT+CCLK?\\r"]);
    rig.say('+CCLK: "26/01/01,00:00:00+00"', "OK");
    expect(rig.take()).toEqual(['AT+CCLK? < +CCLK: "26/01/01,00:00:00+00"', "AT+CCLK? = ok"]);
    expect(rig.engine.timeouts).toBe(0);
  });

  it("of a probe lets the next one go at once", () => {
    rig.ask("AT", { probe: true, timeout: 300 });
    rig.ask("AT", { probe: true, timeout: 300 });
    rig.pass(300);
    expect(rig.take()).toEqual(["> AT\\r", "AT = timeout", "> AT\\r"]);
  });

  it("of probes: their late answers are not taken for the first command's behind them", () => {
    for (let i = 0; i < 3; i++) rig.ask("AT", { probe: true, timeout: 300 });
    rig.ask("AT+CSQ", { asks: "+CSQ:" });
    rig.pass(700);
    // The modem wakes up and answers all three.
    rig.say("OK");
    rig.pass(100);
    rig.say("OK", "OK");
    rig.pass(199);
    expect(rig.take().filter((text) => text.includes("CSQ"))).toEqual([]);
    rig.pass(1);
    rig.say("+CSQ: 18,0", "OK");
    expect(rig.take()).toEqual(["> AT+CSQ\\r", "AT+CSQ < +CSQ: 18,0", "AT+CSQ = ok"]);
  });

  it("is none when the answer came in the last moment, however late the poll", () => {
    rig.ask("AT");
    rig.now = 9_000;
    rig.say("OK");
    rig.engine.poll(9_000);
    expect(rig.take()).toEqual(["> AT\\r", "AT = ok"]);
  });
});

describe("clear", () => {
  it("aborts the command in flight and those that wait, each once, and forgets a line begun", () => {
    rig.ask("AT+A");
    rig.ask("AT+B");
    rig.engine.receive(ascii("\r\n+CPIN: REA"), 0);
    rig.take();
    rig.engine.clear(10);
    expect(rig.take()).toEqual(["AT+A = aborted", "AT+B = aborted"]);
    expect(rig.engine.busy).toBe(false);
    rig.say("RDY");
    expect(rig.take()).toEqual(["banner at 0"]);
    rig.engine.clear(20);
    expect(rig.take()).toEqual([]);
  });

  it("keeps a late answer to what it aborted from the next command", () => {
    rig.ask("AT+A");
    rig.engine.clear(0);
    rig.ask("AT+B");
    rig.pass(500);
    rig.say("OK");
    rig.pass(500);
    expect(rig.take()).toEqual(["> AT+A\\r", "AT+A = aborted", "> AT+B\\r"]);
  });

  it("makes nobody wait when nothing was in flight", () => {
    rig.engine.clear(0);
    rig.ask("AT");
    expect(rig.take()).toEqual(["> AT\\r"]);
  });

  it("may be called from a banner, and a command sent from there", () => {
    const log: string[] = [];
    const engine: AtEngine = new AtEngine({
      write: (bytes) => log.push(`> ${asciiText(bytes).trim()}`),
      urcs: [],
      banners: [ascii("RDY")],
      onUrc: () => {},
      onBanner: (now) => {
        engine.clear(now);
        engine.send({ line: ascii("AT+B"), timeout: 100, onDone: () => log.push("B done") }, now);
      },
    });
    engine.send({ line: ascii("AT+A"), timeout: 100, onDone: (result) => log.push(`A ${result.kind}`) }, 0);
    engine.receive(ascii("RDY\r\nOK\r\n"), 0);
    expect(log).toEqual(["> AT+A", "A aborted"]);
    engine.poll(1_000);
    engine.receive(ascii("OK\r\n"), 1_000);
    expect(log).toEqual(["> AT+A", "A aborted", "> AT+B", "B done"]);
  });
});
