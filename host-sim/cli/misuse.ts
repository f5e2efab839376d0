/**
 * Faults that a user can mend: one line, no stack. Exit code 2 for a wrong command line or file, 1 for
 * work that failed.
 */
export class CommandError extends Error {
  override name = "CommandError";
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A wrong argument, setting or file. */
export function misuse(message: string): CommandError {
  return new CommandError(2, message);
}

/** A command line that is right as far as it goes, and lacks words. */
export class UnfinishedError extends CommandError {
  override name = "UnfinishedError";

  constructor(message: string) {
    super(2, message);
  }
}

/** Two options that were given and cannot go together. */
export function exclusive(one: string, other: string): CommandError {
  return misuse(`${one} and ${other} exclude each other: leave one of them out`);
}

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EBUSY: "another program has it",
  EEXIST: "it is there already",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is no folder",
  EPERM: "the system does not allow it",
  EROFS: "the disk is read-only",
};

/** Why the system did not do something with a file, in words and in the system's own: `there is no such file or folder, ENOENT`. */
export function systemReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return "unknown reason";
  const words = systemReasons[code];
  return words === undefined ? code : `${words}, ${code}`;
}

/** What says that there can be no file of that name, or none of ours. */
const misplaced = new Set(["EACCES", "EEXIST", "EISDIR", "ENOENT", "ENOTDIR", "EPERM", "EROFS"]);

/** A file that was not written: 2 where the name that was given takes none, 1 for work that failed, such as on a full disk. */
export function unwritten(message: string, error: unknown): CommandError {
  return new CommandError(misplaced.has((error as NodeJS.ErrnoException).code ?? "") ? 2 : 1, message);
}

/** A whole number within bounds, from the command line. */
export function wholeNumber(name: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < least || value > most) {
      throw misuse(`${name} takes a whole number from ${least} to ${most}, got "${text.slice(0, 40)}"`);
    }
    return value;
  };
}

/** A fraction from 0 to `most`, which is 1 at most, from the command line. */
export function fraction(name: string, most = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || value > most) {
      throw misuse(`${name} takes a number from 0 to ${most} such as 0.3, got "${text.slice(0, 40)}"`);
    }
    return value;
  };
}
