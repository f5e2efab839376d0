/**
 * What rules judge by, and what they find.
 */
import type { StoredEvent } from "../../../cloud/cloud";
import type { ApplicationTrouble } from "../application-trouble";
import type { Stored } from "../ledger";
import type { Operator } from "../operator";
import type { Script } from "../script";
import type { Updates } from "../updates";

/** Which rule it was: what a script is cut down for must break the same one. */
export type Invariant =
  | "lost"
  | "twice"
  | "altered"
  | "dropped"
  | "time"
  | "order"
  | "command"
  | "message"
  | "cadence"
  | "late"
  | "haste"
  | "energy"
  | "wear"
  | "memory"
  | "fault"
  | "secret"
  | "nonce"
  | "plain"
  | "log"
  | "waiting"
  | "offline"
  | "restart"
  | "busy"
  | "brick"
  | "image"
  | "update"
  | "crash";

export interface Violation {
  readonly invariant: Invariant;
  readonly sentence: string;
}

/** Notes that a rule is broken. */
export type Violate = (invariant: Invariant, sentence: string) => void;

/** What the verdict needs besides the books. */
export interface Ending {
  readonly script: Script;
  /** The cloud holds a session with the device. */
  readonly online: boolean;
  /** Power failures in the middle of a write. */
  readonly cutsInWrite: number;
  /** Most events of the world in one of its hours. */
  readonly busiestHour: number;
  /** What a campaign has beside the device: nobody speaks to that of the outage scenario. */
  readonly campaign?: CampaignEnding;
}

/** How a campaign's trial ended. */
export interface CampaignEnding {
  readonly operator: Operator;
  readonly application: ApplicationTrouble;
  /** Events that the cloud has. */
  readonly events: readonly StoredEvent[];
  /** When it was over, virtual ms. */
  readonly endedAt: number;
  /** The last command, sent when all was well: when, and when it was answered. */
  readonly proof: { readonly at: number; readonly answeredAt: number | undefined } | undefined;
  /** How often each block of the journal was erased. */
  readonly erases: readonly number[];
  /** Writes to key-value storage. */
  readonly keyWrites: number;
  /** Slots that the engine had in use at the end after a collection of garbage; XS only. */
  readonly liveSlots: number | undefined;
  /** The same behind its first start, before anything was sent. */
  readonly slotsAtStart: number | undefined;
  /** Of a device that is updated meanwhile. */
  readonly updates?: Updates;
}

/** What became of the readings. */
export interface Account {
  readonly violations: Violation[];
  readonly delivered: number;
  /** Readings lost in a way that the script explains, by the reason. */
  readonly losses: Readonly<Record<string, number>>;
  /** ms from measurement to storage, of the reading that took longest. */
  readonly worstDelay: number;
  /** What the cloud has of each reading, by its id: one copy, where all is well. */
  readonly copies: ReadonlyMap<number, readonly Stored[]>;
}
