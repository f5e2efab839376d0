/** What a device's link at link depth (link-modem.ts) is made of: its cell, what its modem takes, and who hears of it. */
import type { ModemEvent } from "../modem/modem-event";
import type { PagingIdentity } from "../radio/paging-occasions";
import type { RadioAttachment } from "../radio/link";
import type { Scheduler } from "../time/clock";
import type { Random } from "../time/random";
import type { LinkTraits } from "./link-traits";
import type { Paging } from "./paging";
import type { RandomAccess } from "./random-access";

export interface LinkModemOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: RadioAttachment;
  readonly traits: LinkTraits;
  /** What the cell's devices share; alone in its cell when left out. */
  readonly access?: RandomAccess;
  readonly paging?: Paging;
  /** What decides on when it listens for pages. */
  readonly identity: PagingIdentity;
  /** ms of the eDRX cycle that the network grants; undefined without. */
  readonly edrx?: number;
  /** ms that a datagram of so many bytes takes of the shared air. */
  readonly airtime: (bytes: number) => number;
  /** PSM timers to ask for, seconds; none when left out. */
  readonly psm?: { readonly t3324: number; readonly t3412: number };
  /** False: the network ignores release assistance. */
  readonly releaseAssistance?: boolean;
  /** Whether a firmware runs that hears what comes: a board in deep sleep does not. */
  readonly listening: () => boolean;
  /** Something has changed, or come: the device's turn. */
  readonly turn: () => void;
  /** The network tells the time at which the link comes up, epoch ms. */
  readonly onTime: () => void;
  /** What a meter hears. */
  readonly onEvent?: (event: ModemEvent) => void;
  /** A datagram of so many bytes sets out; `again` for one that has set out before. */
  readonly onUplink?: (bytes: number, again: boolean) => void;
}
