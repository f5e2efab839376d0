/**
 * RAM of the whole firmware while it is updated, beside one that takes no updates: on XS, through modem, radio and cloud,
 * the heap is counted after each event. Counts are above the state in which the modules have been loaded and main has not been
 * called, as a board has what these made in flash.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../project";
import { Board } from "../../sim/board/board";
import { bundleFirmware } from "../../sim/board/bundle";
import { makeImage, readImage } from "../../sim/board/image";
import { variantSources } from "../../sim/world/product-variant";
import { World } from "../../sim/world/world";
import { VirtualClock } from "../../sim/time/clock";
import { changedSources } from "../update/example-changes";
import { differencePackage } from "../update/package-file";
import { SeededMaker } from "../update/seeded-maker";
import { HeapEngine } from "./heap-engine";
import { bytesOf, takePlace } from "./session";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { HeapState } from "./heap-engine";
import type { Room } from "./session";

/** Bytes on a machine of 32 bits, at their most. */
export interface UpdateHeap {
  /** Of a product that takes no updates. */
  readonly without: number;
  /** Of one that does, when there is none, and while there is one. */
  readonly idle: number;
  readonly updating: number;
}

const device: DeviceOptions = {
  ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, interval: 900, format: "raw" },
  powerKey: true,
};
/** Readings after which an update is ordered, or the end has come without one. */
const readings = 4;
const patience = 3 * 3_600_000;
const version = "0.3.0";
type Sources = ReadonlyMap<string, string>;

/** Measures the three. @throws EngineMissing; Error when a run does not come to its end */
export async function measureUpdateHeap(): Promise<UpdateHeap> {
  const plain = changedSources(undefined, "0.2.0");
  const updated = changedSources(undefined, "0.2.0", variantSources("demo", { update: true }));
  const without = await most(plain, false);
  const both = await most(updated, true);
  return { without: without.idle, ...both };
}

/** The most that is alive above what the modules have made. */
async function most(sources: Sources, isUpdated: boolean): Promise<{ idle: number; updating: number }> {
  const script = await bundleFirmware({ sources });
  const base = await loaded(sources);
  const maker = new SeededMaker(device.seed);
  const heap = new HeapEngine();
  const seen = { idle: 0, updating: 0 };
  let moment: "idle" | "updating" | "over" = "idle";
  let stored = 0;
  const world = await World.create({
    ...device,
    update: isUpdated,
    firmware: script,
    settings: isUpdated ? { updateKey: maker.publicKey } : {},
    onEvent: (event) => {
      if (event.source === "cloud" && event.event.type === "stored" && event.event.kind === "reading")
        stored += 1;
      if (event.source !== "device") return;
      if (event.text.startsWith("update: begun ")) moment = "updating";
      if (event.text.startsWith("update: starts ")) moment = "over";
    },
  });
  takePlace(world, heap, script, async () => {
    if (moment === "over") return;
    const bytes = bytesOf(above(await heap.measure(), base));
    seen[moment] = Math.max(seen[moment], bytes);
  });
  try {
    await world.start();
    await world.clock.run({ until: patience, stop: () => stored >= readings });
    if (isUpdated) {
      await order(world, maker);
      await world.clock.run({ until: world.clock.now + patience, stop: () => moment === "over" });
    }
  } finally {
    await world.close();
    await heap.close();
  }
  const isThrough = isUpdated ? (moment as string) === "over" : stored >= readings;
  if (!isThrough) throw new Error(`the run did not come to its end: ${moment}, ${stored} readings`);
  return seen;
}

/** Has it updated by nine changed lines. */
async function order(world: World, { sign }: SeededMaker): Promise<void> {
  const { cloud, cloudNow, device: target } = world;
  const { productKey, deviceKey } = target;
  const inSlot = world.slots!.slots[0];
  const base = inSlot.bytes.slice(0, readImage(inSlot)!.length);
  const sources = changedSources("nine lines", version, variantSources("demo", { update: true }));
  const image = Uint8Array.from(makeImage({ script: await bundleFirmware({ sources }), version }));
  const about = { board: "m5stack-nbiot", version, baseVersion: "0.2.0" };
  const file = differencePackage(base, image, about, sign);
  cloud.ota.putFirmware({ productKey, version, signMethod: "sha256" }, file, cloudNow);
  cloud.ota.order({ productKey, version, deviceKeys: [deviceKey] }, cloudNow);
  world.touchCloud();
}

/** The heap with all modules loaded, and main not called. */
async function loaded(sources: Sources): Promise<HeapState> {
  const folder = join(projectRoot(), "build/footprint");
  mkdirSync(folder, { recursive: true });
  const entry = join(folder, `loaded-${process.pid}.js`);
  writeFileSync(entry, 'import main from "../../firmware/main";\nexport const loaded = main;\n');
  const heap = new HeapEngine();
  try {
    await heap.evaluate(await bundleFirmware({ entry, sources }));
    const board = new Board({
      ...{ engine: heap, scheduler: new VirtualClock(), config: {}, keyValue: new Map(), seed: 1, epoch: 0 },
      serial: { write() {}, txFree: () => 128 },
      onTrace: () => {},
      onPin: () => {},
    });
    await board.start();
    return await heap.measure();
  } finally {
    rmSync(entry, { force: true });
    await heap.close();
  }
}

function above(state: HeapState, base: HeapState): Room {
  const chunks = (heap: HeapState): number =>
    Object.values(heap.chunks).reduce((sum, { there }) => sum + there, 0);
  return { slots: state.slots - base.slots, chunks: chunks(state) - chunks(base) };
}
