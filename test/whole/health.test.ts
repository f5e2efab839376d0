/** Days of a device that tells of its health: what the cloud has of it. */
import { afterEach, describe, expect, it } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});
describe("x", () => {
  it("y", async () => {
    const lines: string[] = [];
    world = await World.create({
      seed: 1,
      engine: "node",
      edition: "token",
      coverage: 0,
      loss: 0,
      powerKey: true,
      interval: 900,
      format: "compact",
      sleep: "deep",
      health: true,
      pendingTtl: 48 * hour,
      settings: { startSpread: 0 },
      onEvent: (event: WorldEvent) => {
        if (event.source === "device") lines.push(`${event.time} ${event.text}`);
        if (event.source === "cloud" && !/^(request|response)/.test(event.event.type)) lines.push(JSON.stringify(event.event).slice(0, 1500));
      },
    });
    await world.start();
    await world.clock.run({ until: 27 * hour });
    console.log(lines.slice(0, 40).join("\n"));
    console.log(lines.filter((each) => /health/.test(each)).join("\n"));
    expect(1).toBe(1);
  });
});
