/** What is said of a device, types that the console's page shares: see device-standing.ts, which works it out. */
import type { EventLevel } from "../../model/model";
import type { Peer } from "../events";
import type { DeviceState, Edition, StateReason } from "./registry";
import type { SealSummary, SealView } from "./seal-view";

/** The newest value of a measure point that is vital to know of a device. */
export interface VitalValue {
  readonly identifier: string;
  readonly value: number;
  readonly unit?: string;
  /** When it was measured, or stored where the device told no time, epoch ms. */
  readonly time: number;
}

/** Events that call for somebody: reported within a day, of a level above info in the product's model. */
export interface Alarms {
  readonly count: number;
  /** The worst of them. */
  readonly level: Exclude<EventLevel, "info">;
  /** When the cloud stored the last one, ms. */
  readonly at: number;
}

export interface Standing {
  readonly battery?: VitalValue;
  readonly signal?: VitalValue;
  /** Left out when there are none. */
  readonly alarms?: Alarms;
}

/** A value that is vital to know, without the identifier and the unit, which its product has. */
export interface ShortValue {
  readonly value: number;
  /** epoch ms */
  readonly time: number;
}

/** A device in short, see device-summary.ts; members as `DeviceView` has them. */
export interface DeviceSummary {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly name?: string;
  readonly state: DeviceState;
  readonly stateSince?: number;
  readonly lastSeen?: number;
  /** Of the session, seconds. */
  readonly lifetime?: number;
  readonly sessionUntil?: number;
  readonly firmwareVersion?: string;
  readonly battery?: ShortValue;
  readonly signal?: ShortValue;
  readonly alarms?: Alarms;
  /** Left out where nothing is known of sealed payloads. */
  readonly sealed?: SealSummary;
}

export interface DeviceCounters {
  authenticated: number;
  authRefused: number;
  /** Requests that passed the signature or session check. */
  requests: number;
  signatureRefused: number;
  /** Readings, events and changes of attributes, tags and firmware version. */
  stored: number;
  /** Of these, what was stored before and only acknowledged again. */
  duplicates: number;
  reportsRefused: number;
  commandsOffered: number;
  commandsAnswered: number;
  /** Replies that no command waited for. */
  strayReplies: number;
}

/** A device as its operator sees it; holds no secret. */
export interface DeviceView extends Standing {
  productKey: string;
  deviceKey: string;
  name?: string;
  edition: Edition;
  state: DeviceState;
  /** When it came to its state, ms, and why; `undefined` as long as it has the first one. */
  stateSince?: number;
  stateReason?: StateReason;
  /** Its last request in its session, ms, be it refused for what it says; `undefined` before the first. */
  lastSeen?: number;
  /** When it came online, ms; only while it is. */
  onlineSince?: number;
  /** Of the session, seconds. */
  lifetime?: number;
  /** When its session lapses unless it speaks before, ms; only while it is online. */
  sessionUntil?: number;
  /** Where its last request in its session came from, as the last NAT on the way shows it. */
  peer?: Peer;
  /** As the device informed. */
  firmwareVersion?: string;
  /** When it first informed this version, and when it last did, ms. */
  firmwareSince?: number;
  firmwareInformedAt?: number;
  /** Left out where nothing is known of sealed payloads. */
  sealed?: SealView;
  attributes: Record<string, unknown>;
  tags: Record<string, string>;
  counters: DeviceCounters;
}
