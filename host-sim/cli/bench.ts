/**
 * `npm run bench`: speed and size, as ratios against named peers measured in the same run. Exits
 * with 1 when a bar is missed whose miss is not known. What a part measures and prints is in `bench-NAME.ts`;
 * here is which of them run, and how far they are.
 */
import { Progress } from "../inspect/report/progress";
import { Verdict } from "../tools/bench/bars";
import { benchCodecs, benchEndurance, benchLoopback } from "./bench-coap";
import { benchPages } from "./bench-console";
import { benchYears, updateEnergyBudget } from "./bench-energy";
import { benchModems } from "./bench-online";
import { benchSealing } from "./bench-sealed";
import { benchCampaign, benchDays } from "./bench-simulation";
import { benchServer } from "./bench-stand-in";
import { benchDecoder, benchOverTheAir } from "./bench-update";
import { benchProcessor, benchReports, benchWakes, printWakeProfile, updateProcessorTable } from "./bench-xs";
import { Command, Option } from "./command";
import { requireEngine } from "./engine";
import { misuse, wholeNumber } from "./misuse";

const parts = [
  "codec",
  "exchanges",
  "endurance",
  "stand-in",
  "xs",
  "processor",
  "simulation",
  "online",
  "energy",
  "sealed",
  "unpack",
  "update",
  "fleet",
  "console",
] as const;
type Part = (typeof parts)[number];
/** Seconds that each takes on two cores, for the estimate alone. */
const usualSeconds: Readonly<Record<Part, number>> = {
  codec: 12,
  exchanges: 15,
  endurance: 15,
  "stand-in": 90,
  xs: 40,
  processor: 40,
  simulation: 40,
  online: 30,
  energy: 180,
  sealed: 90,
  unpack: 20,
  update: 120,
  fleet: 220,
  console: 220,
};
/** What runs only when it is asked for: what judges nothing, and the tests, which take as long as they do. */
const asked = ["wake-profile", "link-traits", "tests"] as const;

interface BenchFlags {
  only?: Part | (typeof asked)[number];
  days: number;
  cuts: number;
  update?: boolean;
}

/** The `bench` command. */
export function benchCommand(): Command {
  return new Command("bench")
    .configureHelp({ commandUsage: () => "npm run bench -- [options]" })
    .addOption(new Option("--only <part>", "one part").choices([...parts, ...asked]))
    .option("--days <n>", "virtual days of the simulation part", wholeNumber("--days", 1, 3650), 30)
    .option("--cuts <n>", "power cuts of the update part", wholeNumber("--cuts", 1, 1_000_000), 100)
    .option(
      "--update",
      "with --only processor, update, energy or link-traits: makes the table of turns, what it says of updates, the budget, or the " +
        "table of link depth anew",
    )
    .action(bench);
}

/** How far the parts are, while they run. */
let progress: Progress | undefined;

function say(line: string): void {
  const print = (): void => void process.stdout.write(`${line}\n`);
  if (progress === undefined) print();
  else progress.over(print);
}

async function bench(flags: BenchFlags): Promise<void> {
  const { only, update = false } = flags;
  const made = ["processor", "update", "energy", "link-traits"];
  if (update && !made.includes(only ?? "")) {
    throw misuse("--update goes with --only processor, --only update, --only energy or --only link-traits");
  }
  if (only === "xs" || only === "wake-profile" || only === "processor") requireEngine("xs");
  if (only === "wake-profile") return printWakeProfile(say);
  if (only === "link-traits") return (await import("./bench-link-traits")).benchLinkTraits(update, say);
  if (update && only === "energy") return updateEnergyBudget(say);
  if (update) {
    requireEngine("xs");
    return updateProcessorTable(only === "update", say);
  }
  const verdict = new Verdict();
  if (only === "tests") {
    await (await import("./bench-tests")).benchTests(verdict, say);
    return end(verdict);
  }
  const told = (what: string): void => progress?.go(what);
  const works: Readonly<Record<Part, () => Promise<void>>> = {
    codec: () => benchCodecs(verdict, say),
    exchanges: () => benchLoopback(verdict, say),
    endurance: () => benchEndurance(verdict, say),
    "stand-in": () => benchServer(verdict, say),
    xs: async () => {
      await benchReports(verdict, say);
      await benchWakes(verdict, say);
    },
    processor: () => benchProcessor(verdict, say),
    simulation: async () => {
      await benchDays(verdict, flags.days, say);
      await benchCampaign(verdict, say);
    },
    online: () => benchModems(verdict, say),
    energy: () => benchYears(verdict, say),
    sealed: () => benchSealing(verdict, say),
    unpack: () => benchDecoder(verdict, say),
    update: () => benchOverTheAir(verdict, flags.cuts, say, told),
    console: () => benchPages(verdict, only === "console", say, told),
    fleet: async () => (await import("./bench-fleet")).benchFleet(verdict, say),
  };
  const wanted = parts.filter((part) => only === undefined || part === only);
  const all = wanted.reduce((sum, part) => sum + usualSeconds[part], 0);
  let done = 0;
  // It does not tick: a part that measures time has the processor to itself.
  progress = new Progress(process.stderr);
  try {
    for (const [index, part] of wanted.entries()) {
      progress.begin(
        done / all,
        `${index + 1} of ${wanted.length}: ${part}, usually ${usualSeconds[part]} s`,
      );
      await works[part]();
      done += usualSeconds[part];
    }
  } finally {
    progress.end();
    progress = undefined;
  }
  end(verdict);
}

/** Says what the figures come to. */
function end(verdict: Verdict): void {
  for (const line of verdict.lines()) say(line);
  if (verdict.failed) process.exitCode = 1;
}
