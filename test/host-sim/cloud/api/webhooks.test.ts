/** Webhooks over the application API: made, shown without their secret, changed, tried, followed, removed. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeEach, describe, expect, it, test } from "vitest";
import { answering, stored, webhooksOver } from "../webhooks/rig";
import { apiRig, detailOf } from "./rig";
import type { Outcome } from "../../../../host-sim/cloud/webhooks/delivery-queue";
import type { Answer } from "./rig";

const url = "http://127.0.0.1:9000/hook?key=1";
const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
let call: (method: string, path: string, body?: unknown) => Promise<Answer>;
let over: ReturnType<typeof webhooksOver>;
let flushes: number[];

async function open(...outcomes: Outcome[]): Promise<void> {
  over = webhooksOver(outcomes.length === 0 ? {} : { post: answering(...outcomes) });
  const rig = await apiRig({ webhooks: over.webhooks });
  flushes = rig.flushes;
  call = (method, path, body) => rig.call(method, `/api/v1/webhooks${path}`, body);
}
beforeEach(() => open());

describe("a webhook", () => {
  it("is made with a secret that is told this once, and safe before it is told", async () => {
    const { status, headers, body } = await call("POST", "", { url, events: ["stored"] });
    expect(status).toBe(201);
    expect(headers["location"]).toBe("/api/v1/webhooks/1");
    expect(flushes).toHaveLength(1);
    expect(body).toEqual({
      ...{ id: "1", url, events: ["stored"], enabled: true, createdAt: over.clock.now },
      ...{ waiting: 0, delivered: 0, failed: 0, dropped: 0 },
      secret: expect.stringMatching(/^whsec_/),
    });
    const { secret: made, ...rest } = body;
    for (const path of ["", "/1", "/1/deliveries"])
      expect((await call("GET", path)).text).not.toContain(made);
    expect((await call("GET", "/1")).body).toEqual(rest);
    expect((await call("GET", "")).body).toEqual({ items: [rest] });
    expect((await call("PATCH", "/1", { enabled: false })).text).not.toContain(made);
  });

  it("is made with the caller's own secret, which is not told back", async () => {
    const { status, text } = await call("POST", "", { url, secret });
    expect(status).toBe(201);
    expect(text).not.toContain(secret.slice(6));
  });

  it("is changed, disabled and removed", async () => {
    await call("POST", "", { url, productKey: "PK", deviceKey: "DK" });
    const changed = await call("PATCH", "/1", { events: ["state"], deviceKey: null, enabled: false });
    expect(changed.body).toMatchObject({ events: ["state"], productKey: "PK", enabled: false });
    expect(changed.body).not.toHaveProperty("deviceKey");
    expect((await call("PATCH", "/1", { events: null })).body).not.toHaveProperty("events");
    expect((await call("DELETE", "/1")).status).toBe(204);
    expect((await call("GET", "")).body).toEqual({ items: [] });
  });

  it("shows its deliveries, the newest first, and how they stand", async () => {
    await open({ status: 200 }, { fault: "refused" });
    await call("POST", "", { url });
    for (const id of ["1", "2", "3"]) over.webhooks.event(stored(id));
    await over.clock.advance(0);
    const { body } = await call("GET", "/1/deliveries");
    expect(body.items.map((each: { state: string }) => each.state)).toEqual([
      "waiting",
      "waiting",
      "delivered",
    ]);
    expect(body.items[1]).toMatchObject({
      attempts: 1,
      error: "refused",
      nextAttempt: over.clock.now + 5000,
    });
    expect((await call("GET", "/1/deliveries?state=waiting&limit=1")).body.items).toEqual([body.items[0]]);
  });

  it("is tried at once, and tells how that went", async () => {
    await open({ status: 204 }, { status: 500 });
    await call("POST", "", { url });
    expect((await call("POST", "/1/test")).body).toMatchObject({ delivered: true, httpStatus: 204 });
    expect((await call("POST", "/1/test")).body).toMatchObject({ delivered: false, error: "answered 500" });
  });
});

describe("the document", () => {
  it("says what a receiver is called with, and that is what it is called with", async () => {
    const { app } = await apiRig({ webhooks: over.webhooks });
    const { body } = await app
      .inject({ url: "/openapi.json", headers: { host: "localhost:8080" } })
      .then((answer) => ({ body: answer.json() }));
    const { parameters, requestBody } = body.webhooks.event.post;
    const validate = new Ajv2020({ strict: false, validateFormats: false })
      .addSchema(body, "document")
      .compile({ $ref: `document${requestBody.content["application/json"].schema.$ref}` });
    over.webhooks.create({ url });
    over.webhooks.event(stored("1"));
    await over.clock.advance(0);
    await over.webhooks.test("1");
    expect(over.posts).toHaveLength(2);
    for (const { headers, body: posted } of over.posts) {
      expect(validate(JSON.parse(posted)), posted).toBe(true);
      expect(Object.keys(headers)).toEqual(parameters.map(({ name }: { name: string }) => name));
    }
    expect(validate({ type: "stored", timestamp: "now", data: { type: "stored" } })).toBe(false);
  });
});

test("no webhook calls the API, its own test least of all", async () => {
  const rig = await apiRig({ webhooks: over.webhooks });
  over.webhooks.create({ url });
  const answer = await rig.call("POST", "/api/v1/webhooks/1/test", undefined, { "webhook-id": "msg_1" });
  expect(detailOf(answer, 403)).toMatch(/circles/);
  expect(over.posts).toEqual([]);
});

describe("what is refused", () => {
  test.each<[body: unknown, status: number, why: RegExp]>([
    [{}, 400, /body\.url: is missing/],
    [{ url: 7 }, 400, /body\.url: expected text; got 7/],
    [{ url, events: ["stord"] }, 400, /"stord"; the nearest is "stored"/],
    [{ url, events: ["webhook"] }, 400, /no webhook is told of what becomes of webhooks/],
    [{ url, events: [] }, 400, /body\.events: expected a list of 1 to 64/],
    [{ url, secrt: "x" }, 400, /unknown member "secrt"; the nearest is "secret"/],
    [{ url, productKey: "../x" }, 400, /body\.productKey/],
    [{ url, deviceKey: "DK" }, 422, /needs productKey/],
    [{ url: "http://example.com/" }, 422, /--webhooks-to example\.com/],
    [{ url: "http://user:hush@localhost/" }, 422, /user or password/],
    [{ url: `http://localhost/${"hush".repeat(600)}` }, 422, /longer than 2048/],
    [{ url, secret: "whsec_hush" }, 422, /secret: expected whsec_/],
    [{ url, secret: ["hush"] }, 400, /body\.secret: expected text; got a list/],
  ])("%j", async (body, status, why) => {
    const detail = detailOf(await call("POST", "", body), status);
    expect(detail).toMatch(why);
    expect(detail).not.toContain("hush");
    expect(over.webhooks.list()).toEqual([]);
  });

  it("a webhook too many", async () => {
    for (let i = 0; i < 32; i++) over.webhooks.create({ url });
    expect(detailOf(await call("POST", "", { url }), 409)).toMatch(/32 webhooks already/);
  });

  test.each([
    ["GET", "/9"],
    ["PATCH", "/9"],
    ["DELETE", "/9"],
    ["GET", "/9/deliveries"],
    ["POST", "/9/test"],
  ])("%s %s", async (method, path) => {
    expect(detailOf(await call(method, path, method === "PATCH" ? {} : undefined), 404)).toBe("no webhook 9");
  });

  it("an id that is none", async () => {
    expect(detailOf(await call("GET", "/x"), 400)).toMatch(/path\.id: expected 1 to 12 digits/);
  });
});
