/** The BG95's table: raw reads whatever is in them, sends, PSM that is power-off, and what goes wrong in these. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { ascii, hexText } from "../../../../firmware/text/ascii";
import { Random } from "../../../../host-sim/sim/time/random";
import { runs } from "../../../density";
import { SimulatedBoard } from "../simulated-board";
import { cuts, datagram, meaning, readFrom, sendsBy } from "./socket-table";
import { Transcript } from "./transcript";

const minute = 60_000;

const commands = (board: SimulatedBoard, start: string): string[] =>
  board.lines.filter((line) => line.startsWith(`> ${start}`)).map((line) => line.slice(2));

it("goes through a session in the forms of its logs, and is switched on behind PSM", () =>
  new Transcript("bg95").play("bg95-session.txt"));

describe("what AT+QIRD gives", () => {
  it("any bytes, wherever they are cut, with one or two empty lines behind them", () => {
    fc.assert(
      fc.property(datagram, fc.boolean(), cuts, (bytes, twice, pieces) => {
        const head = ascii(`\r\n+QIRD: ${bytes.length}\r\n`);
        const said = Uint8Array.from([...head, ...bytes, ...ascii(`\r\n${twice ? "\r\n" : ""}\r\nOK\r\n`)]);
        expect(readFrom("bg95", said, pieces)).toEqual([hexText(bytes), "ok"]);
      }),
      { seed: 95 },
    );
  });

  it("nothing, where there is nothing, or no such socket", () => {
    expect(readFrom("bg95", ascii("\r\n+QIRD: 0\r\n\r\nOK\r\n"), [])).toEqual(["ok"]);
    expect(readFrom("bg95", ascii("\r\nERROR\r\n"), [])).toEqual(["error"]);
  });

  it("nonsense is borne, and ends", () => {
    const piece = fc.oneof(
      fc.constantFrom("+QIRD: ", "+QIRD: 4", "+QIRD: 9999", "\r\n", "OK", '+QIURC: "recv",0', "SEND OK"),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => String.fromCharCode(...bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), cuts, (parts, where) => {
        const said = Uint8Array.from(parts.join(""), (character) => character.charCodeAt(0));
        expect(["ok", "error", "timeout"]).toContain(readFrom("bg95", said, where).at(-1));
      }),
      { seed: 96, numRuns: runs(500) },
    );
  });
});

it.each([
  [false, 'AT+QISENDEX=0,"40011234"'],
  [true, 'AT+QISENDEX=0,"40011234",2'],
])("the last one is sent as such: %s", (release, line) => {
  expect(sendsBy("bg95", Uint8Array.of(0x40, 0x01, 0x12, 0x34), release)).toEqual([line]);
});

describe("lines that come unasked", () => {
  it.each([
    ['+QIURC: "recv",0', { kind: "data", socket: 0 }],
    ['+QIURC: "recv",11,33', { kind: "data", socket: 11 }],
    ['+QIURC: "closed",1', { kind: "closed", socket: 1, reason: "network" }],
    ['+QIURC: "pdpdeact",1', { kind: "no-context" }],
    ["PSM POWER DOWN", { kind: "asleep" }],
    ["+QUSIM: 1", undefined],
    ["+QIND: SMS DONE", undefined],
    ["+QPSMTIMER: 3600,10", undefined],
    ['+QIURC: "incoming full"', undefined],
  ])("%s", (line, meant) => {
    expect(meaning("bg95", line)).toEqual(meant);
  });
});

describe("bg95", () => {
  it("is switched on by the key behind PSM, and knows its kept settings only", async () => {
    const board = new SimulatedBoard({ seed: 1, family: "bg95" });
    await board.up();
    for (let i = 0; i < 3; i++) {
      board.lines.length = 0;
      await board.exchange(new Random(i).bytes(20));
      await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
      expect(board.modem.state).toBe("psm");
      await board.pass(20 * minute);
    }
    expect(commands(board, 'AT+QCFG="psm/urc",1')).toEqual([]);
    expect(commands(board, "AT+QIOPEN=")).toHaveLength(1);
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it("activates its context again when the network has taken it", async () => {
    const board = new SimulatedBoard({ seed: 2, family: "bg95" });
    await board.up();
    await board.exchange(new Random(1).bytes(20));
    board.modem.dropContext();
    await board.exchange(new Random(2).bytes(20));
    expect(commands(board, "AT+QIACT=1")).toHaveLength(2);
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it("reads what came while the hint of the one before was still unread", async () => {
    const board = new SimulatedBoard({ seed: 3, family: "bg95", cell: { duplication: 1 } });
    await board.up();
    for (let i = 0; i < 4; i++) {
      await board.exchange(new Random(i).bytes(40));
      await board.pass(2 * minute);
    }
    // Each request arrives twice and each answer comes twice, and no other hint comes before all is read.
    expect(board.returned).toHaveLength(16);
  });

  it("goes up to its largest datagram and refuses a larger one", async () => {
    const board = new SimulatedBoard({ seed: 4, family: "bg95" });
    await board.up();
    const bytes = new Random(6).bytes(512);
    await board.exchange(bytes);
    expect(board.returned[0].bytes).toEqual(bytes);
    board.send(new Uint8Array(513));
    expect(board.failures).toEqual(["datagram of 513 bytes, the modem takes 512"]);
  });
});
