/** The part `link-traits` of `npm run bench`: what link depth takes each family's modem for, measured anew. */
import { fitFamilies, writeTable } from "../tools/bench/link-traits-fit";
import { familyTraits } from "../sim/fleet/link-traits";
import type { FamilyTraits } from "../sim/fleet/link-traits";

/** Prints it beside what the table has. @param update writes the table */
export async function benchLinkTraits(update: boolean, say: (line: string) => void): Promise<void> {
  const rows = await fitFamilies((name) => process.stderr.write(`  ${name}\n`));
  say("what modem and driver take at link depth, ms, as measured at full depth (in the table)");
  for (const [name, row] of rows) say(rowText(name, row, familyTraits(name)));
  if (update) writeTable(rows);
}

function rowText(name: string, now: FamilyTraits, table: FamilyTraits): string {
  const both = (what: string, value: (traits: FamilyTraits) => string | number): string =>
    `${what} ${value(now)} (${value(table)})`;
  return [
    `  ${name.padEnd(8)} ${both("set-up", ({ setUp }) => setUp)}`,
    both("registered to ready", ({ ready }) => ready),
    both("key", ({ key }) => key),
    both("awake to ready", ({ asked }) => asked),
    ...(now.restarts === undefined
      ? []
      : [both("registered again to ready", ({ restarts }) => restarts?.ready ?? "-")]),
    both("sends", ({ send }) => send),
    both("receives", ({ receive }) => receive),
    both("release assistance", ({ assistance }) => percent(assistance)),
    both("sockets closed in PSM", ({ reopens }) => percent(reopens)),
    both("steps awake", ({ steps }) => steps.none),
    both("from deep sleep", ({ steps }) => steps.deep),
  ].join("; ");
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
