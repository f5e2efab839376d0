/** Messages that say much: told apart and recognised as short ones are, and kept in hardly more memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { RecentMessages } from "../../../../host-sim/cloud/registry/recent-messages";
import type { Statement } from "../../../../host-sim/cloud/registry/recent-messages";

const limits = { ids: 4096 };

/** Readings that took place one after another, with so many measure points each. */
function readings(count: number, points: number, value = 1): Statement[] {
  return Array.from({ length: count }, (_, i) => ({
    points: Object.fromEntries(Array.from({ length: points }, (_, j) => [`point${j}`, value + i + j])),
    time: 1000 * i,
  }));
}

describe.each([
  ["one reading of few points", 1, 3],
  ["one reading of very many points", 1, 200],
  ["few readings", 3, 4],
  ["many readings", 60, 4],
])("%s", (_name, count, points) => {
  test("come again, and others under the same id", () => {
    const messages = new RecentMessages(limits);
    expect(messages.cameBefore("7", readings(count, points))).toBe(false);
    expect(messages.cameBefore("7", readings(count, points))).toBe(true);
    expect(messages.cameBefore("7", readings(count, points, 2))).toBe(false);
    expect(messages.cameBefore("7", readings(count, points, 2))).toBe(true);
    const later = readings(count, points, 2).map(({ points: same, time = 0 }) => ({
      points: same,
      time: time + 1,
    }));
    expect(messages.cameBefore("7", later)).toBe(false);
  });

  test("come again after a restart", () => {
    const messages = new RecentMessages(limits);
    readings(count, points).forEach((statement, i) => messages.restore("7", statement, i > 0));
    expect(messages.cameBefore("7", readings(count, points))).toBe(true);
    expect(messages.cameBefore("7", readings(count, points, 2))).toBe(false);
  });
});

test("a long reading that came without a time comes again with one", () => {
  const messages = new RecentMessages(limits);
  const [{ points }] = readings(1, 200);
  expect(messages.cameBefore("7", [{ points }])).toBe(false);
  expect(messages.cameBefore("7", [{ points, time: 5 }])).toBe(true);
  expect(messages.cameBefore("7", [{ points, time: 6 }])).toBe(false);
});

test("thousands of the longest messages take less than they have bytes", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const messages = new RecentMessages(limits);
  collect();
  const before = process.memoryUsage().heapUsed;
  const longest = 8192;
  for (let id = 0; id < limits.ids; id++) {
    messages.cameBefore(String(id), [{ points: JSON.parse(`{"a":[${"[],".repeat(longest / 3)}${id}]}`) }]);
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  expect(messages.cameBefore("0", [])).toBe(false);
  expect(grown).toBeLessThan((limits.ids * longest) / 8);
});
