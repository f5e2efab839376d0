/** A product whose devices run 1.2.0 and are to have 1.3.0 in stages, in a browser's rig of so many devices. */
import { Device, pk } from "../api/device";
import { packageOf } from "../ota/package";
import { pass } from "./browser-rig";
import type { BrowserRig } from "./browser-rig";

/** How many there are besides the two of every rig, which tell no version. */
export const rolledOut = 20;

export class RolledOut {
  readonly #opened: BrowserRig;
  readonly #devices = new Map<string, Device>();

  constructor(opened: BrowserRig) {
    this.#opened = opened;
    for (let i = 0; i < rolledOut; i++) {
      const key = `node-${String(i).padStart(5, "0")}`;
      const device = new Device(opened.rig, key, `secret ${i}`, 2_000 + 100 * i);
      this.#devices.set(key, device);
      device.authenticate();
      device.say("v", "ota/device/inform", { version: "1.2.0" });
    }
  }

  /** A whole image and a difference, and a rollout of them: first two devices, then all. */
  begin(shares = [0.1, 1]): void {
    const { rig } = this.#opened;
    const about = { productKey: pk, version: "1.3.0", signMethod: "sha256" } as const;
    rig.cloud.ota.putFirmware(about, packageOf({}, 48_000), rig.time.now);
    rig.cloud.ota.putFirmware(about, packageOf({ from: "1.2.0" }, 900), rig.time.now);
    rig.cloud.ota.rollOut({ productKey: pk, version: "1.3.0", shares }, rig.time.now);
  }

  /** Who has a task with this status, in the order in which they were given it. */
  who(status: string): string[] {
    const tasks = this.#opened.rig.cloud.ota.tasks({ productKey: pk });
    return tasks
      .filter((task) => task.status === status)
      .map(({ deviceKey }) => deviceKey)
      .reverse();
  }

  told(key: string): Device {
    const device = this.#devices.get(key)!;
    // Its session may have lapsed meanwhile.
    device.authenticate();
    device.points(`t${this.#opened.rig.time.now}`, { temperature: 20 });
    return device;
  }

  /** Says how far it is; below 0, what it failed with. */
  step(key: string, step: number, desc?: string): void {
    this.told(key).say("s", "ota/device/progress", { step: String(step), desc });
  }

  succeed(...keys: readonly string[]): void {
    for (const key of keys) this.told(key).say("i", "ota/device/inform", { version: "1.3.0" });
  }

  /** The first stage is over and the second goes on: some fetch, one has it, others have failed. */
  async inSecondStage(failures: number): Promise<void> {
    this.begin();
    await pass(this.#opened, 60_000);
    this.succeed(...this.who("init"));
    await pass(this.#opened, 3_600_000);
    const keys = this.who("init");
    keys.slice(0, 9).forEach((key, at) => this.step(key, 10 * at));
    this.succeed(keys[9]);
    for (const key of keys.slice(10, 12)) this.told(key);
    for (const key of keys.slice(0, failures)) this.step(key, -2, "no route to the server");
  }
}
