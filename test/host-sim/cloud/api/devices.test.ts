/** The registry over HTTP: products with their models and scripts, and devices. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { here, demoModel, demoScript, start, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";
import { dk, Device, pk, demoSecret } from "./device";

let rig: ApiRig;
let call: ApiRig["call"];
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
});

const product = `/api/v1/products/${pk}`;
const devices = "/api/v1/devices";

/** The rig's product, as it stands in the list. */
const climate = {
  ...{ productKey: pk, name: "Climate", payload: "json", hasModel: true, hasScript: true },
  ...{ modelVersion: 1, devices: 2 },
};

describe("products", () => {
  it("are listed without what is long", async () => {
    expect((await call("GET", "/api/v1/products")).body).toEqual({
      items: [climate],
    });
  });

  it("are shown whole one by one", async () => {
    const { status, body } = await call("GET", product);
    expect(status).toBe(200);
    expect(body).toEqual({ ...climate, model: demoModel, script: demoScript });
    detailOf(await call("GET", "/api/v1/products/other"), 404);
  });

  it("are created, replaced and removed", async () => {
    const url = "/api/v1/products/newOne";
    const created = await call("PUT", url, { name: "New", payload: "raw", script: demoScript });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ productKey: "newOne", payload: "raw", hasModel: false, devices: 0 });
    const replaced = await call("PUT", url, { model: demoModel });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toEqual({
      ...{
        productKey: "newOne",
        payload: "json",
        hasModel: true,
        hasScript: false,
        modelVersion: 1,
        devices: 0,
        model: demoModel,
      },
    });
    expect((await call("DELETE", url)).status).toBe(204);
    detailOf(await call("GET", url), 404);
    detailOf(await call("DELETE", url), 404);
  });

  it("show their model as it was given, as EnOS's console has it, and as a device is answered", async () => {
    expect((await call("GET", `${product}/model`)).body).toEqual(demoModel);
    const { body: enos } = await call("GET", `${product}/model?format=enos`);
    expect(Object.keys(enos.thingMeasurepointMap)).toContain("temperature");
    const { body: template } = await call("GET", `${product}/model?format=template`);
    expect(Object.keys(template.tslMeasurepointMap)).toEqual(Object.keys(enos.thingMeasurepointMap));
    await call("PUT", "/api/v1/products/bare", {});
    expect(detailOf(await call("GET", "/api/v1/products/bare/model"), 404)).toMatch(/has no thing model/);
    detailOf(await call("GET", "/api/v1/products/nothing/model"), 404);
  });

  it("take a model as EnOS's console exports it, and show it in both forms", async () => {
    const { body: enos } = await call("GET", `${product}/model?format=enos`);
    const pasted = await call("PUT", "/api/v1/products/pasted", { model: enos });
    expect([pasted.status, pasted.body.hasModel]).toEqual([201, true]);
    const { body: ours } = await call("GET", "/api/v1/products/pasted/model");
    const identifiers = (model: any): string[] => model.measurepoints.map((each: any) => each.identifier);
    expect(identifiers(ours)).toEqual(identifiers(demoModel));
    expect((await call("GET", "/api/v1/products/pasted/model?format=enos")).body).toEqual(enos);
  });

  it("stay while they have devices", async () => {
    expect(detailOf(await call("DELETE", product), 409)).toMatch(/device/);
    expect((await call("GET", product)).status).toBe(200);
  });

  it.each<[string, unknown, number, RegExp]>([
    [
      "a model that contradicts itself",
      { model: { ...demoModel, measurepoints: [{ identifier: "x" }] } },
      422,
      /model/,
    ],
    ["a model that is none", { model: "x" }, 400, /^body\.model: expected an object; got "x"$/],
    ["a script that does not run", { script: "function (" }, 422, /script/],
    ["another payload", { payload: "xml" }, 400, /^body\.payload: expected one of "raw", "json"; got "xml"$/],
    ["a key in the body", { productKey: "x" }, 400, /unknown member "productKey"/],
  ])("do not take %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("PUT", product, body), status)).toMatch(detail);
    expect((await call("GET", product)).body.script).toBe(demoScript);
  });
});

describe("a try of the parsing script", () => {
  const tryUrl = `${product}/script/try`;

  it("gives what it makes of bytes and of JSON, there and back", async () => {
    const json = { id: "7", version: "1.0", method: "thing.service.measurepoint.set", params: { relay: 1 } };
    const { status, body } = await call("POST", tryUrl, { json });
    expect(status).toBe(200);
    expect(body.bytes).toMatch(/^(?:[0-9a-f]{2})+$/);
    expect(Object.keys(body)).toEqual(["bytes"]);
    const { fault } = (await call("POST", tryUrl, { bytes: "ffffff" })).body;
    expect(fault ?? "none").toMatch(/./);
  });

  it("says what it could not do, and the server lives on", async () => {
    const script =
      "function rawDataToJsonStr() { for (;;) {} } function jsonStrToRawData() { throw new Error('no'); }";
    expect((await call("PUT", product, { script })).status).toBe(200);
    expect((await call("POST", tryUrl, { bytes: "00" })).body).toEqual({
      fault: expect.stringMatching(/\w/),
    });
    expect((await call("POST", tryUrl, { json: 1 })).body).toEqual({
      ...{ fault: expect.stringMatching(/no/), line: 1, column: 90 },
    });
  });

  it("says that what it returned is no JSON", async () => {
    const script =
      "function rawDataToJsonStr() { return 'x'; } function jsonStrToRawData() { return [255, -1]; }";
    await call("PUT", product, { script });
    expect((await call("POST", tryUrl, { bytes: "00" })).body.fault).toMatch(/JSON/);
    expect((await call("POST", tryUrl, { json: {} })).body).toEqual({ bytes: "ffff" });
  });

  it.each<[string, unknown, number, RegExp]>([
    ["neither", {}, 400, /^body: expected one of bytes and json, got neither$/],
    ["both", { bytes: "00", json: 1 }, 400, /^body: expected one of bytes and json, got both$/],
    ["no hex", { bytes: "0" }, 400, /^body\.bytes: expected an even number of hex digits; got "0"$/],
  ])("takes bytes or JSON, not %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("POST", tryUrl, body), status)).toMatch(detail);
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
    await call("POST", devices, { productKey: "other", deviceKey: "third" });
    await call("POST", `${here}/disable`);
    const list = async (query: string): Promise<[string[], number]> => {
      const { body } = await call("GET", `${devices}${query}`);
      return [body.items.map(({ deviceKey }: { deviceKey: string }) => deviceKey), body.total];
    };
    expect(await list("")).toEqual([[dk, "other", "third"], 3]);
    expect(await list(`?productKey=${pk}`)).toEqual([[dk, "other"], 2]);
    expect(await list("?state=disabled")).toEqual([[dk], 1]);
    expect(await list(`?state=inactive&productKey=${pk}`)).toEqual([["other"], 1]);
    expect(await list("?limit=1&offset=1")).toEqual([["other"], 3]);
    expect(await list("?offset=3")).toEqual([[], 3]);
  });

  it("are shown one by one, without their secret", async () => {
    const { status, body, text } = await call("GET", here);
    expect(status).toBe(200);
    expect(body).toMatchObject({ productKey: pk, deviceKey: dk, edition: "tokenless", state: "inactive" });
    expect(text).not.toContain(demoSecret);
    detailOf(await call("GET", `${devices}/${pk}/nobody`), 404);
  });

  it("are registered with a secret of theirs, which is not told again", async () => {
    const deviceSecret = "a secret of mine";
    const { status, body, headers, text } = await call("POST", devices, {
      ...{ productKey: pk, deviceKey: "mine", name: "Hall", edition: "token", deviceSecret },
    });
    expect(status).toBe(201);
    expect(headers.location).toBe(`${devices}/${pk}/mine`);
    expect(body).toMatchObject({ productKey: pk, deviceKey: "mine", edition: "token", state: "inactive" });
    expect(text).not.toContain(deviceSecret);
    expect((await call("GET", String(headers.location))).status).toBe(200);
  });

  it("are registered with a secret made here, which is told once and is the right one", async () => {
    const first = await call("POST", devices, { productKey: pk, deviceKey: "fresh" });
    const second = await call("POST", devices, { productKey: pk, deviceKey: "fresher" });
    const { deviceSecret } = first.body as { deviceSecret: string };
    expect(deviceSecret).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(second.body.deviceSecret).not.toBe(deviceSecret);
    expect(new Device(rig, "fresh", deviceSecret).authenticate().code).toBe("2.04");
    for (const url of [devices, `${devices}/${pk}/fresh`, "/api/v1/status", product]) {
      expect((await call("GET", url)).text).not.toContain(deviceSecret);
    }
  });

  it.each<[string, unknown, number, RegExp]>([
    ["that are there", { productKey: pk, deviceKey: dk }, 409, /is already there; remove it first/],
    [
      "under a second product",
      { productKey: "other", deviceKey: dk },
      409,
      new RegExp(`^deviceKey: ${dk} is unique over all products, and has been given to ${pk}/${dk}$`),
    ],
    ["without key", { productKey: pk }, 400, /deviceKey/],
    [
      "with a key of one dot",
      { productKey: pk, deviceKey: "." },
      400,
      /^body\.deviceKey: expected 1 to 64 of A-Z a-z 0-9 /,
    ],
    [
      "with a key of two dots",
      { productKey: pk, deviceKey: ".." },
      400,
      /^body\.deviceKey: expected 1 to 64 of A-Z a-z 0-9 /,
    ],
    [
      "with an empty key",
      { productKey: pk, deviceKey: "" },
      400,
      /^body\.deviceKey: expected 1 to 64 of A-Z a-z 0-9 /,
    ],
    [
      "with a key that is none",
      { productKey: pk, deviceKey: "a b" },
      400,
      /^body\.deviceKey: expected 1 to 64 of A-Z a-z 0-9 /,
    ],
    [
      "with an empty secret",
      { productKey: pk, deviceKey: "x", deviceSecret: "" },
      400,
      /^body\.deviceSecret: expected text of 1 to 128 characters; got text of 0 characters$/,
    ],
    ["with a state", { productKey: pk, deviceKey: "x", state: "online" }, 400, /unknown member "state"/],
  ])("are not registered %s", async (_name, body, status, detail) => {
    expect(detailOf(await call("POST", devices, body), status)).toMatch(detail);
    expect((await call("GET", devices)).body.total).toBe(2);
  });

  it("are shut out, let in again, and removed", async () => {
    const device = new Device(rig);
    const enter = (): string => device.authenticate().code;
    expect((await call("POST", `${here}/disable`)).body).toMatchObject({ state: "disabled" });
    expect(enter()).toBe("4.03");
    expect((await call("POST", `${here}/enable`)).body).toMatchObject({ state: "inactive" });
    expect(enter()).toBe("2.04");
    expect((await call("GET", here)).body).toMatchObject({ state: "online", lastSeen: start });
    expect((await call("DELETE", here)).status).toBe(204);
    detailOf(await call("GET", here), 404);
    expect(enter()).toBe("4.01");
  });

  it("forget their session when told", async () => {
    const device = new Device(rig);
    device.authenticate();
    expect((await call("POST", `${here}/forget-session`)).body).toMatchObject({ state: "offline" });
    device.authenticate();
    expect((await call("POST", "/api/v1/faults/forget-sessions")).body).toEqual({ sessions: 1 });
    expect((await call("GET", here)).body).toMatchObject({ state: "offline" });
  });

  test.each(["enable", "disable", "forget-session"])("that are not there: %s", async (name) => {
    detailOf(await call("POST", `${devices}/${pk}/nobody/${name}`), 404);
  });

  test("that are not there cannot be removed", async () => {
    detailOf(await call("DELETE", `${devices}/${pk}/nobody`), 404);
  });
});
