import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { figureRows } from "../../../../host-sim/inspect/energy/figures";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";

test("docs/energy.md has every figure of both profiles, as it is", () => {
  const [, field, limit] = readFileSync("docs/energy.md", "utf8").split(/^## Figures of .*$/m);
  for (const [text, profile] of [
    [field, profiles.field],
    [limit, profiles.limit],
  ] as const) {
    expect(text.split("\n").filter((line) => /^\| (modem|radio|board)\./.test(line))).toEqual(
      figureRows(profile),
    );
  }
});
