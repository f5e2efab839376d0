/** What was in force before: kept for an undo, over a restart too, and bounded. */
import { expect, test } from "vitest";
import { detailOf, apiRig, demoScript } from "../api/rig";
import { pk } from "../api/device";
import { ProductVersions } from "../../../../host-sim/cloud/registry/product-versions";
import type { CloudStorage } from "../../../../host-sim/cloud/registry/storage";

const versions = `/api/v1/products/${pk}/versions`;

class MapStorage implements CloudStorage {
  readonly kept = new Map<string, unknown>();
  get entries(): [string, unknown][] {
    return [...this.kept].sort(([one], [other]) => (one < other ? -1 : 1));
  }
  put(key: string, value: unknown): void {
    this.kept.set(key, JSON.parse(JSON.stringify(value)));
  }
  delete(key: string): void {
    this.kept.delete(key);
  }
}

test("an apply keeps what was in force before, whole, and an undo keeps what it undoes", async () => {
  const { call, time } = await apiRig();
  expect((await call("GET", versions)).body).toEqual({ items: [] });
  const script = `${demoScript}\n// changed`;
  time.now += 1000;
  expect((await call("PATCH", `/api/v1/products/${pk}`, { script })).status).toBe(200);
  const { items } = (await call("GET", versions)).body;
  expect(items).toEqual([
    {
      ...{ number: 1, until: time.now, changed: ["script"] },
      ...{ payload: "json", hasModel: true, hasScript: true },
    },
  ]);
  const { body: before } = await call("GET", `${versions}/1`);
  expect(before).toMatchObject({ number: 1, script: demoScript, model: { product: expect.any(String) } });
  time.now += 1000;
  await call("PATCH", `/api/v1/products/${pk}`, { script: before.script });
  expect((await call("GET", `${versions}/2`)).body.script).toBe(script);
  detailOf(await call("GET", `${versions}/9`), 404);
  detailOf(await call("GET", `/api/v1/products/other/versions`), 404);
});

test("what touches neither model, script nor form is no version", async () => {
  const { call } = await apiRig();
  await call("PATCH", `/api/v1/products/${pk}`, { name: "Other" });
  await call("PATCH", `/api/v1/products/${pk}`, { script: demoScript, payload: "json" });
  expect((await call("GET", versions)).body).toEqual({ items: [] });
  await call("PATCH", `/api/v1/products/${pk}`, { payload: "raw" });
  expect((await call("GET", versions)).body.items).toHaveLength(1);
});

test("they outlive a restart, and go with their product", async () => {
  const storage = new MapStorage();
  const first = await apiRig({}, { storage });
  await first.call("PUT", "/api/v1/products/second", {});
  await first.call("PATCH", "/api/v1/products/second", { payload: "raw" });
  await first.call("PATCH", `/api/v1/products/${pk}`, { script: null });
  const again = await apiRig({}, { storage });
  expect((await again.call("GET", `${versions}/1`)).body.script).toBe(demoScript);
  await again.call("PATCH", `/api/v1/products/${pk}`, { payload: "raw" });
  const { items } = (await again.call("GET", versions)).body;
  expect(items.map(({ number }: { number: number }) => number)).toEqual([2, 1]);
  expect((await again.call("DELETE", "/api/v1/products/second")).status).toBe(204);
  expect([...storage.kept.keys()].filter((key) => key.startsWith("product-version/second/"))).toEqual([]);
});

test("the oldest go: by their number, and by their length", () => {
  const storage = new MapStorage();
  const kept = new ProductVersions(storage);
  for (let i = 0; i < 14; i++) {
    kept.add({ productKey: "p", script: `${i}` }, { productKey: "p", script: `${i + 1}` }, i);
  }
  expect(kept.list("p").map(({ number }) => number)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
  expect(storage.kept.size).toBe(10);
  const long = "x".repeat(600_000);
  kept.add({ productKey: "p", script: long }, { productKey: "p" }, 20);
  kept.add({ productKey: "p", script: `${long}y` }, { productKey: "p" }, 21);
  expect(kept.list("p").map(({ number }) => number)).toEqual([16]);
  expect([...storage.kept.keys()]).toEqual(["product-version/p/000000000016"]);
});
