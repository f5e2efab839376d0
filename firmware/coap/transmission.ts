/**
 * Transmission parameters (RFC 7252 section 4.8) and the times derived from them (section 4.8.2).
 */

/** How long and how often a message is tried. */
export interface Transmission {
  /**
   * How the time-outs are found: `plain` is RFC 7252 section 4.2, the same for every message; `fasor`
   * learns from measured round trips (draft-ietf-core-fasor).
   */
  readonly algorithm: "plain" | "fasor";
  /** ACK_TIMEOUT, ms before the first retransmission (its lower bound); FASOR's initial RTO. */
  readonly ackTimeout: number;
  /** ACK_RANDOM_FACTOR, at least 1: the first time-out is drawn from ackTimeout to ackTimeout times this. */
  readonly ackRandomFactor: number;
  /**
   * For how long the network keeps a connection open behind a datagram, ms: FASOR sends the first copy while it lasts,
   * as long as that leaves half as much again as the round trip. Left out, there is no such connection.
   */
  readonly connection?: number;
  /** MAX_RETRANSMIT, how often a message is sent again. */
  readonly maxRetransmit: number;
  /** NSTART, how many interactions with one peer may be open at once. */
  readonly nstart: number;
  /** PROBING_RATE, bytes per second towards a peer that does not answer. */
  readonly probingRate: number;
  /**
   * Requests that may wait for their turn or, acknowledged, for their response, to whichever peers; one more is
   * refused at once. What is under way counts by peer: `EndpointOptions.maxRequests` bounds all of it.
   */
  readonly queueLimit: number;
}

/** The values of RFC 7252 section 4.8, for the ordinary Internet. */
export const internet: Transmission = Object.freeze({
  algorithm: "plain",
  ackTimeout: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  probingRate: 1,
  queueLimit: 4,
} as const);

/**
 * For NB-IoT, where a round trip takes 2 to 10 s when all is well: with the Internet's 2 s every
 * message would go out twice. Few retransmissions, because the reading is kept and tried again. The network's
 * inactivity timer is 20 s mostly (u-blox, UBX-16017368; 10 s was seen too): a copy that is sent later needs a random
 * access of its own, and until then board and radio wait for what mostly was lost.
 */
export const narrowband: Transmission = Object.freeze({
  algorithm: "fasor",
  ackTimeout: 10_000,
  ackRandomFactor: 1.5,
  connection: 19_500,
  maxRetransmit: 2,
  nstart: 1,
  probingRate: 1,
  queueLimit: 4,
} as const);

/** MAX_LATENCY, ms: the longest a datagram is expected to travel (RFC 7252 section 4.8.2). */
const maxLatency = 100_000;

/**
 * Checks parameters that a caller put together.
 *
 * @throws RangeError naming the first that cannot work
 */
export function checkTransmission(t: Transmission): void {
  const fault = (name: keyof Transmission, wanted: string): never => {
    throw new RangeError(`transmission.${name} ${wanted}, got ${String(t[name])}`);
  };
  if (t.algorithm !== "plain" && t.algorithm !== "fasor") fault("algorithm", `is "plain" or "fasor"`);
  if (!(t.ackTimeout >= 1 && t.ackTimeout <= 600_000)) fault("ackTimeout", "is 1 to 600000 ms");
  if (!(t.ackRandomFactor >= 1 && t.ackRandomFactor <= 10)) fault("ackRandomFactor", "is 1 to 10");
  if (t.connection !== undefined && !(t.connection >= 1 && t.connection <= 600_000)) {
    fault("connection", "is 1 to 600000 ms");
  }
  if (!(Number.isInteger(t.maxRetransmit) && t.maxRetransmit >= 0 && t.maxRetransmit <= 20)) {
    fault("maxRetransmit", "is a whole number from 0 to 20");
  }
  if (!(Number.isInteger(t.nstart) && t.nstart >= 1)) fault("nstart", "is a whole number of at least 1");
  if (!(t.probingRate > 0)) fault("probingRate", "is more than 0 bytes per second");
  if (!(Number.isInteger(t.queueLimit) && t.queueLimit >= 0))
    fault("queueLimit", "is a whole number of at least 0");
}

/**
 * MAX_TRANSMIT_SPAN, ms: first to last transmission of one message. With learnt time-outs the last
 * one may go out at any time before the sender gives up.
 */
export function maxTransmitSpan(t: Transmission): number {
  if (t.algorithm === "fasor") return maxTransmitWait(t);
  return t.ackTimeout * (2 ** t.maxRetransmit - 1) * t.ackRandomFactor;
}

/** MAX_TRANSMIT_WAIT, ms: first transmission to giving up. */
export function maxTransmitWait(t: Transmission): number {
  return t.ackTimeout * (2 ** (t.maxRetransmit + 1) - 1) * t.ackRandomFactor;
}

/** EXCHANGE_LIFETIME, ms: until a message id may be used again towards the same endpoint. */
export function exchangeLifetime(t: Transmission): number {
  return maxTransmitSpan(t) + 2 * maxLatency + t.ackTimeout;
}

/** NON_LIFETIME, ms: the same for a non-confirmable message. */
export function nonLifetime(t: Transmission): number {
  return maxTransmitSpan(t) + maxLatency;
}
