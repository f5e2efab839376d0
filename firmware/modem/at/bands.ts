/**
 * Bands as modems list them: by number, or as bits of a mask.
 */
import { ascii } from "../../text/ascii";
import { fieldsOf } from "./fields";
import type { Step } from "./script";

/** Whether these fields name just these bands, in whatever order. */
export function areBands(fields: readonly string[], bands: readonly number[]): boolean {
  if (fields.length !== bands.length) return false;
  for (let i = 0; i < bands.length; i++) if (fields.indexOf(String(bands[i])) < 0) return false;
  return true;
}

/** Bit n - 1 for band n, in hexadecimal. */
export function hexMask(bands: readonly number[]): string {
  const digits: number[] = [];
  for (let i = 0; i < bands.length; i++) {
    const bit = bands[i] - 1;
    while (digits.length <= bit >> 2) digits.push(0);
    digits[bit >> 2] |= 1 << (bit & 3);
  }
  let text = "";
  for (let i = digits.length - 1; i >= 0; i--) text += digits[i].toString(16);
  return text;
}

/** The bits of the bands from `first` to `first` + 63, the lowest bit for `first`. */
export function decimalMask(bands: readonly number[], first: number): number {
  let mask = 0;
  for (let i = 0; i < bands.length; i++) {
    const bit = bands[i] - first;
    // Numbers are exact up to bit 52, and no band of NB-IoT or LTE-M is between 53 and 64.
    if (bit >= 0 && bit < 53) mask += 2 ** bit;
  }
  return mask;
}

/** Asks which bands are set, for a log: the fields behind `label` where the line has one, else all of them. */
export function askBandsBy(
  command: string,
  prefix: string,
  onBands: (bands: string) => void,
  label?: string,
): Step[] {
  return [
    {
      line: ascii(command),
      prefix: ascii(prefix),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, prefix.length);
        if (label === undefined) onBands(fields.join(","));
        else if (fields[0] === label) onBands(fields.slice(1).join(","));
      },
    },
  ];
}
