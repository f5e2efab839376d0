/**
 * A report's measure points, as host-sim/model/health-model.ts describes them: what was counted since the report before,
 * and how the device stands. What is not known is left out; what does not fit its point is the nearest that does.
 */
import { crc32 } from "../journal/crc";
import { ascii } from "../text/ascii";
import { Count, Seen, Span } from "./tally";
import type { ThingValues } from "../model/thing";
import type { Tally } from "./tally";

/** How the device stands at the moment; what is not known is undefined. */
export interface Standing {
  /** Readings and messages that wait. */
  readonly waiting: number;
  /** Erases of the journal's most erased block. */
  readonly erases: number | undefined;
  /** Bytes of memory, the least that were free. */
  readonly freeHeap: number | undefined;
  /** mV. */
  readonly battery: number | undefined;
}

const byte = 0xff;
const word = 0xffff;
/** s. */
const longestTime = 131_070;
const longestPeriod = 655_350;
/** J. */
const mostEnergy = 42_949_672;
const longestFirmware = 16;
const longestModem = 32;

/** The points of a report. */
export function reportValues(tally: Tally, { waiting, erases, freeHeap, battery }: Standing): ThingValues {
  const { counts, spans } = tally;
  const { resets } = Count;
  return {
    health_period: whole(spans[Span.time] / 1_000, longestPeriod),
    health_starts: whole(counts[Count.starts], byte),
    health_panics: whole(counts[Count.panics], byte),
    health_power_losses: whole(counts[Count.powerLosses], byte),
    health_last_start: tally.lastStart,
    health_resyncs: whole(counts[resets], byte),
    health_radio_resets: whole(counts[resets + 1], byte),
    health_reboots: whole(counts[resets + 2], byte),
    health_key_resets: whole(counts[resets + 3], byte),
    health_supply_resets: whole(counts[resets + 4], byte),
    health_authentications: whole(counts[Count.authentications], byte),
    health_retransmissions: whole(counts[Count.retransmissions], word),
    health_unanswered: whole(counts[Count.unanswered], word),
    health_awake: whole(spans[Span.awake] / 1_000, longestTime),
    health_modem_awake: whole(spans[Span.modemAwake] / 1_000, longestTime),
    health_connected: whole(spans[Span.connected] / 1_000, longestTime),
    health_energy: Math.min(Math.round(100 * spans[Span.joules]) / 100, mostEnergy),
    health_waiting: whole(waiting, word),
    health_lost_full: whole(counts[Count.lostFull], word),
    health_lost_damaged: whole(counts[Count.lostDamaged], word),
    health_refused: whole(counts[Count.refused], word),
    health_erases: erases === undefined ? undefined : whole(erases, longestTime),
    health_free_heap: freeHeap === undefined ? undefined : whole(freeHeap, 16 * word),
    health_rsrp_least: seen(tally, Seen.rsrp, 0, -228, 27),
    health_rsrp_most: seen(tally, Seen.rsrp, 1, -228, 27),
    health_rsrp: seen(tally, Seen.rsrp, 2, -228, 27),
    health_snr_least: seen(tally, Seen.snr, 0, -128, 127),
    health_snr_most: seen(tally, Seen.snr, 1, -128, 127),
    health_snr: seen(tally, Seen.snr, 2, -128, 127),
    health_coverage_least: seen(tally, Seen.coverage, 0, 0, 2),
    health_coverage_most: seen(tally, Seen.coverage, 1, 0, 2),
    health_coverage: seen(tally, Seen.coverage, 2, 0, 2),
    health_battery: battery === undefined ? undefined : whole(battery, word),
  };
}

/** The points that a report has when they have changed. @param modem undefined where the modem has not told it */
export function versionValues(firmware: string, modem: string | undefined): ThingValues {
  return {
    health_firmware: plain(firmware, longestFirmware),
    health_modem: modem === undefined ? undefined : plain(modem, longestModem),
  };
}

/** CRC-32 of the versions: whether they have changed. */
export function versionsMark(firmware: string, modem: string): number {
  const bytes = ascii(`${firmware}\n${modem}`);
  return crc32(bytes, 0, bytes.length);
}

/** What was counted in all, as the service `health` answers. */
export function totalsOf(tally: Tally): Readonly<Record<string, number>> {
  const { allCounts, allSpans } = tally;
  const { resets } = Count;
  const most = 0x7fff_ffff;
  return {
    time: whole(allSpans[Span.time] / 1_000, most),
    starts: whole(allCounts[Count.starts], most),
    panics: whole(allCounts[Count.panics], most),
    power_losses: whole(allCounts[Count.powerLosses], most),
    resets: whole(resetsIn(allCounts, resets), most),
    authentications: whole(allCounts[Count.authentications], most),
    retransmissions: whole(allCounts[Count.retransmissions], most),
    unanswered: whole(allCounts[Count.unanswered], most),
    lost: whole(allCounts[Count.lostFull] + allCounts[Count.lostDamaged], most),
    refused: whole(allCounts[Count.refused], most),
    awake: whole(allSpans[Span.awake] / 1_000, most),
    connected: whole(allSpans[Span.connected] / 1_000, most),
    energy: whole(allSpans[Span.joules], most),
  };
}

/** Resets of the modem: its being probed is none. */
export function resetsIn(counts: Uint32Array, first: number = Count.resets): number {
  return counts[first + 1] + counts[first + 2] + counts[first + 3] + counts[first + 4];
}

/** The nearest whole number from 0 to `most`. */
function whole(value: number, most: number): number {
  return value > 0 ? Math.min(Math.round(value), most) : 0;
}

function seen(tally: Tally, what: number, which: number, least: number, most: number): number | undefined {
  const value = tally.seen(what, which);
  return value === undefined ? undefined : Math.max(least, Math.min(value, most));
}

/** Printable ASCII, of which each character is a byte. */
function plain(text: string, longest: number): string {
  let out = "";
  for (let i = 0; i < text.length && out.length < longest; i++) {
    const code = text.charCodeAt(i);
    out += code < 0x20 || code > 0x7e ? "?" : text.charAt(i);
  }
  return out;
}
