/** A run played at a speed that can be followed, on a clock that the test moves. */
import { describe, expect, test } from "vitest";
import { Playback } from "../../../../host-sim/inspect/report/playback";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import type { Position, WallClock } from "../../../../host-sim/inspect/report/playback";
import type { Pace } from "../../../../host-sim/sim/time/clock";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

/** A clock whose time goes on only when somebody waits for it, then at once; `at` is what happens meanwhile. */
function wallClock(at: readonly (readonly [time: number, act: () => void])[] = []): WallClock {
  let now = 0;
  const due = [...at];
  return {
    now: () => now,
    after(ms, wake) {
      let isCancelled = false;
      queueMicrotask(() => {
        if (isCancelled) return;
        const [next] = due;
        if (next !== undefined && next[0] <= now + ms) {
          due.shift();
          now = Math.max(now, next[0]);
          next[1]();
          if (isCancelled) return;
        } else {
          now += ms;
        }
        wake();
      });
      return () => (isCancelled = true);
    },
  };
}

/** When events at these virtual times happen on the wall's clock. */
async function played(
  times: readonly number[],
  speed: number,
  act?: (playback: () => Playback) => (readonly [time: number, act: () => void])[],
  onMove?: (position: Position) => void,
): Promise<number[]> {
  let playback!: Playback;
  const wall = wallClock(act?.(() => playback));
  playback = new Playback(wall, speed, onMove);
  const clock = new VirtualClock();
  const happened: number[] = [];
  for (const time of times) clock.at(time, () => void happened.push(Math.round(wall.now())));
  await clock.run({ pace: playback.pace });
  return happened;
}

describe("virtual time on the wall's clock", () => {
  test("goes by at the speed that was asked for", async () => {
    expect(await played([0, 60_000, 120_000, 3_600_000], 60)).toEqual([0, 1_000, 2_000, 60_000]);
    expect(await played([0, 1_000, 2_000], 1)).toEqual([0, 1_000, 2_000]);
  });

  test("what lies closer together than can be seen is not waited for, and adds up to no delay", async () => {
    const times = Array.from({ length: 10_000 }, (_, i) => i * 60);
    const walls = await played(times, 60);
    expect(Math.abs(walls.at(-1)! - 9_999)).toBeLessThan(5);
  });

  test("twice as fast from a moment on", async () => {
    const walls = await played([0, 60_000, 120_000], 60, (playback) => [
      [500, () => playback().accelerate(2)],
    ]);
    expect(walls).toEqual([0, 750, 1_250]);
  });

  test("it stands still while it is paused", async () => {
    const walls = await played([0, 60_000], 60, (playback) => [
      [400, () => playback().togglePause()],
      [5_000, () => playback().togglePause()],
    ]);
    expect(walls).toEqual([0, 5_600]);
  });

  test("the rest at once", async () => {
    const walls = await played([0, 60_000, 86_400_000], 60, (playback) => [[300, () => playback().rush()]]);
    expect(walls).toEqual([0, 300, 300]);
  });

  test("it tells where it is, several times a second", async () => {
    const seen: Position[] = [];
    await played([0, 60_000], 60, undefined, (position) => seen.push(position));
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(seen[2]).toMatchObject({ at: 24_000, speed: 60, isPaused: false });
  });

  test("no slower than an eighth of real time, and no faster than a million times", () => {
    const playback = new Playback(wallClock(), 1);
    for (let i = 0; i < 100; i++) playback.accelerate(1 / 2);
    expect(playback.speed).toBe(1 / 8);
    for (let i = 0; i < 100; i++) playback.accelerate(2);
    expect(playback.speed).toBe(1_000_000);
  });
});

describe("a run that is watched", () => {
  async function eventsOf(pace?: Pace): Promise<{ events: string[]; complete: boolean }> {
    const events: string[] = [];
    const { complete } = await new Simulation({
      ...{ seed: 5, engine: "node", edition: "token", coverage: 1, reports: 3, interval: 900 },
      ...{ format: "alternate", powerKey: true, command: true, pace },
      onEvent: (event: WorldEvent) => void events.push(JSON.stringify(event)),
    }).run();
    return { events, complete };
  }

  test("has the same events, to the byte, and takes its virtual time on the wall", async () => {
    const wall = wallClock();
    const watched = await eventsOf(new Playback(wall, 60).pace);
    const plain = await eventsOf();
    expect(watched.events).toEqual(plain.events);
    const last = JSON.parse(plain.events.at(-1)!) as { time: number };
    expect(Math.abs(wall.now() - last.time / 60)).toBeLessThan(300);
  });
});
