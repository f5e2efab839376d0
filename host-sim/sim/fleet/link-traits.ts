/**
 * What a modem and its driver take at link depth, where neither AT commands nor a UART are: times as runs in full depth
 * have them (test/host-sim/sim/fleet/two-depths.test.ts holds the two together).
 */

/** Times of one family's modem with our driver, ms. */
export interface LinkTraits {
  /** From power until its firmware runs. */
  readonly boot: readonly [least: number, most: number];
  /** From then on until it searches, settings and a restart of its radio included. */
  readonly setUp: number;
  /** From registered until a datagram can be handed over: signal, time, socket. */
  readonly ready: number;
  /** The key is held for so long before it wakes. */
  readonly key: number;
  /** From the key until it takes commands. */
  readonly wake: readonly [least: number, most: number];
  /** Behind that until the driver is sure of it. */
  readonly asked: number;
  /** A datagram on its way over the UART: for the command, for release assistance, and for each byte. */
  readonly send: number;
  readonly release: number;
  readonly byte: number;
}

/** SIM7020 at 115,200 bit/s, datagrams in hexadecimal. */
export const sim7020Link: LinkTraits = Object.freeze<LinkTraits>({
  boot: [3_000, 5_000],
  setUp: 4_850,
  ready: 620,
  key: 716,
  wake: [100, 300],
  asked: 100,
  send: 52,
  release: 50,
  byte: 0.1737,
});
