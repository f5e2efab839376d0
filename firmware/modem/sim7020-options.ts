/**
 * What the SIM7020's driver is given, and what it tells.
 */

export interface Sim7020Options {
  /** Sends bytes to the modem's UART. */
  readonly write: (bytes: Uint8Array) => void;
  /** Access point name of the SIM card's operator. */
  readonly apn: string;
  /** Bands to search, such as [8, 20]; fewer bands, faster registration. All when left out. */
  readonly bands?: readonly number[];
  /** Power saving mode to ask for, seconds; none without a power key, for nothing could end it. */
  readonly psm?: { readonly t3412: number; readonly t3324: number };
  /** Drives PWRKEY, true for pressed (low at the modem). Boards without that wire leave it out. */
  readonly powerKey?: (pressed: boolean) => void;
  /** Switches the modem's supply, true for on. Boards without that switch leave it out. */
  readonly supply?: (on: boolean) => void;
  /** What `ladder` was before deep sleep or a restart. */
  readonly ladder?: readonly number[];
  /** It has changed. */
  readonly onLadder?: (state: readonly number[]) => void;
  /** Least time between two datagrams as long as nothing comes back, ms (default 3500). */
  readonly pace?: number;
  /** Random number in [0, 1), for the spread of back-off. */
  readonly random: () => number;
  /** Datagrams can be sent. */
  readonly onUp?: (now: number) => void;
  /** They cannot, and the driver is trying again by itself. */
  readonly onDown?: (reason: DownReason, now: number) => void;
  /** The network's time, epoch ms. */
  readonly onTime?: (epoch: number, now: number) => void;
  /** For logs: an event and its details, no secrets. */
  readonly log?: (text: string) => void;
}

/** Why the modem is not up. */
export type DownReason =
  | "rebooted"
  | "no-answer" // nothing on the UART answers
  | "sim" // the SIM card is missing or locked
  | "not-registered" // no cell in time
  | "denied" // the network refuses: wrong APN, SIM without NB-IoT, roaming
  | "suspended" // by the caller
  | "failed"; // a command of the bring-up was refused

export type Sim7020State =
  "off" | "starting" | "configuring" | "registering" | "up" | "asleep" | "waking" | "recovering" | "pausing"; // until the next try to bring it up
