/**
 * What happens, as it happens: server-sent events by `fetch`, because an `EventSource` cannot send the token.
 * Comes back by itself, from where it was.
 */
import { headers, isReplaced } from "./api";
import type { FeedEntry } from "../entries";

/** What the stream says of itself when it begins. */
interface StreamStart {
  /** Mark of this run of the stand-in. */
  readonly run: string;
  /** Whether it goes on behind the last entry that came. */
  readonly resumed: boolean;
}

export interface Followed {
  readonly onStart: (start: StreamStart) => void;
  readonly onEntry: (entry: FeedEntry) => void;
  /** Entries are missing: more came than this page could read. */
  readonly onGap: () => void;
  /** Why there is no connection. */
  readonly onTrouble: (why: string) => void;
  /** The token is missing or wrong: it is tried again once `follow` is called anew. */
  readonly onRefused: () => void;
}

/** ms between tries. */
const pause = 2_000;
/** Id of the last entry that came. */
let last: string | undefined;
/** Ends the pause before the next try. */
let hurry: (() => void) | undefined;

/** Tries again now. */
export function followNow(): void {
  hurry?.();
}

/** Follows until the page goes, or the token is refused. */
export async function follow(followed: Followed): Promise<void> {
  for (;;) {
    try {
      const own = headers();
      const response = await fetch("/api/v1/events", {
        headers: { ...own, ...(last === undefined ? {} : { "last-event-id": last }) },
      });
      if (response.status === 401) {
        if (isReplaced(own)) continue;
        return followed.onRefused();
      }
      if (!response.ok || response.body === null) throw new Error(`answered ${response.status}`);
      await read(response.body, followed);
      followed.onTrouble("the stand-in closed the connection");
    } catch {
      followed.onTrouble("the stand-in does not answer");
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function read(body: ReadableStream<Uint8Array>, followed: Followed): Promise<void> {
  const reader = body.getReader();
  const text = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + text.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      last = /^id: (.*)$/m.exec(block)?.[1] ?? last;
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (event === undefined) followed.onEntry(JSON.parse(data) as FeedEntry);
      else if (event === "run") followed.onStart(JSON.parse(data) as StreamStart);
      else if (event === "missed") followed.onGap();
    }
  }
}
