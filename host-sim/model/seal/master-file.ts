/**
 * The file with a product's master key: 64 hexadecimal digits, and a line end at most. It is read only where it can be
 * nobody's but the operator's: an ordinary file, no link to one, which its owner alone may read. No fault quotes it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { shellWord } from "../shell-word";
import { keyLength, rootOf } from "./keys";
import type { Stats } from "node:fs";

/** Why there is no master in a file, and how to mend it. */
export interface MasterFault {
  /** Begins with the file's name, but for one that is the key itself. */
  readonly problem: string;
  readonly remedy: string;
}

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
export function readMasterFile(path: string): Master | MasterFault {
  if (path === "")
    return { problem: "it takes the name of a file, got nothing", remedy: "name the master key's" };
  if (isKey(path)) {
    const remedy = "the key is in the shell's history now: make a new one";
    return { problem: "it takes the name of a file, not what is in it", remedy };
  }
  let file: number;
  try {
    // What is opened is what is looked at: nobody can put another file in its place in between.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return openFault(path, (error as NodeJS.ErrnoException).code);
  }
  try {
    return statFault(path, fstatSync(file)) ?? masterIn(path, contentOf(file));
  } catch (error) {
    return openFault(path, (error as NodeJS.ErrnoException).code);
  } finally {
    closeSync(file);
  }
}

/** How to make a master key in this file, for a POSIX shell. */
export function masterCommand(path: string): string {
  return `umask 077; openssl rand -hex ${keyLength} > ${shellWord(path)}`;
}

function isKey(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${digits}}$`, "i").test(text.trim());
}

function openFault(path: string, code = "unknown reason"): MasterFault {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { problem: `${path} is not there`, remedy: `make a key with ${masterCommand(path)}` };
    // Linux and macOS; FreeBSD.
    case "ELOOP":
    case "EMLINK":
      return { problem: `${path} is a symbolic link`, remedy: "name the file that it leads to" };
    case "ENXIO":
      return noFile(path);
    default:
      return { problem: `${path} cannot be read, ${code}`, remedy: "name a file that you can read" };
  }
}

function noFile(path: string): MasterFault {
  return { problem: `${path} is no ordinary file`, remedy: "name a file that stays where it is" };
}

/** What is wrong with the file, whatever is in it. */
function statFault(path: string, stats: Stats): MasterFault | undefined {
  if (stats.isDirectory()) return { problem: `${path} is a folder`, remedy: "name the file in it" };
  if (!stats.isFile()) return noFile(path);
  if (process.platform === "win32" || (stats.mode & 0o077) === 0) return undefined;
  const others = (stats.mode & 0o044) !== 0 ? "read" : "change or run";
  return {
    problem: `others on this machine can ${others} ${path}`,
    remedy: `chmod 600 ${shellWord(path)}, and if one of them may have done so, change the master`,
  };
}

/** As much of a file as a master's may have, and a byte more. */
function contentOf(file: number): Buffer {
  const bytes = Buffer.alloc(longest + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(file, bytes, length, bytes.length - length, null);
  }
  return bytes.subarray(0, length);
}

function masterIn(path: string, content: Buffer): Master | MasterFault {
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
