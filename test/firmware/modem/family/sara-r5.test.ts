/** The table of SARA-R5 and SARA-R4: what the sockets say and read, the R5's context, and lines bent beyond that. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { ascii, hexText } from "../../../../firmware/text/ascii";
import { Random } from "../../../../host-sim/sim/time/random";
import { runs } from "../../../density";
import { SimulatedBoard } from "../simulated-board";
import { cuts, datagram, meaning, readFrom, sendsBy } from "./socket-table";
import { Transcript } from "./transcript";

const minute = 60_000;
const names = ["sara-r4", "sara-r5"] as const;

const commands = (board: SimulatedBoard, start: string): string[] =>
  board.lines.filter((line) => line.startsWith(`> ${start}`)).map((line) => line.slice(2));

it("sara-r5 goes through a session in the forms of its logs: another technology, PSM, and all anew", () =>
  new Transcript("sara-r5").play("sara-r5-session.txt"));

describe("what AT+USORF gives", () => {
  it.each(names)("%s: any datagram, wherever it is cut", (name) => {
    fc.assert(
      fc.property(datagram, fc.boolean(), cuts, (bytes, spaced, pieces) => {
        const read = `+USORF: 0,"203.0.113.5",5683,${spaced ? " " : ""}${bytes.length},"${hexText(bytes)}"`;
        const count = ascii(`\r\n+USORF: 0,${bytes.length}\r\n\r\nOK\r\n`);
        const said = Uint8Array.from([...count, ...ascii(`\r\n${read}\r\n\r\nOK\r\n`)]);
        // The second command is said once the first is answered: its answer comes in one piece behind that.
        const whole = [count.length, ...pieces];
        expect(readFrom(name, said, whole)).toEqual([`${hexText(bytes)} 203.0.113.5:5683`, "ok"]);
      }),
      { seed: 5 },
    );
  });

  it.each(names)("%s: an empty socket is not read", (name) => {
    expect(readFrom(name, ascii("\r\n+USORF: 0,0\r\n\r\nOK\r\n"), [])).toEqual(["ok"]);
  });

  it.each(names)("%s: nonsense is borne, and ends", (name) => {
    const piece = fc.oneof(
      fc.constantFrom("+USORF: ", "0,", "4", '"203.0.113.5"', ",5683,", '"0A0B0C0D"', "\r\n", "OK", "@"),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => String.fromCharCode(...bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), cuts, (parts, where) => {
        const said = Uint8Array.from(parts.join(""), (character) => character.charCodeAt(0));
        expect(["ok", "error", "timeout"]).toContain(readFrom(name, said, where).at(-1));
      }),
      { seed: 6, numRuns: runs(500) },
    );
  });
});

it.each(names)("%s: what is sent has its length in bytes, and its digits between quotes", (name) => {
  fc.assert(
    fc.property(datagram, (bytes) => {
      const line = sendsBy(name, bytes, false).at(-1)!;
      expect(line).toBe(`AT+USOST=0,"203.0.113.5",5683,${bytes.length},"${hexText(bytes)}"`);
    }),
    { seed: 7 },
  );
});

describe("lines that come unasked", () => {
  it.each([
    ["+UUSORF: 0,20", { kind: "data", socket: 0 }],
    ["+UUSORD: 3,16", { kind: "data", socket: 3 }],
    ["+UUSOCL: 1", { kind: "closed", socket: 1, reason: "network" }],
    ["+UUPSDD: 0", { kind: "no-context" }],
    ["+UUPSMR: 1", { kind: "asleep" }],
    ["+UUPSMR: 0", { kind: "awake" }],
    // 2: the modem would sleep, and something keeps it from that.
    ["+UUPSMR: 2", undefined],
    ["+CGEV: ME PDN ACT 1", undefined],
    ["+UUSORF:", undefined],
  ])("%s", (line, meant) => {
    for (const name of names) expect(meaning(name, line)).toEqual(meant);
  });
});

describe("sara-r5", () => {
  it("lays its own stack over the network's context, and again when that was lost", async () => {
    const board = new SimulatedBoard({ seed: 1, family: "sara-r5" });
    await board.up();
    expect(commands(board, "AT+UPSDA=0,3")).toHaveLength(1);
    await board.exchange(new Random(1).bytes(20));
    board.modem.dropContext();
    await board.exchange(new Random(2).bytes(20));
    expect(commands(board, "AT+UPSDA=0,3")).toHaveLength(2);
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it("starts anew behind PSM: context and socket too", async () => {
    const board = new SimulatedBoard({ seed: 2, family: "sara-r5" });
    await board.up();
    await board.exchange(new Random(1).bytes(20));
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    expect(board.modem.state).toBe("psm");
    await board.pass(20 * minute);
    board.lines.length = 0;
    await board.exchange(new Random(2).bytes(20));
    expect(commands(board, "AT+UDCONF=1,1")).toHaveLength(1);
    expect(commands(board, "AT+UPSDA=0,3")).toHaveLength(1);
    expect(commands(board, "AT+USOCR=17")).toHaveLength(1);
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it("goes up to its largest datagram and refuses a larger one", async () => {
    const board = new SimulatedBoard({ seed: 3, family: "sara-r5" });
    await board.up();
    const bytes = new Random(6).bytes(512);
    await board.exchange(bytes);
    expect(board.returned[0].bytes).toEqual(bytes);
    board.send(new Uint8Array(513));
    expect(board.failures).toEqual(["datagram of 513 bytes, the modem takes 512"]);
  });
});
