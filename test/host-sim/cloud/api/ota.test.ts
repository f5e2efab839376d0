/** Firmware over the application API: files go up, devices are given tasks, and how far they are is told. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { Device, dk, pk } from "./device";
import { apiRig, detailOf, here } from "./rig";
import type { Answer, ApiRig } from "./rig";

const files = `/api/v1/products/${pk}/firmware`;
const image = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7) % 251));
let rig: ApiRig;
let device: Device;

beforeEach(async () => {
  rig = await apiRig();
  device = new Device(rig);
  device.authenticate();
});

async function put(path: string, bytes: Buffer = image, type = "application/octet-stream"): Promise<Answer> {
  const answer = await rig.app.inject({
    ...{ method: "PUT", url: `${files}/${path}`, payload: bytes },
    headers: { host: "localhost:8080", ...(type === "" ? {} : { "content-type": type }) },
  });
  const { statusCode: status, headers, body: text } = answer;
  return { status, headers, text, body: text === "" ? undefined : JSON.parse(text) };
}

const order = (body: object): Promise<Answer> =>
  rig.call("POST", "/api/v1/ota-jobs", { productKey: pk, version: "1.3.0", ...body });

describe("a file", () => {
  it("goes up, is listed, replaced and removed", async () => {
    const created = await put("1.3.0?desc=summer");
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      ...{ productKey: pk, version: "1.3.0", signMethod: "md5", fileSize: 3000, desc: "summer" },
      sign: createHash("md5").update(image).digest("hex"),
      fileUrl: expect.stringMatching(/^\/f\/[\w-]{11}$/),
      ...{ uploadedAt: rig.time.now, devices: 0 },
    });
    expect(rig.flushes).toHaveLength(1);
    device.say("1", "ota/device/inform", { version: "1.3.0" });
    const replaced = await put("1.3.0?signMethod=sha256", image.subarray(1));
    expect(replaced.status).toBe(200);
    expect(replaced.body).toMatchObject({ signMethod: "sha256", fileSize: 2999, devices: 1 });
    expect(replaced.body.fileUrl).toBe(created.body.fileUrl);
    expect((await rig.call("GET", files)).body.items).toEqual([replaced.body]);
    expect((await rig.call("GET", `${files}/1.3.0`)).body).toEqual(replaced.body);
    expect((await rig.call("DELETE", `${files}/1.3.0`)).status).toBe(204);
    expect((await rig.call("GET", files)).body.items).toEqual([]);
    expect(detailOf(await rig.call("GET", `${files}/1.3.0`), 404)).toBe(`no firmware 1.3.0 of product ${pk}`);
    expect(detailOf(await rig.call("DELETE", `${files}/1.3.0`), 404)).toContain("no firmware");
  });

  it("of 4 MiB is taken, one byte more is not", async () => {
    const largest = Buffer.alloc(4 << 20, 1);
    expect((await put("4", largest)).body).toMatchObject({ fileSize: 4 << 20 });
    const more = Buffer.alloc((4 << 20) + 1, 1);
    expect(detailOf(await put("5", more), 413)).toContain("longer than the 4194304 bytes");
  });

  it("has to be bytes, some, of a product, with a version", async () => {
    for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
      expect(detailOf(await put("1", image, type), 415)).toBe(
        `Content-Type: expected application/octet-stream, or none; got ${type}`,
      );
    }
    expect((await put("1", image, "")).status).toBe(201);
    expect(detailOf(await put("1", Buffer.alloc(0)), 422)).toBe("firmware: the file is empty");
    expect(detailOf(await put("-1"), 400)).toContain("path.version: expected 1 to 64 of A-Z");
    expect(detailOf(await put("1?signMethod=crc"), 400)).toContain('expected one of "md5", "sha256"');
    const none = await rig.call("GET", "/api/v1/products/none/firmware");
    expect(detailOf(none, 404)).toBe("no product none");
    // No other route takes bytes, or so many.
    const wrong = await rig.app.inject({
      ...{ method: "POST", url: "/api/v1/ota-jobs", payload: image },
      headers: { host: "localhost:8080", "content-type": "application/octet-stream" },
    });
    expect(wrong.statusCode).toBe(415);
  });

  it("goes with its product", async () => {
    await put("1.3.0");
    for (const deviceKey of [dk, "other"]) await rig.call("DELETE", `/api/v1/devices/${pk}/${deviceKey}`);
    expect((await rig.call("DELETE", `/api/v1/products/${pk}`)).status).toBe(204);
    await rig.call("PUT", `/api/v1/products/${pk}`, {});
    expect((await rig.call("GET", files)).body.items).toEqual([]);
  });
});

describe("an upgrade", () => {
  beforeEach(async () => void (await put("1.3.0")));

  it("is ordered, followed and done", async () => {
    device.say("1", "ota/device/inform", { version: "1.2.0" });
    const informed = { version: "1.2.0", since: rig.time.now, informedAt: rig.time.now };
    expect((await rig.call("GET", `${here}/firmware`)).body).toEqual({ ...informed, tasks: [] });
    const job = await order({ timeout: 3600 });
    expect(job.status).toBe(201);
    expect(job.body).toMatchObject({
      jobId: "1",
      tasks: [{ taskId: "1", deviceKey: dk, status: "init", policy: "push", timeout: 3600 }],
      skipped: [{ deviceKey: "other", reason: "it has not informed its version yet" }],
    });
    const { command } = device.points("2", { temperature: 21 });
    expect(command).toMatchObject({
      path: `/topic/sys/${pk}/${dk}/ota/device/upgrade`,
      json: { version: "1.0", method: "ota.device.upgrade", params: { version: "1.3.0", fileSize: 3000 } },
    });
    const body = JSON.stringify({ id: command!.json.id, code: 200, data: {} });
    expect(device.post("ota/device/upgrade_reply", body).code).toBe("2.04");
    device.say("3", "ota/device/progress", { step: "42", desc: "fetching" });
    const task = (await rig.call("GET", "/api/v1/ota-tasks/1")).body;
    expect(task).toMatchObject({
      status: "upgrading",
      progress: 42,
      desc: "fetching",
      startedAt: rig.time.now,
    });
    expect((await rig.call("GET", `${here}/firmware`)).body).toEqual({ ...informed, tasks: [task] });
    expect(detailOf(await rig.call("POST", "/api/v1/ota-tasks/1/cancel"), 409)).toContain("is upgrading");
    expect(detailOf(await rig.call("DELETE", `${files}/1.3.0`), 409)).toContain("in a task");
    device.say("4", "ota/device/progress", { step: "-3", desc: "digest" });
    expect((await rig.call("GET", "/api/v1/ota-tasks/1")).body).toMatchObject({
      ...{ status: "failed", cause: "failure", progress: -3, endedAt: rig.time.now },
    });
    expect((await rig.call("POST", "/api/v1/ota-tasks/1/retry")).body).toMatchObject({ status: "init" });
    device.say("5", "ota/device/inform", { version: "1.3.0" });
    expect((await rig.call("GET", "/api/v1/ota-tasks/1")).body).toMatchObject({ status: "succeeded" });
  });

  it("is one of a list that can be asked for by what it is about", async () => {
    // Both speak from one address: after this long a message id stands for another message.
    rig.time.now += 300_000;
    const other = new Device(rig, "other", "another secret");
    other.authenticate();
    other.say("1", "ota/device/inform", { version: "1.1.0" });
    rig.time.now += 300_000;
    device.say("1", "ota/device/inform", { version: "1.2.0" });
    await order({ deviceKeys: ["other"], policy: "request" });
    await order({ deviceKeys: [dk] });
    await rig.call("POST", "/api/v1/ota-tasks/1/cancel");
    const ids = async (query: string): Promise<string[]> =>
      (await rig.call("GET", `/api/v1/ota-tasks${query}`)).body.items.map(
        ({ taskId }: { taskId: string }) => taskId,
      );
    expect(await ids("")).toEqual(["2", "1"]);
    expect(await ids("?status=canceled")).toEqual(["1"]);
    expect(await ids(`?productKey=${pk}&deviceKey=${dk}`)).toEqual(["2"]);
    expect(await ids("?jobId=1")).toEqual(["1"]);
    expect(await ids("?productKey=none")).toEqual([]);
    expect((await rig.call("GET", "/api/v1/ota-tasks?limit=1&offset=1")).body).toMatchObject({
      ...{ items: [{ taskId: "1" }], total: 2, limit: 1, offset: 1 },
    });
    expect(detailOf(await rig.call("GET", "/api/v1/ota-tasks?status=done"), 400)).toContain('"init"');
  });

  it("that cannot be is refused with the reason", async () => {
    expect(detailOf(await order({}), 422)).toContain("has not informed its version");
    expect(detailOf(await order({ version: "9" }), 422)).toBe(`no firmware 9 of product ${pk}`);
    expect(detailOf(await order({ deviceKeys: ["nobody"] }), 422)).toBe(`no device ${pk}/nobody`);
    expect(detailOf(await order({ timeout: 59 }), 400)).toContain("timeout");
    expect(detailOf(await order({ policy: "pull" }), 400)).toContain('"push", "request"');
    for (const [method, path] of [
      ["GET", "ota-tasks/7"],
      ["POST", "ota-tasks/7/cancel"],
      ["POST", "ota-tasks/7/retry"],
    ]) {
      expect(detailOf(await rig.call(method, `/api/v1/${path}`), 404)).toContain("no task 7");
    }
    const nobody = await rig.call("GET", `/api/v1/devices/${pk}/nobody/firmware`);
    expect(detailOf(nobody, 404)).toContain("no device");
  });
});
