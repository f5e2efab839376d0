/** Files that hold secrets: whose they are, and what becomes of what was there. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { othersCanRead, writeOwnFile } from "../../../../host-sim/tools/provision/own-file";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "own-file-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = new Uint8Array(24_576).fill(0x5a);
const mode = (path: string): number => statSync(path).mode & 0o7777;

test.each([false, true])("a new file is its owner's alone, whatever the umask (replace: %s)", (replace) => {
  const file = join(folder, "image");
  const before = process.umask(0);
  try {
    writeOwnFile(file, bytes, replace);
  } finally {
    process.umask(before);
  }
  expect(mode(file)).toBe(0o600);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(readdirSync(folder)).toEqual(["image"]);
});

test("what is there stays, link or file, also one that leads nowhere", () => {
  const file = join(folder, "image");
  writeFileSync(file, "old");
  symlinkSync(join(folder, "target"), join(folder, "link"));
  for (const path of [file, join(folder, "link")]) {
    expect(() => writeOwnFile(path, bytes, false)).toThrow(expect.objectContaining({ code: "EEXIST" }));
  }
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(readdirSync(folder).sort()).toEqual(["image", "link"]);
});

test("with replace the new file takes the place of a file that others can read, or of a link", () => {
  const target = join(folder, "target");
  writeFileSync(target, "old");
  chmodSync(target, 0o666);
  const link = join(folder, "link");
  symlinkSync(target, link);
  writeOwnFile(link, bytes, true);
  expect(lstatSync(link).isFile()).toBe(true);
  expect(readFileSync(target, "utf8")).toBe("old");
  writeOwnFile(target, bytes, true);
  expect(mode(target)).toBe(0o600);
  expect(readFileSync(target).equals(bytes)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(["link", "target"]);
});

test("what fails leaves nothing behind", () => {
  mkdirSync(join(folder, "taken"));
  expect(() => writeOwnFile(join(folder, "taken"), bytes, true)).toThrow();
  expect(() => writeOwnFile(join(folder, "none/image"), bytes, true)).toThrow();
  expect(() => writeOwnFile(join(folder, "none/image"), bytes, false)).toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
});

test.each([
  [0o600, false],
  [0o640, true],
  [0o604, true],
  [0o620, false],
])("mode %o of a file with keys is told from others", (bits, expected) => {
  const file = join(folder, "keys");
  writeFileSync(file, "");
  chmodSync(file, bits);
  expect(othersCanRead(file)).toBe(expected);
  expect(othersCanRead("/dev/null")).toBe(false);
});
