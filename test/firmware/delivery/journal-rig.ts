import { logLine } from "../../../firmware/device/log";
import { UploadQueue } from "../../../firmware/delivery/upload-queue";
import { Journal } from "../../../firmware/journal/journal";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { thing } from "../device/rig";
import type { QueueOwner, UploadQueueOptions } from "../../../firmware/delivery/upload-queue";
import type { Reading } from "../../../firmware/delivery/entry";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { JournalOptions } from "../../../firmware/journal/journal";
/** Key-value storage that can be made to fail. */
export class Store implements ByteStore {
  readonly v = new Map<string, Uint8Array>();
  fail = false;
  read(k: string) {
    return this.v.get(k)?.slice().buffer;
  }
  write(k: string, x: Uint8Array) {
    if (this.fail) throw new Error("ESP_ERR_NVS");
    this.v.set(k, x.slice());
  }
}
export const flashOf = (blocks: number, blockLength = 512, power = new PowerDomain(), seed = 7) =>
  new MemoryFlash({ size: blocks * blockLength, blockLength, power, random: new Random(seed) });
export const journalOf = (flash: MemoryFlash, boot: number, more: Partial<JournalOptions> = {}) =>
  new Journal(flash, boot, {
    policy: "oldest",
    thinnable: () => true,
    pinned: () => false,
    onLost() {},
    onMoved() {},
    ...more,
  });
export function queueOf(options: Partial<UploadQueueOptions & QueueOwner> = {}) {
  const lost: string[] = [];
  const log: string[] = [];
  const queue = new UploadQueue(
    {
      flash: flashOf(8),
      boot: 1,
      policy: "oldest",
      order: "oldest",
      thing,
      log: (event) => void log.push(logLine(event)),
      ...options,
    },
    {
      entriesInFlight: [],
      onLost: (id, _r, reason) => void lost.push(`${id} ${reason}`),
      takenAt: () => -Infinity,
      ...options,
    },
  );
  return { queue, lost, log };
}
export const reading = (id: number, more: Partial<Reading> = {}): Reading => ({
  kind: "reading",
  id,
  takenAt: 1000 * id,
  time: 1_700_000_000_000 + 1000 * id,
  values: { n: id },
  format: "raw",
  ...more,
});
export function drain(queue: UploadQueue): number[] {
  const ids: number[] = [];
  for (let i = 0; i < 2000 && queue.length > 0; i++) {
    const [first] = queue.next(0, 3_600_000);
    if (first === undefined) break;
    ids.push(first.id);
    queue.release(first);
  }
  return ids;
}
