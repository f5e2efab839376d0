/** `--battery` of the commands that say how long one lasts. */
import { misuse } from "./misuse";

/** Watt hours. @throws CommandError */
export function capacity(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0.01 && value <= 100_000)) {
    throw misuse(`--battery takes watt hours from 0.01 to 100000, got "${text.slice(0, 40)}"`);
  }
  return value;
}
