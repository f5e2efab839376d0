/**
 * What a device draws in each of its states, and what the radio needs for a byte: the figures behind every
 * joule that is reported, each with where it is from.
 */

/** One figure: how sure it is, and by whom. */
export interface Figure {
  readonly value: number;
  /** Between which two values it lies, where that is known. */
  readonly low?: number;
  readonly high?: number;
  /** Read off hardware, worked out from such figures, or our own judgement. */
  readonly tag: "measured" | "derived" | "assumed";
  readonly source: string;
}

/** One figure for each coverage level. */
export type ByCoverage = readonly [Figure, Figure, Figure];

/** All of them. Powers in W, times in ms, rates in bit/s of what UDP and IP carry. */
export interface EnergyProfile {
  readonly name: string;
  readonly modem: {
    /** Power saving mode. */
    readonly psm: Figure;
    /** Radio off by AT+CFUN, UART alive. */
    readonly radioOff: Figure;
    /** Registered, without a connection: paging and an awake UART. */
    readonly idle: Figure;
    /** The same with eDRX granted, between paging windows. */
    readonly edrx: Figure;
    /** Connected, without a datagram on the air: the mean over C-DRX. */
    readonly connected: Figure;
    /** Receives without a pause: a datagram, or a search for a cell. */
    readonly receive: Figure;
    /** Sends with 23 dBm, its most. */
    readonly transmit23: Figure;
    /** Sends with 10 dBm. */
    readonly transmit10: Figure;
    /** From power-on, or from the end of a PSM that it leaves by a start, until it takes commands. */
    readonly boot: Figure;
  };
  readonly radio: {
    /** Effective, repetitions and scheduling included. */
    readonly uplink: ByCoverage;
    readonly downlink: ByCoverage;
    /** Synchronisation, random access and the connection's set-up, ms. */
    readonly access: ByCoverage;
    /** Share of that time in which it sends. */
    readonly accessTransmit: Figure;
    /** ms for which it goes on to receive without a pause behind a datagram, before C-DRX (drx-InactivityTimer). */
    readonly listen: Figure;
    /** Bytes that a tracking area update sends, and as many that it receives. */
    readonly update: Figure;
    /** Transmit power, dBm. */
    readonly power: ByCoverage;
  };
  readonly board: BoardFigures;
}

/** How the ESP32 is clocked, and what it does while it waits for its modem or a timer. */
export interface BoardClock {
  readonly megahertz: 240 | 160 | 80;
  /** Its processor idles at its clock, or at 80 MHz, the lowest one at which its UART is honest; or it may sleep lightly. */
  readonly waiting: "awake" | "slow" | "light-sleep";
}

/** As firmware/board/sdkconfig.defaults builds the firmware: 160 MHz, by dynamic frequency scaling 80 while it waits. */
export const builtClock: BoardClock = { megahertz: 160, waiting: "slow" };

/** What the ESP32 draws, its own radio off. */
export interface BoardFigures {
  /** Its loader and the runtime start, before the firmware's first line. */
  readonly starting: Figure;
  /** A turn of the firmware computes, by the processor's clock. */
  readonly running240: Figure;
  readonly running160: Figure;
  readonly running80: Figure;
  /** Between two turns its processor idles, by the processor's clock. */
  readonly waiting240: Figure;
  readonly waiting160: Figure;
  readonly waiting80: Figure;
  /** Light sleep, when the board says that it is in it. */
  readonly lightSleep: Figure;
  /** Deep sleep; the memory that outlives it is kept. */
  readonly deepSleep: Figure;
  /** Steps of XS in a second for each MHz of the processor's clock. */
  readonly computeRate: Figure;
}

/** Power while a turn computes, W. */
export function runningPower({ board }: EnergyProfile, { megahertz }: BoardClock): number {
  return board[`running${megahertz}`].value;
}

/** Power between two turns, W; light sleep is not waiting, and has events of its own. */
export function waitingPower({ board }: EnergyProfile, { megahertz, waiting }: BoardClock): number {
  return waiting === "awake" ? board[`waiting${megahertz}`].value : board.waiting80.value;
}

/** Power that the modem draws while it sends with `dBm`, W: between the two figures in proportion to dBm. */
export function transmitPower({ modem }: EnergyProfile, dBm: number): number {
  const { transmit23, transmit10 } = modem;
  const share = Math.max(0, Math.min(1, (dBm - 10) / 13));
  return transmit10.value + share * (transmit23.value - transmit10.value);
}

/** W while a connection is set up, of which the modem sends for a share and receives for the rest. */
export function accessPower(profile: EnergyProfile, dBm: number): number {
  const share = profile.radio.accessTransmit.value;
  return share * transmitPower(profile, dBm) + (1 - share) * profile.modem.receive.value;
}
