import { expect, it, test } from "vitest";
import { ResetLadder } from "../../../../firmware/modem/driver/reset-escalation";

const climbed = (ladder: ResetLadder, deaf: boolean, times: number): (string | undefined)[] =>
  Array.from({ length: times }, () => {
    ladder.failed();
    return ladder.beforeBringUp(deaf);
  });

test.each([
  [true, true, false, ["-", "reboot", "key", "supply", "-", "-", "-", "supply", "-"]],
  [true, false, false, ["-", "reboot", "key", "key", "-", "-", "-", "key", "-"]],
  [false, true, false, ["-", "reboot", "supply", "supply", "-", "-", "-", "supply", "-"]],
  [false, false, false, ["-", "reboot", "reboot", "reboot", "-", "-", "-", "reboot", "-"]],
  [true, true, true, ["-", "supply", "supply", "supply", "supply", "supply", "supply", "supply", "supply"]],
  [true, false, true, ["-", "key", "-", "key", "-", "key", "-", "key", "-"]],
  [false, false, true, ["-", "-", "-", "-", "-", "-", "-", "-", "-"]],
])("with key %s, supply %s, deaf %s", (key, supply, deaf, expected) => {
  const rungs = climbed(new ResetLadder({ key, supply }), deaf, 9).map((rung) => rung ?? "-");
  expect(rungs).toEqual(expected);
});

it("begins at its foot again once the modem is up", () => {
  const ladder = new ResetLadder({ key: true, supply: true });
  climbed(ladder, false, 4);
  ladder.succeeded();
  expect(climbed(ladder, false, 2)).toEqual([undefined, "reboot"]);
});

it("is harder each time on a modem that is up and mute, until something comes back", () => {
  const ladder = new ResetLadder({ key: true, supply: true });
  expect(Array.from({ length: 5 }, () => ladder.mute())).toEqual(["radio", "reboot", "key", "supply", "supply"]);
  ladder.heard();
  expect(ladder.mute()).toBe("radio");
  const bare = new ResetLadder({ key: false, supply: false });
  expect(Array.from({ length: 5 }, () => bare.mute())).toEqual(["radio", "reboot", "reboot", "reboot", "reboot"]);
});

it("keeps its counts and failures over a restart, and takes nonsense for nothing", () => {
  const ladder = new ResetLadder({ key: true, supply: true });
  for (const rung of ["resync", "resync", "radio", "supply"] as const) ladder.note(rung);
  climbed(ladder, false, 3);
  expect(ladder.state).toEqual([2, 1, 0, 0, 1, 3]);
  const again = new ResetLadder({ key: true, supply: true }, ladder.state);
  expect(again.state).toEqual(ladder.state);
  again.failed();
  expect(again.beforeBringUp(false)).toBe("supply");
  for (const state of [[-1, 1.5, NaN, 70_000, Infinity, -3], [], [1, 2]]) {
    const odd = new ResetLadder({ key: true, supply: true }, state).state;
    expect(odd.every((count) => count >= 0 && count <= 2)).toBe(true);
  }
  for (let i = 0; i < 70_000; i++) again.note("radio");
  expect(again.state[1]).toBe(65_535);
});
