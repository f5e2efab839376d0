/**
 * How fast a fleet is simulated, and what it takes of memory. Each figure is of a process of its own: what another part of
 * the bench has made the engine learn must not count.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../project";

/** What one run took. */
export interface FleetFigures {
  readonly deviceDays: number;
  /** s of processor time, all threads, and s that went by. */
  readonly processor: number;
  readonly seconds: number;
  /** Most bytes of memory. */
  readonly memory: number;
}

/** Runs a command of this project with these words, and measures its process. @throws Error when it fails */
async function measured(deviceDays: number, words: readonly string[]): Promise<FleetFigures> {
  const run = join(projectRoot(), "host-sim/cli/run.mjs");
  const report = `process.on("exit", () => process.stderr.write("USAGE " + JSON.stringify(process.resourceUsage()) + "\\n"))`;
  const preload = `data:text/javascript,${encodeURIComponent(report)}`;
  const began = performance.now();
  const child = spawn(process.execPath, ["--import", preload, run, ...words], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const usage = /USAGE (\{.*\})/.exec(told);
  if (code !== 0 || usage === null)
    throw new Error(`${words.join(" ")} ended with ${code}: ${told.slice(-300)}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage[1]) as NodeJS.ResourceUsage;
  return {
    deviceDays,
    processor: (userCPUTime + systemCPUTime) / 1e6,
    seconds: (performance.now() - began) / 1_000,
    memory: 1_024 * maxRSS,
  };
}

/** Link depth: a thousand devices for a day with 96 readings each, on one core. */
export function benchLink(sleep: "none" | "deep", format: "compact" | "json"): Promise<FleetFigures> {
  const devices = 1_000;
  const words = ["--devices", String(devices), "--sleep", sleep, "--format", format, "--jobs", "1"];
  return measured(devices, ["fleet", ...words]);
}

/** Ten thousand devices for a day, on all cores. */
export function benchTenThousand(): Promise<FleetFigures> {
  const devices = 10_000;
  const words = ["--devices", String(devices), "--sleep", "none", "--jobs", String(availableParallelism())];
  return measured(devices, ["fleet", ...words]);
}

/** Full depth: one device for ten days with 96 readings each; of three runs of two seconds the one that was disturbed least. */
export async function benchFull(sleep: "none" | "deep"): Promise<FleetFigures> {
  const days = 10;
  const words = ["--reports", String(96 * days), "--format", "compact", "--sleep", sleep, "--no-command"];
  const runs: FleetFigures[] = [];
  while (runs.length < 3) runs.push(await measured(days, ["start", "--seed", "1", ...words, "--quiet"]));
  return runs.reduce((best, run) => (run.processor < best.processor ? run : best));
}
