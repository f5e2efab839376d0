/** The part `simulation` of `npm run bench`: how fast virtual time goes by. */
import { Simulation } from "../sim/world/simulation";
import type { Verdict } from "../tools/bench/bars";

/** Days of one device. */
export async function benchDays(verdict: Verdict, days: number, say: (line: string) => void): Promise<void> {
  // Deep sleep takes some twenty times as long.
  for (const [sleep, length] of [
    ["none", days],
    ["deep", Math.max(1, Math.round(days / 15))],
  ] as const) {
    const reports = length * 96;
    const started = performance.now();
    const before = process.cpuUsage();
    const result = await new Simulation({
      seed: 1,
      engine: "node",
      edition: "token",
      coverage: 0,
      reports,
      interval: 900,
      format: "alternate",
      powerKey: true,
      command: true,
      sleep,
    }).run();
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - started) / 1000;
    const rate = (length * 1e6) / (user + system);
    const judged = verdict.judge(sleep === "deep" ? "daysDeep" : "days", rate);
    say(
      `simulation of ${length} days${sleep === "deep" ? " with deep sleep" : ""}, ${reports} reports at 15 minutes: ` +
        `${seconds.toFixed(1)} s, ${result.complete ? "complete" : "INCOMPLETE"}`,
    );
    say(`  ${rate.toFixed(rate < 10 ? 2 : 1)} days in a second of processor time ${judged}`);
    if (!result.complete) process.exitCode = 1;
  }
}

/** Seeds of the campaign, so many that the kinds of device and of trouble even out. */
const trials = 30;

/** A campaign of `npm run chaos`. */
export async function benchCampaign(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { runCampaign } = await import("../tools/chaos/campaign");
  const before = process.cpuUsage();
  const results = await runCampaign({ hours: 24, first: 1, seeds: trials, engine: "node", jobs: 1 });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6 / trials;
  const failed = results.filter(({ violations }) => violations.length > 0).length;
  say(`a campaign with all kinds of trouble, ${trials} trials of 24 hours, ${failed} failed:`);
  say(`  ${seconds.toFixed(2)} s of processor time each ${verdict.judge("trial", seconds)}`);
  if (failed > 0) process.exitCode = 1;
}
