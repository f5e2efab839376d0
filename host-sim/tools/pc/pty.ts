/**
 * A pseudo-terminal: what is written here, another program reads from its path, and the other way round.
 * Node has none; the optional package @lydell/node-pty opens one.
 */
import { execFileSync } from "node:child_process";
import { reasonOf } from "../../../firmware/text/reason";

/** Why there is none. */
export class PtyError extends Error {
  override name = "PtyError";
}

export interface Pty {
  /** Where the other program finds it. */
  readonly path: string;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** The parts of the package's terminal that are used here. */
interface Terminal {
  readonly _pty: string;
  readonly _master: {
    on(event: "data" | "error", run: (value: never) => void): void;
    write(bytes: Uint8Array): void;
    destroy(): void;
  };
  readonly _slave: { readonly _handle?: { readStop?(): void }; pause(): void; destroy(): void };
}

/**
 * Opens one in raw mode: no echo, no line ends changed.
 *
 * @param onData bytes from the other program
 * @throws PtyError in one line
 */
export async function openPty(onData: (bytes: Uint8Array) => void): Promise<Pty> {
  // Named by a variable, or the bundler and the compiler would want it to be there.
  const name = "@lydell/node-pty";
  const packaged = (await import(name).catch(() => undefined)) as
    | { open(options: { encoding: null }): Terminal }
    | { default: { open(options: { encoding: null }): Terminal } }
    | undefined;
  if (packaged === undefined) {
    throw new PtyError(
      `${name} is not installed: it is an optional package, run npm ci without --omit=optional`,
    );
  }
  const { open } = "default" in packaged ? packaged.default : packaged;
  let terminal: Terminal;
  try {
    terminal = open({ encoding: null });
    // Ours to keep open, not to read: with nobody at it the other end would report an error.
    terminal._slave.pause();
    execFileSync("stty", [process.platform === "darwin" ? "-f" : "-F", terminal._pty, "raw", "-echo"]);
  } catch (error) {
    throw new PtyError(`no pseudo-terminal: ${reasonOf(error).split("\n")[0]}`);
  }
  // It was set reading before it was paused, and would take the first bytes from whoever they are for.
  await new Promise((resolve) => setImmediate(resolve));
  terminal._slave._handle?.readStop?.();
  terminal._master.on("data", (bytes: Uint8Array) => onData(bytes));
  terminal._master.on("error", () => {});
  return {
    path: terminal._pty,
    write: (bytes) => terminal._master.write(bytes),
    close: () => {
      terminal._slave.destroy();
      terminal._master.destroy();
    },
  };
}
