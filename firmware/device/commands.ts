/**
 * Obeys the cloud: reads a command, executes it once per id however often it arrives, and answers
 * each time.
 */
import { ContentFormat } from "../coap/option";
import { CommandCode, jsonReply, parseJsonCommand } from "../enos/command";
import { Topic } from "../enos/topic";
import { fits } from "../model/point";
import { decodeSet, encodeReply, rawSet } from "../model/raw";
import type { Command, CommandResult } from "../enos/command";
import type { PointDefinition, Value, Values } from "../model/point";

/** What the application does when it is told to. */
export interface CommandHandlers {
  /** Sets measure points; they exist, are writable and the values fit. */
  readonly set: (values: Values) => CommandResult;
  /** Current value of a measure point, or undefined. */
  readonly get: (id: string) => Value | undefined;
  /** Services by identifier. */
  readonly services: Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => CommandResult>>;
}

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

/** Commands remembered for duplicates; EnOS holds few at a time. */
const rememberedLimit = 16;

/** Reads, executes and answers commands; remembers the last few for their duplicates. */
export class CommandExecutor {
  readonly #points: readonly PointDefinition[];
  readonly #handlers: CommandHandlers;
  #answered: { readonly key: string; readonly reply: CommandReply }[] = [];

  constructor(points: readonly PointDefinition[], handlers: CommandHandlers) {
    this.#points = points;
    this.#handlers = handlers;
  }

  /** The answer to a downlink on `topic`, or undefined when it is nothing that can be answered. */
  handle(topic: string, payload: Uint8Array): CommandReply | undefined {
    return topic === Topic.rawDown ? this.#raw(topic, payload) : this.#json(topic, payload);
  }

  #json(topic: string, payload: Uint8Array): CommandReply | undefined {
    const command = parseJsonCommand(topic, payload);
    if (command === undefined) return undefined;
    const key = `${topic} ${typeof command.id} ${command.id}`;
    return this.#once(key, () => {
      let result = guarded(() => this.#execute(command));
      let payload: Uint8Array;
      try {
        payload = jsonReply(command, result);
      } catch {
        // What a service gave back has no JSON, such as a BigInt or a cycle.
        result = { code: CommandCode.failed, message: "the result cannot be stated in JSON" };
        payload = jsonReply(command, result);
      }
      return {
        topic: topic + Topic.replySuffix,
        contentFormat: ContentFormat.json,
        payload,
        duplicate: false,
        kind: command.kind === "service" ? command.service : command.kind,
        id: command.id,
        code: result.code,
      };
    });
  }

  #raw(topic: string, payload: Uint8Array): CommandReply | undefined {
    const set = decodeSet(this.#points, payload);
    const requestId = set.requestId;
    if (requestId === undefined) return undefined;
    const kind = payload[0];
    return this.#once(`${topic} ${kind} ${requestId}`, () => {
      let code: number;
      if (!("fault" in set)) code = guarded(() => this.#set(set.values)).code;
      else if (set.fault === "unknown-command") code = CommandCode.unknown;
      else code = CommandCode.badRequest;
      return {
        topic: topic + Topic.replySuffix,
        contentFormat: ContentFormat.octetStream,
        payload: encodeReply(kind, requestId, code),
        duplicate: false,
        kind: kind === rawSet ? "set" : `raw-${kind}`,
        id: requestId,
        code,
      };
    });
  }

  #once(key: string, execute: () => CommandReply): CommandReply {
    for (let i = 0; i < this.#answered.length; i++) {
      if (this.#answered[i].key === key) return { ...this.#answered[i].reply, duplicate: true };
    }
    const reply = execute();
    if (this.#answered.length >= rememberedLimit) this.#answered.shift();
    this.#answered.push({ key, reply });
    return reply;
  }

  #execute(command: Command): CommandResult {
    switch (command.kind) {
      case "set":
        return this.#set(command.params);
      case "get":
        return this.#get(command.names);
      case "service": {
        const services = this.#handlers.services;
        if (!Object.hasOwn(services, command.service)) {
          return { code: CommandCode.unknown, message: `no service ${command.service.slice(0, 64)}` };
        }
        return services[command.service](command.params);
      }
    }
  }

  /** All points or none: a command that is half wrong changes nothing. */
  #set(values: Readonly<Record<string, unknown>>): CommandResult {
    const checked: Record<string, Value> = {};
    const names = Object.keys(values);
    if (names.length === 0) return { code: CommandCode.badRequest, message: "no measure point" };
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      const point = this.#point(name);
      if (point === undefined) {
        return { code: CommandCode.unknown, message: `no measure point ${name.slice(0, 64)}` };
      }
      if (point.writable !== true) {
        return { code: CommandCode.badRequest, message: `${point.id} cannot be set` };
      }
      const value = values[name];
      if (!fits(point, value)) {
        return { code: CommandCode.badRequest, message: `${point.id} takes ${point.type}` };
      }
      checked[point.id] = value;
    }
    return this.#handlers.set(checked);
  }

  #get(names: readonly string[]): CommandResult {
    const data: Record<string, Value> = {};
    for (let i = 0; i < names.length; i++) {
      const point = this.#point(names[i]);
      const value = point === undefined ? undefined : this.#handlers.get(point.id);
      if (point === undefined || value === undefined) {
        return { code: CommandCode.unknown, message: `no measure point ${names[i].slice(0, 64)}` };
      }
      data[point.id] = value;
    }
    return { code: CommandCode.ok, data };
  }

  #point(id: string): PointDefinition | undefined {
    for (let i = 0; i < this.#points.length; i++) if (this.#points[i].id === id) return this.#points[i];
    return undefined;
  }
}

/** A handler that throws has failed; the cloud is told and the device lives on. */
function guarded(run: () => CommandResult): CommandResult {
  try {
    return run();
  } catch (error) {
    return {
      code: CommandCode.failed,
      message: error instanceof Error ? error.message.slice(0, 120) : "failed",
    };
  }
}
