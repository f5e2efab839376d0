/**
 * The file with a product's master key: 64 hexadecimal digits, and a line end at most. It is read only where it can be
 * nobody's but the operator's: an ordinary file, no link to one, which its owner alone may read. No fault quotes it.
 */
import { shellWord } from "../shell-word";
import { keyLength, rootOf } from "./keys";
import { readSecretFile } from "./secret-file";
import type { SecretFault, SecretKind } from "./secret-file";

/** A master key, which nothing prints: neither a log of the object nor its JSON has it. */
export class Master {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** What the script holds, and what boards' keys are derived from. */
  root(): Buffer {
    return rootOf(this.#bytes);
  }

  /** Whether a text has it in it, as it stands in its file: it was copied to the wrong place. */
  isIn(text: string): boolean {
    return text.toLowerCase().includes(this.#bytes.toString("hex"));
  }

  equals(other: Master): boolean {
    return this.#bytes.equals(other.#bytes);
  }
}

/** Hexadecimal digits of a master. */
const digits = 2 * keyLength;
/** Bytes of the longest file: digits, CR, LF. */
const longest = digits + 2;

/** Fewer different bytes than this are in no 32 that were drawn at random: the chance is below 10^-16. */
const fewestBytes = 16;

/** The key in this file, or why there is none. Never throws, and waits for nobody, such as the writer of a pipe. */
export function readMasterFile(path: string): Master | SecretFault {
  if (path === "")
    return { problem: "it takes the name of a file, got nothing", remedy: "name the master key's" };
  if (isKey(path)) {
    const remedy = "the key is in the shell's history now: make a new one";
    return { problem: "it takes the name of a file, not what is in it", remedy };
  }
  const content = readSecretFile(path, longest, kind);
  return "problem" in content ? content : masterIn(path, content);
}

const kind: SecretKind = {
  short: "the master",
  remedy: (path) => `make a key with ${masterCommand(path)}`,
};

/** How to make a master key in this file, for a POSIX shell. */
export function masterCommand(path: string): string {
  return `umask 077; openssl rand -hex ${keyLength} > ${shellWord(path)}`;
}

function isKey(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${digits}}$`, "i").test(text.trim());
}

function masterIn(path: string, content: Buffer): Master | SecretFault {
  // The file may be the only copy of a key, so that nothing is to be written over it.
  const remedy = `restore it, or make another one with ${masterCommand(`${path}.new`)}`;
  const text = content.toString("latin1").replace(/\r?\n$/, "");
  if (text === "") return { problem: `${path} is empty`, remedy: `make a key with ${masterCommand(path)}` };
  const wanted = `a master key is ${digits} hex digits and at most a line end`;
  if (content.length > longest) return { problem: `${path} is longer than that: ${wanted}`, remedy };
  if (!/^[0-9a-f]*$/i.test(text)) return { problem: `${path} has something else in it: ${wanted}`, remedy };
  if (text.length !== digits) return { problem: `${path} has ${text.length} hex digits: ${wanted}`, remedy };
  const bytes = Buffer.from(text, "hex");
  if (bytes.every((byte) => byte === 0)) return { problem: `${path} is all zeros, which is no key`, remedy };
  if (new Set(bytes).size < fewestBytes) {
    return { problem: `${path} has the same few bytes over and over: it was not drawn at random`, remedy };
  }
  return new Master(bytes);
}
