/** The options of an EnOS stand-in, and its default limits. */
import type { SessionTie } from "./enos/authentication";
import type { CloudEvent, Peer } from "./events";
import type { FirmwareLimits } from "./ota/firmware-files";
import { defaultMessageLimits } from "./coap/message-layer";
import type { RestoreOther } from "./registry/fleet";
import type { MessageLimits } from "./coap/message-layer";
import type { ProductRecord } from "./registry/product";
import type { FleetLimits } from "./registry/fleet";
import type { DeviceRecord, Edition } from "./registry/registry";
import type { ScriptEngine } from "./script/script-engine";
import type { IvSetting } from "./enos/sign";
import type { CloudStorage } from "./registry/storage";

/** Limits of what is kept, for how long, and of the length of messages. */
export interface CloudLimits extends FleetLimits, MessageLimits, FirmwareLimits {}

export const defaultLimits: Readonly<CloudLimits> = {
  ...defaultMessageLimits,
  readings: 10_000,
  // Ten times what so many usual ones have.
  characters: 16 << 20,
  ids: 4096,
  // Some 200 MB of readings when all are as long as a usual one, however many devices there are.
  devicesInFull: 20,
  // Some three exchanges over NB-IoT, and some times within the longest response time-out.
  resendAfter: 10_000,
  pendingTtl: 0,
  responseTimeout: 30_000,
  waitingCommands: 50,
  finishedCommands: 100,
  // With path, token and answer still at most 1 kB more than the request that it rides on.
  commandPayload: 768,
  firmwareBytes: 4 << 20,
  // Several boards, and differences from several versions.
  firmwarePerProduct: 64,
  firmwareTotal: 128 << 20,
};

export interface CloudOptions {
  /** Sends a datagram. */
  transmit(datagram: Uint8Array, peer: Peer): void;
  /** For tokens, and for where message ids and command ids start. */
  randomBytes(n: number): Uint8Array;
  /** In [0, 1), for faults made on purpose; made of `randomBytes` when left out. */
  random?(): number;
  edition: Edition;
  /** How option 2101 is encrypted, see `IvSetting`. */
  iv: IvSetting;
  /** Devices to register; one that the storage has is left as it is there. */
  devices: readonly DeviceRecord[];
  /** Products to register, likewise. A device's product need not be: then any JSON is taken and no bytes. */
  products?: readonly ProductRecord[];
  /** Runs parsing scripts; needed when a product has one. */
  scriptEngine?: ScriptEngine;
  /** Keeps what is to survive a restart. */
  storage?: CloudStorage;
  /** Takes up what the storage has kept besides what is the cloud's. */
  restoreOther?: RestoreOther;
  /** See `NatPolicy`. */
  tie?: SessionTie;
  addressIdle?: number;
  /**
   * Bytes for a parsing script are refused with 4.15 where no Content-Format is stated. EnOS's manual asks for none, so
   * that the default is false.
   */
  demandsFormat?: boolean;
  /** Hears of everything, in order, before the answer to the request leaves. */
  onEvent?(event: CloudEvent): void;
  limits?: Partial<CloudLimits>;
}
