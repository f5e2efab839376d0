/**
 * What a coverage level of an NB-IoT cell means for a datagram: how long it takes, whether it gets
 * there, and what the modem reports as signal.
 */
import type { Random } from "../time/random";

/** Coverage enhancement level: 0 normal, 1 robust, 2 extreme (3GPP TS 36.331, CE level or ECL). */
export type Coverage = 0 | 1 | 2;

/** Shares of devices, or of a device's time, at the three levels; 1 together. */
export type CoverageMix = readonly [number, number, number];

/** A log-normal time: its median and 95th percentile, ms. */
interface Spread {
  readonly median: number;
  readonly p95: number;
}

/** One level's figures. */
export interface CoverageProfile {
  /** One way, device to server or back. Two of them in a row make the round trip. */
  readonly oneWay: Spread;
  /** Probability (0..1) that a datagram is lost, each way by itself. */
  readonly loss: number;
  /** Cell search and attach; the result is kept within `attachLimits`. */
  readonly attach: Spread;
  /** Reference signal power, dBm. */
  readonly rsrp: number;
  /** Reference signal quality, dB. */
  readonly rsrq: number;
  /** Signal to noise ratio, dB. */
  readonly snr: number;
}

/** Signal as the modem measures it at one moment. */
export interface Signal {
  readonly rsrp: number;
  readonly rsrq: number;
  readonly rssi: number;
  readonly snr: number;
  readonly coverage: Coverage;
}

/** No search is shorter or longer than this, ms. */
export const attachLimits = { least: 5_000, most: 60_000 } as const;

/**
 * Round trips of 1.8 / 3 / 8 s median and 4 / 10 / 30 s at the 95th percentile, loss of 1 / 3 / 10 %:
 * the shape published for NB-IoT in the field. A measurement of four vendors' networks (South Africa,
 * 2019) found 0.5 to 1.8 s for one uplink datagram in ECL0, 1.3 to 12 s in ECL1, 1.4 to 14 s in ECL2,
 * and mean registration times of 6, 7, 13 and 50 s; the loss figures are the weakest (single
 * reports), so sweep them.
 *
 * The sum of two log-normals has no closed form: the one-way numbers below were found by solving
 * for the round trip's two percentiles over a million samples. Their size does not depend on the
 * datagram's: at these lengths repetitions and scheduling outweigh the bytes.
 */
export const coverageProfiles: readonly [CoverageProfile, CoverageProfile, CoverageProfile] = [
  {
    oneWay: { median: 818, p95: 2402 },
    loss: 0.01,
    attach: { median: 8_000, p95: 18_000 },
    rsrp: -85,
    rsrq: -8,
    snr: 13,
  },
  {
    oneWay: { median: 1245, p95: 6014 },
    loss: 0.03,
    attach: { median: 15_000, p95: 35_000 },
    rsrp: -105,
    rsrq: -11,
    snr: 4,
  },
  {
    oneWay: { median: 3225, p95: 17929 },
    loss: 0.1,
    attach: { median: 28_000, p95: 56_000 },
    rsrp: -125,
    rsrq: -16,
    snr: -5,
  },
];

/** Total received power over the carrier is about this much above one subcarrier's, dB. */
const rssiAboveRsrp = 8;

/** A measurement: the level's signal with a few dB of fading. */
export function measureSignal(coverage: Coverage, profile: CoverageProfile, random: Random): Signal {
  const fading = Math.max(-6, Math.min(6, 2 * random.normal()));
  const rsrp = Math.round(profile.rsrp + fading);
  return {
    rsrp,
    rsrq: Math.round(profile.rsrq + fading / 4),
    rssi: rsrp + rssiAboveRsrp,
    snr: Math.round(profile.snr + fading / 2),
    coverage,
  };
}
