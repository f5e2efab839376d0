/** Places and their paths. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { knownPlace, pathOfPlace } from "../../../../host-sim/cloud/console/addresses";
import { isPagePath } from "../../../../host-sim/cloud/console/pages";
import type { Place } from "../../../../host-sim/cloud/console/addresses";

const places: readonly (readonly [path: string, place: Place | undefined])[] = [
  ["/", { kind: "fleet" }],
  ["/fleet", { kind: "fleet" }],
  ["/fleet/", { kind: "fleet" }],
  ["/fleet/x", undefined],
  ["/devices", undefined],
  ["/devices/p", undefined],
  ["/devices/p/d", { kind: "device", productKey: "p", deviceKey: "d", tab: "live" }],
  ["/devices/p/a%2Fb/messages", { kind: "device", productKey: "p", deviceKey: "a/b", tab: "messages" }],
  ["/devices/p/d/live/x", undefined],
  ["/devices//d", undefined],
  ["/devices/p/%ff", undefined],
  ["/products", { kind: "products" }],
  ["/products/p", { kind: "product", productKey: "p", tab: "model" }],
  ["/products/p/script", { kind: "product", productKey: "p", tab: "script" }],
  ["/products/p/else", undefined],
  ["/cloud", { kind: "cloud", tab: "faults" }],
  ["/cloud/settings", { kind: "cloud", tab: "settings" }],
  ["/cloud/else", undefined],
  ["/api/v1/devices", undefined],
];

test.each(places)("%s", (path, place) => {
  expect(knownPlace(path)).toEqual(place);
  if (place === undefined) return;
  expect(knownPlace(pathOfPlace(place))).toEqual(place);
  expect(isPagePath(path)).toBe(true);
});

test("any key has an address that names it", () => {
  const key = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(
    fc.property(key, key, (productKey, deviceKey) => {
      const place = { kind: "device", productKey, deviceKey, tab: "live" } as const;
      expect(knownPlace(pathOfPlace(place))).toEqual(place);
    }),
  );
});

test("what is not the page is not let in without the token", () => {
  for (const path of ["/api/v1/devices", "/openapi.json", "/console/down", "/devicesx", "/fleet.json"]) {
    expect(isPagePath(path)).toBe(false);
  }
  expect(isPagePath("/devices/p/d?token=x")).toBe(true);
});
