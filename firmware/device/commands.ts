/**
 * Obeys the cloud: reads a command, executes it once per id however often it arrives, and answers
 * each time. A handler may take its time: its command is answered when it is done, and a second
 * delivery meanwhile is left without an answer, for EnOS asks again.
 *
 * What is handed to the application is remembered over sleep and restarts. What is not, a command that asks
 * for values or one that is refused, changes nothing and is answered anew. Sealed commands are all remembered: once a
 * later one was taken, nothing else would tell the repeat of one from an old one that somebody has kept.
 */
import { ContentFormat } from "../coap/option";
import {
  CommandCode,
  CommandRefusal,
  commandIdOfPart,
  idText,
  jsonReply,
  parseJsonCommand,
} from "../enos/command";
import { Topic } from "../enos/topic";
import { fieldsFault, setFault } from "../model/check";
import { commandHead, decodeCommand, encodeReply, serviceNumber } from "../model/command";
import { reasonOf } from "../text/reason";
import type { Command, CommandId, CommandResult } from "../enos/command";
import type { RequestId } from "../model/command";
import type { Service, Thing, ThingFault, ThingValue, ThingValues, WithQuality } from "../model/thing";
import type { JsonExcess } from "../text/json";
import type { MemberNames } from "../text/member-names";
import type { CommandMemory } from "../continuity/command-memory";
import type { CommandHandlers } from "./application";

/** An answer on its way to the cloud. */
export interface CommandReply {
  /** Topic below the device's root. */
  readonly topic: string;
  readonly contentFormat: number;
  readonly payload: Uint8Array;
  /** The command had been executed before. */
  readonly duplicate: boolean;
  /** For logs. */
  readonly kind: string;
  readonly id: string | number;
  readonly code: number;
}

/** What became of a downlink: its answer, or why there is none now. */
export type Handled =
  CommandReply | "unreadable" | "not-for-this-firmware" | JsonExcess | "working" | "overload" | "stale";

/** What the envelope of a command says of its age. */
export interface Freshness {
  /** Whether it may be executed where its id is none of before; an old one whose id is known is answered again. */
  readonly isFresh: boolean;
  /** Called before it is executed: older ones are not fresh from then on. */
  take(): void;
}

/** Commands remembered with their whole answers; `CommandMemory` knows more of them. */
const rememberedLimit = 16;
/** Time that a handler has until its command counts as failed, ms. */
const patience = 300_000;
/** Longest raw answer, bytes. */
const longestReply = 8_192;

/** A command that was read. */
interface Asked {
  /** What tells it from all others. */
  readonly key: string;
  /** All of its answer but what its outcome says. */
  readonly frame: Pick<CommandReply, "topic" | "contentFormat" | "kind" | "id">;
  /** States how it came out. */
  readonly state: (result: CommandResult) => { readonly code: number; readonly body: Uint8Array };
  /** @param begin to be called before the application is */
  readonly execute: (begin: () => void) => CommandResult | Promise<CommandResult>;
}

/** A command of this boot, from its arrival on. */
interface Remembered {
  readonly key: string;
  /** Undefined once it is done: with it goes what the command said. */
  asked: Asked | undefined;
  /** Undefined while its handler works. */
  reply: CommandReply | undefined;
  /** When its handler has had its time and the command counts as failed, ms. */
  readonly expires: number;
  /** Set once it is handed to the application. */
  fingerprint: Uint8Array | undefined;
}

/** Reads, executes and answers commands; remembers the last few for their duplicates. */
export class CommandExecutor {
  readonly #thing: Thing;
  readonly #handlers: CommandHandlers;
  readonly #wake: (() => void) | undefined;
  readonly #memory: CommandMemory;
  readonly #names: MemberNames | undefined;
  #remembered: Remembered[] = [];
  #finished: CommandReply[] = [];

  /**
   * @param wake asks for `takeFinished` to be called soon
   * @param memory holds what was executed, over sleep and restarts
   * @param names counts what the server's commands are made of
   */
  constructor(
    thing: Thing,
    handlers: CommandHandlers,
    wake: (() => void) | undefined,
    memory: CommandMemory,
    names?: MemberNames,
  ) {
    this.#thing = thing;
    this.#handlers = handlers;
    this.#wake = wake;
    this.#memory = memory;
    this.#names = names;
  }

  /** When the next handler has had its time, ms. */
  get deadline(): number {
    let deadline = Infinity;
    for (let i = 0; i < this.#remembered.length; i++) {
      const { reply, expires } = this.#remembered[i];
      if (reply === undefined && expires < deadline) deadline = expires;
    }
    return deadline;
  }

  /** A handler is at work. */
  get busy(): boolean {
    return this.deadline !== Infinity || this.#finished.length > 0;
  }

  /**
   * Executes a downlink on `topic`, unless it was before.
   *
   * @param freshness of what was in an envelope
   */
  handle(topic: string, payload: Uint8Array, now: number, freshness?: Freshness): Handled {
    return topic === Topic.rawDown
      ? this.raw(topic, payload, now, freshness)
      : this.json(topic, payload, now);
  }

  /**
   * Refuses a command that was too long for the device: unanswered, the cloud would send it again and again.
   *
   * @param part its beginning, which has to have its id
   */
  refuse(topic: string, part: Uint8Array, now: number): Handled {
    const refused = (): CommandResult => ({
      code: CommandCode.tooLong,
      message: "longer than the modem takes",
    });
    if (topic === Topic.rawDown) {
      const head = commandHead(part);
      if (head === undefined) return "unreadable";
      const { first, requestId } = head;
      return this.once(this.askedInBytes(topic, first, requestId, `raw-${first}`, refused), now);
    }
    const id = topic.startsWith(Topic.servicePrefix) ? commandIdOfPart(part) : undefined;
    if (id === undefined) return "unreadable";
    return this.once(askedInJson(topic, id, topic.slice(Topic.servicePrefix.length), refused), now);
  }

  /** Answers of handlers that took their time, or more than they have. */
  takeFinished(now: number): CommandReply[] {
    for (let i = 0; i < this.#remembered.length; i++) {
      const command = this.#remembered[i];
      if (command.reply === undefined && command.expires <= now) {
        const message = `no result within ${patience / 1000} s`;
        this.finish(command, { code: CommandCode.failed, message });
      }
    }
    const finished = this.#finished;
    if (finished.length > 0) this.#finished = [];
    return finished;
  }

  private json(topic: string, payload: Uint8Array, now: number): Handled {
    // Such as an upgrade, which is answered on a topic of its own.
    if (!topic.startsWith(Topic.servicePrefix)) return "not-for-this-firmware";
    const command = parseJsonCommand(topic, payload, this.#names);
    if (command === undefined) return "unreadable";
    if (typeof command === "string") return command;
    const kind = command.kind === "service" ? command.service : command.kind;
    return this.once(
      askedInJson(topic, command.id, kind, (begin) => this.execute(command, begin)),
      now,
    );
  }

  private raw(topic: string, payload: Uint8Array, now: number, freshness: Freshness | undefined): Handled {
    const head = commandHead(payload);
    if (head === undefined) return "unreadable";
    const { first, requestId: id } = head;
    const command = decodeCommand(this.#thing, payload);
    const service = "service" in command ? command.service : undefined;
    const kind = service ?? ("kind" in command ? command.kind : `raw-${first}`);
    const asked = this.askedInBytes(topic, first, id, kind, (begin) => {
      if ("fault" in command) return { code: command.code, message: command.detail };
      return command.kind === "set"
        ? this.set(command.values, begin)
        : this.run(command.service, command.inputs, begin);
    });
    return this.once(asked, now, freshness);
  }

  private askedInBytes(
    topic: string,
    first: number,
    id: RequestId,
    kind: string,
    execute: Asked["execute"],
  ): Asked {
    return {
      key: `${topic} ${first} ${id}`,
      frame: { topic: topic + Topic.replySuffix, contentFormat: ContentFormat.octetStream, kind, id },
      state: (result) => this.rawReply(first, id, result),
      execute,
    };
  }

  private once(asked: Asked, now: number, freshness?: Freshness): Handled {
    for (let i = 0; i < this.#remembered.length; i++) {
      if (this.#remembered[i].key !== asked.key) continue;
      const { reply } = this.#remembered[i];
      return reply === undefined ? "working" : { ...reply, duplicate: true };
    }
    const fingerprint = this.#memory.fingerprint(asked.key);
    if (this.#memory.knows(fingerprint)) return this.again(asked, fingerprint);
    if (freshness?.isFresh === false) return "stale";
    if (!this.makeRoom()) return "overload";
    const command: Remembered = {
      ...{ key: asked.key, asked, reply: undefined, expires: now + patience, fingerprint: undefined },
    };
    this.#remembered.push(command);
    const begin = (): void => {
      if (command.fingerprint !== undefined) return;
      this.#memory.begin(fingerprint, now);
      command.fingerprint = fingerprint;
    };
    if (freshness !== undefined) {
      freshness.take();
      begin();
    }
    let result: CommandResult | Promise<CommandResult>;
    try {
      result = asked.execute(begin);
    } catch (error) {
      result = failure(error);
    }
    if (!isPromise(result)) return this.conclude(command, result);
    const finish = (outcome: CommandResult): void => {
      this.finish(command, outcome);
      this.#wake?.();
    };
    result.then(finish, (error: unknown) => finish(failure(error)));
    return "working";
  }

  /** The answer to a command that was executed before this boot, or so long ago that only its outcome is kept. */
  private again(asked: Asked, fingerprint: Uint8Array): CommandReply {
    const outcome = this.#memory.outcome(fingerprint);
    if (outcome !== undefined && outcome.answer.length > 0) {
      return { ...asked.frame, payload: outcome.answer, code: outcome.code, duplicate: true };
    }
    const { code, body } = asked.state(
      outcome === undefined
        ? { code: CommandCode.interrupted, message: "begun before, and not executed again" }
        : {
            code: outcome.code === CommandCode.ok ? CommandCode.repeated : outcome.code,
            message: "executed before; the rest of its answer is not kept",
          },
    );
    return { ...asked.frame, payload: body, code, duplicate: true };
  }

  /** Forgets the oldest command that is done: one at work has to stay, or its duplicate would run it twice. */
  private makeRoom(): boolean {
    if (this.#remembered.length < rememberedLimit) return true;
    for (let i = 0; i < this.#remembered.length; i++) {
      if (this.#remembered[i].reply === undefined) continue;
      this.#remembered.splice(i, 1);
      return true;
    }
    return false;
  }

  /** Notes the result of a command. The first one counts: a handler may still finish after its time is over. */
  private finish(command: Remembered, result: CommandResult): void {
    if (command.reply !== undefined) return;
    this.#finished.push(this.conclude(command, result));
  }

  private conclude(command: Remembered, result: CommandResult): CommandReply {
    const { fingerprint } = command;
    const asked = command.asked!;
    command.asked = undefined;
    const { code, body } = asked.state(sane(result));
    if (fingerprint !== undefined) this.#memory.finish(fingerprint, { code, answer: body });
    return (command.reply = { ...asked.frame, payload: body, code, duplicate: false });
  }

  private execute(command: Command, begin: () => void): CommandResult | Promise<CommandResult> {
    switch (command.kind) {
      case "set":
        return this.set(command.params, begin);
      case "get":
        return this.get(command.names);
      case "service": {
        const service = this.service(command.service);
        const fault = service === undefined ? undefined : fieldsFault(service.inputs, command.params);
        return fault === undefined ? this.run(command.service, command.params, begin) : refusal(fault);
      }
    }
  }

  private run(
    name: string,
    inputs: Readonly<Record<string, unknown>>,
    begin: () => void,
  ): CommandResult | Promise<CommandResult> {
    const { services } = this.#handlers;
    if (this.service(name) === undefined || !Object.hasOwn(services, name)) {
      return { code: CommandCode.unknown, message: `no service ${name.slice(0, 64)}` };
    }
    begin();
    const result = services[name](inputs);
    return isPromise(result) ? result.then((late) => this.checked(name, late)) : this.checked(name, result);
  }

  /** The result, or a failure when its outputs are not what the model says: the cloud would misread them. */
  private checked(name: string, given: CommandResult): CommandResult {
    const result = sane(given);
    if (result.code !== CommandCode.ok) return result;
    const fault = fieldsFault(this.service(name)!.outputs, result.data ?? {});
    if (fault === undefined) return result;
    return { code: CommandCode.failed, message: `output ${fault.id} ${fault.detail}` };
  }

  /** Sets all points, or none if one of the values is wrong. */
  private set(
    values: Readonly<Record<string, unknown>>,
    begin: () => void,
  ): CommandResult | Promise<CommandResult> {
    if (Object.keys(values).length === 0) {
      return { code: CommandCode.badRequest, message: "no measure point" };
    }
    const fault = setFault(this.#thing, values as ThingValues);
    if (fault !== undefined) return refusal(fault);
    begin();
    return this.#handlers.set(values as ThingValues);
  }

  private get(names: readonly string[]): CommandResult {
    const data: Record<string, ThingValue | WithQuality> = {};
    for (let i = 0; i < names.length; i++) {
      const known = this.#thing.points.some((point) => point.identifier === names[i]);
      const value = known ? this.#handlers.get(names[i]) : undefined;
      if (value === undefined) {
        return { code: CommandCode.unknown, message: `no measure point ${names[i].slice(0, 64)}` };
      }
      data[names[i]] = value;
    }
    return { code: CommandCode.ok, data };
  }

  private service(name: string): Service | undefined {
    const number = serviceNumber(this.#thing, name);
    return this.#thing.services.find((service) => service.number === number);
  }

  private rawReply(
    first: number,
    requestId: RequestId,
    result: CommandResult,
  ): { code: number; body: Uint8Array } {
    let out = new Uint8Array(64);
    for (;;) {
      const length = encodeReply(this.#thing, first, requestId, result.code, result.data, out);
      if (typeof length === "number") return { code: result.code, body: out.subarray(0, length) };
      if (out.length >= longestReply) break;
      out = new Uint8Array(2 * out.length);
    }
    return this.rawReply(first, requestId, { code: CommandCode.failed });
  }
}

function askedInJson(topic: string, id: CommandId, kind: string, execute: Asked["execute"]): Asked {
  const text = idText(id);
  return {
    key: `${topic} ${typeof id === "string" ? "text" : "number"} ${text}`,
    frame: { topic: topic + Topic.replySuffix, contentFormat: ContentFormat.json, kind, id: text },
    state: (result) => stated(id, result),
    execute,
  };
}

/** The JSON answer, or one that says why there is none. */
function stated(id: CommandId, result: CommandResult): { code: number; body: Uint8Array } {
  try {
    return { code: result.code, body: jsonReply({ id }, result) };
  } catch {
    // What a handler gave back has no JSON, such as a BigInt or a cycle.
    const code = CommandCode.failed;
    return { code, body: jsonReply({ id }, { code, message: "the result cannot be stated in JSON" }) };
  }
}

function refusal({ fault, id, detail }: ThingFault): CommandResult {
  const code = fault === "unknown" ? CommandCode.unknown : CommandCode.badRequest;
  return { code, message: `${id.slice(0, 64)} ${detail}` };
}

/** A handler that throws has failed, or refuses; the cloud is told and the device lives on. */
function failure(error: unknown): CommandResult {
  if (error instanceof CommandRefusal) return { code: error.code, message: error.message };
  return { code: CommandCode.failed, message: reasonOf(error, "failed").slice(0, 120) };
}

/** Handlers are the user's: what they give back may be anything. */
function sane(result: CommandResult | undefined): CommandResult {
  if (Number.isInteger(result?.code)) return result!;
  return { code: CommandCode.failed, message: "the handler gave no result" };
}

function isPromise(value: unknown): value is Promise<CommandResult> {
  return typeof value === "object" && value !== null && "then" in value;
}
