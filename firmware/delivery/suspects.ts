/**
 * Entries that the server has refused for what they say, although each was sent alone. Either the entry is to blame, or
 * the session is, whose signature the server may not be able to read, or, where payloads are sealed, the server's
 * script, or somebody on the way. What else the server accepts shows which:
 *
 *     plain     refused -> another request of the same session is accepted -> guilty
 *     sealed    refused -> another envelope is opened -> refused again -> another envelope is opened -> guilty
 *     proof     refused -> never guilty
 *
 * A script may lack the keys of all envelopes, as on the day on which they change, and get them within a session: so
 * an envelope has to be refused between two that were opened. With proof the refusal itself may be made up: such an entry
 * stays a suspect, behind all others, until it is proven.
 */
import type { Entry } from "./entry";

/** How the entry went that was refused. */
export type Way = "plain" | "sealed" | "proof";

/** An entry that was refused although it was sent alone. */
export interface Suspect {
  readonly id: number;
  /** Which session it was, by `Session.opened`. */
  readonly session: number;
  readonly reason: string;
  readonly way: Way;
  /** Another envelope was opened since it was first refused: it is `due` to be sent again, or was `refused` again. */
  readonly retry: "due" | "refused" | undefined;
}

/** Most entries of which it is known that they were refused. */
const mostSuspects = 32;

export class Suspects {
  #all: readonly Suspect[] = [];

  /**
   * Notes that an entry was refused.
   *
   * @returns whether different entries were refused in this session, which is therefore in doubt
   */
  add(id: number, session: number, reason: string, way: Way): boolean {
    const others = this.#all.filter((each) => each.id !== id);
    const before = this.#all.find((each) => each.id === id);
    const retry = way === "sealed" && before?.retry !== undefined ? "refused" : undefined;
    const all = others.concat({ id, session, reason, way, retry });
    this.#all = all.length > mostSuspects ? all.slice(1) : all;
    // Suspects that were refused in an earlier session too say nothing new about this one.
    return before === undefined && others.some((each) => each.session === session);
  }

  /**
   * The server has accepted a request of this session.
   *
   * @param entries of the request
   * @param opened it was an envelope, and was opened
   * @returns those that are to blame themselves, which are suspects no more
   */
  judge(entries: readonly Entry[], session: number, opened: boolean): readonly Suspect[] {
    if (this.#all.length === 0) return this.#all;
    const left: Suspect[] = [];
    const guilty: Suspect[] = [];
    for (let i = 0; i < this.#all.length; i++) {
      const suspect = this.#all[i];
      const { id, way, retry } = suspect;
      if (entries.some((entry) => entry.id === id)) continue;
      if (suspect.session !== session || way === "proof") left.push(suspect);
      else if (way === "sealed" && (!opened || retry === "due")) left.push(suspect);
      else if (way === "sealed" && retry === undefined) left.push({ ...suspect, retry: "due" });
      else guilty.push(suspect);
    }
    this.#all = left;
    return guilty;
  }

  /** Whether there is one that only a proof can settle. */
  get unproven(): boolean {
    return this.#all.some(({ way }) => way === "proof");
  }

  /** The entry is no more. */
  forget(id: number): void {
    if (this.#all.length > 0) this.#all = this.#all.filter((each) => each.id !== id);
  }

  /** Suspects are sent when nothing else waits, as only another request can tell whether they are to blame. */
  last(entries: readonly Entry[]): readonly Entry[] {
    if (this.#all.length === 0) return entries;
    const others = entries.filter(({ id }) => !this.#all.some((suspect) => suspect.id === id));
    return others.length > 0 ? others : entries;
  }
}
