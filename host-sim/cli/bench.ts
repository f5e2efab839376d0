/**
 * `npm run bench`: speed and size, as ratios against named peers measured in the same run. Exits
 * with 1 when a bar is missed whose miss is not known.
 */
import { Command, Option } from "commander";
import { EngineMissing } from "../sim/engine/engine";
import { Simulation } from "../sim/world/simulation";
import { Verdict } from "../tools/bench/bars";
import { requireEngine } from "./engine";
import { wholeNumber } from "./misuse";

const parts = ["codec", "exchanges", "endurance", "stand-in", "xs", "simulation", "online"] as const;

interface BenchFlags {
  only?: (typeof parts)[number];
  days: number;
}

/** The `bench` command. */
export function benchCommand(): Command {
  return new Command("bench")
    .configureHelp({ commandUsage: () => "npm run bench -- [options]" })
    .addOption(new Option("--only <part>", "one part").choices(parts))
    .option("--days <n>", "virtual days of the simulation part", wholeNumber("--days", 1, 3650), 30)
    .action(bench);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.only === "xs") requireEngine("xs");
  const verdict = new Verdict();
  if (flags.only === undefined || flags.only === "codec") await codec(verdict);
  if (flags.only === undefined || flags.only === "exchanges") await exchanges(verdict);
  if (flags.only === undefined || flags.only === "endurance") await endurance(verdict);
  if (flags.only === undefined || flags.only === "stand-in") await standIn(verdict);
  if (flags.only === undefined || flags.only === "xs") {
    await xs(verdict);
    await wake(verdict);
  }
  if (flags.only === undefined || flags.only === "simulation") {
    await simulation(verdict, flags.days);
    await campaign(verdict);
  }
  if (flags.only === undefined || flags.only === "online") await online(verdict);
  for (const line of verdict.lines()) say(line);
  if (verdict.failed) process.exitCode = 1;
}

async function online(verdict: Verdict): Promise<void> {
  const { benchOnline, timesBefore } = await import("../tools/bench/online");
  say(
    "from power-on to the cloud's session, and from PSM to a modem that is up (mean of 40 seeds, virtual s)",
  );
  for (const { family, cold, fromPsm } of await benchOnline()) {
    const before = timesBefore[family];
    const slower = verdict.judge("online", cold - before.cold);
    const slowerWake = verdict.judge("wakeToUp", fromPsm - before.fromPsm);
    say(
      `  ${family.padEnd(8)} cold ${cold.toFixed(1)}, before ${before.cold.toFixed(1)} ${slower}; ` +
        `PSM ${fromPsm.toFixed(2)}, before ${before.fromPsm.toFixed(2)} ${slowerWake}`,
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

async function wake(verdict: Verdict): Promise<void> {
  const { benchWake } = await import("../tools/bench/wake");
  say("a wake from deep sleep on XS: reads, sends, sleeps (compute without the simulation's own modules)");
  let small: number | undefined;
  for (const [name, size] of [
    ["128 KiB", 131_072],
    ["1 MiB", 1_048_576],
  ] as const) {
    try {
      const { compute, highest, start } = await benchWake(size, wakes);
      const growth =
        small === undefined
          ? ""
          : `, x ${(compute / small).toFixed(3)} ${verdict.judge("wakeGrowth", compute / small)}`;
      small ??= compute;
      say(`  journal of ${name.padEnd(7)}  ${compute} ${verdict.judge("wake", compute)}${growth}`);
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
