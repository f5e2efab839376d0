import { expect, it, test } from "vitest";
import { ResetEscalation } from "../../../../firmware/modem/driver/reset-escalation";

const climbed = (escalation: ResetEscalation, deaf: boolean, times: number): (string | undefined)[] =>
  Array.from({ length: times }, () => {
    escalation.failed();
    return escalation.beforeBringUp(deaf);
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
  const resetLevels = climbed(new ResetEscalation({ key, supply }), deaf, 9).map((level) => level ?? "-");
  expect(resetLevels).toEqual(expected);
});

it("begins at its foot again once the modem is up", () => {
  const escalation = new ResetEscalation({ key: true, supply: true });
  climbed(escalation, false, 4);
  escalation.succeeded();
  expect(climbed(escalation, false, 2)).toEqual([undefined, "reboot"]);
});

it("is harder each time on a modem that is up and mute, until something comes back", () => {
  const escalation = new ResetEscalation({ key: true, supply: true });
  expect(Array.from({ length: 5 }, () => escalation.mute())).toEqual([
    "radio",
    "reboot",
    "key",
    "supply",
    "supply",
  ]);
  escalation.confirmed();
  expect(escalation.mute()).toBe("radio");
  const bare = new ResetEscalation({ key: false, supply: false });
  expect(Array.from({ length: 5 }, () => bare.mute())).toEqual([
    "radio",
    "reboot",
    "reboot",
    "reboot",
    "reboot",
  ]);
});

it("keeps its counts and failures over a restart, and takes nonsense for nothing", () => {
  const escalation = new ResetEscalation({ key: true, supply: true });
  for (const level of ["resync", "resync", "radio", "supply"] as const) escalation.taken(level);
  climbed(escalation, false, 3);
  expect(escalation.state).toEqual([2, 1, 0, 0, 1, 3]);
  const again = new ResetEscalation({ key: true, supply: true }, escalation.state);
  expect(again.state).toEqual(escalation.state);
  again.failed();
  expect(again.beforeBringUp(false)).toBe("supply");
  for (const state of [[-1, 1.5, NaN, 70_000, Infinity, -3], [], [1, 2]]) {
    const odd = new ResetEscalation({ key: true, supply: true }, state).state;
    expect(odd.every((count) => count >= 0 && count <= 2)).toBe(true);
  }
  for (let i = 0; i < 70_000; i++) again.taken("radio");
  expect(again.state[1]).toBe(65_535);
});
