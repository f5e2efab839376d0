import { describe, expect, it } from "vitest";
import { bringUp, makeWorld, openSocket, press } from "./serial-host";

const enter = '+CPSMSTATUS: "ENTER PSM"';
const exit = '+CPSMSTATUS: "EXIT PSM"';

describe("urcInsideResponse", () => {
  /** Answers of a modem to which datagrams keep coming while it is asked for its registration. */
  async function answersUnderTraffic(urcInsideResponse: boolean): Promise<string[]> {
    const world = makeWorld(5, { quirks: { urcInsideResponse } });
    await bringUp(world);
    const { host, cell } = world;
    cell.onUplink = (_datagram, peer) => {
      for (let i = 0; i < 40; i++) cell.sendDownlink(Uint8Array.of(i), peer);
    };
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    const answers: string[] = [];
    for (let i = 0; i < 150; i++) {
      const lines = await host.command("AT+CSQ");
      answers.push(lines.map((text) => /^\+?\w*/.exec(text)![0]).join(" "));
    }
    return answers;
  }

  it("puts them between the answer's lines", async () => {
    const answers = await answersUnderTraffic(true);
    expect(answers.some((lines) => /^\+CSQ( \+CSONMI)+ OK$/.test(lines))).toBe(true);
  });

  it("else they come before the answer or after it", async () => {
    const answers = await answersUnderTraffic(false);
    expect(answers.some((lines) => /^(\+CSONMI )+\+CSQ OK$/.test(lines))).toBe(true);
    // One may follow the OK so closely that both come in one chunk.
    expect(answers.every((lines) => /^(\+CSONMI )*\+CSQ OK( \+CSONMI)*$/.test(lines))).toBe(true);
  });
});

describe("after PSM", () => {
  async function wake(seed: number, quirks: { echoAfterPsm?: boolean; junkAtWake?: boolean }) {
    const world = makeWorld(seed, { quirks });
    await bringUp(world);
    await world.host.until((text) => text === enter, 120_000);
    const before = world.host.chunks.length;
    await press(world, 800);
    await world.host.until((text) => text.endsWith(exit), 2_000);
    return { ...world, before };
  }

  it.each([
    [true, ["AT", "OK"]],
    [false, ["OK"]],
  ])("echoAfterPsm %s", async (echoAfterPsm, lines) => {
    const { host } = await wake(1, { echoAfterPsm });
    expect(await host.command("AT")).toEqual(lines);
  });

  it("chance decides about echo where nothing is said", async () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const { host } = await wake(seed, {});
      seen.add((await host.command("AT")).length);
    }
    expect(seen).toEqual(new Set([1, 2]));
  });

  it("junkAtWake puts bytes in front of the first line", async () => {
    const { host, before } = await wake(1, { junkAtWake: true });
    const bytes = host.chunks.slice(before).flatMap((chunk) => [...chunk.bytes]);
    expect(String.fromCharCode(...bytes)).toMatch(/^[^]{1,20}\r\n\+CPIN: READY\r\n/);
    expect(bytes[0]).not.toBe(0x0d);
  });
});

it("rebootDuring restarts once, in the middle of that command", async () => {
  const world = makeWorld(1, { quirks: { rebootDuring: "+CSOSEND" } });
  await bringUp(world, ["AT+IPR=115200"]);
  const { host, events } = world;
  await openSocket(host);
  host.type("AT+CSOSEND=0,2,AB\r");
  expect(await host.until((text) => text === "SMS Ready", 40_000)).toEqual([
    "RDY",
    "+CFUN: 1",
    "+CPIN: READY",
    "SMS Ready",
  ]);
  expect(events.some(({ type }) => type === "send")).toBe(false);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "power", state: "booting", reason: "in the middle of +CSOSEND" }),
  );
  await bringUp(world);
  await openSocket(host);
  expect(await host.command("AT+CSOSEND=0,2,AB")).toEqual(["OK"]);
});

describe("deaf", () => {
  it("answers nothing until CFUN=1", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, modem, events } = world;
    modem.deafen();
    expect(await host.command("AT", 1_000)).toEqual([]);
    expect(await host.command("AT+CFUN=0", 5_000)).toEqual([]);
    expect(await host.command("AT+CFUN=1", 5_000)).toContain("OK");
    expect(await host.command("AT")).toEqual(["OK"]);
    expect(events.filter((event) => event.type === "dropped" && event.reason === "deaf")).toHaveLength(2);
  });

  it("or until the key has turned it off and on", async () => {
    const world = makeWorld(1);
    await world.host.pass(7_000);
    world.modem.deafen();
    await press(world, 1_100);
    await world.host.pass(5_000);
    await press(world, 1_100);
    await world.host.pass(7_000);
    expect(await world.host.command("AT")).toEqual(["AT", "OK"]);
  });

  it("comes by chance when asked for", async () => {
    const { host } = makeWorld(1, { quirks: { deaf: 0.2 } });
    await host.pass(7_000);
    let answered = 0;
    while ((await host.command("AT", 1_000)).length > 0) answered += 1;
    expect(answered).toBeLessThan(60);
    expect(await host.command("AT", 1_000)).toEqual([]);
  });
});

it("ceregRoutingArea adds a field in front of the timers", async () => {
  const world = makeWorld(1, { quirks: { ceregRoutingArea: true } });
  await bringUp(world);
  expect(world.host.texts.at(-1)).toBe('+CEREG: 1,"5B57","01A50B1A",9,"00",,,"00000101","00100001"');
});
