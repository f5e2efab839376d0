/**
 * A sealed product in a folder of a test's, its master keys, and a look for them in whatever came of a command.
 */
import { createCipheriv } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { deviceKeyOf, rootOf, upKeys } from "../../../host-sim/model/seal/keys";

/** Masters that were drawn once, and are nobody's. */
export const masters = [
  "8f3a1c5e7092b4d6f8e1a3c5d7092b4d6f8e1a3c5f7193b5d7f9e0a2c4e6081a",
  "1b9d0e7f2a4c6e8091b3d5f7091a2b3c4d5e6f708192a3b4c5d6e7f809a1b2c3",
] as const;
export const productKey = "AbCdEfGh";
/** An IMEI, with its check digit: it goes as a number. */
export const deviceKey = "864600031234562";

const bytes = (digits: string): Buffer => Buffer.from(digits, "hex");

/** The key of the test's device under one of the masters. */
export function sealKey(master: string, key = deviceKey): string {
  return deviceKeyOf(rootOf(bytes(master)), productKey, key).toString("hex");
}

/** All that must be nowhere but in the files that are made for it. */
const secrets = masters.flatMap((master) => [
  master,
  rootOf(bytes(master)).toString("hex"),
  sealKey(master),
  sealKey(master, "meter-1"),
]);

/** Holds when no form of a secret, nor a good part of one, is in the text. */
export function expectNoSecret(text: string, where: string): void {
  const said = text.toLowerCase();
  for (const secret of secrets) {
    for (const form of [secret.slice(0, 12), secret.slice(-12)]) {
      expect(said.includes(form), `a secret in ${where}`).toBe(false);
    }
    const base64 = bytes(secret).toString("base64").slice(0, 12);
    expect(text.includes(base64), `a secret in ${where}`).toBe(false);
  }
}

/** A folder with a model and two master files, `new` and `old`, that are their owner's alone. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "sealed-"));

  constructor(seal: unknown = true) {
    this.model(seal);
    for (const [i, name] of ["new", "old"].entries()) this.file(name, `${masters[i]}\n`);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  file(name: string, content: string, mode = 0o600): string {
    writeFileSync(this.path(name), content, { mode });
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Writes the demo's model, sealed like this; undefined for a plain one. */
  model(seal: unknown): string {
    const model = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as object;
    mkdirSync(this.folder, { recursive: true });
    return this.file("model.json", JSON.stringify(seal === undefined ? model : { ...model, sealed: seal }));
  }

  /** Names of all files in the folder and below, with the times of their last change. */
  state(): unknown {
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => [name, statSync(this.path(name)).mtimeMs]);
  }

  /** Holds when no file but these has a secret in it. */
  expectKept(...but: string[]): void {
    for (const name of readdirSync(this.folder, { recursive: true, encoding: "utf8" })) {
      if (but.includes(name) || !statSync(this.path(name)).isFile()) continue;
      expectNoSecret(readFileSync(this.path(name), "latin1"), name);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An envelope of the test's device, by node:crypto's AES-CCM: layout.md of a sealed product has its bytes. */
export function envelope(key: string, plain: Uint8Array, counter: number): Uint8Array {
  const salt = Buffer.alloc(8, 5);
  const { key: aes, nonce } = upKeys(bytes(key), salt);
  nonce.writeUInt16BE(nonce.readUInt16BE(11) ^ counter, 11);
  const external = Buffer.from(`up ${productKey}/${deviceKey}`, "latin1");
  const head = external.length < 24 ? [0x40 + external.length] : [0x58, external.length];
  const aad = Buffer.concat([
    Buffer.from("8368456e63727970743043a1010a", "hex"),
    Buffer.from(head),
    external,
  ]);
  const cipher = createCipheriv("aes-128-ccm", aes, nonce, { authTagLength: 8 });
  cipher.setAAD(aad, { plaintextLength: plain.length });
  const text = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const name = Buffer.alloc(6);
  name.writeUIntBE(Number(deviceKey.slice(0, 14)), 0, 6);
  return Buffer.concat([Buffer.from([0x08]), name, salt, Buffer.from([counter]), text]);
}
