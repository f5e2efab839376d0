/**
 * What a product may have besides what every device has, each a room of the firmware of its own: update of the firmware,
 * health, settings from afar. Here is what agent and main need of them, types alone, so that a product without one has
 * nothing of it: whether a product has them is model.json's to say, and main.ts asks product/update.ts, product/health.ts
 * and product/remote-settings.ts for the function that makes each (`npm run model` writes these).
 *
 * Nothing of a part throws, but what makes it may throw a SettingsError.
 */
import type { Endpoint } from "../coap/endpoint";
import type { LogRing } from "../continuity/log-ring";
import type { StartRecord } from "../continuity/start-record";
import type { PersistentState } from "../continuity/persistent-state";
import type { RadioGuard } from "../continuity/radio-budget";
import type { RetainedMemory } from "../continuity/retained-memory";
import type { ByteStore } from "../continuity/two-slot-state";
import type { Credentials } from "../enos/credentials";
import type { Session } from "../enos/session";
import type { Cryptography } from "../enos/sign";
import type { Flash } from "../journal/flash";
import type { ThingValues } from "../model/thing";
import type { Cell } from "../modem/family/family";
import type { MemberNames } from "../text/member-names";
import type { Slots, Verify } from "../update/slots";
import type { Device, ServiceHandler } from "./application";
import type { Log, LogEvent } from "./log";
import type { Configuration } from "./setting-values";
import type { Settings } from "./settings";

/** Who judges something new by how the device fares with it. All times are monotonic, ms. */
interface Witness {
  /** The link became ready, so there is a network: a try begins. */
  connected(now: number): void;
  /** The cloud has acknowledged a reading or a message, or answered whatever it was asked with a session open. */
  delivered(now: number): void;
}

/** What the agent wants of an update of the firmware (firmware/update). */
export interface FirmwareUpdate extends Witness {
  /** The agent has what an update speaks by; called once, before anything else. */
  attach(voice: UpdateVoice): void;
  /** A downlink below the device's root that is no service: true when it was `ota/device/upgrade`. */
  obey(topic: string, payload: Uint8Array, now: number): boolean;
  /** Whether it has something to send now, readings apart; asked only when no reading wants the link. */
  wants(now: number): boolean;
  /** Sends it: the link is ready. */
  send(now: number): void;
  /** Whether it will send something behind what is under way: the radio is not to be released. */
  follows(now: number): boolean;
  /** A block is under way: no reading is sent beside it. */
  readonly fetching: boolean;
  /** An exchange or work in flash is under way: the board does not sleep deeply, the device is not idle. */
  readonly busy: boolean;
  /** When `poll` is wanted, or something can be sent next, ms; Infinity for never. */
  deadline(now: number): number;
  /** Goes on with work in flash by one slice, a sector at most, and looks at time limits. Not while the link is busy. */
  poll(now: number): void;
  /** A trial of a new firmware is under way: no deep sleep. */
  readonly inTrial: boolean;
  /** The cloud is not to hear of this firmware's version yet: with it an update has come to its end. */
  readonly holdsVersion: boolean;
  /** The board is to restart into another firmware, as soon as no reading is lost by that. */
  readonly restarts: boolean;
  /** The board restarts now. @returns whether it still wants that */
  restart(now: number): boolean;
  /** For the retained memory (at most 88 bytes), before deep sleep. */
  beforeSleep(now: number): void;
}

/** What an update speaks by: the agent's own parts, as each closure would take RAM. */
export interface UpdateVoice {
  readonly session: Pick<Session, "send">;
  readonly endpoint: Pick<Endpoint, "exchange">;
  /** Counts what the server's answers are made of. */
  readonly names: MemberNames;
  /** Gives messages their ids. */
  readonly memory: Pick<PersistentState, "takeId">;
  /** Are told how the exchange of a block has ended. */
  readonly radio: Pick<RadioGuard, "heard">;
  readonly link: { confirm?(now: number): void };
}

/** What an update needs of the board. */
export interface UpdateBoard {
  readonly slots: Slots;
  /** The partition where an update is kept meanwhile. */
  readonly staging: Flash;
  readonly verify: Verify;
}

/** What an update needs at the very start, before the settings are read. */
export interface UpdateSurroundings {
  /** Of this firmware. */
  readonly version: string;
  readonly retained: RetainedMemory;
  /** Why the board started: "abort" for a restart by software that nobody has asked for. */
  readonly startReason: string;
  /** Restarts the board. */
  readonly restart: () => void;
  /** The starts before this one that went wrong were another firmware's: they say nothing of this one. */
  readonly forgetStarts: () => void;
  readonly log: Log;
}

/** What an update needs of the device. */
export interface UpdateParts {
  readonly crypto: Cryptography;
  /** The server that readings go to. */
  readonly settings: Pick<Settings, "server" | "port">;
  /** The board's whole configuration, for the settings of the update's own. */
  readonly config: Configuration;
  /** The board's name, as in firmware/board/boards.ts. */
  readonly board: string;
  readonly credentials: Pick<Credentials, "productKey" | "deviceKey">;
  readonly random: () => number;
  /** The device's time, monotonic, ms, and the wall clock, epoch ms; undefined while it is not set. */
  readonly clock: { now(): number; wall(): number | undefined };
  /** Tells the coverage level of its cell, 0 to 2, as it knew it last; who asks has it asked for at the next contact. */
  readonly modem: { readCell(): { readonly ecl?: number } | undefined };
}

/** An update at the very start: a new firmware that is on trial may fail before it can do anything. */
export interface StartedUpdate {
  /** Names of its settings. */
  readonly settingNames: readonly string[];
  /**
   * The start has failed.
   *
   * @param lasting no further start will mend it
   * @returns true when the slot before was made the next to start, and the board restarts
   */
  failed(reason: string, lasting: boolean): boolean;
  /**
   * Whether this start does without: a safe start on trial, whose firmware is judged by its normal ones, and one that goes on
   * panicking, as the update may be why.
   */
  isBarred(starts: { readonly safe: boolean; readonly panics: number }): boolean;
  /** Reads its settings of a configuration, as `open` does. @throws SettingsError that says what of it cannot be */
  check(config: Configuration): void;
  /** @throws SettingsError */
  open(parts: UpdateParts): FirmwareUpdate;
}

/** Makes a product's update. */
export type NewUpdate = (surroundings: UpdateSurroundings) => StartedUpdate;

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
  readonly wantsRestart: boolean;
  /** No start mends it: takes back what was changed. @returns true when there was something, and the board restarts */
  startFailed(): boolean;
  /** To be called once the device has started, with what it may send by itself. */
  start(device: Device): void;
}

/** What settings from afar need of board and device. */
export interface RemoteSettingsParts {
  /** The board's own configuration. */
  readonly config: Configuration;
  /** Reads a configuration as every start does. @throws SettingsError that says what of it cannot be */
  readonly check: (config: Configuration) => Settings;
  readonly store: ByteStore;
  /** What the starts before this one came to. */
  readonly starts: Pick<StartRecord, "panics" | "failures">;
  /** The product's firmware is updated from afar, too. */
  readonly update: boolean;
  readonly startReason: string;
  readonly log: Log;
}

/** Makes a product's settings from afar. */
export type NewRemoteSettings = (parts: RemoteSettingsParts) => RemoteSettings;
