/**
 * Runs the real command line, as `npm start` and its siblings do: in this process, which is what a test of
 * options, messages and results needs, or in one of its own, for what only a process shows: that the command
 * starts, signals, and that two of them run at once.
 */
import { spawn } from "node:child_process";
import { obey } from "../../../host-sim/cli/program";
import type { ChildProcess } from "node:child_process";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What was complained of on stderr: how far a command is, and what it wrote, is said there, too. */
export function complaintsIn(stderr: string): string {
  return stderr.replace(
    /^(?:\d+ %(?:, about [\w ]+ left|, [\w ]+ so far)?|[\w ]+ so far) · .*\n|^wrote .*: open it in (?:a browser|Wireshark)\n/gm,
    "",
  );
}

/** A command under way. */
export interface Running {
  readonly process: ChildProcess;
  /** What it has printed so far on both streams. */
  output(): string;
  /** Resolves once its output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly finished: Promise<Finished>;
}

/** Only what a shell needs: a developer's own ENOS_ variables must not leak into a test. */
const shell = (env: Record<string, string>): Record<string, string | undefined> => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...env,
});

/**
 * Starts a command in a process of its own.
 *
 * @param stdin "pipe" for one that is typed to, by the process's `stdin`
 */
export function launch(
  args: readonly string[],
  env: Record<string, string> = {},
  stdin: "ignore" | "pipe" = "ignore",
): Running {
  const child = spawn(process.execPath, ["host-sim/cli/run.mjs", ...args], {
    env: shell(env),
    stdio: [stdin, "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const waiting: { pattern: RegExp; resolve: (match: RegExpExecArray) => void }[] = [];
  const look = (): void => {
    for (const entry of [...waiting]) {
      const match = entry.pattern.exec(stdout + stderr);
      if (match === null) continue;
      waiting.splice(waiting.indexOf(entry), 1);
      entry.resolve(match);
    }
  };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  const finished = new Promise<Finished>((resolve) =>
    child.once("close", (code) => resolve({ code, stdout, stderr })),
  );
  return {
    process: child,
    output: () => stdout + stderr,
    until(pattern) {
      return new Promise((resolve, reject) => {
        waiting.push({ pattern, resolve });
        look();
        void finished.then(() => reject(new Error(`ended without ${String(pattern)}:\n${stdout}${stderr}`)));
      });
    },
    finished,
  };
}

/** Runs a command in a process of its own, to its end. */
export function run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return launch(args, env).finished;
}

let last: Promise<unknown> = Promise.resolve();

/** Runs a command in this process, to its end; one after the other, for they share its output. */
export function obeyed(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = last.then(() => captured(args, env));
  last = finished.catch(() => {});
  return finished;
}

async function captured(args: readonly string[], env: Record<string, string>): Promise<Finished> {
  const { stdout, stderr, env: ownEnv, exitCode } = process;
  const [writeOut, writeErr] = [stdout.write, stderr.write];
  const said = { stdout: "", stderr: "" };
  const listen =
    (stream: keyof typeof said): typeof process.stdout.write =>
    (text: string | Uint8Array, ...rest: unknown[]) => {
      said[stream] += typeof text === "string" ? text : Buffer.from(text).toString("utf8");
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done as () => void);
      return true;
    };
  stdout.write = listen("stdout");
  stderr.write = listen("stderr");
  process.env = shell(env);
  process.exitCode = undefined;
  try {
    await obey(args);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    stdout.write = writeOut;
    stderr.write = writeErr;
    process.env = ownEnv;
    process.exitCode = exitCode;
  }
}
