/** A modem's answers, and what is made of them: known firmware, commands that it lacks, rates, silence. */
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { families } from "../../../../firmware/modem/family/index";
import { driverCommands, nameOf } from "../../../../host-sim/tools/pc/driver-commands";
import { IdentityMask } from "../../../../host-sim/tools/pc/identity-mask";
import { ModemProbe } from "../../../../host-sim/tools/pc/modem-probe";
import type { ProbedPort } from "../../../../host-sim/tools/pc/modem-probe";

/** Answers by commands; a command that is not there is answered with ERROR. */
type Answers = Readonly<Record<string, readonly string[]>>;

/** A modem of few words at this rate; at any other it makes noise, or says nothing. */
class FewWords implements ProbedPort {
  readonly asked: string[] = [];
  readonly mask = new IdentityMask();
  readonly probe: ModemProbe;
  readonly #answers: Answers;
  readonly #rate: number;
  readonly #noisy: boolean;
  #now = 0;

  constructor(answers: Answers, { rate = 9_600, noisy = false, rates = [9_600] } = {}) {
    this.#answers = answers;
    this.#rate = rate;
    this.#noisy = noisy;
    this.probe = new ModemProbe({ port: this, rates, mask: this.mask, pause: async () => {} });
  }

  async setBaud(rate: number): Promise<void> {
    this.#now = rate;
  }

  write(bytes: Uint8Array): void {
    const command = Buffer.from(bytes).toString("latin1").trim();
    if (this.#now !== this.#rate) {
      if (this.#noisy) this.probe.receive(Uint8Array.from([0x00, 0xf8, 0x80, 0x41]));
      return;
    }
    this.asked.push(command);
    const lines = command === "AT" ? ["OK"] : (this.#answers[command] ?? ["ERROR"]);
    queueMicrotask(() => this.probe.receive(Buffer.from(`${command}\r\r\n${lines.join("\r\n")}\r\n`)));
  }
}

const bc95: Answers = {
  "AT+CGMM": ["BC95-G", "OK"],
  "AT+CGMR": ["SECURITY,V100R100C10B657SP3", "PROTOCOL,V100R100C10B657SP3", "OK"],
  "AT+CGSN=1": ["+CGSN:863000060000047", "OK"],
  "AT+CEREG=?": ["+CEREG:(0-3)", "OK"],
  "AT+CPSMS=?": ["+CPSMS:(0-2)", "OK"],
  "AT+CIMI": ["262011234567890", "OK"],
};

describe("a modem that answers", () => {
  it("is recognised, and what it lacks of the driver's bring-up is named", async () => {
    const modem = new FewWords(bc95);
    const { baud, family, model, revision, missing, tried } = await modem.probe.run();
    expect([baud, family?.name, model]).toEqual([9_600, "bc95", "BC95-G"]);
    expect(revision).toBe("SECURITY,V100R100C10B657SP3 PROTOCOL,V100R100C10B657SP3");
    expect(missing).toContain("AT+CPIN");
    expect(missing).toContain("AT+NCONFIG");
    expect(missing).not.toContain("AT+CPSMS");
    expect(missing.at(-1)).toBe("AT+CEREG=5 (it takes 0-3)");
    expect(tried).toBeGreaterThan(missing.length);
  });

  it("is asked nothing that writes, and nothing that searches for minutes", async () => {
    for (const { models } of families) {
      const modem = new FewWords({ ...bc95, "AT+CGMM": [models[0], "OK"] });
      await modem.probe.run();
      for (const command of modem.asked) {
        // Either without a value, or one that says which of many settings is read.
        expect(command).toMatch(/^AT([+*][A-Z0-9]+(\?|=\?|="[a-z]+"|=[01])?|I)?$/);
        if (/=[01]$/.test(command)) expect(["AT+CGSN=1", "AT+QENG=0", "AT+QLTS=1"]).toContain(command);
      }
      expect(modem.asked).not.toContain("AT+COPS=?");
    }
  });

  it("of another maker is none of the ten, and no fault", async () => {
    const modem = new FewWords({ "AT+CGMM": ["M5311", "OK"] });
    const { family, model } = await modem.probe.run();
    expect(family).toBeUndefined();
    expect(model).toBe("M5311");
  });

  it("has its identity learned, to be found again", async () => {
    const modem = new FewWords(bc95);
    await modem.probe.run();
    expect(modem.mask.mask("xx863000060000047xx")).toBe("xx<IMEI>xx");
    expect(modem.mask.mask("xx262011234567890xx")).toBe("xx<IMSI>xx");
  });
});

describe("the rate", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("is found among those that are tried", async () => {
    const modem = new FewWords(bc95, { rate: 57_600, noisy: true, rates: [9_600, 57_600] });
    const found = modem.probe.run();
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await found).baud).toBe(57_600);
  });

  test.each([
    [false, /^no modem answers at 9600 baud: check that it is on/],
    [true, /^bytes came at 9600 baud, but no text: another rate\? tried 9600$/],
  ])("noise %s: it is said that none is right", async (noisy, text) => {
    const modem = new FewWords(bc95, { rate: 57_600, noisy });
    const ended = modem.probe.run().then(
      () => "answered",
      (error: Error) => error.message,
    );
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await ended).toMatch(text);
  });
});

describe("the driver's commands", () => {
  test.each(families.map((family) => [family.name, family] as const))(
    "of %s are lines of AT",
    (_, family) => {
      const lines = driverCommands(family);
      expect(lines.length).toBeGreaterThan(12);
      for (const line of lines) expect(line).toMatch(/^AT[\x20-\x7e]+$/);
      expect(nameOf(lines.at(-1)!)).toMatch(/^AT[+*]/);
      expect(nameOf("ATE0")).toBeUndefined();
    },
  );
});
