/** The simulated SIM7000 as a patient host sees it, held against SIMCom's AT manual V1.06. */
import { describe, expect, it } from "vitest";
import { sim7000Manual } from "../../../../../host-sim/sim/modem/manual/sim7000";
import { booted, imei, press, registered } from "./typed";
import type { Typed } from "./typed";

const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
const final = /^(OK|ERROR|\+CME ERROR: .*|SHUT OK|(\d, )?(CONNECT|CLOSE|SEND) OK|\d+\.\d+\.\d+\.\d+)$/;

/** Types a command and waits for the line that ends it. */
async function say({ host }: Typed, text: string, last: RegExp = final): Promise<string[]> {
  host.type(`${text}\r`);
  return host.until((line) => last.test(line), 100_000);
}

async function row(world: Typed, ...commands: readonly string[]): Promise<string[]> {
  const last: string[] = [];
  for (const text of commands) last.push((await say(world, text)).at(-1)!);
  return last;
}

const stack = ["AT+CIPRXGET=1", 'AT+CSTT="iot.example"', "AT+CIICR", "AT+CIFSR"];

/** Connection 0 is open, to read from by hand. */
async function connected(seed: number | string = 1, multiple = true): Promise<Typed> {
  const world = await registered("sim7000", seed);
  await row(world, `AT+CIPMUX=${Number(multiple)}`, ...stack);
  await say(world, `AT+CIPSTART=${multiple ? "0," : ""}"UDP","203.0.113.5",5683`, /CONNECT OK$/);
  return world;
}

async function send(world: Typed, command: string, bytes: Uint8Array): Promise<string> {
  world.host.type(`${command}\r`);
  await world.host.pass(300);
  world.host.write(bytes);
  return (await world.host.until((text) => /SEND (OK|FAIL)$/.test(text), 10_000)).at(-1)!;
}

describe("single commands", () => {
  it.each([
    ["AT+CGSN", [imei, "OK"]],
    ["AT+CGMM", ["SIMCOM_SIM7000G", "OK"]],
    ["AT+CIPMUX?", ["+CIPMUX: 0", "OK"]],
    ["AT+CIPMUX=2", ["ERROR"]],
    ["AT+CIPRXGET?", ["+CIPRXGET: 0", "OK"]],
    ["AT+CIPRXGET=3,0,512", ["ERROR"]],
    ["AT+CIICR", ["ERROR"]],
    ["AT+CIFSR", ["ERROR"]],
    ["AT+CIPSEND=5", ["ERROR"]],
    ["AT+CIPCLOSE", ["ERROR"]],
    ["AT+CIPSHUT", ["SHUT OK"]],
    ['AT+CIPSTART="UDP","203.0.113.5",5683', ["ERROR"]],
    ['AT+CIPSTART="TCP","203.0.113.5",5683', ["+CME ERROR: 50"]],
    ["AT+CEREG=5", ["ERROR"]],
    ["AT+CREBOOT", ["ERROR"]],
    ["AT+CNMP=3", ["+CME ERROR: 765"]],
    ["AT+CPSMS?", ['+CPSMS: 0,,,"00100001","00000101"', "OK"]],
    ["AT+CAOPEN?", ["ERROR"]],
  ])("%s", async (text, lines) => {
    expect(await say(await booted("sim7000"), text)).toEqual(lines);
  });

  it.each([
    ["1351b04", "ERROR,ERROR,ERROR,OK"],
    ["1529b07", "OK,OK,OK,OK"],
  ])("firmware %s has what the manual has from V1.04 and V1.05 on, or not", async (firmware, answers) => {
    const world = await booted("sim7000", 1, { firmware });
    const asked = await row(world, "AT+CPSMSTATUS=1", "AT+CRAI=2,0", "AT+CEREG=4", "AT+CEREG=2");
    expect(asked.join()).toBe(answers);
    expect((await say(world, "AT+CGMR"))[0]).toBe(`Revision:${firmware.toUpperCase()}SIM7000G`);
  });
});

describe("the stack", () => {
  it("goes from state to state in one order only", async () => {
    const world = await registered("sim7000");
    const state = async (): Promise<string> =>
      (await say(world, "AT+CIPSTATUS", /^STATE/)).find((text) => text.startsWith("STATE"))!;
    expect(await state()).toBe("STATE: IP INITIAL");
    expect(await row(world, "AT+CIICR", "AT+CIPMUX=1", 'AT+CSTT="iot.example"')).toEqual([
      "ERROR",
      "OK",
      "OK",
    ]);
    expect(await state()).toBe("STATE: IP START");
    expect(await row(world, 'AT+CSTT="iot.example"', "AT+CIPMUX=0", "AT+CIFSR")).toEqual(
      Array.from({ length: 3 }, () => "ERROR"),
    );
    expect(await say(world, "AT+CIICR")).toEqual(["OK"]);
    expect(await state()).toBe("STATE: IP GPRSACT");
    expect((await row(world, 'AT+CIPSTART=0,"UDP","203.0.113.5",5683'))[0]).toBe("ERROR");
    const address = await say(world, "AT+CIFSR");
    expect(address).toHaveLength(1);
    expect(await world.host.until((text) => text === "OK", 5_000), "an OK behind the address").toEqual([]);
    expect(await state()).toBe("STATE: IP STATUS");
    await say(world, 'AT+CIPSTART=7,"UDP","203.0.113.5",5683', /CONNECT OK$/);
    expect(await state()).toBe("STATE: IP PROCESSING");
    expect(await say(world, "AT+CIPSHUT")).toEqual(["SHUT OK"]);
    expect(await state()).toBe("STATE: IP INITIAL");
    expect((await row(world, "AT+CIPCLOSE=7"))[0]).toBe("ERROR");
  });

  it.each([true, false])(
    "sends behind a prompt, hints, and gives data in hex; several %s",
    async (multiple) => {
      const counts = new Set<string>();
      for (const seed of seeds) {
        const world = await connected(seed, multiple);
        const of = multiple ? "0," : "";
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i + 65) & 0xff);
        const sent = await send(world, `AT+CIPSEND=${of}256`, bytes);
        expect(sent).toBe(multiple ? "0, SEND OK" : "SEND OK");
        const hint = multiple ? "+CIPRXGET: 1,0" : "+CIPRXGET: 1";
        expect((await world.host.until((text) => text === hint, 60_000)).at(-1)).toBe(hint);
        expect(world.arrived).toEqual([bytes]);
        expect((await say(world, `AT+CIPRXGET=4${multiple ? ",0" : ""}`))[0]).toBe(`+CIPRXGET: 4,${of}256`);
        const [header, digits, ok] = await say(world, `AT+CIPRXGET=3,${of}512`);
        expect([digits, ok]).toEqual([Buffer.from(bytes).toString("hex").toUpperCase(), "OK"]);
        counts.add(header.replace(`3,${of}`, ""));
        expect(await say(world, `AT+CIPRXGET=3,${of}512`)).toEqual([`+CIPRXGET: 3,${of}0,0`, "OK"]);
        expect(await say(world, `AT+CIPRXGET=3,${of}731`)).toEqual(["+CME ERROR: 50"]);
      }
      expect([...counts].sort()).toEqual(["+CIPRXGET: 256,0", "+CIPRXGET: 512,0"]);
    },
  );

  it("gives raw data behind the header's line end in mode 2", async () => {
    const world = await connected();
    await send(world, "AT+CIPSEND=0,5", Uint8Array.of(0x0d, 0x0a, 0x4f, 0x4b, 0));
    await world.host.until((text) => text === "+CIPRXGET: 1,0", 60_000);
    world.bytes();
    await say(world, "AT+CIPRXGET=2,0,1460", /^OK$/);
    await world.host.pass(500);
    expect(Buffer.from(world.bytes()).toString("latin1")).toBe(
      "\r\n+CIPRXGET: 2,0,5,0\r\n\r\nOK\0\r\n\r\nOK\r\n",
    );
  });

  it("serves eight connections, which are each their own", async () => {
    const world = await connected();
    for (let id = 1; id < 8; id++) {
      const lines = await say(world, `AT+CIPSTART=${id},"UDP","203.0.113.5",${5683 + id}`, /CONNECT OK$/);
      expect(lines).toEqual(["OK", `${id}, CONNECT OK`]);
    }
    expect(await say(world, 'AT+CIPSTART=8,"UDP","203.0.113.5",5683')).toEqual(["+CME ERROR: 765"]);
    expect(await say(world, 'AT+CIPSTART=7,"UDP","203.0.113.5",5683')).toEqual([
      "7, ALREADY CONNECT",
      "ERROR",
    ]);
    await send(world, "AT+CIPSEND=3,1", Uint8Array.of(0x33));
    await world.host.until((text) => text === "+CIPRXGET: 1,3", 60_000);
    expect((await say(world, "AT+CIPRXGET=3,0,512"))[0]).toBe("+CIPRXGET: 3,0,0,0");
    expect((await say(world, "AT+CIPRXGET=3,3,512"))[1]).toBe("33");
    expect(await say(world, "AT+CIPCLOSE=3")).toEqual(["3, CLOSE OK"]);
    expect(await say(world, "AT+CIPSEND=3,1")).toEqual(["ERROR"]);
  });

  it("falls back to its beginning when the context is lost", async () => {
    const world = await connected();
    world.modem.dropContext();
    expect(await world.host.until((text) => text === "+PDP: DEACT", 1_000)).toEqual(["+PDP: DEACT"]);
    expect(await row(world, "AT+CIPSEND=0,5", "AT+CIPSHUT", "AT+CIPMUX=1", ...stack)).toEqual([
      "ERROR",
      "SHUT OK",
      "OK",
      "OK",
      "OK",
      "OK",
      expect.stringMatching(/^\d+\./),
    ]);
  });
});

describe("power saving", () => {
  const psm = 'AT+CPSMS=1,,,"00100001","00000101"';

  it("takes CPSMS up at a restart", async () => {
    const world = await registered("sim7000", 1, [psm]);
    expect((await say(world, "AT+CEREG?"))[0]).not.toContain("00100001");
    await world.host.pass(600_000);
    expect(world.modem.state).toBe("on");
    world.modem.reboot("test");
    await world.host.pass(600_000);
    expect(world.modem.state).toBe("psm");
  });

  it("sleeps without a word unless newer firmware is told to say so, and boots when woken", async () => {
    const said = new Set<string>();
    for (const seed of seeds) {
      // Its table, older and newer by turns.
      const firmware = sim7000Manual.generations[seed % 2].name;
      const world = await registered("sim7000", seed, [psm], { firmware });
      await say(world, "AT+CFUN=1,1");
      await world.host.pass(15_000);
      const has = (await row(world, "ATE0", "AT+CPSMSTATUS=1"))[1] === "OK";
      await world.host.pass(300_000);
      expect(world.modem.state).toBe("psm");
      const entered = world.host.texts.includes('+CPSMSTATUS: "ENTER PSM"');
      expect(entered, `seed ${seed}`).toBe(has);
      await press(world, 1_100);
      await world.host.pass(6_000);
      expect(world.modem.state).toBe("on");
      await world.host.command("ATE0");
      expect(await say(world, "AT+CIPSTATUS", /^STATE/)).toContain("STATE: IP INITIAL");
      expect((await say(world, "AT+CEREG?"))[0]).toMatch(/^\+CEREG: 0,[12]$/);
      said.add(`${has} ${world.host.texts.includes('+CPSMSTATUS: "EXIT PSM"')}`);
    }
    expect([...said].sort()).toEqual(["false false", "true false", "true true"]);
  });

  it("keeps the eDRX request over a restart", async () => {
    const world = await booted("sim7000");
    await world.all('AT+CEDRXS=1,5,"0101"');
    world.modem.reboot("test");
    await world.host.pass(15_000);
    await world.host.command("ATE0");
    expect(await world.host.command("AT+CEDRXS?")).toEqual(['+CEDRXS: 5,"0101"', "OK"]);
  });
});
