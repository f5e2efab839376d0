/** A product's devices that can be upgraded, each at its own address. */
import type { CloudOptions } from "../../../../host-sim/cloud/cloud";
import type { RolloutOrder } from "../../../../host-sim/cloud/ota/rollouts";
import type { RolloutView } from "../../../../host-sim/cloud/ota/rollout-view";
import { bodyOf } from "../coap/message-layer-rig";
import { TestDevice, demoPeer, pk, rig } from "../harness";
import type { Rig } from "../harness";
import { Updater } from "./updater";

export const hour = 3_600_000;
export const day = 24 * hour;

/** So many devices, `d000` and on, that run 1.2.0, and a file of 1.3.0. */
export class UpgradedFleet {
  readonly rig: Rig;
  readonly updaters = new Map<string, Updater>();
  /** ms; each step takes one. */
  now = 1_000;

  constructor(size: number, options: Partial<CloudOptions> = {}) {
    const records = Array.from({ length: size }, (_, i) => recordOf(i));
    this.rig = rig({ devices: records, ...options });
    this.put("1.3.0");
    for (let i = 0; i < size; i++) this.arrive(i);
  }

  /** A device comes in, one that was there from the beginning or another, and tells its version. */
  arrive(i: number, version = "1.2.0"): void {
    const record = recordOf(i);
    if (this.rig.cloud.devices.view(pk, record.deviceKey) === undefined) {
      this.rig.cloud.devices.create(record, this.now);
    }
    const device = new TestDevice(this.rig, record);
    device.peer = { ...demoPeer, port: 1024 + i };
    this.updaters.set(record.deviceKey, new Updater(device));
    this.at(record.deviceKey).inform(this.tick(), version);
  }

  /** A device, in a session of now. */
  at(deviceKey: string): Updater {
    const updater = this.updaters.get(deviceKey)!;
    updater.device.authenticate(this.tick(), { lifetime: 86_400 });
    return updater;
  }

  put(version: string, more: { board?: string; from?: string } = {}, size = 900): void {
    const about = { productKey: pk, version, signMethod: "md5", ...more } as const;
    const name = [version, more.board, more.from].join();
    this.rig.cloud.ota.putFirmware(about, bodyOf(size, name), this.now);
  }

  tick(ms = 1): number {
    this.now += ms;
    return this.now;
  }

  /** Time passes, in which nobody says anything. */
  pass(ms: number): void {
    this.rig.cloud.poll(this.tick(ms));
  }

  begin(order: Partial<RolloutOrder> = {}): RolloutView {
    return this.rig.cloud.ota.rollOut({ productKey: pk, version: "1.3.0", ...order }, this.tick());
  }

  get rollout(): RolloutView {
    return this.rig.cloud.ota.rollouts(pk)[0];
  }

  /** Who has a task with one of these statuses. */
  who(...statuses: string[]): string[] {
    const tasks = this.rig.cloud.ota.tasks({ rolloutId: this.rollout.rolloutId });
    return tasks
      .filter(({ status }) => statuses.includes(status))
      .map(({ deviceKey }) => deviceKey)
      .sort();
  }

  /** They are told, if they were not. */
  told(keys: readonly string[]): void {
    for (const key of keys) {
      const updater = this.at(key);
      const command = updater.pushed(this.tick());
      if (command !== undefined) updater.reply(this.tick(), command.id);
    }
  }

  succeed(...keys: string[]): void {
    this.told(keys);
    for (const key of keys) this.at(key).inform(this.tick(), "1.3.0");
  }

  fail(step: number, desc: string, ...keys: string[]): void {
    this.told(keys);
    for (const key of keys) this.at(key).progress(this.tick(), step, desc);
  }
}

export function recordOf(i: number): { productKey: string; deviceKey: string; deviceSecret: string } {
  return { productKey: pk, deviceKey: `d${String(i).padStart(3, "0")}`, deviceSecret: `secret of ${i}` };
}
