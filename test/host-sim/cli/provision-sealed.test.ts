/** `npm run provision` for a sealed product's boards: each image has a seal key of its own, and nothing else tells it. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storesOf } from "../../../host-sim/tools/provision/board-keys";
import { obeyed } from "./command-line";
import { Workplace, deviceKey, expectNoSecret, masters, productKey, sealKey } from "./sealed-product";
import type { Finished } from "./command-line";

const secret = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";
const other = "uR5xMz8Nw3KjVe6AtD2bPc7GyF9hLs4Q";
const keys = { productKey, deviceKey, deviceSecret: secret };

let work: Workplace;
beforeEach(() => (work = new Workplace()));
afterEach(() => work.remove());

const keysFile = (change: object = {}): string =>
  work.file("keys.json", JSON.stringify({ ...keys, ...change }));
const list = (...rows: string[]): string =>
  work.file("boards.csv", ["productKey,deviceKey,deviceSecret,name", ...rows, ""].join("\n"));

/** Runs the command; whatever it says, no secret is in it. */
async function provision(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = await obeyed(["provision", ...args], env);
  for (const stream of ["stdout", "stderr"] as const) {
    expectNoSecret(finished[stream], stream);
    for (const each of [secret, other]) expect(finished[stream]).not.toContain(each.slice(0, 8));
  }
  expect(finished.stderr).not.toMatch(/\n\s+at /);
  return finished;
}

const master = (): string[] => ["--master", work.path("new")];
const stored = (path: string): unknown => {
  const stores = storesOf(readFileSync(path));
  return "problem" in stores ? stores.problem : Object.fromEntries(stores.get("enos")!);
};

describe("one board", () => {
  test("has the seal key that the master makes for it", async () => {
    const out = work.path("board.nvs.bin");
    const { code, stdout, stderr } = await provision(["--keys", keysFile(), ...master(), "--out", out]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n")[0]).toBe(
      `${out}: product key AbCdEfGh, device key ${deviceKey}, secret: 32 characters, with a seal key`,
    );
    expect(stored(out)).toEqual({ ...keys, sealKey: sealKey(masters[0]) });
    expect(statSync(out).mode & 0o7777).toBe(0o600);
    // A board has a key of its own, and that of no other.
    expect(readFileSync(out, "latin1")).not.toContain(masters[0]);
    work.expectKept("new", "old", "board.nvs.bin");
  });

  test("another device, another product, another master: another key", async () => {
    const made: unknown[] = [];
    for (const [change, name] of [
      [{}, "new"],
      [{ deviceKey: "meter-1" }, "new"],
      [{ productKey: "AbCdEfGi" }, "new"],
      [{}, "old"],
    ] as const) {
      const out = work.path("board.nvs.bin");
      await provision(["--keys", keysFile(change), "--master", work.path(name), "--out", out, "--force"]);
      made.push((stored(out) as { sealKey: string }).sealKey);
    }
    expect(made).toEqual([...new Set(made)]);
    expect([made[0], made[1], made[3]]).toEqual([
      sealKey(masters[0]),
      sealKey(masters[0], "meter-1"),
      sealKey(masters[1]),
    ]);
  });

  test("without a master it has none, as before, and the image is the same bytes", async () => {
    const [plain, sealed] = [work.path("plain.bin"), work.path("sealed.bin")];
    await provision(["--keys", keysFile(), "--out", plain]);
    await provision(["--keys", keysFile(), ...master(), "--out", sealed]);
    expect(stored(plain)).toEqual(keys);
    expect(readFileSync(plain, "latin1")).not.toContain("sealKey");
    work.expectKept("new", "old", "sealed.bin");
    // The seal key stands behind the others: what is in front of it has not moved.
    const [one, two] = [readFileSync(plain), readFileSync(sealed)];
    const end = 64 + 32 * 7;
    expect(two.subarray(64, end)).toEqual(one.subarray(64, end));
  });

  test("a dry run and JSON tell no more than that there is one", async () => {
    const args = ["--keys", keysFile(), "--dry-run", "--json"];
    const sealed = JSON.parse((await provision([...args, ...master()])).stdout) as { images: object[] };
    expect(sealed.images).toEqual([{ productKey, deviceKey, secretLength: 32, sealed: true }]);
    const plain = JSON.parse((await provision(args)).stdout) as { images: object[] };
    expect(plain.images).toEqual([{ productKey, deviceKey, secretLength: 32, sealed: false }]);
    expect(readdirSync(work.folder).sort()).toEqual(["keys.json", "model.json", "new", "old"]);
  });

  test("keys from the environment have one, too", async () => {
    const env = { ENOS_PRODUCT_KEY: productKey, ENOS_DEVICE_KEY: "meter-1", ENOS_DEVICE_SECRET: secret };
    const out = work.path("board.nvs.bin");
    expect((await provision([...master(), "--out", out], env)).code).toBe(0);
    expect(stored(out)).toMatchObject({ deviceKey: "meter-1", sealKey: sealKey(masters[0], "meter-1") });
  });

  test("a master that git would take up is warned of, and nobody waits for it", async () => {
    execFileSync("git", ["init", "--quiet", work.folder]);
    const { code, stderr } = await provision(["--keys", keysFile(), ...master(), "--dry-run"]);
    expect([code, stderr]).toEqual([
      0,
      `warning: git does not ignore ${work.path("new")}, a master key: move it out of the work tree\n`,
    ]);
  });
});

describe("a list of boards", () => {
  test("gives each its own", async () => {
    const out = work.path("images");
    const file = list(`AbCdEfGh,${deviceKey},${secret},`, `AbCdEfGh,meter-1,${other},second`);
    const { code, stdout } = await provision(["--batch", file, ...master(), "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/(^.*, secret: 32 characters, with a seal key\n){2}/m);
    expect(readdirSync(out).sort()).toEqual([`${deviceKey}.nvs.bin`, "second.nvs.bin"]);
    expect(stored(`${out}/${deviceKey}.nvs.bin`)).toMatchObject({ sealKey: sealKey(masters[0]) });
    expect(stored(`${out}/second.nvs.bin`)).toMatchObject({ sealKey: sealKey(masters[0], "meter-1") });
  });

  test("is refused as a whole for a board whose key nobody knows yet", async () => {
    const file = list(
      `AbCdEfGh,${deviceKey},${secret},`,
      `AbCdEfGh,imei,${other},second`,
      `AbCdEfGh,x,${masters[0]},third`,
      `AbCdEfGh,y,Zw4cRt8yUi6oPa1sDf3gHj5kLx7vBn2m,m-${masters[0].toUpperCase()}`,
    );
    const { code, stdout, stderr } = await provision([
      ...["--batch", file, ...master(), "--out", work.path("images")],
    ]);
    expect([code, stdout, stderr.trimEnd().split("\n")]).toEqual([
      2,
      "",
      [
        `${file}: line 3: deviceKey is left to the modem ("imei", or empty), and with --master the seal key is made of it: ` +
          "write the 15 digits of the modem's IMEI",
        `${file}: line 4: deviceSecret has the master key in it: make a new one`,
        `${file}: line 5: name has the master key in it: make a new one`,
      ],
    ]);
    expect(existsSync(work.path("images"))).toBe(false);
    // Without a master a board may go by its modem's IMEI, as ever.
    expect((await provision(["--batch", list(`AbCdEfGh,imei,${other},second`), "--dry-run"])).code).toBe(0);
  });
});

describe("is refused in one line, and nothing is written", () => {
  const imei =
    'deviceKey is left to the modem ("imei", or empty), and with --master the seal key is made of it: ' +
    "write the 15 digits of the modem's IMEI";
  const make = "umask 077; openssl rand -hex 32 >";
  const rows: [what: string, flags: () => string[], line: string, env?: Record<string, string>][] = [
    ["imei", () => ["--keys", keysFile({ deviceKey: "imei" }), ...master()], `~/keys.json: ${imei}`],
    ["no device key", () => ["--keys", keysFile({ deviceKey: "" }), ...master()], `~/keys.json: ${imei}`],
    [
      "imei in the environment",
      () => master(),
      imei,
      { ENOS_PRODUCT_KEY: productKey, ENOS_DEVICE_KEY: "IMEI", ENOS_DEVICE_SECRET: secret },
    ],
    [
      "two masters",
      () => ["--keys", keysFile(), ...master(), "--master", work.path("old")],
      "--master: 2 of them; a board has one seal key: name the newest",
    ],
    [
      "a master that is not there",
      () => ["--keys", keysFile(), "--master", work.path("none")],
      `--master: ~/none is not there; make a key with ${make} ~/none`,
    ],
    [
      "a short one",
      () => ["--keys", keysFile(), "--master", work.file("short", masters[0].slice(0, 63))],
      "--master: ~/short has 63 hex digits: a master key is 64 hex digits and at most a line end; " +
        `restore it, or make another one with ${make} ~/short.new`,
    ],
    [
      "one that others can read",
      () => {
        chmodSync(work.path("new"), 0o640);
        return ["--keys", keysFile(), ...master()];
      },
      "--master: others on this machine can read ~/new; chmod 600 ~/new, and if one of them may have done so, change the master",
    ],
    [
      "a link to one",
      () => {
        symlinkSync(work.path("new"), work.path("link"));
        return ["--keys", keysFile(), "--master", work.path("link")];
      },
      "--master: ~/link is a symbolic link; name the file that it leads to",
    ],
    [
      "the master itself",
      () => ["--keys", keysFile(), "--master", masters[0]],
      "--master: it takes the name of a file, not what is in it; the key is in the shell's history now: make a new one",
    ],
    [
      "the master for a device key",
      () => ["--keys", keysFile({ deviceKey: masters[0].toUpperCase() }), ...master()],
      "~/keys.json: deviceKey has the master key in it: make a new one",
    ],
    [
      "the master for a secret",
      () => ["--keys", keysFile({ deviceSecret: masters[0] }), ...master()],
      "~/keys.json: deviceSecret has the master key in it: make a new one",
    ],
    [
      "the master in the image's name",
      () => ["--keys", keysFile(), ...master(), "--out", work.path(masters[0])],
      "--out has the master key in it; make a new one",
    ],
    [
      "the master's file in the place of the image",
      () => ["--keys", keysFile(), ...master(), "--out", work.path("new"), "--force"],
      "--out: ~/new is where the keys are read from: name another file",
    ],
    [
      "wrong keys, before the master is used",
      () => ["--keys", keysFile({ deviceKey: "a/b" }), ...master()],
      "~/keys.json: deviceKey has a slash at position 2: it must be printable ASCII without spaces or slashes",
    ],
    [
      "no keys",
      () => master(),
      "no keys: name a JSON file with --keys, or set ENOS_PRODUCT_KEY, ENOS_DEVICE_KEY, ENOS_DEVICE_SECRET",
    ],
  ];
  test.each(rows)("%s", async (_what, flags, line, env) => {
    const given = flags();
    const before = work.state();
    const out = given.includes("--out") ? [] : ["--out", work.path("board.nvs.bin")];
    const { code, stdout, stderr } = await provision([...given, ...out], env);
    expect(stderr.replaceAll(work.folder, "~")).toBe(`${line}\n`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(work.state()).toEqual(before);
  });
});

test("what cannot be written is told, with exit code 2", async () => {
  const out = `${work.file("taken", "")}/board.nvs.bin`;
  const { code, stderr } = await provision(["--keys", keysFile(), ...master(), "--out", out]);
  expect([code, stderr]).toEqual([2, `cannot write ${out}: a part of its path is no folder, ENOTDIR\n`]);
});
