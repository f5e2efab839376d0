/** Bodies for transfers, on both sides of each border. */
import { Random } from "../../../../host-sim/sim/time/random";

export const bodySizes = [0, 1, 16, 100, 1024, 1025, 5000] as const;
export const blockSizes = [16, 32, 64, 128, 256, 512, 1024] as const;

/** Bytes without any pattern, the same in every run. */
export function body(length: number, seed: number | string = length): Uint8Array {
  const random = new Random(`body ${seed}`);
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}
