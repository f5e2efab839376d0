/** The driver's tables for BC66 and BC660K against simulated ones, whatever their firmware is drawn to do. */
import { describe, expect, it } from "vitest";
import { bc66, bc660k } from "../../../../host-sim/sim/modem/family/bc66";
import { Random } from "../../../../host-sim/sim/time/random";
import { epoch, imei, server, SimulatedBoard } from "../simulated-board";
import type { Family } from "../../../../host-sim/sim/modem/family";
import type { Quirks } from "../../../../host-sim/sim/modem/quirks";
import type { Draw } from "../../../../host-sim/sim/modem/family/bc66-firmware";
import type { SimulatedBoardOptions } from "../simulated-board";

const minute = 60_000;
const hour = 60 * minute;
const seeds = Array.from({ length: 30 }, (_, i) => i + 1);
const families = { bc66, bc660k } as const;
type Name = keyof typeof families;
const names: readonly Name[] = ["bc66", "bc660k"];

const draws: Readonly<Record<Name, readonly Draw[]>> = {
  bc66: [
    "quotes",
    "rai",
    "bandcount",
    "bandsorted",
    "pushes",
    "apnquiet",
    "keepsicfg",
    "keepsevent",
    "survives",
    "cclkutc",
    "used",
    "autobaud",
  ],
  bc660k: [
    "bandcount",
    "bandsorted",
    "oneline0",
    "pushes",
    "apnquiet",
    "keepsicfg",
    "keepsevent",
    "survives",
    "cclkutc",
    "used",
  ],
};

/** A modem of which this much is drawn beforehand. */
function drawnAs(name: Name, own: Partial<Record<Draw, boolean>>): Family {
  const family = families[name];
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = family.nvram();
    for (const [draw, value] of Object.entries(own)) kept.own.set(draw, value ? "yes" : "no");
    return kept;
  };
  return { ...family, nvram };
}

function quirksOf(seed: number | string): Quirks {
  const random = new Random(`quirks/${seed}`);
  return {
    urcInsideResponse: random.chance(0.5),
    junkAtWake: random.chance(0.5),
    ceregRoutingArea: random.chance(0.5),
    socketClosedInPsm: random.chance(0.3),
    urcBeforeOk: random.chance(0.5),
  };
}

type Options = Omit<SimulatedBoardOptions, "seed" | "family">;

function boardOf(name: Name, seed: number | string, options: Options): SimulatedBoard {
  const board = new SimulatedBoard({ ...options, seed, family: name });
  board.socket.releaseAfterReply = true;
  return board;
}

const said = (board: SimulatedBoard, start: string): string[] =>
  board.lines.filter((line) => line.startsWith(`> ${start}`));

/** Up, a datagram, PSM, and the largest datagram with every byte in it; nothing went wrong meanwhile. */
async function lives(board: SimulatedBoard, seed: number | string): Promise<void> {
  const random = new Random(`bytes/${seed}`);
  await board.up();
  expect(board.driver.imei).toBe(imei);
  const first = random.bytes(100);
  await board.exchange(first);
  expect(board.returned).toEqual([{ bytes: first, ...server }]);
  await board.until(() => board.modem.state === "psm", 5 * minute);
  expect(board.modem.state, board.history()).toBe("psm");
  await board.pass(20 * minute);
  const every = Uint8Array.from({ length: 512 }, (_, i) => (i * 7) & 0xff);
  await board.exchange(every);
  expect(board.returned.at(-1)!.bytes).toEqual(every);
  await board.until(() => board.modem.state === "psm", 5 * minute);
  expect(board.modem.state, board.history()).toBe("psm");
  expect(board.states).toEqual(["up", "up"]);
  expect(board.failures).toEqual([]);
  expect(board.log.filter((text) => /resync|rebooted|radio reset|down/.test(text))).toEqual([]);
}

/** Their `AT+CCLK?` tells the zone in whole hours, and there is no `AT+QCCLK?`. */
describe("BC66 of 2018, which the ESP32 asks for the time after each deep sleep of its own", () => {
  it.each([-12, -5, -3.5, 0, 1, 5.5, 8, 9.5, 12.75])(
    "zone %d h: told again where it is sure",
    async (hours) => {
      for (const cclkutc of [true, false]) {
        const board = boardOf("bc66", `clock/${hours}`, {
          withKey: false,
          modem: { family: drawnAs("bc66", { cclkutc }), firmware: "nar01a03", zone: 4 * hours },
        });
        await board.up();
        await board.exchange(Uint8Array.of(1));
        const attached = board.times.length;
        for (let wake = 0; wake < 6; wake++) {
          await board.pass(hour);
          board.restart(board.driver.remembered);
          await board.exchange(Uint8Array.of(2));
          await board.pass(10_000);
        }
        // Half an hour that its zone does not have would be in the time: only digits of UTC are sure then.
        const isSure = Number.isInteger(hours) || cclkutc;
        expect(board.times.length - attached, board.history()).toBe(isSure ? 6 : 0);
        for (const { epoch: told, time } of board.times) {
          expect(Math.abs(told - epoch - time)).toBeLessThan(2_500);
        }
      }
    },
  );
});

describe.each(names)("%s", (name) => {
  it("draws what these tests know of", async () => {
    const board = boardOf(name, 1, {});
    await board.up();
    for (const draw of draws[name]) expect(families[name].nvram().own.has(draw)).toBe(false);
  });

  describe.each(draws[name])("%s", (draw) => {
    it.each([true, false])("%s, nothing else", async (value) => {
      const none = Object.fromEntries(draws[name].map((other) => [other, false]));
      const family = drawnAs(name, { ...none, [draw]: value });
      const board = boardOf(name, draw, { modem: { family }, driver: { bands: [20, 8] } });
      await lives(board, draw);
    });
  });

  it("all of them", async () => {
    const all = Object.fromEntries(draws[name].map((draw) => [draw, true]));
    const board = boardOf(name, "all", { modem: { family: drawnAs(name, all), quirks: quirksOf("all") } });
    await lives(board, "all");
  });

  it.each(seeds)("as seed %d has it, in any zone", async (seed) => {
    const zone = Math.round(new Random(`zone/${seed}`).between(-48, 56));
    const board = boardOf(name, seed, { modem: { quirks: quirksOf(seed), zone } });
    await lives(board, seed);
    expect(board.times.length).toBeGreaterThan(0);
    for (const { epoch: told, time } of board.times) {
      expect(Math.abs(told - epoch - time)).toBeLessThan(2_500);
    }
  });

  it.each(seeds.slice(0, 10))("writes what is kept once, and restarts for it once, seed %d", async (seed) => {
    const board = boardOf(name, seed, { driver: { bands: [8, 20] } });
    await board.up();
    const restarts = said(board, "AT+QRST").length;
    expect(restarts).toBe(1);
    await board.exchange(new Random(seed).bytes(9));
    board.lines.length = 0;
    board.modem.reboot("again");
    await board.exchange(new Random(seed).bytes(10), hour);
    const written = board.lines.filter((line) =>
      /^> AT\+(QRST|QBAND|QCGDEFCONT|CTZR|QCFG|CPSMS)=/.test(line),
    );
    expect(written.filter((line) => !/="\w+"$/.test(line))).toEqual([]);
  });

  it("is not disturbed in a long search, though its UART sleeps between two questions", async () => {
    const board = boardOf(name, "search", {});
    board.cell.outage = true;
    board.connect();
    await board.pass(4 * minute);
    expect(board.driver.state, board.history()).toBe("registering");
    expect(board.log.filter((text) => /resync|radio reset/.test(text))).toEqual([]);
    board.cell.outage = false;
    await board.until(() => board.driver.ready, 5 * minute);
    expect(board.states).toEqual(["up"]);
  });

  it("asks first, a minute after the network was lost: its UART may be asleep", async () => {
    let lost = 0;
    for (const seed of seeds) {
      const board = boardOf(name, `lost/${seed}`, { driver: { psm: undefined } });
      await board.up();
      board.cell.outage = true;
      await board.pass(2 * minute);
      board.cell.outage = false;
      await board.exchange(Uint8Array.of(1, 2, 3, 4));
      if (board.log.includes("service lost")) lost += 1;
      expect(board.log.filter((text) => /resync|radio reset/.test(text))).toEqual([]);
    }
    expect(lost).toBeGreaterThan(0);
  });

  it("hears of what nobody asked for, and answers, while the UART is asleep", async () => {
    const board = boardOf(name, "unasked", { driver: { psm: undefined } });
    await board.up();
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
    const { length } = board.returned;
    await board.pass(5 * minute);
    expect(board.driver.state).toBe("asleep");
    expect(board.modem.state).toBe("on");
    board.cell.sendDownlink(Uint8Array.of(5, 6, 7, 8), board.peers.at(-1)!);
    expect(await board.until(() => board.returned.length > length, minute), board.history()).toBe(true);
    await board.exchange(Uint8Array.of(9, 9, 9, 9));
    expect(board.log.filter((text) => /resync|radio reset/.test(text))).toEqual([]);
  });

  it("finds an answer whose hint was lost", async () => {
    const board = boardOf(name, "hint", {});
    await board.up();
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
    const asked = board.clock.now;
    const done = said(board, "AT+QISEND").length;
    const { length } = board.returned;
    board.send(Uint8Array.of(5, 6, 7, 8));
    await board.until(() => said(board, "AT+QISEND").length > done, minute);
    await board.until(() => board.lines.at(-1) === "< SEND OK", minute);
    board.modem.urcs = { lose: 1, double: 0 };
    await board.until(() => board.returned.length > length, minute);
    expect(board.returned.length, board.history()).toBe(length + 1);
    expect(board.clock.now - asked).toBeLessThan(20_000);
  });

  it("opens a socket to another peer where the one that it had has lived through PSM", async () => {
    const family = drawnAs(name, { survives: true });
    const board = boardOf(name, "survivor", { modem: { family } });
    await board.up();
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
    for (let i = 0; i < 3; i++) {
      await board.until(() => board.modem.state === "psm", 5 * minute);
      await board.exchange(Uint8Array.of(i, 2, 3, 4));
    }
    expect(said(board, "AT+QIOPEN")).toHaveLength(1);
    await board.until(() => board.modem.state === "psm", 5 * minute);
    board.sendOn(board.socket, Uint8Array.of(8, 8, 8, 8), server.port + 1);
    await board.until(() => board.returned.at(-1)!.port === server.port + 1, 5 * minute);
    expect(said(board, "AT+QIOPEN").at(-1)).toContain(`,${server.port + 1},0,0`);
  });

  it.each(seeds.slice(0, 10))("comes back when its supply was gone, whenever, seed %d", async (seed) => {
    const random = new Random(`supply/${seed}`);
    const board = boardOf(name, seed, { modem: { quirks: quirksOf(seed) } });
    board.connect();
    for (let i = 0; i < 4; i++) {
      await board.pass(random.between(0, 60_000));
      if (random.chance(0.5)) board.send(random.bytes(20));
      board.modem.setSupply(false);
      await board.pass(random.between(100, 20_000));
      board.modem.setSupply(true);
    }
    await board.exchange(random.bytes(60), 40 * minute);
    await board.until(() => board.modem.state === "psm", 10 * minute);
    expect(board.modem.state, board.history()).toBe("psm");
  });

  it.each(seeds.slice(0, 10))(
    "and the ESP32's supply, with whatever the modem went on to do, seed %d",
    async (seed) => {
      const random = new Random(`restart/${seed}`);
      const board = boardOf(name, seed, { modem: { quirks: quirksOf(seed) } });
      for (let i = 0; i < 4; i++) {
        board.connect();
        if (random.chance(0.5)) board.send(random.bytes(20));
        await board.pass(random.between(0, 2 * minute));
        board.restart();
      }
      await board.exchange(random.bytes(60), 20 * minute);
      expect(board.returned.at(-1)!.bytes.length).toBe(60);
    },
  );
});

it("a BC660K that no byte could wake is given that, and a BC66 is woken by its pin alone", async () => {
  const family = drawnAs("bc660k", { used: false });
  const board = boardOf("bc660k", "wakeup", { modem: { family } });
  await board.up();
  expect(said(board, 'AT+QCFG="wakeupRXD",1')).toHaveLength(1);
  await board.exchange(Uint8Array.of(1));
  await board.until(() => board.modem.state === "psm", 5 * minute);
  await board.exchange(Uint8Array.of(2));
  expect(board.events.find((event) => event.type === "psm" && event.state === "exit")).toMatchObject({
    reason: "uart",
  });
});

it("the boot ROM's chatter is a reboot where settings are lost with it, and none by itself", async () => {
  const board = boardOf("bc66", "chatter", { modem: { family: drawnAs("bc66", { autobaud: true }) } });
  await board.up();
  await board.exchange(Uint8Array.of(1, 2, 3, 4));
  board.uart.garbage(new TextEncoder().encode("\r\nF1: 0000 0000\r\nLeaving the BROM\r\n"));
  await board.pass(2_000);
  expect(board.states).toEqual(["up"]);
  // No RDY follows where the rate is not known yet.
  board.lines.length = 0;
  board.modem.reboot("brown-out");
  await board.exchange(Uint8Array.of(5, 6, 7, 8));
  expect(board.lines.filter((line) => line === "> ATE0").length, board.history()).toBeGreaterThan(0);
});
