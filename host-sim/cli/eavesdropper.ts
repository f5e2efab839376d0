/**
 * `npm start -- --scenario eavesdropper`: what somebody in the middle of the way comes to who has no key, with payloads in
 * plain and sealed.
 */
import { eavesdropperTable } from "../tools/eavesdropper/table";
import { protectionOf, runEavesdropper } from "../tools/eavesdropper/eavesdropper";
import { lasting } from "../inspect/report/duration";
import { Progress } from "../inspect/report/progress";
import { columnsOf, paletteFor } from "../inspect/report/style";
import { Timeline } from "../inspect/report/timeline";
import type { RunFiles } from "./run-files";
import type { EavesdropperOptions } from "../tools/eavesdropper/eavesdropper";

/** What of it is shown, and where. */
interface ShownFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/**
 * Runs it and says what came of it.
 *
 * @param files hear the run whose protection the options name, the plain one when they name none
 */
export async function eavesdrop(
  options: EavesdropperOptions,
  files: RunFiles,
  { json = false, verbose = false }: ShownFlags,
): Promise<void> {
  const out = process.stdout;
  const palette = paletteFor(out);
  const progress = new Progress(process.stderr);
  const started = performance.now();
  const recorded = protectionOf(options.sealed);
  const write = (line: string): void => {
    progress.clear();
    out.write(`${line}\n`);
  };
  let timeline: Timeline | undefined;
  let end = 0;
  const text: string[] = [];
  try {
    const result = await runEavesdropper({
      ...options,
      onRun(protection) {
        timeline?.end();
        if (!verbose) return;
        write(palette.bold(`${protection}\n`));
        timeline = new Timeline({ write, palette, verbose: true, columns: columnsOf(out), condense: false });
      },
      onEvent(event, protection) {
        timeline?.add(event);
        if (protection === recorded) files.hear(event);
      },
      onTurn(time, what, protection) {
        timeline?.note(time, palette.red("hostile"), palette.red(`he ${what}`));
        if (protection === recorded) files.note(time, `he ${what}`);
      },
      onWork: (share, what) => progress.tell(share, what),
    });
    timeline?.end();
    const run = result.runs.find(({ protection }) => protection === recorded)!;
    end = run.virtualTime;
    const facts: [string, string][] = [
      ["scenario", `eavesdropper, ${recorded}`],
      ["virtual time", lasting(end)],
      ["seed", String(result.seed)],
    ];
    await files.finish(end, facts);
    const realTime = performance.now() - started;
    text.push(json ? `${JSON.stringify(result, null, 2)}\n` : eavesdropperTable(result, realTime, palette));
    if (result.shortfall !== undefined) process.exitCode = 1;
  } finally {
    progress.end();
  }
  out.write(text.join(""));
  process.stderr.write(files.written());
}
