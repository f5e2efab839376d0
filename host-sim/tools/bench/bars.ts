/**
 * What `npm run bench` is to reach. A bar that is missed fails the run, unless the miss is known: it stands
 * below with its reason until somebody mends it.
 */

/** A bound of one figure: what it is at least, or at most. */
export type Bar = Readonly<{ what: string } & ({ least: number } | { most: number })>;

/** All bars, by the name under which a figure is judged. */
export const bars = Object.freeze({
  encode: { what: "CoAP encode, times as fast as coap-packet", least: 25 },
  views: { what: "CoAP strict decode with views, times as fast as coap-packet", least: 2 },
  offsets: { what: "CoAP strict decode to offsets, times as fast as coap-packet", least: 10 },
  xsEncode: { what: "CoAP encode of up_raw on XS, compute", most: 300 },
  xsDecode: { what: "CoAP decode of an answer on XS, compute", most: 900 },
  // Of processor time: how many exchanges fit in a second depends on what else the machine does.
  exchange: { what: "confirmable exchange, times less processor time than node-coap's client", least: 3.5 },
  leftovers: { what: "a million exchanges: ids used too early, mixed up, left in tables", most: 0 },
  clientHeap: { what: "heap at the end of a million exchanges, times that of the middle", most: 1.2 },
  standInJson: { what: "the stand-in's processor time for a JSON report, times a bare echo's", most: 2 },
  standInScript: {
    what: "the stand-in's processor time through the generated script, times an echo's",
    most: 4,
  },
  standInManualScript: {
    what: "the stand-in's processor time through a script in the manual's style, times an echo's",
    most: 6,
  },
  loadP99: { what: "99 of 100 answers to 10,000 devices, 2,000 requests a second on one core, ms", most: 10 },
  loadLost: { what: "requests of that load without an answer", most: 0 },
  keptP99: { what: "the same with a data directory on the same core, ms", most: 10 },
  keptLost: { what: "requests of that load without an answer", most: 0 },
  standInHeap: {
    what: "the stand-in's heap at the end of a million reports of 1,000 devices, times that of the middle",
    most: 1.2,
  },
  slots: { what: "slots that the firmware's heap on XS grows by in 1,000 reports", most: 0 },
  wake: { what: "a wake from deep sleep on XS that reads and sends, compute", most: 300_000 },
  wakeGrowth: {
    what: "compute of a reading in deep sleep with a journal of 1 MiB, times that with 128 KiB",
    most: 1.05,
  },
  processorRun: { what: "a run by the processor's table, share that it is off XS's count", most: 0.1 },
  processorWake: { what: "the middle one of a run's wakes by that table, likewise", most: 0.1 },
  energyYears: { what: "years of the example of docs/energy.md by the meter", least: 4.5 },
  energyAwake: { what: "board awake for a reading in good coverage, s", most: 4.5 },
  energyBusy: {
    what: "the same with a board that sleeps lightly while it waits, without that sleep, s",
    most: 3,
  },
  energyCellsModem: {
    what: "share of 3GPP's bound over its twelve cells, what the modem draws",
    least: 0.75,
  },
  energyCellsBoard: { what: "the same with the board", least: 0.4 },
  attackOffPath: { what: "share of the example's years that somebody off the path takes", most: 0.1 },
  attackOnPath: { what: "the same, on the path", most: 0.5 },
  attackPsm: { what: "share of the first day in PSM or switched off, somebody off the path", least: 0.95 },
  sealedBytes: {
    what: "bytes that an envelope adds to a report, its time and the boot's salt with it",
    most: 30,
  },
  sealedBatch: { what: "bytes that it adds for each reading of a batch of 16", most: 2 },
  sealedCompute: { what: "steps of XS that a sealed reading takes more than a plain one", most: 60_000 },
  sealedCode: { what: "bytecode of the room that seals, bytes", most: 8_192 },
  sealedScript: { what: "the dearest sealed message through the parsing script, ms", most: 2 },
  sealedYears: { what: "share of the years of README's example that a seal takes", most: 0.03 },
  fleetLink: {
    what: "device-days of 10,000 devices at link depth in a second of processor time",
    least: 100,
  },
  fleetTenThousand: { what: "10,000 devices for a day on all cores, s", most: 120 },
  fleetMemory: { what: "memory of these, GiB", most: 2 },
  fleetFull: { what: "device-days at full depth in a second of processor time", least: 5 },
  fleetFullDeep: { what: "the same with deep sleep", least: 2 },
  unpackSame: { what: "steps of XS for a byte of an image that has not changed", most: 1 },
  unpackWhole: { what: "steps of XS to unpack a whole image", most: 100_000_000 },
  unpackMemory: { what: "memory of an update's decoder, bytes", most: 8_192 },
  updateConstant: {
    what: "bytes on the air for the file of a changed constant, with IP and UDP",
    most: 1_000,
  },
  updateLines: { what: "the same of nine changed lines", most: 40_000 },
  updateJoules: { what: "joules that nine changed lines take at level 0", most: 60 },
  updateShare: { what: "of what the whole image takes, joules", most: 0.05 },
  updateHours: { what: "hours of contact for a whole image at level 0", most: 3 },
  updateHeap: {
    what: "heap with an update in progress, bytes more than of a product without updates",
    most: 12_288,
  },
  updateBricks: { what: "starts without an image when the power fails in an update", most: 0 },
  updateWrong: { what: "starts of a wrong image, or updates that do not end, likewise", most: 0 },
  updateLost: { what: "readings lost or doubled, likewise", most: 0 },
  updateDeceits: { what: "starts of what no device may start", most: 0 },
  consolePaint: { what: "the console's first paint of 5,000 devices, ms", most: 1_000 },
  consoleFrames: { what: "the longest frame of a minute of 100 messages a second, ms", most: 100 },
  consoleWeight: { what: "script and style of the whole console, gzip, bytes", most: 250_000 },
  reportShown: { what: "a report of 30 days until it is shown, ms", most: 2_000 },
  reportSize: { what: "its file, bytes", most: 3_000_000 },
  online: {
    what: "from power-on to a modem that is up, s more than before the modems' manuals judged and than chance",
    most: 1,
  },
  wakeToUp: { what: "from PSM to a modem that is up, s more than before", most: 0.05 },
  days: { what: "simulated days in a second of processor time", least: 5 },
  daysDeep: { what: "simulated days with deep sleep in a second of processor time", least: 2 },
  // Three times 33.0 s for 60 trials of the campaign that sent no commands and knew no failing flash, for 200 trials:
  // on a machine of two cores, so that elsewhere it is a figure to compare with.
  trial: { what: "processor time of a campaign's trial, s", most: 0.495 },
  // A twentieth and a third of the 590 s that `npm test` took before it was cut into projects, where a turn took some 1.75 s.
  testsQuick: { what: "processor time of npm run test:quick, turns of coap-packet", most: 17 },
  testsAll: { what: "processor time of npm test, turns of coap-packet", most: 112 },
} satisfies Record<string, Bar>);

/** The name of a bar. */
export type BarName = keyof typeof bars;

/** Misses that are known, and why. */
export const knownMisses: Readonly<Partial<Record<BarName, string>>> = Object.freeze({
  xsEncode:
    "322 of its steps are what XS charges for bytes that memcpy copies, and that alone is above the bar",
  processorRun:
    "a run with an update is told a fifth too dear, as a byte of an image costs nothing or much; the others are within 4 %",
  standInJson:
    "the same requests without a pause between bursts cost half as much; that the processor's caches fill with other " +
    "things meanwhile is assumed",
  standInScript:
    "the script is called twice a report, for the report and for the answer to it, and each call is interpreted",
  standInManualScript:
    "as of the generated script; its own code copies bytes one by one, and JSON.stringify and concat do the rest",
  keptP99:
    "answers wait until LevelDB has written, and its threads share the server's one core: without a data directory the " +
    "same load has 5 ms",
  keptLost: "while LevelDB has the core more datagrams come than the socket's buffer holds",
  energyCellsModem:
    "EnOS's path and signature once, and nothing else, leave 0.80, and what the simulated network loses takes half of the " +
    "rest: docs/energy.md has where it goes",
  energyCellsBoard:
    "nothing but PSM, deep sleep and those datagrams leaves 0.44; the board waits awake for the answer, and light sleep " +
    "(0.37) was not tried on a board",
  testsQuick:
    "there are as many quick tests now as half again all tests that there were then, and each takes a twentieth of the time",
  testsAll:
    "there are 15,700 tests where there were 6,200; each takes a third of the time, of which whole devices, processes and Chromium have most",
});

/** What came of one figure. */
interface Judged {
  readonly name: BarName;
  readonly value: number;
  readonly met: boolean;
}

/** Judges the figures of a run, and says at its end what they come to. */
export class Verdict {
  readonly #known: Readonly<Partial<Record<BarName, string>>>;
  readonly #judged: Judged[] = [];

  /** @param known misses that do not fail the run, with their reasons */
  constructor(known = knownMisses) {
    this.#known = known;
  }

  /** Notes a figure. Gives what stands behind it in its line: "(bar 25)", "(bar 25: MISSED)". */
  judge(name: BarName, value: number): string {
    const bar: Bar = bars[name];
    // What is no number is no figure, and meets nothing.
    const met = "least" in bar ? value >= bar.least : value <= bar.most;
    this.#judged.push({ name, value, met });
    const bound = `bar ${boundOf(bar)}`;
    return met
      ? `(${bound})`
      : `(${bound}: ${this.#known[name] === undefined ? "MISSED" : "missed, as known"})`;
  }

  /** Whether a bar was missed that may not be. */
  get failed(): boolean {
    return this.#judged.some(({ name, met }) => !met && this.#known[name] === undefined);
  }

  /** The count, a line for each missed bar with the reason of a known one, and the known ones that are met. */
  lines(): string[] {
    const missed = this.#judged.filter(({ met }) => !met);
    const known = missed.filter(({ name }) => this.#known[name] !== undefined);
    const lines = [
      `bars: ${this.#judged.length - missed.length} met, ${known.length} missed as known, ` +
        `${missed.length - known.length} missed`,
    ];
    for (const { name, value } of missed) {
      const bar: Bar = bars[name];
      const bound = "least" in bar ? `at least ${bar.least}` : `at most ${bar.most}`;
      const reason = this.#known[name];
      const figure = `${bar.what}: ${Number(value.toPrecision(3))}, and is to be ${bound}`;
      lines.push(
        reason === undefined ? `  MISSED ${figure}` : `  missed, as known: ${figure}. Why: ${reason}`,
      );
    }
    for (const name of Object.keys(this.#known) as BarName[]) {
      const figures = this.#judged.filter((each) => each.name === name);
      if (figures.length > 0 && figures.every(({ met }) => met)) {
        lines.push(
          `  met again: ${bars[name].what}: take it out of knownMisses in host-sim/tools/bench/bars.ts`,
        );
      }
    }
    return lines;
  }
}

function boundOf(bar: Bar): number {
  return "least" in bar ? bar.least : bar.most;
}
