/** The states that power is plotted by, from the bottom of the stack to its top, each with its colour in the style sheet. */
import type { PowerState } from "../run-data";

export const layers: readonly (readonly [state: string, colour: string])[] = [
  ["board deep sleep", "--state-deep-sleep"],
  ["board waiting", "--state-waiting"],
  ["board light sleep", "--state-light-sleep"],
  ["board starting", "--state-starting"],
  ["board running", "--state-running"],
  ["modem psm", "--state-psm"],
  ["modem edrx", "--state-idle"],
  ["modem idle", "--state-idle"],
  ["modem radio off", "--state-radio-off"],
  ["modem boot", "--state-boot"],
  ["modem search", "--state-search"],
  ["modem connected", "--state-connected"],
  ["modem receive", "--state-receive"],
  ["modem access", "--state-access"],
  ["modem transmit", "--state-transmit"],
];

/** A state's name, such as `modem psm`. */
export function stateName({ part, state }: PowerState): string {
  return `${part} ${state}`;
}

/** The name of its colour in the style sheet. */
export function stateColour(name: string): string {
  return layers.find(([state]) => state === name)?.[1] ?? "--dim";
}

/** Its place in the stack; one that is not known is on top. */
export function layerOf(state: PowerState): number {
  const place = layers.findIndex(([name]) => name === stateName(state));
  return place < 0 ? layers.length : place;
}
