/**
 * Whether a setting that a caller gave is a number that can work.
 */

/** @throws RangeError that names the setting, unless `value` is a whole number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${name} is a whole number from ${least} to ${most}, got ${value}`);
  }
}
