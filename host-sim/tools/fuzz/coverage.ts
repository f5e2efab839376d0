/**
 * Which code of firmware/coap an input reaches, by the block counters that V8 keeps for its own
 * inspector: no instrumentation, and no dependency.
 */
import { readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { fileURLToPath } from "node:url";
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
 * @param bundle address (file URL) of the script that esbuild made of everything
 */
export function startCoverage(bundle: string): Coverage {
  const source = readFileSync(fileURLToPath(bundle), "utf8");
  const within = rangesOf(source, (path) => path.startsWith("firmware/coap/"));
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const first = Math.min(...within.map(([start]) => start));
  const length = Math.max(...within.map(([, end]) => end)) - first;
  const total = within.reduce((sum, [start, end]) => sum + end - start, 0);
  /** 1 for each character that was reached. */
  const known = new Uint8Array(length);
  const hit = new Uint8Array(length);
  let reached = 0;

  const paint = (functions: Profiler.FunctionCoverage[], commit: boolean): number => {
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
    for (let i = 0; i < length; i++) {
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
        const script = answer.result.find(({ url }) => url === bundle);
        if (script !== undefined) fresh = paint(script.functions, commit);
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
