/**
 * Obeys the cloud: reads a command, executes it once per id however often it arrives, and answers
 * each time. A handler may take its time: its command is answered when it is done, and a second
 * delivery meanwhile is left without an answer, for EnOS asks again.
 */
import { ContentFormat } from "../coap/option";
import { CommandCode, idText, jsonReply, parseJsonCommand } from "../enos/command";
import { Topic } from "../enos/topic";
import { fieldsFault, setFault } from "../model/check";
import { decodeCommand, encodeReply, serviceNumber } from "../model/command";
import { reasonOf } from "../text/reason";
import type { Command, CommandResult } from "../enos/command";
import type { Service, Thing, ThingFault, ThingValue, ThingValues, WithQuality } from "../model/thing";
import type { JsonExcess } from "../text/json";
import type { MemberNames } from "../text/member-names";
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
export type Handled = CommandReply | "unreadable" | JsonExcess | "working" | "overload";

/** Commands remembered for duplicates; EnOS holds few at a time. */
const rememberedLimit = 16;
/** Time that a handler has until its command counts as failed, ms. */
const patience = 300_000;
/** Longest raw answer, bytes. */
const longestReply = 8_192;

/** A command from its arrival on. */
interface Remembered {
  readonly key: string;
  readonly kind: string;
  readonly id: string | number;
  /** Undefined while its handler works. */
  reply: CommandReply | undefined;
  /** When its handler has had its time and the command counts as failed, ms. */
  readonly expires: number;
  /** Makes the answer to the command out of the handler's result. */
  readonly answer: (result: CommandResult) => CommandReply;
}

/** Reads, executes and answers commands; remembers the last few for their duplicates. */
export class CommandExecutor {
  readonly #thing: Thing;
  readonly #handlers: CommandHandlers;
  readonly #wake: () => void;
  readonly #names: MemberNames | undefined;
  #remembered: Remembered[] = [];
  #finished: CommandReply[] = [];

  /**
   * @param wake asks for `takeFinished` to be called soon
   * @param names counts what the server's commands are made of
   */
  constructor(thing: Thing, handlers: CommandHandlers, wake: () => void, names?: MemberNames) {
    this.#thing = thing;
    this.#handlers = handlers;
    this.#wake = wake;
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

  /** Executes a downlink on `topic`, unless it was before. */
  handle(topic: string, payload: Uint8Array, now: number): Handled {
    return topic === Topic.rawDown ? this.#raw(topic, payload, now) : this.#json(topic, payload, now);
  }

  /** Answers of handlers that took their time, or more than they have. */
  takeFinished(now: number): CommandReply[] {
    for (let i = 0; i < this.#remembered.length; i++) {
      const command = this.#remembered[i];
      if (command.reply === undefined && command.expires <= now) {
        const message = `no result within ${patience / 1000} s`;
        this.#finish(command, { code: CommandCode.failed, message });
      }
    }
    const finished = this.#finished;
    if (finished.length > 0) this.#finished = [];
    return finished;
  }

  #json(topic: string, payload: Uint8Array, now: number): Handled {
    const command = parseJsonCommand(topic, payload, this.#names);
    if (command === undefined) return "unreadable";
    if (typeof command === "string") return command;
    const id = idText(command.id);
    const kind = command.kind === "service" ? command.service : command.kind;
    const answer = (result: CommandResult): CommandReply => {
      const { code, body } = stated(command, result);
      const contentFormat = ContentFormat.json;
      const replyTopic = topic + Topic.replySuffix;
      return { topic: replyTopic, contentFormat, payload: body, duplicate: false, kind, id, code };
    };
    const key = `${topic} ${typeof command.id === "string" ? "text" : "number"} ${id}`;
    return this.#once(key, kind, id, now, answer, () => this.#execute(command));
  }

  #raw(topic: string, payload: Uint8Array, now: number): Handled {
    const command = decodeCommand(this.#thing, payload);
    const { requestId } = command;
    if (requestId === undefined) return "unreadable";
    const first = payload[0];
    const service = "service" in command ? command.service : undefined;
    const kind = service ?? ("kind" in command ? command.kind : `raw-${first}`);
    const answer = (result: CommandResult): CommandReply => {
      const { code, body } = this.#rawReply(first, requestId, result);
      const contentFormat = ContentFormat.octetStream;
      const replyTopic = topic + Topic.replySuffix;
      return { topic: replyTopic, contentFormat, payload: body, duplicate: false, kind, id: requestId, code };
    };
    return this.#once(`${topic} ${first} ${requestId}`, kind, requestId, now, answer, () => {
      if ("fault" in command) return { code: command.code, message: command.detail };
      return command.kind === "set" ? this.#set(command.values) : this.#run(command.service, command.inputs);
    });
  }

  #once(
    key: string,
    kind: string,
    id: string | number,
    now: number,
    answer: (result: CommandResult) => CommandReply,
    execute: () => CommandResult | Promise<CommandResult>,
  ): Handled {
    for (let i = 0; i < this.#remembered.length; i++) {
      if (this.#remembered[i].key !== key) continue;
      const reply = this.#remembered[i].reply;
      return reply === undefined ? "working" : { ...reply, duplicate: true };
    }
    if (!this.#makeRoom()) return "overload";
    const command: Remembered = { key, kind, id, reply: undefined, expires: now + patience, answer };
    this.#remembered.push(command);
    let result: CommandResult | Promise<CommandResult>;
    try {
      result = execute();
    } catch (error) {
      result = failure(error);
    }
    if (!isPromise(result)) return (command.reply = answer(sane(result)));
    const finish = (outcome: CommandResult): void => {
      this.#finish(command, outcome);
      this.#wake();
    };
    result.then(finish, (error: unknown) => finish(failure(error)));
    return "working";
  }

  /** Forgets the oldest command that is done: one at work has to stay, or its duplicate would run it twice. */
  #makeRoom(): boolean {
    if (this.#remembered.length < rememberedLimit) return true;
    for (let i = 0; i < this.#remembered.length; i++) {
      if (this.#remembered[i].reply === undefined) continue;
      this.#remembered.splice(i, 1);
      return true;
    }
    return false;
  }

  /** Notes the result of a command. The first one counts: a handler may still finish after its time is over. */
  #finish(command: Remembered, result: CommandResult): void {
    if (command.reply !== undefined) return;
    command.reply = command.answer(sane(result));
    this.#finished.push(command.reply);
  }

  #execute(command: Command): CommandResult | Promise<CommandResult> {
    switch (command.kind) {
      case "set":
        return this.#set(command.params);
      case "get":
        return this.#get(command.names);
      case "service": {
        const service = this.#service(command.service);
        const fault = service === undefined ? undefined : fieldsFault(service.inputs, command.params);
        return fault === undefined ? this.#run(command.service, command.params) : refusal(fault);
      }
    }
  }

  #run(name: string, inputs: Readonly<Record<string, unknown>>): CommandResult | Promise<CommandResult> {
    const { services } = this.#handlers;
    if (this.#service(name) === undefined || !Object.hasOwn(services, name)) {
      return { code: CommandCode.unknown, message: `no service ${name.slice(0, 64)}` };
    }
    const result = services[name](inputs);
    return isPromise(result) ? result.then((late) => this.#checked(name, late)) : this.#checked(name, result);
  }

  /** The result, or a failure when its outputs are not what the model says: the cloud would misread them. */
  #checked(name: string, given: CommandResult): CommandResult {
    const result = sane(given);
    if (result.code !== CommandCode.ok) return result;
    const fault = fieldsFault(this.#service(name)!.outputs, result.data ?? {});
    if (fault === undefined) return result;
    return { code: CommandCode.failed, message: `output ${fault.id} ${fault.detail}` };
  }

  /** Sets all points, or none if one of the values is wrong. */
  #set(values: Readonly<Record<string, unknown>>): CommandResult | Promise<CommandResult> {
    if (Object.keys(values).length === 0) {
      return { code: CommandCode.badRequest, message: "no measure point" };
    }
    const fault = setFault(this.#thing, values as ThingValues);
    return fault === undefined ? this.#handlers.set(values as ThingValues) : refusal(fault);
  }

  #get(names: readonly string[]): CommandResult {
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

  #service(name: string): Service | undefined {
    const number = serviceNumber(this.#thing, name);
    return this.#thing.services.find((service) => service.number === number);
  }

  #rawReply(first: number, requestId: number, result: CommandResult): { code: number; body: Uint8Array } {
    let out = new Uint8Array(64);
    for (;;) {
      const length = encodeReply(this.#thing, first, requestId, result.code, result.data, out);
      if (typeof length === "number") return { code: result.code, body: out.subarray(0, length) };
      if (out.length >= longestReply) break;
      out = new Uint8Array(2 * out.length);
    }
    return this.#rawReply(first, requestId, { code: CommandCode.failed });
  }
}

/** The JSON answer, or one that says why there is none. */
function stated(command: Command, result: CommandResult): { code: number; body: Uint8Array } {
  try {
    return { code: result.code, body: jsonReply(command, result) };
  } catch {
    // What a handler gave back has no JSON, such as a BigInt or a cycle.
    const code = CommandCode.failed;
    return { code, body: jsonReply(command, { code, message: "the result cannot be stated in JSON" }) };
  }
}

function refusal({ fault, id, detail }: ThingFault): CommandResult {
  const code = fault === "unknown" ? CommandCode.unknown : CommandCode.badRequest;
  return { code, message: `${id.slice(0, 64)} ${detail}` };
}

/** A handler that throws has failed; the cloud is told and the device lives on. */
function failure(error: unknown): CommandResult {
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
