/**
 * How the page stands to the stand-in, in one place: connected, interrupted, or refused; what comes over the stream goes
 * from here to whoever listens. What was missed is not in the stream, so `generation` counts up, and everything shown is
 * read anew (resource.ts): after an interruption, a gap, and a restart of the stand-in.
 */
import { signal } from "@preact/signals";
import { dropToken, hasToken, useToken, whenRefused } from "./api";
import { follow } from "./follow";
import type { FeedEntry } from "../entries";

type Connection =
  | { readonly state: "connecting" | "live" }
  /** `since`: epoch ms; `why` for people. */
  | { readonly state: "interrupted"; readonly since: number; readonly why: string }
  /** The API wants a token; `isWrong`: it has been given another. */
  | { readonly state: "refused"; readonly isWrong: boolean };

export const connection = signal<Connection>({ state: "connecting" });
/** Counts up whenever everything shown has to be read anew. */
export const generation = signal(0);
/** When the stand-in was restarted under this page, epoch ms; undefined: it was not, or the user has read it. */
export const restartedAt = signal<number | undefined>(undefined);
/** Now, epoch ms, moved on each second: ages are told by it. */
export const now = signal(Date.now());

const listeners = new Set<(entry: FeedEntry) => void>();
let run: string | undefined;
let isFollowing = false;

/** Calls `listener` with each entry from now on. The answer ends that. */
export function listen(listener: (entry: FeedEntry) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Connects, and stays connected until the page goes. */
export function beginConnection(): void {
  setInterval(() => (now.value = Date.now()), 1_000);
  whenRefused(refused);
  connect();
}

/** Takes a token and connects with it. */
export function connectWith(token: string): void {
  useToken(token);
  connection.value = { state: "connecting" };
  generation.value += 1;
  connect();
}

function refused(): void {
  // Several requests are refused at once; by the second the token is dropped, and was wrong none the less.
  if (connection.value.state === "refused") return;
  const isWrong = hasToken();
  dropToken();
  connection.value = { state: "refused", isWrong };
}

function connect(): void {
  if (isFollowing) return;
  isFollowing = true;
  void follow({
    onStart: (start) => {
      const isOther = run !== undefined && run !== start.run;
      if (isOther) restartedAt.value = Date.now();
      if (isOther || connection.value.state === "interrupted") generation.value += 1;
      run = start.run;
      connection.value = { state: "live" };
    },
    onEntry: (entry) => listeners.forEach((listener) => listener(entry)),
    onGap: () => (generation.value += 1),
    onTrouble: (why) => {
      const { value } = connection;
      if (value.state === "refused") return;
      connection.value =
        value.state === "interrupted" ? { ...value, why } : { state: "interrupted", since: Date.now(), why };
    },
    onRefused: () => {
      isFollowing = false;
      refused();
    },
  });
}
