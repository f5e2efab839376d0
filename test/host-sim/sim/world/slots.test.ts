/** A board with slots in its world: which image's script starts, on each engine, and when the power fails in any write. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { makeImage } from "../../../../host-sim/sim/board/image";
import { checkImage } from "../../../../host-sim/sim/board/image-check";
import { World } from "../../../../host-sim/sim/world/world";
import { density, sweep } from "../../../density";
import { xsMissing } from "../board/rig";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

let firmware: string;
beforeAll(async () => {
  const entry = fileURLToPath(new URL("./fixture-firmware.ts", import.meta.url));
  firmware = await bundleFirmware({ entry, dense: true });
});

let world: World | undefined;
afterEach(() => world?.close());

async function begin(
  settings: Record<string, unknown>,
  engine: "node" | "xs" = "node",
  seed = 1,
): Promise<{ world: World; said: string[]; slots: (string | number)[] }> {
  const said: string[] = [];
  const slots: (string | number)[] = [];
  const onEvent = (event: WorldEvent): void => {
    if (event.source === "device") said.push(event.text);
    if (event.source === "slots") slots.push(event.what === "no image" ? event.what : event.slot);
  };
  world = await World.create({
    ...{ seed, engine, edition: "token", coverage: 0, interval: 900, format: "raw", powerKey: false },
    ...{ update: true, firmware, settings, onEvent },
  });
  await world.start();
  return { world, said, slots };
}

const engines = ["node", ...(xsMissing === undefined ? (["xs"] as const) : [])] as const;
const slotSize = 0x1c_0000;

describe.each(engines)("on %s", (engine) => {
  test("a confirmed image runs from then on", async () => {
    const { world, said, slots } = await begin({ then: "confirm" }, engine);
    await world.clock.run({ until: 400_000 });
    expect(said).toEqual([
      "state 2",
      `sizes ${slotSize} ${slotSize} ${0x2_e000}, read-only`,
      "activated 0",
      "state 1",
      "confirmed 0 2",
    ]);
    world.crash("Panic");
    world.clock.after(5_000, () => world.cutPower(1_000));
    await world.clock.run({ until: 800_000 });
    expect(slots).toEqual([0, 1, 1, 1]);
  });

  test.each([
    ["restarts unconfirmed", "restart", ["state 1", "state 2"]],
    ["gives itself up", "back", ["state 1", "back 0", "state 2"]],
  ])("an image that %s is followed by the one before", async (_, then, end) => {
    const { world, said, slots } = await begin({ then }, engine);
    await world.clock.run({ until: 400_000 });
    expect(said.slice(3)).toEqual(end);
    expect(slots).toEqual([0, 1, 0]);
  });

  test("a copy with a changed bit is refused by the boot loader's check", async () => {
    const { world, said, slots } = await begin({ damage: 7 }, engine);
    await world.clock.run({ until: 400_000 });
    expect(said[2]).toBe(`activated ${0x1503}`);
    expect(slots).toEqual([0, 0]);
  });
});

it("starts another script when it is in the image that starts", async () => {
  const { world, said, slots } = await begin({});
  const other = await bundleFirmware({
    entry: fileURLToPath(new URL("./other-firmware.ts", import.meta.url)),
  });
  world.flashFirmware(other);
  world.crash("Panic");
  await world.clock.run({ until: 10_000 });
  expect(said.slice(2)).toEqual(["another firmware"]);
  expect(slots).toEqual([0, 0]);
});

it("starts no more when no slot has an image, and says so", async () => {
  const { world, slots } = await begin({});
  world.slots!.slots[0].bytes.fill(0, 0, 4_096);
  world.slots!.slots[1].bytes.fill(0, 0, 4_096);
  world.crash("Panic");
  await world.clock.run({ until: 10_000 });
  expect(slots).toEqual([0, "no image"]);
});

test("the power fails in any write of the last block, of otadata, of its change at a start: some whole image runs", async () => {
  /** Operations of a run whose power holds. */
  const whole = await begin({ then: "confirm" });
  await whole.world.clock.run({ until: 400_000 });
  const all = whole.world.power.operations;
  await whole.world.close();
  const ends = new Set<number>();
  // From the last block's erase on each operation; before, some.
  const places = [...sweep(3, all - 12, 97), ...Array.from({ length: 12 }, (_, i) => all - 11 + i)];
  for (const place of places.slice(-density(60, 16))) {
    const { world, said, slots } = await begin({ then: "confirm" }, "node", place);
    world.power.cutAt = place;
    world.power.onCut = () => world.cutPower(500);
    await world.clock.run({ until: 800_000 });
    expect(slots).not.toContain("no image");
    const { running } = world.slots!;
    expect(checkImage(world.slots!.slots[running])).toBeUndefined();
    expect(said.at(-1), `power cut in operation ${place}`).toMatch(/^(state 2|confirmed 0 2)$/);
    ends.add(running);
    await world.close();
  }
  expect(ends).toEqual(new Set([0, 1]));
});

test("makeImage's default version is the project's", async () => {
  const { world } = await begin({});
  expect(world.version).toBe("0.2.0");
  expect(makeImage({ script: firmware, version: "0.2.0" }).subarray(0, 64)).toEqual(
    Buffer.from(world.slots!.slots[0].bytes.subarray(0, 64)),
  );
});
