/** A reader's token looks at everything and changes nothing. */
import { describe, expect, test } from "vitest";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { roots } from "../../model/seal-oracle";
import { sealedReading, sealedRecord } from "../sealed-product";
import { apiRig, detailOf, here } from "./rig";
import { Device, dk, pk } from "./device";

const token = "operator-0123456789";
const readToken = "reader-0123456789abc";
const as = (each: string): Record<string, string> => ({ authorization: `Bearer ${each}` });
const open = () => apiRig({ token, readToken, feed: new Feed(() => 0) });

/** A path of the OpenAPI document with its names filled in. */
const filled = (path: string): string =>
  path
    .replaceAll("{productKey}", pk)
    .replaceAll("{deviceKey}", dk)
    .replaceAll(/\{\w+\}/g, "1");

describe("a reader's token", () => {
  test("is refused whatever changes something, by every route that there is, and changes nothing", async () => {
    const rig = await open();
    const before = JSON.stringify([
      rig.cloud.devices.list(),
      rig.cloud.products.list(),
      rig.cloud.faults,
      rig.cloud.nat,
    ]);
    const { paths } = (await rig.call("GET", "/openapi.json", undefined, as(token))).body;
    const changing = Object.entries<Record<string, object>>(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== "get" && method !== "parameters")
        .map((method) => [method.toUpperCase(), filled(path)] as const),
    );
    expect(changing.length).toBeGreaterThan(20);
    for (const [method, path] of changing) {
      const answer = await rig.call(method, path, {}, as(readToken));
      expect(detailOf(answer, 403), `${method} ${path}`).toMatch(/may look and change nothing/);
    }
    const put = await rig.call("PUT", "/console/down", { down: true }, as(readToken));
    expect(put.status).toBe(403);
    expect(rig.cloud.down).toBe(false);
    const after = [rig.cloud.devices.list(), rig.cloud.products.list(), rig.cloud.faults, rig.cloud.nat];
    expect(JSON.stringify(after)).toBe(before);
  });

  test("reads, tries a script, and is told what it may do", async () => {
    const rig = await open();
    for (const path of [here, "/api/v1/products", "/api/v1/faults", "/console/down"]) {
      expect((await rig.call("GET", path, undefined, as(readToken))).status).toBe(200);
    }
    const tried = await rig.call(
      "POST",
      `/console/products/${pk}/script/try`,
      { script: "1", bytes: "00" },
      as(readToken),
    );
    expect(tried.status).not.toBe(403);
    const status = async (each: string): Promise<unknown> =>
      (await rig.call("GET", "/api/v1/status", undefined, as(each))).body.access;
    expect(await status(readToken)).toBe("read");
    expect(await status(token)).toBe("operate");
  });

  test("cannot be the operator's too, nor stand alone", async () => {
    await expect(apiRig({ token, readToken: token })).rejects.toThrow(/is the operator's as well/);
    await expect(apiRig({ readToken })).rejects.toThrow(/only beside the operator's/);
  });
});

describe("the keys of a sealed product", () => {
  const [root, former] = [roots[0].toString("hex"), roots[1].toString("hex")];
  const noon = 1_767_268_800_000;
  /** How each may be written: whole, or in a part that would do to find the rest. */
  const secrets = [root, former, root.slice(0, 32), former.slice(32)].flatMap((each) => [
    each,
    each.toUpperCase(),
    Buffer.from(each, "hex").toString("base64").slice(0, 20),
    [...Buffer.from(each, "hex")].join(",").slice(0, 40),
  ]);
  const expectNone = (text: string, what: string): void => {
    for (const secret of secrets) expect(text.includes(secret), `${what} has a key`).toBe(false);
  };

  /** A stand-in in which everything has happened that could bring keys to light. */
  async function lived() {
    const told: string[] = [];
    const feed = new Feed(() => 0);
    const record = sealedRecord({ proof: true, roots: [root, former] });
    const rig = await apiRig(
      { token, readToken, feed, scriptEngine: await loadScriptEngine(() => 0) },
      {
        products: [record],
        onEvent: (event) => {
          told.push(JSON.stringify(event));
          feed.event(event);
        },
      },
    );
    const device = new Device(rig);
    device.authenticate();
    const up = "thing/model/up_raw";
    device.post(up, sealedReading(0, 7, noon));
    device.post(up, Buffer.from("0100000001", "hex"));
    device.post(up, Buffer.from("0900000001", "hex"));
    const call = (method: string, url: string, body?: unknown) => rig.call(method, url, body, as(token));
    const product = `/api/v1/products/${pk}`;
    await call("PATCH", product, { script: `${record.script}\n// ${former}\n` });
    const refusals = [
      await call("PATCH", product, { script: `${record.script}\nvar x = ${former};` }),
      await call("PATCH", product, { script: `${record.script}\nvar x = a${former.slice(1)};` }),
      await call("PATCH", product, { script: `var ROOTS = [${former}` }),
      await call("POST", `${here}/commands`, { kind: "set", points: { relay: 1 } }),
    ];
    for (const { status } of refusals) expect(status).toBe(422);
    await call("POST", `${here}/commands`, { kind: "set", points: { deviceKey: dk, relay: 1 } });
    return { rig, feed, told, refusals, record };
  }

  test("are for its owner alone: a reader gets the script without them, now and of before", async () => {
    const { rig, record } = await lived();
    const script = async (path: string, of: string): Promise<string> =>
      (await rig.call("GET", `/api/v1/products/${pk}${path}`, undefined, as(of))).body.script;
    expect(await script("", token)).toContain(root);
    expect(await script("/versions/1", token)).toBe(record.script);
    for (const path of ["", "/versions/1"]) {
      const masked = await script(path, readToken);
      expectNone(masked, path);
      expect(masked).toContain("var ROOTS = [/* masked */];");
      expect(masked.length).toBeGreaterThan(20_000);
      // It is a script that opens nothing.
      const body = { script: masked, bytes: Buffer.from(sealedReading(1, 8, noon)).toString("hex") };
      const tried = await rig.call("POST", `/console/products/${pk}/script/try`, body, as(readToken));
      expect(tried.body.fault).toMatch(/sealed: no roots/);
    }
  });

  test("are in nothing that a reader can ask for, nor in what is told, logged or refused", async () => {
    const { rig, feed, told, refusals } = await lived();
    const { paths } = (await rig.call("GET", "/openapi.json", undefined, as(token))).body;
    const reading = Object.entries<Record<string, object>>(paths).flatMap(([path, methods]) =>
      "get" in methods && !/events$|capture$/.test(path) ? [filled(path)] : [],
    );
    expect(reading.length).toBeGreaterThan(20);
    for (const path of [...reading, `/console/products/${pk}/script`, "/api/v1/fleet", "/console/down"]) {
      const answer = await rig.call("GET", path, undefined, as(readToken));
      expectNone(JSON.stringify(answer.headers) + answer.text, path);
    }
    for (let line = feed.after(0); line !== undefined; line = feed.after(line.number)) {
      expectNone(line.json, "the event stream");
    }
    expectNone(told.join("\n"), "an event");
    // What is a fault of the stand-in's own would hide what is looked for.
    expect(rig.errors).toEqual([]);
    for (const refusal of refusals) expectNone(refusal.text, "a refusal");
  });

  test("are out of the reach of a script that a reader tries", async () => {
    const { rig } = await lived();
    const hunts = [
      "typeof ROOTS === 'undefined' ? '' : ROOTS.join()",
      "Object.getOwnPropertyNames(globalThis).map(function (name) { try { return name + String(globalThis[name]); } catch (e) { return ''; } }).join()",
      "(function () { var all = ''; for (var i = 0; i < 200; i++) all += String.fromCharCode.apply(null, new Uint8Array(2000)); return all.replace(/\\0/g, ''); })()",
      "new Error().stack",
    ];
    for (const hunt of hunts) {
      const script =
        `function rawDataToJsonStr() { return JSON.stringify(${hunt}); }` +
        "function jsonStrToRawData(json) { return rawDataToJsonStr().split('').map(function (c) { return c.charCodeAt(0) & 255; }); }";
      const of = `/console/products/${pk}/script`;
      for (const [path, body] of [
        [`${of}/try`, { script, bytes: "00" }],
        [`${of}/try`, { script, json: {} }],
        [`${of}/compare`, { script }],
        [`${of}/compile`, { script: `${script}; throw new Error(${hunt});` }],
      ] as const) {
        const answer = await rig.call("POST", path, body, as(readToken));
        expect(answer.status).toBe(200);
        expectNone(answer.text, `${path} of ${hunt}`);
      }
    }
    // The API's own trial runs the product's script itself: it is the owner's.
    const own = await rig.call("POST", `/api/v1/products/${pk}/script/try`, { bytes: "00" }, as(readToken));
    expect(own.status).toBe(403);
  });
});

test("a change of conditions is told to whoever looks on", async () => {
  const events: string[] = [];
  const rig = await apiRig(
    { feed: new Feed(() => 0) },
    { onEvent: (event) => event.type === "conditions-changed" && events.push(event.condition) },
  );
  await rig.call("PUT", "/api/v1/faults", { dropUp: 0.5 });
  await rig.call("PUT", "/api/v1/nat", { addressIdle: 5 });
  await rig.call("PUT", "/api/v1/rate-limit", { perSecond: 5, burst: 5 });
  await rig.call("PUT", "/console/down", { down: true });
  expect(events).toEqual(["faults", "nat", "rate-limit", "down"]);
  // What is refused changes nothing, and tells nothing.
  await rig.call("PUT", "/api/v1/faults", { dropUp: 2 });
  expect(events).toHaveLength(4);
});
