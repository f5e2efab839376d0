/**
 * When power comes back to a street, all its devices start at once, so each waits for a time of its own
 * before it uses the network. The time is computed from the device key, so that devices differ, and from the
 * number of the boot, so that the same device is not last at every start. Its second reading is taken then, and the others
 * in step with that one: in step with the first, all devices of the street would take theirs, and send them, in one second
 * from then on.
 *
 * A device that panicked may do so again at the first answer: somebody on the path or the cloud sends what it
 * cannot bear. It waits before it asks for one, longer after each panic, or it would restart for ever without a
 * pause, with the radio on.
 */
import { ascii } from "../text/ascii";
import type { AgentOptions } from "./agent-options";

/**
 * ms to wait, less than `longest`.
 *
 * @param deviceKey ASCII
 * @param boots number of this boot
 * @param longest ms
 */
export function startDelay(deviceKey: string, boots: number, longest: number): number {
  // FNV-1a and a final mix, so that keys which differ in their last digit alone give quite different times.
  let hash = 0x811c9dc5 ^ boots;
  const bytes = ascii(deviceKey);
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000) * longest);
}

/** Longest wait after the first panic, and after the seventh and all that follow, ms. */
const firstPanicPause = 60_000;
const mostPanicPause = 3_600_000;
/** Time without a panic after which the next one counts as the first, ms: longer than what it has waited. */
export const panicsForgottenAfter = 7_200_000;

/**
 * ms to wait after the last of `panics` panics in a row, 0 without one: half a minute to a minute after the
 * first, twice that after each further one, up to an hour.
 */
export function panicPause(deviceKey: string, boots: number, panics: number): number {
  if (panics === 0) return 0;
  const half = Math.min(firstPanicPause * 2 ** (panics - 1), mostPanicPause) / 2;
  return half + startDelay(deviceKey, boots, half);
}

/** Start reasons with which the power comes back to a whole street. */
const powerCameBack: readonly string[] = Object.freeze(["power-on", "brownout", "power-glitch"]);

/**
 * ms by which a device that has just started keeps apart from its neighbours: it uses the network so much later, and takes
 * its second reading then. 0 for a board that restarted by itself, which is the only one to do so.
 *
 * @param boots number of this boot
 */
export function spreadOf(
  { session, startReason, startSpread = 0, interval }: AgentOptions,
  boots: number,
): number {
  const alone = startReason !== undefined && !powerCameBack.includes(startReason);
  if (alone) return 0;
  return startDelay(session.credentials.deviceKey, boots, 1000 * Math.min(interval, startSpread));
}

/**
 * ms for which a device that has just started leaves the network alone.
 *
 * @param spread as `spreadOf` has it
 * @param boots number of this boot
 * @param panics how many panics in a row came before it
 */
export function delayOf({ session }: AgentOptions, spread: number, boots: number, panics: number): number {
  return Math.max(spread, panicPause(session.credentials.deviceKey, boots, panics));
}
