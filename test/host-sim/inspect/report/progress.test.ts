/** What a long command says while it is at work. */
import { describe, expect, test } from "vitest";
import { Progress, ahead } from "../../../../host-sim/inspect/report/progress";

/** A progress on a clock that the test moves, and what it has written. */
function rig(isTTY: boolean, columns?: number) {
  const lines: string[] = [];
  const clock = { now: 0 };
  const stream = {
    isTTY,
    columns,
    write: (text: string) => lines.push(text) > 0,
  } as unknown as NodeJS.WriteStream;
  return { lines, clock, progress: new Progress(stream, { now: () => clock.now }) };
}

describe("elsewhere than on a terminal", () => {
  test("what begins is told at once, and then a line in ten seconds at most", () => {
    const { lines, clock, progress } = rig(false);
    for (const [i, time] of [0, 100, 9_900, 10_100, 11_000].entries()) {
      clock.now = time;
      progress.begin(i / 5, `${i} of 5: part ${i}`);
    }
    progress.end();
    expect(lines).toEqual(["0 % · 0 of 5: part 0\n", "60 %, about 7 s left · 3 of 5: part 3\n"]);
  });

  test("what goes on is told after a second, and the lines get fewer as it takes longer", () => {
    const { lines, clock, progress } = rig(false);
    for (let second = 0; second <= 600; second += 1) {
      clock.now = second * 1_000;
      progress.tell(second / 600, `at ${second}`);
    }
    expect(lines[0]).toBe("0 % · at 1\n");
    expect(lines.length).toBeLessThan(40);
    const times = lines.map((line) => Number(/at (\d+)/.exec(line)![1]));
    expect(times.slice(0, 3)).toEqual([1, 11, 21]);
    expect(times.at(-1)! - times.at(-2)!).toBeGreaterThan(40);
  });

  test("nothing of what is over within a second", () => {
    const { lines, clock, progress } = rig(false);
    progress.tell(0, "a");
    clock.now = 999;
    progress.tell(0.9, "b");
    progress.end();
    expect(lines).toEqual([]);
  });
});

describe("on a terminal", () => {
  test("one line within a second, which goes without a trace", () => {
    const { lines, clock, progress } = rig(true);
    progress.tell(0.1, "10 of 100 reports");
    expect(lines).toEqual([]);
    clock.now = 1_000;
    progress.tell(0.25, "25 of 100 reports");
    clock.now = 1_100;
    progress.tell(0.26, "26 of 100 reports");
    clock.now = 2_000;
    progress.tell(0.5, "50 of 100");
    progress.clear();
    progress.end();
    expect(lines).toEqual([
      "\r[####............] 25 %, about 3 s left · 25 of 100 reports",
      "\r[########........] 50 %, about 2 s left · 50 of 100        ",
      `\r${" ".repeat(51)}\r`,
    ]);
  });

  test.each([40, 80, 200])("no wider than %d columns", (columns) => {
    const { lines, clock, progress } = rig(true, columns);
    clock.now = 5_000;
    progress.begin(0.5, "x".repeat(300));
    expect(lines[0]).toHaveLength(1 + columns - 1);
  });

  test("the time so far where nothing can be said of the rest yet", () => {
    const { lines, clock, progress } = rig(true);
    clock.now = 12_000;
    progress.begin(0.01, "a session");
    expect(lines).toEqual(["\r[................] 1 %, 12 s so far · a session"]);
  });

  test("the text of now beside the share of now", () => {
    const { lines, clock, progress } = rig(true);
    let done = 0;
    const text = (): string => `${done} of 2`;
    progress.tell(0, text);
    done = 1;
    progress.tell(0.5, text);
    clock.now = 1_000;
    progress.over(() => {});
    progress.tell(0.5, text);
    expect(lines).toEqual(["\r[########........] 50 %, about 1 s left · 1 of 2"]);
  });

  test("what is printed meanwhile stands above it", () => {
    const { lines, clock, progress } = rig(true);
    progress.begin(0, "a");
    clock.now = 100;
    progress.over(() => lines.push("result\n"));
    expect(lines).toEqual([
      "\r[................] 0 % · a",
      `\r${" ".repeat(26)}\r`,
      "result\n",
      "\r[................] 0 % · a",
    ]);
  });

  test("without an estimate where nobody knows how much there is", () => {
    const { lines, clock, progress } = rig(true);
    clock.now = 3_000;
    progress.begin(undefined, "waiting for the modem");
    expect(lines).toEqual(["\r3 s so far · waiting for the modem"]);
  });
});

test("nowhere", () => {
  const progress = new Progress(undefined, { now: () => 1e6 });
  progress.begin(0.5, "a");
  progress.tell(0.6, () => {
    throw new Error("nobody wants this text");
  });
  progress.end();
});

test.each([
  [1, "1 s"],
  [61_500, "62 s"],
  [180_000, "3 min"],
  [5_999_999, "1 h 40 min"],
])("%d ms ahead are %s", (ms, text) => expect(ahead(ms)).toBe(text));
