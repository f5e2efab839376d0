/**
 * Model files of before: those that state no `format`. Their words are turned into EnOS's, and no byte on the wire
 * changes by it:
 *
 *     int32         int
 *     date          timestamp, which is epoch ms as it was: in a file of format 2, `date` is a text
 *     alert         warning
 *     maxLength     at most 1,024 bytes, as in EnOS, and maxItems at most 128
 *     int64         int64: EnOS has no such type, there the value is a double
 *
 * A file has the words of one format: what `date` means in it is never a guess.
 */
import { isObject } from "../../firmware/text/json";
import { longestText, modelFormat, mostItems } from "./model";
import type { ModelFault } from "./model";

/** EnOS's word for a type of before; what is not here is called as it was. */
export const typeOfBefore: Readonly<Record<string, string>> = Object.freeze({
  int32: "int",
  date: "timestamp",
});

/** EnOS's word for an event's level of before. */
export const levelOfBefore: Readonly<Record<string, string>> = Object.freeze({ alert: "warning" });

/** Types that came with format 2. */
const newTypes = ["int", "timestamp", "file"];

export interface Renewed {
  /** The file's value with EnOS's words; the same one when it has them. */
  readonly value: unknown;
  /** What was read otherwise than it is written, each once; none for a file in EnOS's words. */
  readonly notes: readonly string[];
  /** Words of format 2 in a file that does not state it. */
  readonly faults: readonly ModelFault[];
}

/** The value of a model file in EnOS's words, whatever else may be wrong with it. */
export function renewed(value: unknown): Renewed {
  if (!isObject(value) || value.format !== undefined) return { value, notes: [], faults: [] };
  const notes = new Set<string>();
  const faults: ModelFault[] = [];
  const whole = new Renewal(notes, faults).model(value);
  return { value: { format: modelFormat, ...whole }, notes: [...notes], faults };
}

type Json = Record<string, unknown>;

const stateFormat = 'add "format": 2 at its top, where date is a text and timestamp is epoch ms';

class Renewal {
  readonly #notes: Set<string>;
  readonly #faults: ModelFault[];

  constructor(notes: Set<string>, faults: ModelFault[]) {
    this.#notes = notes;
    this.#faults = faults;
  }

  model(model: Json): Json {
    if (model.sealed !== undefined) {
      this.#faults.push({
        path: "$.sealed",
        problem: "is a word of format 2, and the file does not state it",
        remedy: stateFormat,
      });
    }
    return {
      ...model,
      ...this.#lists(model, "$", {
        measurepoints: (point, path) => this.#type(point, path),
        attributes: (field, path) => this.#type(field, path),
        events: (event, path) => this.#event(event, path),
        services: (service, path) => this.#fields(service, path, ["inputs", "outputs"]),
      }),
    };
  }

  /** Those members that are lists of objects, each object renewed. */
  #lists(owner: Json, path: string, each: Readonly<Record<string, (one: Json, path: string) => Json>>): Json {
    const lists: Json = {};
    for (const [member, renew] of Object.entries(each)) {
      const list = owner[member];
      if (!Array.isArray(list)) continue;
      lists[member] = list.map((one: unknown, i) =>
        isObject(one) ? renew(one, `${path}.${member}[${i}]`) : one,
      );
    }
    return lists;
  }

  #fields(owner: Json, path: string, members: readonly string[]): Json {
    const renew = (field: Json, place: string): Json => this.#type(field, place);
    return {
      ...owner,
      ...this.#lists(owner, path, Object.fromEntries(members.map((member) => [member, renew]))),
    };
  }

  #event(event: Json, path: string): Json {
    const whole = this.#fields(event, path, ["outputs"]);
    if (whole.level === "warning") this.#misplaced("level", "warning", path);
    return { ...whole, ...this.#word(whole, "level", levelOfBefore) };
  }

  #type(given: Json, path: string): Json {
    if (newTypes.includes(given.type as string)) this.#misplaced("type", given.type as string, path);
    if (given.enumType !== undefined) this.#misplaced("enumType", String(given.enumType).slice(0, 20), path);
    if (given.type === "int64" || given.items === "int64") {
      this.#notes.add("int64 stays: EnOS has no such type, give its product a DOUBLE there");
    }
    if (given.quality === true && !/^(int|float$|double$)/.test(String(given.type))) {
      this.#notes.add(
        `quality of ${String(given.type).slice(0, 20)}: EnOS has it of INT, FLOAT and DOUBLE only`,
      );
    }
    return {
      ...this.#fields(given, path, ["fields"]),
      ...this.#word(given, "type", typeOfBefore),
      ...this.#word(given, "items", typeOfBefore),
      ...this.#atMost(given, "maxLength", longestText),
      ...this.#atMost(given, "maxItems", mostItems),
    };
  }

  #word(given: Json, member: string, words: Readonly<Record<string, string>>): Json {
    const word = given[member];
    if (typeof word !== "string" || !Object.hasOwn(words, word)) return {};
    this.#notes.add(`${word} is ${words[word]}${word === "date" ? " (epoch ms; date is a text now)" : ""}`);
    return { [member]: words[word] };
  }

  #atMost(given: Json, member: string, most: number): Json {
    const value = given[member];
    if (typeof value !== "number" || !(value > most)) return {};
    this.#notes.add(`${member} above ${most} is ${most}, EnOS's own limit`);
    return { [member]: most };
  }

  #misplaced(member: string, word: string, path: string): void {
    this.#faults.push({
      path: `${path}.${member}`,
      problem: `is ${JSON.stringify(word)}, a word of format 2, and the file does not state it`,
      remedy: stateFormat,
    });
  }
}
