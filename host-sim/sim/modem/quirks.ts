/** How one modem, or one firmware, behaves otherwise than its family does. */
import type { ClockStyle } from "./modem-clock";
import type { RegistrationState } from "./registration";

/** Misbehaviour seen on real modems, each off unless named. */
export interface Quirks {
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
  /** CEREG carries an additional routing area field, as some firmware does, and names no place when denied. */
  ceregRoutingArea?: boolean;
  /** Sockets that would live through PSM do not. */
  socketClosedInPsm?: boolean;
  /** A line that belongs to a command comes before its OK instead of behind it, or the other way round. */
  urcBeforeOk?: boolean;
  /** The prompt for data comes seconds late. */
  slowPrompt?: boolean;
  /** Probability (0..1) that the prompt for data does not come at all. */
  noPrompt?: number;
  /** What CEREG calls a state, where that is not the usual number: `{ 3: 2 }`, `{ 2: 80 }`, `{ 4: 100 }`. */
  registrationTold?: Readonly<Partial<Record<RegistrationState, number>>>;
  /** ms after which a search is given up: state 0 until `AT+CFUN=1` after 0, or `AT+COPS`, begins another. */
  givesUpSearch?: number;
  /** What the clock tells where its command leaves that open; local time when left out. */
  clock?: ClockStyle;
  /** Result codes as digits (`ATV0`), or none (`ATQ1`), after each start: a former owner has stored that. */
  resultCodes?: "digits" | "none";
  /** ms from the start to the last line of the boot, such as `SMS Ready`, which comes sooner otherwise. */
  lastLineAfter?: number;
  /** Commands of these names are refused, whatever the manual says: `"+CEREG"`, or `"+CEREG set"` for one form. */
  refuses?: readonly string[];
  /** A read of received data brings fewer bytes than its header says. */
  shortReads?: boolean;
  /** The error with which each socket's opening ends that is told behind OK (`+QIOPEN: 0,566`). */
  openingError?: number;
  /** RI is pulled low when a line begins, too late for a host that has to wake. */
  lateRing?: boolean;
  /** Each command takes nearly as long as its manual allows. */
  slowCommands?: boolean;
}
