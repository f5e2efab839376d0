/** `npm start -- --scenario update`: what it prints, of a run in which a good update is kept and two bad ones are not. */
import { describe, expect, test } from "vitest";
import { updateSummary } from "../../../host-sim/tools/update/update-summary";
import { density } from "../../density";
import { xsMissing } from "../sim/board/rig";
import { obeyed } from "./command-line";
import type { UpdateScenarioResult } from "../../../host-sim/tools/update/update-scenario";

const engines = density<("node" | "xs")[]>(xsMissing === undefined ? ["node", "xs"] : ["node"], ["node"]);

test.each(engines)("tells what each update took, and what became of the readings, on %s", async (engine) => {
  const { code, stdout } = await obeyed(["start", "--scenario", "update", "--engine", engine]);
  expect(code).toBe(0);
  const took =
    "  a difference of [\\d,]+ bytes, [\\d.]+ % of the whole: \\d+ blocks, [\\d,]+ bytes on the air, .* connected, [\\d.]+ J";
  expect(stdout).toMatch(
    new RegExp(`^0\\.2\\.0 -> 0\\.3\\.0, nine changed lines: kept after .*\\n${took}$`, "m"),
  );
  const back = (version: string, what: string): RegExp =>
    new RegExp(
      `^0\\.3\\.0 -> ${version}, ${what}: back to 0\\.3\\.0 after .*: rolled back: .*\\n${took}$`,
      "m",
    );
  expect(stdout).toMatch(back("0\\.3\\.1", "panics as it starts"));
  expect(stdout).toMatch(back("0\\.3\\.2", "never hears the cloud"));
  expect(stdout).toMatch(/^readings: (\d+) taken, \1 in the cloud, 0 lost; starts without an image: 0$/m);
  expect(stdout).toMatch(/^complete; seed 1 repeats this run$/m);
  expect(stdout.trim().split("\n").length).toBeLessThanOrEqual(12);
});

describe("the summary", () => {
  const result: UpdateScenarioResult = {
    ...{ seed: 9, engine: "node", complete: false, shortfall: "3 readings are lost", updates: [] },
    ...{ image: 1_200_000, wholeFile: 800_000, bricks: 1, virtualTime: 3_600_000 },
    readings: { taken: 7, stored: 4, lost: 3, doubled: 0 },
  };
  const plain = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof updateSummary>[2];

  test("says why a run is incomplete", () => {
    const lines = updateSummary(result, 1_000, plain, ["one was refused"]).split("\n");
    expect(lines).toContain("readings: 7 taken, 4 in the cloud, 3 lost; starts without an image: 1");
    expect(lines).toContain("one was refused");
    expect(lines).toContain("incomplete: 3 readings are lost; seed 9 repeats this run");
  });
});
