/** Files with master keys: what is taken, and that no other file is, nor told of with anything that is in it. */
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Master, masterCommand, readMasterFile } from "../../../../host-sim/model/seal/master-file";
import { rootOf } from "../../../../host-sim/model/seal/keys";

const digits = "8f3a1c5e7092b4d6f8e1a3c5d7092b4d6f8e1a3c5f7193b5d7f9e0a2c4e6081a";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "master-"));
  path = join(folder, "master");
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(content: string | Uint8Array, mode = 0o600): void {
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** The line with which the file is refused; in none is anything that was in it. */
function refusal(file = path): string {
  const read = readMasterFile(file);
  if (read instanceof Master) throw new Error("was taken");
  const line = `${read.problem}; ${read.remedy}`;
  expect(line).not.toMatch(/8f3a1c5e|\n/i);
  return line.replaceAll(folder, "~");
}

describe("is taken", () => {
  test.each([
    ["as openssl rand -hex 32 writes it", `${digits}\n`, 0o600],
    ["without a line end", digits, 0o600],
    ["with that of Windows", `${digits}\r\n`, 0o600],
    ["in capital letters", digits.toUpperCase(), 0o600],
    ["that can only be read", `${digits}\n`, 0o400],
  ])("%s", (_what, content, mode) => {
    put(content, mode);
    const master = readMasterFile(path);
    if (!(master instanceof Master)) throw new Error(master.problem);
    expect(master.root()).toEqual(rootOf(Buffer.from(digits, "hex")));
  });

  test("what the remedy makes", () => {
    execFileSync("sh", ["-c", masterCommand(path)]);
    expect(readMasterFile(path)).toBeInstanceOf(Master);
    const odd = join(folder, "it's a master");
    execFileSync("sh", ["-c", masterCommand(odd)]);
    expect(readMasterFile(odd)).toBeInstanceOf(Master);
  });

  test("under another name, which is no link that leads to it", () => {
    put(digits);
    linkSync(path, join(folder, "same"));
    expect(readMasterFile(join(folder, "same"))).toBeInstanceOf(Master);
  });
});

const another = "restore it, or make another one with umask 077; openssl rand -hex 32 > ~/master.new";
const wanted = "a master key is 64 hex digits and at most a line end";

describe("what is in it is refused", () => {
  const rows: [what: string, content: string | Uint8Array, line: string][] = [
    ["nothing", "", "~/master is empty; make a key with umask 077; openssl rand -hex 32 > ~/master"],
    ["a line end", "\n", "~/master is empty; make a key with umask 077; openssl rand -hex 32 > ~/master"],
    ["too little", `${digits.slice(0, 62)}\n`, `~/master has 62 hex digits: ${wanted}; ${another}`],
    ["a digit more", `${digits}0\n`, `~/master has 65 hex digits: ${wanted}; ${another}`],
    ["two lines", `${digits}\n${digits}\n`, `~/master is longer than that: ${wanted}; ${another}`],
    ["an empty line more", `${digits}\n\n`, `~/master has something else in it: ${wanted}; ${another}`],
    ["a space", ` ${digits.slice(1)}\n`, `~/master has something else in it: ${wanted}; ${another}`],
    ["bytes", Buffer.from(digits, "hex"), `~/master has something else in it: ${wanted}; ${another}`],
    [
      "a byte order mark",
      `\ufeff${digits.slice(3)}`,
      `~/master has something else in it: ${wanted}; ${another}`,
    ],
    ["zeros", "0".repeat(64), `~/master is all zeros, which is no key; ${another}`],
    [
      "a pattern",
      "8f3a1c5e".repeat(8),
      `~/master has the same few bytes over and over: it was not drawn at random; ${another}`,
    ],
  ];
  test.each(rows)("%s", (_what, content, line) => {
    put(content);
    expect(refusal()).toBe(line);
  });

  test("whatever it is, unless it is 64 digits: no fault quotes it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
        put(content);
        expect(refusal()).toMatch(/^~\/master (is|has) /);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what it is, is refused", () => {
  test.skipIf(process.platform === "win32").each([
    [0o640, "read"],
    [0o644, "read"],
    [0o604, "read"],
    [0o620, "change or run"],
    [0o602, "change or run"],
    [0o601, "change or run"],
  ])("mode %o: others can %s it", (mode, what) => {
    put(`${digits}\n`, mode);
    expect(refusal()).toBe(
      `others on this machine can ${what} ~/master; ` +
        "chmod 600 ~/master, and if one of them may have done so, change the master",
    );
  });

  test("no file", () => {
    const line = "is not there; make a key with umask 077; openssl rand -hex 32 >";
    expect(refusal()).toBe(`~/master ${line} ~/master`);
    put(digits);
    expect(refusal(join(path, "deeper"))).toBe(`~/master/deeper ${line} ~/master/deeper`);
  });

  test("one that the system does not open", () => {
    const long = join(folder, "m".repeat(300));
    expect(refusal(long)).toBe(
      `~/${"m".repeat(300)} cannot be read, ENAMETOOLONG; name a file that you can read`,
    );
  });

  test("a folder", () => {
    mkdirSync(path);
    expect(refusal()).toBe("~/master is a folder; name the file in it");
  });

  test("a symbolic link, wherever it leads", () => {
    put(digits);
    symlinkSync(path, join(folder, "link"));
    expect(refusal(join(folder, "link"))).toBe("~/link is a symbolic link; name the file that it leads to");
    symlinkSync(join(folder, "nowhere"), join(folder, "loose"));
    expect(refusal(join(folder, "loose"))).toBe("~/loose is a symbolic link; name the file that it leads to");
    symlinkSync("loop", join(folder, "loop"));
    expect(refusal(join(folder, "loop"))).toBe("~/loop is a symbolic link; name the file that it leads to");
  });

  test("a pipe, without waiting for who writes to it", () => {
    execFileSync("mkfifo", ["-m", "600", path]);
    expect(refusal()).toBe("~/master is no ordinary file; name a file that stays where it is");
  });

  test("a socket, and a device", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      expect(refusal()).toBe("~/master is no ordinary file; name a file that stays where it is");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(refusal("/dev/zero")).toBe("/dev/zero is no ordinary file; name a file that stays where it is");
  });

  test("the key itself in the place of its file's name", () => {
    for (const given of [digits, digits.toUpperCase(), `${digits}\n`]) {
      expect(refusal(given)).toBe(
        "it takes the name of a file, not what is in it; the key is in the shell's history now: make a new one",
      );
    }
  });
});

describe("a master", () => {
  const read = (content: string): Master => {
    put(content);
    const master = readMasterFile(path);
    if (!(master instanceof Master)) throw new Error(master.problem);
    return master;
  };

  test("is in nothing that is printed of it", () => {
    const master = read(digits);
    const options = { depth: 9, showHidden: true, getters: true };
    for (const text of [inspect(master, options), JSON.stringify({ master }), String(master)]) {
      for (const secret of [digits, master.root().toString("hex")]) {
        for (const form of [secret, Buffer.from(secret, "hex").toString("base64"), secret.slice(0, 8)]) {
          expect(text.toLowerCase()).not.toContain(form.toLowerCase());
        }
      }
    }
  });

  test("is found in a text that it was copied to", () => {
    const master = read(digits);
    expect(master.isIn(`build/${digits.toUpperCase()}.bin`)).toBe(true);
    expect(master.isIn(digits.slice(0, 63))).toBe(false);
    expect(master.isIn("")).toBe(false);
  });

  test("equals itself, however it is written", () => {
    const master = read(digits);
    expect(master.equals(read(`${digits.toUpperCase()}\r\n`))).toBe(true);
    expect(master.equals(read(digits.replace("8f", "9f")))).toBe(false);
  });
});
