/** What strangers wrote reaches the console's page in one way: as escaped text, by elements.ts. */
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

const folder = "host-sim/cloud/console/page";
const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "elements.ts");

test.each(files)("%s puts in no text and no markup itself", (name) => {
  const source = readFileSync(`${folder}/${name}`, "utf8");
  expect(source).not.toMatch(/\.(textContent|innerText|innerHTML|outerHTML)\s*=[^=]/);
  expect(source).not.toMatch(/insertAdjacent|document\.write|createTextNode|setAttribute\("on/);
});
