/** What a modem remembers, and for how long. */
import type { PsmTimers } from "../radio/link";
import type { ReleaseAssistance } from "./power-saving";

/** Kept without power. */
export interface Nvram {
  /** `AT+IPR`: 0 finds the rate by itself and boots silently, as it comes from the factory. */
  baud: number;
  /** The access point name for the next attach. */
  apn: string;
  /** `AT+COPS=1`: the only network to register with, MCC and MNC; the modem chooses when left out. */
  operator?: string;
  /** What the family keeps besides, by name. */
  readonly own: Map<string, string>;
}

/** Lost at every restart, kept in PSM if nothing else is said. */
export interface Settings {
  /** `AT+CFUN`: 0 off, 1 full, 4 radio off. Full after a boot: it attaches by itself. */
  cfun: 0 | 1 | 4;
  /** `AT+CEREG`: how much its URC tells. */
  cereg: number;
  psmOn: boolean;
  psmTimers: PsmTimers;
  /** Tells of entering and leaving PSM. */
  psmStatus: boolean;
  /** UDP sockets live through PSM. */
  retention: boolean;
  /** eDRX cycle to ask for, 4 bits; `undefined` for none. */
  edrx: string | undefined;
  /** Release assistance: for the next packet only, cleared by sleep too. */
  rai: ReleaseAssistance;
  /** Take the time from the network. */
  networkTime: boolean;
  /** Light sleep of the UART: stored, not simulated. */
  slowClock: number;
  bands: readonly number[];
  /** What the family has besides, by name. */
  readonly own: Map<string, string>;
}

/** Settings after a boot. */
export function bootSettings(): Settings {
  return {
    cfun: 1,
    cereg: 0,
    psmOn: false,
    psmTimers: { t3412: "00100001", t3324: "00000101" },
    psmStatus: false,
    retention: false,
    edrx: undefined,
    rai: 0,
    networkTime: false,
    slowClock: 0,
    bands: [],
    own: new Map(),
  };
}
