/** Pairs of images that are alike as firmware is: tables of addresses, code and empty flash, moved, changed, cut and put in. */
import { Random } from "../../../../host-sim/sim/time/random";

/** Another pair for each seed, of up to 70 kB. */
export function editedImages(seed: string): { readonly base: Buffer; readonly image: Buffer } {
  const random = new Random(`edits ${seed}`);
  const whole = (low: number, high: number): number => Math.floor(random.between(low, high));
  const table = Buffer.alloc(4 * whole(1, 6_000));
  for (let at = 0; at < table.length; at += 4) table.writeUInt32LE(0x3f40_0000 + whole(0, 0x10_0000), at);
  const base = Buffer.concat([table, random.bytes(whole(1, 20_000)), Buffer.alloc(whole(0, 30_000), 0xff)]);
  let image = Buffer.from(base);
  for (let edits = whole(1, 6); edits > 0; edits--) {
    const at = whole(0, image.length);
    const end = Math.min(image.length, at + whole(0, 8_000));
    const [before, behind] = [image.subarray(0, at), image.subarray(end)];
    switch (whole(0, 4)) {
      case 0:
        image = Buffer.concat([before, random.bytes(whole(1, 300)), image.subarray(at)]);
        break;
      case 1:
        image = Buffer.concat([before, behind]);
        break;
      case 2: {
        const shift = 4 * whole(1, 5_000);
        for (let word = at; word + 4 <= end; word += 4) {
          image.writeUInt32LE((image.readUInt32LE(word) + shift) >>> 0, word);
        }
        break;
      }
      default:
        image = Buffer.concat([behind, image.subarray(0, end)]);
    }
  }
  // Neither may be empty, and they may not be the same.
  return { base, image: image.equals(base) ? Buffer.concat([image, Buffer.of(1)]) : image };
}
