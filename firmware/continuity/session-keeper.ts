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
  /** Memory that outlives deep sleep has the last contact, so that storage need not be written at each. */
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
  /** The contact after which a keep-alive was sent: without an answer, no second one follows. */
  #askedAfter = NaN;
  /** The last contact that is in storage, epoch ms, or monotonic as long as there is no clock. */
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
    const { memory, session } = this.#options;
    const stored = memory.session;
    if (stored === undefined) return;
    const known = epoch !== undefined && stored.lastContact > 0;
    session.resume(stored, known ? stored.lastContact - epoch : now, now, memory.continued);
  }

  /** The session was opened, or had contact: stores it if what is in storage has become too old. */
  keep(epoch: number | undefined, opened: boolean): void {
    const { session, memory, lifetime, retained } = this.#options;
    const { lastContact } = session;
    const stored = this.stored(epoch);
    if (stored === undefined) return;
    if (retained === true && !opened) return;
    const contact = epoch === undefined ? lastContact : epoch + lastContact;
    // A quarter of the lifetime: after a restart the session then seems older than it is by no more.
    if (!opened && contact - this.#keptContact < lifetime * 250) return;
    this.#keptContact = contact;
    memory.keepSession(stored);
  }

  /** Whether a keep-alive was sent since the last contact, and had no answer. */
  get askedInVain(): boolean {
    return this.#askedAfter === this.#options.session.lastContact;
  }

  /** After deep sleep, and `begin`: the keep-alive was sent before, so no second one follows. */
  leaveAlone(): void {
    this.#askedAfter = this.#options.session.lastContact;
  }

  /** Puts the session as it is now into the state for memory that outlives deep sleep. */
  hold(epoch: number | undefined): void {
    this.#options.memory.holdSession(this.stored(epoch));
  }

  /** The session with its last contact in epoch ms, 0 without a clock; undefined when there is none. */
  private stored(epoch: number | undefined): StoredSession | undefined {
    const { state, lastContact } = this.#options.session;
    if (state === undefined) return undefined;
    const { edition, token, sequence } = state;
    const contact = epoch === undefined ? 0 : Math.max(0, epoch + lastContact);
    return { edition, token, sequence, lastContact: contact };
  }

  /** When the session wants to be kept alive, unless a request comes first, ms; Infinity when it need not be. */
  get due(): number {
    const { session, keepAlive, lifetime } = this.#options;
    if (!keepAlive || this.#askedAfter === session.lastContact) return Infinity;
    return session.lapsesAt - Math.min(ahead, lifetime * 250);
  }

  /** Sends a request that keeps the session alive. */
  ask(now: number): void {
    const { session, credentials, memory, log } = this.#options;
    this.#askedAfter = session.lastContact;
    log({ kind: "session keep alive" });
    const path = pathOptions(`${deviceRoot(credentials)}/${Topic.tagQuery}`, ContentFormat.json);
    const payload = requestBody(String(memory.takeId()), Topic.tagQuery, { tags: [idleTag] });
    // Any answer keeps the session alive, and `onAnswered` of the session is told of it.
    session.send({ path, payload, onComplete() {} }, now);
  }
}
