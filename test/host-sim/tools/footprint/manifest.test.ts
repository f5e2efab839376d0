/** Manifests as mcconfig reads them: documentation/tools/manifest.md of the Moddable SDK. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { readManifest } from "../../../../host-sim/tools/footprint/manifest";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "manifest-")));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes files: texts, or what becomes JSON. */
function files(all: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
}

const read = (...names: string[]) => readManifest(...names.map((name) => join(folder, name)));

/** Names with their files, in order of names. */
const named = (...names: string[]): string[] =>
  [...read(...names).modules].map(([name, file]) => `${name}: ${file.slice(folder.length + 1)}`).sort();

describe("names", () => {
  test("a star takes the rest of the file's name, and only of modules", () => {
    files({
      "room/a.ts": "",
      "room/b.js": "",
      "room/types.d.ts": "",
      "room/c.c": "",
      "room/below/d.ts": "",
      "m.json": { modules: { "room/*": "./room/*", main: "./room/below/d" } },
    });
    expect(named("m.json")).toEqual(["main: room/below/d.ts", "room/a: room/a.ts", "room/b: room/b.js"]);
  });

  test("a star behind a beginning takes what begins so, and a file named alone its own name", () => {
    files({
      "http-get.ts": "",
      "http-put.ts": "",
      "ftp.ts": "",
      "m.json": { modules: { "web/*": ["./http-*", "./ftp"] } },
    });
    expect(named("m.json")).toEqual(["web/ftp: ftp.ts", "web/get: http-get.ts", "web/put: http-put.ts"]);
  });

  test("a file has its first name, and what is under ~ none, whoever says so", () => {
    files({
      "a.ts": "",
      "b.ts": "",
      "in.json": { modules: { special: "./a", "~": "./b" } },
      "m.json": { include: ["./in.json"], modules: { "*": "./*" } },
    });
    expect(named("m.json")).toEqual(["special: a.ts"]);
  });

  test("lists of one name are joined before files are matched", () => {
    files({
      "a.ts": "",
      "in.json": { modules: { "x/*": [] } },
      "m.json": { include: "./in.json", modules: { plain: "./a", "x/*": "./a" } },
    });
    expect(named("m.json")).toEqual(["x/a: a.ts"]);
  });

  test("two files of one name, a file that is not there and a preload of nothing are faults", () => {
    files({ "a/x.ts": "", "b/x.ts": "", "m.json": { modules: { "*": ["./a/x", "./b/x"] } } });
    expect(() => read("m.json")).toThrow(/m\.json: x is .*b\/x\.ts, and .*a\/x\.ts as well$/);
    files({ "m.json": { modules: { "*": "./a/y" } } });
    expect(() => read("m.json")).toThrow(/m\.json: \.\/a\/y is no module$/);
    files({ "m.json": { modules: { "*": "./a/x" }, preload: ["x", "y"] } });
    expect(() => read("m.json")).toThrow(/preloads what it does not have: y$/);
  });
});

describe("includes", () => {
  test("come first, depth first, each once, relative to who includes; a circle ends", () => {
    files({
      "deep/c.json": {
        include: ["../m.json"],
        preload: ["c"],
        modules: { c: "./c" },
        config: { from: "c", c: 1 },
      },
      "deep/c.ts": "",
      "b.json": {
        include: ["./deep/c.json"],
        config: { from: "b" },
        creation: { heap: { initial: 1, incremental: 2 } },
      },
      "m.json": {
        include: ["./b.json", "./deep/c.json", "$(MODDABLE)/examples/manifest_base.json"],
        config: { from: "m" },
        creation: { heap: { initial: 3 }, stack: 4 },
      },
    });
    const manifest = read("m.json");
    expect(manifest.files.map((file) => file.slice(folder.length + 1))).toEqual([
      "deep/c.json",
      "b.json",
      "m.json",
    ]);
    expect(manifest.config).toEqual({ from: "m", c: 1 });
    expect(manifest.creation).toEqual({ heap: { initial: 3, incremental: 2 }, stack: 4 });
    expect(manifest.preload).toEqual(["c"]);
    expect(manifest.sdk).toEqual(["$(MODDABLE)/examples/manifest_base.json"]);
  });

  it("says what is wrong with a manifest, and who wanted it", () => {
    files({ "m.json": { include: ["./lost.json"] }, "bad.json": "{" });
    expect(() => read("m.json")).toThrow(/m\.json includes .*lost\.json, which is missing$/);
    expect(() => read("bad.json")).toThrow(/bad\.json is no JSON: /);
    expect(() => read("none.json")).toThrow(/^no manifest .*none\.json$/);
  });

  it("leaves the SDK's modules to the SDK", () => {
    files({
      "a.ts": "",
      "m.json": { modules: { "*": ["$(MODULES)/x/*", "./a"], "~": "$(MODDABLE)/typings/y" } },
    });
    expect(named("m.json")).toEqual(["a: a.ts"]);
  });
});
