/** How a simulated modem is set up. */
import type { RadioAttachment } from "../radio/link";
import type { Random } from "../time/random";
import type { Scheduler } from "../time/clock";
import type { Family } from "./family";
import type { Quirks } from "./quirks";
import type { ModemEvent } from "./modem-event";
import type { CardFault } from "./sim-card";
import type { SerialModemSide } from "./uart";

export interface SimulatedModemOptions {
  family: Family;
  /** Name of the firmware generation of the family's manual; its last when left out. */
  firmware?: string;
  scheduler: Scheduler;
  random: Random;
  port: SerialModemSide;
  network: RadioAttachment;
  /** 15 digits. */
  imei: string;
  /** PIN of its SIM card, four to eight digits; none when left out. */
  pin?: string;
  /** Why its SIM card is of no use though it is there. */
  cardFault?: CardFault;
  /** Commands by which a former owner has set it up: what it keeps of them without power is still there. */
  formerOwner?: readonly string[];
  /** UART rate that a former owner has set, bit/s; that of the wire when left out. */
  baud?: number;
  /** Access point name from the factory. */
  apn?: string;
  /** Wall clock of the network at virtual time 0, ms since 1970. Default 2026-01-01. */
  epoch?: number;
  /** The network's time zone, quarter-hours east of UTC. Default 0. */
  zone?: number;
  /** The eDRX cycle that the network grants, 4 bits: what is asked for (default), another, or none. */
  grantEdrx?: (request: string) => string | undefined;
  /** False: the network does not care for release assistance (default true). */
  releaseAssistance?: boolean;
  /** Starts booting at once (default), or waits for the power key. */
  powerOn?: "at-start" | "key";
  quirks?: Quirks;
  onEvent?: (event: ModemEvent) => void;
  /** Each complete line of AT traffic. */
  onLine?: (direction: "host" | "modem", text: string) => void;
}
