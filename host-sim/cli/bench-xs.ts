/** The parts `xs`, `processor` and `wake-profile` of `npm run bench`: what the firmware takes on its own engine. */
import { EngineMissing } from "../sim/engine/engine";
import { Simulation } from "../sim/world/simulation";
import type { Verdict } from "../tools/bench/bars";

/** Steps of a report, and slots that a thousand more take. */
export async function benchReports(verdict: Verdict, say: (line: string) => void): Promise<void> {
  say("XS engine, the whole firmware through modem, radio and cloud (deterministic counts)");
  for (const format of ["raw", "json"] as const) {
    try {
      const result = await new Simulation({
        seed: 1,
        engine: "xs",
        edition: "token",
        coverage: 0,
        loss: 0,
        reports: 1010,
        interval: 900,
        format,
        powerKey: true,
        command: false,
      }).run();
      const steady = result.costs.slice(9);
      const compute = steady.map((cost) => cost.compute).sort((a, b) => a - b);
      const growth = steady[steady.length - 1].liveSlots - steady[0].liveSlots;
      say(
        `  ${format.padEnd(5)} compute per report ${compute[compute.length >> 1]}, ` +
          `live slots ${steady[steady.length - 1].liveSlots}, growth over ${steady.length - 1} reports ${growth} ${verdict.judge("slots", growth)}`,
      );
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error;
      say(`  skipped: ${error.message}`);
      return;
    }
  }
}

/** More than a block of the journal has room for. */
const wakes = 100;

/** Steps of a wake from deep sleep. */
export async function benchWakes(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchWake } = await import("../tools/bench/wake");
  say("a wake from deep sleep on XS: reads, sends, sleeps (compute without the simulation's own modules)");
  let small: number | undefined;
  for (const [name, size] of [
    ["128 KiB", 131_072],
    ["1 MiB", 1_048_576],
  ] as const) {
    try {
      const { compute, highest, reading, start } = await benchWake(size, wakes);
      const growth =
        small === undefined
          ? ""
          : `, x ${(reading / small).toFixed(3)} ${verdict.judge("wakeGrowth", reading / small)}`;
      small ??= reading;
      say(`  journal of ${name.padEnd(7)}  ${compute} ${verdict.judge("wake", compute)}`);
      say(`    a reading, all wakes between it and the next with it: ${reading}${growth}`);
      say(
        `    the highest of ${wakes} ${highest} ${verdict.judge("wake", highest)}, the first start, a walk, ${start}`,
      );
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error;
      say(`  skipped: ${error.message}`);
      return;
    }
  }
}

/** Wakes whose mean a profile gives. */
const profiledWakes = 20;

/** Functions that a profile lists. */
const listed = 40;

/** Where the steps of a wake go; judges nothing. */
export async function printWakeProfile(say: (line: string) => void): Promise<void> {
  // Only here: the parser is a development dependency.
  const { profileWake, sumBy } = await import("../tools/bench/wake-profile");
  const profile = await profileWake(profiledWakes);
  const firmware = profile.functions.filter(({ module }) => module.startsWith("firmware/"));
  const total = firmware.reduce((sum, { own }) => sum + own, 0);
  say(
    `where the steps of a wake from deep sleep go, on XS (mean of ${profile.wakes} wakes; of ${Math.round(total)}, ` +
      "counted with instruments in each function: the bench's part xs has the figure)",
  );
  const steps = (count: number): string => String(Math.round(count)).padStart(8);
  say("  by room");
  for (const { name, own } of sumBy(profile, (module) => module.split("/")[1].replace(/\.ts$/, ""))) {
    say(`  ${steps(own)} ${((100 * own) / total).toFixed(1).padStart(5)} %  ${name}`);
  }
  say("  by module");
  for (const { name, own } of sumBy(profile, (module) => module).slice(0, listed)) {
    say(`  ${steps(own)} ${((100 * own) / total).toFixed(1).padStart(5)} %  ${name}`);
  }
  say("  by function: its own steps, with what it calls, calls");
  for (const { module, name, own, whole, calls } of firmware.sort((a, b) => b.own - a.own).slice(0, listed)) {
    say(`  ${steps(own)} ${steps(whole)} ${calls.toFixed(1).padStart(7)}  ${module} ${name}`);
  }
}

/** How near the table of the processor's turns comes to XS. */
export async function benchProcessor(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { checkRun } = await import("../tools/bench/processor");
  const { heldOut } = await import("../tools/bench/processor-runs");
  say("the table of the processor's turns against XS, over runs that it was not made from");
  for (const run of heldOut) {
    try {
      const { spent, share, wakes } = await checkRun(run);
      const judged = verdict.judge("processorRun", Math.abs(share - 1));
      say(`  ${run.name}: ${spent} steps, the table ${percent(share)} ${judged}`);
      if (wakes.length === 0) continue;
      const sorted = wakes.slice().sort((a, b) => a - b);
      const middle = sorted[sorted.length >> 1];
      const [lowest, highest] = [sorted[0], sorted[sorted.length - 1]].map(percent);
      const judgedWake = verdict.judge("processorWake", Math.abs(middle - 1));
      say(
        `    ${sorted.length} wakes: the middle one ${percent(middle)} ${judgedWake}, ${lowest} to ${highest}`,
      );
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error;
      say(`  skipped: ${error.message}`);
      return;
    }
  }
}

/** Makes the table anew. @param ofUpdates only what it says of updates */
export async function updateProcessorTable(ofUpdates: boolean, say: (line: string) => void): Promise<void> {
  const { updateTable, updateTableOfUpdates } = await import("../tools/bench/processor");
  const { fitted } = await import("../tools/bench/processor-runs");
  const make = ofUpdates ? updateTableOfUpdates : updateTable;
  const turns = await make(fitted, ({ name }) => say(`  ${name}`));
  say(`host-sim/sim/board/processor-table.ts: made from ${turns} turns`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
