/** The driver against the simulated modem of each family, over many seeds, with all that befalls them. */
import { describe, expect, it } from "vitest";
import { families as driverFamilies } from "../../../firmware/modem/family/index";
import { asciiText } from "../../../firmware/text/ascii";
import { families } from "../../../host-sim/sim/modem/families";
import { Random } from "../../../host-sim/sim/time/random";
import { epoch, imei, server, SimulatedBoard } from "./simulated-board";
import { density } from "../../density";
import type { Quirks } from "../../../host-sim/sim/modem/quirks";

const minute = 60_000;
const hour = 60 * minute;
const names = [...families.keys()];
const seeds = Array.from({ length: density(8, 3) }, (_, i) => i + 1);

/** Oddities of the modem, other ones for each seed. */
function quirksOf(seed: number): Quirks {
  const random = new Random(`quirks/${seed}`);
  return {
    urcInsideResponse: random.chance(0.5),
    junkAtWake: random.chance(0.5),
    ceregRoutingArea: random.chance(0.5),
    socketClosedInPsm: random.chance(0.3),
    urcBeforeOk: random.chance(0.5),
    slowPrompt: random.chance(0.3),
    ...(random.chance(0.3) ? { noPrompt: 0.2 } : {}),
    ...(random.chance(0.5) ? { echoAfterPsm: random.chance(0.5) } : {}),
  };
}

/** Every byte value, in an order of the seed's. */
function everyByte(random: Random, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => i & 0xff);
  for (let i = bytes.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [bytes[i], bytes[j]] = [bytes[j], bytes[i]];
  }
  return bytes;
}

it("there is a simulated modem for each family of the driver", () => {
  expect([...names].sort()).toEqual(driverFamilies.map(({ name }) => name).sort());
});

describe.each(names)("%s", (family) => {
  const { largest, count } = driverFamilies.find(({ name }) => name === family)!.sockets;

  describe.each(seeds)("seed %d", (seed) => {
    it("comes up, exchanges, sleeps, is woken, and exchanges the largest datagram", async () => {
      const random = new Random(`bytes/${seed}`);
      const zone = Math.round(random.between(-48, 56));
      const board = new SimulatedBoard({ seed, family, modem: { quirks: quirksOf(seed), zone } });
      await board.up();
      expect(board.driver.imei).toBe(imei);
      expect(board.driver.rssi).toBeGreaterThan(-113);
      expect(board.driver.granted).toMatchObject({ t3324: 10, t3412: 3_600 });
      const told = board.times.at(-1);
      if (told !== undefined) expect(Math.abs(told.epoch - epoch - told.time)).toBeLessThan(2_500);

      const first = random.bytes(100);
      await board.exchange(first);
      expect(board.returned[0]).toEqual({ bytes: first, ...server });
      expect(await board.until(() => board.driver.state === "asleep", 5 * minute), board.history()).toBe(
        true,
      );
      await board.until(() => board.modem.state === "psm", minute);
      expect(board.modem.state, board.history()).toBe("psm");
      await board.pass(20 * minute);
      expect(board.modem.state).toBe("psm");

      const second = everyByte(random, largest);
      await board.exchange(second);
      expect(board.returned.at(-1)!.bytes).toEqual(second);
      expect(
        board.states.every((state) => state === "up"),
        board.states.join(),
      ).toBe(true);
      expect(board.times.length).toBeGreaterThan(0);
    });

    it("comes back from a reboot at any moment, and sleeps again", async () => {
      const random = new Random(`reboots/${seed}`);
      const board = new SimulatedBoard({ seed, family, modem: { quirks: quirksOf(seed) } });
      board.connect();
      for (let i = 0; i < 5; i++) {
        await board.pass(random.between(0, 90_000));
        if (random.chance(0.5)) board.send(random.bytes(50));
        await board.pass(random.between(0, 2_000));
        board.modem.reboot("brown-out");
        await board.pass(random.between(0, 10_000));
      }
      await board.exchange(random.bytes(60), 40 * minute);
      await board.until(() => board.modem.state === "psm", 10 * minute);
      expect(board.modem.state, board.history()).toBe("psm");
    });

    it.each([true, false])("brings back one that has gone deaf, control lines %s", async (withKey) => {
      const random = new Random(`deaf/${seed}`);
      const board = new SimulatedBoard({ seed, family, withKey, modem: { quirks: quirksOf(seed) } });
      await board.up();
      await board.exchange(random.bytes(30));
      board.modem.deafen();
      await board.exchange(random.bytes(30), hour);
      expect(board.driver.ready).toBe(true);
    });

    it("lives with lost lines, closed sockets, lost contexts, bad coverage", async () => {
      const random = new Random(`faults/${seed}`);
      const board = new SimulatedBoard({
        seed,
        family,
        modem: { quirks: { ...quirksOf(seed), deaf: 0.005 } },
        cell: { coverage: 2, loss: 0.2, duplication: 0.1 },
      });
      board.modem.urcs = { lose: 0.3, double: 0.1 };
      for (let i = 0; i < 8; i++) {
        if (random.chance(0.3)) board.modem.dropSockets();
        if (random.chance(0.3)) board.modem.dropContext();
        await board.exchange(random.bytes(80), 12 * hour);
        await board.pass(random.between(0, 15 * minute));
      }
    });

    it("goes on from what it remembers over the ESP32's deep sleep, without a new attach", async () => {
      const random = new Random(`sleep/${seed}`);
      // A prompt that is too late twice in a row has the radio reset, whatever is remembered.
      const quirks = { ...quirksOf(seed), slowPrompt: false };
      const board = new SimulatedBoard({ seed, family, modem: { quirks } });
      await board.up();
      await board.exchange(random.bytes(40));
      for (let i = 0; i < 4; i++) {
        if (random.chance(0.7)) await board.until(() => board.driver.state === "asleep", 5 * minute);
        const { remembered } = board.driver;
        expect(remembered, board.history()).toBeDefined();
        const memory = JSON.parse(JSON.stringify(remembered)) as number[];
        board.restart();
        await board.pass(random.between(1_000, 20 * minute));
        board.lines.length = 0;
        board.restart(memory);
        await board.exchange(random.bytes(40), 30 * minute);
        expect(
          board.lines.filter((line) => line.startsWith("> AT+CFUN=")),
          board.history(),
        ).toEqual([]);
      }
    });

    it("is set up anew after it has rebooted while the ESP32 was in deep sleep, and the next time too", async () => {
      const random = new Random(`reboot in sleep/${seed}`);
      const board = new SimulatedBoard({ seed, family });
      await board.up();
      await board.exchange(random.bytes(40));
      const { granted } = board.driver;
      for (let sleeps = 0; sleeps < 3; sleeps++) {
        await board.until(() => board.driver.state === "asleep", 5 * minute);
        // The ESP32 sleeps, and nobody hears the banner.
        const memory = [...board.driver.remembered!];
        board.restart();
        board.modem.reboot("brownout");
        await board.pass(20 * minute);
        const woken = board.clock.now;
        board.restart(memory);
        await board.exchange(random.bytes(40), 30 * minute);
        expect(board.driver.granted, board.history()).toEqual(granted);
        expect(board.times.at(-1)!.time, board.history()).toBeGreaterThan(woken);
        expect(await board.until(() => board.modem.state === "psm", 5 * minute), board.history()).toBe(true);
      }
    });
  });

  it("is read, where it keeps what it receives, until it gives nothing", async () => {
    const { read } = driverFamilies.find(({ name }) => name === family)!.sockets;
    const question = read === undefined ? "" : `> ${asciiText(read(0, () => {})[0].line)}`;
    // Among their modems are some of which an answer counts what is left.
    for (let seed = 1; seed <= 8; seed++) {
      const board = new SimulatedBoard({ seed, family });
      await board.up();
      await board.exchange(new Random(seed).bytes(20));
      await board.pass(1_000);
      const asked = board.lines.filter((line) => line === question).length;
      const received = board.events.filter((event) => event.type === "receive").length;
      if (read !== undefined) expect(asked, board.history()).toBeGreaterThan(received);
    }
  });

  it("serves several sockets at once, each with its own peer", async () => {
    const random = new Random(family);
    const board = new SimulatedBoard({ seed: 3, family });
    await board.up();
    const others = Array.from({ length: Math.min(count, 3) - 1 }, () => board.another());
    const all = [{ socket: board.socket, received: board.returned }, ...others];
    const sent = all.map(() => random.bytes(64));
    all.forEach(({ socket }, i) => board.sendOn(socket, sent[i], server.port + i));
    await board.until(() => all.every(({ received }) => received.length > 0), 2 * minute);
    expect(board.returned.map(({ bytes, port }) => [bytes, port])).toEqual([[sent[0], server.port]]);
    others.forEach(({ received }, i) => expect(received).toEqual([sent[i + 1]]));
  });

  it("reads back the eDRX cycle that it is granted, and hears what comes within it", async () => {
    const board = new SimulatedBoard({ seed: 4, family, driver: { psm: undefined, edrx: 90 } });
    await board.up();
    expect(board.driver.granted.edrx).toBe(81.92);
    const bytes = new Random("edrx").bytes(20);
    await board.exchange(bytes);
    const peer = board.peers.at(-1)!;
    // Long after the connection was released.
    await board.pass(5 * minute);
    const asked = board.clock.now;
    board.cell.sendDownlink(bytes, peer);
    await board.until(() => board.returned.length > 1, 10 * minute);
    expect(board.returned.length, board.history()).toBe(2);
    expect(board.clock.now - asked).toBeLessThan(82_000 + 64_000 + 5_000);
  });

  it("goes on where the operator grants no PSM", async () => {
    const board = new SimulatedBoard({ seed: 5, family, cell: { grantPsm: () => undefined } });
    await board.up();
    await board.exchange(new Random(1).bytes(9));
    await board.pass(2 * hour);
    await board.exchange(new Random(2).bytes(9));
    expect(board.driver.ready).toBe(true);
  });

  it("tells why the network refuses it, where the modem can say so", async () => {
    const board = new SimulatedBoard({ seed: 6, family });
    board.cell.denial = 15;
    board.connect();
    await board.until(() => board.states.length > 0, 10 * minute);
    expect(board.states[0], board.history()).toBe("down denied");
    // Some firmware has neither the cause in +CEREG nor AT+CEER.
    const told = board.lines.some((line) => /^< \+CE(REG|ER):.*(\b15\b|NO_SUITABLE_CELLS)/.test(line));
    expect(told || board.lines.some((line) => line === "> AT+CEER"), board.history()).toBe(true);
    expect(board.log.find((text) => text.startsWith("denied"))).toBe(
      told ? "denied cause=15 (no suitable cells in tracking area)" : "denied cause=unknown",
    );
  });

  it.each(names.filter((other) => other !== family))("says so when there is a %s instead", async (other) => {
    const board = new SimulatedBoard({
      seed: 7,
      family: other,
      driver: { family: driverFamilies.find(({ name }) => name === family)! },
    });
    board.connect();
    await board.pass(5 * minute);
    expect(board.states).toContain("down wrong-modem");
    expect(board.states).not.toContain("up");
    expect(board.log.some((text) => /^wrong modem: expected .+, found ".+"$/.test(text))).toBe(true);
  });
});

describe.each(names)("%s: a reboot in the middle of", (family) => {
  it("any command that is used: comes back, sends, and sleeps", async () => {
    const used = new Set<string>();
    const plain = new SimulatedBoard({ seed: "commands", family });
    plain.socket.releaseAfterReply = true;
    for (let i = 0; i < 2; i++) {
      await plain.exchange(Uint8Array.of(i));
      await plain.until(() => plain.driver.state === "asleep" && plain.modem.state === "psm", 5 * minute);
    }
    let name: string | undefined;
    for (const line of plain.lines) {
      name = /^> AT([+*][A-Z0-9]+|[EI]|$)/.exec(line)?.[1] ?? name;
      // What the firmware does not know it does not execute.
      if (line === "< OK" && name !== undefined) used.add(name);
    }
    expect(used.size).toBeGreaterThan(12);
    for (const rebootDuring of used) {
      const random = new Random(rebootDuring);
      // A seed whose modem hears the first word.
      const seed = rebootDuring || "AT 4";
      const board = new SimulatedBoard({ seed, family, modem: { quirks: { rebootDuring } } });
      board.socket.releaseAfterReply = true;
      for (let i = 0; i < 2; i++) {
        await board.exchange(random.bytes(30), hour);
        await board.until(() => board.driver.state === "asleep", 5 * minute);
        expect(board.driver.state, `${rebootDuring}: ${board.history()}`).toBe("asleep");
      }
      expect(
        board.events.some((event) => event.type === "power" && event.reason.startsWith("in the middle")),
        rebootDuring,
      ).toBe(true);
    }
  });
});
