/** A battery's or a signal's value, to two places: `3.6 V`, `-81 dBm`. */
import { quantity } from "../../../page/quantity";

export function vitalText(value: number, unit: string | undefined): string {
  return quantity(Math.round(value * 100) / 100, unit);
}
