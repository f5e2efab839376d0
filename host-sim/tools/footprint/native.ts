/**
 * Builds the two C programs of this folder from the XS sources that the package @agoric/xsnap brings,
 * with a C compiler, and keeps them in build/footprint/.
 *
 *   compiler    XS's parser and code generator alone, as Moddable's xsc is made of them
 *   heap        xsnap-worker, with a look into its heap; linked with the objects of the worker's own build
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineMissing } from "../../sim/engine/engine";
import { projectRoot } from "../../project";
import { buildWorker, xsPackage } from "../../sim/engine/build-worker";
import type { XsPackage } from "../../sim/engine/build-worker";

type Program = "compiler" | "heap";

/** Files of XS that its compiler is made of. */
const compilerFiles =
  "xsBigInt xsCode xsCommon xsdtoa xsLexical xsre xsScope xsScript xsSourceMap xsSyntaxical xsTree".split(
    " ",
  );

const switches: Readonly<Record<Program, readonly string[]>> = Object.freeze({
  // Without a platform of its own XS takes identifiers of 2 bytes, as on a microcontroller.
  compiler: ["mxCompile=1", "mxParse=1"],
  // Those of xsnap's own makefile: the structures must be the ones of its objects.
  heap: [
    "INCLUDE_XSPLATFORM",
    'XSPLATFORM="xsnapPlatform.h"',
    'XSNAP_VERSION="footprint"',
    "XSNAP_TEST_RECORD=0",
    ..."Lockdown Metering Debug NoConsole BoundsCheck Parse Run Sloppy Snapshot"
      .split(" ")
      .map((name) => `mx${name}=1`),
    ..."RegExpUnicodePropertyEscapes StringNormalize MinusZero".split(" ").map((name) => `mx${name}=1`),
  ],
});

/**
 * Path of the program, built if need be (a few seconds).
 *
 * @param folder where it is kept
 * @throws EngineMissing in one line, when the package or the C compiler is not there
 */
export function nativeProgram(program: Program, folder = join(projectRoot(), "build/footprint")): string {
  const xs = xsPackage();
  const source = readFileSync(join(projectRoot(), `host-sim/tools/footprint/${program}.c`));
  const key = createHash("sha256")
    .update(source)
    .update(JSON.stringify(switches[program]))
    .update(xs.version);
  const name = `${program}-${key.digest("hex").slice(0, 16)}`;
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // Moved into place when it is whole: the command and a test may build at the same moment.
  const draft = `${path}.${process.pid}`;
  compile(program, xs, draft);
  for (const other of readdirSync(folder)) {
    const former = other.startsWith(`${program}-`) && !other.startsWith(name);
    if (former) rmSync(join(folder, other), { force: true });
  }
  renameSync(draft, path);
  return path;
}

/** @throws EngineMissing */
function compile(program: Program, xs: XsPackage, to: string): void {
  const compiler = process.env.CC ?? "cc";
  const sources = join(xs.root, "moddable/xs");
  const linked =
    program === "compiler"
      ? compilerFiles.map((file) => join(sources, `sources/${file}.c`))
      : workerObjects();
  const folders = ["includes", "platforms", "sources"].map((name) => join(sources, name));
  folders.push(join(xs.root, "xsnap-native/xsnap/sources"));
  const libraries =
    process.platform === "darwin" ? ["-framework", "CoreServices"] : ["-lm", "-ldl", "-lpthread"];
  const { status, error, stderr } = spawnSync(
    compiler,
    [
      ...["-w", "-O1", "-fno-common"],
      ...switches[program].map((name) => `-D${name}`),
      ...folders.map((folder) => `-I${folder}`),
      join(projectRoot(), `host-sim/tools/footprint/${program}.c`),
      ...linked,
      ...libraries,
      ...["-o", to],
    ],
    { encoding: "utf8" },
  );
  if (error !== undefined) {
    throw new EngineMissing(`footprint needs a C compiler: ${compiler} could not be started`);
  }
  if (status !== 0) {
    rmSync(to, { force: true });
    const first = stderr.split("\n").find((line) => line.includes("error")) ?? "it did not say why";
    throw new EngineMissing(
      `${compiler} could not build host-sim/tools/footprint/${program}.c: ${first.trim()}`,
    );
  }
}

/** What the worker is linked from, but its own main program. @throws EngineMissing */
function workerObjects(): string[] {
  const { objects } = buildWorker();
  const files = existsSync(objects) ? readdirSync(objects).filter((file) => file.endsWith(".o")) : [];
  if (!files.includes("xsMemory.o")) {
    throw new EngineMissing("the objects of the XS engine are gone: remove build/xs, and it is built anew");
  }
  return files.filter((file) => file !== "xsnap-worker.o").map((file) => join(objects, file));
}
