/** What the owner of a journal sets, and is told. */
import type { BlockNews } from "./blocks";

/** Which records are given up when there is no room. */
export type FullPolicy =
  /** The oldest records. */
  | "oldest"
  /** The record that was to be appended. */
  | "newest"
  /** Every second of the oldest readings, again and again, so that the past becomes coarser but stays. */
  | "thin";

/** Why a record was lost: for want of room, or because its bytes are no longer those that were written. */
export type LossReason = "dropped" | "thinned" | "corrupt";

/** What the owner of the journal sets, and is told. */
export interface JournalOptions {
  readonly policy: FullPolicy;
  /** Types of records that thinning out may take. */
  readonly thinnable: (type: number) => boolean;
  /** Whether a record must stay for now, because it is on its way to the cloud. */
  readonly pinned: (id: number) => boolean;
  /** Told of each record that is given up, before flash says so. Nothing may be asked of the journal meanwhile. */
  readonly onLost: (id: number, type: number, reason: LossReason) => void;
  /** A record has another address now. */
  readonly onMoved: (id: number, address: number) => void;
  /** A block has failed. */
  readonly onBlock?: (news: BlockNews) => void;
}
