/** Who changed a device's attributes and tags last. */
import { expect, test } from "vitest";
import { originsAfter } from "../../../../host-sim/cloud/registry/origins";

const device = { by: "device", at: 1 } as const;
const operator = { by: "operator", at: 2 } as const;

test("what is new or has another value is by the last change, the rest stays, what is gone has none", () => {
  const before = { floor: 3, label: "hall", place: { x: 1 }, gone: 1 };
  const after = { floor: 4, label: "hall", place: { x: 1 }, gain: 0.5 };
  const origins = { floor: device, label: device, gone: device };
  expect(originsAfter(origins, before, after, operator)).toEqual({
    ...{ floor: operator, label: device, gain: operator },
  });
});

test("a name that JavaScript has another use for is one like others", () => {
  const after = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, unknown>;
  const origins = originsAfter({}, {}, after, device);
  expect(Object.entries(origins)).toEqual([
    ["__proto__", device],
    ["constructor", device],
  ]);
});
