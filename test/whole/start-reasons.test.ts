/** Why a board has started, as the operator hears it: by ESP-IDF's numbers, of which the SDK has names for eleven. */
import { afterEach, expect, test } from "vitest";
import { resetReasons } from "../../host-sim/sim/board/protocol";
import { World } from "../../host-sim/sim/world/world";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test("each reason is told by a word of its own; an end of XS counts as a panic, a restart that was asked for does not", async () => {
  world = await World.create({
    ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
    ...{ interval: 900, format: "json", settings: { startSpread: 0 }, onEvent: () => {} },
  } as WorldOptions);
  await world.start();
  const reasons = resetReasons.filter((reason) => reason !== "Deep Sleep");
  // Far enough apart that none is a panic in a row with the one before.
  reasons.forEach((reason, i) => world!.clock.at((3 * i + 3) * hour, () => world!.crash(reason)));
  await world.clock.run({ until: (3 * reasons.length + 3) * hour });
  const { productKey, deviceKey } = world.device;
  const events = world.cloud.reported.events(productKey, deviceKey);
  const told = events.flatMap(({ event, values }) => (event === "restarted" ? [values["reason"]] : []));
  expect(told).toEqual([
    // What the board does not know, and that it was switched on, is no event.
    "external-pin",
    "abort",
    ...["panic", "watchdog", "watchdog", "watchdog", "brownout", "sdio"],
    ...["usb", "jtag", "efuse", "power-glitch", "cpu-lockup"],
  ]);
  const panics = events.flatMap(({ event, values }) => (event === "trouble" ? [values["line"]] : []));
  expect(panics).toHaveLength(6);
  for (const line of panics) expect(line).toMatch(/ panics=1 in a row$/);
});
