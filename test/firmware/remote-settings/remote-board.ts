/** A board with storage that can fail, on which settings from afar are made again at each start. */
import { readSettings } from "../../../firmware/device/settings";
import { newSettingsFromAfar } from "../../../firmware/remote-settings/remote-settings";
import { logLine } from "../../../firmware/device/log";
import type { CommandResult } from "../../../firmware/enos/command";
import type { Completion, Device } from "../../../firmware/device/application";
import type { RemoteSettings } from "../../../firmware/device/optional-parts";
import type { Configuration } from "../../../firmware/device/setting-values";
import type { Settings } from "../../../firmware/device/settings";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

/** What a write comes to when the power fails in it: storage has the old value, the new one, half of it, or none. */
export const tears = ["old", "new", "half", "none"] as const;
export type Tear = (typeof tears)[number];

/** Storage in RAM that can lose its power in a write. */
class CutStore implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  writes = 0;
  /** The write in which the power fails, counted from 1, and what it comes to. */
  cutAt = 0;
  tear: Tear = "old";
  /** The power has failed: nothing is written until it is back. */
  off = false;
  /** Why it refuses, if it does. */
  refuses: string | undefined;

  read(key: string): ArrayBuffer | undefined {
    if (this.refuses === "read") throw new Error("storage cannot be read");
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    if (this.refuses !== undefined) throw new Error("storage is full");
    if (this.off) return;
    this.writes += 1;
    if (this.writes === this.cutAt) {
      this.off = true;
      if (this.tear === "none") this.values.delete(key);
      if (this.tear === "half") this.values.set(key, value.slice(0, value.length >> 1));
      if (this.tear === "new") this.values.set(key, value.slice());
      return;
    }
    this.values.set(key, value.slice());
  }
}

/** What the board's own configuration has. */
export const own: Configuration = Object.freeze({ server: "203.0.113.5", interval: 900 });

/** A message that the device has sent. */
interface Told {
  readonly what: string;
  readonly values: unknown;
  readonly done: ((how: Completion) => void) | undefined;
}

/** The board: `start` makes the settings from afar as main.ts does. */
export class RemoteBoard {
  readonly store = new CutStore();
  readonly log: string[] = [];
  readonly told: Told[] = [];
  config = own;
  panics = 0;
  failures = 0;
  update = false;
  check: (config: Configuration) => Settings = readSettings;
  remote!: RemoteSettings;

  start(startReason = "power-on"): this {
    const { config, store, update } = this;
    this.told.length = 0;
    this.remote = newSettingsFromAfar({
      ...{ config, store, update, startReason },
      check: (given) => this.check(given),
      starts: { panics: this.panics, failures: this.failures },
      log: (event) => void this.log.push(logLine(event)),
    });
    const tell =
      (what: string) =>
      (values: unknown, done?: (how: Completion) => void): void =>
        void this.told.push({ what, values, done });
    this.remote.start({
      updateAttributes: tell("attributes"),
      postEvent: (event: string, outputs: unknown) => tell(event)(outputs),
    } as unknown as Device);
    return this;
  }

  /** What it starts with. */
  get settings(): Settings {
    return readSettings(this.remote.config);
  }

  change(settings: Record<string, unknown>, afresh?: boolean): Readonly<Record<string, unknown>> {
    const inputs = afresh === undefined ? { settings } : { settings, afresh };
    return this.run("change_settings", inputs as never);
  }

  fetch(): Readonly<Record<string, unknown>> {
    return this.run("fetch_settings", {});
  }

  /** The cloud acknowledges all that it was told. */
  acknowledge(): void {
    for (const { done } of this.told.splice(0)) done?.({ kind: "accepted", data: {} });
  }

  private run(service: string, inputs: Record<string, never>): Readonly<Record<string, unknown>> {
    const result = this.remote.services[service](inputs) as CommandResult;
    if (result.code !== 200) throw new Error(`${service}: code ${result.code}`);
    return result.data!;
  }
}
