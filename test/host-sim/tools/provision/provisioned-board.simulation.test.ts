/** From an image to a device that is online: the firmware finds its keys where provisioning puts them. */
import { expect, test } from "vitest";
import { Board } from "../../../../host-sim/sim/board/board";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { NodeEngine } from "../../../../host-sim/sim/engine/node-engine";
import { keysImage, storesOf } from "../../../../host-sim/tools/provision/board-keys";
import { World } from "../../../../host-sim/sim/world/world";
import type { KeyValueStores } from "../../../../host-sim/sim/board/key-value";
import type { DeviceRecord } from "../../../../host-sim/cloud/registry/registry";
import type { BoardKeys } from "../../../../host-sim/tools/provision/board-keys";

/** What came of a board in its first hour. */
interface FirstHour {
  /** What the cloud says of it. */
  readonly cloud: readonly string[];
  readonly log: string;
  readonly starts: number;
  readonly keyValue: KeyValueStores;
  readonly device: DeviceRecord;
}

/** Flashes an image to a board, and has it run within a world where the device is registered. */
async function firstHour(keysOf: (device: DeviceRecord) => BoardKeys): Promise<FirstHour> {
  const cloud: string[] = [];
  let log = "";
  let starts = 0;
  const world = await World.create({
    seed: 7,
    engine: "node",
    edition: "token",
    coverage: 0,
    powerKey: false,
    interval: 900,
    format: "json",
    onEvent: (event) => {
      if (event.source === "cloud") cloud.push(event.event.type);
    },
  });
  const keyValue = storesOf(keysImage(keysOf(world.device), 0x6000));
  if ("problem" in keyValue) throw new Error(keyValue.problem);
  // The world would give a board of its own the keys by another way.
  const boot = async (): Promise<void> => {
    starts++;
    const engine = new NodeEngine();
    await engine.evaluate(await bundleFirmware());
    world.engine = engine;
    world.board = new Board({
      engine,
      scheduler: world.clock,
      seed: `provisioned/${starts}`,
      epoch: world.cloudNow,
      config: { server: "203.0.113.5", apn: "iot.example", payload: "json", reports: 1 },
      keyValue,
      serial: world.uart.board,
      resetReason: starts === 1 ? "Power-On" : "Software",
      onTrace: (text) => (log += text),
      onPin: () => {},
      onRestart: () => {
        world.board!.powerOff();
        void engine.close();
        world.clock.after(1_000, boot);
      },
    });
    await world.board.start();
  };
  await boot();
  await world.clock.run({ until: 3_600_000, stop: () => cloud.includes("stored") });
  await world.close();
  return { cloud, log, starts, keyValue, device: world.device };
}

test("a board with an image flashed to it comes online and reports", async () => {
  const { cloud, log, starts, device } = await firstHour((each) => each);
  expect(cloud).toContain("authenticated");
  expect(cloud).toContain("stored");
  expect(starts).toBe(1);
  expect(log).not.toContain(device.deviceSecret);
});

test("with another secret in its image it does not", async () => {
  const { cloud } = await firstHour((each) => ({ ...each, deviceSecret: `${each.deviceSecret}x` }));
  expect(cloud.length).toBeGreaterThan(0);
  expect(cloud).not.toContain("authenticated");
});

test("without a device key in its image it takes its modem's IMEI, once", async () => {
  const { cloud, starts, keyValue, device } = await firstHour((each) => ({ ...each, deviceKey: undefined }));
  expect(cloud).toContain("stored");
  expect(starts).toBe(2);
  expect(keyValue.get("enos")).toEqual(new Map(Object.entries(device)));
});
