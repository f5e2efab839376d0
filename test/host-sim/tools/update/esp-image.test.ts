/** What an image says of itself, and that no bytes whatever make its reader stumble. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeImage } from "../../../../host-sim/sim/board/image";
import { readEspImage } from "../../../../host-sim/tools/update/esp-image";
import { readPackage } from "../../../../host-sim/tools/update/package-reader";

const image = makeImage({ script: "const version = '0.2.0';", version: "0.2.0" });

describe("an image", () => {
  it("says its chip, its version, and at which addresses its parts are", () => {
    const read = readEspImage(image);
    if ("problem" in read) throw new Error(read.problem);
    const { segments, ...says } = read;
    expect(says).toEqual({ chip: "esp32", project: "enos-nbiot-xs", version: "0.2.0" });
    expect(segments.map(({ address, offset }) => [address.toString(16), offset % 65_536])).toEqual([
      ["3f400020", 32],
      ["400d0020", 32],
    ]);
  });

  it("is read out of a Buffer's middle as well", () => {
    const shared = Buffer.concat([Buffer.alloc(5), image, Buffer.alloc(5)]);
    expect(readEspImage(shared.subarray(5, 5 + image.length))).not.toHaveProperty("problem");
  });

  it("is none wherever a bit of it has changed", () => {
    for (let i = 0; i < 100; i++) {
      const changed = Buffer.from(image);
      changed[Math.floor((i * (image.length - 1)) / 99)] ^= 1 << (i & 7);
      expect(readEspImage(changed), String(i)).toHaveProperty("problem");
    }
  });
});

describe("any bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.tuple(fc.integer({ min: 0, max: 399 }), fc.uint8Array({ maxLength: 40 })).map(([at, piece]) => {
      const copy = Uint8Array.from(image.subarray(0, 400));
      copy.set(piece.subarray(0, 400 - at), at);
      return copy;
    }),
    fc
      .uint8Array({ maxLength: 400 })
      .map((rest) => Uint8Array.from([...Buffer.from("EnUp\u0001\u0000\u0001\u0018", "latin1"), ...rest])),
  );

  it("are an image, a package, or a problem in a line", () => {
    fc.assert(
      fc.property(bytes, (given) => {
        for (const read of [readEspImage(given), readPackage(given)]) {
          if ("problem" in read) expect(read.problem).toMatch(/^[ -~]+$/);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
