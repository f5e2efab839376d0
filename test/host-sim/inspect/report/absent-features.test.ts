/** Chromium obeys one list of what to leave out: ours has to have all that Playwright's has, whose it takes the place of. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { absentFeatures } from "../../../../host-sim/inspect/report/pictures";

test("what Playwright leaves out of Chromium is left out", () => {
  const source = readFileSync("node_modules/playwright-core/lib/coreBundle.js", "utf8");
  const [, list] = /disabledFeatures = \[\n([^\]]+)\]/.exec(source)!;
  // Edge's own begin like this.
  const names = [...list.matchAll(/^\s+"((?!ms)\w+)"/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !(absentFeatures as readonly string[]).includes(name))).toEqual([]);
});
