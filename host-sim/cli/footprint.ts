/**
 * `npm run footprint`: what the firmware takes on the board: bytecode per module, and the RAM of a session.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EngineMissing } from "../sim/engine/engine";
import { projectRoot } from "../project";
import {
  boardTolerance,
  breachLine,
  budgetText,
  compareToBudget,
  everythingName,
  readBudget,
} from "../tools/footprint/budget";
import { Progress } from "../inspect/report/progress";
import { measureBytecode } from "../tools/footprint/bytecode";
import {
  allBoards,
  boardFirmware,
  everything,
  firmwareWith,
  fittedModems,
  javaScriptOf,
} from "../tools/footprint/modules";
import { measureDepth } from "../tools/footprint/depth";
import {
  boardLines,
  bytecodeLines,
  depthLines,
  headLine,
  heapGoal,
  ramLines,
} from "../tools/footprint/report";
import { measureSession } from "../tools/footprint/session";
import { boardOf } from "../tools/footprint/staged-bundle";
import { smallestHeap } from "../tools/footprint/smallest";
import { families } from "../sim/modem/families";
import { Command, Option } from "./command";
import { CommandError, misuse } from "./misuse";
import { addSimulationFlags } from "./simulation-flags";
import { reasonOf } from "../../firmware/text/reason";
import type { Budgets } from "../tools/footprint/budget";
import type { BytecodeSizes } from "../tools/footprint/bytecode";
import type { FirmwareModule } from "../tools/footprint/modules";
import type { BoardRow, ModuleRow } from "../tools/footprint/report";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

const parts = ["code", "ram", "stack"] as const;
type Part = (typeof parts)[number];
/** Seconds that each takes on two cores, and heaps that are tried for one that fits, for the estimate alone. */
const usualSeconds: Readonly<Record<Part, number>> = { code: 3, ram: 60, stack: 100 };
const usualTrials = 44;
/** From the project's root. */
const budgetFile = "test/footprint.json";

interface FootprintFlags extends Partial<Pick<SimulationFlags, "modem" | "application">> {
  only?: Part;
  json?: boolean;
  update?: boolean;
}

/** The session is one and the same, so that its RAM can be compared: only its modem and its product are chosen. */
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
  modem: { text: "modem of the board that is measured", choices: [...families.keys()], optional: true },
  modemFirmware: fixed,
  powerKey: fixed,
  t3324: fixed,
  sleep: fixed,
  application: { text: "product of the board whose RAM is measured, with --only ram", optional: true },
  sealed: fixed,
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
  if (flags.update === true && flags.only !== undefined && flags.only !== "code") {
    throw misuse(`--update is about code, not --only ${flags.only}`);
  }
  if (flags.modem !== undefined && flags.update === true) {
    throw misuse(`--update writes the budget of every modem: it does not go with --modem`);
  }
  if (flags.application !== undefined && flags.only !== "ram") {
    throw misuse("--application is about RAM: it goes with --only ram");
  }
  const progress = new Progress(process.stderr, { ticks: true });
  try {
    const wants = (part: Part): boolean => flags.only === undefined || flags.only === part;
    const wanted = parts.filter((part) => wants(part) && (part === "code" || flags.update !== true));
    const tellers = tellersOf(progress, wanted);
    const code = tellers.code === undefined ? undefined : measureCode(flags, tellers.code);
    const ram = tellers.ram === undefined ? undefined : await measureRam(flags, tellers.ram);
    const stack = tellers.stack === undefined ? undefined : await measureStack(flags.modem, tellers.stack);
    progress.end();
    if (flags.json === true)
      say(JSON.stringify({ ...code?.json, ...ram?.json, ...stack?.json }, undefined, 2));
    else for (const line of [code, ram, stack].flatMap((part) => part?.lines ?? [])) say(line);
    if (stack !== undefined && stack.breaches.length > 0) {
      throw new CommandError(1, stack.breaches.join("\n"));
    }
    if (code !== undefined && code.breaches.length > 0) {
      throw new CommandError(
        1,
        `${code.breaches.join("\n")}\nif that is meant: npm run footprint -- --update, and commit ${budgetFile}`,
      );
    }
  } catch (error) {
    if (error instanceof EngineMissing) throw new CommandError(1, error.message);
    throw error;
  } finally {
    progress.end();
  }
}

/** Hears how far a part is, 0 to 1, and what it is at. */
type Teller = (share: number, text: string) => void;

/** For each part that is wanted, whom it tells how far it is. */
function tellersOf(progress: Progress, wanted: readonly Part[]): Readonly<Partial<Record<Part, Teller>>> {
  const all = wanted.reduce((sum, part) => sum + usualSeconds[part], 0);
  let before = 0;
  const tellers: Partial<Record<Part, Teller>> = {};
  for (const [index, part] of wanted.entries()) {
    const start = before;
    tellers[part] = (share, text) => {
      const line = `${index + 1} of ${wanted.length}: ${text}`;
      const done = (start + share * usualSeconds[part]) / all;
      if (share === 0) progress.begin(done, line);
      else progress.tell(done, line);
    };
    before += usualSeconds[part];
  }
  return tellers;
}

interface Measured {
  readonly lines: readonly string[];
  readonly json: object;
}

/** Every module that a board can have, each file once, with its size; and by board what its manifest puts on it. */
function measureCode(
  { modem, update }: FootprintFlags,
  tell: Teller,
): Measured & { readonly breaches: readonly string[] } {
  tell(0, "bytecode of each module");
  const counted = modem === undefined ? boardFirmware() : firmwareWith(modem);
  const boards = allBoards();
  const all = everything();
  const fitted = fittedModems().map((each) => firmwareWith(each));
  const files = new Map<string, FirmwareModule>();
  for (const module of [...all, ...[...boards, ...fitted].flatMap(({ modules }) => modules)]) {
    files.set(module.place, module);
  }
  const sizes = new Map(sizesOf([...files.values()]).modules.map((size) => [size.name, size]));
  const codeOf = (modules: readonly FirmwareModule[]): number =>
    modules.reduce((sum, { place }) => sum + sizes.get(place)!.code, 0);
  const totals = [
    ...boards.map((each) => ({ name: each.board, code: codeOf(each.modules) })),
    { name: everythingName, code: codeOf(all) },
  ];
  if (update === true) {
    writeFileSync(join(projectRoot(), budgetFile), budgetText([...sizes.values()], totals));
    const sum = `${sizes.size} modules, ${codeOf([...files.values()])} bytes of code, ${totals.length} boards`;
    return { lines: [`${budgetFile}: ${sum}`], json: { modules: [...sizes.values()] }, breaches: [] };
  }
  const budget = budgetOf();
  const breaches = [
    ...compareToBudget([...sizes.values()], budget.modules),
    ...compareToBudget(totals, budget.boards, boardTolerance),
  ];
  const rows: ModuleRow[] = counted.modules.map(({ place, preloaded }) => ({
    ...sizes.get(place)!,
    preloaded,
  }));
  const { names } = sizesOf(counted.modules);
  const row = (board: string, of: string, { length: count }: readonly FirmwareModule[]): BoardRow => ({
    board,
    modem: of,
    modules: count,
    code: totals.find(({ name }) => name === board)!.code,
    budget: budget.boards[board],
  });
  const boardRows = [
    ...boards.map((each) => row(each.board, each.modem, each.modules)),
    row(everythingName, "all", all),
  ];
  return {
    lines: [
      headLine(counted.board, counted.modem),
      ...bytecodeLines(rows, names, budget.modules),
      "",
      ...boardLines(boardRows),
      "",
    ],
    json: {
      board: counted.board,
      modem: counted.modem,
      modules: rows.map((row) => ({ ...row, budget: budget.modules[row.name] ?? null })),
      names,
      boards: boardRows,
      breaches,
    },
    breaches: breaches.map(breachLine),
  };
}

/** Sizes under the names of the files. */
function sizesOf(modules: readonly FirmwareModule[]): BytecodeSizes {
  return measureBytecode(new Map(modules.map((module) => [module.place, javaScriptOf(module)])));
}

function budgetOf(): Budgets {
  let text: string;
  try {
    text = readFileSync(join(projectRoot(), budgetFile), "utf8");
  } catch {
    throw new CommandError(1, `${budgetFile} is missing: npm run footprint -- --update writes it`);
  }
  try {
    return readBudget(text);
  } catch (error) {
    throw new CommandError(1, `${budgetFile}: ${reasonOf(error, "unreadable")}`);
  }
}

async function measureRam({ modem, application }: FootprintFlags, tell: Teller): Promise<Measured> {
  const options = { modem, application };
  tell(0, "RAM of a session");
  let trials = 0;
  const onTrial = (): void => {
    trials += 1;
    tell(Math.min(0.98, trials / usualTrials), `the smallest heap for it, trial ${trials}`);
  };
  const session = await measureSession(options);
  const short = { ...options, long: false };
  const needed = {
    short: await smallestHeap(await measureSession(short), short, onTrial),
    long: await smallestHeap(session, options, onTrial),
  };
  const { manifest, modem: fitted } = boardOf(modem, application);
  const lines = ramLines(session, needed, manifest.creation.stack as number, fitted);
  return { lines, json: { modem: fitted, ram: { ...session, needed, goal: heapGoal } } };
}

/** The deepest stack of each entry point, which takes some minutes: the firmware lives for days among strangers. */
async function measureStack(
  modem: string | undefined,
  tell: Teller,
): Promise<Measured & { readonly breaches: readonly string[] }> {
  const { manifest } = modem === undefined ? boardFirmware() : firmwareWith(modem);
  const { stack: bound } = budgetOf();
  const text = "the deepest stack, through days among strangers";
  tell(0, text);
  const onWork = (share: number): void => tell(share, text);
  const depths = await measureDepth({ modem, onWork });
  const over = depths.filter(({ stack }) => stack > bound);
  return {
    lines: ["", ...depthLines(depths, manifest.creation.stack as number, bound)],
    json: { stack: { bound, entryPoints: depths } },
    breaches: over.map(({ entry, stack }) => `${entry}: ${stack} slots of stack, ${bound} are allowed`),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
