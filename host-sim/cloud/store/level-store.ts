/**
 * What the cloud keeps, in a LevelDB directory. Everything is read once, at start; from then on changes
 * are queued and written together, as one batch that a crash leaves whole or not there at all.
 *
 * How safe a change is once `flush` has resolved:
 *
 *     this program ends, crashes or is killed (kill -9)    kept: the system has the bytes
 *     the machine loses power                              the last second may be lost
 *
 * The second would take an fsync per batch (`sync: true`), which costs each report some milliseconds of a
 * disk; without it one fsync follows within a second of the first change that has had none.
 */
import { ClassicLevel } from "classic-level";
import { deepestNesting, isDeeper } from "../../model/nesting";
import { ownDirectory } from "./own-directory";
import { reasonOf } from "../reason";
import type { CloudStorage } from "../registry/storage";

/** A data directory that cannot be used; the message is one line and says what to do. */
export class StoreError extends Error {
  override name = "StoreError";
}

/** A directory that is none of this program's, nor can become one: another one is to be named. */
export class DirectoryError extends StoreError {
  override name = "DirectoryError";
}

export interface StoreOptions {
  /** True: every flush reaches the disk itself before it resolves. Default false, see above. */
  sync?: boolean;
}

/** Key of the entry that marks the directory as ours and has the version of its format. */
const formatKey = "!enos-cloud";
const formatVersion = 1;

/** Time from a change to the fsync that follows it, ms. */
const syncWithin = 1000;

/** Entries read at once. */
const readAtOnce = 1000;

type Level = ClassicLevel<string, string>;
type Entry = readonly [key: string, value: unknown];
type Operation = { type: "put"; key: string; value: string } | { type: "del"; key: string };

/**
 * Opens the directory, making it (mode 0700: it holds the devices' secrets) when there is none, and reads
 * all that is in it. A batch that was being written when the program ended is there whole or not at all.
 * @throws StoreError (as a rejection) when the directory cannot be used
 */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<LevelStore> {
  const isNew = prepare(directory);
  const level: Level = new ClassicLevel(directory, { createIfMissing: isNew, errorIfExists: isNew });
  try {
    await level.open();
  } catch (error) {
    throw new StoreError(openFault(directory, error));
  }
  try {
    const entries = await readAll(level, directory);
    return new LevelStore(level, directory, entries, options.sync === true);
  } catch (error) {
    await level.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${directory}: cannot be read (${cause(error)}); ${restore}`);
  }
}

/** An open directory. What is put or deleted is written at the next `flush`. */
export class LevelStore implements CloudStorage {
  readonly #level: Level;
  readonly #directory: string;
  readonly #sync: boolean;
  #read: Entry[] | undefined;
  #queue = new Map<string, unknown>();
  /** The flush that waits for the one under way, shared by all who ask meanwhile. */
  #next: Promise<void> | undefined;
  #current: Promise<void> | undefined;
  #fault: StoreError | undefined;
  #closed: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;

  /** Use `openStore`. */
  constructor(level: Level, directory: string, entries: Entry[], sync: boolean) {
    this.#level = level;
    this.#directory = directory;
    this.#sync = sync;
    this.#read = entries;
  }

  /** What was there when the directory was opened, by key. Can be walked once: it is not kept. */
  get entries(): Iterable<Entry> {
    const entries = this.#read ?? [];
    this.#read = undefined;
    return entries;
  }

  /** Whether something waits for a `flush`. */
  get dirty(): boolean {
    return this.#queue.size > 0;
  }

  /** Queues a value, plain JSON, which is turned into text at the next `flush`. */
  put(key: string, value: unknown): void {
    this.#queue.set(key, value);
  }

  delete(key: string): void {
    this.#queue.set(key, undefined);
  }

  /** Forgets what is queued, so that a start that failed leaves the directory as it was. */
  discard(): void {
    this.#queue.clear();
  }

  /**
   * Writes all that is queued in one batch, and resolves when that and all earlier ones are written.
   * Callers that come while a batch is being written share the next one.
   * @throws StoreError (as a rejection) when it could not be written; nothing is written from then on
   */
  flush(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#current === undefined) {
      if (this.#queue.size === 0) return Promise.resolve();
      return (this.#current = this.#write().finally(() => (this.#current = undefined)));
    }
    if (this.#queue.size === 0) return this.#next ?? this.#current;
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      return this.flush();
    });
    return this.#next;
  }

  /** Writes what is queued, through to the disk, and gives the directory free. A second call is no fault. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#syncTimer);
    try {
      await this.flush();
      // Whatever the timer still owed.
      await this.#level.put(formatKey, JSON.stringify(formatVersion), { sync: true });
    } finally {
      await this.#level.close();
    }
  }

  async #write(): Promise<void> {
    const queue = this.#queue;
    this.#queue = new Map();
    try {
      const operations: Operation[] = [];
      for (const [key, value] of queue) {
        operations.push(
          value === undefined ? { type: "del", key } : { type: "put", key, value: JSON.stringify(value) },
        );
      }
      await this.#level.batch(operations, { sync: this.#sync });
    } catch (error) {
      // LevelDB promises nothing about a log in which a write has failed.
      this.#fault = new StoreError(
        `${this.#directory}: cannot be written (${cause(error)}); is the disk full?`,
      );
      throw this.#fault;
    }
    if (!this.#sync) this.#syncSoon();
  }

  #syncSoon(): void {
    if (this.#syncTimer !== undefined || this.#closed !== undefined) return;
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined;
      // Any write will do, for all are in one log; one of nothing at all is not passed on to LevelDB.
      this.#level.put(formatKey, JSON.stringify(formatVersion), { sync: true }).catch((error: unknown) => {
        this.#fault ??= new StoreError(`${this.#directory}: cannot be written (${cause(error)})`);
      });
    }, syncWithin);
    this.#syncTimer.unref();
  }
}

const restore = "restore it from a copy, or move it away to start anew";

/** Sees to it that the directory is there. Returns whether there is nothing in it yet. */
function prepare(directory: string): boolean {
  let names: string[];
  try {
    names = ownDirectory(directory);
  } catch (error) {
    throw new DirectoryError(
      `${directory}: cannot be used as data directory (${cause(error)}); choose another`,
    );
  }
  if (names.includes("CURRENT")) return false;
  // A first start that was cut short leaves these.
  if (names.every((name) => /^(?:LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/.test(name))) return true;
  if (names.some((name) => /^MANIFEST-\d+$/.test(name))) {
    throw new StoreError(`${directory}: the data is damaged (no file CURRENT); ${restore}`);
  }
  throw new DirectoryError(`${directory}: holds files of another program; name a new or empty directory`);
}

async function readAll(level: Level, directory: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let format: unknown;
  const iterator = level.iterator();
  try {
    for (;;) {
      const some = await iterator.nextv(readAtOnce);
      if (some.length === 0) break;
      for (const [key, text] of some) {
        if (key === formatKey) format = parsed(key, text, directory);
        // Without a format it is another program's, and its values need not be JSON.
        else entries.push([key, format === undefined ? text : parsed(key, text, directory)]);
      }
    }
  } finally {
    await iterator.close();
  }
  if (format === formatVersion) return entries;
  if (format !== undefined) {
    const found = JSON.stringify(format).slice(0, 40);
    throw new StoreError(
      `${directory}: written by another version of this program (format ${found}); use that`,
    );
  }
  if (entries.length > 0) {
    throw new StoreError(`${directory}: a database of another program; name a new or empty directory`);
  }
  await level.put(formatKey, JSON.stringify(formatVersion), { sync: true });
  return entries;
}

function parsed(key: string, text: string, directory: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (!isDeeper(value, deepestNesting)) return value;
  } catch {
    // Told below; the text is not quoted, for it may hold a secret.
  }
  throw new StoreError(
    `${directory}: the data is damaged (entry ${JSON.stringify(key.slice(0, 120))}); ${restore}`,
  );
}

function openFault(directory: string, error: unknown): string {
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
  switch ((reason as { code?: unknown }).code) {
    case "LEVEL_LOCKED":
      return `${directory}: in use by another process; end that one, or choose another directory`;
    case "LEVEL_CORRUPTION":
      return `${directory}: the data is damaged (${cause(reason)}); ${restore}`;
    default:
      return `${directory}: cannot be opened (${cause(reason)}); choose another directory, or ${restore}`;
  }
}

/** An error of the system in a few words, on one line. */
function cause(error: unknown): string {
  const text = reasonOf(error);
  return text.split("\n")[0].slice(0, 200);
}
