/** `npm run update`: from a key to a file that devices take, what is said of it, and what is refused in one line. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeImage } from "../../../host-sim/sim/board/image";
import { decodePackage } from "../tools/update/reference-decoder";
import { obeyed } from "./command-line";
import type { Finished } from "./command-line";

/** As large as the tests need them: a text of a bundle's kind makes the tables. */
const script = (version: string, hot: number): string =>
  `const version = "${version}"; const tooHot = ${hot}; ${"function report(reading, now) { return { reading, now }; } ".repeat(60)}`;
const before = makeImage({ script: script("0.2.0", 60), version: "0.2.0" });
const after = makeImage({ script: script("0.3.0", 65), version: "0.3.0" });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "update-"));
  writeFileSync(at("old.bin"), before);
  writeFileSync(at("new.bin"), after);
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

async function update(...words: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await obeyed(["update", ...words]);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout + stderr).not.toContain("PRIVATE KEY");
  const plain = (text: string): string => text.replaceAll(folder, "~");
  return { code, stdout: plain(stdout), stderr: plain(stderr) };
}

const board = ["--board", "m5stack-nbiot", "--version", "0.3.0"];

async function key(): Promise<string> {
  const { code, stdout } = await update("keygen", "--out", at("maker.pem"), "--json");
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { updateKey: string }).updateKey;
}

describe("a key", () => {
  it("is made for its owner alone, and its public half is told as the setting takes it", async () => {
    const { code, stdout, stderr } = await update("keygen", "--out", at("maker.pem"));
    expect([code, stderr]).toEqual([0, ""]);
    const [, told] = /^updateKey=([0-9a-f]{128})$/m.exec(stdout)!;
    expect(statSync(at("maker.pem")).mode & 0o777).toBe(0o600);
    expect((await update("keygen", "--key", at("maker.pem"))).stdout).toBe(`updateKey=${told}\n`);
  });

  it("is never replaced, and none lies where git takes it up", async () => {
    await key();
    const kept = readFileSync(at("maker.pem"));
    expect(await update("keygen", "--out", at("maker.pem"))).toEqual({
      code: 2,
      stdout: "",
      stderr: "~/maker.pem is there already: a key is never replaced, name a file elsewhere with --out\n",
    });
    expect(readFileSync(at("maker.pem"))).toEqual(kept);
    const { code, stderr } = await update("keygen", "--out", "maker.key");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^maker\.key is in a git work tree that does not ignore it/),
    ]);
    expect(existsSync("maker.key")).toBe(false);
  });

  it.each([
    [[], "name a file for the new key with --out, or one that is there with --key"],
    [["--out", "a", "--key", "b"], "--out and --key exclude each other: leave one of them out"],
    [
      ["--out", ""],
      "--out has an empty value: --out <file>, the file for a new private key: readable by its owner alone, never replaced",
    ],
    [
      ["--oot", "a"],
      "npm run update -- keygen has no option --oot: did you mean --out? npm run update -- keygen --help lists them",
    ],
  ])("%j is refused", async (words, line) => {
    expect(await update("keygen", ...words)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  });
});

describe("a package", () => {
  it("of a whole image is what the format says, signed by the key", async () => {
    const publicKey = await key();
    const made = await update(
      "pack",
      at("new.bin"),
      ...board,
      "--key",
      at("maker.pem"),
      "--out",
      at("whole.enup"),
    );
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toMatch(/^0\.3\.0 for m5stack-nbiot, a whole image: [\d,]+ bytes in \d+ chunks/);
    expect(made.stdout).toMatch(/level 2 +\d+ +[\d.]+ h +\d+ J +-[\d.]+ days/);
    expect(made.stdout).toMatch(/\nwritten: ~\/whole\.enup\n$/);
    expect(decodePackage(readFileSync(at("whole.enup"))).image.equals(after)).toBe(true);
    const checked = await update("verify", at("whole.enup"), "--public-key", publicKey);
    expect([checked.code, checked.stdout]).toEqual([
      0,
      expect.stringMatching(/signature: the key's\nimage: unpacked, its SHA-256 is the head's\n$/),
    ]);
  });

  it("of a difference takes the base's version from the image, and one percent of the whole", async () => {
    const publicKey = await key();
    const words = ["--key", at("maker.pem"), "--out", at("d.enup"), "--product-key", "pk1"];
    const made = await update("diff", at("old.bin"), at("new.bin"), ...board, ...words);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toMatch(/^0\.2\.0 -> 0\.3\.0 for m5stack-nbiot of product pk1, a difference: /);
    expect(made.stdout).toMatch(/the whole image would take .* at level 0: this is [\d.]+ % of it/);
    const decoded = decodePackage(readFileSync(at("d.enup")), before);
    expect(decoded.image.equals(after)).toBe(true);
    expect(decoded).toMatchObject({ board: "m5stack-nbiot", productKey: "pk1", baseVersion: "0.2.0" });
    const checked = await update("verify", at("d.enup"), "--public-key", publicKey, "--base", at("old.bin"));
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(await update("verify", at("d.enup"), "--public-key", publicKey, "--base", at("new.bin"))).toEqual({
      code: 1,
      stdout: "",
      stderr: "~/d.enup is a difference to another base\n",
    });
    const shown = JSON.parse((await update("inspect", at("d.enup"), "--json")).stdout) as Record<
      string,
      unknown
    >;
    expect(shown).toMatchObject({
      ...{ kind: "difference", version: "0.3.0", productKey: "pk1" },
      image: { bytes: after.length, sha256: createHash("sha256").update(after).digest("hex") },
      base: { version: "0.2.0", bytes: before.length },
      storage: { generation: 1, mayChange: false },
    });
    expect((await update("inspect", at("d.enup"))).stdout).toMatch(/chunk +at byte +bytes/);
  });

  it("is not written by a dry run, which needs no key", async () => {
    const { code, stdout } = await update(
      "diff",
      at("old.bin"),
      at("new.bin"),
      ...board,
      "--dry-run",
      "--json",
    );
    expect(code).toBe(0);
    const { written, cost, whole } = JSON.parse(stdout) as {
      written: boolean;
      cost: { blocks: number; levels: { joules: number; days: number }[] };
      whole: { blocks: number };
    };
    expect(written).toBe(false);
    expect(cost.levels).toHaveLength(3);
    expect(cost.blocks).toBeLessThan(whole.blocks / 20);
    expect(readNames()).toEqual(["new.bin", "old.bin"]);
  });

  it("takes no file's place unasked, nor that of what it is made of", async () => {
    await key();
    const words = (out: string) => [at("new.bin"), ...board, "--key", at("maker.pem"), "--out", at(out)];
    writeFileSync(at("there"), "kept");
    expect((await update("pack", ...words("there"))).stderr).toBe(
      "~/there is there already: move it away, or give --force to replace it\n",
    );
    expect(readFileSync(at("there"), "utf8")).toBe("kept");
    expect((await update("pack", ...words("there"), "--force")).code).toBe(0);
    for (const source of ["new.bin", "maker.pem"]) {
      const { code, stderr } = await update("pack", ...words(source), "--force");
      expect([code, stderr]).toEqual([2, `--out: ~/${source} is what is read: name another file\n`]);
    }
  });

  it("is told apart by a device that would report another version", async () => {
    const { code, stderr } = await update("pack", at("old.bin"), ...board, "--dry-run");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: ~\/old\.bin has no text 0\.3\.0 in it/);
  });
});

describe("the walk of docs/update.md", () => {
  it("goes from example images to a file that is verified", async () => {
    const publicKey = await key();
    const examples = await update("example", "--out", folder);
    expect([examples.code, examples.stdout]).toEqual([
      0,
      expect.stringMatching(/^written: ~\/0\.2\.0\.bin, \d+ bytes\nwritten: ~\/0\.3\.0\.bin, \d+ bytes\n$/),
    ]);
    const [old, image] = [at("0.2.0.bin"), at("0.3.0.bin")];
    const dry = await update("diff", old, image, ...board, "--dry-run");
    expect([dry.code, dry.stderr]).toEqual([0, ""]);
    const words = ["--key", at("maker.pem"), "--out", at("x")];
    expect((await update("diff", old, image, ...board, ...words)).code).toBe(0);
    expect((await update("inspect", at("x"))).stdout).toMatch(
      /^0\.2\.0 -> 0\.3\.0 for m5stack-nbiot, a difference/,
    );
    const checked = await update("verify", at("x"), "--public-key", publicKey, "--base", old);
    expect(checked.code).toBe(0);
    expect(await update("example", "--out", at("no such folder"))).toEqual({
      code: 2,
      stdout: "",
      stderr: "cannot write ~/no such folder/0.2.0.bin: there is no such file or folder, ENOENT\n",
    });
  });
});

describe("is refused in one line", () => {
  const files: Readonly<Record<string, () => Buffer>> = {
    "text.bin": () => Buffer.from("no image at all, and longer than its head is"),
    "cut.bin": () => after.subarray(0, after.length - 1_000),
    "long.bin": () => Buffer.concat([after, Buffer.alloc(9)]),
    "flipped.bin": () => {
      const copy = Buffer.from(after);
      copy[5_000] ^= 4;
      return copy;
    },
  };

  it.each<[string, string[], string]>([
    ["no part", ["pak"], 'there is no command "pak": did you mean pack? npm run update -- help lists them'],
    ["no image", ["pack"], "npm run update -- pack needs --board <name>: the board that it is for"],
    [
      "no board",
      ["pack", "new.bin", "--version", "0.3.0"],
      "npm run update -- pack needs --board <name>: the board that it is for",
    ],
    [
      "another board",
      ["pack", "new.bin", "--board", "m5stack-nbit", "--version", "0.3.0", "--dry-run"],
      '--board takes m5stack-nbiot, m5stack-catm, lilygo-t-sim7080g-s3, lilygo-t-sim7000g or generic, got "m5stack-nbit": did you mean m5stack-nbiot?',
    ],
    [
      "no version",
      ["pack", "new.bin", "--board", "generic", "--version", "three", "--dry-run"],
      '--version takes three numbers such as 0.3.0 or 0.3.0-rc1, got "three"',
    ],
    [
      "another chip's board",
      ["pack", "new.bin", "--board", "lilygo-t-sim7080g-s3", "--version", "0.3.0", "--dry-run"],
      "--board: lilygo-t-sim7080g-s3 has an esp32s3, and ~/new.bin is for esp32: name the board that it was built for",
    ],
    ["no place", ["pack", "new.bin", ...board], "name the file to write with --out, or give --dry-run"],
    [
      "no key",
      ["pack", "new.bin", ...board, "--out", "x"],
      "name the maker's key with --key, or give --dry-run",
    ],
    [
      "a key that is not there",
      ["pack", "new.bin", ...board, "--out", "x", "--key", "lost.pem"],
      "--key: ~/lost.pem is not there; make a key with npm run update -- keygen --out ~/lost.pem",
    ],
    [
      "a file that is not there",
      ["pack", "no.bin", ...board, "--dry-run"],
      "<image>: cannot read ~/no.bin: there is no such file or folder, ENOENT",
    ],
    ["a folder", ["pack", ".", ...board, "--dry-run"], "<image>: ~ is a folder: name the file in it"],
    [
      "no image",
      ["pack", "text.bin", ...board, "--dry-run"],
      "<image>: ~/text.bin is no image of an application: its first byte is not 0xe9",
    ],
    [
      "a part of one",
      ["pack", "cut.bin", ...board, "--dry-run"],
      "<image>: ~/cut.bin ends before its segments do: was it copied whole?",
    ],
    [
      "more than one",
      ["pack", "long.bin", ...board, "--dry-run"],
      "<image>: ~/long.bin has 9 bytes behind the image: name the application's own file",
    ],
    [
      "a damaged one",
      ["pack", "flipped.bin", ...board, "--dry-run"],
      "<image>: ~/flipped.bin is damaged: the SHA-256 at its end is another",
    ],
    [
      "the same twice",
      ["diff", "new.bin", "new.bin", ...board, "--from", "0.2.0", "--dry-run"],
      "both images are the same: there is no difference",
    ],
    [
      "a way back",
      ["diff", "new.bin", "old.bin", "--board", "generic", "--version", "0.2.0", "--dry-run"],
      "--version: 0.2.0 is not newer than 0.3.0, and no device goes back: give the new image a higher one",
    ],
    [
      "one image for a difference",
      ["diff", "old.bin", ...board],
      "npm run update -- diff needs <new>: the one that they are to get",
    ],
    ["no package", ["inspect", "new.bin"], "<file>: ~/new.bin is no package: it does not begin with EnUp"],
    [
      "no public key",
      ["verify", "new.bin", "--public-key", "12"],
      "--public-key takes 128 hex digits, a point of P-256, or two of them with a comma between: keygen prints them",
    ],
  ])("%s", async (_, words, line) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content());
    const placed = words.map((word) =>
      /^\.$|\.(bin|pem|enup)$|^x$/.test(word) ? (word === "." ? folder : at(word)) : word,
    );
    expect(await update(...placed)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  });

  it("a key that others can read, with what to do", async () => {
    await key();
    chmodSync(at("maker.pem"), 0o644);
    const { code, stderr } = await update(
      "pack",
      at("new.bin"),
      ...board,
      "--key",
      at("maker.pem"),
      "--out",
      at("x"),
    );
    expect([code, stderr]).toEqual([
      2,
      "--key: others on this machine can read ~/maker.pem; chmod 600 ~/maker.pem, and if one of them may have done so, change the key\n",
    ]);
  });
});

describe("verify finds", () => {
  it("any changed bit, and another maker", async () => {
    const publicKey = await key();
    await update("pack", at("new.bin"), ...board, "--key", at("maker.pem"), "--out", at("w.enup"));
    const file = readFileSync(at("w.enup"));
    for (const [i, place] of [
      4, 9, 33, 57, 81, 90, 130, 155, 158, 170, 201, 210, 230, 270, 290, 5_000,
    ].entries()) {
      const changed = Buffer.from(file);
      changed[place] ^= 1 << (i % 8);
      writeFileSync(at("changed.enup"), changed);
      const { code, stdout } = await update("verify", at("changed.enup"), "--public-key", publicKey);
      expect([code === 0, stdout], `byte ${place}`).toEqual([false, ""]);
    }
    const other = JSON.parse((await update("keygen", "--out", at("other.pem"), "--json")).stdout) as {
      updateKey: string;
    };
    expect(await update("verify", at("w.enup"), "--public-key", other.updateKey)).toEqual({
      code: 1,
      stdout: "",
      stderr: "~/w.enup is not signed by this key: no device takes it\n",
    });
    // While a key is exchanged, devices know two.
    const either = `${other.updateKey},${publicKey}`;
    expect((await update("verify", at("w.enup"), "--public-key", either)).code).toBe(0);
  });
});

function readNames(): string[] {
  return ["maker.pem", "new.bin", "old.bin", "x"].filter((name) => existsSync(at(name)));
}
