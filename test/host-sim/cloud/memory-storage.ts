/** A storage in memory, for a cloud that is started again with what it had kept. */
import type { CloudStorage } from "../../../host-sim/cloud/registry/storage";

/** Keeps JSON text, as a real storage does: no reference to what the cloud goes on to change. */
export class MemoryStorage implements CloudStorage {
  readonly kept = new Map<string, string>();

  get entries(): [string, unknown][] {
    return [...this.kept]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, JSON.parse(value)]);
  }

  put(key: string, value: unknown): void {
    this.kept.set(key, JSON.stringify(value));
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}
