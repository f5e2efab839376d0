/** What the man in the middle came to, as a table for people and as JSON. */
import { lasting } from "../../inspect/report/duration";
import { tries } from "./tries";
import type { Palette } from "../../inspect/report/style";
import type { EavesdropperResult, RunResult, Score } from "./eavesdropper";

/** Columns of what he does, and of each run. */
const wide = 62;
const narrow = 15;

/**
 * A line for each thing that he does, with how often he came to what he wanted, of how often he tried.
 *
 * @param realTime ms that the runs took
 */
export function eavesdropperTable(result: EavesdropperResult, realTime: number, palette: Palette): string {
  const { runs } = result;
  const row = (text: string, cell: (run: RunResult) => string): string =>
    text.padEnd(wide) + runs.map((run) => cell(run).padStart(narrow)).join("");
  const score = (text: string, of: (run: RunResult) => Score): string =>
    row(`  ${text}`, (run) => shown(of(run)));
  const lines = [
    palette.bold(row("Somebody in the middle of the way, without a key:", ({ protection }) => protection)),
    score("reads what a report says", ({ readings }) => readings),
    score("reads what a command says", ({ commands }) => commands),
    ...tries.map(({ name, text }) => score(text, (run) => run.tries[name])),
    row("  readings of his that the cloud has, with a device's mark", ({ protection, untrue }) =>
      protection === "plain" ? "no marks" : `${untrue.marked} of ${untrue.stored}`,
    ),
    row("  readings that are lost by all that", ({ lost }) => String(lost)),
    row("  and is told of by cloud or devices", ({ noticed }) =>
      noticed === 0 ? "never" : `${noticed} times`,
    ),
    "So often he came to it, of so often as he tried, by what cloud and devices have in the end. In any case he sees which device",
    "speaks, when, and how much.",
    `virtual time ${lasting(runs.reduce((sum, { virtualTime }) => sum + virtualTime, 0))}; real time ${lasting(realTime)}`,
    verdict(result, palette),
    "",
  ];
  return lines.join("\n");
}

function shown({ tried, gained }: Score): string {
  return `${gained} of ${tried}`;
}

function verdict({ seed, shortfall }: EavesdropperResult, palette: Palette): string {
  if (shortfall === undefined) return palette.green(`complete; seed ${seed} repeats this run`);
  return palette.red(`incomplete: ${shortfall}; seed ${seed} repeats this run`);
}
