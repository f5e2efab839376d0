/**
 * The rules that hold whatever befalls a device, and whether they did. Each violation is a sentence that
 * says what was expected and what came. The rules themselves are in rules/.
 */
import { strongestAttack } from "./hostile-trouble";
import { judgeCommands } from "./rules/commands";
import { judgeConduct } from "./rules/conduct";
import { judgeMessages } from "./rules/messages";
import { judgePace } from "./rules/pace";
import { judgeReadings } from "./rules/readings";
import { judgeSeal } from "./rules/seal";
import { judgeThrift } from "./rules/thrift";
import { judgeUpdates } from "./rules/update";
import type { Ledger } from "./ledger";
import type { Account, Ending, Invariant, Violate, Violation } from "./rules/rule";

/** Sentences of one rule that are worth reading. */
const mostSentences = 5;

/** Rules that no device can keep against somebody who makes use of what the protocol leaves open. */
const forgeable: readonly Invariant[] = [
  "lost",
  "twice",
  "altered",
  "dropped",
  "time",
  "order",
  "command",
  "message",
  "late",
];

/** What a seal does not keep from him either: he can hold up what passes, and without proof have it given up. */
const forgeableSealed: Readonly<Record<"sealed" | "proof", readonly Invariant[]>> = {
  sealed: ["lost", "dropped", "order", "message", "late"],
  proof: ["order", "late"],
};

/** Whoever writes back what flash held hours ago has the device forget what it did since then, and do it again. */
const restorable: readonly Invariant[] = [...forgeable, "wear"];

/** Judges a trial that has ended. */
export function judge(ledger: Ledger, ending: Ending): Account {
  const violations: Violation[] = [];
  const counts: Partial<Record<Invariant, number>> = {};
  // Who forges answers can have a device believe anything, and what he alters is altered.
  const { faults, device } = ending.script;
  const excused: Invariant[] = [];
  if (strongestAttack(faults) === "forger") {
    const seal = device.sealed === true ? "sealed" : device.sealed;
    excused.push(...(seal === undefined ? forgeable : forgeableSealed[seal]));
  }
  if (faults.some(({ kind }) => kind === "image-restored")) excused.push(...restorable);
  const violate: Violate = (invariant, sentence) => {
    if (excused.includes(invariant)) return;
    counts[invariant] = (counts[invariant] ?? 0) + 1;
    if (counts[invariant]! <= mostSentences) violations.push({ invariant, sentence });
  };
  const account = judgeReadings(ledger, ending, violate);
  judgePace(ledger, ending, account.copies, violate);
  judgeConduct(ledger, ending, violate);
  judgeSeal(ledger, ending.script, violate);
  if (ending.campaign !== undefined) {
    judgeCommands(ledger, ending.script, ending.campaign, violate);
    judgeMessages(ledger, ending.script, ending.campaign, violate);
    judgeThrift(ledger, ending.script, ending.campaign, violate);
    const { updates } = ending.campaign;
    if (updates !== undefined) judgeUpdates(updates, violate);
  }
  return { violations, ...account };
}
