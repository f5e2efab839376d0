/** The SIM7080's table of the driver: a session as the documents have it, and what goes wrong in one. */
import { describe, expect, it } from "vitest";
import { sim7080 } from "../../../../host-sim/sim/modem/family/sim7080";
import { parseCereg } from "../../../../firmware/modem/at/fields";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families } from "../../../../firmware/modem/family/index";
import { ascii } from "../../../../firmware/text/ascii";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Family } from "../../../../host-sim/sim/modem/family";
import { SimulatedBoard } from "../simulated-board";
import { Transcript } from "./transcript";

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);

/** A modem for which these were drawn. */
function drawnAs(own: Readonly<Record<string, "yes" | "no">>): { modem: { family: Family } } {
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = sim7080.nvram();
    for (const [name, value] of Object.entries(own)) kept.own.set(name, value);
    return kept;
  };
  return { modem: { family: { ...sim7080, nvram } } };
}

const commands = (board: SimulatedBoard, start: string): string[] =>
  board.lines.filter((line) => line.startsWith(`> ${start}`)).map((line) => line.slice(2));

describe("sim7080", () => {
  it("goes through a session as the documents have it", () =>
    new Transcript("sim7080").play("sim7080-session.txt"));

  it.each([
    ['+CEREG: 1,"C350","0001766A",9,"00",,,"00000001","00001100"', 1, "00000001", "00001100"],
    ['+CEREG: 4,5,"C350","0001766A",9,"00",,,"00000001","00001100"', 5, "00000001", "00001100"],
    ['+CEREG: 4,1,"C350","0001766A",9,"00"', 1, undefined, undefined],
    ["+CEREG: 4,2", 2, undefined, undefined],
    ["+CEREG: 2", 2, undefined, undefined],
  ])("reads %s", (line, stat, t3324, t3412) => {
    const timers = t3324 === undefined ? {} : { t3324, t3412 };
    const level = line.startsWith("+CEREG: 4,") ? { level: 4 } : {};
    expect(parseCereg(ascii(line))).toEqual({ ...level, stat, ...timers });
  });

  it("comes up from every way in which its settings can read, writing what differs only", async () => {
    const board = new SimulatedBoard({ seed: 1, family: "sim7080", driver: { bands: [8, 20] } });
    await board.up();
    const written = board.lines.filter((line) =>
      /^> AT\+(IPR|CNMP|CMNB|CBANDCFG|CGDCONT|CNCFG|CPSMS|CLTS)=/.test(line),
    );
    expect(written).toHaveLength(8);
    board.lines.length = 0;
    board.modem.reboot("again");
    await board.exchange(new Random(1).bytes(10));
    // PSM and the rest are kept, so the second time there is nothing to write.
    expect(
      board.lines.filter((line) => /^> AT\+(IPR|CNMP|CMNB|CBANDCFG|CGDCONT|CNCFG|CPSMS|CLTS)=/.test(line)),
    ).toEqual([]);
  });

  it.each(["yes", "no"] as const)(
    "bears a result without a context of either kind (21: %s)",
    async (inactive) => {
      const board = new SimulatedBoard({ seed: 2, family: "sim7080", ...drawnAs({ inactive }) });
      await board.up();
      await board.exchange(new Random(2).bytes(10));
      // The line that tells of the loss is lost as well, and the sockets with it.
      board.modem.urcs = { lose: 1, double: 0 };
      board.modem.dropContext();
      board.modem.urcs = { lose: 0, double: 0 };
      await board.exchange(new Random(3).bytes(10));
      expect(commands(board, "AT+CNACT=0,1")).toHaveLength(2);
    },
  );

  it("takes a context that was switched on before for what it is", async () => {
    const board = new SimulatedBoard({ seed: 3, family: "sim7080" });
    await board.up();
    await board.exchange(new Random(4).bytes(10));
    // The ESP32 starts anew, the modem does not: its sockets are open still, and in the way.
    board.restart();
    board.lines.length = 0;
    const bytes = new Random(5).bytes(10);
    await board.exchange(bytes);
    expect(board.returned.at(-1)!.bytes).toEqual(bytes);
    expect(board.lines).not.toContain("< +CAOPEN: 0,1");
  });

  it.each(seeds)("hands datagrams over and back, whatever bytes are in them (seed %d)", async (seed) => {
    const random = new Random(`bytes/${seed}`);
    const board = new SimulatedBoard({
      seed,
      family: "sim7080",
      modem: { quirks: { slowPrompt: seed % 2 === 0 } },
    });
    await board.up();
    const nasty = [
      "\r\nOK\r\n",
      "\r\n+CADATAIND: 0\r\n",
      "\r\nERROR\r\n",
      "> ",
      "RDY\r\n",
      "+CARECV: 9,",
      "\x1b\x1a",
    ];
    for (const text of nasty) {
      // A CoAP message begins with its version: never with ESC, which would call the sending off.
      const bytes = Uint8Array.from([0x40, ...ascii(text), ...random.bytes(random.chance(0.5) ? 3 : 300)]);
      await board.exchange(bytes);
      expect(board.arrived.at(-1)).toEqual(bytes);
      expect(board.returned.at(-1)!.bytes).toEqual(bytes);
    }
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it.each(["yes", "no"] as const)("bears a denial whose cause can be asked for, or not: %s", async (ceer) => {
    const quirks = ceer === "yes" ? {} : { refuses: ["+CEER"] };
    const board = new SimulatedBoard({ seed: 8, family: "sim7080", modem: { quirks } });
    board.cell.denial = 15;
    board.connect();
    await board.until(() => board.states.length > 0, 600_000);
    expect(board.states[0]).toBe("down denied");
    const cause = ceer === "yes" ? "15 (no suitable cells in tracking area)" : "unknown";
    expect(board.log).toContain(`denied cause=${cause}`);
    board.cell.denial = undefined;
    await board.exchange(new Random(8).bytes(10), 12 * 3_600_000);
  });

  it("goes up to its largest datagram and refuses a larger one", async () => {
    const { largest } = familyNamed(families, "sim7080").sockets;
    const board = new SimulatedBoard({ seed: 4, family: "sim7080" });
    await board.up();
    const bytes = new Random(6).bytes(largest);
    await board.exchange(bytes);
    expect(board.returned[0].bytes).toEqual(bytes);
    board.send(new Uint8Array(largest + 1));
    expect(board.failures).toEqual([`datagram of ${largest + 1} bytes, the modem takes ${largest}`]);
  });

  it.each(["yes", "no"] as const)(
    "goes on where reads keep to borders of datagrams, or do not: %s",
    async (borders) => {
      const board = new SimulatedBoard({
        seed: 5,
        family: "sim7080",
        cell: { duplication: 1 },
        ...drawnAs({ borders }),
      });
      await board.up();
      const lengths = new Set<number>();
      for (let i = 0; i < 6; i++) {
        await board.exchange(new Random(i).bytes(50));
        await board.pass(60_000);
      }
      for (const { bytes } of board.returned) lengths.add(bytes.length);
      // One twice as long is what CoAP throws away; none is torn apart.
      expect([...lengths].every((length) => length % 50 === 0)).toBe(true);
      if (borders === "yes") expect([...lengths]).toEqual([50]);
    },
  );

  it("asks again, once, for a prompt that does not come, and opens a new socket for one refused", async () => {
    const board = new SimulatedBoard({ seed: 6, family: "sim7080", modem: { quirks: { noPrompt: 0.5 } } });
    await board.up();
    for (let i = 0; i < 12; i++) await board.exchange(new Random(i).bytes(20));
    expect(board.log).toContain("send without a prompt");
    expect(board.driver.ready).toBe(true);
  });

  it("says in the datagram before the last answer that it is the last, and again before the next", async () => {
    const board = new SimulatedBoard({ seed: 7, family: "sim7080" });
    await board.up();
    board.socket.releaseAfterReply = true;
    for (let i = 0; i < 3; i++) await board.exchange(new Random(i).bytes(20));
    const sent = board.events.filter((event) => event.type === "send");
    expect(sent.map((event) => event.rai)).toEqual([2, 2, 2]);
  });
});
