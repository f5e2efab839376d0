/**
 * What the cloud hears of an update, and is asked: one report at a time, the newest that is due, and once a day the
 * versions that there are. Reports on the way there may get lost; the last one is repeated until it has arrived.
 */
import { ContentFormat } from "../coap/option";
import { requestBody } from "../enos/body";
import { describeOutcome } from "../enos/outcome";
import { deviceRoot, pathOptions } from "../enos/topic";
import { Backoff } from "../timing/backoff";
import { isTaskGone, progressBody, progressTopic } from "./progress";
import { askTopic, readOffers, upgradeReply, upgradeReplyTopic } from "./upgrade-command";
import type { OptionBlock } from "../coap/option";
import type { CommandId } from "../enos/command";
import type { PublishOutcome } from "../enos/outcome";
import type { Report } from "./progress";
import type { UpdateHost } from "./update-host";
import type { Offer } from "./upgrade-command";

/** Pauses between attempts, ms. */
const firstPause = 60_000;
const longestPause = 3_600_000;
/** So often a report may be refused that has to arrive: then the cloud does not want it. */
const mostRefusals = 3;

/** Speaks with the cloud of one update. All times are monotonic, ms. */
export class Reporter {
  readonly #host: UpdateHost;
  #speaking = false;
  /** Attempts in vain since one has arrived, and when the next one may come. */
  #failures = 0;
  #notBefore = -Infinity;
  #refusals = 0;

  constructor(host: UpdateHost) {
    this.#host = host;
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
    const { step } = report;
    const host = this.#host;
    this.send(progressTopic, progressBody(this.takeId(), report), now, (outcome, at) => {
      if (outcome.kind === "accepted") {
        this.#failures = 0;
        this.#refusals = 0;
        host.log({ kind: "update told", step });
        return onTold(isTaskGone(outcome.payload, host.voice!.names), at);
      }
      if (outcome.kind === "rejected") this.#refusals += 1;
      const over = !must || this.#refusals >= mostRefusals;
      const retry = over ? 0 : Math.max(outcome.kind === "offline" ? outcome.retryAfter : 0, this.pause());
      this.#notBefore = at + retry;
      host.log({ kind: "update untold", step, reason: describeOutcome(outcome), retry });
      if (!over) return;
      this.#refusals = 0;
      onTold(false, at);
    });
  }

  /** Asks for the versions that there are. @param onOffer there is one */
  ask(onOffer: (offer: Offer, now: number) => void, now: number): void {
    this.send(askTopic, requestBody(this.takeId(), askTopic, {}), now, (outcome, at) => {
      if (outcome.kind !== "accepted") return;
      const offer = readOffers(outcome.payload, this.#host.voice!.names);
      if (offer !== undefined) onOffer(offer, at);
    });
  }

  /** Answers a command. */
  reply(id: CommandId, code: number, message: string | undefined, now: number): void {
    this.#host.voice!.session.send(
      {
        path: this.pathOf(upgradeReplyTopic),
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
    this.#speaking = true;
    this.#host.voice!.session.send(
      {
        path: this.pathOf(topic),
        payload,
        onComplete: (outcome, at) => {
          this.#speaking = false;
          onComplete(outcome, at);
        },
      },
      now,
    );
  }

  private pathOf(topic: string): OptionBlock {
    const { credentials } = this.#host.parts!;
    return pathOptions(`${deviceRoot(credentials)}/${topic}`, ContentFormat.json);
  }

  private takeId(): string {
    return String(this.#host.voice!.memory.takeId());
  }

  /** Time until the next attempt. */
  private pause(): number {
    const { random } = this.#host.parts!;
    return new Backoff(firstPause, longestPause, random, this.#failures++).next();
  }
}
