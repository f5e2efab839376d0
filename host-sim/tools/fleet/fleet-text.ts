/** What a fleet run comes to, for people. */
import { histogramOf } from "./delays";
import type { Histogram } from "./delays";
import type { FleetCounts, FleetLoad, FleetResult, WorstDevice } from "./result";

const number = new Intl.NumberFormat("en-US");
const whole = (value: number): string => number.format(value);
const counted = (value: number, what: string): string => `${whole(value)} ${what}${value === 1 ? "" : "s"}`;

/** The lines of the summary. @param command of the one that replays a device, up to its number */
export function fleetLines(result: FleetResult, replay: (device: WorstDevice) => string): string[] {
  const { plan, counts, load, levels, worst } = result;
  const delays = histogramOf(result.delays)!;
  const years = histogramOf(result.years)!;
  const onTheWay = counts.taken - counts.acknowledged - counts.lost;
  const peakCloud = peak(load, "datagrams");
  const peakCell = peak(load, "requests");
  const lines = [
    `${counted(plan.devices, "device")}${modemsOf(plan.modem)} for ${plan.hours} h in ${counted(cellsOf(result), "cell")}, seed ${plan.seed}` +
      (plan.scenario === "none" ? "" : `, ${plan.scenario} after ${plan.scenarioAt} h`),
    `readings     ${whole(counts.taken)} taken, ${whole(counts.acknowledged)} acknowledged, ${whole(counts.stored)} stored, ` +
      `${whole(counts.lost)} lost, ${whole(onTheWay)} still on their way`,
    `delay        ${delayText(delays)}`,
    `sessions     ${whole(counts.authentications)} authentications, ${whole(counts.restarts)} starts, ${whole(counts.faults)} faults`,
    `datagrams    ${whole(counts.datagramsUp)} up, ${whole(counts.retransmissions)} of them again; ${whole(counts.datagramsDown)} down; ` +
      `${whole(counts.datagramsLost)} lost`,
    `cell         at most ${counted(Math.max(...load.waiting), "device")} of one waited for it at once; ` +
      `${whole(sum(load.collisions))} tries met others, ${whole(sum(load.refusals))} gave up`,
    ...(counts.pages + counts.pagesUnanswered === 0 ? [] : [pagingText(counts, load)]),
    ...(plan.scenario === "commands" ? [commandsText(counts, histogramOf(result.answers)!)] : []),
    `peaks        cells ${perSecond(peakCell, load)} connections/s${at(peakCell, load)}; ` +
      `cloud ${perSecond(peakCloud, load)} datagrams/s${at(peakCloud, load)}`,
    `battery      ${plan.battery} Wh last ${yearsText(years)} (profile ${plan.profile})`,
    ...levels.map(
      ({ devices, modem, board }, level) =>
        `  level ${level}    ${counted(devices, "device")}` +
        (devices === 0 ? "" : `, ${joules(modem, devices)} J modem, ${joules(board, devices)} J board each`),
    ),
    "the worst, each to be replayed alone through the whole modem:",
    ...worst.map((device) => `  ${device.deviceKey}  ${worstText(device)}: ${replay(device)}`),
  ];
  return lines;
}

function modemsOf(modem: string): string {
  if (modem === "sim7020") return "";
  return modem === "all" ? " with modems of all families" : ` with a ${modem} each`;
}

/** How a device fared. */
export function worstText({ coverage, lost, waiting, latest, years }: WorstDevice): string {
  return `level ${coverage}, ${lost} lost, ${waiting} waiting, latest ${seconds(latest)}, ${(years / 100).toFixed(1)} years`;
}

/** How many cells the run has. */
function cellsOf({ plan }: FleetResult): number {
  return Math.ceil(plan.devices / plan.devicesPerCell);
}

/** What keeps a run from being a good one: undefined for nothing. */
export function shortfallOf({ counts }: FleetResult): string | undefined {
  if (counts.lost > 0) return `${whole(counts.lost)} readings were lost`;
  if (counts.stored < counts.acknowledged) {
    return `${whole(counts.acknowledged - counts.stored)} readings count as acknowledged, and the cloud does not have them`;
  }
  return undefined;
}

function pagingText(counts: FleetCounts, load: FleetLoad): string {
  const highest = peak(load, "pages");
  return (
    `paging       ${counted(counts.pages, "page")}, at most ${perSecond(highest, load)}/s${at(highest, load)}; ` +
    `${whole(counts.pagesBlocked)} had to wait for another occasion, ${whole(counts.pagesUnanswered)} were given up`
  );
}

function commandsText({ commands, commandsAnswered, commandsLost }: FleetCounts, answers: Histogram): string {
  const waiting = commands - commandsAnswered - commandsLost;
  return (
    `commands     ${whole(commands)} invoked, ${whole(commandsAnswered)} answered, ${whole(commandsLost)} lost, ${whole(waiting)} still waiting` +
    (answers.totalCount === 0 ? "" : `; ${delayText(answers)}`)
  );
}

function delayText(delays: Histogram): string {
  if (delays.totalCount === 0) return "no reading has arrived";
  const shares = [50, 90, 99, 99.9] as const;
  return [
    ...shares.map((share) => `${share} % within ${seconds(delays.getValueAtPercentile(share))}`),
    `the latest ${seconds(delays.maxValue)}`,
  ].join(", ");
}

function yearsText(years: Histogram): string {
  const [least, fifth, middle, most] = [0, 5, 50, 100].map((share) =>
    (years.getValueAtPercentile(share) / 100).toFixed(1),
  );
  return `${middle} years (5 % less than ${fifth}; ${least} to ${most})`;
}

function seconds(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

interface Peak {
  readonly value: number;
  readonly bin: number;
}

function peak(load: FleetLoad, name: "datagrams" | "requests" | "pages"): Peak {
  let best: Peak = { value: 0, bin: 0 };
  load[name].forEach((value, bin) => {
    if (value > best.value) best = { value, bin };
  });
  return best;
}

const perSecond = ({ value }: Peak, { step }: FleetLoad): string => ((1_000 * value) / step).toFixed(1);

function at({ value, bin }: Peak, { step }: FleetLoad): string {
  if (value === 0) return "";
  const minutes = Math.floor((bin * step) / 60_000);
  return ` at ${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

const joules = (millijoules: number, devices: number): string =>
  whole(Math.round(millijoules / 1_000 / devices));
