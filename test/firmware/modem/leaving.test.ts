/**
 * Each family's modem leaves the network while strangers send to its address: nobody finds it any more, and it costs
 * what PSM does until the next contact.
 */
import { describe, expect, it } from "vitest";
import { familyNamed } from "../../../firmware/modem/family/family";
import { families as driverFamilies } from "../../../firmware/modem/family/index";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const stranger = { address: "198.51.100.66", port: 4_000 };
const body = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A board that has had an exchange, while somebody sends to it every five seconds. */
async function harassed(
  options: Partial<ConstructorParameters<typeof SimulatedBoard>[0]>,
): Promise<SimulatedBoard> {
  const board = new SimulatedBoard({ seed: 3, ...options });
  await board.up();
  const next = (): void => {
    for (const endpoint of board.cell.publicEndpoints) {
      board.cell.injectDownlink(Uint8Array.of(0x40, 0, 1, 2), endpoint, stranger);
    }
    board.clock.after(5 * second, next);
  };
  next();
  await board.exchange(body);
  await board.pass(2 * second);
  return board;
}

/** As `board.driver.leave`, in a turn of its own. */
function leave(board: SimulatedBoard): void {
  board.driver.leave(board.clock.now);
  board.look();
}

const named = (family: string): (typeof driverFamilies)[number] => familyNamed(driverFamilies, family);
const switchable = [...families.keys()].filter((name) => named(name).powerOff !== undefined);

it("is said of all that have a key, and of no other", () => {
  expect(switchable).toEqual([...families.values()].filter(({ power }) => power.key).map(({ name }) => name));
});

describe.each(switchable)("%s", (family) => {
  it("is off until it is wanted, over the board's deep sleep too", async () => {
    const board = await harassed({ family });
    leave(board);
    await board.until(() => !board.driver.busy, minute);
    const { driver } = board;
    expect(driver).toMatchObject({ state: "off", active: false, leftAlone: false });
    const memory = [...driver.remembered!];
    board.restart();
    await board.pass(minute);
    expect(board.modem.state, board.history()).toBe("off");
    await board.pass(2 * hour);
    board.restart(memory);
    expect(board.driver).toMatchObject({ state: "off", leftAlone: false });
    const from = board.clock.now;
    board.events.length = 0;
    await board.up(2 * minute);
    // The key after two words, and no question that is asked once a boot.
    const pressed = board.events.find((event) => event.type === "power")!.time - from;
    expect(pressed).toBeLessThan(named(family).power.on + 1_500);
    await board.exchange(body, 10 * minute);
    expect(board.failures).toEqual([]);
    expect(board.log.filter((line) => line.startsWith("firmware"))).toHaveLength(0);
  });

  it("is woken at any moment behind its leave", async () => {
    for (let after = 0; after < 45_000; after += 2_900) {
      const board = await harassed({ family, seed: `leave ${after}` });
      leave(board);
      await board.pass(after);
      await board.exchange(body, 30 * minute);
      expect(board.failures, `${after}`).toEqual([]);
      // No press of the key was for nothing, as one while it goes down would be.
      expect(
        board.states.filter((state) => state.startsWith("down")),
        `${after}: ${board.history()}`,
      ).toEqual([]);
    }
  });

  it("keeps no board awake for a datagram that was on its way", async () => {
    const board = await harassed({ family });
    for (const after of [0, 20, 100]) {
      if (!board.driver.ready) await board.up(5 * minute);
      board.send(body);
      await board.pass(after);
      leave(board);
      await board.pass(minute);
      expect(board.driver, board.history()).toMatchObject({ state: "off", busy: false });
    }
  });

  it("has its radio off when somebody else has switched it on, where it says so", async () => {
    const board = await harassed({ family });
    leave(board);
    await board.pass(minute);
    expect(board.modem.state).toBe("off");
    board.modem.setPowerKey(true);
    await board.pass(named(family).power.on);
    board.modem.setPowerKey(false);
    board.events.length = 0;
    await board.pass(2 * minute);
    const said = named(family).banners.length > 0;
    expect(board.driver.state).toBe("off");
    if (said)
      expect(board.events.filter(({ type }) => type === "attach").at(-1), board.history()).toMatchObject({
        stat: 0,
      });
    await board.exchange(body, 10 * minute);
  });

  it("is told once more where the word got lost, and no more where its answer did", async () => {
    for (const lost of ["the command", "the answer"]) {
      const board = await harassed({ family });
      const { line } = named(family).powerOff!;
      const write = board.uart.board.write.bind(board.uart.board);
      let dropped = false;
      if (lost === "the command") {
        board.uart.board.write = (bytes) => {
          const isIt = !dropped && String.fromCharCode(...bytes).startsWith(line);
          dropped ||= isIt;
          return isIt ? bytes.length : write(bytes);
        };
      } else board.modem.loses = (text: string) => /^(OK|NORMAL POWER DOWN)$/.test(text);
      leave(board);
      await board.pass(3 * minute);
      expect(board.modem.state, `${lost}: ${board.history()}`).toBe("off");
      expect(board.driver, lost).toMatchObject({ state: "off", busy: false });
      board.modem.loses = undefined;
      await board.exchange(body, 10 * minute);
    }
  });

  it("is switched off again when it was switched on while the board slept deeply", async () => {
    const board = await harassed({ family });
    leave(board);
    await board.until(() => !board.driver.busy, minute);
    const memory = [...board.driver.remembered!];
    await board.pass(minute);
    board.restart(memory);
    board.modem.setPowerKey(true);
    await board.pass(named(family).power.on);
    board.modem.setPowerKey(false);
    await board.pass(20 * minute);
    board.restart(memory);
    board.look();
    await board.pass(2 * minute);
    // One that sleeps by then does not hear it, and is not found either.
    expect(["off", "psm"], board.history()).toContain(board.modem.state);
    await board.exchange(body, 10 * minute);
  });

  it("attaches anew at once where it refuses to be switched off, or nobody could switch it on", async () => {
    const command = named(family).powerOff!.line.slice(2).split("=")[0];
    for (const without of [{ modem: { quirks: { refuses: [command] } } }, { withKey: false }]) {
      const board = await harassed({ family, ...without });
      board.events.length = 0;
      leave(board);
      await board.until(() => board.driver.ready, 5 * minute);
      expect(board.driver.ready, board.history()).toBe(true);
      expect(board.events.some((event) => event.type === "attach" && event.stat === 0)).toBe(true);
      expect(board.log.some((line) => line.includes(`"AT${command}`))).toBe("modem" in without);
    }
  });
});

describe.each([...families.keys()].filter((name) => !switchable.includes(name)))("%s", (family) => {
  it("attaches anew at once, and falls asleep", async () => {
    const board = await harassed({ family });
    leave(board);
    await board.until(() => board.driver.ready, 5 * minute);
    expect(board.driver.ready, board.history()).toBe(true);
    await board.until(() => board.modem.state === "psm", 3 * minute);
    expect(board.modem.state, board.history()).toBe("psm");
  });
});
