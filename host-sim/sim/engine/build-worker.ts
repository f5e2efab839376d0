/**
 * Builds XS's worker from the C sources that the npm package @agoric/xsnap brings, with that package's own
 * makefile, when it is first asked for: `npm ci` does not wait for it, and who runs on Node never does.
 *
 *   build/xs/VERSION-PLATFORM-ARCH/bin/…/xsnap-worker     the program
 *   build/xs/VERSION-PLATFORM-ARCH/tmp/…/*.o              the objects that it is linked from
 *   build/xs/draft-PID/                                   the same, being built
 *   build/xs/lock                                         process id of who builds
 *
 * A draft takes its place whole, by a rename. The lock only keeps two processes from doing the same work: were
 * it lost, both would build, and one of the two results would stay.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { projectRoot } from "../../project";
import { EngineMissing } from "./engine";

/** The package with XS's sources, as it is installed here. */
export interface XsPackage {
  /** The folder of the package @agoric/xsnap. */
  readonly root: string;
  readonly version: string;
  /** What the package calls the platform. */
  readonly platform: "lin" | "mac";
}

/** What a build leaves. */
export interface WorkerBuild {
  /** The worker's program. */
  readonly program: string;
  /** The folder of its objects. */
  readonly objects: string;
}

/** How and where to build; all of it has a default. */
export interface BuildOptions {
  readonly xs?: XsPackage;
  /** Where builds are kept. */
  readonly folder?: string;
  /** Takes the one line that says what is being built, or waited for. */
  readonly say?: (line: string) => void;
}

const packageName = "@agoric/xsnap";
const needs = "a C compiler (gcc 10 or newer, or clang) and make";
/** Age at which a lock counts as left behind, ms: a build takes a minute on a slow machine. */
const lockLifetime = 10 * 60_000;
const pollInterval = 100;

/** The package that has XS's sources. @throws EngineMissing */
export function xsPackage(): XsPackage {
  const platform = { linux: "lin", darwin: "mac" }[process.platform as string] as "lin" | "mac" | undefined;
  if (platform === undefined) {
    throw new EngineMissing(`the XS engine runs on Linux and macOS, not on ${process.platform}`);
  }
  for (const place of createRequire(import.meta.url).resolve.paths(packageName) ?? []) {
    const root = join(place, packageName);
    if (!existsSync(join(root, "moddable/xs/includes/xs.h"))) continue;
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { root, version, platform };
  }
  throw new EngineMissing(
    `the XS engine is missing: it is built from the optional package ${packageName}, which npm ci installs on ` +
      `Node ^20.9 or ^22.11 alone, and this is Node ${process.versions.node}`,
  );
}

/**
 * The worker, built if need be: half a minute of processor time, once.
 *
 * @throws EngineMissing in one line: what stands in the way of the build
 */
export function buildWorker(options: BuildOptions = {}): WorkerBuild {
  const xs = options.xs ?? xsPackage();
  const folder = options.folder ?? join(projectRoot(), "build/xs");
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  const place = join(folder, `${xs.version}-${process.platform}-${process.arch}`);
  const built = filesOf(place, xs.platform);
  if (existsSync(built.program)) return built;
  const lock = join(folder, "lock");
  try {
    mkdirSync(folder, { recursive: true });
    if (!takeLock(lock, built.program, say)) return built;
  } catch (error) {
    throw notWritable(folder, error);
  }
  try {
    // Another process may have put it there between the first look and the lock.
    if (existsSync(built.program)) return built;
    say("building the XS engine from its C sources: once, half a minute (it is not built by npm ci)");
    for (const name of readdirSync(folder)) {
      const left = /^draft-(\d+)$/.exec(name);
      if (left !== null && hasEnded(Number(left[1])))
        rmSync(join(folder, name), { recursive: true, force: true });
    }
    const draft = join(folder, `draft-${process.pid}`);
    mkdirSync(draft);
    make(xs, draft);
    // A folder without the program is a build of which files were deleted.
    if (!existsSync(built.program)) rmSync(place, { recursive: true, force: true });
    if (existsSync(place)) rmSync(draft, { recursive: true, force: true });
    else renameSync(draft, place);
    return built;
  } catch (error) {
    throw error instanceof EngineMissing ? error : notWritable(folder, error);
  } finally {
    rmSync(lock, { force: true });
  }
}

function filesOf(place: string, platform: XsPackage["platform"]): WorkerBuild {
  return {
    program: join(place, "bin", platform, "release/xsnap-worker"),
    objects: join(place, "tmp", platform, "release/xsnap-worker"),
  };
}

/** Waits for the lock. `false`: while this process waited, another one has built the program. */
function takeLock(lock: string, program: string, say: (line: string) => void): boolean {
  const still = new Int32Array(new SharedArrayBuffer(4));
  let said = false;
  for (;;) {
    try {
      writeFileSync(lock, `${process.pid}`, { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (isAbandoned(lock)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!said) say("waiting for the XS engine, which another process is building");
    said = true;
    Atomics.wait(still, 0, 0, pollInterval);
    if (existsSync(program)) return false;
  }
}

/** Whether the process that took the lock has ended without giving it back. */
function isAbandoned(lock: string): boolean {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    const age = Date.now() - statSync(lock).mtimeMs;
    // An empty lock is one that is just being written.
    return age > lockLifetime || (holder > 0 ? hasEnded(holder) : age > 10 * pollInterval);
  } catch (error) {
    // The lock was given back meanwhile, and can be asked for again.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** The package's own makefile, its release alone. @throws EngineMissing */
function make({ root, version, platform }: XsPackage, to: string): void {
  const folder = realpathSync(join(root, "xsnap-native/xsnap/makefiles", platform));
  // Seen from the makefile: make cannot have a space in a path, and one above the project is then not in any.
  const target = relative(folder, realpathSync(to));
  if (/\s/.test(target)) {
    throw new EngineMissing(`the XS engine cannot be built: make takes no path with a space, such as ${to}`);
  }
  const { status, error, stderr } = spawnSync(
    "make",
    [
      "-j",
      String(availableParallelism()),
      "GOAL=release",
      `XSNAP_VERSION=${version}`,
      // As the package's src/build.js has it.
      `CC=${process.env.CC ?? "cc"} "-D__has_builtin(x)=1"`,
      "MODDABLE=../../../../moddable",
      "TLS_DIR=../../sources",
      `BUILD_DIR=${target}`,
      "-f",
      "xsnap-worker.mk",
    ],
    { cwd: folder, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"], maxBuffer: 1 << 26 },
  );
  if (error !== undefined) {
    throw new EngineMissing(
      `the XS engine cannot be built: it takes ${needs}, and make could not be started`,
    );
  }
  if (status !== 0 || !existsSync(filesOf(to, platform).program)) {
    const lines = stderr.trim().split("\n");
    const why =
      lines.find((line) => /\berror:|not found|no such file/i.test(line)) ?? lines[lines.length - 1];
    rmSync(to, { recursive: true, force: true });
    throw new EngineMissing(`the XS engine cannot be built: it takes ${needs}, and make said: ${why.trim()}`);
  }
}

function notWritable(folder: string, error: unknown): EngineMissing {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return new EngineMissing(`the XS engine cannot be built: ${folder} cannot be written (${code})`);
}
