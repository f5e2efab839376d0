/**
 * `npm run footprint`: what the firmware takes on the board: bytecode per module, and the RAM of a session.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { EngineMissing } from "../sim/engine/engine";
import { projectRoot } from "../project";
import { breachLine, budgetText, compareToBudget, readBudget } from "../tools/footprint/budget";
import { measureBytecode } from "../tools/footprint/bytecode";
import { firmwareModules, javaScriptOf } from "../tools/footprint/modules";
import { bytecodeLines, heapGoal, ramLines } from "../tools/footprint/report";
import { measureSession } from "../tools/footprint/session";
import { smallestHeap } from "../tools/footprint/smallest";
import { families } from "../sim/modem/families";
import { CommandError, misuse } from "./misuse";
import { addSimulationFlags } from "./simulation-flags";
import type { Budget } from "../tools/footprint/budget";
import type { ModuleRow } from "../tools/footprint/report";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

const parts = ["code", "ram"] as const;
/** From the project's root. */
const budgetFile = "test/footprint.json";

interface FootprintFlags extends Partial<Pick<SimulationFlags, "modem">> {
  only?: (typeof parts)[number];
  json?: boolean;
  update?: boolean;
}

/** The session is one and the same, so that its RAM can be compared: only its modem is chosen. */
const fixed = { refused: "which measures one session, always the same" };
const uses = {
  seed: fixed,
  engine: fixed,
  edition: fixed,
  coverage: fixed,
  loss: fixed,
  releaseAssistance: fixed,
  reports: fixed,
  interval: fixed,
  format: fixed,
  batch: fixed,
  lifetime: fixed,
  keepAlive: fixed,
  modem: { text: "modem of the session", choices: [...families.keys()], optional: true },
  powerKey: fixed,
  t3324: fixed,
  sleep: fixed,
  command: fixed,
} satisfies EveryFlag;

/** The `footprint` command. */
export function footprintCommand(): Command {
  const command = new Command("footprint")
    .configureHelp({ commandUsage: () => "npm run footprint -- [options]" })
    .addOption(new Option("--only <part>", "one part").choices(parts));
  return addSimulationFlags(command, uses)
    .option("--json", "as JSON")
    .option("--update", `write what was measured to ${budgetFile}, which the tests hold modules to`)
    .action(footprint);
}

async function footprint(flags: FootprintFlags): Promise<void> {
  if (flags.update === true && flags.only === "ram") throw misuse("--update is about code, not --only ram");
  if (flags.modem !== undefined && (flags.only === "code" || flags.update === true)) {
    throw misuse("--modem is about RAM: it does not go with --only code or --update");
  }
  try {
    const code = flags.only === "ram" ? undefined : measureCode(flags.update === true);
    const ram = flags.only === "code" || flags.update === true ? undefined : await measureRam(flags.modem);
    if (flags.json === true) say(JSON.stringify({ ...code?.json, ...ram?.json }, undefined, 2));
    else for (const line of [...(code?.lines ?? []), ...(ram?.lines ?? [])]) say(line);
    if (code !== undefined && code.breaches.length > 0) {
      throw new CommandError(
        1,
        `${code.breaches.join("\n")}\nif that is meant: npm run footprint -- --update, and commit ${budgetFile}`,
      );
    }
  } catch (error) {
    if (error instanceof EngineMissing) throw new CommandError(1, error.message);
    throw error;
  }
}

interface Part {
  readonly lines: readonly string[];
  readonly json: object;
}

function measureCode(update: boolean): Part & { readonly breaches: readonly string[] } {
  const modules = firmwareModules();
  const { modules: sizes, names } = measureBytecode(
    new Map(modules.map((module) => [module.name, javaScriptOf(module)])),
  );
  const rows: ModuleRow[] = sizes.map((size, index) => ({ ...size, preloaded: modules[index].preloaded }));
  if (update) {
    writeFileSync(join(projectRoot(), budgetFile), budgetText(rows));
    const code = rows.reduce((sum, row) => sum + row.code, 0);
    return {
      lines: [`${budgetFile}: ${rows.length} modules, ${code} bytes of code`],
      json: { modules: rows, names },
      breaches: [],
    };
  }
  const budget = budgetOf();
  const breaches = compareToBudget(rows, budget);
  return {
    lines: [...bytecodeLines(rows, names, budget), ""],
    json: { modules: rows.map((row) => ({ ...row, budget: budget[row.name] ?? null })), names, breaches },
    breaches: breaches.map(breachLine),
  };
}

function budgetOf(): Budget {
  let text: string;
  try {
    text = readFileSync(join(projectRoot(), budgetFile), "utf8");
  } catch {
    throw new CommandError(1, `${budgetFile} is missing: npm run footprint -- --update writes it`);
  }
  try {
    return readBudget(text);
  } catch (error) {
    throw new CommandError(1, `${budgetFile}: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}

async function measureRam(modem: string | undefined): Promise<Part> {
  const options = { modem };
  const session = await measureSession(options);
  const short = { ...options, long: false };
  const needed = {
    short: await smallestHeap(await measureSession(short), short),
    long: await smallestHeap(session, options),
  };
  const manifest = JSON.parse(readFileSync(join(projectRoot(), "manifest.json"), "utf8")) as {
    creation: { stack: number };
  };
  const lines = ramLines(session, needed, manifest.creation.stack);
  return { lines, json: { ram: { ...session, needed, goal: heapGoal } } };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
