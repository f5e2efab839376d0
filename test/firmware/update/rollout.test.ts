/** A device in a rollout of the stand-in: what it is given, and what the rollout learns of a firmware that is no good. */
import { describe, expect, it } from "vitest";
import type { RolloutView } from "../../../host-sim/cloud/ota/rollout-view";
import { changedImage, smallImage } from "./small-package";
import { Maker, UpdatingDevice, board, packageOf } from "./updating-device";
import type { Behaviour } from "./updating-device";

const minute = 60_000;
const hour = 60 * minute;
const productKey = "MuGsF6W4";
const maker = new Maker();
const base = smallImage("base", 60_000);
const image = changedImage(base, "new", 1_000);
/** A head whose base is named, as a difference's is. */
const named = (file: Uint8Array, from: string): Uint8Array => {
  const bytes = Buffer.from(file);
  bytes.write(from, 176, 24, "latin1");
  return maker.signed(bytes);
};
const whole = packageOf({ maker, image, base: new Uint8Array(0) });
const difference = named(packageOf({ maker, image, base }), "0.2.0");

function rolledOut(behaviour: Behaviour, files: readonly Uint8Array[]) {
  const device = new UpdatingDevice({ maker, image: base });
  device.knows(image, "0.3.0", behaviour);
  device.wait(2 * minute);
  const { ota } = device.cloud.cloud;
  for (const file of files) {
    ota.putFirmware({ productKey, version: "0.3.0", signMethod: "sha256" }, file, device.now);
  }
  ota.rollOut({ productKey, version: "0.3.0" }, device.now);
  return { device, rollout: (): RolloutView => ota.rollouts(productKey)[0] };
}

describe("a device in a rollout", () => {
  it("is given the difference from what it runs, and the rollout is done once it keeps the new firmware", () => {
    const { device, rollout } = rolledOut("good", [whole, difference]);
    expect(device.until(() => rollout().stages[0].counts.succeeded === 1, 6 * hour)).toBe(true);
    const [task] = device.cloud.cloud.ota.tasks({ rolloutId: "1" });
    expect(task.file).toMatchObject({ board, from: "0.2.0", fileSize: difference.length });
    device.wait(3 * hour);
    expect(device.version).toBe("0.3.0");
    // Two more stages, in which there is nobody.
    expect(rollout()).toMatchObject({
      state: "done",
      stages: [{ devices: 1 }, { devices: 0 }, { devices: 0 }],
    });
  });

  it("is given the whole image where no difference is from what it runs", () => {
    const { device, rollout } = rolledOut("good", [whole, named(difference, "0.1.0")]);
    expect(device.until(() => rollout().stages[0].counts.succeeded === 1, 12 * hour)).toBe(true);
    const [task] = device.cloud.cloud.ota.tasks({ rolloutId: "1" });
    expect(task.file).toMatchObject({ fileSize: whole.length });
    expect(task.file).not.toHaveProperty("from");
  });

  it.each<Behaviour>(["crashes", "deaf"])(
    "whose new firmware %s is back with the old one, and the rollout has stopped",
    (behaviour) => {
      const { device, rollout } = rolledOut(behaviour, [whole, difference]);
      expect(device.until(() => rollout().state === "stopped", 200 * hour)).toBe(true);
      expect(device.version).toBe("0.2.0");
      expect(rollout()).toMatchObject({
        reason: "1 of 1 devices of stage 1 failed: 100 %, above 5 %",
        stages: [{ failures: [{ count: 1, deviceKeys: ["861234567890123"] }] }, {}, {}],
      });
    },
  );
});
