/**
 * What the cloud hears of an update, and is asked: one report at a time, the newest that is due, and once a day the
 * versions that there are. Reports on the way there may get lost; the last one is repeated until it has arrived.
 */
import { ContentFormat } from "../coap/option";
import { requestBody } from "../enos/body";
import { describeOutcome } from "../enos/outcome";
import { pathOptions } from "../enos/topic";
import { Backoff } from "../timing/backoff";
import { isTaskGone, progressBody, progressTopic } from "./progress";
import { askTopic, readOffers, upgradeReply, upgradeReplyTopic } from "./upgrade-command";
import type { CommandId } from "../enos/command";
import type { PublishOutcome } from "../enos/outcome";
import type { Session } from "../enos/session";
import type { MemberNames } from "../text/member-names";
import type { Report } from "./progress";
import type { UpdateEvent } from "./update-event";
import type { Offer } from "./upgrade-command";

/** What of the device it speaks by. */
export interface Voice {
  readonly session: Pick<Session, "send" | "busy">;
  /** Path of the device's topics. */
  readonly root: string;
  /** Counts what the server's answers are made of. */
  readonly names: MemberNames;
  /** An id that no other message has. */
  readonly takeId: () => number;
}

/** Pauses between attempts, ms. */
const firstPause = 60_000;
const longestPause = 3_600_000;
/** So often a report may be refused that has to arrive: then the cloud does not want it. */
const mostRefusals = 3;

/** Speaks with the cloud of one update. All times are monotonic, ms. */
export class Reporter {
  readonly #voice: Voice;
  readonly #pauses: Backoff;
  readonly #log: (event: UpdateEvent) => void;
  #speaking = false;
  #notBefore = -Infinity;
  #refusals = 0;

  constructor(voice: Voice, random: () => number, log: (event: UpdateEvent) => void) {
    this.#voice = voice;
    this.#pauses = new Backoff(firstPause, longestPause, random);
    this.#log = log;
  }

  /** A report or a question is under way. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** When the next report may be sent. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /**
   * Tells a step.
   *
   * @param must it is repeated until it has arrived
   * @param onTold it has, or will not; `gone`: the cloud has no such task any more
   */
  tell(report: Report, must: boolean, onTold: (gone: boolean, now: number) => void, now: number): void {
    const { names, takeId } = this.#voice;
    const payload = progressBody(String(takeId()), report);
    const { step } = report;
    this.send(progressTopic, payload, now, (outcome, at) => {
      if (outcome.kind === "accepted") {
        this.#pauses.reset();
        this.#refusals = 0;
        this.#log({ kind: "update told", step });
        return onTold(isTaskGone(outcome.payload, names), at);
      }
      if (outcome.kind === "rejected") this.#refusals += 1;
      const over = !must || this.#refusals >= mostRefusals;
      const retryAfter = outcome.kind === "offline" ? outcome.retryAfter : 0;
      const retry = over ? 0 : Math.max(retryAfter, this.#pauses.next());
      this.#notBefore = at + retry;
      this.#log({ kind: "update untold", step, reason: describeOutcome(outcome), retry });
      if (!over) return;
      this.#refusals = 0;
      onTold(false, at);
    });
  }

  /** Asks for the versions that there are. @param onOffer there is one */
  ask(onOffer: (offer: Offer, now: number) => void, now: number): void {
    const { names, takeId } = this.#voice;
    this.send(askTopic, requestBody(String(takeId()), askTopic, {}), now, (outcome, at) => {
      const offer = outcome.kind === "accepted" ? readOffers(outcome.payload, names) : undefined;
      if (offer !== undefined) onOffer(offer, at);
    });
  }

  /** Answers a command. */
  reply(id: CommandId, code: number, message: string | undefined, now: number): void {
    const { session, root } = this.#voice;
    session.send(
      {
        path: pathOptions(`${root}/${upgradeReplyTopic}`, ContentFormat.json),
        payload: upgradeReply(id, code, message),
        answer: true,
        // The cloud sends the command again where this does not arrive.
        onComplete() {},
      },
      now,
    );
  }

  private send(
    topic: string,
    payload: Uint8Array,
    now: number,
    onComplete: (outcome: PublishOutcome, now: number) => void,
  ): void {
    const { session, root } = this.#voice;
    this.#speaking = true;
    session.send(
      {
        path: pathOptions(`${root}/${topic}`, ContentFormat.json),
        payload,
        onComplete: (outcome, at) => {
          this.#speaking = false;
          onComplete(outcome, at);
        },
      },
      now,
    );
  }
}
