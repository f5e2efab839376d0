/** `npm run provision` as a user runs it. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { storesOf } from "../../../host-sim/tools/provision/board-keys";
import { obeyed } from "./command-line";
import type { Finished } from "./command-line";

const secret = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";
const other = "uR5xMz8Nw3KjVe6AtD2bPc7GyF9hLs4Q";
const keys = { productKey: "AbCdEfGh", deviceKey: "864600031234566", deviceSecret: secret };
const list = `productKey,deviceKey,deviceSecret,name
AbCdEfGh,864600031234566,${secret},
AbCdEfGh,imei,${other},board-2
`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "provision-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file of the test's folder, its owner's alone. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** Runs the command; whatever it says, no secret is in it. */
async function provision(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = await obeyed(["provision", ...args], env);
  const said = (finished.stdout + finished.stderr).toLowerCase();
  for (const each of [secret, other]) {
    for (const form of ["utf8", "hex", "base64"] as const) {
      expect(said).not.toContain(Buffer.from(each).toString(form).toLowerCase());
    }
    // Nor a good part of it.
    expect(said).not.toContain(each.slice(0, 8).toLowerCase());
  }
  expect(finished.stderr).not.toMatch(/\n\s+at /);
  return finished;
}

const mode = (path: string): number => statSync(path).mode & 0o7777;
const stored = (path: string): unknown => {
  const stores = storesOf(readFileSync(path));
  return "problem" in stores ? stores.problem : Object.fromEntries(stores.get("enos")!);
};

describe("one board", () => {
  test("from a file of keys", async () => {
    const out = join(folder, "board.nvs.bin");
    const { code, stdout, stderr } = await provision([
      "--keys",
      file("keys.json", JSON.stringify(keys)),
      "--out",
      out,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("product key AbCdEfGh, device key 864600031234566, secret: 32 characters");
    expect(stdout).toContain(`python -m esptool write_flash 0x9000 ${out}\n`);
    expect(mode(out)).toBe(0o600);
    expect(statSync(out).size).toBe(0x6000);
    expect(stored(out)).toEqual(keys);
  });

  test("from the environment, to use its IMEI, told as JSON", async () => {
    const out = join(folder, "board.nvs.bin");
    const env = { ENOS_PRODUCT_KEY: "AbCdEfGh", ENOS_DEVICE_KEY: "imei", ENOS_DEVICE_SECRET: secret };
    const { code, stdout } = await provision(["--json", "--out", out], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      written: true,
      partition: { offset: 0x9000, size: 0x6000 },
      images: [
        {
          file: out,
          productKey: "AbCdEfGh",
          deviceKey: null,
          secretLength: 32,
          sealed: false,
          flash: ["python", "-m", "esptool", "write_flash", "0x9000", out],
        },
      ],
    });
    expect(stored(out)).toEqual({ productKey: "AbCdEfGh", deviceSecret: secret });
  });

  test("for a board with another partition table", async () => {
    const table = file("partitions.csv", "nvs, data, nvs, 0x11000, 12K\n");
    const out = join(folder, "it's a board.bin");
    const { code, stdout } = await provision([
      "--keys",
      file("keys.json", JSON.stringify(keys)),
      "--partitions",
      table,
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(statSync(out).size).toBe(0x3000);
    expect(stdout).toContain(`write_flash 0x11000 '${folder}/it'\\''s a board.bin'`);
  });

  it("warns of keys that others can read", async () => {
    const path = file("keys.json", JSON.stringify(keys));
    chmodSync(path, 0o644);
    const { code, stderr } = await provision(["--keys", path, "--dry-run"]);
    expect(code).toBe(0);
    expect(stderr).toBe(`warning: others on this machine can read ${path}: chmod 600 ${path}\n`);
  });

  it("leaves what is there, unless told to replace it", async () => {
    const out = file("board.nvs.bin", "old");
    chmodSync(out, 0o644);
    const args = ["--keys", file("keys.json", JSON.stringify(keys)), "--out", out];
    for (const more of [[], ["--dry-run"]]) {
      const { code, stderr } = await provision([...args, ...more]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/is there already.*--force/),
      });
      expect(readFileSync(out, "utf8")).toBe("old");
    }
    expect((await provision([...args, "--force"])).code).toBe(0);
    expect(stored(out)).toEqual(keys);
    expect(mode(out)).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["board.nvs.bin", "keys.json"]);
  });
});

describe("a list of boards", () => {
  it("becomes a folder of images, for its owner alone", async () => {
    const out = join(folder, "images");
    const { code, stdout, stderr } = await provision(["--batch", file("boards.csv", list), "--out", out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("864600031234566.nvs.bin: product key AbCdEfGh, device key 864600031234566");
    expect(stdout).toContain("board-2.nvs.bin: product key AbCdEfGh, device key the modem's IMEI");
    expect(stdout).toContain(`write_flash 0x9000 ${out}/NAME.nvs.bin\n`);
    expect(mode(out)).toBe(0o700);
    expect(readdirSync(out).sort()).toEqual(["864600031234566.nvs.bin", "board-2.nvs.bin"]);
    for (const name of readdirSync(out)) expect(mode(join(out, name))).toBe(0o600);
    expect(stored(join(out, "864600031234566.nvs.bin"))).toEqual(keys);
    expect(stored(join(out, "board-2.nvs.bin"))).toEqual({ productKey: "AbCdEfGh", deviceSecret: other });
  });

  it("is checked and told in a dry run, and nothing is written", async () => {
    const args = ["--batch", file("boards.csv", list), "--dry-run"];
    const { code, stdout } = await provision([...args, "--out", join(folder, "images")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /board-2\.nvs\.bin: .*\ndry run: all is well, 2 images of 24576 bytes would be written\n$/,
    );
    const told = JSON.parse((await provision([...args, "--json"])).stdout) as {
      written: boolean;
      images: unknown[];
    };
    expect(told).toMatchObject({ written: false, images: [{ line: 2 }, { line: 3, deviceKey: null }] });
    expect(readdirSync(folder)).toEqual(["boards.csv"]);
  });

  it("is refused as a whole for one line, or one file that is there", async () => {
    const out = join(folder, "images");
    const wrong = file("wrong.csv", `${list}AbCdEfGh,864600031234566,${secret},third\n,x,y,z\n`);
    const first = await provision(["--batch", wrong, "--out", out]);
    expect(first.code).toBe(2);
    expect(first.stderr.split("\n")).toEqual([
      `${wrong}: line 4: the same deviceKey as in line 2`,
      `${wrong}: line 4: the same deviceSecret as in line 2`,
      `${wrong}: line 5: productKey is empty`,
      "",
    ]);
    expect(existsSync(out)).toBe(false);

    const right = file("boards.csv", list);
    expect((await provision(["--batch", right, "--out", out])).code).toBe(0);
    rmSync(join(out, "864600031234566.nvs.bin"));
    const second = await provision(["--batch", right, "--out", out]);
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("board-2.nvs.bin is there already"),
    });
    expect(readdirSync(out)).toEqual(["board-2.nvs.bin"]);
  });

  it("names no file after another board's secret, and shows none as a key", async () => {
    for (const row of [
      `AbCdEfGh,imei,Zz9${other.slice(3)},${secret}`,
      `AbCdEfGh,${secret},Zz9${other.slice(3)},x`,
    ]) {
      const { code, stderr } = await provision([
        "--batch",
        file("boards.csv", `${list}${row}\n`),
        "--dry-run",
      ]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/: line 4: (name|deviceKey) is the deviceSecret of line 2\n$/);
    }
  });

  it("takes blank lines behind the last one for none", async () => {
    const args = ["--batch", file("boards.csv", `${list}\n\r\n`), "--dry-run"];
    expect((await provision(args)).stdout).toContain("2 images of");
  });

  it("is not written over by an image, whatever --force says", async () => {
    const source = file("864600031234566.nvs.bin", list);
    const { code, stderr } = await provision(["--batch", source, "--out", folder, "--force"]);
    expect(code).toBe(2);
    expect(stderr).toContain("is where the keys are read from: name another file");
    expect(readFileSync(source, "utf8")).toBe(list);
  });

  it("shows the first faults of very many", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `PK,D${i},short,\n`).join("");
    const { stderr } = await provision([
      "--batch",
      file("boards.csv", `productKey,deviceKey,deviceSecret,name\n${rows}`),
      "--dry-run",
    ]);
    expect(stderr.trim().split("\n")).toHaveLength(21);
    expect(stderr).toMatch(/: and 30 more\n$/);
  });
});

describe("misuse ends with 2 and one line", () => {
  const json = (value: unknown) => (): string[] => [
    "--keys",
    file("k.json", JSON.stringify(value)),
    "--dry-run",
  ];
  test.each<[string, () => string[], RegExp, Record<string, string>?]>([
    [
      "no --out",
      () => ["--keys", file("k.json", JSON.stringify(keys))],
      /name a file for the image with --out/,
    ],
    ["no --out of a list", () => ["--batch", file("b.csv", list)], /name a folder for the images with --out/],
    ["both", () => ["--keys", "a", "--batch", "b", "--dry-run"], /give one of them/],
    ["no keys", () => ["--dry-run"], /no keys: name a JSON file with --keys, or set ENOS_PRODUCT_KEY/],
    [
      "half of the keys",
      () => ["--dry-run"],
      /set ENOS_DEVICE_KEY, or name a JSON file/,
      { ENOS_PRODUCT_KEY: "x", ENOS_DEVICE_SECRET: secret },
    ],
    [
      "no such file",
      () => ["--keys", "/nowhere", "--dry-run"],
      /cannot read \/nowhere: there is no such file or folder, ENOENT/,
    ],
    [
      "no such list",
      () => ["--batch", "/nowhere", "--dry-run"],
      /cannot read \/nowhere: there is no such file or folder, ENOENT/,
    ],
    [
      "keys that are no JSON",
      () => ["--keys", file("k.json", `{ "deviceSecret": ${secret}`), "--dry-run"],
      /is not JSON/,
    ],
    ["a key missing", json({ productKey: "x", deviceSecret: secret }), /"deviceKey" is missing/],
    ["a placeholder", json({ ...keys, deviceSecret: "your-device-secret" }), /deviceSecret is a placeholder/],
    ["a line end copied along", json({ ...keys, deviceSecret: `${secret}\n` }), /at position 33$/m],
    ["two dots for a key", json({ ...keys, deviceKey: ".." }), /deviceKey is "\.\."/],
    ["a slash in a key", json({ ...keys, deviceKey: "a/b" }), /deviceKey has a slash/],
    [
      "a folder as file",
      () => ["--keys", file("k.json", JSON.stringify(keys)), "--out", folder],
      /is a folder/,
    ],
    ["a file as folder", () => ["--batch", file("b.csv", list), "--out", file("x", "")], /is no folder/],
    [
      "a table without NVS",
      () => ["--partitions", file("p.csv", "app"), "--dry-run"],
      /0 partitions named nvs/,
    ],
    ["a secret on the command line", () => ["--secret", "x"], /npm run provision has no option --secret: /],
    [
      "an argument",
      () => ["x", "--dry-run"],
      /npm run provision takes no argument, got 1: options begin with --/,
    ],
  ])("%s", async (_, args, reason, env) => {
    const { code, stdout, stderr } = await provision(args(), env);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(reason);
    expect(
      stderr
        .replace(/^\(--help.*\n/m, "")
        .trim()
        .split("\n"),
    ).toHaveLength(1);
  });

  it("and a place that takes no image", async () => {
    const path = file("k.json", JSON.stringify(keys));
    const { code, stderr } = await provision(["--keys", path, "--out", join(folder, "none/board.bin")]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `cannot write ${folder}/none/board.bin: there is no such file or folder, ENOENT\n`,
    });
  });
});

// `script` of util-linux gives a program a terminal of its own.
test.skipIf(process.platform !== "linux" || !existsSync("/usr/bin/script"))(
  "on a terminal the keys are asked for, and the secret is not shown",
  async () => {
    const out = join(folder, "board.nvs.bin");
    const command = `node host-sim/cli/run.mjs provision --out ${out}`;
    const child = spawn("/usr/bin/script", ["-qec", command, "/dev/null"], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm" },
    });
    const answers = [
      ["Product key: ", "AbCdEfGh\r"],
      ["IMEI): ", "\r"],
      ["(not shown): ", `${secret}\r`],
    ];
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
      if (answers.length > 0 && shown.includes(answers[0][0])) child.stdin.write(answers.shift()![1]);
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(0);
    expect(shown).toContain("device key the modem's IMEI, secret: 32 characters");
    for (let i = 0; i + 4 <= secret.length; i++) expect(shown).not.toContain(secret.slice(i, i + 4));
    expect(stored(out)).toEqual({ productKey: "AbCdEfGh", deviceSecret: secret });
  },
);
