/** Settings that the cloud changes, over the whole chain: in force, told back, and taken back where they cut a device off. */
import { afterEach, describe, expect, it } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

class Run {
  readonly events: WorldEvent[] = [];
  world!: World;

  async begin(options: Partial<WorldOptions> = {}): Promise<this> {
    world = await World.create({
      ...{ seed: 3, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
      ...{ format: "raw", pendingTtl: 24 * hour, remoteSettings: true, settings: { startSpread: 0 } },
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

  /** What the device has answered to a command. */
  answer(id: string): unknown {
    return this.world.cloud.commands.view(id);
  }

  told<K extends LogEvent["kind"]>(kind: K): Extract<LogEvent, { kind: K }>[] {
    const lines = this.events.flatMap((event) => toldBy(event) ?? []);
    return lines.filter((each) => each.kind === kind) as Extract<LogEvent, { kind: K }>[];
  }
}

describe("a change", () => {
  it("is in force after a restart, and told back", async () => {
    const run = await new Run().begin();
    await run.until(2 * hour);
    const id = run.send("change_settings", { settings: { interval: 300, batch: 2 } });
    await run.until(4 * hour);
    const fetched = run.send("fetch_settings");
    await run.until(5 * hour);
    console.log(run.events.flatMap((e) => (e.source === "device" && /remote|super|agent: start|command|message/.test(e.text) ? [`${e.time} ${e.text}`] : [])).join("\n"));
    console.log(JSON.stringify(run.answer(id)));
    console.log(JSON.stringify(run.answer(fetched)));
    const { productKey, deviceKey } = run.world.device;
    console.log(JSON.stringify(run.world.cloud.devices.view(productKey, deviceKey), undefined, 1).slice(0,3000));
    expect(1).toBe(1);
  });
});
