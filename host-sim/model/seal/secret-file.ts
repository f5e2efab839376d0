/**
 * Reads a file with a secret in it only where it can be nobody's but the operator's: an ordinary file, no link to one, which
 * its owner alone may read. No fault quotes it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { shellWord } from "../shell-word";
import type { Stats } from "node:fs";

/** Why there is no secret in a file, and how to mend it. */
export interface SecretFault {
  /** Begins with the file's name, but for one that is the secret itself. */
  readonly problem: string;
  readonly remedy: string;
}

/** What is said of a secret that cannot be read. */
export interface SecretKind {
  /** What is to be changed once somebody knows it, such as "the master". */
  readonly short: string;
  /** How to make one in this file. */
  readonly remedy: (path: string) => string;
}

/** As much of the file as it may have, and a byte more. Never throws, and waits for nobody, such as the writer of a pipe. */
export function readSecretFile(path: string, longest: number, kind: SecretKind): Buffer | SecretFault {
  let file: number;
  try {
    // What is opened is what is looked at: nobody can put another file in its place in between.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return openFault(path, kind, (error as NodeJS.ErrnoException).code);
  }
  try {
    return statFault(path, kind, fstatSync(file)) ?? contentOf(file, longest);
  } catch (error) {
    return openFault(path, kind, (error as NodeJS.ErrnoException).code);
  } finally {
    closeSync(file);
  }
}

function openFault(path: string, kind: SecretKind, code = "unknown reason"): SecretFault {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { problem: `${path} is not there`, remedy: kind.remedy(path) };
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

function noFile(path: string): SecretFault {
  return { problem: `${path} is no ordinary file`, remedy: "name a file that stays where it is" };
}

/** What is wrong with the file, whatever is in it. */
function statFault(path: string, { short }: SecretKind, stats: Stats): SecretFault | undefined {
  if (stats.isDirectory()) return { problem: `${path} is a folder`, remedy: "name the file in it" };
  if (!stats.isFile()) return noFile(path);
  if (process.platform === "win32" || (stats.mode & 0o077) === 0) return undefined;
  const others = (stats.mode & 0o044) !== 0 ? "read" : "change or run";
  return {
    problem: `others on this machine can ${others} ${path}`,
    remedy: `chmod 600 ${shellWord(path)}, and if one of them may have done so, change ${short}`,
  };
}

function contentOf(file: number, longest: number): Buffer {
  const bytes = Buffer.alloc(longest + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(file, bytes, length, bytes.length - length, null);
  }
  return bytes.subarray(0, length);
}
