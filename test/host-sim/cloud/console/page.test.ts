/** What strangers wrote reaches a page in one way: as text, escaped by page/escape-text.ts. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const folders = ["host-sim/cloud/console/page", "host-sim/cloud/page"];
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name)),
);

test.each(files)("%s puts in no text and no markup itself", (file) => {
  const source = readFileSync(file, "utf8");
  expect(source).not.toMatch(/\.(textContent|innerText|innerHTML|outerHTML)\s*=[^=]/);
  expect(source).not.toMatch(/insertAdjacent|document\.write|createTextNode|setAttribute\("on/);
  if (!file.endsWith("escape-text.ts")) expect(source).not.toMatch(/dangerouslySetInnerHTML/);
});

test("a signal is shown by its value, as its text would pass by the escaping", () => {
  const own = /\bexport const (\w+) = (?:signal|computed)[(<]/g;
  const sources = files.map((file) => readFileSync(file, "utf8"));
  const names = sources.flatMap((source) => [...source.matchAll(own)].map(([, name]) => name));
  expect(names).toContain("connection");
  for (const source of sources) {
    for (const name of names) expect(source).not.toMatch(new RegExp(`>\\s*\\{${name}\\}`));
  }
});
