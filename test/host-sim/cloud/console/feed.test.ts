/** What pages that look on are given, and over which stream. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import fc from "fast-check";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { apiRig } from "../api/rig";
import type { AddressInfo } from "node:net";
import type { IncomingMessage } from "node:http";
import type { FeedEntry } from "../../../../host-sim/cloud/console/entries";
import type { ApiRig } from "../api/rig";

const peer = { address: "10.0.0.2", port: 40_001 };
const path = (text: string) => text.split("/").map((each) => ({ number: 11, value: Buffer.from(each) }));
const post = (
  topic: string,
  messageId: number,
  payload: string,
  options: { number: number; value: Buffer }[] = [],
) =>
  encodeCoap({
    ...{ type: 0, code: 2, messageId, token: Uint8Array.of(7) },
    options: [...path(topic), ...options],
    payload: Buffer.from(payload),
  });
const answer = (messageId: number, payload: string) =>
  encodeCoap({
    ...{ type: 2, code: 0x44, messageId, token: Uint8Array.of(7), options: [] },
    payload: Buffer.from(payload),
  });
const hex = (text: string) => Buffer.from(text).toString("hex");

describe("the feed", () => {
  const collect = () => {
    const feed = new Feed(() => 5);
    const entries: FeedEntry[] = [];
    feed.listen((entry) => entries.push(entry));
    return { feed, entries };
  };

  test("names the device of a request and of its answer", () => {
    const { feed, entries } = collect();
    feed.datagram("in", post("topic/sys/PK/DK/thing/measurepoint/post", 9, "{}"), peer);
    feed.datagram("out", answer(9, "{}"), peer);
    feed.datagram("out", answer(10, "{}"), peer);
    expect(entries.map((entry) => entry.kind === "message" && entry.device)).toEqual([
      "PK/DK",
      "PK/DK",
      "PK/DK",
    ]);
  });

  test("shows payloads, but no signature, and of an authentication neither side's", () => {
    const { feed, entries } = collect();
    feed.datagram(
      "in",
      post("topic/sys/PK/DK/thing/measurepoint/post", 1, "payload", [
        { number: 2101, value: Buffer.from("signed") },
      ]),
      peer,
    );
    feed.datagram("out", answer(1, "fine"), peer);
    feed.datagram("in", post("auth/PK/DK", 2, "signed"), peer);
    feed.datagram("out", answer(2, "the session's token"), peer);
    // What answers nobody knows what may hold a token, too.
    feed.datagram("out", answer(3, "the session's token"), { ...peer, port: 9 });
    feed.datagram("in", Buffer.concat([Buffer.from([0x7f, 2, 0, 1]), Buffer.from("signed")]), peer);
    const bytes = entries.map((entry) => (entry.kind === "message" ? entry.hex : ""));
    expect(bytes[0]).toContain(hex("payload"));
    expect(bytes[1]).toContain(hex("fine"));
    for (const each of bytes) {
      expect(each).not.toContain(hex("signed"));
      expect(each).not.toContain(hex("token"));
    }
  });

  test("takes any datagram, and keeps the last five hundred", () => {
    const { feed } = collect();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_500 }), fc.constantFrom("in", "out"), (bytes, direction) => {
        feed.datagram(direction as "in" | "out", bytes, peer);
        const kept = feed.since(0);
        return kept.length <= 500 && JSON.stringify(kept.at(-1)).length < 12_000;
      }),
      { numRuns: 800 },
    );
    expect(feed.since(0)).toHaveLength(500);
    expect(feed.since(799)).toHaveLength(1);
  });
});

describe("the stream", () => {
  let rig: ApiRig;
  afterEach(() => rig.app.close());

  const open = async (headers: Record<string, string> = {}): Promise<IncomingMessage> => {
    const { port } = rig.app.server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port, path: "/api/v1/events", headers }, resolve)
        .on("error", reject)
        .end();
    });
  };
  const until = async (stream: IncomingMessage, wanted: RegExp): Promise<string> => {
    let text = "";
    for await (const chunk of stream) if (wanted.test((text += String(chunk)))) break;
    return text;
  };

  test("gives what is kept, then what comes, from where a page was", async () => {
    const feed = new Feed(() => 5);
    rig = await apiRig({ feed });
    await rig.app.listen({ host: "127.0.0.1", port: 0 });
    for (let i = 0; i < 3; i++) feed.datagram("in", post("auth/PK/DK", i, ""), peer);
    const stream = await open({ "last-event-id": "2" });
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.headers["x-content-type-options"]).toBe("nosniff");
    setImmediate(() => feed.datagram("in", post("auth/PK/DK", 9, ""), peer));
    const text = await until(stream, /id: 4\n.*\n\n/);
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(["3", "4"]);
  });

  test("is for those who have the token, the page for all", async () => {
    rig = await apiRig({ feed: new Feed(() => 5), token: "dG9rZW4tb2YtdGVzdHM" });
    expect((await rig.call("GET", "/api/v1/events")).status).toBe(401);
    expect((await rig.call("GET", "/openapi.json")).status).toBe(401);
    for (const url of ["/", "/console.js", "/console.css"]) {
      const { status, headers } = await rig.call("GET", url);
      expect(status).toBe(200);
      expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  test("the page carries the licence of the package that is in it", async () => {
    rig = await apiRig({ feed: new Feed(() => 5) });
    const licence = readFileSync("node_modules/uplot/LICENSE", "utf8").trim();
    expect(licence).toContain("Copyright (c) 2022 Leon Sorokin");
    for (const url of ["/console.js", "/console.css"]) {
      const { text } = await rig.call("GET", url);
      expect(text.split(licence)).toHaveLength(2);
    }
  });

  test("has room for so many pages, and ends with the server", async () => {
    rig = await apiRig({ feed: new Feed(() => 5) });
    await rig.app.listen({ host: "127.0.0.1", port: 0 });
    const streams = await Promise.all(Array.from({ length: 32 }, () => open()));
    expect((await open()).statusCode).toBe(503);
    const ended = Promise.all(streams.map((stream) => until(stream, /never/)));
    await rig.app.close();
    await ended;
  });

  test("without a feed there is no page", async () => {
    rig = await apiRig();
    for (const url of ["/", "/console.js", "/api/v1/events"])
      expect((await rig.call("GET", url)).status).toBe(404);
  });
});
