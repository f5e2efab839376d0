/** What pages that look on are given, and over which stream. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { platform } from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import fc from "fast-check";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { apiRig } from "../api/rig";
import type { AddressInfo, Socket } from "node:net";
import type { IncomingMessage } from "node:http";
import type { CloudEvent } from "../../../../host-sim/cloud/events";
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

/** What a feed keeps behind a number. */
const since = (feed: Feed, number: number): string[] => {
  const lines: string[] = [];
  for (let line = feed.after(number); line !== undefined; line = feed.after(line.number))
    lines.push(line.json);
  return lines;
};

/** A well-formed NON datagram as long as UDP can carry, of empty options. */
const manyOptions = Buffer.concat([Buffer.from([0x50, 2, 0, 1, 0xb0]), Buffer.alloc(59_999)]);
/** One with as many options as are taken, each a text of controls, which grow most when they are shown. */
const longOptions = Buffer.concat([
  Buffer.from([0x50, 2, 0, 1]),
  ...Array.from({ length: 64 }, (_, i) =>
    Buffer.concat([
      i === 0 ? Buffer.from([0xee, 0x07, 0x29, 0x02, 0xdb]) : Buffer.from([0x0e, 0x02, 0xdb]),
      Buffer.alloc(1000, "\t"),
    ]),
  ),
]);

describe("the feed", () => {
  const collect = () => {
    const feed = new Feed(() => 5);
    const entries: FeedEntry[] = [];
    feed.listen(() => entries.push(JSON.parse(feed.after(feed.last - 1)!.json) as FeedEntry));
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
        const kept = since(feed, 0);
        return kept.length <= 500 && kept.at(-1)!.length < 12_000;
      }),
      { numRuns: 800 },
    );
    expect(since(feed, 0)).toHaveLength(500);
    expect(since(feed, 799)).toHaveLength(1);
    expect(since(feed, 800)).toEqual([]);
  });

  test("makes one short entry of sixty thousand options, and of the longest that are taken", () => {
    const { feed, entries } = collect();
    feed.datagram("in", manyOptions, peer);
    expect(entries[0]).toMatchObject({ size: manyOptions.length, line: "malformed: more than 64 options" });
    expect(feed.after(0)!.json.length).toBeLessThan(500);
    feed.datagram("in", longOptions, peer);
    expect(entries[1]).toMatchObject({ size: longOptions.length, line: "NON POST /" });
    const shown = entries[1].kind === "message" ? entries[1].fields : [];
    expect(shown).toHaveLength(65);
    expect(shown.at(-1)).toEqual(["2102, a command", "1000 bytes, left out"]);
    expect(feed.after(1)!.json.length).toBeLessThan(40_000);
  });

  test("keeps no more than four million characters of them", () => {
    const { feed } = collect();
    for (let i = 0; i < 520; i++) feed.datagram("in", longOptions, peer);
    const kept = since(feed, 0);
    expect(kept.length).toBeGreaterThan(100);
    expect(kept.join("").length).toBeLessThanOrEqual(4 << 20);
    expect(JSON.parse(kept.at(-1)!)).toMatchObject({ number: 520 });
  });

  test("shows of a reading as many measure points as there is room for", () => {
    const { feed, entries } = collect();
    const event = (points: Record<string, unknown>): CloudEvent => ({
      ...({ type: "stored", at: 5, productKey: "PK", deviceKey: "DK", kind: "reading" } as const),
      ...{ id: "1", format: "json", points },
    });
    feed.event(event({ temperature: 21.5 }));
    expect(entries[0]).toMatchObject({ event: { points: { temperature: 21.5 } } });
    expect(entries[0]).not.toHaveProperty("leftOut");
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, "\u009b".repeat(4000)]));
    feed.event(event({ first: 1, ...many }));
    const [, entry] = entries;
    if (entry.kind !== "event" || entry.event.type !== "stored") throw new Error("no such event");
    const shown = Object.entries(entry.event.points!);
    expect(shown[0]).toEqual(["first", 1]);
    expect(entry.leftOut).toBe(501 - shown.length);
    expect(feed.after(1)!.json.length).toBeLessThan(40_000);
  });
});

describe("the stream", () => {
  let rig: ApiRig;
  afterEach(() => rig.app.close());

  const open = async (headers: Record<string, string> = {}, from?: string): Promise<IncomingMessage> => {
    const { port } = rig.app.server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port, path: "/api/v1/events", headers, localAddress: from }, resolve)
        .on("error", reject)
        .end();
    });
  };
  /** Reads entries until one has this number; the numbers of all. */
  const numbersUntil = async (stream: IncomingMessage, last: number): Promise<number[]> => {
    const numbers: number[] = [];
    let rest = "";
    for await (const chunk of stream) {
      const blocks = (rest + String(chunk)).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const [, number] = /^id: 5-(\d+)\ndata: /.exec(block) ?? [];
        if (number !== undefined) numbers.push(Number(number));
      }
      if (numbers.at(-1) === last) break;
    }
    return numbers;
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
    const stream = await open({ "last-event-id": "5-2" });
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.headers["x-content-type-options"]).toBe("nosniff");
    setImmediate(() => feed.datagram("in", post("auth/PK/DK", 9, ""), peer));
    const text = await until(stream, /id: 5-4\n.*\n\n/);
    expect([...text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id)).toEqual(["5-3", "5-4"]);
  });

  test("goes on over the longest entries there are, for those who look on and for those who come", async () => {
    const feed = new Feed(() => 5);
    rig = await apiRig({ feed });
    await rig.app.listen({ host: "127.0.0.1", port: 0 });
    const looking = await open();
    const seen = numbersUntil(looking, 521);
    for (let i = 0; i < 520; i++) feed.datagram("in", i % 2 === 0 ? longOptions : manyOptions, peer);
    const coming = await open();
    const seenLater = numbersUntil(coming, 521);
    feed.datagram("in", post("auth/PK/DK", 9, ""), peer);
    for (const numbers of [await seen, await seenLater]) {
      expect(numbers.length).toBeGreaterThan(200);
      expect(numbers.at(-1)).toBe(521);
    }
  });

  test("holds nothing for a page that does not read, and sends it away in the end", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const feed = new Feed(() => 5);
      rig = await apiRig({ feed });
      const accepted: Socket[] = [];
      rig.app.server.on("connection", (socket) => accepted.push(socket));
      await rig.app.listen({ host: "127.0.0.1", port: 0 });
      const { port } = rig.app.server.address() as AddressInfo;
      const deaf = connect(port, "127.0.0.1", () =>
        deaf.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      );
      deaf.pause();
      const closed = new Promise<void>((resolve) => deaf.on("close", () => resolve()));
      const looking = await open();
      const seen = numbersUntil(looking, 600);
      let held = 0;
      for (let i = 0; i < 600; i++) {
        feed.datagram("in", longOptions, peer);
        if (i % 50 === 49) await turn();
        held = Math.max(held, ...accepted.map((socket) => socket.writableLength));
      }
      expect(held).toBeLessThan(200_000);
      expect((await seen).at(-1)).toBe(600);
      // Two heartbeats without a byte taken.
      vi.advanceTimersByTime(30_000);
      deaf.resume();
      await closed;
      expect((await open()).statusCode).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });

  test("begins anew for a page that comes from a stand-in that ran before", async () => {
    const feed = new Feed(() => 5);
    rig = await apiRig({ feed });
    await rig.app.listen({ host: "127.0.0.1", port: 0 });
    feed.datagram("in", post("auth/PK/DK", 1, ""), peer);
    for (const id of ["5-900", "4-0", "1", "5-1.0", "5--1", "x".repeat(9000)]) {
      expect(await numbersUntil(await open({ "last-event-id": id }), 1), id).toEqual([1]);
    }
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

  test("the page's script says where the licences of the packages in them are, for all to read", async () => {
    rig = await apiRig({ feed: new Feed(() => 5), token: "dG9rZW4tb2YtdGVzdHM" });
    const script = await rig.call("GET", "/console.js");
    const head = /^\/\*! Licences of the packages in it: \/console-licences\.txt \*\/\n/;
    expect(head.test(script.text)).toBe(true);
    const { status, headers, text } = await rig.call("GET", "/console-licences.txt");
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
    // Also of the part that is loaded later.
    for (const name of ["uplot", "preact", "@codemirror/view"]) {
      const licence = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
      expect(licence).toContain("Permission is hereby granted");
      expect(text).toContain(`${name} `);
      expect(text.split(licence).length).toBeGreaterThan(1);
    }
  });

  // Elsewhere loopback has one address.
  test.runIf(platform === "linux")("has room for so many pages, and ends with the server", async () => {
    rig = await apiRig({ feed: new Feed(() => 5) });
    await rig.app.listen({ host: "127.0.0.1", port: 0 });
    const sixteen = (from: string) => Promise.all(Array.from({ length: 16 }, () => open({}, from)));
    const streams = await sixteen("127.0.0.1");
    expect((await open()).statusCode).toBe(503);
    streams.push(...(await sixteen("127.0.0.2")));
    expect(streams.map(({ statusCode }) => statusCode)).toEqual(streams.map(() => 200));
    expect((await open({}, "127.0.0.3")).statusCode).toBe(503);
    const ended = Promise.all(streams.map((stream) => until(stream, /never/)));
    await rig.app.close();
    await ended;
  });

  test("without a feed there is no page", async () => {
    rig = await apiRig();
    for (const url of ["/", "/console.js", "/api/v1/events"])
      expect((await rig.app.inject({ method: "GET", url })).statusCode).toBe(404);
  });
});
