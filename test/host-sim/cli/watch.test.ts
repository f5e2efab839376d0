/** `npm start -- --watch`: keys, signals, and that a run which is watched is the same run. */
import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { Watch } from "../../../host-sim/cli/watch";
import { VirtualClock } from "../../../host-sim/sim/time/clock";
import { obeyed } from "./command-line";
import type { Seat } from "../../../host-sim/cli/watch";

/** All but how long it took on this machine. */
const withoutRealTime = (text: string): string => text.replace(/; real time .*/, "");

describe("npm start -- --watch", () => {
  test("prints in the end what it prints without", async () => {
    const args = ["start", "--seed", "4", "--reports", "3"];
    const watched = await obeyed([...args, "--watch", "1000000"]);
    const plain = await obeyed(args);
    expect(withoutRealTime(watched.stdout)).toBe(withoutRealTime(plain.stdout));
    expect(watched.stderr).toBe("");
    expect(watched.code).toBe(0);
  });

  test.each([
    [["--watch", "0"], '--watch takes how many times as fast as real time, 1 to 1000000, got "0"'],
    [["--watch", "x"], '--watch takes how many times as fast as real time, 1 to 1000000, got "x"'],
    [["--watch", "--json"], "--watch and --json exclude each other: leave one of them out"],
    [["--watch", "--quiet"], "--watch and --quiet exclude each other: leave one of them out"],
  ])("%j is misuse", async (args, line) => {
    expect(await obeyed(["start", ...args])).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  });
});

/** A viewer whose time goes by while somebody waits, and who does `acts` at these wall ms. */
function viewer(
  acts: readonly (readonly [
    time: number,
    act: (seat: { press(keys: string): void; signal(): void }) => void,
  ])[],
) {
  let now = 0;
  const due = [...acts];
  const written: string[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    raw: [] as boolean[],
    setRawMode: (on: boolean) => void stdin.raw.push(on),
    resume: () => {},
    pause: () => {},
  });
  const signals = new EventEmitter();
  const hands = {
    press: (keys: string) => void stdin.emit("data", Buffer.from(keys)),
    signal: () => void signals.emit("SIGINT"),
  };
  const seat = {
    stdin,
    signals,
    stderr: { isTTY: true, columns: 100, write: (text: string) => written.push(text) > 0 },
    clock: {
      now: () => now,
      after(ms: number, wake: () => void) {
        let isCancelled = false;
        queueMicrotask(() => {
          const [next] = due;
          if (next !== undefined && next[0] <= now + ms) {
            due.shift();
            now = Math.max(now, next[0]);
            next[1](hands);
          } else {
            now += ms;
          }
          if (!isCancelled) wake();
        });
        return () => (isCancelled = true);
      },
    },
  } as unknown as Seat;
  return { seat, stdin, signals, written, wall: () => now };
}

/** Watches a clock with an event at each of these virtual times. */
async function watched(view: ReturnType<typeof viewer>, times: readonly number[]) {
  const watch = new Watch(60, view.seat);
  const clock = new VirtualClock();
  const happened: number[] = [];
  for (const time of times) clock.at(time, () => void happened.push(Math.round(view.wall())));
  await clock.run({ pace: watch.pace, stop: () => watch.ended() !== undefined });
  watch.close();
  return { watch, happened };
}

const minute = 60_000;

describe("the keys of whoever watches", () => {
  test("space stops and goes on, + and - change the speed, e goes to the end", async () => {
    const view = viewer([
      [500, ({ press }) => press(" ")],
      [2_500, ({ press }) => press(" ")],
      [3_200, ({ press }) => press("+")],
      [3_600, ({ press }) => press("-")],
      [5_000, ({ press }) => press("e")],
    ]);
    const { watch, happened } = await watched(view, [minute, 2 * minute, 60 * minute]);
    // 0.5 s and 0.5 s at 60; 0.2 s at 60 and 0.4 s at 120; the rest when e is pressed.
    expect(happened).toEqual([3_000, 3_600, 5_000]);
    expect(watch.ended()).toBeUndefined();
  });

  test("q ends it there; Ctrl-C does and is told apart, by key and by signal", async () => {
    for (const [act, isInterrupted] of [
      [({ press }: { press(keys: string): void }) => press("q"), false],
      [({ press }: { press(keys: string): void }) => press("\u0003"), true],
      [({ signal }: { signal(): void }) => signal(), true],
    ] as const) {
      const view = viewer([[500, act as never]]);
      const { watch, happened } = await watched(view, [minute, 2 * minute]);
      expect(happened).toEqual([]);
      expect(watch.ended()).toBe("ended by hand at 00:00:30.000");
      expect(watch.isInterrupted).toBe(isInterrupted);
    }
  });

  test("the terminal is given back as it was, and nobody listens any more", async () => {
    const view = viewer([[500, ({ press }) => press("q")]]);
    await watched(view, [minute]);
    expect(view.stdin.raw).toEqual([true, false]);
    expect(view.stdin.listenerCount("data")).toBe(0);
    expect(view.signals.listenerCount("SIGINT")).toBe(0);
    expect(view.written.at(-1)).toMatch(/^\r +\r$/);
  });

  test("the line at the bottom tells the time, the speed and the keys", async () => {
    const view = viewer([
      [500, ({ press }) => press(" ")],
      [900, ({ press }) => press("q")],
    ]);
    await watched(view, [minute]);
    expect(view.written[0]).toContain(
      "00:00:00 x60 · space stops, + faster, - slower, e to the end, q quits",
    );
    expect(view.written.some((text) => text.includes("00:00:30 stands still · space goes on"))).toBe(true);
  });
});
