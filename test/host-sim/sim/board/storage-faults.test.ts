/** Storage and retained memory that fail: the firmware gets the exception, the simulator goes on. */
import { describe, expect, it } from "vitest";
import { StorageFaults, damage, storageFaultKinds } from "../../../../host-sim/sim/board/storage-faults";
import { Random } from "../../../../host-sim/sim/time/random";
import { engines, runFixture } from "./rig";
import type { StorageFaultKind } from "../../../../host-sim/sim/board/storage-faults";

describe.each(engines)("on %s", (_name, open) => {
  async function rounds(...kinds: StorageFaultKind[]): Promise<string[]> {
    const faults = new StorageFaults(new Random(7));
    for (const kind of kinds) faults.set(kind, 1);
    const engine = open();
    const options = { storageStrike: faults.strike };
    const rig = await runFixture(engine, { program: "failingStorage" }, 10, () => {}, options);
    await engine.close();
    expect(rig.restarts).toEqual([]);
    return rig.log.map((line) => line.slice(line.indexOf(" ") + 1));
  }

  const well = [0, 1, 2].map((i) => `nothing | nothing | nothing 01020${i} | nothing`);

  it("all goes well without a fault", async () => {
    expect(await rounds()).toEqual(well);
  });

  it.each<[StorageFaultKind, RegExp]>([
    ["refuse-open", /^Error: ESP_ERR_NVS_NOT_INITIALIZED \| nothing \| nothing none \| nothing$/],
    ["refuse-read", /^nothing \| nothing \| Error: ESP_ERR_NVS_INVALID_STATE none \| nothing$/],
    [
      "refuse-write",
      /^nothing \| Error: ESP_ERR_FLASH_OP_FAIL \| nothing none \| Error: ESP_ERR_FLASH_OP_FAIL$/,
    ],
    ["full", /^nothing \| Error: ESP_ERR_NVS_NOT_ENOUGH_SPACE \| nothing none \| nothing$/],
    ["lose-write", /^nothing \| nothing \| nothing none \| nothing$/],
    ["flip-read", /^nothing \| nothing \| nothing (?!01020[012])[0-9a-f]{6} \| nothing$/],
    ["flip-write", /^nothing \| nothing \| nothing (?!01020[012])[0-9a-f]{6} \| nothing$/],
  ])("%s", async (kind, form) => {
    const lines = await rounds(kind);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(form);
  });
});

it("a fault strikes with its chance, the state's store alone unless told, until it is ended", () => {
  const faults = new StorageFaults(new Random("chance"));
  faults.set("refuse-write", 0.25);
  let refused = 0;
  for (let i = 0; i < 1_000; i++) if (faults.strike("write", "state", "a")?.kind === "refused") refused += 1;
  expect(refused).toBeGreaterThan(200);
  expect(refused).toBeLessThan(300);
  expect(faults.struck).toEqual({ "refuse-write": refused });
  faults.set("refuse-write", 1);
  expect(faults.strike("write", "enos", "deviceSecret")).toBeUndefined();
  faults.set("refuse-write", 1, ["enos"]);
  expect(faults.strike("write", "enos", "deviceKey")).toEqual({
    kind: "refused",
    text: "ESP_ERR_FLASH_OP_FAIL",
  });
  expect(faults.strike("read", "enos", "deviceKey")).toBeUndefined();
  for (const kind of storageFaultKinds) faults.set(kind, 1);
  faults.clear();
  expect(faults.strike("write", "state", "a")).toBeUndefined();
});

it("memory is damaged in place", () => {
  const memory = (): Uint8Array => new Uint8Array(64).fill(0x5a);
  const ones = (bytes: Uint8Array): number =>
    bytes.reduce((sum, byte) => sum + [...(byte ^ 0x5a).toString(2)].filter((bit) => bit === "1").length, 0);
  const flipped = memory();
  damage(flipped, "bits", new Random(1), 3);
  expect(ones(flipped)).toBe(3);
  const random = memory();
  damage(random, "random", new Random(1));
  expect(ones(random)).toBeGreaterThan(100);
  const zero = memory();
  damage(zero, "zero", new Random(1));
  expect(zero).toEqual(new Uint8Array(64));
});
