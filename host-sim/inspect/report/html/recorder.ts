/**
 * Hears a run's events and keeps what its report shows: the sequence chart's rows, datagrams without their
 * secrets, steps of power, and how long readings and requests took.
 */
import { Masker } from "../../../cloud/capture/masker";
import { decodeCoap } from "../../../cloud/coap/coap-wire";
import { escaped } from "../../../model/escaped";
import { CauseFinder, causeText } from "../../capture/cause";
import { EnergyMeter } from "../../energy/meter";
import { readLogLine } from "../../../sim/world/device-log";
import { epoch } from "../../../sim/world/world";
import { OutcomeBooks } from "../outcome";
import { verdictOf } from "../verdict";
import { describeCloud, describeHostile, describeModem, describeSlots, foldHex } from "../timeline";
import { rowKinds } from "./run-data";
import { StepRecorder } from "./step-recorder";
import type { BoardClock, EnergyProfile } from "../../energy/profile";
import type { Coverage, DatagramReport } from "../../../sim/radio/link";
import type { WorldEvent } from "../../../sim/world/world";
import type { VerdictOptions } from "../verdict";
import type { RowKind, RunData } from "./run-data";

export interface RecorderOptions {
  /** Left out for what no seed repeats, such as a board's log. */
  readonly seed?: number | string;
  /** What the page is called; by the seed when left out. */
  readonly title?: string;
  /** What is to be known of all figures; left out where they are what was seen. */
  readonly notice?: string;
  /** Wall clock at its beginning, epoch ms; the simulation's when left out. */
  readonly epoch?: number;
  readonly command: string;
  readonly profile: EnergyProfile;
  readonly coverage: Coverage;
  /** As the meter takes them (energy/meter.ts). */
  readonly edrx?: boolean;
  readonly clock?: Partial<BoardClock>;
}

/** A run's data: columns, and the bytes of all datagrams one after the other. */
export interface Recording {
  readonly data: RunData;
  readonly bytes: Uint8Array;
}

/** Requests without an answer yet that are remembered, for their round trips. */
const openRequests = 256;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #meter: EnergyMeter;
  readonly #steps = new StepRecorder();
  readonly #books = new OutcomeBooks();
  readonly #causes = new CauseFinder();
  readonly #masker = new Masker(0);
  readonly #texts = new Map<string, number>();
  readonly #rows = { time: [] as number[], kind: [] as number[], value: [] as number[] };
  #rowTime = 0;
  readonly #datagrams = {
    up: [] as number[],
    length: [] as number[],
    travel: [] as number[],
    cause: [] as number[],
    loss: [] as number[],
    again: [] as number[],
    duplicate: [] as number[],
    from: [] as number[],
    to: [] as number[],
    masked: [] as number[],
  };
  readonly #bytes: Uint8Array[] = [];
  readonly #exchanges = { lines: [] as number[], line: [] as number[] };
  /** Lines of the exchange under way, and when it began. */
  #exchange: { time: number; lines: number[] } | undefined;
  readonly #readings = { taken: [] as number[], settled: [] as number[], lost: [] as number[] };
  readonly #waiting = new Map<number, number>();
  readonly #requests = new Map<string, number>();
  readonly #roundTrips: number[] = [];

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { coverage, profile, edrx, clock } = options;
    this.#meter = new EnergyMeter(profile, {
      ...{ coverage, edrx, clock },
      onStep: (step) => this.#steps.add(step),
    });
  }

  /** Takes in one event; they come in order of time. */
  hear(event: WorldEvent): void {
    this.#meter.hear(event);
    this.#books.hear(event);
    const { time } = event;
    switch (event.source) {
      case "at":
        return this.#at(time, event.direction === "modem", event.text);
      case "air":
        return this.#datagram(event.report);
      case "device":
        this.#reading(time, event.text);
        return this.#line(time, "device", event.text);
      case "processor":
        return;
      case "board":
        if (event.what === "starting" || event.what === "started") return;
        return this.#line(time, "board", `${event.what} ${event.text}`.trimEnd());
      case "slots":
        return event.what === "same" ? undefined : this.#line(time, "board", describeSlots(event));
      case "modem": {
        const { type } = event.event;
        // Those are in the sequence chart already, as AT exchanges and as datagrams.
        if (type === "socket" || type === "send" || type === "receive") return;
        const text = describeModem(event.event, true);
        return text === undefined ? undefined : this.#line(time, "modem", text);
      }
      case "cloud": {
        const text = describeCloud(event.event, true);
        return text === undefined ? undefined : this.#line(time, "cloud", text);
      }
      case "hostile":
        return this.#line(time, "board", `hostile, ${describeHostile(event.event)}`);
    }
  }

  /** What was concluded of a device that nobody could look into: it is metered, and has no row. */
  estimate(event: WorldEvent): void {
    this.#meter.hear(event);
  }

  /** A request was answered so many ms after its first sending, though its datagrams were not seen. */
  answered(ms: number): void {
    this.#roundTrips.push(ms);
  }

  /** A line of somebody else's, such as whoever makes the faults. */
  note(time: number, text: string, kind: "board" | "modem" = "board"): void {
    this.#line(time, kind, text);
  }

  /**
   * @param facts what the page says of the run below its verdict
   * @param known what only whoever made the run can know for the verdict
   */
  finish(end: number, facts: RunData["facts"], known: VerdictOptions = {}): Recording {
    this.#fold();
    const { seed = "", command } = this.#options;
    const account = this.#meter.finish(end);
    const descending = (a: { joules: number }, b: { joules: number }): number => b.joules - a.joules;
    const causes = Object.entries(account.byCause)
      .map(([name, joules]) => ({ name, joules }))
      .filter(({ joules }) => joules > 0);
    const outcome = this.#books.finish(end);
    const states = Object.entries(account.byState).map(([name, sums]) => ({ name, ...sums }));
    const data: RunData = {
      title: this.#options.title ?? `Run report, seed ${seed}`,
      verdict: verdictOf(outcome, known),
      ...(this.#options.notice === undefined ? {} : { notice: this.#options.notice }),
      outages: outcome.outages,
      ...(known.energy === undefined ? {} : { energy: known.energy }),
      seed: String(seed),
      command,
      facts,
      end,
      epoch: this.#options.epoch ?? epoch,
      texts: [...this.#texts.keys()],
      rows: this.#rows,
      datagrams: this.#datagrams,
      exchanges: this.#exchanges,
      power: {
        profile: account.profile,
        ...this.#steps.columns(),
        joules: account.joules,
        byCause: causes.sort(descending).map(({ name, joules }) => [name, joules]),
        byState: states.sort(descending).map(({ name, ms, joules }) => [name, ms, joules]),
      },
      readings: this.#readings,
      roundTrips: this.#roundTrips,
    };
    return { data, bytes: Buffer.concat(this.#bytes) };
  }

  #line(time: number, kind: RowKind, text: string): void {
    this.#fold();
    this.#row(time, kind, this.#text(text));
  }

  #row(time: number, kind: RowKind, value: number): void {
    // Differences of rounded times, or rounding would add up over a month.
    const rounded = Math.max(this.#rowTime, Math.round(time));
    this.#rows.time.push(rounded - this.#rowTime);
    this.#rowTime = rounded;
    this.#rows.kind.push(rowKinds.indexOf(kind));
    this.#rows.value.push(value);
  }

  #text(given: string): number {
    const text = escaped(given);
    let number = this.#texts.get(text);
    if (number === undefined) {
      number = this.#texts.size;
      this.#texts.set(text, number);
    }
    return number;
  }

  #at(time: number, fromModem: boolean, text: string): void {
    this.#exchange ??= { time, lines: [] };
    this.#exchange.lines.push(2 * this.#text(foldHex(text)) + (fromModem ? 1 : 0));
  }

  /** Ends the exchange under way: something else happens. */
  #fold(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    this.#row(exchange.time, "at", this.#exchanges.lines.length);
    this.#exchanges.lines.push(exchange.lines.length);
    for (const line of exchange.lines) this.#exchanges.line.push(line);
  }

  #datagram(report: DatagramReport): void {
    this.#fold();
    const { direction, time, deliveredAt, from, to } = report;
    const up = direction === "up";
    const columns = this.#datagrams;
    const number = columns.up.length;
    const cause = this.#causes.of(report);
    const { bytes, ranges } = this.#masker.mask(direction, report.bytes, up ? from : to);
    this.#row(time, "air", number);
    this.#bytes.push(bytes);
    columns.up.push(up ? 1 : 0);
    columns.length.push(bytes.length);
    columns.travel.push(deliveredAt === undefined ? -1 : Math.round(deliveredAt - time));
    columns.cause.push(this.#text(causeText(cause)));
    columns.loss.push(this.#text(report.fate === "lost" ? (report.reason ?? "radio") : ""));
    columns.again.push(cause.repeated);
    columns.duplicate.push(report.duplicate ? 1 : 0);
    columns.from.push(this.#text(`${from.address}:${from.port}`));
    columns.to.push(this.#text(`${to.address}:${to.port}`));
    for (const [at, length] of ranges) columns.masked.push(number, at, length);
    this.#roundTrip(report);
  }

  #roundTrip({ bytes, direction, time, deliveredAt }: DatagramReport): void {
    const message = decodeCoap(bytes);
    if ("malformed" in message || message.token.length === 0) return;
    const token = Buffer.from(message.token).toString("hex");
    const requests = this.#requests;
    if (direction === "up" && message.code < 0x20) {
      // Of one that is sent again, the first sending counts.
      if (requests.has(token)) return;
      requests.set(token, time);
      if (requests.size > openRequests) requests.delete(requests.keys().next().value!);
    } else if (direction === "down" && message.code >= 0x40 && deliveredAt !== undefined) {
      const since = requests.get(token);
      if (since === undefined) return;
      requests.delete(token);
      this.#roundTrips.push(Math.round(deliveredAt - since));
    }
  }

  /** A line of the device's log: a reading is taken, acknowledged, or given up. */
  #reading(time: number, line: string): void {
    const event = readLogLine(line);
    const { taken, settled, lost } = this.#readings;
    switch (event?.kind) {
      case "report taken":
        this.#waiting.set(event.id, taken.length);
        taken.push(Math.round(time));
        settled.push(-1);
        lost.push(0);
        return;
      case "report acknowledged":
      case "report refused":
      case "report dropped": {
        const number = this.#waiting.get(event.id);
        if (number === undefined) return;
        this.#waiting.delete(event.id);
        settled[number] = Math.round(time) - taken[number];
        if (event.kind !== "report acknowledged") lost[number] = 1;
        return;
      }
    }
  }
}
