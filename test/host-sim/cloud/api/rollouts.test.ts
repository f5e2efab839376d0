/** Rollouts over the application API. */
import { beforeEach, describe, expect, it } from "vitest";
import { packageOf } from "../ota/package";
import { Device, dk, pk } from "./device";
import { apiRig, detailOf } from "./rig";
import type { Answer, ApiRig } from "./rig";

const at = `/api/v1/products/${pk}/rollouts`;
const files = `/api/v1/products/${pk}/firmware`;
let rig: ApiRig;
let device: Device;

beforeEach(async () => {
  rig = await apiRig();
  device = new Device(rig);
  device.authenticate();
  device.say("1", "ota/device/inform", { version: "1.2.0" });
});

async function put(path: string, bytes: Buffer): Promise<Answer> {
  const {
    statusCode: status,
    headers,
    body: text,
  } = await rig.app.inject({
    ...{ method: "PUT", url: `${files}/${path}`, payload: bytes },
    headers: { host: "localhost:8080", "content-type": "application/octet-stream" },
  });
  return { status, headers, text, body: JSON.parse(text) };
}

describe("a rollout", () => {
  beforeEach(async () => void (await put("1.3.0", Buffer.alloc(900, 1))));

  it("is begun with what is usual, followed, halted and ended", async () => {
    const begun = await rig.call("POST", at, { version: "1.3.0" });
    expect(begun.status).toBe(201);
    expect(begun.body).toMatchObject({
      ...{ rolloutId: "1", productKey: pk, version: "1.3.0", state: "running", stage: 1, policy: "push" },
      ...{ timeout: 604_800, wait: 3600, failureShare: 0.05, leastFailures: 1, stageLimit: 1_209_600 },
      stages: [
        { share: 0.01, devices: 1, counts: { init: 1, failed: 0 }, failures: [], skipped: [] },
        { share: 0.1, devices: 0 },
        { share: 1, devices: 0 },
      ],
    });
    expect(begun.body.stages[1]).not.toHaveProperty("begunAt");
    expect((await rig.call("GET", at)).body).toEqual({ items: [begun.body] });
    device.points("2", { temperature: 21 });
    device.say("3", "ota/device/progress", { step: "42" });
    expect((await rig.call("GET", `${at}/1`)).body.stages[0]).toMatchObject({
      ...{ progress: 42, counts: { upgrading: 1 } },
    });
    expect((await rig.call("POST", `${at}/1/pause`)).body).toMatchObject({ state: "paused" });
    expect(detailOf(await rig.call("POST", `${at}/1/pause`), 409)).toContain("is paused: only one that is");
    expect((await rig.call("POST", `${at}/1/resume`)).body).toMatchObject({ state: "running" });
    device.say("4", "ota/device/progress", { step: "-3", desc: "digest" });
    expect((await rig.call("GET", `${at}/1`)).body).toMatchObject({
      ...{ state: "stopped", reason: "1 of 1 devices of stage 1 failed: 100 %, above 5 %" },
      stages: [{ failures: [{ reason: "step -3: digest", count: 1, deviceKeys: [dk] }] }, {}, {}],
    });
    const tasks = (query: string): Promise<Answer> => rig.call("GET", `/api/v1/ota-tasks?${query}`);
    expect((await tasks("rolloutId=1&stage=1&status=failed")).body.items).toMatchObject([
      { taskId: "1", rolloutId: "1", stage: 1, deviceKey: dk, file: { fileSize: 900 } },
    ]);
    expect((await tasks("rolloutId=1&stage=2")).body.items).toEqual([]);
    expect((await tasks("rolloutId=2")).body.items).toEqual([]);
    expect((await rig.call("POST", `${at}/1/retry`)).body).toMatchObject({ state: "running" });
    expect(detailOf(await rig.call("POST", at, { version: "1.3.0" }), 409)).toContain("rollout 1, to 1.3.0");
    expect(detailOf(await rig.call("DELETE", `${files}/1.3.0`), 409)).toContain("in a task");
    expect((await rig.call("POST", `${at}/1/abort`)).body).toMatchObject({ state: "aborted" });
  });

  it("has its own stages and times, in seconds", async () => {
    const order = { version: "1.3.0", stages: [0.5], wait: 0, stageLimit: 3600, timeout: 90 };
    const { body } = await rig.call("POST", at, { ...order, policy: "request", failureShare: 0.5 });
    expect(body).toMatchObject({ ...order, stages: [{ share: 0.5 }], until: rig.time.now + 3_600_000 });
    expect(rig.cloud.ota.tasks()[0]).toMatchObject({ policy: "request", timeout: 90_000 });
  });

  it("that cannot be is refused with the reason", async () => {
    for (const [body, words] of [
      [{}, "version"],
      [{ version: "1.3.0", stages: [] }, "stages"],
      [{ version: "1.3.0", stages: [2] }, "stages"],
      [{ version: "1.3.0", stages: [0] }, "stages"],
      [{ version: "1.3.0", wait: -1 }, "wait"],
      [{ version: "1.3.0", failureShare: 2 }, "failureShare"],
      [{ version: "1.3.0", leastFailures: 0.5 }, "leastFailures"],
      [{ version: "1.3.0", more: 1 }, "more"],
    ] as const) {
      expect(detailOf(await rig.call("POST", at, body), 400), JSON.stringify(body)).toContain(words);
    }
    const falling = { version: "1.3.0", stages: [0.5, 0.1] };
    expect(detailOf(await rig.call("POST", at, falling), 422)).toContain("each larger than the one before");
    expect(detailOf(await rig.call("POST", at, { version: "9" }), 422)).toBe(
      `no firmware 9 of product ${pk}`,
    );
    for (const [method, path] of [
      ["GET", "/7"],
      ["POST", "/7/pause"],
      ["POST", "/7/resume"],
      ["POST", "/7/abort"],
      ["POST", "/7/retry"],
    ]) {
      expect(detailOf(await rig.call(method, `${at}${path}`), 404)).toBe(`no rollout 7 of product ${pk}`);
    }
    expect(detailOf(await rig.call("GET", "/api/v1/products/none/rollouts"), 404)).toBe("no product none");
    expect(detailOf(await rig.call("POST", "/api/v1/products/none/rollouts", { version: "1" }), 404)).toBe(
      "no product none",
    );
  });
});

describe("a version's files", () => {
  it("are told apart by board and base, which a package says itself", async () => {
    const whole = await put("1.3.0", packageOf());
    expect(whole.body).toMatchObject({
      ...{ version: "1.3.0", board: "m5stack-nbiot" },
      package: { kind: "whole", board: "m5stack-nbiot", version: "1.3.0", imageSize: 1_200_000 },
    });
    expect(whole.body).not.toHaveProperty("warnings");
    const difference = await put("1.3.0", packageOf({ from: "1.2.0" }));
    expect([whole.status, difference.status]).toEqual([201, 201]);
    expect((await put("1.3.0", packageOf({ from: "1.2.0" }, 10))).status).toBe(200);
    expect((await put("1.3.0?board=other", Buffer.alloc(10))).status).toBe(201);
    expect((await rig.call("GET", files)).body.items).toHaveLength(3);
    const get = (query: string): Promise<Answer> => rig.call("GET", `${files}/1.3.0${query}`);
    expect((await get("")).body).toMatchObject({ board: "m5stack-nbiot", fileSize: 780 });
    expect((await get("?board=m5stack-nbiot&from=1.2.0")).body).toMatchObject({ fileSize: 290 });
    expect((await get("?board=other")).body).toMatchObject({ fileSize: 10 });
    expect(detailOf(await get("?from=1.2.0"), 404)).toBe(`no firmware 1.3.0 from 1.2.0 of product ${pk}`);
    expect(detailOf(await get("?board=-"), 400)).toContain("board: expected 1 to 64");
    expect((await rig.call("DELETE", `${files}/1.3.0?board=other`)).status).toBe(204);
    expect((await rig.call("GET", files)).body.items).toHaveLength(2);
    expect((await rig.call("DELETE", `${files}/1.3.0`)).status).toBe(204);
    expect((await rig.call("GET", files)).body.items).toEqual([]);
  });

  it("are taken whatever they are, with a warning where a package is filed under what it is not", async () => {
    const odd = await put("1.4.0", packageOf({ productKey: "Another1" }));
    expect(odd.body.warnings).toEqual([
      "its head says version 1.3.0, and it is filed under 1.4.0",
      `its head says product Another1: devices of ${pk} refuse it`,
    ]);
    const broken = await put("1.5.0", packageOf({ kind: 9 }));
    expect(broken.body).toMatchObject({ package: { fault: expect.stringContaining("its kind is 9") } });
    expect(broken.body.warnings).toHaveLength(1);
  });

  it("may lie elsewhere", async () => {
    const fileUrl = "coap://192.0.2.7:5683/f/1.3.0";
    const there = await put(`1.3.0?fileUrl=${encodeURIComponent(fileUrl)}`, Buffer.alloc(900, 1));
    expect(there.body).toMatchObject({ fileUrl, fileSize: 900 });
    expect((await rig.call("GET", files)).body.room.usedBytes).toBe(0);
    expect(detailOf(await put("1.3.0?fileUrl=https%3A%2F%2Fa%2Fb", Buffer.alloc(1)), 422)).toContain(
      "fileUrl: expected coap://HOST",
    );
  });
});
