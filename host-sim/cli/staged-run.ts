/** A run in which somebody makes trouble by turns: shown as it goes, written to files, and summed up at its end. */
import type { RunFiles } from "./run-files";
import type { RunScreen } from "./run-screen";
import type { Pace } from "../sim/time/clock";
import type { WorldEvent } from "../sim/world/world";

/** What such a run asks, and tells. */
interface StageHooks {
  readonly pace: Pace | undefined;
  readonly ended: () => string | undefined;
  readonly onEvent: (event: WorldEvent) => void;
  /** The trouble begins or ends. */
  readonly onTurn: (time: number, text: string) => void;
}

interface Staged {
  readonly virtualTime: number;
  readonly complete: boolean;
  readonly shortfall?: string;
}

/** One run, and how it is told. */
export interface StagedRun<Result extends Staged> {
  readonly screen: RunScreen;
  readonly files: RunFiles;
  /** Who makes the trouble. */
  readonly lane: string;
  readonly run: (hooks: StageHooks) => Promise<Result>;
  /** For the files. */
  readonly facts: (result: Result) => readonly [string, string][];
  /** What is printed at its end. */
  readonly text: (result: Result) => string;
}

/** Runs it, and sets the exit code. The screen is closed whatever comes. */
export async function stage<Result extends Staged>(one: StagedRun<Result>): Promise<void> {
  const { screen, files, lane, run, facts, text } = one;
  const { palette } = screen;
  let result;
  try {
    result = await run({
      pace: screen.pace,
      ended: screen.ended,
      onEvent: (event) => {
        screen.add(event);
        files.hear(event);
      },
      onTurn: (time, what) => {
        screen.note(time, palette.bold(lane), palette.bold(what));
        files.note(time, what);
      },
    });
    screen.writing("the run is over, its files are written");
    await files.finish(result.virtualTime, facts(result), { shortfall: result.shortfall });
  } finally {
    screen.close();
  }
  process.stdout.write(text(result));
  process.stderr.write(files.written());
  screen.leave(result.complete);
}
