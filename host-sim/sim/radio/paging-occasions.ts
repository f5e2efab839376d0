/**
 * When a device in idle mode listens for pages (3GPP TS 36.304 section 7, NB-IoT on one carrier).
 *
 *     DRX     a frame of each cycle T, by its IMSI, and in it one subframe
 *
 *     eDRX    | hyperframe, 10.24 s  |                      |                      | its hyperframe again
 *             |   [ window, 10.24 s, in which it listens as with DRX ]  deaf ...       [
 *
 * Frames are counted from virtual time zero: frame 0 of hyperframe 0 begins there, in every cell.
 */

/** What a cell broadcasts of its paging (TS 36.331, PCCH-Config-NB). */
export interface PagingFrames {
  /** Paging cycle T, frames of 10 ms (defaultPagingCycle): 128, 256, 512 or 1,024. */
  readonly cycle: number;
  /** nB as a share of T: 4, 2, 1, 1/2 down to 1/1024; how many occasions a cycle has, all devices together. */
  readonly nB: number;
}

/** Of a cell in service: 2.56 s and T/8 (its SIB2-NB, published in January 2019 as "A Glimpse of the SIB2"). */
export const usualPagingFrames: PagingFrames = Object.freeze({ cycle: 256, nB: 1 / 8 });

/** What decides on a device's occasions. */
export interface PagingIdentity {
  /** IMSI mod 4096 (7.1). */
  readonly ueId: number;
  /** The 12 most significant bits of the hashed S-TMSI (7.3). */
  readonly hashed: number;
}

const frame = 10;
const hyperframe = 10_240;
/** ms of the paging time window: what `+CEDRXRDP` of the simulated modems tells, 0011 (TS 24.008 section 10.5.5.32). */
export const pagingTimeWindow = 10_240;
/** Subframe of the occasion in its frame, by how many a frame has, Ns (TS 36.304 section 7.2, FDD). */
const subframes: Readonly<Record<number, readonly number[]>> = { 1: [9], 2: [4, 9], 4: [0, 4, 5, 9] };

/**
 * Of a device by its IMSI; one that is no number counts as 0. The network gives S-TMSIs as it likes; here its last bits
 * are those of the IMSI.
 */
export function pagingIdentity(imsi: string): PagingIdentity {
  const digits = /^\d{1,15}$/.test(imsi) ? BigInt(imsi) : 0n;
  return {
    ueId: Number(digits % 4_096n),
    hashed: hashedId(Number(digits & 0xffff_ffffn)) >>> 20,
  };
}

/** The frame check sequence of the 32 last bits of an S-TMSI (TS 36.304 annex B). */
export function hashedId(tmsi: number): number {
  let rest = ~tmsi;
  for (let i = 0; i < 32; i++) rest = rest < 0 ? (rest << 1) ^ 0x04c1_1db7 : rest << 1;
  return ~rest >>> 0;
}

/**
 * The device's first occasion at `after` or behind it, virtual ms.
 *
 * @param edrx ms of its eDRX cycle; undefined for DRX alone
 */
export function nextPagingOccasion(
  identity: PagingIdentity,
  after: number,
  edrx: number | undefined,
  frames: PagingFrames = usualPagingFrames,
): number {
  if (edrx === undefined) return nextOfDrx(identity, after, frames);
  const hyperframes = Math.round(edrx / hyperframe);
  const { hashed } = identity;
  // Its hyperframe, and the quarter of it with which its window begins.
  const first =
    hyperframe * (hashed % hyperframes) + (hyperframe / 4) * (Math.floor(hashed / hyperframes) % 4);
  const begins = first + edrx * Math.floor((after - first) / edrx);
  const occasion = nextOfDrx(identity, Math.max(after, begins), frames);
  return occasion < begins + pagingTimeWindow ? occasion : nextOfDrx(identity, begins + edrx, frames);
}

function nextOfDrx({ ueId }: PagingIdentity, after: number, { cycle, nB }: PagingFrames): number {
  const inCycle = Math.min(cycle, nB * cycle);
  const perFrame = Math.max(1, nB);
  const subframe = subframes[perFrame][Math.floor(ueId / inCycle) % perFrame];
  const at = frame * (cycle / inCycle) * (ueId % inCycle) + subframe;
  const length = frame * cycle;
  return at + length * Math.ceil((after - at) / length);
}
