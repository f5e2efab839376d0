/** The event stream as a program reads it: what it chooses, where it goes on, what it is told that it missed. */
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { eventTypes } from "../../../../host-sim/cloud/api/schemas/events";
import { checkEvent } from "../event-check";
import { dk, Device, pk } from "./device";
import { apiRig, detailOf } from "./rig";
import type { AddressInfo } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CloudEvent } from "../../../../host-sim/cloud/events";
import type { ApiRig } from "./rig";

const peer = { address: "10.0.0.2", port: 40_001 };
let rig: ApiRig;
let feed: Feed;
let device: Device;

beforeEach(async () => {
  feed = new Feed(() => rig?.time.now ?? 1_700_000_000_000);
  rig = await apiRig({ feed }, { onEvent: (event) => feed.event(event) });
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    feed.datagram("in", datagram, peer);
    const answer = exchange(datagram);
    if (answer !== undefined) feed.datagram("out", answer, peer);
    return answer;
  };
  device = new Device(rig);
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(() => rig.app.close());

function open(query = "", lastEventId?: string): Promise<IncomingMessage> {
  const { port } = rig.app.server.address() as AddressInfo;
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: `/api/v1/events${query}`, headers }, resolve)
      .on("error", reject)
      .end();
  });
}

interface Block {
  id?: string;
  event?: string;
  data?: any;
}

/** Blocks until one is as wanted. */
async function blocksUntil(stream: IncomingMessage, isLast: (block: Block) => boolean): Promise<Block[]> {
  const blocks: Block[] = [];
  let rest = "";
  for await (const chunk of stream) {
    const texts = (rest + String(chunk)).split("\n\n");
    rest = texts.pop()!;
    for (const text of texts) {
      const lines = text.split("\n").map((line) => /^([a-z]*): (.*)$/.exec(line)!.slice(1));
      const block = Object.fromEntries(lines) as Block;
      if (block.data !== undefined) block.data = JSON.parse(block.data as string);
      blocks.push(block);
      if (isLast(block)) return blocks;
    }
  }
  return blocks;
}

/** What a reader of a query is given of what has happened, as `type` of events and `line` of messages. */
async function chosen(query: string): Promise<string[]> {
  const stream = await open(query);
  // Of every kind one more, so that whatever is chosen comes to an end.
  const last = feed.last;
  device.points("99", { temperature: 99 });
  const blocks = await blocksUntil(stream, ({ data }) => data?.number > last);
  const entries = blocks.filter(({ id, data }) => id !== undefined && data.number <= last);
  return entries.map(({ data }) => data.event?.type ?? data.line.split(" ", 2).join(" "));
}

describe("what a reader chooses", () => {
  beforeEach(() => {
    device.authenticate();
    device.points("1", { temperature: 20.5 });
    rig.cloud.devices.create(
      { productKey: pk, deviceKey: "third", deviceSecret: "a third secret" },
      rig.time.now,
    );
    rig.cloud.products.put({ productKey: "OTHER" }, rig.time.now);
  });

  const events = ["authenticated", "state", "stored"];
  test.each([
    ["?kind=event", [...events, "registered", "product-put"]],
    ["?kind=message", ["CON POST", "ACK 2.04", "CON POST", "ACK 2.04"]],
    ["?type=stored", ["stored"]],
    ["?type=stored,product-put&kind=event", ["stored"].concat("product-put")],
    [`?kind=event&productKey=${pk}`, [...events, "registered"]],
    [`?kind=event&productKey=${pk}&deviceKey=${dk}`, events],
  ])("%s", async (query, expected) => {
    const found = await chosen(query);
    expect(found.sort()).toEqual([...expected].sort());
  });

  test("of one device its messages, too", async () => {
    const found = await chosen(`?productKey=${pk}&deviceKey=${dk}`);
    expect(found.filter((each) => /^(CON|ACK) /.test(each))).toHaveLength(4);
    expect(found).not.toContain("registered");
  });
});

test("its head alone is not told: it has no end", async () => {
  const answer = await rig.call("HEAD", "/api/v1/events");
  expect(answer.status).toBe(405);
  expect(answer.headers["allow"]).toBe("GET");
});

test.each([
  ["?deviceKey=x", /deviceKey: needs productKey/],
  ["?type=stord", /no event is of type "stord"; the nearest is "stored"/],
  ["?type=", /no event is of type ""/],
  ["?type=stored&kind=message", /messages have none/],
  ["?kind=events", /kind: expected one of "event", "message"/],
  ["?types=stored", /unknown parameter "types"; the nearest is "type"/],
  [`?productKey=${encodeURIComponent("../x")}`, /productKey/],
])("%s is refused", async (query, text) => {
  expect(detailOf(await rig.call("GET", `/api/v1/events${query}`), 400)).toMatch(text);
});

describe("where a reader goes on", () => {
  it("is told at the beginning: the run, what is kept, and whether it goes on", async () => {
    device.authenticate();
    const run = feed.run;
    const [fresh] = await blocksUntil(await open(), ({ event }) => event === "run");
    expect(fresh.data).toEqual({ run, first: 1, last: 4, resumed: false });
    const back = await blocksUntil(await open("", `${run}-3`), ({ id }) => id !== undefined);
    expect(back.map(({ data }) => data)).toMatchObject([{ run, resumed: true }, { number: 4 }]);
    // The numbers of a run before are the same, and its mark is not.
    const [other] = await blocksUntil(await open("", "abc-3"), ({ event }) => event === "run");
    expect(other.data).toEqual({ run, first: 1, last: 4, resumed: false });
  });

  it("is told which entries it missed while it was away", async () => {
    for (let i = 0; i < 600; i++) feed.datagram("in", Uint8Array.of(i & 255), peer);
    const back = await blocksUntil(await open("", `${feed.run}-40`), ({ id }) => id !== undefined);
    expect(back[0].data).toEqual({ run: feed.run, first: 101, last: 600, resumed: true });
    expect(back[1]).toEqual({ event: "missed", data: { from: 41, to: 100 } });
    expect(back[2].id).toBe(`${feed.run}-101`);
    // One that comes for the first time has missed nothing.
    const fresh = await blocksUntil(await open(), ({ id }) => id !== undefined);
    expect(fresh.map(({ event }) => event)).toEqual(["run", undefined]);
  });

  it("is moved on by what it did not ask for, so that this is not missed later", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const stream = await open("?type=removed");
      const seen = blocksUntil(stream, ({ id }) => id !== undefined);
      for (let i = 0; i < 30; i++) feed.datagram("in", Uint8Array.of(i), peer);
      vi.advanceTimersByTime(15_000);
      expect((await seen).at(-1)).toEqual({ "": "still here", id: `${feed.run}-30` });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the schemas", () => {
  it("know every event of a device's day, and what is in it", async () => {
    device.authenticate();
    device.points("1", { temperature: 20.5 });
    const blocks = await blocksUntil(await open("?kind=event"), ({ data }) => data?.event?.type === "stored");
    for (const { data } of blocks.slice(1)) checkEvent(data.event as CloudEvent);
  });

  it.each([
    ["a member too many", { type: "removed", at: 1, productKey: "P", deviceKey: "D", deviceSecret: "s" }],
    ["a member too few", { type: "removed", at: 1, productKey: "P" }],
    [
      "a value of another kind",
      { type: "command-answered", at: 1, productKey: "P", deviceKey: "D", id: "1", code: "2" },
    ],
    ["an unknown type", { type: "removd", at: 1, productKey: "P", deviceKey: "D" }],
  ])("do not take %s", (_, event) => {
    expect(() => checkEvent(event as never)).toThrow(/event remov|event command-answered/);
  });

  it("are in the document, each by its name, and the entry's among them", async () => {
    const { body } = await rig.call("GET", "/openapi.json");
    const { schemas } = body.components;
    expect(schemas.CloudEvent.oneOf).toHaveLength(eventTypes.length);
    for (const { $ref } of schemas.CloudEvent.oneOf) expect(schemas).toHaveProperty($ref.split("/").pop());
    const { content } = body.paths["/api/v1/events"].get.responses["200"];
    expect(content["text/event-stream"].schema).toEqual({ $ref: "#/components/schemas/StreamEntry" });
    expect(body.paths["/api/v1/events"].get.operationId).toBe("streamEvents");
  });
});

test("what happens while the server ends is given to nobody, also while they still read", async () => {
  const errors: unknown[] = [];
  const before = feed.last;
  rig.app.server.on("request", (_request, response: ServerResponse) => {
    // Its end is on its way to the reader.
    response.on("prefinish", () => feed.datagram("in", Uint8Array.of(0x40, 0, 0, 1), peer));
    response.on("error", (error) => errors.push(error));
  });
  const stream = await open();
  await Promise.all([blocksUntil(stream, () => false), rig.app.close()]);
  await expect.poll(() => feed.last).toBeGreaterThan(before);
  expect(errors).toEqual([]);
});
