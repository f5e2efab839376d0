/** The table of BC95 and SARA-N2, which share a chip: what the sockets say and read, and lines bent beyond that. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { parseCereg } from "../../../../firmware/modem/at/fields";
import { ascii, hexText } from "../../../../firmware/text/ascii";
import { bc95, saraN2 } from "../../../../host-sim/sim/modem/family/bc95";
import type { Family } from "../../../../host-sim/sim/modem/family";
import { Random } from "../../../../host-sim/sim/time/random";
import { runs } from "../../../density";
import { SimulatedBoard, server } from "../simulated-board";
import { cuts, datagram, meaning, readFrom, sendsBy } from "./socket-table";
import { Transcript } from "./transcript";

const minute = 60_000;
const names = ["bc95", "sara-n2"] as const;

it.each(names)("%s goes through a session in the forms of its logs, and is woken by a word", (name) =>
  new Transcript(name).play(`${name}-session.txt`),
);

describe("what AT+NSORF gives", () => {
  it.each(names)("%s: with its name or without, quoted or not, wherever it is cut", (name) => {
    const count = fc.option(fc.nat(512));
    fc.assert(
      fc.property(datagram, fc.boolean(), fc.boolean(), count, cuts, (...drawn) => {
        const [bytes, named, quoted, left, pieces] = drawn;
        const q = quoted ? '"' : "";
        const behind = left === null ? "" : `,${left}`;
        const fields = `0,${q}203.0.113.5${q},5683,${bytes.length},${q}${hexText(bytes)}${q}${behind}`;
        const said = ascii(`\r\n${named ? "+NSORF: " : ""}${fields}\r\n\r\nOK\r\n`);
        expect(readFrom(name, said, pieces)).toEqual([`${hexText(bytes)} 203.0.113.5:5683`, "ok"]);
      }),
      { seed: 95 },
    );
  });

  it.each(names)("%s: nothing, where there is nothing", (name) => {
    expect(readFrom(name, ascii("\r\nOK\r\n"), [])).toEqual(["ok"]);
  });

  it.each(names)("%s: of fewer bytes than are announced, what came", (name) => {
    const said = ascii("\r\n0,203.0.113.5,5683,3,0A0B,0\r\n\r\nOK\r\n");
    expect(readFrom(name, said, [])).toEqual(["0A0B 203.0.113.5:5683 cut", "ok"]);
  });

  it.each(names)("%s: nonsense is borne, and ends", (name) => {
    const piece = fc.oneof(
      fc.constantFrom("0,", "+NSORF: ", "203.0.113.5", ",5683", ",4,0A0B0C0D", ",0", "\r\n", "OK", '"'),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => String.fromCharCode(...bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), cuts, (parts, where) => {
        const said = Uint8Array.from(parts.join(""), (character) => character.charCodeAt(0));
        expect(["ok", "error", "timeout"]).toContain(readFrom(name, said, where).at(-1));
      }),
      { seed: 96, numRuns: runs(500) },
    );
  });
});

describe("what is sent", () => {
  const bytes = Uint8Array.of(0x40, 0x01, 0x12, 0x34);

  it.each([
    ["bc95", false, "AT+NSOST=0,203.0.113.5,5683,4,40011234"],
    ["bc95", true, "AT+NSOSTF=0,203.0.113.5,5683,0x400,4,40011234"],
    ["sara-n2", false, 'AT+NSOST=0,"203.0.113.5",5683,4,"40011234"'],
    ["sara-n2", true, 'AT+NSOSTF=0,"203.0.113.5",5683,0x400,4,"40011234"'],
  ])("%s, the last one: %s", (name, release, line) => {
    expect(sendsBy(name, bytes, release)).toEqual([line]);
  });
});

describe("lines that come unasked", () => {
  it.each([
    ["+NSONMI:1,3", { kind: "data", socket: 1 }],
    ["+NSONMI: 0,5", { kind: "data", socket: 0 }],
    ["+NSOCLI:0", { kind: "closed", socket: 0, reason: "network" }],
    ["+NPSMR:1", { kind: "asleep" }],
    ["+NPSMR: 0", { kind: "awake" }],
    ["+NSONMI:", undefined],
    ["+NPSMR:7", undefined],
    ["+CSCON:1", undefined],
    ["+UFOTAS: 0,1", undefined],
  ])("%s", (line, meant) => {
    for (const name of names) expect(meaning(name, line)).toEqual(meant);
  });

  // Of hardware, see ../sessions.
  it.each([
    ["+CEREG:0,0000,00000000,9,,", { stat: 0 }],
    ["+CEREG:2,5209,0E4C510D,9,0,19", { stat: 2, cause: 19 }],
    ["+CEREG:3,2,5209,0E4C510D,9,0,19", { level: 3, stat: 2, cause: 19 }],
    ["+CEREG:1,9C40,023DC10D,9,,", { stat: 1 }],
    ['+CEREG: 3,"5209","EABE70D",7,0,8,,', { stat: 3, cause: 8 }],
    ['+CEREG: 5,0,"0000","0",7,0,8,,', { level: 5, stat: 0, cause: 8 }],
    ['+CEREG: 5,2,"0000","0",7,,,,', { level: 5, stat: 2 }],
  ])("%s", (line, meant) => {
    expect(parseCereg(ascii(line))).toMatchObject(meant);
    expect(parseCereg(ascii(line))?.cause).toBe((meant as { cause?: number }).cause);
  });
});

describe.each(names)("%s", (family) => {
  it("is woken by the first word, its socket living on", async () => {
    const board = new SimulatedBoard({ seed: 1, family });
    await board.up();
    for (let i = 0; i < 4; i++) {
      await board.exchange(new Random(i).bytes(20));
      await board.until(() => board.modem.state === "psm", 5 * minute);
      expect(board.modem.state).toBe("psm");
      await board.pass(20 * minute);
    }
    expect(board.lines.filter((line) => line.startsWith("> AT+NSOCR="))).toHaveLength(1);
    expect(board.states.every((state) => state === "up")).toBe(true);
  });

  it("tells the network that one answer is the last", async () => {
    const board = new SimulatedBoard({ seed: 2, family });
    await board.up();
    board.socket.releaseAfterReply = true;
    for (let i = 0; i < 3; i++) await board.exchange(new Random(i).bytes(20));
    const sent = board.events.filter((event) => event.type === "send");
    expect(sent.map((event) => event.rai)).toEqual([2, 2, 2]);
  });

  it("finds a datagram whose hint was lost", async () => {
    const board = new SimulatedBoard({ seed: 3, family });
    await board.up();
    board.modem.urcs = { lose: 1, double: 0 };
    const bytes = new Random(3).bytes(30);
    expect(await board.exchange(bytes)).toBeLessThanOrEqual(2);
    expect(board.returned.at(-1)!.bytes).toEqual(bytes);
  });
});

/** A modem that announces each datagram as it comes, or each other once it is the next to be read. */
function announcing(name: (typeof names)[number], each: boolean): { family: Family } {
  const table = { bc95, "sara-n2": saraN2 }[name];
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = table.nvram();
    kept.own.set("each", each ? "yes" : "no");
    return kept;
  };
  return { family: { ...table, nvram } };
}

describe.each(
  names.flatMap((name) =>
    [true, false].flatMap((each) =>
      [0, 1].map((lose) => {
        const told = `${each ? "hints at each datagram" : "hints at the next to be read"}, ${lose === 0 ? "heard" : "lost"}`;
        return { name, told, each, lose };
      }),
    ),
  ),
)("$name, $told", ({ name, each, lose }) => {
  const older = [new Random(1).bytes(15), new Random(2).bytes(15)];
  const bodies = (board: SimulatedBoard): Uint8Array[] => board.returned.map(({ bytes }) => bytes);

  /** It has sent once, and two datagrams wait in its modem whose hints nobody heard. */
  async function behind(): Promise<SimulatedBoard> {
    const board = new SimulatedBoard({ seed: 4, family: name, modem: announcing(name, each) });
    await board.up();
    await board.exchange(new Random(3).bytes(15));
    await board.pass(1_000);
    board.returned.length = 0;
    board.modem.urcs = { lose: 1, double: 0 };
    for (const bytes of older) board.cell.sendDownlink(bytes, board.peers[0], server);
    await board.pass(3_000);
    expect(board.modem.state).toBe("on");
    board.modem.urcs = { lose, double: 0 };
    return board;
  }

  it("has the answer to each of its datagrams, and not the one before", async () => {
    const board = await behind();
    expect(bodies(board)).toEqual([]);
    const sent = [5, 6, 7].map((seed) => new Random(seed).bytes(15));
    for (const bytes of sent) {
      board.send(bytes);
      await board.pass(20_000);
      expect(bodies(board).at(-1)).toEqual(bytes);
    }
    expect(bodies(board)).toHaveLength(5);
    expect(bodies(board)).toEqual(expect.arrayContaining([...older, ...sent]));
  });

  it("has it behind the ESP32's deep sleep, too", async () => {
    const board = await behind();
    board.restart([...board.driver.remembered!]);
    await board.up();
    const bytes = new Random(5).bytes(15);
    board.send(bytes);
    await board.pass(20_000);
    expect(bodies(board)).toHaveLength(3);
    expect(bodies(board).at(-1)).toEqual(bytes);
  });
});
