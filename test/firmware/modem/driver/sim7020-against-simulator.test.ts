import { beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../../../host-sim/sim/time/random";
import { sim7020 } from "../../../../host-sim/sim/modem/family/sim7020";
import { epoch, imei, server, SimulatedBoard } from "../simulated-board";
import type { SimulatedBoardOptions } from "../simulated-board";

const minute = 60_000;
const hour = 60 * minute;
const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

/** Bytes that tell one datagram from another. */
function datagram(random: Random, length = 100): Uint8Array {
  return random.bytes(length);
}

/** Two or three oddities of the modem, other ones for each seed. */
function quirksOf(seed: number): NonNullable<SimulatedBoardOptions["modem"]>["quirks"] {
  const random = new Random(`quirks/${seed}`);
  return {
    urcInsideResponse: random.chance(0.5),
    junkAtWake: random.chance(0.5),
    ceregRoutingArea: random.chance(0.5),
    ...(random.chance(0.5) ? { echoAfterPsm: random.chance(0.5) } : {}),
  };
}

describe.each(seeds)("seed %d", (seed) => {
  let random: Random;
  beforeEach(() => {
    random = new Random(`bytes/${seed}`);
  });

  it("comes up, exchanges a datagram, sleeps, is woken by the key and exchanges another", async () => {
    const board = new SimulatedBoard({ seed, modem: { quirks: quirksOf(seed) } });
    await board.up();
    expect(board.states).toEqual(["up"]);
    expect(board.driver.imei).toBe(imei);
    expect(board.driver.rssi).toBeGreaterThan(-113);
    expect(board.log.some((text) => text.includes("t3324=10s t3412=3600s"))).toBe(true);
    const told = board.times.at(-1)!;
    expect(Math.abs(told.epoch - epoch - told.time)).toBeLessThan(2_000);

    const first = datagram(random);
    expect(await board.exchange(first)).toBe(1);
    expect(board.arrived).toEqual([first]);
    expect(board.returned).toEqual([{ bytes: first, ...server }]);

    expect(await board.until(() => board.driver.state === "asleep", 2 * minute)).toBe(true);
    expect(board.modem.state).toBe("psm");
    expect(board.driver.deadline).toBe(Infinity);
    await board.pass(20 * minute);
    expect(board.modem.state).toBe("psm");

    const second = datagram(random, 512);
    expect(await board.exchange(second)).toBe(1);
    expect(board.returned.at(-1)!.bytes).toEqual(second);
    const exit = board.events.find((event) => event.type === "psm" && event.state === "exit");
    expect(exit).toMatchObject({ reason: "key" });
    // The socket outlives sleep: it was opened once.
    expect(board.lines.filter((text) => text === "> AT+CSOC=1,2,1").length).toBe(1);
    expect(board.states).toEqual(["up", "up"]);
    expect(board.failures).toEqual([]);
  });

  it("switches on a modem that is off", async () => {
    const board = new SimulatedBoard({ seed, modem: { powerOn: "key", quirks: quirksOf(seed) } });
    await board.up();
    expect(await board.exchange(datagram(random))).toBe(1);
  });

  it("uses a modem that was set up before, in whatever state that is", async () => {
    const board = new SimulatedBoard({ seed, modem: { quirks: quirksOf(seed) } });
    for (let i = 0; i < 5; i++) {
      board.connect();
      await board.pass(random.between(1_000, i === 0 ? 20_000 : 3 * minute));
      board.restart();
    }
    const started = board.clock.now;
    await board.exchange(datagram(random), 20 * minute);
    // No pause was needed, as it is after something went wrong.
    expect(board.clock.now - started, board.history()).toBeLessThan(3 * minute);
  });

  it("wakes with T3412 and falls asleep again, by itself and without a word to anyone", async () => {
    const board = new SimulatedBoard({
      seed,
      driver: { psm: { t3412: 120, t3324: 10 } },
      modem: { quirks: quirksOf(seed) },
    });
    await board.up();
    await board.exchange(datagram(random));
    await board.until(() => board.driver.state === "asleep", 2 * minute);
    const exits = (): number =>
      board.events.filter((event) => event.type === "psm" && event.state === "exit").length;
    await board.until(() => exits() >= 3, hour);
    expect(exits()).toBe(3);
    expect(board.states).toEqual(["up"]);
    // Now is the moment: it is awake.
    expect(await board.exchange(datagram(random))).toBe(1);
    await board.until(() => board.driver.state === "asleep", 2 * minute);
    await board.pass(random.between(0, 10 * minute));
    expect(await board.exchange(datagram(random))).toBeLessThanOrEqual(2);
  });

  it("comes back from a reboot at any moment", async () => {
    const board = new SimulatedBoard({ seed, modem: { quirks: quirksOf(seed) } });
    board.connect();
    for (let i = 0; i < 6; i++) {
      await board.pass(random.between(0, 90_000));
      if (random.chance(0.5)) board.send(datagram(random));
      await board.pass(random.between(0, 2_000));
      board.modem.reboot("brown-out");
      await board.pass(random.between(0, 10_000));
    }
    await board.exchange(datagram(random), 20 * minute);
    // And power saving is back: no unnoticed reboot has left it switched off.
    await board.until(() => board.modem.state === "psm", 10 * minute);
    expect(board.modem.state, board.history()).toBe("psm");
  });

  it.each([true, false])("brings a modem back that has gone deaf, power key %s", async (withKey) => {
    const board = new SimulatedBoard({ seed, withKey, modem: { quirks: quirksOf(seed) } });
    await board.up();
    await board.exchange(datagram(random));
    board.modem.deafen();
    await board.exchange(datagram(random), 20 * minute);
    expect(board.states).toContain("down no-answer");
    expect(board.states.at(-1)).toBe("up");
  });

  it("lives with a modem that goes deaf again and again, loss and duplicates", async () => {
    const board = new SimulatedBoard({
      seed,
      modem: { quirks: { ...quirksOf(seed), deaf: 0.01 } },
      cell: { coverage: 2, loss: 0.2, duplication: 0.1 },
    });
    for (let i = 0; i < 10; i++) {
      await board.exchange(datagram(random), 12 * hour);
      await board.pass(random.between(0, 15 * minute));
    }
    expect(board.returned.length).toBeGreaterThanOrEqual(10);
  });

  it("without a power key is never asleep", async () => {
    const board = new SimulatedBoard({ seed, withKey: false, modem: { quirks: quirksOf(seed) } });
    await board.up();
    for (let i = 0; i < 3; i++) {
      expect(await board.exchange(datagram(random))).toBe(1);
      await board.pass(2 * hour);
    }
    expect(board.events.filter((event) => event.type === "psm")).toEqual([]);
    expect(board.states).toEqual(["up"]);
  });

  it("goes on where the operator grants no PSM", async () => {
    const board = new SimulatedBoard({ seed, cell: { grantPsm: () => undefined } });
    await board.up();
    await board.exchange(datagram(random));
    await board.pass(2 * hour);
    expect(await board.exchange(datagram(random))).toBe(1);
    expect(board.driver.ready).toBe(true);
  });
});

describe("a reboot in the middle of", () => {
  const used = [
    "",
    "E",
    "+CMEE",
    "+IPR",
    "+CGSN",
    "+CPIN",
    "+CFUN",
    "*MCGDEFCONT",
    "+CPSMSTATUS",
    "+CPSMS",
    "+RETENTION",
    "+CLTS",
    "+CEREG",
    "+CSQ",
    "+CCLK",
    "+CSOCL",
    "+CSOC",
    "+CSOCON",
    "+CNBIOTRAI",
    "+CSOSEND",
  ];

  it("any command there is", () => expect(used.filter((name) => !sim7020.commands.has(name))).toEqual([]));

  it.each(used)("AT%s: comes back, sends, and sleeps", async (rebootDuring) => {
    const random = new Random(rebootDuring);
    // A seed whose modem hears the first word.
    const board = new SimulatedBoard({ seed: rebootDuring || "AT 4", modem: { quirks: { rebootDuring } } });
    board.socket.releaseAfterReply = true;
    for (let i = 0; i < 2; i++) {
      await board.exchange(datagram(random), 30 * minute);
      await board.until(() => board.driver.state === "asleep", 5 * minute);
      expect(board.driver.state, board.history()).toBe("asleep");
    }
    const boots = board.events.filter(
      (event) =>
        event.type === "power" && event.state === "booting" && !event.reason.startsWith("out of PSM"),
    );
    expect(boots.length).toBe(2);
  });
});

it("is the same in every run of the same seed", async () => {
  const run = async (): Promise<string> => {
    const random = new Random("same");
    const board = new SimulatedBoard({ seed: "same", modem: { quirks: quirksOf(3) } });
    for (let i = 0; i < 3; i++) {
      await board.exchange(datagram(random));
      await board.pass(5 * minute);
    }
    return `${board.lines.join("\n")} ${board.log.join("\n")} ${board.clock.now}`;
  };
  expect(await run()).toBe(await run());
});

it("a modem that reboots at every bring-up: they grow rarer instead of draining the battery", async () => {
  let broken = true;
  let attempts = 0;
  const board = new SimulatedBoard({
    seed: "weak",
    modem: {
      onLine: (direction, text) => {
        if (!broken || direction !== "host" || text !== "AT+CFUN=1") return;
        attempts += 1;
        board.clock.after(500, () => board.modem.reboot("brown-out"));
      },
    },
  });
  board.connect();
  await board.pass(6 * 3_600_000);
  // One each 10 s or so if each reboot were followed by a bring-up at once.
  expect(attempts).toBeGreaterThan(5);
  expect(attempts).toBeLessThan(40);
  expect(board.states).toContain("down rebooted");
  broken = false;
  expect(await board.until(() => board.driver.ready, 2 * 3_600_000)).toBe(true);
});
