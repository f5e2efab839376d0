/** Typed AT lines between a driver's commands, and who gets what the modem says to them. */
import { describe, expect, it, test } from "vitest";
import { ascii } from "../../../../firmware/text/ascii";
import { AtPassage } from "../../../../host-sim/tools/pc/at-passage";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";

class Rig {
  readonly clock = new VirtualClock();
  readonly toModem: string[] = [];
  readonly toDriver: string[] = [];
  readonly shown: string[] = [];
  readonly passage = new AtPassage({
    scheduler: this.clock,
    banners: ["RDY", "REBOOT_"].map(ascii),
    toModem: (bytes, done) => {
      this.toModem.push(Buffer.from(bytes).toString("latin1").trim());
      done();
    },
    toDriver: (bytes) => this.toDriver.push(Buffer.from(bytes).toString("latin1")),
    show: (text) => this.shown.push(text),
  });
  left = 0;

  driver(line: string): void {
    this.passage.fromDriver(ascii(`${line}\r`), () => (this.left += 1));
  }

  modem(...lines: string[]): void {
    for (const line of lines) this.passage.fromModem(ascii(`\r\n${line}\r\n`));
  }

  async pass(ms: number): Promise<void> {
    await this.clock.run({ until: this.clock.now + ms });
  }
}

describe("a typed line", () => {
  it("is sent at once where the driver waits for nothing, and its answer shown, not handed on", async () => {
    const rig = new Rig();
    rig.passage.type("AT+CSQ");
    rig.modem("AT+CSQ", "+CSQ: 18,0", "OK");
    await rig.pass(1_000);
    expect(rig.toModem).toEqual(["AT+CSQ"]);
    expect(rig.shown).toEqual(["> AT+CSQ", "< +CSQ: 18,0", "< OK"]);
    expect(rig.toDriver).toEqual([]);
  });

  it("waits for the answer to the driver's command, which comes to the driver as it was", async () => {
    const rig = new Rig();
    rig.driver("AT+CEREG?");
    rig.passage.type("AT+CGMM");
    await rig.pass(3_000);
    expect(rig.toModem).toEqual(["AT+CEREG?"]);
    rig.modem("+CEREG: 5,1", "OK");
    await rig.pass(1_000);
    expect(rig.toModem).toEqual(["AT+CEREG?", "AT+CGMM"]);
    expect(rig.toDriver).toEqual(["\r\n+CEREG: 5,1\r\n", "\r\nOK\r\n"]);
  });

  it("keeps the driver's next command back until its own answer has ended", async () => {
    const rig = new Rig();
    rig.passage.type("ATI");
    rig.driver("AT+CSQ");
    expect(rig.toModem).toEqual(["ATI"]);
    expect(rig.left).toBe(0);
    rig.modem("SIM7080G", "+CME ERROR: 3");
    await rig.pass(1_000);
    expect(rig.toModem).toEqual(["ATI", "AT+CSQ"]);
    expect(rig.left).toBe(1);
    expect(rig.shown).toEqual(["> ATI", "< SIM7080G", "< +CME ERROR: 3"]);
  });

  it("takes nothing from the driver of what the modem says by itself", async () => {
    const rig = new Rig();
    rig.passage.type("AT+CGMR");
    rig.modem("+CEREG: 2", "RDY", "REBOOT_CAUSE_X", "1951B16", "*PSUTTZ: 1", "OK");
    expect(rig.toDriver).toEqual(
      ["+CEREG: 2", "RDY", "REBOOT_CAUSE_X", "*PSUTTZ: 1"].map((line) => `\r\n${line}\r\n`),
    );
    expect(rig.shown).toEqual(["> AT+CGMR", "< 1951B16", "< OK"]);
  });

  it("that is not answered gives the wire back", async () => {
    const rig = new Rig();
    rig.passage.type("AT+CGMR");
    rig.driver("AT");
    await rig.pass(6_000);
    expect(rig.toModem).toEqual(["AT+CGMR", "AT"]);
    expect(rig.shown.at(-1)).toMatch(/^no answer: the modem may be asleep/);
  });

  it("goes out though the driver never got its answer, and one after the other", async () => {
    const rig = new Rig();
    rig.driver("AT+CFUN=1");
    rig.passage.type("AT+CSQ");
    rig.passage.type("AT+CGMM");
    await rig.pass(25_000);
    expect(rig.toModem).toEqual(["AT+CFUN=1", "AT+CSQ"]);
    rig.modem("OK");
    await rig.pass(1_000);
    expect(rig.toModem).toEqual(["AT+CFUN=1", "AT+CSQ", "AT+CGMM"]);
  });
});

describe("refused, with the reason", () => {
  test.each([
    ["AT+CFUN=0", "not sent: AT+CFUN=0: which restarts the modem or switches it off"],
    ["ate1", "not sent: ate1: which changes how the modem answers"],
    ["AT+CPIN=1234", "not sent: AT+CPIN=…: use the setting pin"],
    ['AT+CGAUTH=1,1,"me","s3cret"', "not sent: AT+CGAUTH=…: use the setting apn"],
    ['AT+NPIN=0,"1234"', "not sent: AT+NPIN=…: use the setting pin"],
    ['AT +CPIN = "1234"', "not sent: AT +CPIN =…: use the setting pin"],
    ['AT+CSTT="apn","me","s3cret"', "not sent: AT+CSTT=…: use the setting apn"],
    ["AT+CSQ;+CFUN=0", "not sent: AT+CSQ;+CFUN=0: which has several commands: give each a line of its own"],
    [
      "AT+COPS=?",
      "not sent: AT+COPS=?: which searches for minutes, and the driver would take the modem for deaf",
    ],
    ["hello", "not sent: hello: which does not begin with AT"],
    ["AT+CSQ\u001b[2J", "not sent: AT+CSQ\u001b[2J: which is no line of printable ASCII"],
  ])("%j", (line, shown) => {
    const rig = new Rig();
    rig.passage.type(line);
    expect(rig.toModem).toEqual([]);
    expect(rig.shown).toEqual([shown]);
  });
});
