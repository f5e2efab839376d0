/** `--coverage` of the commands that take shares of levels. */
import { misuse } from "./misuse";
import type { CoverageMix } from "../sim/radio/coverage";

/** A level, or shares of levels, as shares that are 1 together. @throws CommandError */
export function coverageMix(text: string): CoverageMix {
  if (/^[012]$/.test(text))
    return [0, 1, 2].map((level) => (level === Number(text) ? 1 : 0)) as unknown as CoverageMix;
  const mix: [number, number, number] = [0, 0, 0];
  for (const part of text.split(",")) {
    const found = /^([012])=(\d{1,3}(?:\.\d{1,3})?)$/.exec(part);
    if (found === null) {
      throw misuse(`--coverage takes a level, or shares such as 0=80,1=15,2=5, got "${text.slice(0, 40)}"`);
    }
    mix[Number(found[1])] += Number(found[2]);
  }
  const sum = mix[0] + mix[1] + mix[2];
  if (sum <= 0) throw misuse("--coverage: the shares must be more than 0 together");
  return [mix[0] / sum, mix[1] / sum, mix[2] / sum];
}
