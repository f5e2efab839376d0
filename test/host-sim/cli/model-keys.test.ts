/** `npm run model` with keys: the script that has them, and that nothing else has. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { load } from "../model/script";
import { obeyed } from "./command-line";
import { Workplace, envelope, expectNoSecret, masters, productKey, sealKey } from "./sealed-product";
import type { Finished } from "./command-line";

let work: Workplace;
let script: string;
beforeEach(() => {
  work = new Workplace();
  script = work.path("keyed", "script.js");
});
afterEach(() => work.remove());

const mode = (path: string): number => statSync(path).mode & 0o7777;

/** Runs the command; whatever it says, no secret is in it. */
async function model(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = await obeyed(["model", work.path("model.json"), ...args], env);
  expectNoSecret(finished.stdout, "stdout");
  expectNoSecret(finished.stderr, "stderr");
  expect(finished.stderr).not.toMatch(/\n\s+at /);
  return finished;
}

const keyed = (...more: string[]): string[] => ["--product-key", productKey, "--script-out", script, ...more];
const with1 = (...more: string[]): string[] => keyed("--master", work.path("new"), ...more);
const with2 = (...more: string[]): string[] => with1("--master", work.path("old"), ...more);

describe("the script with keys", () => {
  test("is written besides the files of always, its owner's alone", async () => {
    const { code, stdout, stderr } = await model(with1());
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().split("\n").slice(1)).toEqual([
      ...[
        "model.lock.json",
        "thing.ts",
        ...["sealing.ts", "manifest-sealing.json"],
        ...["update.ts", "manifest-update.json", "health.ts", "manifest-health.json"],
        ...["remote-settings.ts", "manifest-remote-settings.json"],
        "parsing-script.js",
        "layout.md",
      ].map((name) => `  written   ${work.path(name)}`),
      `  written   ${script}, with keys of one master: for EnOS's console alone`,
    ]);
    expect([mode(script), mode(work.path("keyed"))]).toEqual([0o600, 0o700]);
    expect(readdirSync(work.path("keyed"))).toEqual(["script.js"]);
    work.expectKept("new", "old", join("keyed", "script.js"));
    expect((await model(with1())).stdout).toMatch(/(\n {2}unchanged .*){13}\n$/);
  });

  test("opens what a board with a key of that master has sealed, and nothing of another one", async () => {
    await model(with1());
    const { rawDataToJsonStr } = load(work.read("keyed/script.js"));
    const plain = Buffer.from("010000001404000400000001", "hex");
    expect(
      JSON.parse(rawDataToJsonStr([...envelope(sealKey(masters[0]), plain, 3)]) as string),
    ).toMatchObject({
      method: "thing.measurepoint.post.batch",
      params: [{ deviceKey: "864600031234562", measurepoints: { relay: 1 } }],
    });
    expect(() => rawDataToJsonStr([...envelope(sealKey(masters[1]), plain, 3)])).toThrow("sealed: forged");
  });

  test("of two masters opens what is sealed under either, the new one first", async () => {
    const { stdout } = await model(with2());
    expect(stdout).toMatch(
      /\n {2}written {3}.*script\.js, with keys of two masters: for EnOS's console alone\n$/,
    );
    const opened = load(work.read("keyed/script.js")) as ReturnType<typeof load> & { lastSealed: unknown };
    const plain = Buffer.from("010000001404000400000001", "hex");
    for (const [root, master] of masters.entries()) {
      opened.rawDataToJsonStr([...envelope(sealKey(master), plain, 3)]);
      expect(opened.lastSealed).toMatchObject({ root, counter: 3, deviceKey: "864600031234562" });
    }
    work.expectKept("new", "old", join("keyed", "script.js"));
  });

  test("goes to a folder of the product's where no other is named", async () => {
    const own = "KeysOfATest";
    const folder = join("build", "sealed", own);
    try {
      const flags = ["--master", work.path("new"), "--product-key", own];
      const place = join(folder, "parsing-script.js");
      expect((await model(flags)).stdout).toContain(`  written   ${place}, with keys of one master`);
      expect([mode(place), mode(folder)]).toEqual([0o600, 0o700]);
      // Made open by somebody, it is closed again when the script is written anew.
      chmodSync(folder, 0o755);
      chmodSync(place, 0o644);
      expect((await model(flags)).stdout).toContain(`  written   ${place}`);
      expect([mode(place), mode(folder)]).toEqual([0o600, 0o700]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("that cannot be written is told with exit code 2; the others are there", async () => {
    work.file("taken", "");
    script = work.path("taken", "script.js");
    const { code, stderr } = await model(with1());
    expect([code, stderr]).toEqual([2, `cannot write ${script}: a part of its path is no folder, ENOTDIR\n`]);
    expect(existsSync(work.path("thing.ts"))).toBe(true);
  });
});

describe("--check", () => {
  test("looks at it, too: its text, and whose it is", async () => {
    await model(with1());
    const sound = `${work.path("model.json")}: all files are as the model says\n`;
    expect((await model(with1("--check"))).stdout).toBe(sound);
    // Without keys it looks at the others alone.
    expect((await model(["--check"])).stdout).toBe(sound);
    const stale =
      `${work.path("model.json")}: not what the model says: ${script}; ` +
      `run npm run model -- ${work.path("model.json")} with --master and --product-key as now\n`;
    const state = work.state();
    expect(await model(with2("--check"))).toEqual({ code: 1, stdout: "", stderr: stale });
    expect(work.state()).toEqual(state);
    chmodSync(script, 0o640);
    expect(await model(with1("--check"))).toEqual({ code: 1, stdout: "", stderr: stale });
    rmSync(script);
    expect(await model(with1("--check"))).toEqual({ code: 1, stdout: "", stderr: stale });
    expect(existsSync(script)).toBe(false);
  });

  test("of a sealed product without keys is as of any other", async () => {
    await model([]);
    work.model({ proof: true });
    const { code, stderr } = await model(["--check"]);
    expect(code).toBe(1);
    expect(stderr).toContain("not what the model says:");
    expect(stderr).not.toContain("--master");
  });
});

describe("is refused in one line, and nothing is written", () => {
  const elsewhere = "name a file elsewhere with --script-out";
  const make = "umask 077; openssl rand -hex 32 >";
  const wanted = "a master key is 64 hex digits and at most a line end";
  /** `~` is the test's folder. Each gives the flags. */
  const rows: [what: string, flags: () => string[], line: string][] = [
    [
      "a product key without a master",
      () => ["--product-key", productKey],
      "--product-key is for the script with keys: name a master key's file with --master",
    ],
    [
      "a place without a master",
      () => ["--script-out", script],
      "--script-out is for the script with keys: name a master key's file with --master",
    ],
    [
      "a master without a product key",
      () => ["--master", work.path("new")],
      "--master needs --product-key: keys are made of it, and of each device's",
    ],
    [
      "three masters",
      () => with2("--master", work.file("third", masters[0].replace("8f", "7f"))),
      "--master: 3 of them; two may be alive at once, the new one first",
    ],
    [
      "one master twice",
      () => with1("--master", work.file("copy", masters[0].toUpperCase())),
      "--master: both files have the same key; name the new one, then the one before",
    ],
    [
      "with --export",
      () => with1("--export", work.path("enos.json")),
      "--master and --export exclude each other: leave one of them out",
    ],
    [
      "no value",
      () => keyed("--master"),
      "--master needs a value: --master <file>, a sealed product's master key: write its script with keys, too; once more for the one before",
    ],
    [
      "a plain product",
      () => (work.model(undefined), with1()),
      '~/model.json: $.sealed: is not there, and --master is for sealed products; add "sealed": true',
    ],
    [
      "an empty product key",
      () => ["--master", work.path("new"), "--product-key", ""],
      "--product-key has an empty value: --product-key <key>, the product key in EnOS, which goes into the keys",
    ],
    [
      "a product key with a slash",
      () => ["--master", work.path("new"), "--product-key", "a/b"],
      "--product-key has a slash at position 2: it must be printable ASCII without spaces or slashes",
    ],
    [
      "a product key that is no folder's name",
      () => ["--master", work.path("new"), "--product-key", "a:b"],
      "--product-key is no folder's name: name the file for the script with --script-out",
    ],
    [
      "the master for a product key",
      () => ["--master", work.path("new"), "--product-key", masters[0]],
      "--product-key has the master key in it; make a new one",
    ],
    [
      "the master in the script's name",
      () => [
        ...with1().slice(0, 2),
        "--master",
        work.path("new"),
        "--script-out",
        work.path(`${masters[0]}.js`),
      ],
      "--script-out has the master key in it; make a new one",
    ],
    [
      "the master itself",
      () => keyed("--master", masters[0]),
      "--master: it takes the name of a file, not what is in it; the key is in the shell's history now: make a new one",
    ],
    [
      "no name of a master",
      () => keyed("--master", ""),
      "--master has an empty value: --master <file>, a sealed product's master key: write its script with keys, too; once more for the one before",
    ],
    [
      "no name of a script",
      () => ["--master", work.path("new"), "--product-key", productKey, "--script-out", ""],
      "--script-out has an empty value: --script-out <file>, where the script with keys goes (default: build/sealed/<key>/parsing-script.js)",
    ],
    [
      "a master that is not there",
      () => keyed("--master", work.path("none")),
      `--master: ~/none is not there; make a key with ${make} ~/none`,
    ],
    [
      "a short one, as the second",
      () => with1("--master", work.file("short", masters[1].slice(2))),
      `--master: ~/short has 62 hex digits: ${wanted}; restore it, or make another one with ${make} ~/short.new`,
    ],
    [
      "one that others can read",
      () => {
        chmodSync(work.path("new"), 0o644);
        return with1();
      },
      "--master: others on this machine can read ~/new; chmod 600 ~/new, and if one of them may have done so, change the master",
    ],
    [
      "a link to one",
      () => {
        symlinkSync(work.path("new"), work.path("link"));
        return keyed("--master", work.path("link"));
      },
      "--master: ~/link is a symbolic link; name the file that it leads to",
    ],
    [
      "a folder of them",
      () => keyed("--master", work.folder),
      "--master: ~ is a folder; name the file in it",
    ],
    [
      "a pipe",
      () => {
        execFileSync("mkfifo", ["-m", "600", work.path("pipe")]);
        return keyed("--master", work.path("pipe"));
      },
      "--master: ~/pipe is no ordinary file; name a file that stays where it is",
    ],
    [
      "the master's own file as the place",
      () => [
        ...["--product-key", productKey, "--script-out", work.path("new")],
        ...["--master", work.path("new")],
      ],
      `~/new was not written by this command: move it away, or ${elsewhere}`,
    ],
    [
      "a folder as the place",
      () => {
        mkdirSync(script, { recursive: true });
        return with1();
      },
      `~/keyed/script.js is no file: move it away, or ${elsewhere}`,
    ],
    [
      "a work tree that does not ignore it",
      () => {
        execFileSync("git", ["init", "--quiet", work.folder]);
        return with1();
      },
      `~/keyed/script.js is in a git work tree that does not ignore it, and is to hold keys: ignore it, or ${elsewhere}`,
    ],
    [
      "a file that git has, though it is ignored now",
      () => {
        execFileSync("git", ["init", "--quiet", work.folder]);
        mkdirSync(work.path("keyed"));
        work.file(join("keyed", "script.js"), "// Written by npm run model");
        execFileSync("git", ["-C", work.folder, "add", "keyed"]);
        work.file(".gitignore", "keyed/\n");
        return with1();
      },
      `~/keyed/script.js is tracked by git, and is to hold keys: git rm --cached it, or ${elsewhere}`,
    ],
  ];
  test.each(rows)("%s", async (_what, flags, line) => {
    const given = flags();
    const before = work.state();
    const { code, stdout, stderr } = await model(given);
    expect(stderr.replaceAll(work.folder, "~")).toBe(`${line}\n`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(work.state()).toEqual(before);
  });

  test("a work tree, where there is no git to ask", async () => {
    execFileSync("git", ["init", "--quiet", work.folder]);
    work.file(".gitignore", "keyed/\n");
    const { code, stderr } = await model(with1(), { PATH: work.folder });
    expect([code, stderr.replaceAll(work.folder, "~")]).toEqual([
      2,
      "~/keyed/script.js is in a git work tree, and git is not installed to say whether it ignores it: " +
        `install git, or ${elsewhere}\n`,
    ]);
  });

  test("but not in a work tree that ignores it", async () => {
    execFileSync("git", ["init", "--quiet", work.folder]);
    work.file(".gitignore", "keyed/\n/new\n");
    const { code, stderr } = await model(with1());
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("and a master that git would take up is warned of", async () => {
    execFileSync("git", ["init", "--quiet", work.folder]);
    work.file(".gitignore", "keyed/\n/old\n");
    const { code, stderr } = await model(with2());
    expect([code, stderr]).toEqual([
      0,
      `warning: git does not ignore ${work.path("new")}, a master key: move it out of the work tree\n`,
    ]);
  });
});

describe("what devices in the field have of a seal", () => {
  const refused =
    /model\.json: \$\.sealed: is off, and devices in the field are sealed: .*; put it back, or say by --unseal that it is meant$/;

  test("is not taken back by a line that is gone, also where nothing is to be written", async () => {
    await model([]);
    const before = work.state();
    work.model(undefined);
    for (const flags of [[], ["--check"], ["--out", work.path("out")]]) {
      const { code, stdout, stderr } = await model(flags);
      expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([2, "", 1]);
      expect(stderr.trimEnd()).toMatch(refused);
    }
    expect(JSON.stringify(work.state())).toContain("model.lock.json");
    expect((work.state() as unknown[]).length).toBe((before as unknown[]).length);
    expect((await model(["--unseal", "--check"])).code).toBe(1);
    expect((await model(["--unseal"])).code).toBe(0);
    expect(work.read("model.lock.json")).not.toContain("sealed");
    expect((await model(["--check"])).code).toBe(0);
  });

  test("each part of it is told", async () => {
    work.model({ proof: true, mark: true });
    await model([]);
    work.model({ migrating: true });
    const { code, stderr } = await model([]);
    expect([
      code,
      stderr
        .trimEnd()
        .split("\n")
        .map((line) => /\$\.sealed\.(\w+):/.exec(line)?.[1]),
    ]).toEqual([2, ["migrating", "proof", "mark"]]);
  });

  test("a flag that takes nothing back is not left lying about", async () => {
    const line = "--unseal: the model takes nothing back that devices in the field have; leave it out\n";
    expect(await model(["--unseal"])).toEqual({ code: 2, stdout: "", stderr: line });
    await model([]);
    expect(await model(["--unseal"])).toEqual({ code: 2, stdout: "", stderr: line });
  });

  test("and devices of before are not shut out unsaid", async () => {
    const note =
      /\n {2}note: this script refuses what devices of before send\. While there are such devices, write\n {2}"sealed": \{ (.*)"migrating": true \}, which takes both\.\n/;
    // A new product has none.
    expect((await model([])).stdout).not.toMatch(/note/);
    work.model(undefined);
    await model(["--unseal"]);
    work.model({ proof: true });
    expect(note.exec((await model([])).stdout)?.[1]).toBe('"proof": true, ');
    expect((await model([])).stdout).not.toMatch(/note/);
    work.model(undefined);
    await model(["--unseal"]);
    work.model({ migrating: true });
    expect((await model([])).stdout).not.toMatch(/note/);
  });
});

describe("EnOS's model", () => {
  test("of a sealed product has what names a command's device, and loses it on the way back", async () => {
    work.model({ proof: true, mark: true });
    await model([]);
    const enos = work.path("enos.json");
    expect((await model(["--export", enos])).code).toBe(0);
    expect(work.read("enos.json").match(/"identifier": "deviceKey"/g)).toHaveLength(5);
    const before = work.read("model.json");
    expect((await model(["--import", enos])).stdout).toMatch(/(\n {2}unchanged .*){6}\n$/);
    expect(work.read("model.json")).toBe(before);
  });

  test("read where there is no model yet gives a sealed one, without what EnOS has no place for", async () => {
    work.model({ proof: true, mark: true });
    const enos = work.path("enos.json");
    await model(["--export", enos]);
    const fresh = new Workplace();
    try {
      rmSync(fresh.path("model.json"));
      expect((await obeyed(["model", "--import", enos, fresh.path("model.json")])).code).toBe(0);
      const read = JSON.parse(fresh.read("model.json")) as Record<string, unknown>;
      expect(Object.keys(read).slice(0, 5)).toEqual(["$schema", "format", "product", "version", "sealed"]);
      expect(read.sealed).toEqual({ mark: true });
      expect(fresh.read("model.json")).not.toContain("deviceKey");
    } finally {
      fresh.remove();
    }
  });

  test("does not unseal the model that is there, whose line was just changed", async () => {
    work.model({ migrating: true });
    await model([]);
    await model(["--export", work.path("enos.json")]);
    work.model({ proof: true });
    await model(["--import", work.path("enos.json")]);
    expect(JSON.parse(work.read("model.json"))).toMatchObject({ sealed: { proof: true } });
  });
});
