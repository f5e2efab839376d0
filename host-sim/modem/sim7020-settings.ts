/** What a SIM7020 remembers, and for how long. */
import type { PsmTimers } from "../radio/link";
import type { ReleaseAssistance } from "./power-saving";

/** Kept without power. */
export interface Sim7020Nvram {
  /** `AT+IPR`: 0 finds the rate by itself and boots silently, as it comes from the factory. */
  baud: number;
  /** `AT*MCGDEFCONT`: the access point name for the next attach. */
  apn: string;
}

/** Lost at every restart, kept in PSM if nothing else is said. */
export interface Sim7020Settings {
  /** `AT+CFUN`: 0 off, 1 full, 4 radio off. Full after a boot: it attaches by itself. */
  cfun: 0 | 1 | 4;
  /** `AT+CEREG`: how much its URC tells. */
  cereg: number;
  psmOn: boolean;
  psmTimers: PsmTimers;
  /** `AT+CPSMSTATUS`: tell of entering and leaving PSM. */
  psmStatus: boolean;
  /** `AT+RETENTION`: UDP sockets live through PSM. */
  retention: boolean;
  /** `AT+CNBIOTRAI`: for the next packet only, cleared by sleep too. */
  rai: ReleaseAssistance;
  /** `AT+CLTS`: take the time from the network. */
  networkTime: boolean;
  /** `AT+CSCLK`: stored; light sleep itself is not simulated. */
  slowClock: number;
  bands: readonly number[];
}

/** Settings after a boot. */
export function bootSettings(): Sim7020Settings {
  return {
    cfun: 1,
    cereg: 0,
    psmOn: false,
    psmTimers: { t3412: "00100001", t3324: "00000101" },
    psmStatus: false,
    retention: false,
    rai: 0,
    networkTime: false,
    slowClock: 0,
    bands: [],
  };
}
