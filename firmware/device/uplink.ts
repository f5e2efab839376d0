/**
 * Everything that waits for the cloud, on its way there: one request at a time, oldest first.
 *
 *    append -> pending -> plan -> sent -> stored -> released
 *                ^                  | no answer, 5.xx: the same request again, after a pause that grows
 *                +------------------+ refused with others: each by itself
 *                                   | refused alone: given up, told and counted
 *
 * A request, once it was sent, is sent again as it was: under another id the cloud could not tell a
 * second delivery from a new one.
 */
import { isFinal } from "../enos/body";
import { describeOutcome } from "../enos/outcome";
import { Pending } from "../journal/pending";
import { UploadComposer, isStored } from "./upload";
import type { Answer } from "../enos/body";
import type { PublishOutcome, Rejection } from "../enos/outcome";
import type { Credentials } from "../enos/credentials";
import type { Session } from "../enos/session";
import type { Thing } from "../model/thing";
import type { Completion } from "./application";
import type { Entry } from "./entry";
import type { Upload } from "./upload";

export interface UplinkOptions {
  readonly session: Session;
  readonly credentials: Credentials;
  readonly thing: Thing;
  /** Random number in [0, 1). */
  readonly random: () => number;
  /** Longest payload that readings are put together to, bytes. */
  readonly payloadLimit: number;
  /** Longest datagram of the link, bytes. */
  readonly maxDatagram: number;
  /** Readings that are waited for until the radio is worth its energy. */
  readonly batch: number;
  /** Age from which a reading is late, ms. */
  readonly lateAfter: number;
  readonly log: (room: string, text: string) => void;
}

/** Entries kept in RAM while the cloud is out of reach: a day and more of readings at 15 minutes. */
const pendingLimit = 128;
const backoffFirst = 30_000;
const backoffLongest = 3_600_000;

/** What the device has to tell, until the cloud has it. */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #composer: UploadComposer;
  readonly #pending: Pending<Entry>;
  #nextId: number;
  /** The request that was sent last and is not settled. */
  #upload: Upload | undefined;
  #underWay = false;
  /** What waits is being sent, until nothing waits. */
  #draining = false;
  #notBefore = 0;
  #failures = 0;
  /** Epoch ms at monotonic zero, once the network has told the time. */
  epoch: number | undefined;

  /** Counted since start. */
  readonly totals = { acknowledged: 0, refused: 0, dropped: 0, messages: 0 };

  constructor(options: UplinkOptions) {
    this.#options = options;
    const { credentials, thing, payloadLimit, maxDatagram } = options;
    const limits = { payload: payloadLimit, datagram: maxDatagram };
    this.#composer = new UploadComposer(credentials, thing, limits);
    this.#pending = new Pending<Entry>(pendingLimit, (entry) => this.#drop(entry));
    this.#nextId = Math.floor(options.random() * 0x1_0000_0000);
  }

  /** Entries that wait for the cloud's acknowledgement. */
  get backlog(): number {
    return this.#pending.length;
  }

  /** Nothing is to be sent for now. */
  get idle(): boolean {
    return !this.#draining;
  }

  /** What the request under way carries is all there is: no other follows its answer. */
  get atLast(): boolean {
    return this.#pending.length <= (this.#upload?.entries.length ?? 0);
  }

  /** When the next try is due, ms; Infinity while nothing is to be tried or only the link is waited for. */
  deadline(polledAt: number): number {
    const waits = this.#draining && !this.#underWay && this.#notBefore > polledAt;
    return waits ? this.#notBefore : Infinity;
  }

  /** An id for an entry, unlike every other of this device's. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    return id;
  }

  /** Takes an entry in; when there is no room, the oldest that is not under way goes. */
  append(entry: Entry): void {
    if (entry.kind === "message") this.#draining = true;
    this.#pending.append(entry, this.#upload?.entries);
  }

  /** Readings are to be sent although not as many wait as might. */
  flush(): void {
    if (this.#pending.length > 0) this.#draining = true;
  }

  /** Whether there is something to send now, if the link is ready. */
  wants(now: number): boolean {
    if (this.#pending.length >= this.#options.batch) this.#draining = true;
    if (this.#pending.length === 0) this.#draining = false;
    return this.#draining && !this.#underWay && now >= this.#notBefore;
  }

  /**
   * Sends what is next, and what follows when that was settled at once. A loop and not a call from the
   * outcome: a day of readings that cannot be sent would fill the stack.
   */
  send(now: number): void {
    while (this.wants(now)) this.#sendNext(now);
  }

  #sendNext(now: number): void {
    if (this.#upload === undefined) {
      const { lateAfter } = this.#options;
      const upload = this.#composer.plan(this.#pending.entries, this.#nextId, lateAfter, now, this.epoch);
      if (upload.id === this.#nextId) this.takeId();
      this.#upload = upload;
    }
    const upload = this.#upload;
    let payload: Uint8Array | string;
    try {
      payload = this.#composer.payload(upload);
    } catch (error) {
      // An application's values may do anything when they are looked at; the others must not wait for them.
      payload = `fault ${error instanceof Error ? error.message : "unknown"}`;
    }
    if (typeof payload === "string") return this.#refuse(upload, payload);
    this.#underWay = true;
    this.#options.session.send(
      {
        path: this.#composer.path(upload),
        payload,
        onComplete: (outcome, at) => {
          this.#underWay = false;
          this.#settle(upload, outcome, at);
        },
      },
      now,
    );
  }

  #settle(upload: Upload, outcome: PublishOutcome, now: number): void {
    if (outcome.kind === "accepted") {
      const answer = this.#composer.answer(upload, outcome.payload);
      if (answer === undefined || isStored(answer)) return this.#release(upload, answer, now);
      const reason = `enos-code=${answer.code}`;
      if (isFinal(answer.code)) return this.#refuse(upload, reason, answer.code);
      this.#keep(upload, reason, 0, now);
      return this.#postpone(upload);
    }
    if (
      outcome.kind === "rejected" &&
      outcome.reason === "no-such-path" &&
      this.#composer.avoid(upload.topic)
    ) {
      this.#options.log("report", `without topic=${upload.topic} reason="the server has none"`);
      this.#upload = undefined;
      return;
    }
    const illegal =
      outcome.kind === "rejected" && outcome.reason === "illegal-payload" && this.#options.session.proven;
    // The same bytes would be refused again.
    if (illegal || (outcome.kind !== "offline" && outcome.reason === "too-large")) {
      return this.#refuse(upload, outcome.reason);
    }
    const retryAfter = outcome.kind === "offline" ? outcome.retryAfter : 0;
    this.#keep(upload, describeOutcome(outcome), retryAfter, now);
    // It may be this one that the server cannot digest: the others get their turn before it.
    if (outcome.kind === "rejected" && blames(outcome.reason)) this.#postpone(upload);
  }

  /** The cloud has it. */
  #release(upload: Upload, answer: Answer | undefined, now: number): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#upload = undefined;
    for (let i = 0; i < upload.entries.length; i++) {
      const entry = upload.entries[i];
      this.#pending.release(entry.id);
      if (entry.kind === "reading") {
        this.totals.acknowledged += 1;
        const after = ((now - entry.takenAt) / 1000).toFixed(1);
        this.#options.log("report", `acknowledged id=${entry.id} after=${after}s`);
      } else {
        this.totals.messages += 1;
        this.#options.log("message", `acknowledged id=${entry.id} topic=${entry.topic}`);
        this.#complete(entry, { kind: "accepted", data: answer?.data ?? {} });
      }
    }
  }

  /** Tries again after a pause that grows, `retryAfter` ms at least. */
  #keep(upload: Upload, reason: string, retryAfter: number, now: number): void {
    const step = Math.min(backoffFirst * 2 ** Math.min(this.#failures, 16), backoffLongest);
    this.#failures += 1;
    const wait = Math.max(retryAfter, Math.round(step * (0.5 + 0.5 * this.#options.random())));
    this.#notBefore = now + wait;
    const retry = `retry=${Math.round(wait / 1000)}s backlog=${this.#pending.length}`;
    this.#options.log(roomOf(upload), `kept ${name(upload)} reason="${reason}" ${retry}`);
  }

  #postpone(upload: Upload): void {
    this.#upload = undefined;
    for (let i = 0; i < upload.entries.length; i++) this.#pending.postpone(upload.entries[i].id);
  }

  /** Refused for good: one of several may be to blame, so each is tried by itself. */
  #refuse(upload: Upload, reason: string, enosCode?: number): void {
    this.#upload = undefined;
    const { entries } = upload;
    if (entries.length > 1) {
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i];
        if (entry.kind === "reading") entry.alone = true;
      }
      this.#options.log("report", `apart ${name(upload)} reason="${reason}"`);
      return;
    }
    const entry = entries[0];
    this.#pending.release(entry.id);
    this.#options.log(roomOf(upload), `refused ${name(upload)} reason="${reason}"`);
    if (entry.kind === "reading") this.totals.refused += 1;
    else
      this.#complete(
        entry,
        enosCode === undefined ? { kind: "refused", reason } : { kind: "refused", reason, enosCode },
      );
  }

  #drop(entry: Entry): void {
    if (entry.kind === "reading") {
      this.totals.dropped += 1;
      this.#options.log("report", `dropped id=${entry.id} reason=full`);
    } else {
      this.#options.log("message", `dropped id=${entry.id} topic=${entry.topic} reason=full`);
      this.#complete(entry, { kind: "dropped" });
    }
  }

  /** What the application does with it must not keep the next entry from being settled. */
  #complete(entry: Entry, how: Completion): void {
    if (entry.kind !== "message" || entry.done === undefined) return;
    try {
      entry.done(how);
    } catch (error) {
      this.#options.log("fault", `in done: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }
}

function roomOf(upload: Upload): string {
  return upload.entries[0].kind === "message" ? "message" : "report";
}

/** For logs: one entry's id, or the request's and how many it has. */
function name({ id, entries, topic }: Upload): string {
  if (entries[0].kind === "message") return `id=${id} topic=${topic}`;
  return entries.length === 1 ? `id=${id}` : `id=${id} readings=${entries.length}`;
}

/** Rejections that speak of the request and not of the device or its session. */
function blames(reason: Rejection): boolean {
  return reason !== "unauthorized" && reason !== "bad-option" && reason !== "forbidden";
}
