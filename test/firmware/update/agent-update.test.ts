/**
 * The update of a device by its agent, from the stand-in's cloud: what is sent, when, and where each failure leads.
 */
import { describe, expect, it } from "vitest";
import { changedImage, smallImage } from "./small-package";
import { Maker, UpdatingDevice, packageOf } from "./updating-device";
import type { DeviceOptions } from "./updating-device";

const minute = 60_000;
const hour = 60 * minute;
const maker = new Maker();
const base = smallImage("base", 60_000);
const image = changedImage(base, "new", 1_000);
const whole = packageOf({ maker, image, base: new Uint8Array(0) });
const difference = packageOf({ maker, image, base });

function deviceWith(options: Partial<DeviceOptions> = {}): UpdatingDevice {
  const device = new UpdatingDevice({ maker, image: base, ...options });
  device.knows(image, "0.3.0");
  device.wait(2 * minute);
  return device;
}

describe("a good update", () => {
  it.each([
    ["the whole image", whole],
    ["a difference", difference],
  ])("%s: fetched, started, on trial, kept and told", (_what, file) => {
    const device = deviceWith();
    device.order(file);
    expect(device.until(() => device.task.status === "succeeded", 6 * hour)).toBe(true);
    device.wait(hour);
    expect(device.version).toBe("0.3.0");
    expect(device.slots.map(({ state }) => state)).toEqual(["undefined", "valid"]);
    expect(device.log.filter((line) => line.startsWith("update:"))).toEqual([]);
  });
});
