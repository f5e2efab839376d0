/**
 * Commands of the cloud, from the response that brings one to the answer that the cloud has received.
 *
 *     downlink -> executed once -> answer sent -> accepted
 *                                     |  refused, or no answer to it
 *                                     +-> the cloud sends the command again, which gets the same answer
 */
import { describeOutcome } from "../enos/outcome";
import { deviceRoot, pathOptions } from "../enos/topic";
import { CommandExecutor } from "./commands";
import type { CommandMemory } from "../continuity/command-memory";
import type { Credentials } from "../enos/credentials";
import type { PublishOutcome } from "../enos/outcome";
import type { Session } from "../enos/session";
import type { MemberNames } from "../text/member-names";
import type { Application } from "./application";
import type { CommandReply } from "./commands";
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
  readonly log: Log;
}

/** In how many of its next responses the cloud would send a command again whose answer it does not have. */
const repeats = 3;

/** Has the cloud's commands executed, and answers them. All times are monotonic, ms. */
export class CommandResponder {
  readonly #options: CommandResponderOptions;
  readonly #executor: CommandExecutor;
  readonly #root: string;
  readonly #counts = { commands: 0, repeatedCommands: 0 };
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

  /** Commands executed, and those that came again and got their answer again. */
  get counts(): { readonly commands: number; readonly repeatedCommands: number } {
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
    const handled = cut ? executor.refuse(topic, payload, now) : executor.handle(topic, payload, now);
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
    const { session, log } = this.#options;
    const { id, code } = reply;
    if (reply.duplicate) this.#counts.repeatedCommands += 1;
    else this.#counts.commands += 1;
    log({ kind: reply.duplicate ? "command repeated" : "command executed", command: reply.kind, id, code });
    const path = pathOptions(`${this.#root}/${reply.topic}`, reply.contentFormat);
    this.#replying += 1;
    session.send(
      {
        path,
        payload: reply.payload,
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
