/**
 * `npm run bench`: speed and size, as ratios against named peers measured in the same run.
 */
import { Command, Option } from "commander";
import { EngineMissing } from "../sim/engine/engine";
import { Simulation } from "../sim/world/simulation";
import { requireEngine } from "./engine";
import { wholeNumber } from "./misuse";

const parts = ["codec", "exchanges", "endurance", "stand-in", "xs", "simulation"] as const;

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
  if (flags.only === undefined || flags.only === "codec") await codec();
  if (flags.only === undefined || flags.only === "exchanges") await exchanges();
  if (flags.only === undefined || flags.only === "endurance") await endurance();
  if (flags.only === undefined || flags.only === "stand-in") await standIn();
  if (flags.only === undefined || flags.only === "xs") await xs();
  if (flags.only === undefined || flags.only === "simulation") await simulation(flags.days);
}

async function codec(): Promise<void> {
  // Only here: its peer is a development dependency.
  const { bars, benchCodec, datagramOf } = await import("../tools/bench/codec");
  say("CoAP codec, ns per message against npm coap-packet (median of 11 runs of alternating rounds)");
  for (const row of benchCodec()) {
    let title = `${row.name.padEnd(9)} ${String(row.bytes).padStart(4)} B`;
    for (const [what, rate, bar] of [
      ["encode", row.encode, bars.encode],
      ["strict decode, views", row.views, bars.views],
      ["strict decode, offsets", row.offsets, bars.offsets],
    ] as const) {
      const times = `${ns(rate.ours)} vs ${ns(rate.coapPacket)}`;
      say(`  ${title}  ${what.padEnd(22)} ${times.padStart(18)}  x ${rate.ratio.toFixed(1)} (bar ${bar})`);
      title = " ".repeat(title.length);
    }
  }
  await xsCodec(datagramOf("up_raw"), datagramOf("ACK 2.04"));
}

async function xsCodec(upRaw: Uint8Array, ack: Uint8Array): Promise<void> {
  const { benchXsCodec } = await import("../tools/bench/xs-codec");
  say("CoAP codec on XS, compute per message (deterministic counts)");
  try {
    for (const { name, compute, copying, bar } of await benchXsCodec({ upRaw, ack })) {
      const copied = copying === 0 ? "" : `, ${copying} of it the charge for bytes copied`;
      say(`  ${name.padEnd(25)} ${String(compute).padStart(5)} (bar ${bar})${copied}`);
    }
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
    say(`  skipped: ${error.message}`);
  }
}

async function exchanges(): Promise<void> {
  const { benchExchanges } = await import("../tools/bench/exchanges");
  say("confirmable exchanges over loopback UDP, 64 outstanding (median of 5 alternating rounds)");
  const { ours, nodeCoap } = await benchExchanges();
  const rates = `${kilo(ours.rate)} vs node-coap ${kilo(nodeCoap.rate)} exchanges/s`;
  say(`  ${rates}  x ${(ours.rate / nodeCoap.rate).toFixed(1)} (bar 3)`);
  const cpu = `${ours.cpu.toFixed(1)} vs ${nodeCoap.cpu.toFixed(1)} µs of processor each`;
  say(`  ${cpu}  x ${(nodeCoap.cpu / ours.cpu).toFixed(1)}`);
}

async function endurance(): Promise<void> {
  const { endure } = await import("../tools/bench/endurance");
  const result = endure(1_000_000);
  const outcomes = Object.entries(result.outcomes).map(([kind, count]) => `${count} ${kind}`);
  const held = result.held.flatMap((each) => Object.values(each)).reduce((sum, count) => sum + count, 0);
  say("endurance: a million exchanges, client and server in one process, virtual time");
  say(`  ${outcomes.join(", ")}, ${result.retransmissions} retransmissions, ${result.mixedUp} mixed up`);
  const [start, middle, end] = result.heap.map((bytes) => (bytes / 1e6).toFixed(1));
  say(`  heap ${start} MB at the start, ${middle} MB in the middle, ${end} MB at the end`);
  say(
    `  ${result.idsReused} message ids used again within EXCHANGE_LIFETIME, ${held} entries left in tables`,
  );
  if (result.idsReused + held + result.mixedUp > 0) process.exitCode = 1;
}

async function standIn(): Promise<void> {
  const { benchStandIn, benchStandInMemory } = await import("../tools/bench/stand-in");
  say("EnOS stand-in over loopback UDP, processor time per request (median of 3 alternating rounds)");
  for (const { name, standIn: ours, echo, nodeCoap } of await benchStandIn()) {
    const costs = `${ours.toFixed(1)} µs, echo ${echo.toFixed(1)} µs, node-coap ${nodeCoap.toFixed(1)} µs`;
    const ratios = `x ${(ours / echo).toFixed(2)} of the echo (bar 2), node-coap x ${(nodeCoap / ours).toFixed(1)} (bar 3)`;
    say(`  ${name}: ${costs}`);
    say(`    ${ratios}`);
  }
  const { stored, heap } = benchStandInMemory();
  const [early, middle, end] = heap.map((bytes) => (bytes / 1e6).toFixed(1));
  say(`  a million reports of one device, ${stored} stored, the last 10,000 to 20,000 kept:`);
  say(`    heap ${early} MB after a tenth, ${middle} MB in the middle, ${end} MB at the end`);
}

function kilo(rate: number): string {
  return `${(rate / 1000).toFixed(1)} k`;
}

async function xs(): Promise<void> {
  say("XS engine, the whole firmware through modem, radio and cloud (deterministic counts)");
  for (const format of ["raw", "json"] as const) {
    try {
      const result = await new Simulation({
        seed: 1,
        engine: "xs",
        edition: "token",
        coverage: 0,
        loss: 0,
        reports: 40,
        interval: 900,
        format,
        powerKey: true,
        command: false,
      }).run();
      const steady = result.costs.slice(10);
      const compute = steady.map((cost) => cost.compute).sort((a, b) => a - b);
      const growth = steady[steady.length - 1].liveSlots - steady[0].liveSlots;
      say(
        `  ${format.padEnd(5)} compute per report ${compute[compute.length >> 1]}, ` +
          `live slots ${steady[steady.length - 1].liveSlots}, growth over ${steady.length - 1} reports ${growth}`,
      );
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error;
      say(`  skipped: ${error.message}`);
      return;
    }
  }
}

async function simulation(days: number): Promise<void> {
  const reports = days * 96;
  const started = performance.now();
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
  }).run();
  const seconds = (performance.now() - started) / 1000;
  say(
    `simulation of ${days} days, ${reports} reports at 15 minutes: ${seconds.toFixed(1)} s, ${result.complete ? "complete" : "INCOMPLETE"}`,
  );
  if (!result.complete) process.exitCode = 1;
}

function ns(value: number): string {
  return `${value.toFixed(0)} ns`;
}
