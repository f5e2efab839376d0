/**
 * Runs the real command line in a process of its own, as `npm start` and its siblings do.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
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

export function launch(args: readonly string[], env: Record<string, string> = {}): Running {
  // Only what a shell needs: a developer's own ENOS_ variables must not leak into a test.
  const child = spawn(process.execPath, ["host-sim/cli/run.mjs", ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
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
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
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

export function run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return launch(args, env).finished;
}
