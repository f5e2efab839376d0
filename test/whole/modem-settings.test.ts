/**
 * Settings of the modem, its SIM card and its network, from the configuration to the last byte on the wire: the
 * whole firmware in its world.
 */
import { describe, expect, it, test } from "vitest";
import { readLogLine } from "../../host-sim/sim/world/device-log";
import { families } from "../../firmware/modem/family/index";
import { World } from "../../host-sim/sim/world/world";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;

interface Run {
  readonly world: World;
  /** Lines of the device's log, and of the AT traffic as captures have it. */
  readonly log: string[];
  readonly at: string[];
  readonly pass: (ms: number) => Promise<void>;
  readonly online: () => boolean;
}

/** A device whose first reading is due at once. @param hear gets each AT line of the board */
async function run(options: Partial<WorldOptions>, hear: (line: string) => void = () => {}): Promise<Run> {
  const log: string[] = [];
  const at: string[] = [];
  const world = await World.create({
    ...{ seed: 7, engine: "node", edition: "token", coverage: 0, powerKey: true },
    ...{ interval: 900, format: "json" },
    ...options,
    settings: { startSpread: 0, ...options.settings },
    onEvent: (event) => {
      if (event.source === "device") {
        expect(readLogLine(event.text), event.text).toBeDefined();
        log.push(event.text);
      }
      if (event.source !== "at") return;
      at.push(event.text);
      if (event.direction === "host") hear(event.text);
    },
  });
  await world.start();
  return {
    world,
    log,
    at,
    pass: async (ms) => void (await world.clock.run({ until: world.clock.now + ms })),
    online: () => log.some((line) => line.startsWith("report: acknowledged")),
  };
}

describe("the PIN of the SIM card", () => {
  test.each(["sim7020", "sim7080", "bc66", "bg95", "sara-r4"])("unlocks it: %s", async (modem) => {
    const { world, log, at, pass, online } = await run({ modem, pin: "70613", settings: { pin: "70613" } });
    await pass(hour);
    expect(online(), log.join("\n")).toBe(true);
    expect(world.modem.card.pinTriesLeft).toBe(3);
    for (const line of [...log, ...at]) expect(line).not.toContain("70613");
    expect(at).toContain('AT+CPIN="****"');
    await world.close();
  });

  it("is given once when it is wrong, whatever restarts the board", async () => {
    const { world, log, pass } = await run({ pin: "70613", settings: { pin: "1111" } });
    for (let day = 0; day < 3; day++) {
      await pass(24 * hour);
      world.cutPower(1_000);
    }
    expect(world.modem.card.attempts).toBe(1);
    expect(log.filter((line) => line.startsWith('modem: sim status="PIN refused"'))).toHaveLength(1);
    expect(log.join("\n")).toContain(
      'modem: sim status="PIN kept back: refused before": a wrong PIN more would',
    );
    await world.close();
  });

  test.each([0, 1, 3, 20])("is given once when power fails %i ms behind it", async (later) => {
    let cut = false;
    const { world, pass } = await run({ pin: "70613", settings: { pin: "1111" } }, (line) => {
      if (cut || !line.startsWith("AT+CPIN=")) return;
      cut = true;
      world.clock.after(later, () => world.cutPower(1_000));
    });
    await pass(24 * hour);
    expect(cut).toBe(true);
    expect(world.modem.card.attempts).toBe(1);
    await world.close();
  });

  it("missing, the log says so and no try is used up", async () => {
    const { world, log, pass } = await run({ pin: "70613" });
    await pass(hour);
    expect(log.join("\n")).toContain('modem: sim status="SIM PIN": the card wants its PIN: set pin=');
    expect(world.modem.card.attempts).toBe(0);
    await world.close();
  });
});

describe("the rate of the UART", () => {
  it("is found where a former owner has left the modem at another one", async () => {
    const { world, log, pass, online } = await run({ modem: "sim7080", modemBaud: 9_600 });
    await pass(hour);
    expect(online(), log.join("\n")).toBe(true);
    expect(log.join("\n")).toContain("modem: noise rate=115200: bytes came, but no text: another rate?");
    expect(log.join("\n")).toContain("modem: rate found=9600");
    expect(log.join("\n")).toContain("modem: rate set=115200");
    await world.close();
  });

  it("is that of the setting, through a wake from the board's deep sleep too", async () => {
    const { world, log, pass } = await run({
      ...{ modem: "sim7080", sleep: "deep", modemBaud: 57_600, settings: { baud: 57_600 } },
    });
    await pass(4 * hour);
    expect(log.filter((line) => line.startsWith("report: acknowledged")).length).toBeGreaterThan(10);
    expect(log.filter((line) => /rate|noise/.test(line))).toEqual([]);
    expect(world.modem.state).not.toBe("off");
    await world.close();
  });
});

test.each(families.map(({ name }) => name))(
  "a blank access point name is the network's own: %s",
  async (modem) => {
    const { world, log, pass, online } = await run({ modem, settings: { apn: "" } });
    await pass(hour);
    expect(online(), log.join("\n")).toBe(true);
    await world.close();
  },
);

describe("the server by its name", () => {
  const byName = families.filter(({ resolve }) => resolve !== undefined).map(({ name }) => name);

  test.each(byName)("is found: %s", async (modem) => {
    const { world, log, pass, online } = await run({ modem, settings: { server: "cloud.example" } });
    await pass(hour);
    expect(online(), log.join("\n")).toBe(true);
    expect(log.filter((line) => line.includes("resolved"))).toEqual([
      "modem: resolved name=cloud.example address=203.0.113.5",
    ]);
    await world.close();
  });

  it("is asked for again when the server moves, and the device goes on by itself", async () => {
    const { world, log, pass } = await run({ settings: { server: "cloud.example" } });
    await pass(2 * hour);
    world.moveCloud("203.0.113.77");
    log.length = 0;
    await pass(12 * hour);
    expect(log).toContain("modem: resolved name=cloud.example address=203.0.113.77");
    expect(log.filter((line) => line.startsWith("report: acknowledged")).length).toBeGreaterThan(40);
    expect(world.boots).toBe(1);
    await world.close();
  });

  it("is asked for once, not at each wake from the board's deep sleep", async () => {
    const { world, log, pass } = await run({ sleep: "deep", settings: { server: "cloud.example" } });
    await pass(12 * hour);
    expect(world.sleeps).toBeGreaterThan(40);
    expect(log.filter((line) => line.includes("resolved"))).toHaveLength(1);
    await world.close();
  });

  it("that is in no name server is told, with what to check", async () => {
    const { world, log, pass } = await run({ settings: { server: "clout.example" } });
    await pass(hour);
    expect(log.join("\n")).toContain(
      "modem: unresolved name=clout.example: the network tells no address: check",
    );
    await world.close();
  });
});

describe("command lines of the user's own", () => {
  it("are said at each bring-up, while the radio is off; a refusal is told and stops nothing", async () => {
    const { world, log, at, pass, online } = await run({
      settings: { init: "AT+CSQ;AT+NOSUCH=1,s3cret;AT+CGMR" },
    });
    await pass(hour);
    expect(online()).toBe(true);
    const from = at.indexOf("AT+NOSUCH=1,s3cret");
    expect(from).toBeGreaterThan(at.indexOf("AT+CFUN=0"));
    expect(at.slice(from)).toContain("AT+CFUN=1");
    expect(log.join("\n")).toMatch(/modem: refused command="AT\+NOSUCH=" code=/);
    expect(log.join("\n")).not.toContain("s3cret");
    await world.close();
  });

  it("that would break the driver keep the device from starting, and the line says why", async () => {
    const { world, log, at, pass } = await run({ settings: { init: "AT+CMEE=0" } });
    await pass(hour);
    expect(log).toEqual(['settings: init has "AT+CMEE=0", which changes how the modem answers']);
    expect(at).toEqual([]);
    await world.close();
  });
});

test("what a family has no command for is told at start, once", async () => {
  const { world, log, pass, online } = await run({ modem: "sara-n2", settings: { server: "cloud.example" } });
  await pass(hour);
  expect(log).toHaveLength(1);
  expect(log[0]).toMatch(/^settings: server is "cloud.example", and a sara-n2 has no command that finds/);
  expect(online()).toBe(false);
  await world.close();
});

it("names a setting that there is not, and goes on", async () => {
  const { world, log, pass, online } = await run({ settings: { pinn: "70613" } });
  await pass(hour);
  expect(log[0]).toBe('setting: there is none "pinn", the nearest is pin');
  expect(online()).toBe(true);
  await world.close();
});
