/**
 * Commands: each that was sent is executed once, however often it arrives and whatever happens in between, and
 * answered with the right code; none is executed that nobody sent.
 */
import { stamp } from "../../../inspect/report/duration";
import { failures } from "../application-trouble";
import type { Ledger } from "../ledger";
import type { Sent } from "../operator";
import type { Script } from "../script";
import type { CampaignEnding, Violate } from "./rule";

/** What a device may answer a command with while its application fails: it says so. */
const failed = 500;
/** In bytes an answer has room for few codes, and this stands for all others. */
const anyOther = 255;
/** Codes that such an answer can state. */
const stated = [200, 400, 404, failed];

/** Judges what became of each command. */
export function judgeCommands(
  ledger: Ledger,
  script: Script,
  { operator, application, endedAt }: CampaignEnding,
  violate: Violate,
): void {
  for (const sent of operator.sent.values()) {
    judgeExecutions(sent, ledger, application.calibrations, violate);
    judgeAnswer(sent, ledger, script, endedAt, violate);
  }
  for (const id of ledger.executed.keys()) {
    if (!operator.sent.has(id)) violate("command", `the device executed a command ${id} that nobody sent`);
  }
}

function judgeExecutions(
  { id, command, at, reference }: Sent,
  { executed }: Ledger,
  calibrations: ReadonlyMap<number, number>,
  violate: Violate,
): void {
  const times = executed.get(id) ?? [];
  const runs =
    reference === undefined ? times.length : Math.max(times.length, calibrations.get(reference) ?? 0);
  if (runs <= 1) return;
  // What was executed before a start is not known after it, for now: once in each is what holds.
  if (runs <= new Set(times.map(({ boot }) => boot)).size) return;
  const when = times.map((each) => `${stamp(each.at)} (start ${each.boot})`).join(", ");
  const what = command.kind === "service" ? command.service : command.kind;
  violate("command", `command ${id}, ${what} of ${stamp(at)}, was executed ${runs} times: ${when}`);
}

function judgeAnswer(sent: Sent, ledger: Ledger, script: Script, endedAt: number, violate: Violate): void {
  const { id, at, patient, ended, codes, expected } = sent;
  const which = `command ${id} of ${stamp(at)}`;
  const fails = script.faults.some(({ kind, amount }) => {
    const failure = kind === "application-fails" ? failures[amount] : undefined;
    return failure !== undefined && "handler" in failure;
  });
  const right = script.device.format === "json" || stated.includes(expected) ? expected : anyOther;
  const wrong = codes.find((code) => code !== right && !(fails && code === failed));
  if (wrong !== undefined) violate("command", `${which} was answered with ${wrong}, ${right} is right`);
  if (new Set(codes).size > 1) violate("command", `${which} was answered with ${codes.join(", then ")}`);
  if (codes.length > 0 && !ledger.executed.has(id)) {
    violate("command", `${which} was answered, and the device says nothing of it`);
  }
  if (patient && ended === undefined) {
    violate("command", `${which} has no answer by ${stamp(endedAt)}`);
  }
}
