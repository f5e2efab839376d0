/**
 * How entries get to the cloud: one request at a time.
 *
 *    append -> queue -> plan -> sent -> stored -> released
 *                ^               | no answer, 5.xx: the same request again, after a pause that grows
 *                +---------------+ refused with others, or 5.xx for the third time: each by itself
 *                                | refused alone: waits until another request of the same session is
 *                                | accepted, so that the session is not to blame; then given up, told and counted
 *
 * A request, once it was sent, is sent again as it was: under another id the cloud could not tell a
 * second delivery from a new one.
 *
 * Of a product that seals with proof, nothing of this is believed but what the script has proven: any other answer is
 * none, after which the same is sent again, for ever. It may split a request, and put the session in doubt.
 */
import { isFinal } from "../enos/body";
import { describeOutcome, isBlame, wasAnswered } from "../enos/outcome";
import { Backoff } from "../timing/backoff";
import { Suspects } from "./suspects";
import { UploadQueue } from "./upload-queue";
import { RequestComposer, isStored } from "./request-composer";
import { reasonOf } from "../text/reason";
import type { Outcome } from "../coap/exchange";
import type { Answer } from "../enos/body";
import type { Blame, PublishOutcome, Rejection } from "../enos/outcome";
import type { Credentials } from "../enos/credentials";
import type { Session } from "../enos/session";
import type { RetryState } from "../continuity/deep-sleep-record";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { Flash } from "../journal/flash";
import type { FullPolicy } from "../journal/journal";
import type { JournalRecord } from "../journal/record-store";
import type { Thing } from "../model/thing";
import type { Order, QueueOwner } from "./upload-queue";
import type { DeliveryEvent } from "./delivery-event";
import type { Completion, Entry } from "./entry";
import type { PersistentState } from "../continuity/persistent-state";
import type { MemberNames } from "../text/member-names";
import type { DeliveryRequest } from "./request-composer";
import type { Sealing } from "./sealing";

const nothing: readonly Entry[] = Object.freeze([]);

/** Counts what answers cost that take nothing. */
interface RefusalBudget {
  /** An answer did not take what was sent, which will be sent again after `wait` ms. */
  refused(wait: number, now: number): void;
}

export interface UploaderOptions {
  readonly session: Session;
  readonly credentials: Credentials;
  readonly thing: Thing;
  /** Counts what the server's answers are made of. */
  readonly names: MemberNames;
  /** Random number in [0, 1). */
  readonly random: () => number;
  /** Longest payload of a request with several readings, bytes. */
  readonly payloadLimit: number;
  /** Longest datagram of the link, bytes. */
  readonly maxDatagram: number;
  /** How many readings must wait before a request is made: each request costs the energy of a connection. */
  readonly batch: number;
  /** Age from which a reading is late, ms. */
  readonly lateAfter: number;
  /** Pause between two requests while readings that have waited are sent, ms. */
  readonly spacing: number;
  /** Where entries outlive the loss of power; undefined for a board without. */
  readonly flash: Flash | undefined;
  /** See `UploadQueueOptions`. */
  readonly retained: RetainedMemory | undefined;
  readonly policy: FullPolicy;
  readonly order: Order;
  /** Gives requests with several readings their id. */
  readonly memory: PersistentState;
  /** Of a product that seals its payloads. */
  readonly sealing: Sealing | undefined;
  readonly contacts?: RefusalBudget;
  readonly log: (event: DeliveryEvent) => void;
}

/** Pauses between attempts, ms. */
const firstPause = 30_000;
const longestPause = 3_600_000;

/** Requests with the same reading in front that the server may refuse before its readings are sent one by one. */
const mostTogether = 3;

/** Sends readings and messages, each until the cloud has it or has refused it for good. */
export class Uploader implements QueueOwner {
  readonly #options: UploaderOptions;
  readonly #composer: RequestComposer;
  readonly #queue: UploadQueue;
  readonly #pauses: Backoff;
  /** The request that was sent last, until all its entries are settled or go apart. */
  #upload: DeliveryRequest | undefined;
  #inFlight = false;
  /** Entries are sent until none waits. True at the start: the first contact does not wait for a batch. */
  #draining = true;
  #notBefore = 0;
  readonly #suspects = new Suspects();
  /** The pause under way is for a suspect, and not for a link or a server that fails. */
  #suspectPauses = false;
  /** The pause under way follows an answer, by which the order of what waits may have changed. */
  #refusalPauses = false;
  /** Epoch ms at monotonic zero, once the network has told the time. */
  #epoch: number | undefined;

  /** Counted since start. */
  readonly totals = { acknowledged: 0, refused: 0, dropped: 0, messages: 0 };

  constructor(options: UploaderOptions) {
    this.#options = options;
    const { credentials, thing, payloadLimit, maxDatagram, flash, retained, policy, order, memory, log } =
      options;
    const limits = { payload: payloadLimit, datagram: maxDatagram };
    this.#composer = new RequestComposer(credentials, thing, limits, options.names, options.sealing);
    this.#pauses = new Backoff(firstPause, longestPause, options.random);
    this.#queue = new UploadQueue(
      { flash, retained, boot: memory.bootMark, policy, order, thing, log },
      this,
    );
  }

  /** For its queue: the entries of the request in flight, if there is one. */
  get entriesInFlight(): readonly Entry[] {
    return this.#upload?.entries ?? nothing;
  }

  /** For its queue: an entry is lost. */
  onLost(id: number, isReading: boolean, _reason: string, entry?: Entry): void {
    this.#suspects.forget(id);
    if (isReading) this.totals.dropped += 1;
    if (entry !== undefined) this.complete(entry, { kind: "dropped" });
  }

  /** Entries that wait for the cloud's acknowledgement. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** How often the journal's most erased block was erased; undefined without a journal. */
  get erases(): number | undefined {
    return this.#queue.erases;
  }

  /** Whether all entries that wait are in flash, so that RAM may be lost. */
  get safe(): boolean {
    return this.#queue.safe;
  }

  /** Keeps how the journal stands for the wake; nothing may change until then. */
  keepIndex(): void {
    this.#queue.keepIndex();
  }

  /** To be called while nothing is awaited: see `Journal.prepare`. */
  prepare(): void {
    this.#queue.prepare();
  }

  /** Whether nothing is to be sent for now. */
  get idle(): boolean {
    return !this.#draining;
  }

  /** After deep sleep, or for now: entries that wait go on waiting for a batch. */
  rest(): void {
    this.#draining = false;
  }

  /**
   * Whether RAM may be lost between two tries: the next one begins with what has waited longest. Not behind an answer that
   * refused it, for what the server fails at is sent behind all others, and a start would send it first again.
   */
  get mayStartAnew(): boolean {
    return !this.#inFlight && !(this.#draining && this.#refusalPauses);
  }

  /** What to keep over deep sleep: when the next try is due. */
  get retries(): RetryState {
    return { at: this.#notBefore, failures: this.#pauses.failures };
  }

  /** After deep sleep: goes on with the pauses. @param waits something was to be sent, and is still */
  resume({ at, failures }: RetryState, waits: boolean): void {
    this.#notBefore = at;
    this.#pauses.failures = failures;
    this.#draining = waits;
  }

  /** Whether a request is under way. */
  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** Whether the request under way carries all that waits, so that no other follows its answer. */
  get last(): boolean {
    return this.#queue.length <= (this.#upload?.entries.length ?? 0);
  }

  /** When the next try is due, ms; Infinity while nothing is to be tried or only the link is waited for. */
  deadline(polledAt: number): number {
    const waits = this.#draining && !this.#inFlight && this.#notBefore > polledAt;
    return waits ? this.#notBefore : Infinity;
  }

  /** For its queue: when a record was taken, ms on the monotonic clock, which went on in deep sleep. */
  takenAt({ dated, time, boot }: JournalRecord): number {
    const { continued, bootMark } = this.#options.memory;
    if (!continued) return -Infinity;
    if (dated) return this.#epoch === undefined ? -Infinity : time - this.#epoch;
    return boot === (bootMark & 0xffff) ? time : -Infinity;
  }

  /** Epoch ms at monotonic zero; undefined until the time is known. */
  get epoch(): number | undefined {
    return this.#epoch;
  }

  /** The clock was set: entries that have no time get theirs, and no other entry changes. */
  setEpoch(epoch: number): void {
    const first = this.#epoch === undefined;
    this.#epoch = epoch;
    if (first) this.#queue.date(epoch);
  }

  /** `now`, monotonic ms, as epoch ms; undefined until the time is known. */
  timeOf(now: number): number | undefined {
    return this.#epoch === undefined ? undefined : Math.round(this.#epoch + now);
  }

  /**
   * Takes an entry in: when this returns it is kept, and with a journal it outlives a loss of power. "held" when
   * the journal could not take it, and it waits in RAM. False when it was refused or there was no room, which the
   * log tells and `totals` count.
   */
  append(entry: Entry): "kept" | "held" | false {
    const taken = this.#queue.append(entry);
    if (typeof taken !== "string") this.giveUp(entry, taken.refused);
    if (taken !== "kept" && taken !== "held") return false;
    // It may show whether the session or the suspect is to blame.
    if (this.#suspectPauses) this.#notBefore = 0;
    if (entry.kind === "message") this.#draining = true;
    return taken;
  }

  /** Has readings sent although fewer wait than a batch has. */
  flush(): void {
    if (this.#queue.length > 0) this.#draining = true;
  }

  /** Whether there is something to send now, if the link is ready. */
  wants(now: number): boolean {
    const waiting = this.#queue.length;
    if (waiting >= this.#options.batch) this.#draining = true;
    if (waiting === 0) this.#draining = false;
    // A request is made when it can leave: behind others in the session it would age, and its time with it.
    return this.#draining && !this.#inFlight && now >= this.#notBefore && !this.#options.session.busy;
  }

  /**
   * Sends the next request, and the one after it when the outcome is known at once. It is a loop, and not a
   * call from `onComplete`, because a day of readings that cannot be sent would fill the stack.
   */
  send(now: number): void {
    while (this.wants(now)) this.sendNext(now);
  }

  private sendNext(now: number): void {
    const upload = this.nextUpload(now);
    // The journal counts entries that it cannot read back.
    if (upload === undefined) {
      // It is not asked again at once, because flash that cannot be read now may be readable later.
      this.#notBefore = now + firstPause;
      return void (this.#draining = false);
    }
    let payload: Uint8Array | string;
    try {
      payload = this.#composer.payload(upload);
    } catch (error) {
      // A getter or `toJSON` of the application's values has thrown: this entry is refused, the others go on.
      payload = `fault ${reasonOf(error)}`;
    }
    if (typeof payload === "string") return this.refuse(upload, payload);
    payload = this.#composer.sealed(upload, payload);
    const how = upload.entries.length > 1 ? "timed" : "alone";
    for (let i = 0; i < upload.entries.length; i++) this.#queue.noteTried(upload.entries[i], how);
    this.#inFlight = true;
    this.#options.session.send(
      {
        path: this.#composer.path(upload),
        format: this.#composer.format(upload),
        payload,
        divisible: upload.entries.length > 1,
        onComplete: (outcome, at) => {
          this.#inFlight = false;
          this.onOutcome(upload, outcome, at);
        },
      },
      now,
    );
  }

  private nextUpload(now: number): DeliveryRequest | undefined {
    const { lateAfter, memory } = this.#options;
    if (this.#upload !== undefined) return (this.#upload = this.#composer.aged(this.#upload, lateAfter, now));
    const entries = this.#suspects.last(this.#queue.next(now, lateAfter));
    if (entries.length === 0) return undefined;
    const id = memory.peekId();
    const upload = this.#composer.plan(entries, id, lateAfter, now);
    if (upload.id === id) memory.takeId();
    return (this.#upload = upload);
  }

  private onOutcome(upload: DeliveryRequest, outcome: PublishOutcome, now: number): void {
    if (outcome.kind === "accepted") {
      const answer = this.#composer.answer(upload, outcome.payload);
      if (answer === undefined) {
        if (outcome.cut !== true && this.#composer.needsProof(upload)) {
          return void this.doubt(upload, this.#composer.unproven(outcome.payload), now);
        }
        const reason = outcome.cut === true ? "cut-answer" : "unreadable-answer";
        this.keep(upload, reason, 0, now);
        return this.postpone(upload, reason);
      }
      const stored = isStored(answer);
      this.judge(upload, stored || answer.isUnopened !== true);
      if (stored) return this.release(upload, answer, now);
      const reason = `enos-code=${answer.code}`;
      if (isFinal(answer.code) && answer.isUnopened !== true) return this.refuse(upload, reason, answer.code);
      this.keep(upload, reason, 0, now);
      return this.postpone(upload, reason);
    }
    if (
      outcome.kind === "rejected" &&
      outcome.reason === "no-such-path" &&
      this.#composer.avoid(upload.topic)
    ) {
      this.#options.log({ kind: "report without", topic: upload.topic });
      // None of the readings can have been stored, so none has to be sent with its time again.
      for (let i = 0; i < upload.entries.length; i++) {
        const entry = upload.entries[i];
        if (entry.kind === "reading") entry.sentWithTime = false;
      }
      this.#upload = undefined;
      return;
    }
    // Refused by the server, or too large for a datagram beside this session's signature.
    if (outcome.kind !== "offline" && isBlame(outcome.reason)) {
      return this.suspect(upload, outcome, outcome.reason, now);
    }
    const retryAfter = outcome.kind === "offline" ? outcome.retryAfter : 0;
    this.keep(upload, describeOutcome(outcome), retryAfter, now, refuses(outcome));
    // This request may be the one that the server fails at, so the other entries are sent before it.
    if (outcome.kind === "rejected" && blames(outcome.reason)) this.postpone(upload, outcome.reason);
  }

  /**
   * The request was refused for what it says, in a session that has accepted nothing so far: its own entry is
   * to blame, or the session is, or somebody on the way has made up the refusal of what would be proven. The next
   * different request shows which.
   */
  private suspect(upload: DeliveryRequest, outcome: PublishOutcome, reason: Blame, now: number): void {
    const { session } = this.#options;
    const how = describeOutcome(outcome);
    if (outcome.kind === "rejected" && this.#composer.needsProof(upload)) {
      if (this.doubt(upload, `unproven ${how}`, now)) session.doubt(reason, now);
      return;
    }
    if (upload.entries.length > 1) return this.refuse(upload, reason);
    const way = this.#composer.isSealed(upload) ? "sealed" : "plain";
    if (this.#suspects.add(upload.entries[0].id, session.opened, reason, way)) session.doubt(reason, now);
    this.keep(upload, how, 0, now);
    this.#suspectPauses = true;
    this.postpone(upload);
  }

  /**
   * Nothing proves what the server said: the upload goes again, a single entry behind all others, which it may not hold up.
   *
   * @returns whether different ones came out so in this session
   */
  private doubt(upload: DeliveryRequest, reason: string, now: number): boolean {
    const { entries } = upload;
    this.keep(upload, reason, 0, now);
    if (entries.length > 1) {
      this.postpone(upload, reason);
      return false;
    }
    const others = this.#suspects.add(entries[0].id, this.#options.session.opened, reason, "proof");
    this.#suspectPauses = true;
    this.postpone(upload);
    return others;
  }

  /**
   * The server has accepted a request: what was refused in the same session may be itself to blame.
   *
   * @param isOpened an envelope was opened, if the request is in one
   */
  private judge(upload: DeliveryRequest, isOpened: boolean): void {
    const opened = isOpened && this.#composer.isSealed(upload);
    const guilty = this.#suspects.judge(upload.entries, this.#options.session.opened, opened);
    for (let i = 0; i < guilty.length; i++) {
      // One that has left RAM is sent once more when it is back.
      const entry = this.#queue.find(guilty[i].id);
      if (entry !== undefined) this.giveUp(entry, guilty[i].reason);
    }
  }

  /** The cloud has the entries of the request. */
  private release(upload: DeliveryRequest, answer: Answer, now: number): void {
    // One that nothing proves is tried again behind each of the others: its pauses must not begin anew each time.
    if (!this.#suspects.unproven) this.#pauses.reset();
    // A device that has days of readings to send pauses between requests, so that it does not load the cell.
    this.#suspectPauses = false;
    this.#refusalPauses = false;
    this.#notBefore = upload.late || upload.entries.length > 1 ? now + this.#options.spacing : 0;
    this.#upload = undefined;
    for (let i = 0; i < upload.entries.length; i++) {
      const entry = upload.entries[i];
      this.#queue.release(entry);
      if (entry.kind === "reading") {
        this.totals.acknowledged += 1;
        this.#options.log({ kind: "report acknowledged", id: entry.id, after: this.age(entry, now) });
      } else {
        this.totals.messages += 1;
        this.#options.log({ kind: "message acknowledged", id: entry.id, topic: entry.topic });
        this.complete(entry, { kind: "accepted", data: answer.data });
      }
    }
  }

  /** Sends the request again after a pause that grows, `retryAfter` ms at least. */
  private keep(
    upload: DeliveryRequest,
    reason: string,
    retryAfter: number,
    now: number,
    answered = true,
  ): void {
    const retry = Math.max(retryAfter, this.#pauses.next());
    this.#notBefore = now + retry;
    this.#suspectPauses = false;
    this.#refusalPauses = answered;
    if (answered) this.#options.contacts?.refused(retry, now);
    const { id, entries } = upload;
    const waiting = this.#queue.length;
    const first = entries[0];
    if (first.kind === "message") {
      const { topic } = first;
      return this.#options.log({ kind: "message kept", id, topic, reason, retry, waiting });
    }
    const readings = entries.length === 1 ? undefined : entries.length;
    this.#options.log({ kind: "report kept", id, readings, reason, retry, waiting });
  }

  /** @param reason why the server has not taken it, where that may be due to one of several readings */
  private postpone(upload: DeliveryRequest, reason?: string): void {
    const { entries } = upload;
    if (reason !== undefined && entries.length > 1) {
      const refusals = (entries[0].refusedFirst ?? 0) + 1;
      entries[0].refusedFirst = refusals;
      // A server that fails at one of them fails at each request with it, and the others would wait as long.
      if (refusals >= mostTogether) this.refuse(upload, reason);
    }
    this.#upload = undefined;
    for (let i = 0; i < entries.length; i++) this.#queue.postpone(entries[i]);
  }

  /** The request was refused for good. With several readings one may be to blame, so each is sent alone. */
  private refuse(upload: DeliveryRequest, reason: string, enosCode?: number): void {
    this.#upload = undefined;
    const { entries } = upload;
    if (entries.length > 1) {
      for (let i = 0; i < entries.length; i++) {
        this.#queue.noteTried(entries[i], "alone");
      }
      this.#options.log({ kind: "report apart", id: upload.id, readings: entries.length, reason });
      return;
    }
    this.giveUp(entries[0], reason, enosCode);
  }

  /** The log says so before flash does, since the power may fail in between. */
  private giveUp(entry: Entry, reason: string, enosCode?: number): void {
    if (entry.kind === "reading") {
      this.#options.log({ kind: "report refused", id: entry.id, reason });
      this.totals.refused += 1;
      return this.#queue.release(entry);
    }
    this.#options.log({ kind: "message refused", id: entry.id, topic: entry.topic, reason });
    this.#queue.release(entry);
    this.complete(
      entry,
      enosCode === undefined ? { kind: "refused", reason } : { kind: "refused", reason, enosCode },
    );
  }

  /** How long ago the entry was taken, ms; 0 when that is not known. */
  private age(entry: Entry, now: number): number {
    if (entry.takenAt !== -Infinity) return now - entry.takenAt;
    const { time } = entry;
    return time === undefined || this.#epoch === undefined ? 0 : this.#epoch + now - time;
  }

  /** Calls the message's callback. An exception in it must not keep the next entry from being settled. */
  private complete(entry: Entry, how: Completion): void {
    if (entry.kind !== "message" || entry.done === undefined) return;
    try {
      entry.done(how);
    } catch (error) {
      this.#options.log({ kind: "fault", text: `in done: ${reasonOf(error)}` });
    }
  }
}

/** Whether the server has answered, and not taken what was sent. */
function refuses(outcome: PublishOutcome): boolean {
  if (outcome.kind === "accepted" || outcome.reason === "waiting") return false;
  return wasAnswered(outcome.reason as Outcome["kind"]) === true;
}

/** Whether a rejection says that the request is wrong, and not the device or its session. */
function blames(reason: Rejection): boolean {
  return reason !== "unauthorized" && reason !== "bad-option" && reason !== "forbidden";
}
