/**
 * What is to be said of a run before anything else, in one sentence:
 *
 *     All 2,880 readings arrived, 12 of them late by up to 3 h in an outage; 5.2 years on a 19 Wh battery; nothing was lost.
 *
 * What went wrong is named, with its place in the report's page.
 */
import { count, grouped } from "../../cloud/page/words";
import { lifetime } from "../energy/advice";
import { lasting } from "./duration";
import { placeOf } from "./place";
import type { EnergyTotals } from "../energy/totals";
import type { Incident, Outcome } from "./outcome";

/** A piece of the sentence; `place` is the fragment of the page's address where it shows. */
interface VerdictPart {
  readonly text: string;
  /** Something failed, or is worth a look; left out of what is as it should be. */
  readonly tone?: "bad" | "warn";
  readonly place?: string;
}

export interface Verdict {
  /** The worst of its parts. */
  readonly tone: "good" | "warn" | "bad";
  readonly parts: readonly VerdictPart[];
}

export interface VerdictOptions {
  /** What a reading took and how long the battery lasts; left out where too few arrived to say it. */
  readonly energy?: EnergyTotals;
  /** What was expected of the run and did not come true. */
  readonly shortfall?: string;
  /** Readings that the device was to take, where that was said. */
  readonly asked?: number;
}

/** The parts of the sentence, which together are all of it. */
export function verdictOf(outcome: Outcome, options: VerdictOptions = {}): Verdict {
  const clauses = [
    networkClause(outcome),
    readingsClause(outcome, options.asked),
    messagesClause(outcome),
    commandsClause(outcome),
    troubleClause(outcome),
    energyClause(options.energy),
    lossClause(outcome),
  ].filter((clause) => clause.length > 0);
  const failed = clauses.some((clause) => clause.some(({ tone }) => tone === "bad"));
  // What failed has its place in the sentence already, but for what only whoever made the run can know.
  if (options.shortfall !== undefined && !failed) {
    clauses.push([{ text: `not as expected: ${options.shortfall}`, tone: "bad" }]);
  }
  const parts = clauses.flatMap((clause, i) => [
    ...(i === 0 ? [] : [{ text: "; " }]),
    ...(i === 0 ? capitalised(clause) : clause),
  ]);
  parts.push({ text: "." });
  const tones = parts.map(({ tone }) => tone);
  return {
    tone: tones.includes("bad") ? "bad" : tones.includes("warn") ? "warn" : "good",
    parts,
  };
}

/** The sentence. */
export function verdictText({ parts }: Verdict): string {
  return parts.map(({ text }) => text).join("");
}

function networkClause({ online, offlineReason, readings }: Outcome): VerdictPart[] {
  if (online || readings.acknowledged > 0) return [];
  const reason = offlineReason === "" ? "" : ` (${offlineReason})`;
  return [
    {
      text: `the device never got online${reason}`,
      tone: "bad",
      place: placeOf("messages", { only: "trouble" }),
    },
  ];
}

function readingsClause({ readings, outages }: Outcome, asked: number | undefined): VerdictPart[] {
  const { taken, acknowledged, stored, refused, dropped, waiting, late, latest, lateInOutage } = readings;
  if (taken === 0) return [{ text: "no reading was taken", tone: "bad", place: placeOf("readings") }];
  const parts: VerdictPart[] = [];
  const missing = stored === undefined ? 0 : Math.max(0, acknowledged - stored);
  const arrived = missing === 0 ? "arrived" : acknowledged === 1 ? "was acknowledged" : "were acknowledged";
  if (acknowledged === taken) {
    parts.push({
      text: taken === 1 ? `the one reading ${arrived}` : `all ${grouped(taken)} readings ${arrived}`,
    });
  } else {
    parts.push({
      text: `${acknowledged === 0 ? "none" : grouped(acknowledged)} of ${count(taken, "reading")} ${arrived}`,
      tone: "bad",
      place: placeOf("readings"),
    });
  }
  if (late.count > 0) {
    const first = outages[0];
    const place =
      lateInOutage > 0 && first !== undefined
        ? placeOf("readings", { from: first.from, to: first.to })
        : placeOf("readings", { from: late.first, to: late.first + latest });
    const all = late.count === taken ? "all" : grouped(late.count);
    parts.push(
      { text: ", " },
      {
        text: `${all} of them late by up to ${briefly(latest)}${lateInOutage > 0 ? ` ${outageText(outages.length)}` : ""}`,
        tone: "warn",
        place,
      },
    );
  }
  const failures: readonly [Incident, string, string][] = [
    [refused, "refused", "report: refused"],
    [dropped, "given up", "report: dropped"],
  ];
  for (const [incident, what, line] of failures) {
    if (incident.count === 0) continue;
    parts.push(
      { text: ", " },
      {
        text: `${grouped(incident.count)} ${incident.count === 1 ? "was" : "were"} ${what}${because(incident)}`,
        tone: "bad",
        place: placeOf("messages", { q: line, at: incident.first }),
      },
    );
  }
  if (waiting.count > 0) {
    parts.push(
      { text: ", " },
      {
        text: `${grouped(waiting.count)} still ${waiting.count === 1 ? "waits" : "wait"}`,
        tone: "bad",
        place: placeOf("readings", { from: waiting.first, to: Infinity }),
      },
    );
  }
  if (asked !== undefined && taken < asked) {
    parts.push({ text: `, ${grouped(asked - taken)} of ${grouped(asked)} were not taken`, tone: "bad" });
  }
  if (missing > 0) {
    parts.push(
      { text: ", " },
      {
        text: `${grouped(missing)} of them ${missing === 1 ? "is" : "are"} not in the cloud`,
        tone: "bad",
        place: placeOf("messages", { q: "stored reading" }),
      },
    );
  }
  return parts;
}

function messagesClause({ messages }: Outcome): VerdictPart[] {
  if (messages.count === 0) return [];
  const place = placeOf("messages", { q: "message: ", at: messages.first });
  const verb = messages.count === 1 ? "was" : "were";
  return [
    {
      text: `${count(messages.count, "other message")} ${verb} given up${because(messages)}`,
      tone: "bad",
      place,
    },
  ];
}

function commandsClause({ commands }: Outcome): VerdictPart[] {
  const { sent, answered, unanswered, open } = commands;
  if (sent === 0) return [];
  if (unanswered.count === 0 && open === 0) {
    return [
      { text: sent === 1 ? "the command was answered" : `all ${grouped(sent)} commands were answered` },
    ];
  }
  const parts: VerdictPart[] = [
    {
      text: `${answered === 0 ? "none" : grouped(answered)} of ${count(sent, "command")} ${answered === 1 ? "was" : "were"} answered`,
      tone: "bad",
      place: placeOf("messages", { q: "command" }),
    },
  ];
  if (unanswered.count > 0) {
    parts.push(
      { text: ", " },
      {
        text: `${grouped(unanswered.count)} ${unanswered.reason}`,
        tone: "bad",
        place: placeOf("messages", { q: "command", at: unanswered.first }),
      },
    );
  }
  if (open > 0) parts.push({ text: `, ${grouped(open)} still ${open === 1 ? "waits" : "wait"}` });
  return parts;
}

function troubleClause({ restarts, faults, outages, readings, hostile }: Outcome): VerdictPart[] {
  const parts: VerdictPart[] = [];
  const add = (part: VerdictPart): void => {
    if (parts.length > 0) parts.push({ text: ", " });
    parts.push(part);
  };
  if (restarts.count > 0) {
    const often = restarts.count === 1 ? "once" : `${grouped(restarts.count)} times`;
    add({
      text: `the board restarted ${often}${because(restarts)}`,
      tone: "bad",
      place: placeOf("messages", { q: "restart", at: restarts.first }),
    });
  }
  if (faults.count > 0) {
    add({
      text: `${count(faults.count, "fault")} in the log${because(faults)}`,
      tone: "bad",
      place: placeOf("messages", { only: "trouble", at: faults.first }),
    });
  }
  // Said with the readings already where those waited for it.
  if (outages.length > 0 && readings.lateInOutage === 0) {
    const length = outages.reduce((sum, { from, to }) => sum + to - from, 0);
    add({
      text: `${briefly(length)} without a network`,
      tone: "warn",
      place: placeOf("messages", { at: outages[0].from }),
    });
  }
  if (hostile > 0) {
    add({
      text: `somebody hostile sent ${count(hostile, "datagram")}`,
      place: placeOf("messages", { q: "hostile" }),
    });
  }
  return parts;
}

function energyClause(energy: EnergyTotals | undefined): VerdictPart[] {
  if (energy === undefined) return [];
  const text = `${lifetime(energy.years)} on a ${energy.battery.capacity} Wh battery`;
  return [{ text, place: placeOf("energy") }];
}

function lossClause({ readings, messages }: Outcome): VerdictPart[] {
  const { taken, acknowledged, stored = acknowledged, refused, dropped, waiting } = readings;
  if (taken === 0) return [];
  const lost = refused.count + dropped.count + messages.count + Math.max(0, acknowledged - stored);
  return lost === 0 && waiting.count === 0 ? [{ text: "nothing was lost" }] : [];
}

function outageText(outages: number): string {
  return outages === 1 ? "in an outage" : `in ${grouped(outages)} outages`;
}

/** The reason that came most often, in brackets; cut where it is long. */
function because({ reason }: Incident): string {
  if (reason === "") return "";
  return ` (${reason.length > 60 ? `${reason.slice(0, 59)}…` : reason})`;
}

/** `3 h` for what lasts 3 h 0 min. */
function briefly(ms: number): string {
  return lasting(ms)
    .replace(/^(\d+)\.0 s$/, "$1 s")
    .replace(/ 0 (?:h|min)$/, "");
}

function capitalised(clause: readonly VerdictPart[]): VerdictPart[] {
  const [first, ...rest] = clause;
  return [{ ...first, text: first.text.charAt(0).toUpperCase() + first.text.slice(1) }, ...rest];
}
