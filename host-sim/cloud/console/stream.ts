/**
 * The feed as server-sent events (WHATWG HTML, section 9.2), one JSON document an event:
 *
 *     event: run
 *     data: {"run":"m3k9x2a1","first":4,"last":16,"resumed":true}
 *
 *     id: m3k9x2a1-17
 *     data: {"kind":"message","number":17,…}
 *
 *     event: missed
 *     data: {"from":18,"to":40}
 *
 * Whoever comes back says in Last-Event-ID what it had last; the mark of the run in it tells whether that was this
 * stand-in or one that ran before. Nothing is held for a reader but its place in the feed: one that reads slowly is
 * given what the feed still keeps, and told which entries it missed. One that reads nothing at all is sent away.
 */
import type { ServerResponse } from "node:http";
import type { Feed, FeedLine } from "./feed";

/** A line that says nothing, so that no one takes the connection for dead, ms. */
const heartbeat = 15_000;

/** What a reader wants: all that agrees in each member that is given. */
export interface StreamFilter {
  readonly kind?: "event" | "message";
  /** Types of events; messages have none. */
  readonly types?: ReadonlySet<string>;
  readonly productKey?: string;
  /** Of a device of that product. */
  readonly deviceKey?: string;
}

function isWanted({ about }: FeedLine, { kind, types, productKey, deviceKey }: StreamFilter): boolean {
  return (
    (kind === undefined || about.kind === kind) &&
    (types === undefined || (about.type !== undefined && types.has(about.type))) &&
    (productKey === undefined || about.productKey === productKey) &&
    (deviceKey === undefined || about.deviceKey === deviceKey)
  );
}

/** The number that a Last-Event-ID names; undefined when it is none of this run. */
function resumedAt(feed: Feed, lastEventId: string | undefined): number | undefined {
  const [, run, digits] = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(lastEventId ?? "") ?? [];
  const number = Number(digits);
  return run === feed.run && number <= feed.last ? number : undefined;
}

/**
 * Sends what is wanted of what comes behind the entry that `lastEventId` names, or of all that is kept, as fast as it
 * is read. The answer ends that.
 */
export function followFeed(
  raw: ServerResponse,
  feed: Feed,
  lastEventId: string | undefined,
  filter: StreamFilter,
): () => void {
  const first = feed.after(0)?.number ?? feed.last + 1;
  const resumed = resumedAt(feed, lastEventId);
  /** Number of the last entry that was sent, or was not wanted. */
  let seen = resumed ?? first - 1;
  const about = { run: feed.run, first, last: feed.last, resumed: resumed !== undefined };
  let room = raw.write(`retry: 2000\nevent: run\ndata: ${JSON.stringify(about)}\n\n`);
  let stalled = false;
  const more = (): void => {
    // Once it has ended, a reader that is slow still reads; to write then would end the program.
    while (room && !raw.writableEnded) {
      const line = feed.after(seen);
      if (line === undefined) return;
      let block = "";
      if (line.number > seen + 1) {
        block = `event: missed\ndata: ${JSON.stringify({ from: seen + 1, to: line.number - 1 })}\n\n`;
      }
      seen = line.number;
      if (isWanted(line, filter)) block += `id: ${feed.run}-${line.number}\ndata: ${line.json}\n\n`;
      if (block !== "") room = raw.write(block);
    }
  };
  raw.on("drain", () => {
    room = true;
    stalled = false;
    more();
  });
  const silence = feed.listen(more);
  more();
  const beat = setInterval(() => {
    // The id without data moves on what a reader says when it comes back, also where nothing was wanted.
    if (room && !raw.writableEnded) room = raw.write(`: still here\nid: ${feed.run}-${seen}\n\n`);
    else if (stalled) raw.destroy();
    else stalled = true;
  }, heartbeat);
  return () => {
    clearInterval(beat);
    silence();
  };
}
