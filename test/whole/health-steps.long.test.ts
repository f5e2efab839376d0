/** What the board computes for its health: steps of XS, which a bench can count and no timer. */
import { describe, expect, it } from "vitest";
import { meteredWorld } from "../../host-sim/tools/bench/metered-turns";

const hour = 3_600_000;
/** That are looked at, each with four wakes from deep sleep. */
const hours = 3;

describe("health on XS", () => {
  it("costs a wake from deep sleep little", async () => {
    const steps: number[] = [];
    const energies: number[] = [];
    for (const health of [false, true]) {
      let spent = 0;
      const world = await meteredWorld(
        {
          ...{ seed: 1, edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
          ...{ format: "compact", sleep: "deep", health, settings: { startSpread: 0 } },
          onEvent: (event) => {
            if (event.source !== "cloud" || event.event.type !== "stored") return;
            const joules = event.event.points?.["health_energy"];
            if (typeof joules === "number") energies.push(joules);
          },
        },
        (turn) => (spent += turn.spent),
      );
      await world.start();
      await world.clock.run({ until: 1.6 * hour });
      const before = spent;
      await world.clock.run({ until: (1.6 + hours) * hour });
      steps.push(spent - before);
      await world.close();
    }
    const [without, withIt] = steps;
    const more = withIt - without;
    const wakes = 4 * hours;
    console.log(
      `steps of XS in ${hours} hours: ${without} without health, ${withIt} with it: ${(more / wakes).toFixed(0)} more a wake, ${((100 * more) / without).toFixed(1)} %`,
    );
    expect(energies.length).toBe(1);
    expect(more / without).toBeLessThan(0.25);
  });
});
