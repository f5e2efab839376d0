/**
 * One device's session with EnOS: authentication, signatures, and the commands that ride back on
 * responses. No clock and no socket of its own: it talks through a CoAP endpoint, and every call
 * brings the time (ms, monotonic).
 *
 *            send()              2.xx, token            4.01, or a lifetime without contact
 *    closed --------> authenticating --------> online ---------------------------------------+
 *       ^                  |  4.xx, 5.xx, none            next send(): authenticate again <---+
 *       +------------------+  then wait: 15 s, 30 s, ... up to an hour
 *
 * A refusal that blames the request counts only in a session that was opened just now: the server may have
 * got another secret for the device since, and then reads nonsense out of every signature.
 */
import { Code } from "../coap/code";
import { ContentFormat } from "../coap/option";
import { Backoff } from "../timing/backoff";
import { Authentication } from "./authentication";
import { Downlinks } from "./downlinks";
import { isBlame, isTaken, rejectionOf, wasAnswered } from "./outcome";
import { RequestSigner, longestSignature, renewedFrom } from "./sign";
import { StatedFormat } from "./stated-format";
import { EnosOption, Topic, deviceRoot, pathOptions } from "./topic";
import type { Outcome } from "../coap/exchange";
import type { Option } from "../coap/option";
import type { Edition } from "./authentication";
import type { DownlinksOwner } from "./downlinks";
import type { Publication } from "./publication";
import type { Blame, PublishOutcome, Refusal, Rejection } from "./outcome";
import type { AuthenticationCause, SessionOptions } from "./session-options";

/** What a session needs to go on after a restart. The token is a secret. */
export interface SessionState {
  readonly edition: Edition;
  /** Empty in the editions without one. */
  readonly token: Uint8Array;
  /** The number of the next signed message. */
  readonly sequence: number;
}

interface Operation extends Publication {
  /** The request was sent before and refused, and the device has authenticated anew because of that. */
  repeated?: boolean;
  /** The request was sent before without its Content-Format, and refused. */
  restated?: boolean;
}

/** Requests that may wait while one is under way. */
const queueLimit = 8;
/** Pauses between attempts to authenticate, ms. */
const firstPause = 15_000;
const longestPause = 3_600_000;
/** Refusals that, of a session's first request, may be due to its signature or the edition, not its content. */
const doubtful: readonly Rejection[] = Object.freeze([
  "illegal-payload",
  "unauthorized",
  "bad-option",
] as const);
/**
 * A session counts as lapsed this much before the lifetime is over, ms. A request that is sent later may arrive
 * when the session is over; it is then refused, and costs one exchange more than to authenticate at once.
 */
const travel = 60_000;

/** A session of one device with one server. `send` does all: it authenticates where needed. */
export class Session implements DownlinksOwner {
  readonly #options: SessionOptions;
  readonly #signer: RequestSigner;
  readonly #authentication: Authentication;
  readonly #downlinks: Downlinks;
  readonly #format: StatedFormat;
  readonly #pauses: Backoff;
  /** How long it lives without contact by the device's clock, at least, ms. */
  readonly #lifetime: number;
  #state: "closed" | "authenticating" | "online" = "closed";
  #edition: Edition | undefined;
  #token: Uint8Array | undefined;
  #sequence = 0;
  /** From which sequence on a new session is cheaper; Infinity for none. */
  #renewedFrom = Infinity;
  /** The server has accepted a request of this session. */
  #proven = false;
  /** The server has accepted a request of any session since start. */
  #everProven = false;
  /** The session is from before a restart. */
  #resumed = false;
  #opened = 0;
  #lastContact = 0;
  #cause: AuthenticationCause = "first";
  #notBefore = 0;
  #queue: Operation[] = [];
  #busy = false;

  /**
   * @throws SettingsError when credentials, lifetime, iv or edition cannot work
   */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#authentication = new Authentication(options);
    const lifetime = options.lifetime * 1000 - Math.min(travel, options.lifetime * 250);
    this.#lifetime = lifetime / (1 + (options.drift ?? 0));
    this.#signer = new RequestSigner(options.crypto, options.credentials.deviceSecret, options.iv ?? "zero");
    this.#pauses = new Backoff(firstPause, longestPause, options.random);
    this.#downlinks = new Downlinks(options, this);
    this.#format = new StatedFormat(options.contentFormat, options.formats);
  }

  /** True once authenticated; whether the lifetime has lapsed since shows at the next request. */
  get online(): boolean {
    return this.#state === "online";
  }

  /** Edition of the current or last session; undefined before the first. */
  get edition(): Edition | undefined {
    return this.#edition;
  }

  /** How many sessions were opened since start, so that two requests can be told to be of the same one. */
  get opened(): number {
    return this.#opened;
  }

  /** Whether a request is under way or waits. */
  get busy(): boolean {
    return this.#busy || this.#queue.length > 0;
  }

  /** The session's state to be kept over a restart; undefined while there is no session. */
  get state(): SessionState | undefined {
    if (this.#state !== "online") return undefined;
    return { edition: this.#edition!, token: this.#token ?? new Uint8Array(0), sequence: this.#sequence + 1 };
  }

  /** When the last message that the server answered was sent, ms; -Infinity before the first. */
  get lastContact(): number {
    return this.#state === "online" ? this.#lastContact : -Infinity;
  }

  /** When the session lapses if nothing is sent, ms; Infinity when there is none. */
  get lapsesAt(): number {
    return this.#state === "online" ? this.#lastContact + this.#lifetime : Infinity;
  }

  /**
   * Goes on with a session from before a restart, if none was begun yet and it has not lapsed. Should
   * the server not know it any more, the first request costs one exchange more.
   *
   * @param lastContact when it had its last contact, ms on this boot's clock, so below zero
   * @param carried this firmware has used it with these very settings, so that a datagram has room for its token
   */
  resume(state: SessionState, lastContact: number, now: number, carried = false): boolean {
    if (this.#state !== "closed" || this.#edition !== undefined) return false;
    if (!this.#authentication.allows(state.edition)) return false;
    if (!(now - lastContact >= 0 && now - lastContact < this.#lifetime)) return false;
    if ((state.edition === "token") !== state.token.length > 0) return false;
    if (!carried && !this.carries(state.token)) return false;
    this.#state = "online";
    this.#edition = state.edition;
    this.#token = state.edition === "token" ? state.token : undefined;
    this.#sequence = state.sequence - 1;
    this.#renewedFrom = renewedFrom(state.token.length);
    this.#proven = false;
    this.#resumed = true;
    this.#opened += 1;
    this.#lastContact = lastContact;
    this.#options.onEvent?.({ kind: "resumed", edition: state.edition }, now);
    return true;
  }

  /** Sends a request, authenticating first where needed. */
  send(publication: Publication, now: number): void {
    if (publication.answer !== true) this.#downlinks.restart();
    if (this.#queue.length >= queueLimit) {
      publication.onComplete({ kind: "unanswered", reason: "queue-full" }, now);
      return;
    }
    this.#queue.push(publication);
    this.advance(now);
  }

  /** Its downlinks' GET goes before the requests that wait. */
  fetch(get: Publication): boolean {
    if (this.#queue.length >= queueLimit) return false;
    this.#queue.unshift(get);
    return true;
  }

  /** Different requests were refused one after the other: the next one authenticates the device anew. */
  doubt(reason: Blame, now: number): void {
    if (this.#state !== "online") return;
    if (this.#everProven || doubtful.indexOf(reason) < 0)
      this.#options.onEvent?.({ kind: "doubted", reason }, now);
    this.drop(reason);
  }

  private valid(now: number): boolean {
    return this.#state === "online" && now - this.#lastContact < this.#lifetime;
  }

  private advance(now: number): void {
    if (this.#busy || this.#queue.length === 0) return;
    if (this.valid(now)) {
      if (!this.outgrown(this.#queue[0])) return this.issue(this.#queue.shift()!, now);
      // The session is not dropped: should the server not open another one, this goes on.
      this.#cause = "longer-signature";
      return this.authenticate(now);
    }
    if (this.#state === "online") this.drop("lapsed");
    if (now < this.#notBefore) this.handBack("waiting", this.#notBefore - now, now);
    else this.authenticate(now);
  }

  /** Whether this request is better sent in a new session: not one that a command has asked for, which is in haste. */
  private outgrown({ code, answer }: Operation): boolean {
    return this.#sequence + 1 >= this.#renewedFrom && code === undefined && answer !== true;
  }

  /** No request can be sent now: ends all that wait as "offline". */
  private handBack(reason: Refusal, retryAfter: number, now: number): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (let i = 0; i < waiting.length; i++) {
      waiting[i].onComplete({ kind: "offline", reason, retryAfter }, now);
    }
  }

  private drop(cause: AuthenticationCause): void {
    this.#state = "closed";
    this.#token = undefined;
    this.#cause = cause;
  }

  private authenticate(now: number): void {
    const renews = this.#state === "online";
    this.#state = "authenticating";
    this.#busy = true;
    this.#options.onEvent?.({ kind: "authenticating", cause: this.#cause }, now);
    this.#options.endpoint.request(
      {
        address: this.#options.address,
        port: this.#options.port,
        code: Code.post,
        fixed: this.#authentication.path,
        payload: this.#authentication.payload,
        onComplete: (outcome, at) => {
          this.#busy = false;
          const refusal = this.open(outcome, now);
          if (refusal === undefined) {
            this.#options.onEvent?.({ kind: "online", edition: this.#edition! }, at);
            this.noteEnd(outcome.kind, at);
            this.advance(at);
            return;
          }
          if (renews && wasAnswered(outcome.kind) !== false) {
            this.#state = "online";
            this.#renewedFrom = Infinity;
            this.noteEnd(outcome.kind, at);
            return this.advance(at);
          }
          this.drop(this.#cause);
          const retryAfter = this.backOff(at);
          this.#options.onEvent?.({ kind: "refused", reason: refusal, retryAfter }, at);
          this.noteEnd(outcome.kind, at);
          this.handBack(refusal, retryAfter, at);
        },
      },
      now,
    );
  }

  /** Opens the session if the authentication, first sent at `sentAt`, let the device in; else says why not. */
  private open(outcome: Outcome, sentAt: number): Refusal | undefined {
    const answer = this.#authentication.read(outcome);
    if (typeof answer === "string") return answer;
    if (answer.token !== undefined && !this.carries(answer.token)) return "token-too-long";
    this.#token = answer.token;
    this.#edition = answer.edition;
    this.#sequence = 0;
    this.#renewedFrom = renewedFrom(answer.token?.length ?? 0);
    this.#proven = false;
    this.#resumed = false;
    this.#opened += 1;
    this.#lastContact = sentAt;
    this.#state = "online";
    return undefined;
  }

  /** Whether a datagram has room for a reading beside a signature made with this token. */
  private carries(token: Uint8Array): boolean {
    if (token.length === 0) return true;
    const { address, port, endpoint, credentials } = this.#options;
    // Of all topics that readings are sent to, the longest.
    const topic = `${deviceRoot(credentials)}/${Topic.measurepointResumeBatch}`;
    const fixed = pathOptions(topic, ContentFormat.json);
    const options = [{ number: EnosOption.sign, value: new Uint8Array(longestSignature(token.length)) }];
    return endpoint.carries({ address, port, code: Code.post, fixed, options });
  }

  /** Time until the next authentication may be tried, ms: doubles from 15 s to an hour, with a spread. */
  private backOff(now: number): number {
    const wait = this.#pauses.next();
    this.#notBefore = now + wait;
    return wait;
  }

  private issue(operation: Operation, now: number): void {
    this.#busy = true;
    this.#options.endpoint.request(
      {
        address: this.#options.address,
        port: this.#options.port,
        code: operation.code ?? Code.post,
        fixed: operation.path,
        options: () => this.optionsOf(operation),
        payload: operation.payload,
        onComplete: (outcome, at) => {
          this.#busy = false;
          this.onOutcome(operation, outcome, now, at);
          this.advance(at);
        },
      },
      now,
    );
  }

  private optionsOf({ format }: Operation): Option[] {
    const options: Option[] = [];
    const stated = this.#format.optionOf(format);
    if (stated !== undefined) options.push(stated);
    if (this.#token !== undefined) options.push(this.signature());
    return options;
  }

  /**
   * The signature of one message. Each message has a new number, even if the last one was never answered,
   * because the server may have seen it. Each block of a long body is a message.
   */
  private signature(): Option {
    this.#sequence += 1;
    this.#options.sequences?.coverSequence(this.#sequence);
    return { number: EnosOption.sign, value: this.#signer.sign(this.#token!, this.#sequence) };
  }

  /** @param sentAt first transmission, ms: the server's lifetime may run from there */
  private onOutcome(operation: Operation, outcome: Outcome, sentAt: number, now: number): void {
    if (outcome.kind !== "response") {
      this.complete(operation, { kind: "unanswered", reason: outcome.kind }, now);
      return;
    }
    const message = outcome.message;
    if (isTaken(message.code, operation.code ?? Code.post)) {
      this.#lastContact = sentAt;
      // Not at the authentication: a server may admit the device and then refuse all that it sends.
      this.#pauses.reset();
      this.#proven = true;
      this.#everProven = true;
      if (operation.format !== undefined && this.#format.accepted())
        this.#options.onEvent?.({ kind: "format-stated" }, now);
      // In this order the answer to a command is sent before the next command is fetched.
      const { payload, cut } = message;
      // What EnOS says of the request was cut off; only the answer to a command needs no more than its 2.04.
      if (cut === "options" && operation.answer !== true) {
        this.complete(operation, { kind: "unanswered", reason: "cut" }, now);
      } else
        this.complete(
          operation,
          { kind: "accepted", payload, cut: cut === undefined ? undefined : true },
          now,
        );
      this.#downlinks.take(message, now);
      return;
    }
    const reason = rejectionOf(message.code);
    if (operation.format !== undefined && this.#format.refused(message.code, operation.restated === true))
      return this.again({ ...operation, restated: true }, reason, now);
    if (reason === "unauthorized" || reason === "bad-option") {
      // The token has died, the sequence is out of step, the address has changed behind a NAT, or
      // the server has moved to the other edition: one fresh authentication tells.
      this.drop(reason);
      if (operation.repeated !== true) return this.repeat(operation, reason, now);
      // The request was refused right after an authentication: repeating both for ever would drain the battery.
      this.backOff(now);
    }
    const divided = reason === "too-large" && operation.divisible === true;
    const tried = this.#proven || this.#resumed;
    if (isBlame(reason) && tried && operation.repeated !== true && !divided) {
      this.drop(reason);
      return this.repeat(operation, reason, now);
    }
    if (doubtful.indexOf(reason) >= 0 && !(isBlame(reason) ? this.#everProven : this.#proven))
      this.#options.onEvent?.({ kind: "doubted", reason }, now);
    this.complete(operation, { kind: "rejected", code: message.code, reason }, now);
  }

  /** Sends the request once more in a new session. */
  private repeat(operation: Operation, reason: Rejection, now: number): void {
    this.again({ ...operation, repeated: true }, reason, now);
  }

  /** Sends the request once more; it waits for its owner's next try where that is too much. */
  private again(operation: Operation, reason: Rejection, now: number): void {
    if (this.#options.guard?.mayFollow("session", now) === false)
      return this.complete(operation, { kind: "offline", reason, retryAfter: 0 }, now);
    this.#queue.unshift(operation);
  }

  /** @param outcome how the exchange that carried the request ended */
  private complete(operation: Operation, outcome: PublishOutcome, now: number): void {
    const end = outcome.kind === "unanswered" ? outcome.reason : "response";
    if (operation.code === undefined) this.noteEnd(end, now);
    operation.onComplete(outcome, now);
  }

  private noteEnd(end: Outcome["kind"] | "cut", now: number): void {
    const answered = wasAnswered(end);
    if (answered !== undefined) this.#options.onAnswered?.(answered, now);
  }
}
