import { expect, it } from "vitest";
import { fleetDevice, fleetDeviceKey, fleetProductKey } from "../../../../host-sim/sim/fleet/fleet-keys";

it("gives no two devices of a fleet the same key", () => {
  const devices = 20_000;
  for (const seed of [1, 7]) {
    const keys = new Set(Array.from({ length: devices }, (_, number) => fleetDeviceKey(seed, number)));
    expect(keys.size).toBe(devices);
  }
  // The last of a million, and its neighbours.
  const last = [0, 1, 499_999, 999_998, 999_999].map((number) => fleetDeviceKey(1, number));
  expect(new Set(last).size).toBe(last.length);
});

it("gives each an IMEI, and the same again by seed and number", () => {
  for (let number = 0; number < 100; number++) {
    const key = fleetDeviceKey(3, number);
    expect(key).toMatch(/^86460003\d{7}$/);
    const sum = [...key].map(Number).reduce((all, digit, i) => {
      const counted = i % 2 === 1 ? 2 * digit : digit;
      return all + (counted > 9 ? counted - 9 : counted);
    }, 0);
    expect(sum % 10).toBe(0);
  }
  const product = fleetProductKey(3);
  expect(fleetDevice(3, 5, product)).toEqual(fleetDevice(3, 5, product));
  expect(fleetDevice(3, 5, product)).toMatchObject({
    productKey: product,
    deviceKey: fleetDeviceKey(3, 5),
    deviceSecret: expect.stringMatching(/^[A-Za-z2-9]{32}$/) as string,
  });
  expect(fleetDevice(4, 5, product).deviceSecret).not.toBe(fleetDevice(3, 5, product).deviceSecret);
});
