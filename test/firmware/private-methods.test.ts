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

it("nothing of it is called native, which xsc of the SDK 8.2 takes for its own: the module is not compiled", () => {
  const firmware = join(projectRoot(), "firmware");
  const files = readdirSync(firmware, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const found = files.filter((file) => {
    const code = readFileSync(join(firmware, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    return /(?<![\w#.])[Nn]ative\(/.test(code);
  });
  expect(found).toEqual([]);
});
