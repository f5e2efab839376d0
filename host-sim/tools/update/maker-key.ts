/**
 * The maker's key: who has it decides what runs on the devices. A P-256 key in PKCS #8, as openssl reads it, in a file that
 * is its owner's alone; devices have its public half as the setting `updateKey`.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { readSecretFile } from "../../model/seal/secret-file";
import { shellWord } from "../../model/shell-word";
import { entryAt, writeOwnFile } from "../provision/own-file";
import { gitsViewOf } from "../seal/unversioned";
import type { KeyObject } from "node:crypto";
import type { SecretFault, SecretKind } from "../../model/seal/secret-file";

/** Bytes of a public key, x and y, and of a signature, r and s. */
const publicKeyLength = 64;
const signatureLength = 64;
const curve = "prime256v1";
/** Longest file, bytes: PKCS #8 of such a key takes 241, and there may be lines of text before it. */
const longestFile = 4_096;

/** A private key, which nothing prints. */
export class MakerKey {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** The public half as the setting `updateKey` takes it: 128 hexadecimal digits. */
  get publicKey(): string {
    const { x, y } = createPublicKey(this.#key).export({ format: "jwk" });
    return Buffer.concat([coordinate(x!), coordinate(y!)]).toString("hex");
  }

  /** The signature r | s over the SHA-256 of these bytes. */
  sign(bytes: Uint8Array): Uint8Array {
    return sign("sha256", bytes, { key: this.#key, dsaEncoding: "ieee-p1363" });
  }
}

function coordinate(text: string): Buffer {
  return Buffer.from(text, "base64url");
}

const kind: SecretKind = {
  short: "the key",
  remedy: (path) => `make a key with npm run update -- keygen --out ${shellWord(path)}`,
};

/** The key in this file, or why there is none. Never throws. */
export function readMakerKey(path: string): MakerKey | SecretFault {
  if (path === "") return { problem: "it takes the name of a file, got nothing", remedy: "name the key's" };
  if (path.includes("PRIVATE KEY") || /^[0-9a-f]{64}$/i.test(path.trim())) {
    const remedy = "the key is in the shell's history now: make a new one";
    return { problem: "it takes the name of a file, not what is in it", remedy };
  }
  const content = readSecretFile(path, longestFile, kind);
  return "problem" in content ? content : keyIn(path, content);
}

function keyIn(path: string, content: Buffer): MakerKey | SecretFault {
  // The file may be the only copy of a key: nothing is to be written over it.
  const remedy = "restore it from its copy: a new key is none that devices know";
  if (content.length === 0) return { problem: `${path} is empty`, remedy };
  const text = content.toString("latin1");
  if (text.includes("BEGIN PUBLIC KEY")) {
    return { problem: `${path} has a public key in it`, remedy: "name the private one's file" };
  }
  if (text.includes("ENCRYPTED")) {
    const without = `openssl pkcs8 -in ${shellWord(path)} -out KEY`;
    return {
      problem: `${path} is encrypted, and nobody can be asked here`,
      remedy: `unlock it with ${without}`,
    };
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(content);
  } catch {
    // The parser's own message may quote the file.
    return { problem: `${path} has no private key in PEM in it`, remedy };
  }
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType !== "ec" || details?.namedCurve !== curve) {
    const type = `${key.asymmetricKeyType}${details?.namedCurve === undefined ? "" : ` ${details.namedCurve}`}`;
    return { problem: `${path} is a key of another kind, ${type}: a maker's is of P-256`, remedy };
  }
  return new MakerKey(key);
}

/** Why no key is to be written there; undefined when it may be. */
export function keyPlaceFault(path: string): string | undefined {
  const elsewhere = "name a file elsewhere with --out";
  const view = gitsViewOf(path);
  if (typeof view === "object") {
    return `${path} is in a git work tree, and git does not say whether it ignores it (${view.unclear}): ${elsewhere}`;
  }
  switch (view) {
    case "has":
      return `${path} is tracked by git, and is to hold a private key: ${elsewhere}`;
    case "would take up":
      return `${path} is in a git work tree that does not ignore it, and is to hold a private key: ignore it, or ${elsewhere}`;
    case "is not installed":
      return `${path} is in a git work tree, and git is not installed to say whether it ignores it: install git, or ${elsewhere}`;
    case "leaves alone":
      if (entryAt(path) === undefined) return undefined;
      // Whatever it is, it may be the key that the fleet knows.
      return `${path} is there already: a key is never replaced, ${elsewhere}`;
  }
}

/**
 * Makes a key and writes it, mode 0600.
 *
 * @throws the file system's error; nothing of the file is left behind then
 */
export function makeMakerKey(path: string): MakerKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  writeOwnFile(path, Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" })), false);
  return new MakerKey(privateKey);
}

/** A public key of 128 hexadecimal digits; undefined for other text and for no point of the curve. */
export function readPublicKey(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{128}$/i.test(text)) return undefined;
  const key = Buffer.from(text, "hex");
  return publicKeyObject(key) === undefined ? undefined : key;
}

/** Whether the signature over the SHA-256 of the bytes is this key's. */
export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyObject(publicKey);
  if (key === undefined || signature.length !== signatureLength) return false;
  return verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
}

function publicKeyObject(key: Uint8Array): KeyObject | undefined {
  if (key.length !== publicKeyLength) return undefined;
  const [x, y] = [key.subarray(0, 32), key.subarray(32)].map((half) =>
    Buffer.from(half).toString("base64url"),
  );
  try {
    return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
  } catch {
    return undefined;
  }
}
