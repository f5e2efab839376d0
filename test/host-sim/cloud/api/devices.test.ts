/** The registry over HTTP: products with their models and scripts, and devices. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { HERE, MODEL, SCRIPT, START, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";
import { DK, Device, PK, SECRET } from "./device";

let rig: ApiRig;
let call: ApiRig["call"];
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
});

const PRODUCT = `/api/v1/products/${PK}`;
const DEVICES = "/api/v1/devices";

describe("products", () => {
  it("are listed without what is long", async () => {
    expect((await call("GET", "/api/v1/products")).body).toEqual({
      items: [
        { productKey: PK, name: "Climate", payload: "json", hasModel: true, hasScript: true, devices: 2 },
      ],
    });
  });

  it("are shown whole one by one", async () => {
    const { status, body } = await call("GET", PRODUCT);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ productKey: PK, name: "Climate", payload: "json", hasModel: true, hasScript: true, devices: 2 },
      ...{ model: MODEL, script: SCRIPT },
    });
    detailOf(await call("GET", "/api/v1/products/other"), 404);
  });

  it("are created, replaced and removed", async () => {
    const url = "/api/v1/products/newOne";
    const created = await call("PUT", url, { name: "New", payload: "raw", script: SCRIPT });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ productKey: "newOne", payload: "raw", hasModel: false, devices: 0 });
    const replaced = await call("PUT", url, { model: MODEL });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toEqual({
      ...{
        productKey: "newOne",
        payload: "json",
        hasModel: true,
        hasScript: false,
        devices: 0,
        model: MODEL,
      },
    });
    expect((await call("DELETE", url)).status).toBe(204);
    detailOf(await call("GET", url), 404);
    detailOf(await call("DELETE", url), 404);
  });

  it("stay while they have devices", async () => {
    expect(detailOf(await call("DELETE", PRODUCT), 409)).toMatch(/device/);
    expect((await call("GET", PRODUCT)).status).toBe(200);
  });

  it.each<[string, unknown, number, RegExp]>([
    [
      "a model that contradicts itself",
      { model: { ...MODEL, measurepoints: [{ identifier: "x" }] } },
      422,
      /model/,
    ],
    ["a model that is none", { model: "x" }, 400, /^body, model: must be object/],
    ["a script that does not run", { script: "function (" }, 422, /script/],
    ["another payload", { payload: "xml" }, 400, /^body, payload: expected one of "raw", "json"/],
    ["a key in the body", { productKey: "x" }, 400, /unknown field "productKey"/],
  ])("do not take %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("PUT", PRODUCT, body), status)).toMatch(detail);
    expect((await call("GET", PRODUCT)).body.script).toBe(SCRIPT);
  });
});

describe("a try of the parsing script", () => {
  const TRY = `${PRODUCT}/script/try`;

  it("gives what it makes of bytes and of JSON, there and back", async () => {
    const json = { id: "7", version: "1.0", method: "thing.service.measurepoint.set", params: { relay: 1 } };
    const { status, body } = await call("POST", TRY, { json });
    expect(status).toBe(200);
    expect(body.bytes).toMatch(/^(?:[0-9a-f]{2})+$/);
    expect(Object.keys(body)).toEqual(["bytes"]);
    const { fault } = (await call("POST", TRY, { bytes: "ffffff" })).body;
    expect(fault ?? "none").toMatch(/./);
  });

  it("says what it could not do, and the server lives on", async () => {
    const script =
      "function rawDataToJsonStr() { for (;;) {} } function jsonStrToRawData() { throw new Error('no'); }";
    expect((await call("PUT", PRODUCT, { script })).status).toBe(200);
    expect((await call("POST", TRY, { bytes: "00" })).body).toEqual({ fault: expect.stringMatching(/\w/) });
    expect((await call("POST", TRY, { json: 1 })).body).toEqual({ fault: expect.stringMatching(/no/) });
  });

  it("says that what it returned is no JSON", async () => {
    const script =
      "function rawDataToJsonStr() { return 'x'; } function jsonStrToRawData() { return [255, -1]; }";
    await call("PUT", PRODUCT, { script });
    expect((await call("POST", TRY, { bytes: "00" })).body.fault).toMatch(/JSON/);
    expect((await call("POST", TRY, { json: {} })).body).toEqual({ bytes: "ffff" });
  });

  it.each<[string, unknown, number, RegExp]>([
    ["neither", {}, 400, /^body: must NOT have fewer than 1/],
    ["both", { bytes: "00", json: 1 }, 400, /^body: must NOT have more than 1/],
    ["no hex", { bytes: "0" }, 400, /^body, bytes: must match/],
  ])("takes bytes or JSON, not %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("POST", TRY, body), status)).toMatch(detail);
  });

  it("needs a product with a script", async () => {
    detailOf(await call("POST", "/api/v1/products/other/script/try", { bytes: "00" }), 404);
    await call("PUT", "/api/v1/products/bare", {});
    expect(detailOf(await call("POST", "/api/v1/products/bare/script/try", { bytes: "00" }), 422)).toMatch(
      /has no parsing script/,
    );
  });
});

describe("devices", () => {
  it("are listed, all or some", async () => {
    await call("POST", DEVICES, { productKey: "other", deviceKey: "third" });
    await call("POST", `${HERE}/disable`);
    const list = async (query: string): Promise<[string[], number]> => {
      const { body } = await call("GET", `${DEVICES}${query}`);
      return [body.items.map(({ deviceKey }: { deviceKey: string }) => deviceKey), body.total];
    };
    expect(await list("")).toEqual([[DK, "other", "third"], 3]);
    expect(await list(`?productKey=${PK}`)).toEqual([[DK, "other"], 2]);
    expect(await list("?state=disabled")).toEqual([[DK], 1]);
    expect(await list(`?state=inactive&productKey=${PK}`)).toEqual([["other"], 1]);
    expect(await list("?limit=1&offset=1")).toEqual([["other"], 3]);
    expect(await list("?offset=3")).toEqual([[], 3]);
  });

  it("are shown one by one, without their secret", async () => {
    const { status, body, text } = await call("GET", HERE);
    expect(status).toBe(200);
    expect(body).toMatchObject({ productKey: PK, deviceKey: DK, edition: "tokenless", state: "inactive" });
    expect(text).not.toContain(SECRET);
    detailOf(await call("GET", `${DEVICES}/${PK}/nobody`), 404);
  });

  it("are registered with a secret of theirs, which is not told again", async () => {
    const deviceSecret = "a secret of mine";
    const { status, body, headers, text } = await call("POST", DEVICES, {
      ...{ productKey: PK, deviceKey: "mine", name: "Hall", edition: "token", deviceSecret },
    });
    expect(status).toBe(201);
    expect(headers.location).toBe(`${DEVICES}/${PK}/mine`);
    expect(body).toMatchObject({ productKey: PK, deviceKey: "mine", edition: "token", state: "inactive" });
    expect(text).not.toContain(deviceSecret);
    expect((await call("GET", String(headers.location))).status).toBe(200);
  });

  it("are registered with a secret made here, which is told once and is the right one", async () => {
    const first = await call("POST", DEVICES, { productKey: PK, deviceKey: "fresh" });
    const second = await call("POST", DEVICES, { productKey: PK, deviceKey: "fresher" });
    const { deviceSecret } = first.body as { deviceSecret: string };
    expect(deviceSecret).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(second.body.deviceSecret).not.toBe(deviceSecret);
    expect(new Device(rig, "fresh", deviceSecret).authenticate().code).toBe("2.04");
    for (const url of [DEVICES, `${DEVICES}/${PK}/fresh`, "/api/v1/status", PRODUCT]) {
      expect((await call("GET", url)).text).not.toContain(deviceSecret);
    }
  });

  it.each<[string, unknown, number, RegExp]>([
    ["that are there", { productKey: PK, deviceKey: DK }, 409, /is already there; remove it first/],
    ["without key", { productKey: PK }, 400, /deviceKey/],
    ["with a key that is none", { productKey: PK, deviceKey: "a b" }, 400, /^body, deviceKey: must match/],
    [
      "with an empty secret",
      { productKey: PK, deviceKey: "x", deviceSecret: "" },
      400,
      /^body, deviceSecret/,
    ],
    ["with a state", { productKey: PK, deviceKey: "x", state: "online" }, 400, /unknown field "state"/],
  ])("are not registered %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("POST", DEVICES, body), status)).toMatch(detail);
    expect((await call("GET", DEVICES)).body.total).toBe(2);
  });

  it("are shut out, let in again, and removed", async () => {
    const device = new Device(rig);
    const enter = (): string => device.authenticate().code;
    expect((await call("POST", `${HERE}/disable`)).body).toMatchObject({ state: "disabled" });
    expect(enter()).toBe("4.03");
    expect((await call("POST", `${HERE}/enable`)).body).toMatchObject({ state: "inactive" });
    expect(enter()).toBe("2.04");
    expect((await call("GET", HERE)).body).toMatchObject({ state: "online", lastSeen: START });
    expect((await call("DELETE", HERE)).status).toBe(204);
    detailOf(await call("GET", HERE), 404);
    expect(enter()).toBe("4.01");
  });

  it("forget their session when told", async () => {
    const device = new Device(rig);
    device.authenticate();
    expect((await call("POST", `${HERE}/forget-session`)).body).toMatchObject({ state: "offline" });
    device.authenticate();
    expect((await call("POST", "/api/v1/faults/forget-sessions")).body).toEqual({ sessions: 1 });
    expect((await call("GET", HERE)).body).toMatchObject({ state: "offline" });
  });

  test.each(["enable", "disable", "forget-session"])("that are not there: %s", async (name) => {
    detailOf(await call("POST", `${DEVICES}/${PK}/nobody/${name}`), 404);
  });

  test("that are not there cannot be removed", async () => {
    detailOf(await call("DELETE", `${DEVICES}/${PK}/nobody`), 404);
  });
});
