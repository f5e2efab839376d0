/**
 * Which bytes of an image are alike but for addresses. A block of a table that has been moved has other addresses in each
 * line, so that no likeness is found by its bytes: it is by what is left once all addresses count as the same one.
 */
import { difference } from "./difference";
import { readEspImage } from "./esp-image";
import type { Segment } from "./esp-image";
import type { Stretch } from "./difference";

/** How the image may be made of the base: whichever packs best is to be taken. */
export function likelyStretches(base: Uint8Array, image: Uint8Array): readonly (readonly Stretch[])[] {
  const plain = difference(base, image);
  const [before, after] = [readEspImage(base), readEspImage(image)];
  if ("problem" in before || "problem" in after) return [plain];
  return [
    plain,
    difference(withoutAddresses(base, before.segments), withoutAddresses(image, after.segments)),
  ];
}

/** The image with one and the same in place of all addresses of its own segments. */
function withoutAddresses(image: Uint8Array, segments: readonly Segment[]): Uint8Array {
  // Not `slice`, which is a view of a Buffer.
  const copy = new Uint8Array(image);
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  for (let at = 0; at + 4 <= image.length; at += 4) {
    const word = view.getUint32(at, true);
    for (let i = 0; i < segments.length; i += 1) {
      const { address, length } = segments[i];
      if (word < address || word >= address + length) continue;
      copy[at] = 0;
      copy[at + 1] = 0;
      break;
    }
  }
  return copy;
}
