/**
 * Which of a device's messages the cloud has had before.
 *
 * EnOS's manual keeps a message's id for future use, and every example of it says "123": an id alone identifies
 * nothing. A device that sends the same message once more, because it heard no answer, sends the same id and says
 * the same; what it says under a known id for the first time is a message of its own. **Decision**: a message is
 * one that came before when its id is known, it says the same, and no time in it contradicts. One without any time
 * is told apart no longer once its id has come with something else: a device whose ids are all the same may well
 * measure the same value twice.
 *
 * Of bytes that a parsing script reads, the bytes are what the device says: a script may stamp its own time on them,
 * which is another one each time.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { sizeOf } from "./history";

/** What a message says of one moment. */
export interface Statement {
  /** Measure points, an event's outputs, or whatever else stands for the contents: compared member by member. */
  readonly points: unknown;
  /** When it was, epoch ms; undefined where the message tells no time. */
  readonly time?: number;
}

interface Known {
  /** Of a long message, one for all of it, see `compact`. */
  statements: readonly Statement[];
  /** The bytes of which a script made them. */
  bytes: Uint8Array | undefined;
  /** It has come with several contents, so that it identifies nothing by itself. */
  constant: boolean;
}

/** Longer messages than this are not kept for comparison: those have readings with times of their own. */
const mostBytes = 1024;
/**
 * A message that says more is kept as its digest: as many of them as there are ids would take far more memory than all
 * the readings that are kept.
 */
const mostStatements = 4;
/** In what `sizeOf` measures. */
const mostSize = 1024;

/** The last ids, each with what was said under it last. */
export class RecentMessages {
  readonly #limits: { readonly ids: number };
  /** In the order of their coming; those before `#oldest` are forgotten. */
  #order: string[] = [];
  readonly #known = new Map<string, Known>();
  #oldest = 0;

  /** @param limits most ids; looked up whenever one comes, for it changes with the number of devices */
  constructor(limits: { readonly ids: number }) {
    this.#limits = limits;
  }

  /**
   * True when the message came before; else it is remembered. Few statements are kept as they are, not copied.
   * @param id with whatever tells messages of several kinds apart
   * @param bytes of which a parsing script made the message; they are copied
   */
  cameBefore(id: string, said: readonly Statement[], bytes?: Uint8Array): boolean {
    const known = this.#known.get(id);
    const statements = compact(said);
    const kept = bytes !== undefined && bytes.length <= mostBytes ? bytes.slice() : undefined;
    if (known === undefined) {
      this.#add(id, { statements, bytes: kept, constant: false });
      return false;
    }
    // What was restored came statement by statement.
    known.statements = compact(known.statements);
    const sameBytes =
      kept !== undefined && known.bytes !== undefined && Buffer.compare(kept, known.bytes) === 0;
    if ((sameBytes && !known.constant) || isSame(known, statements)) {
      // The time that it told only now is the one by which it is recognised from here on.
      if (statements.length === 1 && statements[0].time !== undefined) known.statements = statements;
      return true;
    }
    known.statements = statements;
    known.bytes = kept;
    known.constant = true;
    return false;
  }

  /** Takes up a statement of a message that came before a restart; those of one message follow each other. */
  restore(id: string, statement: Statement, sameMessage: boolean): void {
    const known = this.#known.get(id);
    if (known === undefined) this.#add(id, { statements: [statement], bytes: undefined, constant: false });
    else if (sameMessage) known.statements = [...known.statements, statement];
    else {
      known.statements = [statement];
      known.constant = true;
    }
  }

  #add(id: string, known: Known): void {
    const { ids } = this.#limits;
    this.#order.push(id);
    this.#known.set(id, known);
    while (this.#known.size > ids) this.#known.delete(this.#order[this.#oldest++]);
    // Many in one go, for each time all the others move.
    if (this.#oldest < ids) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}

/** The statements of a message; one in place of all when they are long. */
function compact(statements: readonly Statement[]): readonly Statement[] {
  let size = 0;
  for (const { points } of statements) {
    size += typeof points === "string" ? points.length : sizeOf(points as Record<string, unknown>);
  }
  if (statements.length <= mostStatements && size <= mostSize) return statements;
  const hash = createHash("sha256");
  const single = statements.length === 1;
  for (const { points, time } of statements) hash.update(JSON.stringify(single ? points : [points, time]));
  return [{ points: hash.digest("base64url").slice(0, 22), time: statements[0].time }];
}

function isSame({ statements: before, constant }: Known, now: readonly Statement[]): boolean {
  if (before.length !== now.length) return false;
  for (let i = 0; i < now.length; i++) {
    const [{ time: first }, { time: second }] = [before[i], now[i]];
    const agree = first === second || (!constant && (first === undefined || second === undefined));
    if (!agree || (constant && first === undefined)) return false;
    if (!isDeepStrictEqual(before[i].points, now[i].points)) return false;
  }
  return true;
}
