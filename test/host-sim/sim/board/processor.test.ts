/**
 * Turns that take time: what the board sends leaves when its turn is over, what comes meanwhile waits, and a board that
 * has no processor's time to lose behaves as ever.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GuestFault, nothing } from "../../../../host-sim/sim/engine/engine";
import { GuestCommand, HostEvent, eventHeader } from "../../../../host-sim/sim/board/protocol";
import { Board } from "../../../../host-sim/sim/board/board";
import { processorTable } from "../../../../host-sim/sim/board/processor-table";
import { TurnCounter } from "../../../../host-sim/sim/board/processor";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import type { BoardOptions, Restart, TurnTime } from "../../../../host-sim/sim/board/board";
import type { Engine } from "../../../../host-sim/sim/engine/engine";

/** What a guest does with an event; what it gives is when its next timer is due, ms since power-on. */
type Guest = (event: Buffer, issue: (command: Uint8Array) => Uint8Array) => number | void;

/** A guest that is a function of the test's. */
class ScriptedEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  evaluate(): void {}

  deliver(event: Uint8Array): Uint8Array {
    const due = this.#guest(Buffer.from(event), (command) => this.onCommand(command)) ?? NaN;
    return new Uint8Array(new Float64Array([due]).buffer);
  }

  close(): void {}
}

function command(kind: number, body: Uint8Array = nothing, a = 0, b = 0): Uint8Array {
  return Uint8Array.from([kind, a, b & 0xff, b >> 8, ...body]);
}

const write = (text: string): Uint8Array => command(GuestCommand.serialWrite, Buffer.from(text));
const trace = (text: string): Uint8Array => command(GuestCommand.trace, Buffer.from(text, "utf16le"));
const open = command(GuestCommand.serialOpen, new Uint8Array(4));
const word = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

/** A board on a wire, with everything that it does and its turns. */
class Bench {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly turns: (Omit<TurnTime, "counts"> & { readonly time: number })[] = [];
  readonly restarts: Restart[] = [];
  readonly board: Board;
  free = 128;

  constructor(guest: Guest, rate: number, options: Partial<BoardOptions> = {}) {
    this.board = new Board({
      engine: new ScriptedEngine(guest),
      scheduler: this.clock,
      config: {},
      keyValue: new Map(),
      seed: "bench",
      epoch: 0,
      serial: {
        write: (bytes) => {
          this.free -= bytes.length;
          this.#note(`sent ${Buffer.from(bytes).toString()}`);
        },
        txFree: () => this.free,
      },
      onTrace: (text) => this.#note(text),
      onPin: (pin, level) => this.#note(`pin ${pin} ${level}`),
      onRestart: ({ text }) => this.#note(`stopped ${text}`),
      processor: {
        rate,
        onTurn: ({ kind, compute, ms }) => this.turns.push({ time: this.clock.now, kind, compute, ms }),
      },
      ...options,
    });
  }

  #note(what: string): void {
    this.log.push(`${this.clock.now.toFixed(1)} ${what}`);
  }
}

/** Steps by the table of a start in which this happens. */
function startOf(commands: readonly Uint8Array[], answers: readonly Uint8Array[] = []): number {
  const counter = new TurnCounter(false);
  counter.begin(Uint8Array.of(HostEvent.boot));
  for (const [i, each] of commands.entries()) counter.command(each, answers[i] ?? nothing);
  return counter.compute();
}

describe("a turn", () => {
  test("takes what the table says of its commands, and what it sends leaves at its end, in order", async () => {
    const commands = [
      open,
      trace("hello"),
      write("AT"),
      command(GuestCommand.pinWrite, nothing, 1, 5),
      write("\r"),
    ];
    const bench = new Bench((event, issue) => {
      if (event[0] === HostEvent.boot) for (const each of commands) issue(each);
    }, 1_000);
    void bench.board.start();
    await bench.clock.run();
    const compute = startOf(commands, [nothing, nothing, Uint8Array.of(1), nothing, Uint8Array.of(1)]);
    expect(compute).toBeGreaterThan(2 * processorTable.commands.serialWrite[0]);
    expect(bench.turns).toEqual([{ time: 0, kind: "start", compute, ms: compute }]);
    const end = compute.toFixed(1);
    expect(bench.log).toEqual(["0.0 hello", `${end} sent AT`, `${end} pin 5 1`, `${end} sent \r`]);
  });

  test("leaves no more room in the FIFO than its own bytes leave", () => {
    const answers: number[] = [];
    const bench = new Bench((_, issue) => {
      issue(open);
      for (const length of [100, 28, 1]) answers.push(issue(write("x".repeat(length)))[0]);
    }, 1_000);
    void bench.board.start();
    expect(answers).toEqual([1, 1, 0]);
  });

  test("that takes no time sends at once", () => {
    const bench = new Bench((_, issue) => void [open, write("AT")].forEach((each) => issue(each)), Infinity);
    void bench.board.start();
    expect(bench.log).toEqual(["0.0 sent AT"]);
    expect(bench.turns.map(({ ms }) => ms)).toEqual([0]);
  });

  test("takes longer by the erases of flash in it, and by what the firmware waits in it", async () => {
    const partition = {
      status: () => ({ size: 8_192, blockLength: 4_096 }),
      read() {},
      write() {},
      eraseBlock() {},
    };
    const wait = command(GuestCommand.delay, new Uint8Array(new Float64Array([30]).buffer));
    const name = command(GuestCommand.flashStatus, Buffer.from("journal", "utf16le"));
    const erase = command(GuestCommand.flashErase, word(0));
    const deaf: number[] = [];
    const bench = new Bench(
      (_, issue) => void [name, erase, erase, wait].forEach((each) => issue(each)),
      1e9,
      {
        flash: new Map([["journal", partition]]) as unknown as BoardOptions["flash"],
        onErase: () => 45,
        onStandstill: (duration) => deaf.push(duration),
      },
    );
    void bench.board.start();
    await bench.clock.run();
    expect(bench.turns[0].ms).toBeCloseTo(30 + 2 * 45, 1);
    expect(Math.max(...deaf)).toBe(bench.turns[0].ms);
  });
});

describe("while a turn lasts", () => {
  test("events wait, bytes together up to the FIFO's 128, and come in order when it is over", async () => {
    const heard: string[] = [];
    const bench = new Bench((event, issue) => {
      if (event[0] === HostEvent.boot) void [open, trace("here")].forEach((each) => issue(each));
      else heard.push(`${event.readDoubleLE(8).toFixed(1)} ${event[0]} ${event.length - eventHeader}`);
    }, 1_000);
    void bench.board.start();
    const { ms: start } = bench.turns[0];
    expect(start).toBe(startOf([open, trace("here")]));
    for (const [at, length] of [
      [0.2, 100],
      [0.4, 100],
    ]) {
      bench.clock.at(at * start, () => bench.board.serialReceive(new Uint8Array(length)));
    }
    bench.clock.at(0.3 * start, () => bench.board.pinChanged(4, 1));
    bench.clock.at(0.5 * start, () => bench.board.pinChanged(4, 0));
    await bench.clock.run();
    const [, first, second] = bench.turns;
    expect(heard).toEqual([
      `${start.toFixed(1)} ${HostEvent.serialReceived} 128`,
      `${(start + first.ms).toFixed(1)} ${HostEvent.pinChanged} 0`,
      `${(start + first.ms + second.ms).toFixed(1)} ${HostEvent.pinChanged} 0`,
    ]);
  });

  test("a timer waits, and one that is set in a turn runs from its end", async () => {
    const fired: number[] = [];
    const bench = new Bench((event, issue) => {
      if (event[0] === HostEvent.boot) {
        issue(trace("x".repeat(50)));
        return 10;
      }
      fired.push(event.readDoubleLE(8));
      return NaN;
    }, 1_000);
    void bench.board.start();
    await bench.clock.run();
    expect(fired).toEqual([bench.turns[0].ms + 10]);
  });

  test("its power may be lost: nothing of it leaves then", async () => {
    const bench = new Bench((_, issue) => void [open, write("AT")].forEach((each) => issue(each)), 1_000);
    void bench.board.start();
    bench.clock.at(1, () => bench.board.powerOff());
    await bench.clock.run();
    expect(bench.log).toEqual([]);
  });
});

describe("a turn that is the last", () => {
  test.each([
    ["deep sleep", command(GuestCommand.deepSleep, word(5_000)), "for 5000 ms"],
    ["a restart", command(GuestCommand.restart), "restart"],
  ])("ends with %s, behind what it has sent", async (_, last, text) => {
    const bench = new Bench((_, issue) => {
      for (const each of [open, write("AT"), last, write("never")]) issue(each);
      throw new GuestFault("it does not come back");
    }, 1_000);
    void bench.board.start();
    await bench.clock.run();
    const end = bench.turns[0].ms.toFixed(1);
    expect(bench.log).toEqual([`${end} sent AT`, `${end} stopped ${text}`]);
  });
});

test("bytes that come are counted by lines, and a turn for room only sends", () => {
  const counter = new TurnCounter(true);
  const received = Buffer.concat([Buffer.alloc(eventHeader), Buffer.from("+CSQ: 20,99\r\nOK\r\n")]);
  received[0] = HostEvent.serialReceived;
  counter.begin(received);
  expect([counter.kind, counter.lines, counter.bytes]).toEqual(["serial received", 2, 17]);
  const { turns, sleeping, line, byte } = processorTable;
  const base = turns["serial received"] + sleeping["serial received"];
  expect(counter.compute()).toBe(Math.round(base + 2 * line + 17 * byte));
  counter.begin(Uint8Array.of(HostEvent.serialWritable));
  counter.command(write("AT"), Uint8Array.of(1));
  expect(counter.compute()).toBe(Math.round(turns["serial writable"] + sleeping["serial writable"]));
});

test("a FIFO is kept for the next turn as full, and as often, as the firmware's own port keeps it", () => {
  const port = readFileSync(new URL("../../../../firmware/board/modem-port.ts", import.meta.url), "utf8");
  const [full, mostKept] = ["full", "mostKept"].map((name) =>
    Number(new RegExp(`^const ${name} = (\\d+);`, "m").exec(port)?.[1]),
  );
  const received = (length: number): Uint8Array => {
    const event = new Uint8Array(eventHeader + length);
    event[0] = HostEvent.serialReceived;
    return event;
  };
  const bytesAfter = (pieces: number): number => {
    const counter = new TurnCounter(false);
    for (let i = 0; i < pieces; i++) {
      counter.begin(received(full));
      expect(counter.kind).toBe("serial kept");
    }
    counter.begin(received(full - 1));
    expect(counter.kind).toBe("serial received");
    return counter.bytes;
  };
  expect(bytesAfter(1)).toBe(2 * full - 1);
  expect(bytesAfter(mostKept)).toBe(mostKept * full + full - 1);
  // Of more the middle is dropped.
  expect(bytesAfter(mostKept + 3)).toBe(bytesAfter(mostKept));
});
