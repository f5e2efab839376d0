/**
 * What of a modem outlives the ESP32's deep sleep, as the numbers of `Modem.remembered`.
 *
 *     0 version | 1 T3324 | 2 T3412 | 3 eDRX, 1/100 s | 4 socket | 5, 6 peer's address, in halves | 7 port | 8 bits
 *     | 9 last traffic | 10 since when the firmware's gaps are known | 11 when the time was told last
 *     | 12, 13 own lines that are left out, and that were refused: see `FirmwareGaps`
 *
 * Timers are seconds, times ms of the monotonic clock, which goes on in deep sleep; -1 stands for unknown.
 *
 *     bits   0        the modem forgets its settings at each wake
 *            1 to 3   level of `+CEREG:` plus one, as 0 is a level too
 *            4 to 6   what its clock tells, see `NetworkClock.seen`
 *            7        it was kept awake when it was last woken
 *            8        digits of a datagram stand without quotes
 *            9 to 16  what its firmware was found to lack, see `FirmwareGaps`
 */
import type { FirmwareGaps } from "../at/firmware-gaps";
import type { RememberedSocket } from "./channels";

/** What of a modem outlives the ESP32's deep sleep. */
export interface ModemMemory {
  /** Seconds; undefined where it is not known, or switched off. */
  readonly t3324?: number;
  readonly t3412?: number;
  readonly edrx?: number;
  readonly socket: RememberedSocket;
  readonly forgot: boolean;
  /** See `DriverState.reporting`. */
  readonly reporting: number | undefined;
  readonly clockSeen: number;
  readonly keptAwake: boolean;
  /** When something was last sent or came, ms; undefined where it is not known. */
  readonly traffic: number | undefined;
  readonly gaps: FirmwareGaps;
  /** When the modem has told the time last, ms; undefined where it is not known. */
  readonly toldAt: number | undefined;
}

/** Marks an array as such a memory, in this shape. */
const version = 5;
const length = 14;

/** Whether an array is what `encodeMemory` gave, of the ESP32's time before its deep sleep. */
export function isMemory(resume: readonly number[] | undefined): resume is readonly number[] {
  return resume !== undefined && resume.length === length && resume[0] === version;
}

/** The numbers. */
export function encodeMemory(memory: ModemMemory): readonly number[] {
  const { t3324, t3412, edrx, socket, reporting, clockSeen, gaps, traffic, toldAt } = memory;
  const parts = socket.address.split(".");
  const half = (at: number): number => ((Number(parts[at]) << 8) | Number(parts[at + 1])) & 0xffff;
  return [
    version,
    timer(t3324),
    timer(t3412),
    edrx === undefined ? -1 : Math.round(edrx * 100),
    socket.id,
    half(0),
    half(2),
    socket.port,
    (gaps.misses << 9) |
      (gaps.quotes ? 0x100 : 0) |
      (memory.keptAwake ? 0x80 : 0) |
      (clockSeen << 4) |
      ((reporting === undefined ? 0 : reporting + 1) << 1) |
      (memory.forgot ? 1 : 0),
    traffic ?? -1,
    gaps.since,
    toldAt ?? -1,
    gaps.lines,
    gaps.doubtedLines,
  ];
}

/** What they tell. */
export function decodeMemory(numbers: readonly number[]): ModemMemory {
  const [, t3324, t3412, edrx, id, high, low, port, bits, traffic, since, toldAt, lines, doubtedLines] =
    numbers;
  const learnt = (bits >> 1) & 7;
  return {
    ...(t3324 >= 0 ? { t3324 } : {}),
    ...(t3412 >= 0 ? { t3412 } : {}),
    ...(edrx >= 0 ? { edrx: edrx / 100 } : {}),
    socket: { id, address: `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`, port },
    forgot: (bits & 1) === 1,
    reporting: learnt > 0 ? learnt - 1 : undefined,
    clockSeen: (bits >> 4) & 7,
    keptAwake: (bits & 0x80) !== 0,
    traffic: traffic >= 0 ? traffic : undefined,
    gaps: { misses: (bits >> 9) & 0xfff, quotes: (bits & 0x100) !== 0, lines, doubtedLines, since },
    toldAt: toldAt >= 0 ? toldAt : undefined,
  };
}

function timer(value: number | undefined): number {
  return value === undefined || value === Infinity ? -1 : value;
}
