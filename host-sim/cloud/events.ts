/**
 * What the cloud tells its owner while it works: typed, in the order it happened, free of secrets.
 * Texts that came from outside are made printable before they get here.
 */
import type { FirmwareName } from "./ota/firmware-name";
import type { TaskStatus } from "./ota/upgrade-task";
import type { DeviceState, StateReason } from "./registry/registry";
import type { DoubtKind, SealDoubt } from "./registry/seal-view";
import type { Seal } from "./script/seal";

/** Where a datagram came from or goes to. */
export interface Peer {
  address: string;
  port: number;
}

/** Which device an event is about, as the request's path names it. */
export interface DeviceName {
  productKey: string;
  deviceKey: string;
}

/** Names a device in an event. */
export function nameOf({ productKey, deviceKey }: DeviceName): DeviceName {
  return { productKey, deviceKey };
}

/** Which rollout an event is about, and of which version. */
interface RolloutName {
  productKey: string;
  rolloutId: string;
  version: string;
}

/** What a device reports: measure points (raw or JSON), an event, or something about itself. */
export type ReportKind = "reading" | "event" | "attributes" | "tags" | "firmware";

/** What a parsing script was to do: read a report or a reply of a device, write the answer to a report or a command. */
export type ScriptTask = "report" | "reply" | "answer" | "command";

/** What a parsing script got wrong. Texts are printable and cut to a length. */
export interface ToldFault {
  task: ScriptTask;
  /** What it was given: bytes in hex, or JSON. */
  input: string;
  /** What it returned, where it returned anything. */
  output?: string;
  fault: string;
  /** Of the script, where it is known. */
  line?: number;
  /** How often this kind has come by now. */
  times: number;
}

/** What an operator can make worse, by the name of its route. */
export type Condition = "faults" | "nat" | "rate-limit" | "down";

type EventBody =
  | ({ type: "authenticated"; peer: Peer; lifetime: number } & DeviceName)
  /** `code` is the CoAP code byte of the answer. */
  | ({ type: "auth-refused"; peer: Peer; code: number; reason: string } & DeviceName)
  /** By an operator; `removed` takes with it what the device reported; `changed`: name, keys, attributes or tags. */
  | ({ type: "registered" | "changed" | "removed" | "session-forgotten" } & DeviceName)
  | { type: "product-put" | "product-removed"; productKey: string }
  | ({ type: "firmware-put"; productKey: string; fileSize: number } & FirmwareName)
  | ({ type: "firmware-removed"; productKey: string } & FirmwareName)
  /** A device's upgrade came to another state, or further; `progress` and `desc` are the device's last word. */
  | ({
      type: "ota-task";
      taskId: string;
      toVersion: string;
      status: TaskStatus;
      progress?: number;
      desc?: string;
    } & DeviceName)
  /** A rollout: a stage began, with so many devices; it stopped by itself; an operator decided; it is done. */
  | ({ type: "rollout-stage"; stage: number; stages: number; devices: number } & RolloutName)
  | ({ type: "rollout-stopped"; stage: number; reason: string } & RolloutName)
  | ({ type: "rollout-changed"; what: "paused" | "resumed" | "aborted" | "tried again" } & RolloutName)
  | ({ type: "rollout-done"; devices: number; succeeded: number; failed: number } & RolloutName)
  | ({ type: "state"; from: DeviceState; to: DeviceState; reason: StateReason } & DeviceName)
  | ({ type: "signature-refused"; peer: Peer; code: number; reason: string } & DeviceName)
  /** "stored-before": acknowledged once more, not stored. `points`: of a reading that is new. */
  | ({
      type: "stored" | "stored-before";
      kind: ReportKind;
      id: string;
      format: "raw" | "json";
      points?: Record<string, unknown>;
      /** When it was measured, epoch ms, if the device told. */
      time?: number;
      /** It came through `resume`. */
      late?: true;
      /** Of the envelope that it came in. */
      sealed?: Pick<Seal, "salt" | "counter" | "root">;
      /** What is wrong with it: in an envelope, or in none though the device seals. */
      doubt?: DoubtKind;
    } & DeviceName)
  /** A product's parsing script got something wrong: told when it comes first, and then at every tenfold of it. */
  | ({ type: "script-fault"; productKey: string } & ToldFault)
  /** A report that could be read, or not, but was not stored; `enosCode` such as 1204. */
  | ({
      type: "report-refused";
      reason: string;
      enosCode: number;
      /** Of a sealed product, whose script refuses it: why. */
      sealed?: string;
    } & DeviceName)
  /** A message of a sealed product is in doubt: told at the first of its kind, at every tenfold, and after a day. */
  | ({ type: "seal-doubted" } & Omit<SealDoubt, "at"> & DeviceName)
  /** Measure points that a batch asked to be left out, as they are not as the model says; `reason`: the first. */
  | ({ type: "points-skipped"; id: string; count: number; reason: string } & DeviceName)
  /** A reading whose time, epoch ms, is more than a day ahead or from before 2000; it is stored as it says. */
  | ({ type: "time-doubted"; id: string; time: number } & DeviceName)
  | ({
      type: "command-queued";
      id: string;
      path: string;
      kind: "set" | "get" | "service" | "upgrade" | "raw";
      service?: string;
    } & DeviceName)
  /**
   * `delivered`: the payload went along in option 2102; otherwise the device has to fetch it. `uplink`: the path below
   * the device's topic on whose answer it went.
   */
  | ({ type: "command-offered"; id: string; path: string; delivered: boolean; uplink: string } & DeviceName)
  | ({ type: "command-fetched"; id: string; path: string } & DeviceName)
  /** `took`: ms from when its payload left. */
  | ({
      type: "command-answered";
      id: string;
      code: number;
      data?: unknown;
      message?: string;
      took: number;
    } & DeviceName)
  /** The ends without a reply: none came in time; it was not sent in time; an operator withdrew it. */
  | ({ type: "command-timed-out" | "command-expired" | "command-revoked"; id: string } & DeviceName)
  /** It was for a device that is online, and the device went offline. */
  | ({ type: "command-failed"; id: string } & DeviceName)
  /** A reply after the end, which stays as it was. */
  | ({
      type: "command-late";
      id: string;
      code: number;
      data?: unknown;
      message?: string;
      status: string;
    } & DeviceName)
  /** A reply that names no command that was sent, or one that is answered already. */
  | ({ type: "reply-stray"; id: string; path: string } & DeviceName)
  /**
   * Once per product: of an id of 62 bits its parsing script makes no bytes, so its ids have 32; or it cuts the id,
   * and `key` came back for `id`.
   */
  | ({ type: "script-refuses-ids" } & DeviceName)
  | ({ type: "script-cuts-ids"; id: string; key: string } & DeviceName)
  | { type: "request-refused"; peer: Peer; code: number; reason: string }
  /**
   * What became of a webhook: a delivery failed at first and is tried again, or failed for good; deliveries were dropped,
   * told at the first and then at every tenfold; it was disabled.
   */
  | {
      type: "webhook";
      id: string;
      outcome: "retrying" | "failed" | "dropped" | "disabled";
      reason: string;
      /** How many deliveries were dropped by now. */
      dropped?: number;
    }
  /** By an operator, who reads it anew. */
  | { type: "conditions-changed"; condition: Condition }
  /** An address that sends more than it may; at most once per second and address. */
  | { type: "rate-limited"; peer: Peer }
  /** A retransmission; `answered` is false for a NON one, which is only ignored. */
  | { type: "duplicate-request"; peer: Peer; messageId: number; answered: boolean }
  | { type: "malformed"; peer: Peer; reason: string; answer: "RST" | "none" }
  /** A fault of this program: the request got 5.00. Tests see to it that it never comes. */
  | { type: "internal-error"; peer: Peer; reason: string };

/** `at`: ms, the cloud's time. */
export type CloudEvent = EventBody & { at: number };

/** An event before it is given its time. */
export type CloudEventBody = EventBody;
