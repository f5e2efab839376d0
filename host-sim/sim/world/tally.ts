/**
 * Keeps count of a run: what the air carried, what the device said of its readings, how long the
 * modem slept. It looks at the wire and at the log, never into the firmware.
 */
import type { CloudEvent } from "../../cloud/cloud";
import type { ModemEvent } from "../modem/modem-event";
import type { Edition } from "../../cloud/registry/registry";
import type { DatagramReport } from "../radio/link";
import type { LogEvent } from "./device-log";

/** Datagrams remembered to tell a retransmission from a new one. */
const rememberedLimit = 64;

/** The counts of one run. */
export class Tally {
  readonly datagrams = {
    up: 0,
    down: 0,
    lostUp: 0,
    lostDown: 0,
    bytesUp: 0,
    bytesDown: 0,
    retransmissions: 0,
  };
  acknowledged = 0;
  /** Readings given up: refused by the cloud, or without room. */
  lost = 0;
  executed = 0;
  /** Readings that the cloud stored, and deliveries of such that it knew already. */
  stored = 0;
  repeated = 0;
  edition: Edition | undefined;
  /** ms in PSM. */
  asleep = 0;
  /** When the last reading was settled, virtual ms. */
  finishedAt = 0;
  /** Whether the device has had nothing in hand since then: with the last answer a command may have been announced. */
  rested = false;
  #asleepSince: number | undefined;
  #recent: string[] = [];

  /** Readings that are settled: the cloud has them, or they are lost. */
  get finished(): number {
    return this.acknowledged + this.lost;
  }

  /** Counts a datagram; true for a retransmission, whose bytes were sent a moment ago. */
  datagram(report: DatagramReport): boolean {
    const { datagrams } = this;
    const lost = report.fate === "lost" ? 1 : 0;
    if (report.direction === "down") {
      datagrams.down += 1;
      datagrams.lostDown += lost;
      datagrams.bytesDown += report.bytes.length;
      return false;
    }
    datagrams.up += 1;
    datagrams.lostUp += lost;
    datagrams.bytesUp += report.bytes.length;
    const key = Buffer.from(report.bytes).toString("latin1");
    if (this.#recent.includes(key)) {
      datagrams.retransmissions += 1;
      return true;
    }
    if (this.#recent.length >= rememberedLimit) this.#recent.shift();
    this.#recent.push(key);
    return false;
  }

  modem(event: ModemEvent): void {
    // One that loses its power, or hangs, never says that its sleep is over.
    if (event.type !== "psm" && event.type !== "power") return;
    if (event.type === "psm" && event.state === "enter") {
      this.#asleepSince = event.time;
    } else if (this.#asleepSince !== undefined) {
      this.asleep += event.time - this.#asleepSince;
      this.#asleepSince = undefined;
    }
  }

  cloud(event: CloudEvent): void {
    if (event.type === "stored" && event.kind === "reading") this.stored += 1;
    if (event.type === "stored-before" && event.kind === "reading") this.repeated += 1;
  }

  /** What the device's log tells. */
  device(event: LogEvent, now: number): void {
    switch (event.kind) {
      case "report acknowledged":
        this.acknowledged += 1;
        this.finishedAt = now;
        this.rested = false;
        return;
      case "report refused":
      case "report dropped":
        this.lost += 1;
        this.finishedAt = now;
        this.rested = false;
        return;
      case "agent idle":
        this.rested = true;
        return;
      case "command executed":
        this.executed += 1;
        return;
      case "session online":
        this.edition = event.edition;
        return;
    }
  }

  /** Ends the count: a sleep under way is counted up to now. */
  close(now: number): void {
    if (this.#asleepSince === undefined) return;
    this.asleep += now - this.#asleepSince;
    this.#asleepSince = now;
  }
}
