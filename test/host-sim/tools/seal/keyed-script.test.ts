/** Scripts with keys, as files: whose they are, and where they may be. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  isKeyedScript,
  keyedPlace,
  placeFault,
  writeKeyedScript,
} from "../../../../host-sim/tools/seal/keyed-script";

const text = "/* Written by npm run model */\n";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyed-"));
  path = join(folder, "out", "script.js");
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = (file: string): number => statSync(file).mode & 0o7777;

describe("the place that a product has", () => {
  test("is a folder of its own, which git ignores", () => {
    const place = keyedPlace("AbCdEfGh")!;
    expect(place).toBe(join(process.cwd(), "build/sealed/AbCdEfGh/parsing-script.js"));
    expect(placeFault(place)).toBeUndefined();
  });

  test.each(["..", ".git", "-rf", "a b", "a*", "a:b", "a\\b", "é", "", "a".repeat(101)])(
    "%j is no folder's name",
    (productKey) => {
      expect(keyedPlace(productKey)).toBeUndefined();
    },
  );
});

describe("written", () => {
  test("its owner's alone, and so are the folders that are made for it; whatever the umask", () => {
    const before = process.umask(0);
    try {
      writeKeyedScript(join(folder, "a", "b", "script.js"), text);
    } finally {
      process.umask(before);
    }
    expect(
      [join("a", "b", "script.js"), join("a", "b"), "a"].map((name) => mode(join(folder, name))),
    ).toEqual([0o600, 0o700, 0o700]);
    expect(readFileSync(join(folder, "a", "b", "script.js"), "utf8")).toBe(text);
  });

  test("in one step over what was there, and nothing else is left", () => {
    mkdirSync(join(folder, "out"));
    writeFileSync(path, "old");
    chmodSync(path, 0o644);
    writeKeyedScript(path, text);
    expect([readFileSync(path, "utf8"), mode(path)]).toEqual([text, 0o600]);
    expect(readdirSync(join(folder, "out"))).toEqual(["script.js"]);
    // A folder with something in it is the user's: he knows who looks into it.
    expect(mode(join(folder, "out"))).toBe(0o755);
  });

  test("in the place of a link, not where it leads", () => {
    mkdirSync(join(folder, "out"));
    writeFileSync(join(folder, "elsewhere"), "kept");
    symlinkSync(join(folder, "elsewhere"), path);
    writeKeyedScript(path, text);
    expect(readFileSync(join(folder, "elsewhere"), "utf8")).toBe("kept");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("or not at all, where the folder is a file", () => {
    writeFileSync(join(folder, "out"), "");
    expect(() => writeKeyedScript(path, text)).toThrow(/ENOTDIR|EEXIST/);
    expect(readdirSync(folder)).toEqual(["out"]);
  });
});

describe("is there", () => {
  test("only when it is this text, and its owner's alone", () => {
    expect(isKeyedScript(path, text)).toBe(false);
    writeKeyedScript(path, text);
    expect(isKeyedScript(path, text)).toBe(true);
    expect(isKeyedScript(path, `${text} `)).toBe(false);
    chmodSync(path, 0o640);
    expect(isKeyedScript(path, text)).toBe(false);
    rmSync(path);
    writeFileSync(join(folder, "same"), text, { mode: 0o600 });
    symlinkSync(join(folder, "same"), path);
    expect(isKeyedScript(path, text)).toBe(false);
  });
});

describe("a place with something in it", () => {
  test("that is ours, or nothing, is taken", () => {
    expect(placeFault(path)).toBeUndefined();
    writeKeyedScript(path, text);
    expect(placeFault(path)).toBeUndefined();
  });

  test("that is not, is not", () => {
    mkdirSync(path, { recursive: true });
    expect(placeFault(path)).toBe(
      `${path} is no file: move it away, or name a file elsewhere with --script-out`,
    );
    const other = join(folder, "other");
    writeFileSync(other, "the master key, perhaps");
    expect(placeFault(other)).toBe(
      `${other} was not written by this command: move it away, or name a file elsewhere with --script-out`,
    );
    expect(existsSync(other)).toBe(true);
  });
});
