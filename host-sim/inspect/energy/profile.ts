/**
 * What a device draws in each of its states, and what the radio needs for a byte: the figures behind every
 * joule that is reported, each with where it is from.
 */

/** One figure: how sure it is, and by whom. */
export interface Figure {
  readonly value: number;
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
    /** From power-on until it takes commands. */
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
    /** Transmit power, dBm. */
    readonly power: ByCoverage;
  };
  readonly board: {
    /** The ESP32 runs, or waits for a timer with its radio off. */
    readonly awake: Figure;
    readonly deepSleep: Figure;
  };
}

/** Power that the modem draws while it sends with `dBm`, W: between the two figures in proportion to dBm. */
export function transmitPower({ modem }: EnergyProfile, dBm: number): number {
  const { transmit23, transmit10 } = modem;
  const share = Math.max(0, Math.min(1, (dBm - 10) / 13));
  return transmit10.value + share * (transmit23.value - transmit10.value);
}
