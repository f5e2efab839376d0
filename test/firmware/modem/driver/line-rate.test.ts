/** The rate of the modem's UART: found where it was left at another one, and set to the one that is wanted. */
import { describe, expect, it, test } from "vitest";
import { LineRate } from "../../../../firmware/modem/driver/line-rate";
import { families } from "../../../../host-sim/sim/modem/families";
import { ascii } from "../../../../firmware/text/ascii";
import { SimulatedBoard } from "../simulated-board";

const minute = 60_000;

interface Rig {
  readonly board: SimulatedBoard;
  readonly rates: number[];
}

/** A modem that was left at `left` bit/s, and a line that is at `baud`, or at the family's rate. */
function rig(family: string, left: number, baud?: number, seed = "rate"): Rig {
  const rates: number[] = [];
  const board: SimulatedBoard = new SimulatedBoard({
    ...{ seed, family, modem: { baud: left } },
    driver: {
      baud,
      setBaud: (rate) => {
        rates.push(rate);
        board.uart.board.setBaud(rate);
      },
    },
  });
  if (baud !== undefined) board.uart.board.setBaud(baud);
  return { board, rates };
}

describe("a modem that was left at another rate", () => {
  const withCommand = ["sim7020", "sim7080", "sim7000", "bc66", "bc660k", "bg95", "sara-r4", "sara-r5"];

  it.each(withCommand)("is found and set to the usual one: %s", async (family) => {
    const { board } = rig(family, 57_600);
    await board.up(10 * minute);
    expect(board.driver.ready).toBe(true);
    expect(board.log).toContain("rate found=57600");
    expect(board.log).toContain("rate set=115200");
    expect(board.uart.modem.baud).toBe(115_200);
  });

  it.each(["bc95", "sara-n2"])("is found and left there, where no command sets it: %s", async (family) => {
    const { board } = rig(family, 57_600);
    await board.up(10 * minute);
    expect(board.log).toContain("rate found=57600");
    expect(board.log.join("\n")).not.toContain("rate set");
  });

  test.each([9_600, 19_200, 38_400, 230_400, 460_800, 921_600])("is found at %i bit/s", async (left) => {
    const { board } = rig("sim7080", left);
    await board.up(10 * minute);
    expect(board.log).toContain(`rate found=${left}`);
    expect(board.uart.modem.baud).toBe(115_200);
  });

  it("is told by the log before the rates are tried", async () => {
    const { board } = rig("sim7020", 9_600);
    await board.up(10 * minute);
    const said = board.log.filter((line) => /^(noise|rate)/.test(line));
    expect(said).toEqual(["noise rate=115200", "rate found=9600", "rate set=115200"]);
  });

  it("is set to the rate of the settings", async () => {
    const { board } = rig("sim7080", 115_200, 57_600);
    await board.up(10 * minute);
    expect(board.log).toContain("rate set=57600");
    expect(board.uart.modem.baud).toBe(57_600);
    const { lines } = board;
    await board.exchange(Uint8Array.of(1, 2, 3), minute);
    expect(lines.filter((line) => line.includes("+IPR=115200"))).toEqual([]);
  });

  it("is left alone where the line's rate cannot be changed", async () => {
    const board = new SimulatedBoard({ seed: "rate", modem: { baud: 9_600 } });
    board.connect();
    await board.pass(10 * minute);
    expect(board.driver.ready).toBe(false);
    expect(board.log.join("\n")).not.toContain("rate");
  });
});

it("every family that has no rate of its own is at 115,200 bit/s or 9,600", () => {
  for (const { baud } of families.values()) expect([undefined, 9_600, 115_200]).toContain(baud);
});

it("a modem at the usual rate is asked at no other, nor one that is not there until it has failed once", async () => {
  const there = rig("sim7020", 115_200);
  await there.board.up();
  expect(there.rates).toEqual([]);
  const silent = rig("sim7020", 115_200, undefined, "silent");
  silent.board.modem.deafen();
  silent.board.connect();
  await silent.board.until(() => silent.board.states.includes("down no-answer"), 10 * minute);
  expect(silent.rates).toEqual([]);
  await silent.board.until(() => silent.rates.length > 0, 10 * minute);
  expect(silent.board.log.join("\n")).not.toContain("noise");
});

test.each([
  ["nothing", [], false],
  ["text", [ascii("\r\nRDY\r\n")], false],
  ["noise", [Uint8Array.of(0xfe, 0x80, 0x00, 0x41)], true],
  ["a byte of noise in front of text", [Uint8Array.of(0xfe), ascii("\r\n+CPIN: READY\r\n")], false],
])("%s is heard as what it is", (_, chunks, noisy) => {
  const rate = new LineRate({ driver: undefined as never, at: undefined as never, wanted: 115_200 });
  for (const bytes of chunks) rate.hear(bytes);
  expect(rate.noisy).toBe(noisy);
  rate.listen();
  expect(rate.noisy).toBe(false);
});
