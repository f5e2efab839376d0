/**
 * How far off an account may be: the figures of a profile that lie in a range, at either end of it. The others are taken
 * as they are, so that this is the least that has to be said, and no bound.
 */
import { builtClock } from "./profile";
import type { EnergyAccount } from "./meter";
import type { BoardClock, EnergyProfile, Figure } from "./profile";

/** J at the lower and at the upper end of the figures that the account is made of. */
export function rangeOf(
  byState: EnergyAccount["byState"],
  profile: EnergyProfile,
  clock: BoardClock = builtClock,
): readonly [least: number, most: number] {
  let [least, most] = [0, 0];
  for (const [state, { joules }] of Object.entries(byState)) {
    const { value, low, high } = figureOf(state, profile, clock) ?? { value: 1 };
    least += joules * ((low ?? value) / value);
    most += joules * ((high ?? value) / value);
  }
  return [least, most];
}

/** The figure behind a state's power; undefined where it is made of several, or draws nothing. */
function figureOf(
  state: string,
  { modem, board }: EnergyProfile,
  { megahertz, waiting }: BoardClock,
): Figure | undefined {
  const figures: Readonly<Record<string, Figure>> = {
    "modem psm": modem.psm,
    "modem radio off": modem.radioOff,
    "modem idle": modem.idle,
    "modem edrx": modem.edrx,
    "modem connected": modem.connected,
    "modem receive": modem.receive,
    "modem search": modem.receive,
    "modem boot": modem.boot,
    "board starting": board.starting,
    "board running": board[`running${megahertz}`],
    "board waiting": waiting === "awake" ? board[`waiting${megahertz}`] : board.waiting80,
    "board light sleep": board.lightSleep,
    "board deep sleep": board.deepSleep,
  };
  return figures[state];
}
