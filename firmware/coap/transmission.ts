/**
 * Transmission parameters (RFC 7252 section 4.8) and the times derived from them (section 4.8.2).
 */

/** How long and how often a confirmable message is tried. */
export interface Transmission {
  /** ACK_TIMEOUT, ms before the first retransmission (its lower bound). */
  readonly ackTimeout: number;
  /** ACK_RANDOM_FACTOR, at least 1: the first time-out is drawn from ackTimeout to ackTimeout times this. */
  readonly ackRandomFactor: number;
  /** MAX_RETRANSMIT, how often a message is sent again. */
  readonly maxRetransmit: number;
  /** NSTART, how many exchanges may be open at once. */
  readonly nstart: number;
  /** Requests that may wait for their turn; one more is refused at once. */
  readonly queueLimit: number;
}

/** The values of RFC 7252 section 4.8, for the ordinary Internet. */
export const internet: Transmission = Object.freeze({
  ackTimeout: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  queueLimit: 4,
});

/**
 * For NB-IoT, where a round trip takes 2 to 10 s when all is well: with the Internet's 2 s every
 * message would go out twice. Few retransmissions, because the reading is kept and tried again.
 */
export const narrowband: Transmission = Object.freeze({
  ackTimeout: 10_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 2,
  nstart: 1,
  queueLimit: 4,
});

/** MAX_LATENCY, ms: the longest a datagram is expected to travel (RFC 7252 section 4.8.2). */
const maxLatency = 100_000;

/** MAX_TRANSMIT_SPAN, ms: first to last transmission of one message. */
export function maxTransmitSpan(t: Transmission): number {
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
