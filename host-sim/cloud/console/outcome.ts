/**
 * What became of a message in the cloud, from the events that handling it brings: stored, refused, known already, and
 * which measure points a parsing script made of its bytes. The console's server and its page share it.
 */
import { codeName, codeNumber } from "../coap/codes";
import { doubtWords } from "../registry/seal-view";
import type { DoubtKind } from "../registry/seal-view";
import type { CloudEvent } from "../events";

export interface Outcome {
  /** Type of the event. */
  readonly type: CloudEvent["type"];
  /** In a few words. */
  readonly text: string;
  /** Measure points of a reading, as they were stored. */
  readonly points?: Readonly<Record<string, unknown>>;
  /** How many of its points are not in `points`, for there are too many. */
  readonly leftOut?: number;
  /** Of a sealed product: what is wrong with the message. */
  readonly doubt?: DoubtKind;
}

/** Characters of a message's outcomes as JSON: a batch of readings has as many of them. */
const longest = 4096;

/** What an event says of the message that brought it; undefined for one that no message brings. */
export function outcomeOf(event: CloudEvent, leftOut?: number): Outcome | undefined {
  const { type } = event;
  switch (type) {
    case "authenticated":
      return { type, text: `session begins, for ${event.lifetime} s` };
    case "auth-refused":
    case "signature-refused":
    case "request-refused":
      return { type, text: `refused, ${codeNumber(event.code)} ${codeName(event.code)}: ${event.reason}` };
    case "stored":
    case "stored-before": {
      const id = event.id === "" ? "" : ` ${event.id}`;
      const sealed = event.sealed === undefined ? "" : ", sealed";
      const what = `${event.kind}${id}${event.late === true ? ", late" : ""}${sealed}`;
      const odd = event.doubt === undefined ? {} : { doubt: event.doubt };
      if (type === "stored-before") return { type, text: `${what}: came before, not stored again`, ...odd };
      const { points } = event;
      if (points === undefined) return { type, text: `stored: ${what}`, ...odd };
      return { type, text: `stored: ${what}`, points, ...odd, ...(leftOut === undefined ? {} : { leftOut }) };
    }
    case "script-fault":
      return { type, text: `parsing script: ${event.fault}` };
    case "report-refused":
      return {
        ...{ type, text: `not stored, ${event.enosCode}: ${event.reason}` },
        ...(event.sealed === undefined ? {} : { doubt: "refused" }),
      };
    case "seal-doubted":
      return { type, text: `sealed: ${doubtWords(event)}`, doubt: event.what };
    case "points-skipped":
      return { type, text: `${event.count} measure points skipped: ${event.reason}` };
    case "time-doubted":
      return { type, text: `its time is doubted: ${new Date(event.time).toISOString()}` };
    case "command-offered":
      return { type, text: `the answer ${event.delivered ? "brings" : "announces"} command ${event.id}` };
    case "command-fetched":
      return { type, text: `fetches command ${event.id}` };
    case "command-answered":
      return { type, text: `answers command ${event.id}, code ${event.code}` };
    case "command-late":
      return { type, text: `answers command ${event.id} too late: ${event.status}` };
    case "reply-stray":
      return { type, text: `answers no command that was sent: ${event.id}` };
    case "rate-limited":
      return { type, text: "dropped: the address sends more than it may" };
    case "duplicate-request":
      return {
        type,
        text: event.answered ? "came before: the kept answer leaves again" : "came before: no answer",
      };
    case "malformed":
      return { type, text: event.answer === "RST" ? "no CoAP: reset" : "no CoAP: no answer" };
    case "internal-error":
      return { type, text: `fault of the stand-in: ${event.reason}` };
    default:
      return undefined;
  }
}

/** The outcomes of one message: the first of them, and how many more there were than there is room for. */
export class Outcomes {
  readonly list: Outcome[] = [];
  /** Not in the list. */
  more = 0;
  /** Characters of the list as JSON. */
  length = 0;

  add(outcome: Outcome): void {
    const fitting = [outcome, withoutPoints(outcome)].find((each) => this.#fits(each));
    if (this.more > 0 || fitting === undefined) {
      this.more += 1;
      return;
    }
    this.length += JSON.stringify(fitting).length;
    this.list.push(fitting);
  }

  #fits(outcome: Outcome): boolean {
    return this.length + JSON.stringify(outcome).length <= longest;
  }
}

function withoutPoints({ points, leftOut = 0, ...rest }: Outcome): Outcome {
  return points === undefined ? rest : { ...rest, leftOut: leftOut + Object.keys(points).length };
}
