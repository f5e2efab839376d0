/**
 * Commands: each that was sent is executed once at most, however often it arrives and whatever happens in between; its
 * answers, in time or late, have the right code; what the operator asks for until it is done is done at last; and
 * nothing is executed that nobody sent.
 */
import { stamp } from "../../../inspect/report/duration";
import { failures } from "../application-trouble";
import { storageTroubles } from "../hardware-trouble";
import { hadFault } from "./readings";
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

/** A safe start obeys only what is built in; the device stopped while it executed; what it gave back was not kept. */
const safeStart = 240;
const interrupted = 241;
const tooLongToKeep = 208;
/** Kinds of trouble after which a device may not know what it has executed. */
const forgetting = [...storageTroubles, "retained-damage"];

/** Judges what became of each command. */
export function judgeCommands(
  ledger: Ledger,
  script: Script,
  { operator, application, endedAt }: CampaignEnding,
  violate: Violate,
): void {
  for (const sent of operator.sent.values()) {
    judgeExecutions(sent, ledger, script, application.calibrations, violate);
    judgeAnswer(sent, ledger, script, endedAt, violate);
  }
  for (const id of ledger.executed.keys()) {
    if (!operator.sent.has(id)) violate("command", `the device executed a command ${id} that nobody sent`);
  }
}

function judgeExecutions(
  { id, command, at, reference }: Sent,
  { executed }: Ledger,
  script: Script,
  calibrations: ReadonlyMap<number, number>,
  violate: Violate,
): void {
  // A command that reads changes nothing, and is carried out anew each time.
  if (command.kind === "get") return;
  const times = executed.get(id) ?? [];
  const runs =
    reference === undefined ? times.length : Math.max(times.length, calibrations.get(reference) ?? 0);
  if (runs <= 1) return;
  // Where what would remember it has failed, a command is executed once in each boot.
  if (hadFault(script, forgetting, Infinity) && runs <= new Set(times.map(({ boot }) => boot)).size) return;
  const when = times.map((each) => `${stamp(each.at)} (start ${each.boot})`).join(", ");
  const what = command.kind === "service" ? command.service : command.kind;
  violate("command", `command ${id}, ${what} of ${stamp(at)}, was executed ${runs} times: ${when}`);
}

function judgeAnswer(sent: Sent, ledger: Ledger, script: Script, endedAt: number, violate: Violate): void {
  const { id, at, patient, ended, codes, givenUp, successor } = sent;
  const which = `command ${id} of ${stamp(at)}`;
  const right = rightCodes(sent, ledger, script);
  const wrong = codes.find((code) => !right.includes(code));
  if (wrong !== undefined)
    violate("command", `${which} was answered with ${wrong}, right is ${right.join(" or ")}`);
  const refused = codes.every((code) => code === safeStart);
  // Power may fail between the outcome, which is kept, and the line that tells of it: then the answer does.
  const cutShort = ledger.repeated.has(id) && ledger.ends.some((end) => end >= at);
  const told = ledger.executed.has(id) || cutShort;
  if (codes.length > 0 && !refused && !told && !codes.includes(interrupted)) {
    violate("command", `${which} was answered, and the device says nothing of it`);
  }
  if (patient && ended === undefined) {
    violate("command", `${which} has no answer by ${stamp(endedAt)}`);
  }
  if (patient && givenUp && codes.length === 0 && successor === undefined) {
    violate("command", `${which} was given up, and what it asked for is not done by ${stamp(endedAt)}`);
  }
}

/** Codes with which this command may be answered, after all that happened. */
function rightCodes({ at, command, expected, repeats }: Sent, ledger: Ledger, script: Script): number[] {
  const right = [script.device.format === "json" || stated.includes(expected) ? expected : anyOther];
  const fails = script.faults.some(({ kind, amount }) => {
    const failure = kind === "application-fails" ? failures[amount] : undefined;
    return failure !== undefined && "handler" in failure;
  });
  // A board restarts an hour after its start at the earliest.
  if (fails || (command.kind === "service" && command.service === "restart")) right.push(failed);
  if (ledger.safeStarts.length > 0) right.push(safeStart);
  // It may have struck while the command was executed.
  if (ledger.ends.some((end) => end >= at)) right.push(interrupted);
  if (repeats > 0 && expected === 200) right.push(tooLongToKeep);
  return right;
}
