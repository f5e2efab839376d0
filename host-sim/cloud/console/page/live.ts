/**
 * What happens, as it happens: server-sent events by `fetch`, because an `EventSource` cannot send the token.
 * Comes back by itself, from where it was.
 */
import { headers } from "./api";
import type { FeedEntry } from "../entries";

export interface Live {
  readonly onEntry: (entry: FeedEntry) => void;
  /** Entries are missing: more came than this page could read. */
  readonly onGap: () => void;
  /** Undefined: connected. */
  readonly onState: (trouble: string | undefined) => void;
  /** The token is missing or wrong: it is tried again once `follow` is called anew. */
  readonly onRefused: () => void;
}

const pause = 2_000;
/** Id of the last entry that came. */
let last: string | undefined;

/** Follows until the page goes, or the token is refused. */
export async function follow(live: Live): Promise<void> {
  for (;;) {
    try {
      const response = await fetch("/api/v1/events", {
        headers: { ...headers(), ...(last === undefined ? {} : { "last-event-id": last }) },
      });
      if (response.status === 401) return live.onRefused();
      if (!response.ok || response.body === null) throw new Error(`answered ${response.status}`);
      live.onState(undefined);
      await read(response.body, live);
      live.onState("connection closed, trying again");
    } catch {
      live.onState("no connection, trying again");
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function read(body: ReadableStream<Uint8Array>, { onEntry, onGap }: Live): Promise<void> {
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
      if (event === undefined) onEntry(JSON.parse(data) as FeedEntry);
      else if (event === "missed") onGap();
    }
  }
}
