/**
 * What the modem's driver tells of itself, for the device's log: `device/log.ts` words it. Times are ms.
 */

/** Why the modem is not up. */
export type DownReason =
  | "rebooted"
  | "no-answer" // nothing on the UART answers
  | "powered-off" // it has switched itself off, mostly over its supply
  | "wrong-modem" // another family than the settings say
  | "sim" // the SIM card is missing or locked
  | "not-registered" // no cell in time
  | "denied" // the network refuses: wrong APN, SIM without NB-IoT, roaming
  | "roaming" // a foreign network has taken the modem, and the settings forbid that
  | "suspended" // by the caller
  | "failed"; // a command of the bring-up was refused

/** Why the modem's clock is read as it is, see `NetworkClock`. */
export type ClockEvidence = "setting" | "network time" | "change of zone" | "manual" | "usual";

/** An event of the driver that somebody acts on or counts. */
export type ModemEvent =
  | { readonly kind: "modem starting" | "modem waking" | "modem asleep" }
  /** The modem is of the family that it should be; without `imei` when it would not tell that. */
  | { readonly kind: "modem identified"; readonly imei?: string }
  | { readonly kind: "modem wrong modem"; readonly expected: string; readonly found: string }
  /** The SIM card cannot be used, and what the modem says of it; or there is no card. */
  | { readonly kind: "modem sim"; readonly status: string }
  | { readonly kind: "modem sim missing" }
  /** The network denies registration; `cause` as number and name. */
  | { readonly kind: "modem denied"; readonly cause: string }
  /** Bytes came at this rate of the UART, and they are no text. */
  | { readonly kind: "modem noise"; readonly rate: number }
  /** The modem answers at this rate of the UART, which is not the one that is wanted; or it was set to that one. */
  | { readonly kind: "modem rate found" | "modem rate set"; readonly rate: number }
  /** The supply's voltage is near one of the modem's limits. */
  | { readonly kind: "modem supply"; readonly level: "low" | "high" }
  /** The modem has switched itself off, and over what, when it says that. */
  | { readonly kind: "modem powered off"; readonly supply?: "low" | "high" }
  /** The modem restarts by itself again and again, `count` times in a row so far. */
  | { readonly kind: "modem restarts"; readonly count: number }
  /** The network has told the address of the server's name; or no address. */
  | { readonly kind: "modem resolved"; readonly name: string; readonly address: string }
  | { readonly kind: "modem unresolved"; readonly name: string }
  /** The driver leaves the modem alone for `retry` ms. */
  | { readonly kind: "modem down"; readonly reason: DownReason; readonly retry: number }
  /** A command, or a datagram handed over, was answered with an error; `code` when the error has one. */
  | {
      readonly kind: "modem refused";
      readonly command: string;
      readonly code?: number;
      /** What the code means. */
      readonly meaning?: string;
    }
  | { readonly kind: "modem send refused"; readonly code?: number }
  | { readonly kind: "modem read refused" }
  /** What the digits of the modem's clock are taken for, beside a zone that is `zone` ms east of UTC. */
  | {
      readonly kind: "modem clock";
      readonly tells: "local" | "utc";
      readonly by: ClockEvidence;
      readonly zone: number;
    }
  /** Told once a boot, when the first datagram has gone through: the modem's own firmware. */
  | { readonly kind: "modem firmware"; readonly version: string }
  /** The cell that serves it: dBm, dB, coverage enhancement level 0 to 2; what it does not tell is left out. */
  | {
      readonly kind: "modem cell";
      readonly operator?: string;
      readonly band?: number;
      readonly cell?: string;
      readonly rsrp?: number;
      readonly snr?: number;
      readonly ecl?: number;
    }
  /**
   * What the network has granted: access point, address or "none", and the timers of PSM and eDRX where they
   * were asked for. `t3324` is Infinity when PSM was refused, and `edrx` when eDRX was.
   */
  | {
      readonly kind: "modem granted";
      readonly apn?: string;
      readonly address?: string;
      readonly t3324?: number;
      readonly t3412?: number;
      readonly edrx?: number;
    }
  /** The network has given another access point than the one that was asked for. */
  | { readonly kind: "modem other apn"; readonly asked: string; readonly granted: string }
  /** A fault of the driver's own code, see `DriverState.enter`; `from` and `to` are states. */
  | { readonly kind: "modem illegal transition"; readonly from: string; readonly to: string };

/** A step that only a reader of the log wants to know of, in the words of the log. */
export type ModemNote =
  | "restart for new settings"
  | `bands=${string}`
  | "rebooted by itself"
  | "radio reset"
  | "context lost"
  | "pin accepted"
  | "service lost"
  | `search over state=${string}`
  | `search again state=${string}`
  | `refused, searching on cause=${string}`
  | "suspended"
  | "switched off"
  | "urc unreadable"
  | "send without a prompt"
  | "read came short"
  | `reset level=${string}`
  | `mute reset=${string}`
  | `resync after=${string}`
  | `registered stat=${string}`
  | `up${string}`
  | `socket id=${number} peer=${string}`
  | `socket closed reason=${string}`;

/** Takes what the driver tells. Holds no secrets, and of datagrams nothing but their fate. */
export type ModemLog = (event: ModemEvent | ModemNote) => void;
