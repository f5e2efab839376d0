/** A line that a command waits for besides its OK, or the OK behind information, may get lost: what becomes of the command. */
import { describe, expect, it } from "vitest";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { runScript } from "../../../../firmware/modem/at/script";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import type { AtResult } from "../../../../firmware/modem/at/engine";
import type { Step } from "../../../../firmware/modem/at/script";

/** A script of one step that opens a socket, and the modem's answers by the test's own hand. */
class Rig {
  now = 0;
  readonly written: string[] = [];
  readonly urcs: string[] = [];
  readonly results: (AtResult & { readonly at: number })[] = [];
  readonly engine = new AtEngine({
    write: (bytes) => void this.written.push(asciiText(bytes, 0, bytes.length - 1)),
    urcs: [ascii("+OPEN:")],
    banners: [],
    onUrc: (line) => void this.urcs.push(asciiText(line)),
    onBanner() {},
  });

  constructor(step: Partial<Step> = {}) {
    const read = (line: Uint8Array): AtResult | undefined => {
      const text = asciiText(line);
      if (text === "+OPEN: 0") return { kind: "ok" };
      return text.startsWith("+OPEN:") ? { kind: "error", code: 7 } : undefined;
    };
    const open: Step = {
      line: ascii("AT+OPEN"),
      timeout: 60_000,
      also: read,
      ask: {
        line: ascii("AT+STATE?"),
        prefix: ascii("+STATE:"),
        tells: (line) => (asciiText(line) === "+STATE: 1" ? { kind: "ok" } : undefined),
      },
      ...step,
    };
    runScript(this.engine, [open], ({ result }, at) => void this.results.push({ ...result, at }), 0);
  }

  say(...lines: string[]): void {
    for (const line of lines) this.engine.receive(ascii(`\r\n${line}\r\n`), this.now);
  }

  /** Time passes, and each command that is said meanwhile is answered so. */
  pass(ms: number, answer: (line: string) => readonly string[] = () => []): void {
    const end = this.now + ms;
    let seen = this.written.length;
    while (this.now < end) {
      this.now = Math.max(this.now + 1, Math.min(end, this.engine.deadline));
      this.engine.poll(this.now);
      for (; seen < this.written.length; seen++) this.say(...answer(this.written[seen]));
    }
  }
}

const state = (text: string) => (line: string) => (line === "AT+STATE?" ? [text, "OK"] : ["OK"]);

describe("a line besides OK that does not come", () => {
  it("is asked for within seconds, and what the answer tells counts", () => {
    const rig = new Rig();
    rig.say("OK");
    rig.pass(4_000, state("+STATE: 1"));
    expect(rig.written).toEqual(["AT+OPEN", "AT+STATE?"]);
    expect(rig.results).toMatchObject([{ kind: "ok" }]);
    expect(rig.engine.timeouts).toBe(0);
  });

  it("is asked for again and again while it is too soon, and counts when it comes", () => {
    const rig = new Rig();
    rig.say("OK");
    rig.pass(20_000, state("+STATE: 0"));
    expect(rig.results).toEqual([]);
    expect(rig.written.filter((line) => line === "AT+STATE?").length).toBeGreaterThan(3);
    rig.say("+OPEN: 0");
    rig.pass(5_000, state("+STATE: 0"));
    expect(rig.results).toMatchObject([{ kind: "ok" }]);
  });

  it("is no success when it comes late and tells a failure", () => {
    const rig = new Rig();
    rig.say("OK");
    // In the word's time.
    rig.pass(4_500, state("+STATE: 0"));
    expect(rig.written.at(-1)).toBe("AT");
    rig.say("+OPEN: 1");
    rig.pass(5_000, state("+STATE: 0"));
    expect(rig.results).toMatchObject([{ kind: "error", code: 7 }]);
  });

  it("takes the step's own time, where the question is refused or tells nothing", () => {
    for (const answer of ["ERROR", "OK"]) {
      const rig = new Rig();
      rig.say("OK");
      rig.pass(70_000, (line) => (line === "AT+STATE?" ? [answer] : ["OK"]));
      expect(rig.results).toMatchObject([{ kind: "timeout" }]);
      expect(rig.results[0].at).toBeGreaterThan(59_000);
      expect(rig.results[0].at).toBeLessThan(66_000);
      // Not in a row without a pause.
      expect(rig.written.length).toBeLessThan(45);
    }
  });

  it("is not asked of a modem that has said nothing", () => {
    const rig = new Rig();
    rig.pass(59_000);
    expect(rig.written).toEqual(["AT+OPEN"]);
    rig.pass(3_000);
    expect(rig.results).toMatchObject([{ kind: "timeout" }]);
    expect(rig.engine.timeouts).toBe(1);
  });

  it("ends with a modem that falls silent", () => {
    const rig = new Rig();
    rig.say("OK");
    rig.pass(12_000);
    expect(rig.results).toMatchObject([{ kind: "timeout" }]);
  });

  it("may stand in front of an OK that gets lost", () => {
    const rig = new Rig();
    rig.say("+OPEN: 0");
    rig.pass(4_000);
    expect(rig.results).toMatchObject([{ kind: "ok" }]);
    expect(rig.written).toEqual(["AT+OPEN"]);
  });

  it("has all of its time where nothing else would tell it", () => {
    const rig = new Rig({ ask: undefined });
    rig.say("OK");
    rig.pass(59_000);
    expect(rig.results).toEqual([]);
    rig.say("+OPEN: 0");
    expect(rig.results).toMatchObject([{ kind: "ok" }]);
  });
});

describe("an OK that does not come", () => {
  it("behind information is not waited for, and one that is late is nobody's", () => {
    const rig = new Rig({ also: undefined, ask: undefined, prefix: ascii("+INFO:"), onLine() {} });
    rig.say("+INFO: 1");
    rig.pass(3_500);
    expect(rig.results).toMatchObject([{ kind: "ok" }]);
    runScript(
      rig.engine,
      [{ line: ascii("AT+NEXT") }],
      ({ result }, at) => void rig.results.push({ ...result, at }),
      rig.now,
    );
    rig.say("OK");
    expect(rig.results).toHaveLength(1);
    rig.pass(1_000);
    expect(rig.written.at(-1)).toBe("AT+NEXT");
    rig.say("OK");
    expect(rig.results).toHaveLength(2);
  });

  it("without information has all of its time", () => {
    const rig = new Rig({ also: undefined, ask: undefined, prefix: ascii("+INFO:"), onLine() {} });
    rig.pass(59_000);
    expect(rig.results).toEqual([]);
  });
});

describe("a command of which nothing else tells the answer", () => {
  const again: Partial<Step> = { ask: { line: ascii("AT+OPEN"), after: 15_000 } };

  it("is said once more behind its time, and its line is heard before the OK and behind it", () => {
    for (const answer of [
      ["OK", "+OPEN: 0"],
      ["+OPEN: 0", "OK"],
    ]) {
      const rig = new Rig(again);
      rig.say("OK");
      rig.pass(20_000, () => answer);
      expect(rig.written).toEqual(["AT+OPEN", "AT+OPEN"]);
      expect(rig.results).toMatchObject([{ kind: "ok" }]);
      expect(rig.results[0].at).toBeGreaterThan(15_000);
      expect(rig.results[0].at).toBeLessThan(15_200);
      expect(rig.urcs).toEqual([]);
    }
  });

  it("is said no more than four times in a minute", () => {
    const rig = new Rig(again);
    rig.say("OK");
    rig.pass(120_000, () => ["OK"]);
    expect(rig.written.length).toBeLessThan(6);
    expect(rig.results).toMatchObject([{ kind: "timeout" }]);
  });
});

it("a refusal that comes while it is asked for ends the step as such", () => {
  const rig = new Rig();
  rig.say("OK");
  rig.pass(4_000, (line) => (line === "AT+STATE?" ? ["+OPEN: 566", "+STATE: 0", "OK"] : ["OK"]));
  expect(rig.results).toMatchObject([{ kind: "error", code: 7 }]);
});
