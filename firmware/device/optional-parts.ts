/**
 * What a product may have besides what every device has, each a room of the firmware of its own: update of the firmware,
 * health, settings from afar. Here is what agent and main need of them, types alone, so that a product without one has
 * nothing of it: whether a product has them is model.json's to say, and main.ts asks product/update.ts, product/health.ts
 * and product/remote-settings.ts for the function that makes each (`npm run model` writes these).
 *
 * Nothing of a part throws, but what makes it may throw a SettingsError.
 */
import type { LogRing } from "../continuity/log-ring";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Cryptography } from "../enos/sign";
import type { ServiceHandler } from "./application";
import type { ThingValues } from "../model/thing";
import type { Cell } from "../modem/family/family";
import type { Log, LogEvent } from "./log";
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

/** What the device knows of itself, for its health. */
export interface HealthSigns {
  /** CoAP messages that were sent again since the start. */
  readonly retransmissions: () => number;
  /** Readings and messages that wait for the cloud. */
  readonly waiting: () => number;
  /** Erases of the journal's most erased block; undefined without a journal. */
  readonly erases: () => number | undefined;
  /** Resets of the modem by level, as `Link.escalation` has them. */
  readonly resets: () => readonly number[] | undefined;
  /** The battery, mV, where the application measures it. */
  readonly battery: (() => unknown) | undefined;
}

/** What health has to tell now. */
export interface HealthTold {
  /** Measure points, each of these a reading of its own. */
  readonly readings: readonly ThingValues[];
  /** Event for each of the alarms. */
  readonly event: string;
  readonly alarms: readonly { readonly what: string; readonly value: number; readonly limit: number }[];
  /** The operator has asked for it: it does not wait for a batch to be full. */
  readonly atOnce: boolean;
}

/** What main and the agent want of what tells of the device's health (firmware/health). All times are monotonic, ms. */
export interface HealthReport {
  /** Names of its own settings, known beside the device's. */
  readonly settingNames: readonly string[];
  /** Handlers of its services, by identifier. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  /** Takes in a line of the log, when the ring has it. */
  hear(event: LogEvent): void;
  /** The log's lines, for the service `fetch_log`: up to `length` characters before the newest `skip` ones. */
  newest(length: number, skip: number): string;
  /** The device is put together: where its signs are. To be called once. */
  begin(signs: HealthSigns): void;
  /** A datagram of so many bytes goes out. */
  sent(length: number, now: number): void;
  /** One has come in; `isLast`: the network was told that it is the only reply. */
  received(length: number, isLast: boolean, now: number): void;
  /** An exchange has ended without an answer. */
  unanswered(): void;
  /** When `poll` is wanted. */
  readonly deadline: number;
  /**
   * To be called every turn.
   *
   * @param isModemAwake the modem may draw power
   * @param isTaking a reading was taken in this turn, so that a report can go with it
   * @returns whether there may be something to `tell`
   */
  poll(isModemAwake: boolean, isTaking: boolean, now: number): boolean;
  /** What there is to tell; it counts as told. @param isTaking as of `poll`: that reading does not count as one that waits */
  tell(isTaking: boolean, now: number): HealthTold;
  /** The device has come to rest: what was counted is kept. */
  rested(now: number): void;
  /** The board falls asleep now. */
  beforeSleep(now: number): void;
}

/** What health needs of board and device. */
export interface HealthParts {
  /** The board's whole configuration, for the limits. */
  readonly config: Configuration;
  readonly store: ByteStore;
  readonly retained: RetainedMemory;
  /** The log's last lines. */
  readonly ring: LogRing;
  readonly startReason: string;
  /** Of this firmware. */
  readonly version: string;
  /**
   * The modem's cell as it was told last, and `readCell` to have it asked for in this contact; seconds that it is awake
   * behind a connection, undefined or Infinity where it does not fall asleep.
   */
  readonly modem: {
    readonly cell: Cell | undefined;
    readonly granted: { readonly t3324?: number };
    readCell(): Cell | undefined;
  };
  /** The device's time, monotonic, ms. */
  readonly now: () => number;
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
