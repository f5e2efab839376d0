/**
 * What was refused in a run, and why, for the totals at its end: the lines that said so have long scrolled away.
 *
 *     refused: a reading, rejected 4.00 illegal-payload (3 times, last at 02:15:00.120)
 *
 * Refusals for the same reason are one line; the last ones are told.
 */
import { escaped } from "../../model/escaped";
import type { CloudEvent } from "../../cloud/cloud";
import type { LogEvent } from "../../sim/world/device-log";

/** Reasons that are told. */
const mostTold = 5;
/** Reasons that are kept apart: a stranger may make up many. */
const mostKept = 200;

/** Hears a run, and tells what was refused in it. */
export class Refusals {
  /** By what is said of each, the last one last. */
  readonly #heard = new Map<string, { count: number; last: number }>();
  #forgotten = 0;

  /** @param time of what the device said, in the caller's own count */
  hearDevice(event: LogEvent | undefined, time: number): void {
    this.#add(event === undefined ? undefined : ofDevice(event), time);
  }

  /** @param time as of the device's */
  hearCloud(event: CloudEvent, time: number): void {
    this.#add(ofCloud(event), time);
  }

  /**
   * The last ones, a line each, without line ends.
   *
   * @param stamp how a time is written
   */
  lines(stamp: (time: number) => string): string[] {
    const all = [...this.#heard];
    const told = all.slice(-mostTold).map(([text, { count, last }]) => {
      const when = count === 1 ? `at ${stamp(last)}` : `${count} times, last at ${stamp(last)}`;
      return `${text} (${when})`;
    });
    const others = all.length - told.length + this.#forgotten;
    return others === 0
      ? told
      : [`refusals for ${others} other ${others === 1 ? "reason" : "reasons"} before`, ...told];
  }

  #add(text: string | undefined, time: number): void {
    if (text === undefined) return;
    const line = escaped(text);
    const count = (this.#heard.get(line)?.count ?? 0) + 1;
    // Put in anew, so that the last one is the last of the map.
    this.#heard.delete(line);
    this.#heard.set(line, { count, last: time });
    if (this.#heard.size <= mostKept) return;
    const [oldest] = this.#heard.keys();
    this.#heard.delete(oldest);
    this.#forgotten += 1;
  }
}

/** Reasons of a session that is not opened that are nobody's refusal. */
const silence: readonly string[] = ["timeout", "no-response", "cancelled", "queue-full", "waiting"];

/** Whether a request was answered with a refusal, and not lost or kept back. */
function isRefusal(reason: string): boolean {
  return reason.startsWith("rejected ");
}

/** What the device says that it was refused; undefined for all else. */
function ofDevice(event: LogEvent): string | undefined {
  switch (event.kind) {
    case "report refused":
      return `refused: a reading, ${event.reason}`;
    case "message refused":
      return `refused: a message on ${event.topic}, ${event.reason}`;
    case "report dropped":
      return `dropped: a reading, ${event.reason}`;
    case "message dropped":
      return `dropped: a message, ${event.reason}`;
    case "report kept":
      return isRefusal(event.reason) ? `put off: a reading, ${event.reason}` : undefined;
    case "message kept":
      return isRefusal(event.reason) ? `put off: a message on ${event.topic}, ${event.reason}` : undefined;
    case "report apart":
      return `refused: readings in one request, ${event.reason}`;
    case "session refused":
      return silence.includes(event.reason) ? undefined : `not admitted: the device, ${event.reason}`;
    case "command unanswered":
      return isRefusal(event.reason) ? `put off: a command's answer, ${event.reason}` : undefined;
    case "point left out":
      return `left out: the point ${event.point}, ${event.reason}`;
    case "modem denied":
      return `denied: the modem, by the network, ${event.cause}`;
    case "modem refused":
      return `refused: ${event.command} by the modem, ${event.meaning ?? event.code ?? "without a reason"}`;
    default:
      return undefined;
  }
}

/** What the cloud says that it refused; undefined for all else. */
function ofCloud(event: CloudEvent): string | undefined {
  switch (event.type) {
    case "auth-refused":
      return `refused: an authentication, by the cloud: ${event.reason}`;
    case "signature-refused":
    case "request-refused":
      return `refused: a request, by the cloud: ${event.reason}`;
    case "report-refused":
      return `refused: a report, by the cloud with code ${event.enosCode}: ${event.reason}`;
    case "points-skipped":
      return `left out: measure points, by the cloud: ${event.reason}`;
    default:
      return undefined;
  }
}
