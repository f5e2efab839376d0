/**
 * A chunk of an update, packed by anybody: as bits that are to be deflate, or as the records themselves, which a stored
 * block carries. It is refused, or makes as many bytes as it says; nothing is asked for outside of chunk and base, the
 * work is bounded by what is made, and slices of another size come to the same.
 */
import { ascii, readHex } from "../../../firmware/text/ascii";
import { ChunkDecoder, pieceLength } from "../../../firmware/update/patch";
import { Script, check, hex } from "./target";
import type { ChunkPlaces, PatchFault } from "../../../firmware/update/patch";
import type { Target } from "./target";

/** Bytes of the base, of which each has another one at the same place modulo 251. */
const base = new Uint8Array(3_000);
for (let i = 0; i < base.length; i++) base[i] = i % 251;

/** Packed by zlib: pointers, text with a seek, codes of 15 bits, and a long stretch that has not changed. */
const packed = [
  "7bc0ccc0c0ce28c3ce28818486001700",
  "05c1c111c2300c04400229e49e3c5214b27d461a1c7b4611f1a443ca62f7b75ccfb22ef7c7faba8512d57c9fe2c4a810149e9609eb1064b6" +
    "26be61aa65851d704a5616a40b7d845a7f237d03a176a059ff6c905e104a54f37d8a13a32294283c2d13898715c2e20f",
  "6358c3c4f081898d935750544a415dcfc225b4e012132b84aba667ee1c9c77808995934740544a5e4dd7dc2928670b132b078f80a8a4bcaa" +
    "ae996360d62a305744525e55c7d431206311942ba7aa63eae09f369b9185839b5f44524e45dbc4de2f651a982b2c01e2daf9264f64646107" +
    "716595b58ded7c127be05c2d635beff80e10974f585c5659cbc8c62bae8591859d8b4f485c4649d3d0c633a6918119ceb5f688ae65606683" +
    "70350cacdca3aa405c5e213169450d032bb7880a0666900fc5a415d5f52d5dc34b615c05757d0bd7b06252fc0f00",
  "bbc0cfc070819f0100",
  "3bc158a991c2c2c8c4cc92c0509291aa909659945b9e5894aa909fa690a890925a96999caa9099a790a8909c9a939358a4a3509e91999ca1" +
    "9059ac50949a989c919aa29054a990975f92919997ae90545aa250929159ac90939997ada3909897a2806e28880f353629b53833255521b3" +
    "0400",
];
/** Records: two corrections in a row and what the base does not have. */
const records = "0c0214020102030000aabb1500640a000600030300";

/** The first two bytes say what the rest is and what the chunk promises. */
const headed = (kind: number, output: number, bytes: string): Uint8Array =>
  Uint8Array.of(kind | ((output >> 8) << 2), output & 0xff, ...readHex(ascii(bytes), 0, bytes.length)!);

export const chunkTarget: Target = {
  name: "chunk",
  boundary: "update file",
  code: ["byte-sums", "huffman-table", "inflate", "moved-words", "patch"].map(
    (name) => `firmware/update/${name}`,
  ),
  portable: true,
  seeds: () => [
    headed(0, 480, packed[0]),
    headed(0, 320, packed[1]),
    headed(0, 300, packed[2]),
    headed(0, 2_000, packed[3]),
    headed(0, 320, packed[4]),
    headed(1, 21, records),
    headed(2, 300, packed[2]),
  ],
  generate: (random) => {
    const bytes = random.bytes(3 + Math.floor(random.next() * 60));
    // Records of noise get nowhere unless their numbers are small.
    return (bytes[0] & 1) === 1
      ? bytes.map((byte, i) => (i < 2 || (byte & 3) === 0 ? byte : byte & 7))
      : bytes;
  },
  run(input, watch) {
    const script = new Script(input);
    const head = script.byte();
    const outputLength = Math.max(1, ((head >> 2) << 8) | script.byte());
    const rest = script.take(input.length);
    const chunk = (head & 1) === 1 ? storedBlock(rest) : rest;
    const baseLength = (head & 2) === 2 ? 0 : base.length;
    const once = new Run(chunk, outputLength, baseLength);
    watch.input();
    const state = once.go(4_096);
    watch.feature(state);
    watch.feature(`${state} ${Math.min(once.pieces, 4)} pieces ${Math.min(once.reads, 4)} reads`);
    watch.step?.(`${chunk.length} bytes for ${outputLength}: ${state}, ${once.made} made`);
    const again = new Run(chunk, outputLength, baseLength);
    check(again.go(1) === state && again.sum === once.sum, "slices of any size come to the same", () =>
      hex(chunk),
    );
  },
};

/** Bytes as deflate stores them. */
function storedBlock(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(5 + bytes.length);
  const { length } = bytes;
  block.set([1, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]);
  block.set(bytes, 5);
  return block;
}

/** One chunk from its beginning to its end. */
class Run implements ChunkPlaces {
  made = 0;
  pieces = 0;
  reads = 0;
  /** Of what was made. */
  sum = 0;
  readonly #chunk: Uint8Array;
  readonly #outputLength: number;
  readonly #baseLength: number;
  #fetched = 0;

  constructor(chunk: Uint8Array, outputLength: number, baseLength: number) {
    this.#chunk = chunk;
    this.#outputLength = outputLength;
    this.#baseLength = baseLength;
  }

  /** @param slice bytes that are made at once */
  go(slice: number): "done" | PatchFault {
    const decoder = new ChunkDecoder(this);
    const outputLength = this.#outputLength;
    decoder.begin({
      packedLength: this.#chunk.length,
      outputLength,
      imageOffset: 0,
      baseLength: this.#baseLength,
    });
    for (;;) {
      const before = this.made;
      const state = decoder.step(slice);
      if (state === "more") {
        check(this.made >= before + slice && this.made < outputLength, "a slice makes what was asked for");
        continue;
      }
      if (state === "done") check(this.made === outputLength, "what is done is all there");
      return state;
    }
  }

  readPacked(buffer: Uint8Array, offset: number): void {
    const chunk = this.#chunk;
    check(offset >= 0 && offset + buffer.length <= chunk.length, "nothing is read outside of the chunk");
    this.#fetched += buffer.length;
    // Each of 32 blocks may begin with what was fetched already.
    check(this.#fetched <= chunk.length + 34 * 256, "the chunk is read once");
    buffer.set(chunk.subarray(offset, offset + buffer.length));
  }

  readBase(buffer: Uint8Array, offset: number): void {
    const inside = offset >= 0 && buffer.length > 0 && offset + buffer.length <= this.#baseLength;
    check(inside, "nothing is read outside of the base", () => `${buffer.length} bytes at ${offset}`);
    this.reads += 1;
    check(this.reads <= this.#outputLength, "the base is read no more often than there are bytes to be made");
    buffer.set(base.subarray(offset, offset + buffer.length));
  }

  write(bytes: Uint8Array, imageOffset: number): void {
    const length = Math.min(pieceLength, this.#outputLength - this.made);
    const next = imageOffset === this.made && bytes.length === length;
    check(next, "pieces follow each other", () => `${bytes.length} bytes at ${imageOffset}`);
    this.made += bytes.length;
    this.pieces += 1;
    for (let i = 0; i < bytes.length; i++) this.sum = (31 * this.sum + bytes[i]) | 0;
  }
}
