/** The pictures of README and docs: that each shows what its caption says. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeConsolePicture } from "../../../host-sim/inspect/report/console-picture";
import { chromiumPath } from "../../../host-sim/inspect/report/pictures";
import { takeRunPictures } from "../../../host-sim/cli/pictures";

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
    const lost = place(/ACK 2\.04 · answer to report, announces a command .* lost/);
    const again = place(/CON POST .*report, retransmission 1/);
    const fetched = place(/CON GET .*down_raw · command/);
    const answered = place(/ACK 2\.04 · answer to command answer/);
    expect(lost).toBeGreaterThan(0);
    expect([lost, again, fetched, answered]).toEqual([lost, again, fetched, answered].sort((a, b) => a - b));
  });

  test("the console shows a device online, its plots, and a relay that a command has switched", async () => {
    const file = join(folder, "console.png");
    const said = await takeConsolePicture(file, 12);
    expect(sizeOf(file)).toEqual([1100, 628]);
    expect(said).toContain("1 of 1 devices online");
    expect(said).toMatch(/Temperature\s+2\d\.\d+ degC/);
    expect(said).toMatch(/Relay\s+1 \(on\)/);
  });
});
