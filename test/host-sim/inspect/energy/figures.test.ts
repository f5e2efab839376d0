import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { computeRate } from "../../../../host-sim/sim/board/processor";
import { esp32 } from "../../../../host-sim/inspect/energy/esp32";
import { boardRows, figureRows, sheetRows } from "../../../../host-sim/inspect/energy/figures";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";

/** Sections of the page by the name in their heading. */
const sections = new Map(
  readFileSync("docs/energy.md", "utf8")
    .split(/^## /m)
    .map((text) => [text.split("\n", 1)[0], text]),
);

const rows = (heading: string): string[] =>
  sections
    .get(heading)!
    .split("\n")
    .filter((line) => /^\| (modem|radio|board)\./.test(line));

test.each(Object.values(profiles))("docs/energy.md has every figure of $name, as it is", (profile) => {
  expect(rows(`Figures of \`${profile.name}\``)).toEqual(figureRows(profile));
});

test("docs/energy.md has every figure of the board, which the profiles share", () => {
  expect(rows("Figures of the board")).toEqual(boardRows(esp32));
  for (const { board } of Object.values(profiles)) expect(board).toBe(esp32);
});

test("docs/energy.md has every data sheet of a module", () => {
  const lines = sections.get("Data sheets of modules")!.split("\n");
  expect(lines.filter((line) => / \| (\S+ Hardware|D\. Rob|SIM|BC|SARA)/.test(line))).toEqual(sheetRows());
});

test("the rate of compute is the simulated board's at 240 MHz, where nobody has measured it", () => {
  const { value, low, high } = esp32.computeRate;
  expect(Math.round(value * 240)).toBeCloseTo(computeRate, -4);
  expect(low! * 3).toBeCloseTo(value, -1);
  expect(high! / 3).toBeCloseTo(value, -1);
});
