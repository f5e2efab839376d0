/**
 * `npm run bench`: speed and size, as ratios against named peers measured in the same run. Exits
 * with 1 when a bar is missed whose miss is not known.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EngineMissing } from "../sim/engine/engine";
import { Simulation } from "../sim/world/simulation";
import { projectRoot } from "../project";
import { Progress } from "../inspect/report/progress";
import { Verdict } from "../tools/bench/bars";
import type { Mean } from "../tools/bench/online";
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
  energy: 60,
  sealed: 90,
  unpack: 20,
  update: 120,
  fleet: 220,
  console: 220,
};
/** What runs only when it is asked for: what judges nothing, and the tests, which take as long as they do. */
const asked = ["wake-profile", "link-traits", "tests"] as const;
/** Wakes whose mean a profile gives. */
const profiledWakes = 20;
/** Functions that a profile lists. */
const listed = 40;

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
  if (only === "wake-profile") return wakeProfile();
  if (only === "link-traits") return (await import("./bench-link-traits")).benchLinkTraits(update, say);
  if (update) return only === "energy" ? updateEnergy() : updateProcessor(only === "update");
  const verdict = new Verdict();
  if (only === "tests") {
    await (await import("./bench-tests")).benchTests(verdict, say);
    return end(verdict);
  }
  const works: Readonly<Record<Part, () => Promise<void>>> = {
    codec: () => codec(verdict),
    exchanges: () => exchanges(verdict),
    endurance: () => endurance(verdict),
    "stand-in": () => standIn(verdict),
    xs: async () => {
      await xs(verdict);
      await wake(verdict);
    },
    processor: () => processor(verdict),
    simulation: async () => {
      await simulation(verdict, flags.days);
      await campaign(verdict);
    },
    online: () => online(verdict),
    energy: () => energy(verdict),
    sealed: () => sealed(verdict),
    unpack: () => unpack(verdict),
    update: () => updateOverTheAir(verdict, flags.cuts),
    console: () => consoleOfStandIn(verdict, only === "console"),
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

/** @param isAsked whether a missing Chromium is a fault; else this part is left out, and said */
async function consoleOfStandIn(verdict: Verdict, isAsked: boolean): Promise<void> {
  const { benchConsole } = await import("../tools/bench/console");
  const { benchReport } = await import("../tools/bench/report");
  const { chromiumPath } = await import("../inspect/report/pictures");
  if (!isAsked && chromiumPath() === undefined)
    return say("console: left out, for Chromium is not installed");
  const told = (what: string): void => progress?.go(what);
  const { devices, firstPaint, frames, gzip, brotli } = await benchConsole(60, told);
  say("console, in Chromium at 1440 x 900, stand-in and browser on one machine");
  say(
    `  first paint of ${devices} devices ${firstPaint.toFixed(0)} ms ${verdict.judge("consolePaint", firstPaint)}`,
  );
  for (const { place, seconds, messages, frames: drawn, longest, late, task } of frames) {
    say(
      `  ${messages} messages in ${seconds} s, ${place}: ${drawn} frames, the longest ${longest.toFixed(0)} ms, ` +
        `${late} over 100 ms ${verdict.judge("consoleFrames", longest)}; the page's longest task ` +
        `${task.toFixed(0)} ms of processor time`,
    );
  }
  say(
    `  script and style ${gzip} bytes by gzip ${verdict.judge("consoleWeight", gzip)}, ${brotli} by brotli`,
  );
  const report = await benchReport(told);
  say(
    `  report of 30 days at 15 minutes: ${report.rows} rows, ${report.bytes} bytes ${verdict.judge("reportSize", report.bytes)}`,
  );
  say(`    shown after ${report.shown.toFixed(0)} ms ${verdict.judge("reportShown", report.shown)}`);
}

async function updateOverTheAir(verdict: Verdict, cuts: number): Promise<void> {
  const { benchCuts, benchDeceits, benchHeap, benchUpdates } = await import("../tools/bench/update");
  const told = (what: string): void => progress?.go(what);
  say(
    "update over NB-IoT at level 0, a reading each quarter of an hour, profile field, beyond a device that is not updated",
  );
  const all = await benchUpdates(told);
  for (const { name, file, blocks, fileBytes, bytes, joulesOver, connected, took, runs } of all) {
    const bar = name === "a changed constant" ? "updateConstant" : "updateLines";
    const judged = name === "the whole image" ? "" : ` ${verdict.judge(bar, fileBytes)}`;
    say(
      `  ${name}: file ${file} bytes, ${blocks} blocks, ${fileBytes} bytes on the air${judged}, ${bytes} with all that is said of it`,
    );
    const hours = (ms: number): string => (ms / 3_600_000).toFixed(2);
    const long = name === "the whole image" ? ` ${verdict.judge("updateHours", connected / 3_600_000)}` : "";
    const energy = name === "nine changed lines" ? ` ${verdict.judge("updateJoules", joulesOver)}` : "";
    say(
      `    ${joulesOver.toFixed(1)} J${energy}, ${hours(connected)} h of contact${long}, over after ${hours(took)} h; ${runs} runs`,
    );
  }
  const [, lines, whole] = all;
  const share = lines.joulesOver / whole.joulesOver;
  say(
    `  nine changed lines take ${(100 * share).toFixed(1)} % of the whole image's joules ${verdict.judge("updateShare", share)}`,
  );
  const heap = await benchHeap();
  if (heap === undefined) say("  heap: skipped, for the XS engine is not installed");
  else {
    const { without, idle, updating } = heap;
    const over = updating - without;
    say(
      `  heap while an update is in progress ${updating} bytes, ${over} more than of a product without updates ` +
        `${verdict.judge("updateHeap", over)}: ${idle - without} while there is none, ${updating - idle} for it`,
    );
  }
  const result = await benchCuts(cuts, (part) => progress?.go(`power cuts, ${Math.round(100 * part)} %`));
  say(`  ${result.cuts} power cuts in the flash of ${result.updates} updates, in whole worlds:`);
  say(`    ${result.bricks} starts without an image ${verdict.judge("updateBricks", result.bricks)}`);
  say(`    ${result.wrong} wrong ends or images ${verdict.judge("updateWrong", result.wrong)}`);
  say(`    ${result.lost} readings lost or doubled ${verdict.judge("updateLost", result.lost)}`);
  const deceived = await benchDeceits(told);
  for (const { deceit, figures, started } of deceived) {
    say(`  ${deceit}: ${started} starts, the task ${figures.status}: ${figures.desc}`);
  }
  const started = deceived.reduce((sum, each) => sum + each.started, 0);
  say(`  started of all these: ${started} ${verdict.judge("updateDeceits", started)}`);
}

/** From the project's root. */
const energyFile = "test/energy.json";

async function energy(verdict: Verdict): Promise<void> {
  const { benchEnergy } = await import("../tools/bench/energy");
  const { budgetFigures, readBudget } = await import("../tools/energy/budget");
  const agreed = readBudget(readFileSync(join(projectRoot(), energyFile), "utf8"));
  say("energy: 19 Wh, a reading an hour, 80, 15 and 5 % at levels 0, 1 and 2, profile field, by the meter");
  const { example, years, good, lightly, cells, attacked, budget, breaches } = await benchEnergy(agreed);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  say(
    `  ${years.toFixed(2)} years ${verdict.judge("energyYears", years)}, ${example.joulesPerReport.toFixed(3)} J a reading`,
  );
  const [awake, idling] = [good, lightly].map(({ perReport }) => perReport.awake);
  say(`  awake for a reading at level 0: ${seconds(awake)} ${verdict.judge("energyAwake", awake / 1_000)}`);
  say(
    `    of it without light sleep: ${seconds(idling)} ${verdict.judge("energyBusy", idling / 1_000)}, where it sleeps lightly`,
  );
  const { compute, wakes } = good.perReport;
  say(`  compute of a wake by the processor's table: ${(compute / wakes).toFixed(0)}`);
  say("  of 3GPP's bound, the geometric mean over its twelve cells, profile limit:");
  say(`    modem only ${cells.modem.toFixed(2)} ${verdict.judge("energyCellsModem", cells.modem)}`);
  say(
    `    with the board ${cells.withBoard.toFixed(2)} ${verdict.judge("energyCellsBoard", cells.withBoard)}`,
  );
  const [off, on] = [attacked["off-path"], attacked["on-path"]];
  say(
    `  of its years the worst who attack take: off the path ${off.share.toFixed(2)} ${verdict.judge("attackOffPath", off.share)}, ` +
      `on it ${on.share.toFixed(2)} ${verdict.judge("attackOnPath", on.share)}`,
  );
  say(
    `    the modem in PSM on the worst day, off the path: ${off.psm.toFixed(3)} ${verdict.judge("attackPsm", off.psm)}`,
  );
  for (const line of budgetFigures(budget)) say(`  ${line}`);
  for (const breach of breaches) say(`  MISSED ${breach}`);
  if (breaches.length === 0) return;
  say(`  if that is meant: npm run bench -- --only energy --update, and commit ${energyFile}`);
  process.exitCode = 1;
}

async function updateEnergy(): Promise<void> {
  const { budgetFigures, budgetText, measureBudget } = await import("../tools/energy/budget");
  const budget = await measureBudget(undefined, (what) => say(`  ${what}`));
  writeFileSync(join(projectRoot(), energyFile), budgetText(budget));
  for (const line of budgetFigures(budget)) say(line);
}

async function online(verdict: Verdict): Promise<void> {
  const { benchOnline, excess, timesBefore } = await import("../tools/bench/online");
  say("from power-on, and from PSM, to a modem that is up (means with their standard errors, virtual s)");
  const spoken = ({ mean, error }: Mean, digits: number): string =>
    `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
  for (const { family, cold, fromPsm } of await benchOnline()) {
    const before = timesBefore[family];
    const slower = verdict.judge("online", excess(cold, before.cold));
    const slowerWake = verdict.judge("wakeToUp", fromPsm.mean - before.fromPsm.mean);
    say(
      `  ${family.padEnd(8)} cold ${spoken(cold, 1)}, before ${spoken(before.cold, 1)} ${slower}; ` +
        `PSM ${spoken(fromPsm, 2)}, before ${spoken(before.fromPsm, 2)} ${slowerWake}`,
    );
  }
}

async function codec(verdict: Verdict): Promise<void> {
  // Only here: its peer is a development dependency.
  const { benchCodec, datagramOf } = await import("../tools/bench/codec");
  say("CoAP codec, ns per message against npm coap-packet (median of 11 runs of alternating rounds)");
  for (const row of benchCodec()) {
    let title = `${row.name.padEnd(9)} ${String(row.bytes).padStart(4)} B`;
    for (const [what, name] of [
      ["encode", "encode"],
      ["strict decode, views", "views"],
      ["strict decode, offsets", "offsets"],
    ] as const) {
      const rate = row[name];
      const judged = verdict.judge(name, rate.ratio);
      const times = `${ns(rate.ours)} vs ${ns(rate.coapPacket)}`;
      say(`  ${title}  ${what.padEnd(22)} ${times.padStart(18)}  x ${rate.ratio.toFixed(1)} ${judged}`);
      title = " ".repeat(title.length);
    }
  }
  await xsCodec(verdict, datagramOf("up_raw"), datagramOf("ACK 2.04"));
}

async function xsCodec(verdict: Verdict, upRaw: Uint8Array, ack: Uint8Array): Promise<void> {
  const { benchXsCodec } = await import("../tools/bench/xs-codec");
  say("CoAP codec on XS, compute per message (deterministic counts)");
  try {
    for (const { name, compute, copying, bar } of await benchXsCodec({ upRaw, ack })) {
      const copied = copying === 0 ? "" : `, ${copying} of it the charge for bytes copied`;
      say(`  ${name.padEnd(25)} ${String(compute).padStart(5)} ${verdict.judge(bar, compute)}${copied}`);
    }
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
}

async function exchanges(verdict: Verdict): Promise<void> {
  const { benchExchanges } = await import("../tools/bench/exchanges");
  say("confirmable exchanges over loopback UDP, 64 outstanding (median of 5 alternating rounds)");
  const { ours, nodeCoap } = await benchExchanges();
  const rates = `${kilo(ours.rate)} vs node-coap ${kilo(nodeCoap.rate)} exchanges/s`;
  say(`  ${rates}  x ${(ours.rate / nodeCoap.rate).toFixed(1)}`);
  const cpu = `${ours.cpu.toFixed(1)} vs ${nodeCoap.cpu.toFixed(1)} µs of processor each`;
  const times = nodeCoap.cpu / ours.cpu;
  say(`  ${cpu}  x ${times.toFixed(1)} ${verdict.judge("exchange", times)}`);
}

async function endurance(verdict: Verdict): Promise<void> {
  const { endure } = await import("../tools/bench/endurance");
  const result = endure(1_000_000);
  const outcomes = Object.entries(result.outcomes).map(([kind, count]) => `${count} ${kind}`);
  const held = result.held.flatMap((each) => Object.values(each)).reduce((sum, count) => sum + count, 0);
  say("endurance: a million exchanges, client and server in one process, virtual time");
  say(`  ${outcomes.join(", ")}, ${result.retransmissions} retransmissions, ${result.mixedUp} mixed up`);
  const [start, middle, end] = result.heap.map((bytes) => (bytes / 1e6).toFixed(1));
  const flat = verdict.judge("clientHeap", result.heap[2] / result.heap[1]);
  say(`  heap ${start} MB at the start, ${middle} MB in the middle, ${end} MB at the end ${flat}`);
  const leftovers = verdict.judge("leftovers", result.idsReused + held + result.mixedUp);
  say(
    `  ${result.idsReused} message ids used again within EXCHANGE_LIFETIME, ` +
      `${held} entries left in tables ${leftovers}`,
  );
}

async function standIn(verdict: Verdict): Promise<void> {
  const { benchStandIn } = await import("../tools/bench/stand-in");
  say("EnOS stand-in over loopback UDP, processor time per request (medians of 21 alternating rounds)");
  for (const { name, bar, standIn: ours, echo, nodeCoap, ratio } of await benchStandIn()) {
    say(`  ${name}: ${ours.toFixed(1)} µs, echo ${echo.toFixed(1)} µs, node-coap ${nodeCoap.toFixed(1)} µs`);
    say(`    x ${ratio.toFixed(2)} of the echo ${verdict.judge(bar, ratio)}`);
  }
  await standInLoad(verdict, false);
  await standInLoad(verdict, true);
  const { benchStandInMemory } = await import("../tools/bench/stand-in-memory");
  const { reports, devices, stored, heap } = benchStandInMemory();
  const [early, middle, end] = heap.map((bytes) => (bytes / 1e6).toFixed(1));
  say(`  ${reports} signed JSON reports of ${devices} devices, ${stored} stored:`);
  const flat = verdict.judge("standInHeap", heap[2] / heap[1]);
  say(`    heap ${early} MB after a tenth, ${middle} MB in the middle, ${end} MB at the end ${flat}`);
}

async function standInLoad(verdict: Verdict, kept: boolean): Promise<void> {
  const { benchStandInLoad } = await import("../tools/bench/stand-in-load");
  const load = await benchStandInLoad(kept);
  const where = load.pinned
    ? "server and devices on a core each"
    : "server and devices wherever there is room";
  const how = kept ? "with a data directory" : "in memory";
  say(`  ${load.devices} devices ${how}, signed JSON reports at a fixed rate, ${where}:`);
  const size = (load.heapPerDevice / 1000).toFixed(1);
  say(`    started in ${load.started.toFixed(1)} s, ${size} kB of heap a device in its session`);
  const core = ((load.cpu * load.rate) / 10_000).toFixed(0);
  say(`    ${load.rate.toFixed(0)} requests a second, ${load.cpu.toFixed(1)} µs each: ${core} % of a core`);
  const times = `p50 ${load.p50.toFixed(2)} ms, p99 ${load.p99.toFixed(2)} ms, highest ${load.highest.toFixed(1)} ms`;
  const late = verdict.judge(kept ? "keptP99" : "loadP99", load.p99);
  const lost = verdict.judge(kept ? "keptLost" : "loadLost", load.lost);
  say(`    ${times} ${late}, ${load.lost} lost ${lost}`);
}

function kilo(rate: number): string {
  return `${(rate / 1000).toFixed(1)} k`;
}

async function xs(verdict: Verdict): Promise<void> {
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

async function wakeProfile(): Promise<void> {
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

async function wake(verdict: Verdict): Promise<void> {
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

async function sealedScript(verdict: Verdict): Promise<void> {
  const { measureSealedScript } = await import("../tools/bench/sealed-script");
  const { messages, size } = await measureSealedScript();
  say(
    `  the parsing script in QuickJS, ${size.sealed} characters (the plain product's has ${size.plain}), ` +
      "ms of processor time for a message",
  );
  for (const { name, plain, sealed: times } of messages) {
    say(`    ${name}: plain ${plain.toFixed(3)}`);
    for (const [what, time] of Object.entries(times)) {
      say(`      ${time.toFixed(3)}, ${(time / plain).toFixed(1)} times: ${what}`);
    }
  }
  const dearest = Math.max(...messages.flatMap(({ sealed: times }) => Object.values(times)));
  say(`    the dearest ${dearest.toFixed(3)} ms ${verdict.judge("sealedScript", dearest)}`);
}

/** Wakes of each run whose steps are counted. */
const sealedWakes = 40;

async function sealed(verdict: Verdict): Promise<void> {
  const { sealedBatch, sealedBytecode, sealedBytes, sealedCompute, sealedYears, together } =
    await import("../tools/bench/sealed");
  say("sealed payloads, against the same device in plain");
  for (const { format, plain, added } of await sealedBytes()) {
    const judged = verdict.judge("sealedBytes", added);
    say(`  a reading as ${format}: ${plain} bytes of payload, ${added} more sealed ${judged}`);
  }
  const batch = sealedBatch();
  const each = batch.added / together;
  say(
    `  ${together} readings as compact: ${batch.plain} bytes of payload, ${batch.added} more sealed, ` +
      `${each.toFixed(2)} a reading ${verdict.judge("sealedBatch", each)}`,
  );
  try {
    const { plain, sealed: closed, proof } = await sealedCompute(sealedWakes);
    say(`  steps of XS a reading, deep sleep: ${plain} in plain`);
    for (const [name, steps] of Object.entries({ sealed: closed, "with proof": proof })) {
      say(`    ${name} ${steps - plain} more ${verdict.judge("sealedCompute", steps - plain)}`);
    }
    const { modules, sum } = sealedBytecode();
    say(`  bytecode ${sum} bytes in ${modules.size} modules ${verdict.judge("sealedCode", sum)}`);
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
  await sealedScript(verdict);
  const years = await sealedYears();
  say(`  README's example lasts ${years.plain.toFixed(3)} years in plain`);
  for (const [name, value] of Object.entries({ sealed: years.sealed, "with proof": years.proof })) {
    const lost = 1 - value / years.plain;
    say(`    ${name} ${value.toFixed(3)}, ${percent(lost)} less ${verdict.judge("sealedYears", lost)}`);
  }
}

async function unpack(verdict: Verdict): Promise<void> {
  const { benchUnpacking, decoderMemory, packages, stretches } = await import("../tools/bench/unpack");
  say("unpacking an update on XS, steps of the interpreter");
  try {
    const cases = [...stretches(), ...(await packages())];
    for (const { name, bytes, packed, chunks, steps, copying } of await benchUnpacking(cases)) {
      const each = steps / bytes;
      const judged =
        name === "not changed"
          ? verdict.judge("unpackSame", each)
          : name === "whole image"
            ? verdict.judge("unpackWhole", steps)
            : "";
      say(`  ${name}: ${bytes} bytes of ${packed} in ${plural(chunks, "chunk")}`);
      const copied = (copying / 2 / bytes).toFixed(1);
      say(`    ${each.toFixed(2)} a byte, ${steps} in all ${judged}, ${copied} bytes copied for each`);
    }
    const memory = await decoderMemory();
    say(`  memory of the decoder, objects and all: ${memory} bytes ${verdict.judge("unpackMemory", memory)}`);
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function processor(verdict: Verdict): Promise<void> {
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

async function updateProcessor(ofUpdates: boolean): Promise<void> {
  const { updateTable, updateTableOfUpdates } = await import("../tools/bench/processor");
  const { fitted } = await import("../tools/bench/processor-runs");
  requireEngine("xs");
  const make = ofUpdates ? updateTableOfUpdates : updateTable;
  const turns = await make(fitted, ({ name }) => say(`  ${name}`));
  say(`host-sim/sim/board/processor-table.ts: made from ${turns} turns`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

async function simulation(verdict: Verdict, days: number): Promise<void> {
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

async function campaign(verdict: Verdict): Promise<void> {
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

function ns(value: number): string {
  return `${value.toFixed(0)} ns`;
}
