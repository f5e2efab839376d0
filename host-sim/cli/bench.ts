/**
 * `npm run bench`: speed and size, as ratios against named peers measured in the same run.
 */
import { Command, Option } from "commander";
import { EngineMissing } from "../board/engine";
import { Simulation } from "../world/simulation";
import { requireEngine } from "./engine";
import { wholeNumber } from "./misuse";

interface BenchFlags {
  only?: "codec" | "xs" | "simulation";
  days: number;
}

/** The `bench` command. */
export function benchCommand(): Command {
  return new Command("bench")
    .configureHelp({ commandUsage: () => "npm run bench -- [options]" })
    .description("measure codec, XS cost per report, and the simulation's speed")
    .addOption(new Option("--only <part>", "one part").choices(["codec", "xs", "simulation"]))
    .option("--days <n>", "virtual days of the simulation part", wholeNumber("--days", 1, 3650), 30)
    .action(bench);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.only === "xs") requireEngine("xs");
  if (flags.only === undefined || flags.only === "codec") await codec();
  if (flags.only === undefined || flags.only === "xs") await xs();
  if (flags.only === undefined || flags.only === "simulation") await simulation(flags.days);
}

async function codec(): Promise<void> {
  // Only here: its peer is a development dependency.
  const { benchCodec } = await import("../../bench/codec");
  say("CoAP codec, ns per message and ratio to npm coap-packet (median of 41 alternating rounds)");
  for (const row of benchCodec()) {
    say(
      `  ${row.name.padEnd(9)} ${String(row.bytes).padStart(4)} B` +
        `   encode ${ns(row.encode.ours)} vs ${ns(row.encode.coapPacket)}  x ${ratio(row.encode)}` +
        `   strict decode ${ns(row.decode.ours)} vs ${ns(row.decode.coapPacket)}  x ${ratio(row.decode)}`,
    );
  }
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

function ratio(pair: { ours: number; coapPacket: number }): string {
  return (pair.coapPacket / pair.ours).toFixed(1);
}
