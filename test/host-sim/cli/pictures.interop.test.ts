/** The pictures of README and docs: that each shows what its caption says. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeConsolePictures } from "../../../host-sim/inspect/report/console-pictures";
import { chromiumPath } from "../../../host-sim/inspect/report/pictures";
import { fleetPlan, takeFleetPictures, takeRunPictures } from "../../../host-sim/cli/pictures";
import { full } from "../../density";

const missing = chromiumPath() === undefined;
if (missing) {
  console.warn("Chromium is not installed: the pictures are not tested");
  if (process.env.CI !== undefined)
    test("Chromium is there", () => expect.fail("CI needs Debian's chromium"));
}

/** Width and height of a PNG. */
function sizeOf(file: string): [number, number] {
  const bytes = readFileSync(file);
  expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe.skipIf(missing)("npm run pictures", () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "enos-pictures-test-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("the sequence chart shows a lost answer, the retransmission, and the command behind it", async () => {
    const [sequence, power] = await takeRunPictures(folder);
    expect(sizeOf(sequence.file)[1]).toBeGreaterThan(700);
    expect(sizeOf(power.file)[1]).toBeGreaterThan(200);
    const place = (pattern: RegExp): number => sequence.rows.findIndex((row) => pattern.test(row));
    const lost = place(/answer to report, announces a command 2\.04 lost/);
    const again = place(/report, retransmission 1 POST again/);
    const fetched = place(/command → 2\.05/);
    const answered = place(/command answer → 2\.04/);
    expect(lost).toBeGreaterThan(0);
    expect([lost, again, fetched, answered]).toEqual([lost, again, fetched, answered].sort((a, b) => a - b));
  });

  test("the fleet's has its plot", async () => {
    const [fleet] = await takeFleetPictures(folder, {
      ...fleetPlan,
      devices: 20,
      devicesPerCell: 20,
      hours: 3,
    });
    expect(basename(fleet.file)).toBe("fleet-blackout.png");
    expect(sizeOf(fleet.file)[1]).toBeGreaterThan(180);
  });

  test("the console shows its places as the captions say, and the same ones each time", async () => {
    const pictures = await takeConsolePictures(folder, 13);
    const said = Object.fromEntries(
      pictures.map(({ file, said }) => [basename(file, ".png"), said.replaceAll("\u00a0", " ")]),
    );
    expect(Object.keys(said)).toEqual([
      ...["console-fleet", "console-rollout", "console-live", "console-messages", "console-script"],
    ]);
    for (const { file } of pictures) expect(sizeOf(file)[0]).toBe(1280);
    expect(said["console-fleet"]).toMatch(/48 devices/);
    expect(said["console-rollout"]).toMatch(/stage 3 of 3 goes on/);
    expect(said["console-rollout"]).toMatch(/1 device failed: step -2: no block for a week/);
    expect(said["console-fleet"]).toMatch(/online\s*39/);
    expect(said["console-fleet"]).toMatch(/with alarms\s*4/);
    expect(said["console-live"]).toMatch(/Greenhouse 3/);
    expect(said["console-live"]).toMatch(/Temperature\s+2\d\.\d+ °C/);
    expect(said["console-live"]).toMatch(/Relay\s+on 1/);
    expect(said["console-messages"]).toMatch(/sent 2 times/);
    expect(said["console-messages"]).toMatch(/came before: the kept answer leaves again/);
    expect(said["console-script"]).toMatch(/report of measure points: the thing model takes it/);
    // Each of them is in the docs, and no other picture of the console.
    const shown = [...readFileSync("docs/cloud.md", "utf8").matchAll(/\(pictures\/(console[\w-]*)\.png\)/g)];
    expect(shown.map(([, name]) => name).sort()).toEqual(Object.keys(said).sort());
    if (!full) return;
    const again = await takeConsolePictures(mkdtempSync(join(folder, "again-")), 13);
    for (const [i, { file }] of again.entries()) {
      expect(readFileSync(file).equals(readFileSync(pictures[i].file)), file).toBe(true);
    }
  });
});
