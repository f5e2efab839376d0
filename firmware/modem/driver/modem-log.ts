/**
 * What the modem's driver tells of itself, for the device's log: `device/log.ts` words it. Times are ms.
 */

/** Why the modem is not up. */
export type DownReason =
  | "rebooted"
  | "no-answer" // nothing on the UART answers
  | "wrong-modem" // another family than the settings say
  | "sim" // the SIM card is missing or locked
  | "not-registered" // no cell in time
  | "denied" // the network refuses: wrong APN, SIM without NB-IoT, roaming
  | "suspended" // by the caller
  | "failed"; // a command of the bring-up was refused

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
  /** The driver leaves the modem alone for `retry` ms. */
  | { readonly kind: "modem down"; readonly reason: DownReason; readonly retry: number }
  /** A command, or a datagram handed over, was answered with an error; `code` when the error has one. */
  | { readonly kind: "modem refused"; readonly command: string; readonly code?: number }
  | { readonly kind: "modem send refused"; readonly code?: number }
  | { readonly kind: "modem read refused" }
  /** A fault of the driver's own code, see `DriverState.enter`; `from` and `to` are states. */
  | { readonly kind: "modem illegal transition"; readonly from: string; readonly to: string };

/** A step that only a reader of the log wants to know of, in the words of the log. */
export type ModemNote =
  | "restart for new settings"
  | "rebooted by itself"
  | "radio reset"
  | "context lost"
  | "service lost"
  | "suspended"
  | "urc unreadable"
  | "send without a prompt"
  | `reset level=${string}`
  | `mute reset=${string}`
  | `resync after=${string}`
  | `registered stat=${string}`
  | `up${string}`
  | `socket id=${number} peer=${string}`
  | `socket closed reason=${string}`;

/** Takes what the driver tells. Holds no secrets, and of datagrams nothing but their fate. */
export type ModemLog = (event: ModemEvent | ModemNote) => void;
