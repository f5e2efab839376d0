import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { DeviceListError, loadDevices } from "../../../../host-sim/cloud/registry/registry";
import { runs } from "../../../density";

const good = { productKey: "pk", deviceKey: "dk", deviceSecret: "hush-hush" };

it("reads the example", () => {
  const file = new URL("../../../../host-sim/cloud/devices.example.json", import.meta.url);
  const devices = loadDevices(readFileSync(file, "utf8"));
  expect(devices.map(({ edition }) => edition)).toEqual([undefined, "tokenless"]);
});

it("keeps every field", () => {
  const full = { ...good, edition: "token" as const, state: "disabled" as const };
  expect(loadDevices(JSON.stringify([full]))).toEqual([full]);
  expect(loadDevices("[]")).toEqual([]);
});

test.each<[string, unknown, string]>([
  ["an object", {}, "device list: expected an array of devices, got an object"],
  ["a number inside", [5], "devices[0]: expected an object, got a number"],
  ["null inside", [good, null], "devices[1]: expected an object, got null"],
  ["an array inside", [[]], "devices[0]: expected an object, got an array"],
  ["no keys", [{}], "devices[0].productKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got nothing"],
  [
    "a slash",
    [{ ...good, deviceKey: "a/b" }],
    'devices[0].deviceKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got "a/b"',
  ],
  [
    "two dots for a key",
    [{ ...good, deviceKey: ".." }],
    'devices[0].deviceKey: expected 1 to 64 of A-Z a-z 0-9 . _ : - other than . and .., got ".."',
  ],
  [
    "a dot for a key",
    [{ ...good, productKey: "." }],
    'devices[0].productKey: expected 1 to 64 of A-Z a-z 0-9 . _ : - other than . and .., got "."',
  ],
  [
    "an empty key",
    [{ ...good, deviceKey: "" }],
    'devices[0].deviceKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got ""',
  ],
  [
    "a number for a key",
    [{ ...good, deviceKey: 86 }],
    "devices[0].deviceKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got a number",
  ],
  [
    "an empty secret",
    [{ ...good, deviceSecret: "" }],
    "devices[0].deviceSecret: expected text of 1 to 128 characters, got 0 characters",
  ],
  [
    "a misspelt field",
    [{ ...good, deviceSecert: "x" }],
    'devices[0]: unknown field "deviceSecert", expected productKey, deviceKey, deviceSecret, name, edition, state',
  ],
  [
    "an unknown edition",
    [{ ...good, edition: "2019" }],
    'devices[0].edition: expected "token" or "tokenless", got "2019"',
  ],
  [
    "a state it cannot have",
    [{ ...good, state: "online" }],
    'devices[0].state: expected "inactive" or "disabled", got "online"',
  ],
  [
    "one device twice",
    [good, { ...good, deviceKey: "x" }, good],
    "devices[2]: pk/dk is already there as devices[0]",
  ],
  [
    "a deviceKey under two products",
    [good, { ...good, deviceKey: "x" }, { ...good, productKey: "other" }],
    "devices[2].deviceKey: dk is unique over all products, and has been given to pk/dk, devices[0]",
  ],
])("refuses %s", (_name, list, message) => {
  expect(() => loadDevices(JSON.stringify(list))).toThrow(DeviceListError);
  expect(() => loadDevices(JSON.stringify(list))).toThrow(message);
});

test.each([
  ["", "device list: not JSON, the file is empty"],
  ['[\n  {"productKey": "a",}\n]', "device list: not JSON, see line 2 column 22"],
  ['[{"deviceSecret": "hush-hush"', "device list: not JSON"],
])("refuses %j", (text, message) => {
  let caught: unknown;
  try {
    loadDevices(text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(DeviceListError);
  expect((caught as Error).message).toContain(message);
  expect((caught as Error).message).not.toContain("hush");
});

it("throws nothing but DeviceListError, one line, without the secret", () => {
  const nearlyRight = fc.record(
    {
      productKey: fc.oneof(fc.constant("pk"), fc.jsonValue()),
      deviceKey: fc.oneof(fc.constant("dk"), fc.jsonValue()),
      deviceSecret: fc.oneof(fc.constant("hush"), fc.constant(["hush"])),
      edition: fc.oneof(fc.constant("token"), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const entry = fc.oneof(fc.jsonValue(), nearlyRight);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.array(entry).map((v) => JSON.stringify(v)),
      ),
      (text) => {
        try {
          loadDevices(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DeviceListError);
          expect((error as Error).message).not.toMatch(/\n|hush/);
        }
      },
    ),
    { seed: 3, numRuns: runs(3000) },
  );
});

test("refuses a list nested deeper than any stack", () => {
  const list = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(() => loadDevices(list)).toThrow(new DeviceListError("device list: nested more than 32 deep"));
});
