/** How a simulated SIM7020 is set up. */
import type { RadioAttachment } from "../radio/link";
import type { Random } from "../world/random";
import type { Scheduler } from "../world/clock";
import type { ModemEvent } from "./modem-event";
import type { SerialModemSide } from "./uart";

/** Misbehaviour seen on real modems, each off unless named. */
export interface Sim7020Quirks {
  /** URCs that come during a command wait until between its answer's lines. */
  urcInsideResponse?: boolean;
  /** Echo is back on after PSM: always, or never. Left out: chance decides each time. */
  echoAfterPsm?: boolean;
  /** Noise on the UART at each boot and wake. */
  junkAtWake?: boolean;
  /** Restarts once, in the middle of the first command of this name (`"+CSOSEND"`). */
  rebootDuring?: string;
  /** Probability (0..1) for each command that the modem goes deaf: see `deafen`. */
  deaf?: number;
  /** CEREG carries an additional routing area field, as some firmware does. */
  ceregRoutingArea?: boolean;
}

export interface Sim7020Options {
  scheduler: Scheduler;
  random: Random;
  port: SerialModemSide;
  network: RadioAttachment;
  /** 15 digits. */
  imei: string;
  /** Access point name from the factory. */
  apn?: string;
  /** Wall clock of the network at virtual time 0, ms since 1970. Default 2026-01-01. */
  epoch?: number;
  /** Starts booting at once (default), or waits for the power key. */
  powerOn?: "at-start" | "key";
  quirks?: Sim7020Quirks;
  onEvent?: (event: ModemEvent) => void;
  /** Each complete line of AT traffic. */
  onLine?: (direction: "host" | "modem", text: string) => void;
}
