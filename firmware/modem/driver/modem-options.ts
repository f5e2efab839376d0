/**
 * What a modem's driver is given, and what it tells.
 */
import type { Wanted } from "../at/standard-commands";
import type { Family } from "../family/family";
import type { DownReason, ModemLog } from "./modem-log";
import type { ClockSetting } from "../at/clock";
import type { PinOptions } from "./pin-entry";

export type { DownReason } from "./modem-log";

/** What a modem's driver is given: its family, the wires and settings of the board, and whom it tells. */
export interface ModemOptions extends Omit<Wanted, "psm" | "edrx"> {
  readonly family: Family;
  /** Sends bytes to the modem's UART. */
  readonly write: (bytes: Uint8Array) => void;
  /** Power saving mode to ask for, seconds; not asked for on a board where nothing could end it. */
  readonly psm?: { readonly t3412: number; readonly t3324: number };
  /** Longest cycle of extended discontinuous reception to ask for, seconds; none when left out. */
  readonly edrx?: number;
  /** The SIM card's PIN; left out, the card is to have none. */
  readonly pin?: PinOptions;
  /** How long the first search of a boot may take, seconds. */
  readonly search?: number;
  /** Command lines of the user's own, said at each bring-up while the radio is off. */
  readonly init?: readonly string[];
  /** Rate of the UART, bit/s; the family's when left out. The line has it at start. */
  readonly baud?: number;
  /**
   * Changes the rate of the line, within a few ms; left out where it cannot be changed. It may be called in the
   * middle of a port's own callback, so the port is to be opened anew later.
   */
  readonly setBaud?: (rate: number) => void;
  /** Drives PWRKEY, true for pressed (low at the modem). Boards without that wire leave it out. */
  readonly powerKey?: (pressed: boolean) => void;
  /** Drives RESET_N, true for low at the modem. */
  readonly reset?: (pressed: boolean) => void;
  /** Drives the pin that ends PSM (PSM_EINT), true for low at the modem. */
  readonly wakePin?: (pressed: boolean) => void;
  /** Switches the modem's supply, true for on. Boards without that switch leave it out. */
  readonly supply?: (on: boolean) => void;
  /** What `Modem.escalation` was before deep sleep or a restart. */
  readonly escalation?: readonly number[];
  /** `escalation` has changed. */
  readonly onEscalation?: (state: readonly number[]) => void;
  /** What `Modem.remembered` was before the ESP32's deep sleep, through which the modem has gone on. */
  readonly resume?: readonly number[];
  /** Least time between two datagrams as long as nothing comes back, ms (default 3500). */
  readonly pace?: number;
  /** Random number in [0, 1), for the spread of back-off. */
  readonly random: () => number;
  /** Datagrams can be sent. */
  readonly onUp?: (now: number) => void;
  /** Datagrams cannot be sent, and the driver is trying again by itself. */
  readonly onDown?: (reason: DownReason, now: number) => void;
  /** The modem has told its IMEI. */
  readonly onIdentified?: (imei: string, now: number) => void;
  /** What the modem's clock tells; found out when left out. */
  readonly clock?: ClockSetting;
  /** The network's time, epoch ms; `sure` when what was told before is known to have been read the wrong way. */
  readonly onTime?: (epoch: number, now: number, sure: boolean) => void;
  /** Takes what the driver tells of itself, for a log. */
  readonly log?: ModemLog;
}

/** What the network has granted, seconds. */
export interface Granted {
  /** PSM active time; Infinity when PSM was refused. */
  readonly t3324?: number;
  /** Periodic update. */
  readonly t3412?: number;
  /** eDRX cycle, 0 for none. */
  readonly edrx?: number;
}
