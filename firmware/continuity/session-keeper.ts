/**
 * Why a session is kept: each authentication costs one exchange more, for which the radio is on.
 */
import { requestBody } from "../enos/body";
import { ContentFormat } from "../coap/option";
import { Topic, deviceRoot, pathOptions } from "../enos/topic";
import type { Credentials } from "../enos/credentials";
import type { Session } from "../enos/session";
import type { ContinuityEvent } from "./continuity-event";
import type { PersistentState, StoredSession } from "./persistent-state";

export interface SessionKeeperOptions {
  readonly session: Session;
  readonly memory: PersistentState;
  readonly credentials: Credentials;
  /** Seconds without contact until the cloud ends a session. */
  readonly lifetime: number;
  /** Whether a session is kept alive while no reading is due. */
  readonly keepAlive: boolean;
  /** Memory that outlives deep sleep has the last contact: storage need not be written for it. */
  readonly retained?: boolean;
  readonly log: (event: ContinuityEvent) => void;
}

/** Time before a session lapses at which it is kept alive, ms: the try may take two attempts. */
const ahead = 300_000;
/** The shortest question that EnOS answers: a tag that no device has. */
const idleTag = "-";

/**
 * Keeps one session with the cloud for as long as the cloud knows it: over deep sleep and restarts, and
 * over hours in which no reading is due.
 */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #begun = false;
  /** The contact after which it was asked for once: an answer makes another, silence is left alone. */
  #askedAfter = NaN;
  /** Last contact that was kept, epoch ms, or monotonic as long as there is no clock. */
  #keptContact = -Infinity;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /**
   * Before the first request of a boot: takes the session up again that the last boot left.
   *
   * @param epoch epoch ms at monotonic zero; while it is unknown the session is taken for alive
   */
  begin(epoch: number | undefined, now: number): void {
    if (this.#begun) return;
    this.#begun = true;
    const stored = this.#options.memory.session;
    if (stored === undefined) return;
    const known = epoch !== undefined && stored.lastContact > 0;
    this.#options.session.resume(stored, known ? stored.lastContact - epoch : now, now);
  }

  /** The session was opened, or had contact: it is written when it would be missed. */
  keep(epoch: number | undefined, opened: boolean): void {
    const { session, memory, lifetime, retained } = this.#options;
    const { lastContact } = session;
    const stored = this.#stored(epoch);
    if (stored === undefined) return;
    if (retained === true && !opened) return;
    const contact = epoch === undefined ? lastContact : epoch + lastContact;
    // A quarter: a restart then takes the session for little older than it is.
    if (!opened && contact - this.#keptContact < lifetime * 250) return;
    this.#keptContact = contact;
    memory.keepSession(stored);
  }

  /** It was asked for since the last contact, in vain. */
  get askedInVain(): boolean {
    return this.#askedAfter === this.#options.session.lastContact;
  }

  /** After deep sleep, and `begin`: one try is enough. */
  leaveAlone(): void {
    this.#askedAfter = this.#options.session.lastContact;
  }

  /** The session as it is now, for memory that outlives deep sleep. */
  hold(epoch: number | undefined): void {
    this.#options.memory.holdSession(this.#stored(epoch));
  }

  /** The session with its last contact in epoch ms, 0 without a clock; undefined when there is none. */
  #stored(epoch: number | undefined): StoredSession | undefined {
    const { state, lastContact } = this.#options.session;
    if (state === undefined) return undefined;
    return { ...state, lastContact: epoch === undefined ? 0 : Math.max(0, epoch + lastContact) };
  }

  /** When the session wants to be kept alive, ms; Infinity when a request comes first, or it need not be. */
  deadline(nextRequest: number): number {
    const { session, keepAlive, lifetime } = this.#options;
    if (!keepAlive || this.#askedAfter === session.lastContact) return Infinity;
    const due = session.lapsesAt - Math.min(ahead, lifetime * 250);
    return nextRequest <= due ? Infinity : due;
  }

  /** Keeps it alive. */
  ask(now: number): void {
    const { session, credentials, memory, log } = this.#options;
    this.#askedAfter = session.lastContact;
    log({ kind: "session keep alive" });
    const path = pathOptions(`${deviceRoot(credentials)}/${Topic.tagQuery}`, ContentFormat.json);
    const payload = requestBody(String(memory.takeId()), Topic.tagQuery, { tags: [idleTag] });
    // Any answer has kept it alive, and the session's owner hears of every one.
    session.send({ path, payload, onComplete() {} }, now);
  }
}
