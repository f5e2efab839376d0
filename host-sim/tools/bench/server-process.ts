/** The servers that the bench measures, each in a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { projectRoot } from "../../project";
import type { ChildProcess } from "node:child_process";
import type { Served, ServerState } from "./stand-in-server";

/** Which server: the stand-in, or what it is compared with. */
export type ServerKind = "stand-in" | "echo" | "node-coap";

/** Bundles programs of this folder, such as `stand-in-server`, to build/bench-NAME.mjs. */
export async function bundlePrograms(...names: readonly string[]): Promise<void> {
  await build({
    absWorkingDir: projectRoot(),
    entryPoints: names.map((name) => ({ in: `host-sim/tools/bench/${name}.ts`, out: `bench-${name}` })),
    outdir: "build",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "silent",
  });
}

/** Starts a bundled program. @param core the one core that it may run on; any when left out */
export function startProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  core?: number,
): ChildProcess {
  const pinned =
    core === undefined
      ? {}
      : { execPath: "taskset", execArgv: ["--cpu-list", String(core), process.execPath] };
  const file = join(projectRoot(), `build/bench-${name}.mjs`);
  return fork(file, args, { cwd: projectRoot(), env: { ...process.env, ...env }, ...pinned });
}

/** The next message of a program. @throws Error when it ends instead */
export async function told<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const end = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new Error("a process of the bench has ended before its time");
  });
  end.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, "message"), end])) as [T];
    return message;
  } finally {
    ended.abort();
  }
}

/** A running server. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: ServerKind, served: Served, core?: number): Promise<ServerProcess> {
    const child = startProgram("stand-in-server", [kind], { BENCH_SERVED: JSON.stringify(served) }, core);
    const { port } = await told<{ port: number }>(child);
    return new ServerProcess(child, port);
  }

  /** Processor time spent so far, µs. */
  async cpu(): Promise<number> {
    this.#child.send("cpu");
    const { cpu } = await told<ServerState>(this.#child);
    return cpu.user + cpu.system;
  }

  /** Bytes on its heap after a garbage collection. */
  async heap(): Promise<number> {
    this.#child.send("heap");
    return (await told<ServerState>(this.#child)).heap!;
  }

  end(): void {
    this.#child.kill("SIGTERM");
  }
}
