/** A modem that hangs, and its supply, which ends that. */
import { describe, expect, it } from "vitest";
import { bringUp, makeWorld, openSocket, press } from "./serial-host";
import type { World } from "./serial-host";

const powerStates = ({ events }: World) =>
  events.flatMap((event) => (event.type === "power" ? [event.state] : []));

async function answers({ host }: World): Promise<boolean> {
  return (await host.command("AT", 1_000)).includes("OK");
}

describe("hang", () => {
  it.each(["key", "supply"] as const)("until %s: silent on UART and air", async (until) => {
    const world = makeWorld(1);
    const { host, cell, modem, events } = world;
    await bringUp(world);
    let peer = { address: "", port: 0 };
    let sent = 0;
    cell.onUplink = (_datagram, from) => {
      sent += 1;
      peer = from;
    };
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.pass(10_000);
    const from = host.lines.length;
    modem.hang(until);
    expect(modem.state).toBe("hung");
    host.type("AT+CSOSEND=0,2,AB\rAT\rAT+CFUN=1,1\r");
    cell.sendDownlink(Uint8Array.of(1), peer);
    await host.pass(24 * 3_600_000);
    expect([host.texts.slice(from), sent]).toEqual([[], 1]);
    expect(events.at(-1)).toMatchObject({ type: "dropped", what: "datagram", reason: "radio off" });
    expect(powerStates(world).at(-1)).toBe("hung");
  });

  it("until key: a press switches off without a word, the next one on", async () => {
    const world = makeWorld(1, { powerOn: "key" });
    await press(world, 1_100);
    await world.host.pass(7_000);
    world.modem.hang("key");
    await press(world, 800);
    await world.host.pass(5_000);
    expect(world.modem.state).toBe("hung");
    await press(world, 1_100);
    await world.host.pass(5_000);
    expect([world.modem.state, world.host.texts]).toEqual(["off", []]);
    await press(world, 1_100);
    await world.host.pass(7_000);
    expect(await answers(world)).toBe(true);
    expect(powerStates(world)).toEqual(["booting", "on", "hung", "off", "booting", "on"]);
  });

  it("until supply: no key, no reboot brings it back, but the supply does", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await host.pass(7_000);
    modem.hang("supply");
    modem.hang("key");
    for (const ms of [1_100, 15_000]) {
      await press(world, ms);
      await host.pass(5_000);
    }
    modem.reboot("brown-out");
    await host.pass(10_000);
    expect([modem.state, await answers(world)]).toEqual(["hung", false]);
    modem.setSupply(false);
    await host.pass(2_000);
    modem.setSupply(true);
    await host.pass(7_000);
    expect(await answers(world)).toBe(true);
  });

  it.each(["booting", "psm"])("comes while %s as well", async (state) => {
    const world = makeWorld(1);
    const { host, modem } = world;
    if (state === "psm") {
      await bringUp(world);
      await host.pass(120_000);
    }
    expect(modem.state).toBe(state);
    modem.hang("key");
    const from = host.lines.length;
    await press(world, 800);
    // T3412 goes by.
    await host.pass(2 * 3_600_000);
    expect([modem.state, host.texts.slice(from)]).toEqual(["hung", []]);
  });

  it("leaves a modem that is off alone", async () => {
    const world = makeWorld(1, { powerOn: "key" });
    world.modem.hang("supply");
    await press(world, 1_100);
    await world.host.pass(7_000);
    expect(await answers(world)).toBe(true);
  });
});

describe("the supply", () => {
  it("off: silent and deaf to the key; on: boots, with nothing left but its NVRAM", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await bringUp(world, ["AT+IPR=115200"]);
    await openSocket(host);
    const from = host.lines.length;
    modem.setSupply(false);
    modem.setSupply(false);
    await press(world, 1_100);
    await host.pass(600_000);
    expect([modem.state, host.texts.slice(from), await answers(world)]).toEqual(["off", [], false]);
    modem.setSupply(true);
    modem.setSupply(true);
    await host.pass(38_000);
    expect(host.texts.slice(from)).toEqual(["RDY", "+CFUN: 1", "+CPIN: READY", "SMS Ready"]);
    await host.command("ATE0");
    expect(await host.command("AT+CSOSTATUS=0")).toEqual(["+CSOSTATUS: 0,0", "OK"]);
    expect((await host.command("AT+CEREG?"))[0]).toMatch(/^\+CEREG: 0,[12]$/);
    expect(await host.command("AT*MCGDEFCONT?")).toEqual(['*MCGDEFCONT: "IP","iot.example"', "OK"]);
    expect(powerStates(world)).toEqual(["booting", "on", "off", "booting", "on"]);
  });

  it("on again waits for the key where the board has the modem do so", async () => {
    const world = makeWorld(1, { powerOn: "key" });
    const { host, modem } = world;
    modem.setSupply(false);
    modem.setSupply(true);
    await host.pass(60_000);
    expect(modem.state).toBe("off");
    await press(world, 1_100);
    await host.pass(7_000);
    expect(await answers(world)).toBe(true);
  });

  it.each([1_000, 4_100])("cut %i ms after the press of a power-down", async (ms) => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await host.pass(7_000);
    await press(world, 1_050);
    await host.pass(ms - 1_050 < 0 ? 0 : ms - 1_050);
    modem.setSupply(false);
    expect(modem.state).toBe("off");
    await host.pass(10_000);
    modem.setSupply(true);
    await host.pass(7_000);
    expect(await answers(world)).toBe(true);
  });
});
