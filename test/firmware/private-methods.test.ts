/**
 * XS keeps a private method in every object of its class, a slot of 16 bytes each: a device with 64 KiB of heap
 * has none to spare.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "../../host-sim/project";

it("no class of the firmware has a method with a private name", () => {
  const firmware = join(projectRoot(), "firmware");
  const files = readdirSync(firmware, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => {
    const declared =
      readFileSync(join(firmware, file), "utf8").match(/^ +(?:(?:static|async|get|set) )*#\w+[(<]/gm) ?? [];
    return declared.map((each) => `${file}: ${each.trim()}`);
  });
  expect(found).toEqual([]);
});
