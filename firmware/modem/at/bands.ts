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

/** Digits of a mask that are read, at most: more bands there are not. */
const mostDigits = 24;

/** The bands of such a mask, lowest first: in hexadecimal, whatever is in front of its digits. */
export function bandsOfHex(mask: string): number[] {
  const bands: number[] = [];
  const { length } = mask;
  for (let i = 0; i < length && i < mostDigits; i++) {
    const digit = hexDigits.indexOf(mask.charAt(length - 1 - i).toLowerCase());
    if (digit < 0) break;
    for (let bit = 0; bit < 4; bit++) if ((digit & (1 << bit)) !== 0) bands.push(4 * i + bit + 1);
  }
  return bands;
}

const hexDigits = "0123456789abcdef";

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
  timeout?: number,
): Step[] {
  return [
    {
      line: ascii(command),
      prefix: ascii(prefix),
      timeout,
      optional: true,
      onLine: (line) => {
        const bands = bandsOf(fieldsOf(line, prefix.length));
        // Noise in a line of numbers makes long words.
        if (bands !== undefined) onBands(bands.filter((band) => String(band).length <= 3).join(","));
      },
    },
  ];
}

/** The fields of a line that has nothing but bands. */
export function allFields(fields: readonly string[]): readonly string[] {
  return fields;
}
