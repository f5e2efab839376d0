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
