/**
 * What a product may have besides what every device has, each a room of the firmware of its own: update of the firmware,
 * health, settings from afar. Here is what agent and main need of them, types alone, so that a product without one has
 * nothing of it: whether a product has them is model.json's to say, and main.ts asks product/update.ts, product/health.ts
 * and product/remote-settings.ts for the function that makes each (`npm run model` writes these).
 *
 * Nothing of a part throws, but what makes it may throw a SettingsError.
 */
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Cryptography } from "../enos/sign";
import type { ServiceHandler } from "./application";
import type { Log } from "./log";
import type { Configuration } from "./setting-values";
import type { Settings } from "./settings";

/** Who judges something new by how the device fares with it. All times are monotonic, ms. */
export interface Witness {
  /** The link became ready, so there is a network: a try begins. */
  connected(now: number): void;
  /** The cloud has acknowledged a reading or a message, or answered whatever it was asked with a session open. */
  delivered(now: number): void;
}

/** What the agent wants of an update of the firmware (firmware/update). */
export interface FirmwareUpdate extends Witness {
  /** A downlink below the device's root that is no service: true when it was one of `ota/device/…`. */
  obey(topic: string, payload: Uint8Array, now: number): boolean;
  /** Whether it has something to send now, readings apart; asked only when no reading wants the link. */
  wants(now: number): boolean;
  /** Sends it: the link is ready. */
  send(now: number): void;
  /** An exchange or work in flash is under way: the board does not sleep deeply, the device is not idle. */
  readonly busy: boolean;
  /** When `poll` is wanted, or something can be sent next, ms; Infinity for never. */
  readonly deadline: number;
  /** Goes on with work in flash by one slice, a sector at most, and looks at time limits. */
  poll(now: number): void;
  /** A trial of a new firmware is under way: no deep sleep. */
  readonly inTrial: boolean;
  /** For the retained memory (at most 88 bytes), before deep sleep. */
  beforeSleep(): void;
}

/** What an update needs of board and device. */
export interface UpdateParts {
  readonly crypto: Cryptography;
  readonly store: ByteStore;
  readonly retained: RetainedMemory;
  readonly settings: Settings;
  /** The board's whole configuration, for the settings of the update's own. */
  readonly config: Configuration;
  /** Of this firmware. */
  readonly version: string;
  /** The board's name, as in firmware/board/boards.ts. */
  readonly board: string;
  readonly productKey: string;
  readonly startReason: string;
  readonly random: () => number;
  /** The device's time, monotonic, ms. */
  readonly now: () => number;
  /** Restarts the board. */
  readonly restart: () => void;
  readonly log: Log;
}

/** Makes a product's update. */
export type NewUpdate = (parts: UpdateParts) => FirmwareUpdate;

/** What the agent wants of what tells of the device's health (firmware/health). */
export interface HealthReport {
  /** Handlers of its services, by identifier. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  /** For the retained memory, before deep sleep. */
  beforeSleep(): void;
}

/** What health needs of board and device. */
export interface HealthParts {
  readonly store: ByteStore;
  readonly retained: RetainedMemory;
  readonly settings: Settings;
  readonly startReason: string;
  readonly log: Log;
}

/** Makes a product's health. */
export type NewHealth = (parts: HealthParts) => HealthReport;

/** What agent and main want of settings that can be changed from afar (firmware/remote-settings). */
export interface RemoteSettings extends Witness {
  /** The configuration to start with: the board's own, and what was changed from afar over it. */
  readonly config: Configuration;
  /** Handlers of its services, by identifier. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  /** When `poll` is wanted, ms; Infinity for never. */
  readonly deadline: number;
  /** Looks at time limits: what was changed and leads to no contact is taken back. */
  poll(now: number): void;
  /** A restart is wanted, with which what was changed, or taken back, takes effect; once the answer has arrived. */
  readonly restarts: boolean;
}

/** What settings from afar need of board and device. */
export interface RemoteSettingsParts {
  /** The board's own configuration. */
  readonly config: Configuration;
  /** Reads a configuration as every start does. @throws SettingsError that says what of it cannot be */
  readonly check: (config: Configuration) => void;
  readonly store: ByteStore;
  readonly retained: RetainedMemory;
  readonly startReason: string;
  readonly log: Log;
}

/** Makes a product's settings from afar. */
export type NewRemoteSettings = (parts: RemoteSettingsParts) => RemoteSettings;
