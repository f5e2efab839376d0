/**
 * Commands from EnOS: reading them, and the body of their answers.
 */
import { encodeUtf8 } from "../text/utf8";
import { isObject, numberText, parseJsonObject, textMember } from "../text/json";
import { Topic } from "./topic";
import type { JsonExcess } from "../text/json";
import type { MemberNames } from "../text/member-names";

/** A number of which a double would lose digits, such as 12345678901234567890: its text, as it came. */
interface Digits {
  readonly digits: string;
}

/** The id of a command, which its answer repeats digit by digit. */
export type CommandId = string | number | Digits;

/** A command, whichever way it came. */
export interface Command {
  /** What it asks for: set or get measure points, or run a service. */
  readonly kind: "set" | "get" | "service";
  /** Id that the answer repeats and by which a second delivery is recognised. */
  readonly id: CommandId;
  /** `set`: identifiers and values. `get`: none. `service`: its inputs. */
  readonly params: Readonly<Record<string, unknown>>;
  /** `get`: the identifiers asked for. */
  readonly names: readonly string[];
  /** `service`: its identifier. */
  readonly service: string;
}

/** How the device fared: 200, or a code of the device's own, and what to send back. */
export interface CommandResult {
  readonly code: number;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Said to the operator when `code` is not 200. */
  readonly message?: string;
}

/**
 * Answer codes of the device, after HTTP's; a raw answer has room for those below 250 and for some of the others.
 * `repeated`: it went well when it was executed, and what it gave back was too long to be kept. `safeStart`: the
 * device obeys its built-in services alone. `interrupted`: the device stopped at it, and whether it took effect is
 * not known. `tooLong`: with it an answer is longer than the modem takes.
 */
export const CommandCode = Object.freeze({
  ok: 200,
  repeated: 208,
  safeStart: 240,
  interrupted: 241,
  tooLong: 242,
  badRequest: 400,
  unknown: 404,
  failed: 500,
} as const);

/** What a handler may throw to answer with a code of its own. */
export class CommandRefusal extends Error {
  override readonly name = "CommandRefusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a JSON command that came on `topic`. Undefined when it is no command at all; without an id
 * there would be nothing to answer. Of one that is too much to read, what there is too much of.
 *
 * @param names counts what the server's commands are made of, see `MemberNames`
 */
export function parseJsonCommand(
  topic: string,
  payload: Uint8Array,
  names?: MemberNames,
): Command | JsonExcess | undefined {
  if (!topic.startsWith(Topic.servicePrefix)) return undefined;
  const body = parseJsonObject(payload, undefined, names);
  if (!isObject(body)) return body;
  const id = idOf(payload, body.id);
  if (id === undefined) return undefined;
  const params = body.params;
  const record = isObject(params) ? params : {};
  if (topic === Topic.measurepointSet) return { kind: "set", id, params: record, names: [], service: "" };
  if (topic === Topic.measurepointGet) {
    return { kind: "get", id, params: {}, names: namesOf(params), service: "" };
  }
  return { kind: "service", id, params: record, names: [], service: topic.slice(Topic.servicePrefix.length) };
}

/** The id as its answer has to state it; undefined where there is none that could be repeated. */
function idOf(payload: Uint8Array, id: unknown): CommandId | undefined {
  if (typeof id === "string") return id.length === 0 || id.length > 64 ? undefined : id;
  // JSON can state 1e999, which is no number to anybody who reads the answer.
  if (typeof id !== "number" || !Number.isFinite(id)) return undefined;
  const digits = numberText(payload, "id");
  return digits === undefined || digits === String(id) ? id : { digits };
}

/** The id of a JSON command of which only the beginning has come; undefined where that does not have it. */
export function commandIdOfPart(part: Uint8Array): CommandId | undefined {
  return idOf(part, textMember(part, "id"));
}

/** The id as text, for what knows no numbers: the log, and the memory of what was executed. */
export function idText(id: CommandId): string | number {
  return typeof id === "object" ? id.digits : id;
}

/** Identifiers asked for, given as `["a"]` or as `{ "measurepoints": ["a"] }`. */
function namesOf(params: unknown): string[] {
  const list: unknown = Array.isArray(params)
    ? params
    : (params as { measurepoints?: unknown } | null | undefined)?.measurepoints;
  return Array.isArray(list) ? list.filter((name) => typeof name === "string") : [];
}

/** Body of the answer to a JSON command. */
export function jsonReply({ id }: Pick<Command, "id">, result: CommandResult): Uint8Array {
  const message = result.message === undefined ? "" : `,"message":${JSON.stringify(result.message)}`;
  const stated = typeof id === "object" ? id.digits : JSON.stringify(id);
  return encodeUtf8(
    `{"id":${stated},"code":${result.code}${message},"data":${JSON.stringify(result.data ?? {})}}`,
  );
}
