/**
 * Where the joules of a reading go, one on top of the other, in one of the standard's cells:
 *
 *     bound + bytes + again + awake                          = what the modem takes
 *           + asleep + starting + running + waiting          = with the board
 *
 * `bound` and `bytes` together are PSM and one exchange of the protocol's datagrams: less no firmware can do that speaks
 * EnOS, by the profile. What its fit to the bound is off by, up to 5 %, is in `bytes`.
 */
import { airtime } from "./meter";
import { accessPower, transmitPower } from "./profile";
import type { Measured } from "./measure";
import type { EnergyProfile } from "./profile";
import type { Coverage } from "../../sim/radio/link";

/** J a reading. */
export interface Waterfall {
  /** What the study has for report, acknowledgement and PSM. */
  readonly bound: number;
  /** Path, token, signature and a longer acknowledgement. */
  readonly bytes: number;
  /** On the air besides: what was lost, or took too long, and is sent again; connections for answers that come late. */
  readonly again: number;
  /** The modem connected with nothing on the air, and idle until T3324 is over. */
  readonly awake: number;
  /** The board in deep sleep, at its start, computing, and waiting awake or in light sleep. */
  readonly asleep: number;
  readonly starting: number;
  readonly running: number;
  readonly waiting: number;
}

/** The parts that the modem takes, and the board. */
export const modemParts = ["bound", "bytes", "again", "awake"] as const;
export const boardParts = ["asleep", "starting", "running", "waiting"] as const;

/** J of some of the parts. */
export function sumOf(waterfall: Waterfall, parts: readonly (keyof Waterfall)[]): number {
  return parts.reduce((sum, part) => sum + waterfall[part], 0);
}

/**
 * @param measured a run in that cell
 * @param bound W of the bound
 * @param interval seconds between two readings
 */
export function waterfallOf(
  { modem, wattsByState, datagram }: Measured,
  bound: number,
  interval: number,
  profile: EnergyProfile,
  coverage: Coverage,
): Waterfall {
  const of = (...states: string[]): number =>
    states.reduce((sum, state) => sum + interval * (wattsByState[state] ?? 0), 0);
  const once = exchange(profile, coverage, datagram);
  const onAir = of("modem access", "modem transmit", "modem receive");
  const psm = interval * profile.modem.psm.value;
  return {
    bound: interval * bound,
    bytes: psm + once - interval * bound,
    again: onAir - once,
    awake: interval * modem - psm - onAir,
    asleep: of("board deep sleep"),
    starting: of("board starting"),
    running: of("board running"),
    waiting: of("board waiting", "board light sleep"),
  };
}

/** J of one connection with a datagram of so many bytes up and one down, and nothing else in it. */
function exchange(
  profile: EnergyProfile,
  coverage: Coverage,
  { up, down }: { readonly up: number; readonly down: number },
): number {
  const { modem, radio } = profile;
  const dBm = radio.power[coverage].value;
  const ms =
    accessPower(profile, dBm) * radio.access[coverage].value +
    transmitPower(profile, dBm) * airtime({ length: up }, radio.uplink[coverage].value) +
    modem.receive.value * airtime({ length: down }, radio.downlink[coverage].value);
  return ms / 1_000;
}
