/**
 * What became of a run, as its verdict needs it: readings, commands, restarts and the network, each with the moment at
 * which it first went wrong. Heard from the run's events; a board's log alone will do, where nobody saw the rest.
 */
import { readLogLine } from "../../sim/world/device-log";
import { OutageWatch } from "./outage-watch";
import type { CloudEvent } from "../../cloud/cloud";
import type { LogEvent } from "../../sim/world/device-log";
import type { WorldEvent } from "../../sim/world/world";
import type { Stretch } from "./outage-watch";

/** How often something went wrong, when for the first time (virtual ms), and the reason that came most often. */
export interface Incident {
  readonly count: number;
  readonly first: number;
  readonly reason: string;
}

/** Commands by what became of them. Without the cloud's events: as the device's log has them. */
interface CommandOutcome {
  readonly sent: number;
  readonly answered: number;
  /** No answer in time, never fetched, or failed because the device went offline. */
  readonly unanswered: Incident;
  /** Sent, and without an end when the run was over. */
  readonly open: number;
}

/** The books of a run. Times and durations are virtual ms. */
export interface Outcome {
  readonly end: number;
  readonly readings: {
    readonly taken: number;
    readonly acknowledged: number;
    /** Different readings that the cloud stored; undefined where nobody heard the cloud. */
    readonly stored: number | undefined;
    readonly refused: Incident;
    readonly dropped: Incident;
    /** Taken, and neither acknowledged nor given up when the run was over; `first`: when the oldest was taken. */
    readonly waiting: Incident;
    /** Acknowledged later than the contact after theirs was due; `first`: when the first of them was taken. */
    readonly late: Incident;
    /** How long the longest of them was under way, and how many waited while there was no network. */
    readonly latest: number;
    readonly lateInOutage: number;
  };
  /** Events, attributes and other messages that were refused or dropped. */
  readonly messages: Incident;
  readonly commands: CommandOutcome;
  /** Starts anew by the board itself; waking from deep sleep is none. */
  readonly restarts: Incident;
  /** Exceptions and failed storage in the device's log, internal errors of the cloud. */
  readonly faults: Incident;
  readonly outages: readonly Stretch[];
  /** Whether the device ever had a session, and the last reason in its log why it had none. */
  readonly online: boolean;
  readonly offlineReason: string;
  /** Datagrams of somebody who is neither the device nor its cloud. */
  readonly hostile: number;
}

/** Counts one kind of incident. */
class Incidents {
  count = 0;
  first = NaN;
  readonly #reasons = new Map<string, number>();

  add(time: number, reason = ""): void {
    this.count += 1;
    if (Number.isNaN(this.first) || time < this.first) this.first = time;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  told(): Incident {
    let [reason, most] = ["", 0];
    for (const [each, count] of this.#reasons) if (count > most) [reason, most] = [each, count];
    return { count: this.count, first: this.first, reason };
  }
}

/** Hears a run. */
export class OutcomeBooks {
  readonly #waiting = new Map<number, number>();
  readonly #settled: { taken: number; after: number }[] = [];
  readonly #refused = new Incidents();
  readonly #dropped = new Incidents();
  readonly #messages = new Incidents();
  readonly #restarts = new Incidents();
  readonly #supervised = new Incidents();
  readonly #faults = new Incidents();
  readonly #unsent = new Incidents();
  /** By id; one without an answer has when and how it ended. A late answer is an answer. */
  readonly #commands = new Map<
    string,
    "open" | "answered" | { readonly time: number; readonly how: string }
  >();
  readonly #outages = new OutageWatch();
  #taken = 0;
  #executed = 0;
  #answered = 0;
  #stored = 0;
  #cloudHeard = false;
  #boardHeard = false;
  #online = false;
  #offlineReason = "";
  #hostile = 0;
  /** ms between two contacts as the device says at its start, or between its first two readings. */
  #contacts: number | undefined;
  #lastTaken: number | undefined;

  /** Takes in one event; they come in order of time. */
  hear(event: WorldEvent): void {
    switch (event.source) {
      case "device": {
        const line = readLogLine(event.text);
        if (line !== undefined) this.#device(event.time, line);
        return;
      }
      case "modem":
        return this.#outages.hear(event.event);
      case "cloud":
        this.#cloudHeard = true;
        return this.#cloud(event.time, event.event);
      case "board":
        this.#boardHeard = true;
        if (event.what === "restarted") this.#restarts.add(event.time, event.text);
        return;
      case "hostile":
        this.#hostile += 1;
        return;
    }
  }

  /** The books at the end of the run, virtual ms. */
  finish(end: number): Outcome {
    const outages = this.#outages.finish(end);
    const waiting = new Incidents();
    for (const taken of this.#waiting.values()) waiting.add(taken);
    const states = [...this.#commands.values()];
    const open = states.filter((state) => state === "open").length;
    const answered = states.filter((state) => state === "answered").length;
    const unanswered = new Incidents();
    for (const state of states) if (typeof state === "object") unanswered.add(state.time, state.how);
    const heard = this.#cloudHeard;
    return {
      end,
      readings: {
        taken: this.#taken,
        acknowledged: this.#settled.length,
        stored: heard ? this.#stored : undefined,
        refused: this.#refused.told(),
        dropped: this.#dropped.told(),
        waiting: waiting.told(),
        ...this.#lateness(outages),
      },
      messages: this.#messages.told(),
      commands: {
        sent: heard ? this.#commands.size : this.#executed,
        answered: heard ? answered : this.#answered,
        unanswered: (heard ? unanswered : this.#unsent).told(),
        open: heard ? open : 0,
      },
      restarts: (this.#boardHeard ? this.#restarts : this.#supervised).told(),
      faults: this.#faults.told(),
      outages,
      online: this.#online,
      offlineReason: this.#offlineReason,
      hostile: this.#hostile,
    };
  }

  #lateness(outages: readonly Stretch[]): Pick<Outcome["readings"], "late" | "latest" | "lateInOutage"> {
    const late = new Incidents();
    let [latest, lateInOutage] = [0, 0];
    // Without a second reading nothing says when the next contact was due.
    const due = this.#contacts ?? Infinity;
    for (const { taken, after } of this.#settled) {
      if (after <= due) continue;
      late.add(taken);
      latest = Math.max(latest, after);
      if (outages.some(({ from, to }) => from < taken + after && to > taken)) lateInOutage += 1;
    }
    return { late: late.told(), latest, lateInOutage };
  }

  #device(time: number, line: LogEvent): void {
    switch (line.kind) {
      case "agent start":
        this.#contacts = line.interval * line.batch;
        return;
      case "report taken":
        this.#taken += 1;
        this.#waiting.set(line.id, time);
        if (this.#lastTaken !== undefined) this.#contacts ??= time - this.#lastTaken;
        this.#lastTaken = time;
        return;
      case "report acknowledged":
        return this.#settle(time, line.id);
      case "report refused":
        if (this.#waiting.delete(line.id)) this.#refused.add(time, line.reason);
        return;
      case "report dropped":
        if (this.#waiting.delete(line.id)) this.#dropped.add(time, line.reason);
        return;
      case "message refused":
      case "message dropped":
        return this.#messages.add(time, line.reason);
      case "command executed":
        this.#executed += 1;
        return;
      case "command answered":
        this.#answered += 1;
        return;
      case "command unanswered":
        return this.#unsent.add(time, line.reason);
      case "session online":
      case "session resumed":
        this.#online = true;
        return;
      case "session refused":
        this.#offlineReason = `not admitted: ${line.reason}`;
        return;
      case "modem denied":
        this.#offlineReason = `denied by the network: ${line.cause}`;
        return;
      case "modem sim missing":
        this.#offlineReason = "no SIM card";
        return;
      case "modem down":
        this.#offlineReason = `modem: ${line.reason}`;
        return;
      case "supervisor restart":
        return this.#supervised.add(time, line.reason);
      case "fault":
        return this.#faults.add(time, line.text);
      case "journal failed":
      case "memory failed":
      case "start failed":
        return this.#faults.add(time, line.reason);
    }
  }

  #settle(time: number, id: number): void {
    const taken = this.#waiting.get(id);
    if (taken === undefined) return;
    this.#waiting.delete(id);
    this.#settled.push({ taken, after: time - taken });
  }

  #cloud(time: number, event: CloudEvent): void {
    switch (event.type) {
      case "stored":
        if (event.kind === "reading") this.#stored += 1;
        return;
      case "command-queued":
        this.#commands.set(event.id, "open");
        return;
      case "command-answered":
      case "command-late":
        this.#commands.set(event.id, "answered");
        return;
      case "command-timed-out":
        this.#commands.set(event.id, { time, how: "timed out" });
        return;
      case "command-expired":
        this.#commands.set(event.id, { time, how: "never fetched" });
        return;
      case "command-failed":
        this.#commands.set(event.id, { time, how: "failed: the device went offline" });
        return;
      case "command-revoked":
        this.#commands.delete(event.id);
        return;
      case "auth-refused":
        this.#offlineReason = `authentication refused: ${event.reason}`;
        return;
      case "internal-error":
        return this.#faults.add(time, event.reason);
    }
  }
}
