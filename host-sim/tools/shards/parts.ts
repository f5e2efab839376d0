/**
 * What a shard leaves in its file, and whether the files of several are a whole run. A merge leaves no part out silently: one
 * that is missing, came twice, has failed, is cut or belongs to another run is told by its file's name, and nothing is merged.
 */
import { isObject } from "../../../firmware/text/json";
import { isShard } from "./shard";
import type { Shard } from "./shard";

/** What each part says of itself. */
export interface PartHead {
  /** Which command's it is, and in which form: a stranger's file is told from one of ours by it. */
  readonly form: string;
  /** What the whole run is: the parts of one have the same. */
  readonly plan: object;
  readonly shard: Shard;
}

/** A part, and the file that it is from. */
export interface Named<Part> {
  readonly name: string;
  readonly part: Part;
}

/** Why something is none, in words that fit behind a file's name. */
export interface Problem {
  readonly problem: string;
}

/** What of a part's file every command reads alike. */
export interface ReadPart {
  readonly plan: Readonly<Record<string, unknown>>;
  readonly shard: Shard;
  /** All that stands in the file. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a part is that lacks something, or has it in another form. */
export const unsound: Problem = { problem: "is a part with something missing or wrong" };

/**
 * A file's text as a part of this form, or what is wrong with it.
 *
 * @param command the one whose form it is, for people
 */
export function readHead(text: string, form: string, command: string): ReadPart | Problem {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { problem: "is no JSON: is it cut short, or still being written?" };
  }
  if (!isObject(fields) || fields.form !== form) {
    return { problem: `is no part of this version's npm run ${command}` };
  }
  const { plan, shard, failed } = fields;
  if (typeof failed === "string") return { problem: `its shard has failed: ${failed.slice(0, 200)}` };
  const sound = isObject(plan) && isShallow(plan) && isShard(shard) && !("problem" in fields);
  return sound ? { plan, shard, fields } : unsound;
}

/** Whether a value has no more levels than any plan of ours: what walks through one does not run out of stack then. */
function isShallow(value: unknown, levels = 8): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}

/** The parts in the order of their shards, when they are all of one run; else why they are not. */
export function wholeOf<Part extends Pick<PartHead, "plan" | "shard">>(
  parts: readonly Named<Part>[],
): readonly [Part, ...Part[]] | Problem {
  const [first] = parts;
  if (first === undefined) return { problem: "no parts to merge" };
  const { count } = first.part.shard;
  const from = new Map<number, Named<Part>>();
  for (const named of parts) {
    const { name, part } = named;
    const difference = differenceOf(first.part.plan, part.plan);
    if (difference !== undefined) {
      return { problem: `${name} is of another run than ${first.name}: ${difference}` };
    }
    if (part.shard.count !== count) {
      return {
        problem: `${name} is a part of ${part.shard.count}, ${first.name} of ${count}: they do not fit together`,
      };
    }
    const { index } = part.shard;
    const before = from.get(index);
    if (before !== undefined) {
      return { problem: `${name} has shard ${index}/${count}, as ${before.name} has` };
    }
    from.set(index, named);
  }
  if (from.size < count) return { problem: missingOf(from, count) };
  const ordered = [...from].sort(([a], [b]) => a - b).map(([, { part }]) => part);
  return ordered as unknown as readonly [Part, ...Part[]];
}

/** Missing shards that are named. */
const mostNamed = 10;

function missingOf(from: ReadonlyMap<number, unknown>, count: number): string {
  const named: number[] = [];
  for (let index = 1; named.length < mostNamed && index <= count; index++) {
    if (!from.has(index)) named.push(index);
  }
  const others = count - from.size - named.length;
  const more = others > 0 ? ` and ${others} more` : "";
  return `shard ${named.join(", ")}${more} of ${count} is missing: run it again, or wait for it`;
}

/** The first in which two values differ, for people; undefined where they are the same JSON. */
export function differenceOf(a: unknown, b: unknown, path = ""): string | undefined {
  if (isObject(a) && isObject(b)) {
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [one, other] = [a, b].map((each) => (Object.hasOwn(each, name) ? each[name] : undefined));
      const difference = differenceOf(one, other, path === "" ? name : `${path}.${name}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  const [here, there] = [textOf(a), textOf(b)];
  return here === there ? undefined : `${path} is ${there.slice(0, 60)} and not ${here.slice(0, 60)}`;
}

function textOf(value: unknown): string {
  return value === undefined ? "left out" : JSON.stringify(value);
}
