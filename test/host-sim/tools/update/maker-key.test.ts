/** The maker's key: made where nobody else reads it, read from nowhere else, and told by nothing. */
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyDigest } from "../../../../host-sim/sim/board/ecdsa";
import {
  MakerKey,
  isSignedBy,
  keyPlaceFault,
  makeMakerKey,
  readMakerKey,
  readPublicKey,
} from "../../../../host-sim/tools/update/maker-key";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "maker-"));
  path = join(folder, "maker.pem");
});
afterEach(() => rmSync(folder, { recursive: true }));

const pem = (curve = "prime256v1"): string =>
  generateKeyPairSync("ec", { namedCurve: curve }).privateKey.export({
    format: "pem",
    type: "pkcs8",
  }) as string;

function put(content: string, mode = 0o600): string {
  writeFileSync(path, content);
  chmodSync(path, mode);
  return content;
}

/** The line with which the file is refused; in none is anything that was in it. */
function refusal(file = path): string {
  const read = readMakerKey(file);
  if (read instanceof MakerKey) throw new Error("was taken");
  const line = `${read.problem}; ${read.remedy}`;
  if (existsSync(path) && statSync(path).isFile()) {
    for (const each of readFileSync(path, "latin1").split("\n")) {
      if (each.length > 30) expect(line).not.toContain(each);
    }
  }
  expect(line).not.toContain("\n");
  return line.replaceAll(folder, "~");
}

describe("a key", () => {
  it("is made once, for its owner alone, and signs what its public half and the board's own check take", () => {
    const key = makeMakerKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => makeMakerKey(path)).toThrow(/EEXIST/);
    const read = readMakerKey(path);
    if (!(read instanceof MakerKey)) throw new Error(read.problem);
    expect(read.publicKey).toBe(key.publicKey);
    expect(key.publicKey).toMatch(/^[0-9a-f]{128}$/);
    const message = Buffer.from("216 bytes of a head");
    const signature = read.sign(message);
    const publicKey = readPublicKey(key.publicKey)!;
    expect(isSignedBy(publicKey, message, signature)).toBe(true);
    const digest = createHash("sha256").update(message).digest();
    expect(verifyDigest(publicKey, digest, signature)).toBe(true);
    for (const at of [0, 31, 32, 63]) {
      const changed = Uint8Array.from(signature);
      changed[at] ^= 1;
      expect(isSignedBy(publicKey, message, changed)).toBe(false);
    }
    expect(isSignedBy(publicKey, Buffer.from("another head"), signature)).toBe(false);
    expect(isSignedBy(readPublicKey(makeMakerKey(`${path}2`).publicKey)!, message, signature)).toBe(false);
    expect(isSignedBy(publicKey, message, signature.subarray(1))).toBe(false);
  });

  it("is read as openssl makes it, parameters before it and all", () => {
    execFileSync("sh", ["-c", `umask 077; openssl ecparam -name prime256v1 -genkey -out "$0"`, path]);
    const key = readMakerKey(path);
    if (!(key instanceof MakerKey)) throw new Error(key.problem);
    const text = execFileSync("openssl", ["ec", "-in", path, "-pubout", "-outform", "DER"], {
      stdio: "pipe",
    });
    expect(key.publicKey).toBe(text.subarray(-64).toString("hex"));
  });

  it("is in nothing that prints it", () => {
    const lines = put(pem()).split("\n").slice(1, -2);
    const key = readMakerKey(path);
    const told = [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key), String(key)].join("\n");
    for (const line of lines) expect(told).not.toContain(line);
  });

  it.each<[string, () => unknown, string]>([
    ["no name", () => (path = ""), "it takes the name of a file, got nothing; name the key's"],
    [
      "nothing there",
      () => 0,
      "~/maker.pem is not there; make a key with npm run update -- keygen --out ~/maker.pem",
    ],
    ["a folder", () => mkdirSync(path), "~/maker.pem is a folder; name the file in it"],
    [
      "a link",
      () => (writeFileSync(`${path}2`, pem(), { mode: 0o600 }), symlinkSync(`${path}2`, path)),
      "~/maker.pem is a symbolic link; name the file that it leads to",
    ],
    [
      "others may read it",
      () => put(pem(), 0o644),
      "others on this machine can read ~/maker.pem; chmod 600 ~/maker.pem, and if one of them may have done so, change the key",
    ],
    [
      "the group may change it",
      () => put(pem(), 0o620),
      "others on this machine can change or run ~/maker.pem; chmod 600 ~/maker.pem, and if one of them may have done so, change the key",
    ],
    [
      "nothing in it",
      () => put(""),
      "~/maker.pem is empty; restore it from its copy: a new key is none that devices know",
    ],
    [
      "something else in it",
      () => put("a diary, which goes on for a while and is nobody's business"),
      "~/maker.pem has no private key in PEM in it; restore it from its copy: a new key is none that devices know",
    ],
    [
      "another curve",
      () => put(pem("secp384r1")),
      "~/maker.pem is a key of another kind, ec secp384r1: a maker's is of P-256; restore it from its copy: a new key is none that devices know",
    ],
    [
      "the public half",
      () =>
        put(
          generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey.export({
            format: "pem",
            type: "spki",
          }) as string,
        ),
      "~/maker.pem has a public key in it; name the private one's file",
    ],
    [
      "a passphrase before it",
      () =>
        put(
          generateKeyPairSync("ec", {
            namedCurve: "prime256v1",
            publicKeyEncoding: { format: "pem", type: "spki" },
            privateKeyEncoding: { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "open" },
          }).privateKey,
        ),
      "~/maker.pem is encrypted, and nobody can be asked here; unlock it with openssl pkcs8 -in ~/maker.pem -out KEY",
    ],
  ])("is not taken: %s", (_, prepare, line) => {
    prepare();
    expect(refusal()).toBe(line);
  });

  it("is not taken from the command line itself", () => {
    expect(refusal(pem())).toBe(
      "it takes the name of a file, not what is in it; the key is in the shell's history now: make a new one",
    );
  });
});

describe("where a key may be written", () => {
  it("is outside of work trees, or where they ignore it, and where nothing is", () => {
    expect(keyPlaceFault(path)).toBeUndefined();
    put("whatever it is");
    expect(keyPlaceFault(path)).toBe(
      `${path} is there already: a key is never replaced, name a file elsewhere with --out`,
    );
    const tree = join(folder, "tree");
    execFileSync("git", ["init", "-q", tree]);
    writeFileSync(join(tree, ".gitignore"), "*.pem\n");
    expect(keyPlaceFault(join(tree, "maker.pem"))).toBeUndefined();
    const taken = join(tree, "maker.key");
    expect(keyPlaceFault(taken)).toBe(
      `${taken} is in a git work tree that does not ignore it, and is to hold a private key: ignore it, or name a file elsewhere with --out`,
    );
    writeFileSync(taken, "");
    execFileSync("git", ["-C", tree, "add", "maker.key"]);
    expect(keyPlaceFault(taken)).toMatch(/maker\.key is tracked by git, and is to hold a private key: name/);
  });
});

describe("a public key", () => {
  it.each([
    ["too short", "ab".repeat(63)],
    ["too long", "ab".repeat(65)],
    ["no digits", "xy".repeat(64)],
    ["no point of the curve", "01".repeat(64)],
    ["nothing", ""],
    ["zeros", "00".repeat(64)],
  ])("is none: %s", (_, text) => expect(readPublicKey(text)).toBeUndefined());
});
