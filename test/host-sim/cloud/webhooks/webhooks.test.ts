/** Webhooks as a whole: what each is told, how it is signed, what is kept, what becomes of them. */
import { createHmac } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { StorageError } from "../../../../host-sim/cloud/registry/fleet";
import type { CloudEvent } from "../../../../host-sim/cloud/events";
import type { WebhookChange, WebhookOrder, Webhooks } from "../../../../host-sim/cloud/webhooks/webhooks";
import { rig } from "../harness";
import { answering, start, stored, webhooksOver } from "./rig";

const url = "http://127.0.0.1:9000/hook";
const state = (deviceKey: string, productKey = "PK"): CloudEvent => ({
  ...{
    type: "state",
    at: start,
    from: "inactive",
    to: "online",
    reason: "authenticated",
    productKey,
    deviceKey,
  },
});
const elsewhere: CloudEvent = { type: "product-put", at: start, productKey: "PK" };

describe("a webhook", () => {
  test.each<[what: string, order: Omit<WebhookOrder, "url">, told: string[]]>([
    ["all", {}, ["stored", "state", "state", "product-put"]],
    ["types of events", { events: ["stored", "product-put"] }, ["stored", "product-put"]],
    ["a product", { productKey: "PK" }, ["stored", "state", "product-put"]],
    ["a device", { productKey: "PK", deviceKey: "DK" }, ["stored"]],
    ["nothing that is there", { productKey: "QK", deviceKey: "DK" }, []],
  ])("is told of %s", async (_, order, told) => {
    const { webhooks, clock, posts } = webhooksOver();
    webhooks.create({ url, ...order });
    const all = [stored("1"), state("EK"), state("DK", "OTHER"), elsewhere];
    for (const event of all) webhooks.event(event);
    await clock.advance(0);
    expect(posts.map(({ body }) => JSON.parse(body).type)).toEqual(told);
  });

  it("is posted the event in the form of the specification, signed by its own secret and at its time", async () => {
    const { webhooks, clock, posts } = webhooksOver();
    const { secret, view } = webhooks.create({ url });
    expect(view).not.toHaveProperty("secret");
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    clock.now += 5_999;
    webhooks.event(stored("1"));
    await clock.advance(0);
    const [{ url: to, headers, body }] = posts;
    expect(to).toBe(url);
    expect(JSON.parse(body)).toEqual({
      type: "stored",
      timestamp: "2023-11-14T22:13:20.000Z",
      data: stored("1"),
    });
    expect(headers["webhook-id"]).toMatch(/^msg_[0-9a-f]{24}$/);
    expect(headers["webhook-timestamp"]).toBe("1700000005");
    const digest = createHmac("sha256", Buffer.from(secret!.slice(6), "base64"))
      .update(`${headers["webhook-id"]}.1700000005.${body}`)
      .digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${digest}`);
  });

  it("is posted the same id again in each attempt, with the time of that one", async () => {
    const { webhooks, clock, posts } = webhooksOver({ post: answering({ status: 500 }, { status: 200 }) });
    webhooks.create({ url });
    webhooks.event(stored("1"));
    await clock.advance(5000);
    expect(posts).toHaveLength(2);
    expect(posts[1].headers["webhook-id"]).toBe(posts[0].headers["webhook-id"]);
    expect(posts[1].headers["webhook-timestamp"]).toBe("1700000005");
  });

  it("does not wait for another", async () => {
    const { webhooks, clock, posts } = webhooksOver({
      post: (to) => (to === url ? Promise.resolve({ fault: "refused" }) : Promise.resolve({ status: 200 })),
    });
    webhooks.create({ url });
    webhooks.create({ url: "http://localhost/other" });
    for (const id of ["1", "2"]) webhooks.event(stored(id));
    await clock.advance(0);
    expect(posts.map((post) => post.url.slice(-5))).toEqual(["/hook", "other", "other"]);
    expect(webhooks.list()).toMatchObject([
      { waiting: 2, delivered: 0 },
      { waiting: 0, delivered: 2 },
    ]);
  });

  it("that is disabled loses what waits and is told nothing more; enabled again it is", async () => {
    const { webhooks, clock, posts, events } = webhooksOver({ post: answering({ status: 503 }) });
    webhooks.create({ url });
    webhooks.event(stored("1"));
    await clock.advance(0);
    expect(webhooks.change("1", { enabled: false })).toMatchObject({
      enabled: false,
      waiting: 0,
      dropped: 1,
    });
    webhooks.event(stored("2"));
    await clock.advance(86_400_000);
    expect(posts).toHaveLength(1);
    expect(events.map((event) => event.type === "webhook" && event.outcome)).toEqual(["retrying", "dropped"]);
    webhooks.change("1", { enabled: true });
    webhooks.event(stored("3"));
    await clock.advance(0);
    expect(posts).toHaveLength(2);
  });

  it("is disabled by 410, which says why until it is enabled", async () => {
    const { webhooks, clock, events } = webhooksOver({ post: answering({ status: 410 }) });
    webhooks.create({ url });
    for (const id of ["1", "2", "3"]) webhooks.event(stored(id));
    await clock.advance(0);
    expect(webhooks.view("1")).toMatchObject({ enabled: false, waiting: 0, failed: 1, dropped: 2 });
    expect(webhooks.view("1")!.disabledBecause).toMatch(/410/);
    expect(events[0]).toMatchObject({ type: "webhook", id: "1", outcome: "disabled" });
    expect(webhooks.change("1", { enabled: true })).not.toHaveProperty("disabledBecause");
  });

  it("is never told of webhooks, so that none goes in circles", async () => {
    const { webhooks, clock, posts, events } = webhooksOver({ post: answering({ status: 500 }) });
    webhooks.create({ url });
    webhooks.event(stored("1"));
    await clock.advance(0);
    for (const event of events) webhooks.event(event);
    expect(webhooks.view("1")!.waiting).toBe(1);
    expect(posts).toHaveLength(1);
  });

  it("can be given another URL, which what waits goes to at once", async () => {
    const { webhooks, clock, posts } = webhooksOver({
      post: (to) => Promise.resolve(to === url ? { fault: "refused" } : { status: 200 }),
    });
    webhooks.create({ url, productKey: "PK", events: ["stored"] });
    webhooks.event(stored("1"));
    await clock.advance(0);
    const changed = webhooks.change("1", { url: "http://localhost/new", productKey: null, events: null });
    expect(changed).not.toHaveProperty("productKey");
    expect(changed).not.toHaveProperty("events");
    await clock.advance(0);
    expect(posts.map((post) => post.url)).toEqual([url, "http://localhost/new"]);
    expect(webhooks.view("1")).toMatchObject({ waiting: 0, delivered: 1 });
  });

  it("that is removed is posted nothing, and its number is not given again", async () => {
    const { webhooks, clock, posts } = webhooksOver();
    webhooks.create({ url });
    webhooks.event(stored("1"));
    webhooks.remove("1");
    await clock.advance(0);
    expect(posts).toEqual([]);
    expect(webhooks.create({ url }).view.id).toBe("2");
    expect(() => webhooks.remove("1")).toThrow(RangeError);
  });
});

describe("a test", () => {
  it("goes past what waits, and sends that too when it is taken", async () => {
    const { webhooks, clock, posts } = webhooksOver({
      post: answering({ fault: "refused" }, { status: 200 }),
    });
    webhooks.create({ url, events: ["removed", "stored"] });
    webhooks.event(stored("1"));
    await clock.advance(0);
    expect(await webhooks.test("1")).toEqual({
      ...{ id: posts[1].headers["webhook-id"], delivered: true, httpStatus: 200 },
    });
    expect(JSON.parse(posts[1].body)).toEqual({
      ...{ type: "test", timestamp: "2023-11-14T22:13:20.000Z" },
      data: { type: "test", at: start, webhookId: "1" },
    });
    await clock.advance(0);
    expect(webhooks.view("1")).toMatchObject({ waiting: 0, delivered: 1 });
  });

  it("tells why it was not taken, also for one that is disabled", async () => {
    const { webhooks } = webhooksOver({ post: answering({ status: 404 }, { fault: "refused" }) });
    webhooks.create({ url });
    webhooks.change("1", { enabled: false });
    expect(await webhooks.test("1")).toMatchObject({
      delivered: false,
      httpStatus: 404,
      error: "answered 404",
    });
    expect(await webhooks.test("1")).toMatchObject({ delivered: false, error: "refused" });
    await expect(webhooks.test("9")).rejects.toThrow(RangeError);
  });
});

describe("what cannot be", () => {
  test.each<[order: WebhookOrder, why: RegExp]>([
    [{ url: "http://example.com/" }, /url: example\.com is not this machine/],
    [{ url: "http://user:pass@localhost/" }, /user or password/],
    [{ url, deviceKey: "DK" }, /needs productKey/],
    [{ url, secret: "hush" }, /secret: expected whsec_/],
  ])("%j is refused", (order, why) => {
    const { webhooks } = webhooksOver();
    expect(() => webhooks.create(order)).toThrow(why);
    expect(() => webhooks.create(order)).not.toThrow(/pass@|hush/);
    expect(webhooks.list()).toEqual([]);
  });

  test.each<[WebhookChange, RegExp]>([
    [{ url: "http://10.0.0.1/" }, /not this machine/],
    [{ productKey: null }, /needs productKey/],
  ])("the change %j is refused, and nothing is changed", (change, why) => {
    const { webhooks } = webhooksOver();
    const { view } = webhooks.create({ url, productKey: "PK", deviceKey: "DK" });
    expect(() => webhooks.change("1", change)).toThrow(why);
    expect(webhooks.view("1")).toEqual(view);
  });

  test("more than 32 are refused", () => {
    const { webhooks } = webhooksOver();
    for (let i = 0; i < 32; i++) webhooks.create({ url });
    expect(() => webhooks.create({ url })).toThrow(/32 webhooks already; remove one/);
  });
});

describe("over a restart", () => {
  /** A storage of texts, as a real one is. */
  function storage(): {
    kept: Map<string, string>;
    put(key: string, value: unknown): void;
    delete(key: string): void;
  } {
    const kept = new Map<string, string>();
    return {
      kept,
      put: (key, value) => void kept.set(key, JSON.stringify(value)),
      delete: (key) => void kept.delete(key),
    };
  }
  const restored = (kept: Map<string, string>, into: Webhooks): void => {
    const entries = [...kept].map(([key, value]): [string, unknown] => [key, JSON.parse(value)]);
    rig({
      storage: { entries, put: () => undefined, delete: () => undefined },
      restoreOther: (kind, keys, value) => into.restore(kind, keys, value),
    });
  };

  it("webhooks are as they were, and sign as they did; what waited is lost", async () => {
    const first = storage();
    const before = webhooksOver({ storage: first, post: answering({ status: 410 }) });
    const { secret } = before.webhooks.create({ url, events: ["stored"], productKey: "PK" });
    before.webhooks.create({ url, secret });
    before.webhooks.create({ url });
    before.webhooks.remove("3");
    before.webhooks.change("2", { enabled: false });
    before.webhooks.event(stored("1"));
    const after = webhooksOver();
    restored(first.kept, after.webhooks);
    expect(after.webhooks.list()).toEqual([
      { ...before.webhooks.view("1"), waiting: 0 },
      before.webhooks.view("2"),
    ]);
    after.webhooks.event(stored("2"));
    await after.clock.advance(0);
    expect(after.posts).toHaveLength(1);
    expect(after.webhooks.create({ url }).view.id).toBe("3");
    // One that was disabled by its receiver stays so.
    await before.clock.advance(0);
    const later = webhooksOver();
    restored(first.kept, later.webhooks);
    expect(later.webhooks.view("1")).toMatchObject({
      enabled: false,
      disabledBecause: expect.stringMatching(/410/),
    });
  });

  test.each<[what: string, key: string, value: unknown]>([
    ["no object", "webhook/000000000001", 7],
    ["another number", "webhook/000000000002", undefined],
    ["more behind its number", "webhook/000000000001/x", undefined],
    ["no secret", "webhook/000000000001", { secret: undefined }],
    ["a URL that is none", "webhook/000000000001", { url: "file:///etc/passwd" }],
    ["keys that are none", "webhook/000000000001", { productKey: "../x" }],
    ["events that are none", "webhook/000000000001", { events: [1] }],
  ])("a storage with %s is refused", (_, key, value) => {
    const kept = storage();
    webhooksOver({ storage: kept }).webhooks.create({ url });
    const [sound] = kept.kept.values();
    const wrong = typeof value === "number" ? value : { ...JSON.parse(sound), ...(value as object) };
    const entries = new Map([[key, JSON.stringify(wrong)]]);
    expect(() => restored(entries, webhooksOver().webhooks)).toThrow(StorageError);
  });
});
