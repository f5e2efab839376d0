/** A whole device whose settings the cloud changes, and what there is to be seen of it. */
import { expect } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

let world: World | undefined;
/** Ends the world of the last run. */
export async function endRun(): Promise<void> {
  await world?.close();
  world = undefined;
}

/** What an answer to change_settings says. */
export const accepted = (version: number) => ({ code: 200, data: { accepted: true, version, reason: "" } });

/** One run. */
export class Run {
  readonly events: WorldEvent[] = [];
  world!: World;

  async begin(options: Partial<WorldOptions> = {}): Promise<this> {
    world = await World.create({
      ...{ seed: 3, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
      ...{ format: "raw", pendingTtl: 48 * hour, readingsKept: 10_000, remoteSettings: true },
      ...{ settings: { startSpread: 0 } },
      ...options,
      onEvent: (event) => void this.events.push(event),
    } as WorldOptions);
    this.world = world;
    await world.start();
    return this;
  }

  async until(time: number): Promise<void> {
    await this.world.clock.run({ until: time });
  }

  /** Sends a service command, which waits for the device's next contact. */
  send(service: string, inputs: Record<string, unknown> = {}): string {
    const { cloud, device, cloudNow } = this.world;
    const command = { kind: "service", service, inputs } as const;
    const id = cloud.commands.sendAddressed(device.productKey, device.deviceKey, command, cloudNow);
    this.world.touchCloud();
    return id;
  }

  change(settings: Record<string, unknown>): string {
    return this.send("change_settings", { settings });
  }

  /** How a command stands: with what the device has answered. */
  command(id: string) {
    return this.world.cloud.commands.view(id)!;
  }

  /** The attribute by which the device tells what is in force. */
  get attribute(): unknown {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.devices.view(productKey, deviceKey)!.attributes.remote_settings;
  }

  /** The reasons of what was taken back, as the cloud has them. */
  get takenBack(): unknown[] {
    const { productKey, deviceKey } = this.world.device;
    const all = this.world.cloud.reported.events(productKey, deviceKey);
    return all.flatMap(({ event, values }) => (event === "settings_taken_back" ? [values] : []));
  }

  told<K extends LogEvent["kind"]>(kind: K): Extract<LogEvent, { kind: K }>[] {
    const lines = this.events.flatMap((event) => toldBy(event) ?? []);
    return lines.filter((each) => each.kind === kind) as Extract<LogEvent, { kind: K }>[];
  }

  /** ms between the readings that were taken between two times. */
  gaps(from: number, to: number): number[] {
    const times = this.events.flatMap((event) =>
      toldBy(event)?.kind === "report taken" && event.time >= from && event.time < to ? [event.time] : [],
    );
    return times.slice(1).map((time, i) => Math.round((time - times[i]) / 1000));
  }

  /**
   * All readings that were taken are in the cloud, each once; those of the last contact may be on their way.
   *
   * @param untold readings whose line of the log the power may have cut off
   */
  losesNothing(onTheirWay: number, untold = 0): void {
    const taken = this.told("report taken").map(({ id }) => id);
    expect(new Set(taken).size).toBe(taken.length);
    const { productKey, deviceKey } = this.world.device;
    const readings = this.world.cloud.reported.readings(productKey, deviceKey);
    expect(readings.length).toBeGreaterThanOrEqual(taken.length - onTheirWay);
    expect(readings.length).toBeLessThanOrEqual(taken.length + untold);
    expect(this.told("report dropped").length + this.told("report refused").length).toBe(0);
    expect(this.told("fault")).toEqual([]);
  }
}
