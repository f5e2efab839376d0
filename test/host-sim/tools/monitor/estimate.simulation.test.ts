/**
 * What is concluded from a log, held against the run that wrote it: counts to the last one, joules by how far they may
 * be off. The lines go through the reader as a serial port has them; what the run's own meter says they are never told.
 */
import { afterAll, describe, expect, it, test } from "vitest";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { ReadingMeter } from "../../../../host-sim/inspect/energy/totals";
import { families } from "../../../../host-sim/sim/modem/families";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import { BoardLog } from "../../../../host-sim/tools/monitor/board-log";
import { energyOf } from "../../../../host-sim/tools/monitor/log-energy";
import { LogRecord } from "../../../../host-sim/tools/monitor/log-record";
import { maskedLine } from "../../../../host-sim/tools/monitor/masked-line";
import type { EnergyAccount } from "../../../../host-sim/inspect/energy/meter";
import type { SimulationOptions, SimulationResult } from "../../../../host-sim/sim/world/simulation";
import type { EnergyTotals } from "../../../../host-sim/inspect/energy/totals";
import type { LogEnergy } from "../../../../host-sim/tools/monitor/log-energy";

const profile = profiles.field;
const battery = { capacity: 19, selfDischarge: 0.01 };

const usual: SimulationOptions = {
  seed: 7,
  engine: "node",
  edition: "token",
  coverage: 0,
  powerKey: true,
  interval: 1_800,
  format: "raw",
  reports: 8,
  command: true,
  sleep: "deep",
};

interface Compared {
  readonly result: SimulationResult;
  readonly record: LogRecord;
  readonly real: EnergyAccount;
  readonly realReading: EnergyTotals | undefined;
  readonly told: LogEnergy;
}

async function compared(options: Partial<SimulationOptions>): Promise<Compared> {
  const given = { ...usual, ...options };
  const meterOptions = { coverage: given.coverage, edrx: (given.edrx ?? 0) > 0 };
  const meter = new EnergyMeter(profile, meterOptions);
  const readings = new ReadingMeter(profile, meterOptions);
  const record = new LogRecord();
  const log = new BoardLog({ onLine: (line) => record.hear(line) });
  const simulation = new Simulation({
    ...given,
    onEvent: (event) => {
      meter.hear(event);
      readings.hear(event);
      if (event.source !== "device") return;
      expect(maskedLine(event.text)).toBe(event.text);
      log.receive(Buffer.from(`${event.text}\r\n`), event.time);
    },
  });
  const result = await simulation.run();
  const told = energyOf(record.lines, result.virtualTime, { profile, battery });
  return {
    result,
    record,
    real: meter.finish(result.virtualTime),
    realReading: readings.totals(battery),
    told,
  };
}

const shareOf = ({ byState }: EnergyAccount, part: "modem" | "board"): number =>
  Object.entries(byState).reduce((sum, [name, { joules }]) => sum + (name.startsWith(part) ? joules : 0), 0);

const rows: string[] = [];
afterAll(() => console.log(["", ...rows, ""].join("\n")));

function row(name: string, { result, real, realReading, told }: Compared): void {
  const percent = (estimated: number, measured: number): string =>
    `${(100 * (estimated / measured - 1)).toFixed(0).padStart(4)} %`;
  const { estimate, account } = told;
  const parts = (["modem", "board"] as const)
    .map((part) => {
      const [is, was] = [shareOf(account, part), shareOf(real, part)];
      return `${part} ${was.toFixed(1).padStart(7)} J ${percent(is, was)}`;
    })
    .join(", ");
  const reading =
    realReading === undefined || told.perReading === undefined
      ? ""
      : `, a reading ${realReading.joulesPerReading.toFixed(2).padStart(6)} J ${percent(told.perReading.joulesPerReading, realReading.joulesPerReading)}`;
  const requests = result.datagrams.up - result.datagrams.retransmissions;
  rows.push(
    `${name.padEnd(24)} ${parts}${reading}; requests ${requests}, told ${estimate.exchanges}; sent again ` +
      `${result.datagrams.retransmissions}, told ${estimate.repeats}`,
  );
}

/** Counts are the run's own. */
function expectCounts({ result, record, told }: Compared): void {
  const { tally } = record;
  expect(tally.lines.unknown + tally.lines.other + tally.lines.noise).toBe(0);
  expect(tally.readings).toMatchObject({
    acknowledged: result.reports.acknowledged,
    lost: result.reports.lost,
  });
  expect(tally.readings.taken).toBeGreaterThanOrEqual(result.reports.acknowledged);
  expect(tally.commands).toMatchObject({ executed: result.commands.executed });
  expect(tally.edition).toBe(result.edition);
  expect(tally.starts).toBe(1 + (result.board?.sleeps ?? 0));
  const requests = result.datagrams.up - result.datagrams.retransmissions;
  expect(told.estimate.exchanges).toBeGreaterThanOrEqual(0.8 * requests);
  expect(told.estimate.exchanges).toBeLessThanOrEqual(1.1 * requests);
}

/** The whole within its range; a reading, which is counted behind the first contact, off by a share at most. */
function expectJoules({ real, realReading, told }: Compared, off: number): void {
  expect(told.least).toBeLessThanOrEqual(real.joules * 1.02);
  expect(told.most).toBeGreaterThanOrEqual(real.joules * 0.98);
  expectReading(realReading, told, off);
}

function expectReading(realReading: EnergyTotals | undefined, told: LogEnergy, off: number): void {
  const [is, was] = [told.perReading!.joulesPerReading, realReading!.joulesPerReading];
  expect(Math.abs(is / was - 1), `a reading: ${is} J concluded, ${was} J metered`).toBeLessThan(off);
}

/** A board that sleeps does not hear how long its modem's connection lasts: it is in the range, and not in the figure. */
function expectUnheardTail({ real, told }: Compared): void {
  expect(told.account.joules).toBeLessThan(0.7 * real.joules);
  expect(told.most).toBeGreaterThan(0.95 * real.joules);
}

describe.each(["deep", "none"] as const)("sleep %s", (sleep) => {
  test.each([...families.keys()])("%s", async (modem) => {
    const run = await compared({ modem, sleep });
    row(`${modem}, sleep ${sleep}`, run);
    expectCounts(run);
    expect(Math.abs(run.told.estimate.modemAsleep / run.result.asleep - 1)).toBeLessThan(0.02);
    if (run.result.board !== undefined) {
      expect(Math.abs(run.told.estimate.boardAsleep / run.result.board.asleep - 1)).toBeLessThan(0.01);
    }
    // It has no release assistance.
    if (modem === "sara-r4" && sleep === "deep") return expectUnheardTail(run);
    // By itself, before the firmware speaks to it, it searched for minutes: no line tells of that.
    if (modem === "sara-r5") return expectReading(run.realReading, run.told, 0.1);
    expectJoules(run, 0.1);
    // An awake board takes most of it, so the modem is looked at by itself. A BC66 says late that it sleeps.
    const modemOff = shareOf(run.told.account, "modem") / shareOf(run.real, "modem") - 1;
    expect(Math.abs(modemOff)).toBeLessThan(modem.startsWith("bc66") ? 0.3 : 0.1);
  });
});

describe("where answers take long, and datagrams are lost", () => {
  test.each([
    // One run of eleven contacts has its luck with what is sent again, of which a log tells the half; the mean has little.
    [1, 0.1, 0.3],
    [2, 0.1, 0.3],
  ] as const)("coverage level %s", async (coverage, mean, most) => {
    const seeds = [1, 2, 3, 4, 5, 6];
    let [is, was] = [0, 0];
    for (const seed of seeds) {
      const run = await compared({ coverage, seed, reports: 12 });
      row(`level ${coverage}, seed ${seed}`, run);
      expectCounts(run);
      expectJoules(run, most);
      is += run.told.perReading!.joulesPerReading / seeds.length;
      was += run.realReading!.joulesPerReading / seeds.length;
    }
    expect(Math.abs(is / was - 1)).toBeLessThan(mean);
  });
});

test.each([
  ["a loss of 15 %", { loss: 0.15, reports: 16 }, 0.25],
  ["batches of 4", { interval: 900, batch: 4, reports: 24 }, 0.15],
  ["JSON", { format: "json" }, 0.15],
  ["no power key", { powerKey: false, sleep: "none" }, 0.15],
  ["eDRX", { powerKey: false, sleep: "none", edrx: 82 }, 0.2],
  ["edition tokenless", { edition: "tokenless" }, 0.15],
] as const)("%s", async (name, options, off) => {
  const run = await compared(options);
  row(name, run);
  expectCounts(run);
  expectJoules(run, off);
});

it("cannot know of a network that ignores release assistance where the board sleeps, but where it hears", async () => {
  const deaf = await compared({ releaseAssistance: false });
  row("no release, sleep deep", deaf);
  expectUnheardTail(deaf);
  const heard = await compared({ releaseAssistance: false, sleep: "none" });
  row("no release, sleep none", heard);
  expectJoules(heard, 0.1);
});
