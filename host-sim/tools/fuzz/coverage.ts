/**
 * Which code an input reaches, by the block counters that V8 keeps for its own
 * inspector: no instrumentation, and no dependency.
 */
import { readFileSync, readdirSync } from "node:fs";
import { Session } from "node:inspector";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Profiler } from "node:inspector";

/** What the fuzzer asks after each batch of inputs. */
export interface Coverage {
  /**
   * Characters of code reached since the last call, and never before. They count as new until a call
   * with `commit`.
   */
  take(commit: boolean): number;
  /** Characters of code reached, and how many there are in all, declarations too. */
  readonly reached: number;
  readonly total: number;
  stop(): void;
}

/** Where a bundle's modules start, as esbuild's comments tell. */
const moduleStart = /^[ \t]*\/\/ ((?:firmware|host-sim|test|bench|node_modules)\/\S+)$/gm;

/**
 * Starts counting. Code that ran before, such as that of classes when they are made, does not count.
 *
 * @param bundle address (file URL) of a script that esbuild made; those beside it count, too
 * @param code beginnings of the paths of the modules that count, from the project's root
 */
export function startCoverage(bundle: string, code: readonly string[]): Coverage {
  const scripts = scriptsIn(dirname(fileURLToPath(bundle)), (module) =>
    code.some((path) => module.startsWith(path)),
  );
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const total = [...scripts.values()]
    .flatMap(({ within }) => within)
    .reduce((sum, [start, end]) => sum + end - start, 0);
  let reached = 0;

  const paint = (script: Script, functions: Profiler.FunctionCoverage[], commit: boolean): number => {
    const { within, first, known, hit } = script;
    hit.fill(0);
    // Functions and their ranges come from the outside in: the last word is the innermost one's.
    for (const { functionName, ranges } of functions) {
      const whole = ranges[0];
      if (!isOurs(within, whole.startOffset, whole.endOffset)) continue;
      // esbuild wraps a module that is imported late into a function of its name: declarations only.
      const isModule = functionName.includes("/");
      for (const { startOffset, endOffset, count } of ranges) {
        hit.fill(count > 0 && !isModule ? 1 : 0, startOffset - first, endOffset - first);
      }
    }
    let fresh = 0;
    for (let i = 0; i < hit.length; i++) {
      if (hit[i] === 0 || known[i] === 1) continue;
      fresh += 1;
      if (commit) known[i] = 1;
    }
    if (commit) reached += fresh;
    return fresh;
  };

  return {
    total,
    get reached() {
      return reached;
    },
    take(commit) {
      let fresh = 0;
      // Within the same process it answers before it returns.
      session.post("Profiler.takePreciseCoverage", (error, answer) => {
        if (error !== null) throw error;
        for (const { url, functions } of answer.result) {
          const script = scripts.get(url);
          if (script !== undefined) fresh += paint(script, functions, commit);
        }
      });
      return fresh;
    },
    stop() {
      session.post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}

type Range = readonly [start: number, end: number];

/** A script of the bundle with code in it that counts. */
interface Script {
  readonly within: readonly Range[];
  /** Where the first of these ranges starts. */
  readonly first: number;
  /** From there on, 1 for each character that was reached before, and by the inputs that are looked at. */
  readonly known: Uint8Array;
  readonly hit: Uint8Array;
}

/** By their addresses. */
function scriptsIn(folder: string, counts: (module: string) => boolean): Map<string, Script> {
  const scripts = new Map<string, Script>();
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".mjs")) continue;
    const path = join(folder, name);
    const within = rangesOf(readFileSync(path, "utf8"), counts);
    if (within.length === 0) continue;
    const first = Math.min(...within.map(([start]) => start));
    const length = Math.max(...within.map(([, end]) => end)) - first;
    const [known, hit] = [new Uint8Array(length), new Uint8Array(length)];
    scripts.set(pathToFileURL(path).href, { within, first, known, hit });
  }
  return scripts;
}

/** The parts of a bundle that come from certain modules. */
function rangesOf(source: string, wanted: (path: string) => boolean): Range[] {
  const starts = [...source.matchAll(moduleStart)].map((match) => ({ path: match[1], at: match.index }));
  return starts.flatMap(({ path, at }, i) =>
    wanted(path) ? [[at, starts[i + 1]?.at ?? source.length] as const] : [],
  );
}

function isOurs(ranges: readonly Range[], start: number, end: number): boolean {
  return ranges.some((range) => start >= range[0] && end <= range[1]);
}
