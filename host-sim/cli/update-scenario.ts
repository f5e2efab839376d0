/**
 * `npm start -- --scenario update`: a device is updated over NB-IoT, to firmware that works and to firmware that does not.
 */
import { lasting } from "../inspect/report/duration";
import { runUpdateScenario } from "../tools/update/update-scenario";
import { updateSummary } from "../tools/update/update-summary";
import { RunScreen } from "./run-screen";
import { stage } from "./staged-run";
import type { UpdateScenarioOptions } from "../tools/update/update-scenario";
import type { RunFiles } from "./run-files";
import type { ScreenFlags } from "./run-screen";

/** How long the run usually is, virtual ms. */
const usually = 12 * 3_600_000;

/**
 * Runs it and says what came of it, in a dozen lines; line by line only for who asks for every line, or watches.
 *
 * @param head the first line of what is shown then
 */
export async function updateScenario(
  options: UpdateScenarioOptions,
  files: RunFiles,
  flags: ScreenFlags,
  head: string,
): Promise<void> {
  const isShown = flags.verbose === true || flags.watch !== undefined;
  const screen = new RunScreen(isShown ? flags : { ...flags, quiet: true }, {
    head,
    condense: true,
    share: (_, time) => ({ part: Math.min(1, time / usually), text: () => `${lasting(time)} virtual` }),
  });
  await stage({
    ...{ screen, files, lane: "update" },
    run: (hooks) => runUpdateScenario({ ...options, ...hooks }),
    facts: ({ virtualTime, updates, seed }) => [
      ["scenario", "update"],
      ["virtual time", lasting(virtualTime)],
      ...updates.map(({ from, version, runs }): [string, string] => [
        `${from} to ${version}`,
        `${runs} runs`,
      ]),
      ["seed", String(seed)],
    ],
    text: (result) =>
      flags.json === true
        ? `${JSON.stringify(result, null, 2)}\n`
        : updateSummary(result, screen.realTime, screen.palette, screen.refusals),
  });
}
