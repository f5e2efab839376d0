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

/** The bands of such a mask, lowest first. @param mask hexadecimal, `0x` in front or not */
export function bandsOfHex(mask: string): number[] {
  const bands: number[] = [];
  const digits = mask.replace(/^0x/i, "");
  for (let i = 0; i < digits.length; i++) {
    const digit = parseInt(digits.charAt(digits.length - 1 - i), 16);
    for (let bit = 0; bit < 4; bit++) if ((digit & (1 << bit)) !== 0) bands.push(4 * i + bit + 1);
  }
  return bands;
}

/** The bands of a mask in decimal, as `decimalMask` makes it. */
export function bandsOfDecimal(mask: string): number[] {
  return bandsOfHex(Number(mask).toString(16));
}

/**
 * Asks which bands are set, for a log.
 *
 * @param bandsOf the bands that the fields of a line name, undefined for a line that names none
 */
export function askBandsBy(
  command: string,
  prefix: string,
  onBands: (bands: string) => void,
  bandsOf: (fields: readonly string[]) => readonly (string | number)[] | undefined,
): Step[] {
  return [
    {
      line: ascii(command),
      prefix: ascii(prefix),
      optional: true,
      onLine: (line) => {
        const bands = bandsOf(fieldsOf(line, prefix.length));
        if (bands !== undefined) onBands(bands.join(","));
      },
    },
  ];
}

/** The fields of a line that has nothing but bands. */
export function allFields(fields: readonly string[]): readonly string[] {
  return fields;
}
