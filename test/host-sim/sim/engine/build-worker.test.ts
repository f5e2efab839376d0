/** The build of the XS engine at its first use: once, whoever asks, and one line when it cannot be. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildWorker } from "../../../../host-sim/sim/engine/build-worker";
import { EngineMissing } from "../../../../host-sim/sim/engine/engine";
import type { XsPackage } from "../../../../host-sim/sim/engine/build-worker";

/** As xsnap's makefile, in what is asked of it: the "compiler" copies. Each run adds a line to `runs`. */
const makefile = `build:
	echo run >>../../../../runs
	mkdir -p $(BUILD_DIR)/bin/lin/$(GOAL) $(BUILD_DIR)/tmp/lin/$(GOAL)/xsnap-worker
	sleep 0.3
	$(firstword $(CC)) xsnap-worker.mk $(BUILD_DIR)/bin/lin/$(GOAL)/xsnap-worker
`;

let folder: string;
let xs: XsPackage;
let said: string[];
let env: Partial<Record<"PATH" | "CC", string>>;

beforeEach(() => {
  // A space above project and package is no hindrance.
  folder = mkdtempSync(join(tmpdir(), "xs build-"));
  xs = { root: join(folder, "node_modules/@agoric/xsnap"), version: "0.0.1", platform: "lin" };
  const makefiles = join(xs.root, "xsnap-native/xsnap/makefiles/lin");
  mkdirSync(makefiles, { recursive: true });
  writeFileSync(join(makefiles, "xsnap-worker.mk"), makefile);
  said = [];
  env = { PATH: process.env.PATH, CC: process.env.CC };
  process.env.CC = "cp";
});

afterEach(() => {
  for (const name of ["PATH", "CC"] as const) {
    if (env[name] === undefined) delete process.env[name];
    else process.env[name] = env[name];
  }
  rmSync(folder, { recursive: true, force: true });
});

const kept = (): string => join(folder, "build/xs");
const ask = (): string => buildWorker({ xs, folder: kept(), say: (line) => said.push(line) }).program;
const runs = (): number => readFileSync(join(xs.root, "runs"), "utf8").trim().split("\n").length;

describe("buildWorker", () => {
  test("builds at the first call and says so, and not at the second", () => {
    const program = ask();
    expect(readFileSync(program, "utf8")).toBe(makefile);
    expect(said).toEqual([
      "building the XS engine from its C sources: once, half a minute (it is not built by npm ci)",
    ]);
    expect(ask()).toBe(program);
    expect(said).toHaveLength(1);
    expect(runs()).toBe(1);
    // Nothing is left of the build but what it made.
    expect(readdirSync(kept())).toEqual([`0.0.1-${process.platform}-${process.arch}`]);
  });

  test("another version is another build", () => {
    const first = ask();
    xs = { ...xs, version: "0.0.2" };
    expect(ask()).not.toBe(first);
    expect(existsSync(first)).toBe(true);
    expect(runs()).toBe(2);
  });

  test("four processes that ask at once build once, and all get it", async () => {
    const script = join(folder, "ask.mjs");
    await build({
      stdin: {
        contents:
          `import { buildWorker } from "./host-sim/sim/engine/build-worker";\n` +
          `console.log(buildWorker(JSON.parse(process.argv[2])).program);`,
        resolveDir: process.cwd(),
      },
      outfile: script,
      bundle: true,
      platform: "node",
      format: "esm",
    });
    const started = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, [script, JSON.stringify({ xs, folder: kept() })]);
      let output = "";
      let errors = "";
      child.stdout.on("data", (piece) => (output += piece));
      child.stderr.on("data", (piece) => (errors += piece));
      return new Promise<string[]>((resolve) => child.on("close", () => resolve([output, errors])));
    });
    const ended = await Promise.all(started);
    expect(new Set(ended.map(([output]) => output))).toEqual(new Set([`${ask()}\n`]));
    const lines = ended.map(([, errors]) => errors);
    expect(lines.filter((line) => line.startsWith("building the XS engine"))).toHaveLength(1);
    for (const line of lines) expect(line).toMatch(/^(|building .*\n|waiting for the XS engine, .*\n)$/);
    expect(runs()).toBe(1);
  });

  test("the lock and the draft of a process that has ended hinder nobody", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    mkdirSync(join(kept(), `draft-${child.pid}`), { recursive: true });
    writeFileSync(join(kept(), "lock"), `${child.pid}`);
    expect(existsSync(ask())).toBe(true);
    expect(readdirSync(kept())).toHaveLength(1);
  });

  test("a build that somebody took apart is made anew", () => {
    const program = ask();
    rmSync(program);
    expect(existsSync(ask())).toBe(true);
    expect(runs()).toBe(2);
  });

  const refusal = (pattern: RegExp): void => {
    let fault: unknown;
    try {
      ask();
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(EngineMissing);
    expect((fault as Error).message).toMatch(pattern);
    expect((fault as Error).message).not.toContain("\n");
  };

  test("without make, without a compiler, or where it may not write, one line says what is missing", () => {
    process.env.CC = "no-such-compiler";
    refusal(/it takes a C compiler .* and make, and make said: .*no-such-compiler/);
    // What failed leaves nothing behind, and the next try begins anew.
    expect(readdirSync(kept())).toEqual([]);
    process.env.CC = "cp";
    process.env.PATH = join(folder, "nothing");
    refusal(/it takes a C compiler .* and make, and make could not be started$/);
    process.env.PATH = env.PATH;
    rmSync(kept(), { recursive: true });
    writeFileSync(kept(), "");
    refusal(/build\/xs cannot be written \(EEXIST\)$/);
    rmSync(kept());
    expect(existsSync(ask())).toBe(true);
  });
});
