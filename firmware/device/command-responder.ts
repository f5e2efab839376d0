/**
 * Commands of the cloud, from the response that brings one to the answer that the cloud has received.
 *
 *     downlink -> executed once -> answer sent -> accepted
 *                                     |  refused, or no answer to it
 *                                     +-> the cloud sends the command again, which gets the same answer
 *
 * A product that seals its payloads takes what only its script can have sealed, and nothing else:
 *
 *     empty -> ignored: nothing that anybody could have made up
 *     plain, JSON, cut, forged -> refused, told, and not answered: whoever made it up learns nothing of it
 *     opened -> known by its id -> answered again
 *           +-> sealed before the last one that was taken -> refused as stale
 *           +-> executed; its answer is sealed each time that it is sent
 */
import { ContentFormat } from "../coap/option";
import { describeOutcome } from "../enos/outcome";
import { Topic, deviceRoot, pathOptions } from "../enos/topic";
import { CommandExecutor } from "./commands";
import type { CommandMemory } from "../continuity/command-memory";
import type { Credentials } from "../enos/credentials";
import type { SealRefusal, Sealing } from "../delivery/sealing";
import type { PublishOutcome } from "../enos/outcome";
import type { Session } from "../enos/session";
import type { MemberNames } from "../text/member-names";
import type { Application } from "./application";
import type { CommandReply, Handled } from "./commands";
import type { Log } from "./log";

export interface CommandResponderOptions {
  readonly application: Pick<Application, "thing" | "commands">;
  readonly credentials: Credentials;
  /** Counts what the server's commands are made of. */
  readonly names: MemberNames;
  /** Sends the answers. */
  readonly session: Pick<Session, "send">;
  /** Asks for `poll` to be called soon: a handler that took its time is done. */
  readonly wake: (() => void) | undefined;
  /** Knows which commands were executed before. */
  readonly memory: CommandMemory;
  /** Of a product that seals its payloads. */
  readonly sealing: Sealing | undefined;
  /** Knows the time, epoch ms; undefined until it is known. */
  readonly clock: { timeOf(now: number): number | undefined };
  /** Counts the commands that are nobody's who may give any. */
  readonly contacts: { forged(now: number): void };
  readonly log: Log;
}

/** In how many of its next responses the cloud would send a command again whose answer it does not have. */
const repeats = 3;

/** Has the cloud's commands executed, and answers them. All times are monotonic, ms. */
export class CommandResponder {
  readonly #options: CommandResponderOptions;
  readonly #executor: CommandExecutor;
  readonly #root: string;
  readonly #counts = { commands: 0, repeatedCommands: 0, refusedCommands: 0 };
  /** Responses of the cloud to wait for before it is sure that it does not send a command again. */
  #toAwait = 0;
  /** Answers that are on their way. */
  #replying = 0;

  constructor(options: CommandResponderOptions) {
    this.#options = options;
    const { thing, commands } = options.application;
    this.#executor = new CommandExecutor(thing, commands, options.wake, options.memory, options.names);
    this.#root = deviceRoot(options.credentials);
  }

  /** Commands executed, those that came again and got their answer again, and those that were not sealed as they must be. */
  get counts(): {
    readonly commands: number;
    readonly repeatedCommands: number;
    readonly refusedCommands: number;
  } {
    return this.#counts;
  }

  /** When the next handler has had its time. */
  get deadline(): number {
    return this.#executor.deadline;
  }

  /** Whether a handler is at work. */
  get busy(): boolean {
    return this.#executor.busy;
  }

  /** Whether an answer is on its way to the cloud. */
  get replying(): boolean {
    return this.#replying > 0;
  }

  /** Whether the cloud may send a command again that would not be known after deep sleep. */
  get mayRepeat(): boolean {
    return this.#toAwait > 0 && !this.#options.memory.lasting;
  }

  /**
   * Takes a command in: it is executed and answered, or left to its handler.
   *
   * @param cut it was too long for the device, and this is its beginning: it is refused
   */
  obey(topic: string, payload: Uint8Array, now: number, cut = false): void {
    if (cut) this.#options.log({ kind: "command too long", topic, received: payload.length });
    const executor = this.#executor;
    const { sealing } = this.#options;
    // What is no command for this firmware is none that could be forged, and neither is an answer without a byte in it, as
    // of a server that answers whatever it is asked with an empty 2.05.
    if (sealing !== undefined && payload.length === 0) return this.tell("unreadable", topic, now);
    if (sealing !== undefined && (topic === Topic.rawDown || topic.startsWith(Topic.servicePrefix))) {
      return this.open(sealing, topic, payload, now, cut);
    }
    this.tell(cut ? executor.refuse(topic, payload, now) : executor.handle(topic, payload, now), topic, now);
  }

  private open(sealing: Sealing, topic: string, payload: Uint8Array, now: number, cut: boolean): void {
    if (topic !== Topic.rawDown) return this.refuse(topic, "plain", now);
    const opened = cut ? "truncated" : sealing.open(payload);
    if (typeof opened === "string") return this.refuse(topic, opened, now);
    const { plain, time } = opened;
    const handled = this.#executor.handle(topic, plain, now, {
      isFresh: sealing.isFresh(time, this.#options.clock.timeOf(now)),
      take: () => sealing.take(time),
    });
    if (handled === "stale") this.refuse(topic, handled, now);
    else this.tell(handled, topic, now);
  }

  private refuse(topic: string, reason: SealRefusal, now: number): void {
    const { contacts, log } = this.#options;
    this.#counts.refusedCommands += 1;
    contacts.forged(now);
    log({ kind: "command refused", topic, reason });
  }

  private tell(handled: Handled, topic: string, now: number): void {
    if (typeof handled !== "string") this.answer(handled, now);
    else if (handled === "working") this.#options.log({ kind: "command working", topic });
    else this.#options.log({ kind: "command ignored", topic, reason: handled });
  }

  /** Answers the commands whose handlers have taken their time; whether there were any. */
  poll(now: number): boolean {
    const finished = this.#executor.takeFinished(now);
    for (let i = 0; i < finished.length; i++) this.answer(finished[i], now);
    return finished.length > 0;
  }

  /** The cloud has responded to a request of the session's. */
  responded(): void {
    if (this.#toAwait > 0) this.#toAwait -= 1;
  }

  private answer(reply: CommandReply, now: number): void {
    const { session, sealing, log } = this.#options;
    const { id, code } = reply;
    if (reply.duplicate) this.#counts.repeatedCommands += 1;
    else this.#counts.commands += 1;
    log({ kind: reply.duplicate ? "command repeated" : "command executed", command: reply.kind, id, code });
    const { contentFormat } = reply;
    const raw = contentFormat === ContentFormat.octetStream;
    const path = pathOptions(`${this.#root}/${reply.topic}`, raw ? undefined : contentFormat);
    this.#replying += 1;
    session.send(
      {
        path,
        format: raw ? contentFormat : undefined,
        payload: sealing === undefined ? reply.payload : sealing.sealReply(reply.payload),
        answer: true,
        onComplete: (outcome) => this.sent(id, outcome),
      },
      now,
    );
  }

  private sent(id: string | number, outcome: PublishOutcome): void {
    const { log } = this.#options;
    this.#replying -= 1;
    if (outcome.kind === "accepted") {
      this.#toAwait = 0;
      log({ kind: "command answered", id });
      return;
    }
    // The refusal is the first of those responses.
    this.#toAwait = outcome.kind === "rejected" ? repeats - 1 : repeats;
    log({ kind: "command unanswered", id, reason: describeOutcome(outcome) });
  }
}
