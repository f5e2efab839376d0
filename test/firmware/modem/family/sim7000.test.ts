/** The SIM7000's table of the driver: a session as the manual has it, and what goes wrong in one. */
import { describe, expect, it } from "vitest";
import { sim7000 } from "../../../../host-sim/sim/modem/family/sim7000";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { ascii } from "../../../../firmware/text/ascii";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Family } from "../../../../host-sim/sim/modem/family";
import { server, SimulatedBoard } from "../simulated-board";
import { Transcript } from "./transcript";

const minute = 60_000;
const seeds = Array.from({ length: 12 }, (_, i) => i + 1);

/** A modem for which these were drawn. */
function drawnAs(own: Readonly<Record<string, "yes" | "no">>): { modem: { family: Family } } {
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = sim7000.nvram();
    for (const [name, value] of Object.entries(own)) kept.own.set(name, value);
    return kept;
  };
  return { modem: { family: { ...sim7000, nvram } } };
}

const commands = (board: SimulatedBoard, start: string): string[] =>
  board.lines.filter((line) => line.startsWith(`> ${start}`)).map((line) => line.slice(2));

describe("sim7000", () => {
  it("goes through a session as the manual has it", () =>
    new Transcript("sim7000").play("sim7000-session.txt"));

  it("restarts for PSM, once, and writes nothing the next time", async () => {
    const board = new SimulatedBoard({ seed: 1, family: "sim7000" });
    await board.up();
    expect(commands(board, "AT+CPSMS=")).toHaveLength(1);
    expect(commands(board, "AT+CFUN=1,1")).toHaveLength(1);
    board.lines.length = 0;
    board.modem.reboot("again");
    await board.exchange(new Random(1).bytes(10));
    expect(commands(board, "AT+CPSMS=")).toEqual([]);
    expect(commands(board, "AT+CFUN=1,1")).toEqual([]);
    expect(board.driver.granted).toMatchObject({ t3324: 10, t3412: 3_600 });
  });

  it.each(["1529b07", "1351b04"] as const)(
    "finds out that it sleeps, whether it says so or not: %s",
    async (firmware) => {
      const board = new SimulatedBoard({ seed: 2, family: "sim7000", modem: { firmware } });
      await board.up();
      for (let i = 0; i < 4; i++) {
        await board.exchange(new Random(i).bytes(20));
        await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
        expect([board.driver.state, board.modem.state]).toEqual(["asleep", "psm"]);
        await board.pass(20 * minute);
      }
      expect(board.states.every((state) => state === "up")).toBe(true);
      const signs = board.lines.filter((line) => line.includes("ENTER PSM"));
      expect(signs).toHaveLength(firmware === "1529b07" ? 4 : 0);
    },
  );

  it("is woken when it fell asleep without a word before that was expected: no failure, and no pause", async () => {
    const board = new SimulatedBoard({ seed: 2, family: "sim7000", modem: { firmware: "1351b04" } });
    await board.up();
    for (let i = 0; i < 6; i++) {
      await board.exchange(new Random(i).bytes(20));
      await board.until(() => board.modem.state === "psm", 5 * minute);
      await board.pass(5_000);
      expect(board.driver.state).toBe("up");
    }
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it.each(["1529b07", "1351b04"] as const)(
    "asks for an early release where that exists: %s",
    async (firmware) => {
      const board = new SimulatedBoard({ seed: 3, family: "sim7000", modem: { firmware } });
      await board.up();
      board.socket.releaseAfterReply = true;
      for (let i = 0; i < 3; i++) await board.exchange(new Random(i).bytes(20));
      const sent = board.events.filter((event) => event.type === "send");
      expect(sent.map((event) => event.rai)).toEqual(
        Array.from({ length: 3 }, () => (firmware === "1529b07" ? 2 : 0)),
      );
    },
  );

  it.each(["yes", "no"] as const)("takes counts of bytes and of digits; digits: %s", async (digits) => {
    const board = new SimulatedBoard({ seed: 4, family: "sim7000", ...drawnAs({ digits }) });
    await board.up();
    const { largest } = familyNamed(families, "sim7000").sockets;
    for (const length of [1, 2, 100, largest]) {
      const bytes = new Random(length).bytes(length);
      await board.exchange(bytes);
      expect(board.returned.at(-1)!.bytes).toEqual(bytes);
    }
    board.send(new Uint8Array(largest + 1));
    expect(board.failures).toEqual([`datagram of ${largest + 1} bytes, the modem takes ${largest}`]);
  });

  it("uses eight connections at once and tells their data apart", async () => {
    const random = new Random("eight");
    const board = new SimulatedBoard({ seed: 5, family: "sim7000" });
    await board.up();
    const others = Array.from({ length: 7 }, () => board.another());
    const all = [{ socket: board.socket, received: [] as Uint8Array[] }, ...others];
    const sent = all.map((_, i) => random.bytes(20 + i));
    for (const [i, { socket }] of all.entries()) {
      board.sendOn(socket, sent[i], server.port + i);
      await board.pass(5_000);
    }
    await board.until(() => others.every(({ received }) => received.length > 0), 2 * minute);
    others.forEach(({ received }, i) => expect(received).toEqual([sent[i + 1]]));
    expect(board.returned.map(({ bytes }) => bytes)).toEqual([sent[0]]);
    expect(() => board.another()).not.toThrow();
  });

  it("sets the stack up again after a lost context, told of it or not", async () => {
    for (const lose of [0, 1]) {
      const board = new SimulatedBoard({ seed: 6, family: "sim7000" });
      await board.up();
      await board.exchange(new Random(1).bytes(10));
      board.modem.urcs = { lose, double: 0 };
      board.modem.dropContext();
      board.modem.urcs = { lose: 0, double: 0 };
      await board.exchange(new Random(2).bytes(10));
      expect(commands(board, "AT+CIICR")).toHaveLength(2);
      expect(board.states.every((state) => state === "up")).toBe(true);
    }
  });

  it.each(seeds)("hands datagrams over and back, whatever bytes are in them (seed %d)", async (seed) => {
    const random = new Random(`bytes/${seed}`);
    const board = new SimulatedBoard({
      seed,
      family: "sim7000",
      modem: { quirks: { slowPrompt: seed % 2 === 0 } },
    });
    await board.up();
    for (const text of ["\r\nOK\r\n", "\r\n0, SEND OK\r\n", "\r\nERROR\r\n", "> ", "RDY\r\n", "\x1b\x1a"]) {
      // A CoAP message begins with its version: never with ESC, which would call the sending off.
      const bytes = Uint8Array.from([0x40, ...ascii(text), ...random.bytes(random.chance(0.5) ? 3 : 300)]);
      await board.exchange(bytes);
      expect(board.arrived.at(-1)).toEqual(bytes);
      expect(board.returned.at(-1)!.bytes).toEqual(bytes);
    }
    expect(board.states.every((state) => state === "up")).toBe(true);
  });
});
