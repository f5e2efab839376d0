/**
 * The head of an update's package, and of a chunk, before any signature is verified: any bytes are refused with a
 * reason, or read to fields that can be true. The versions in it are compared with each other.
 */
import { ascii } from "../../../firmware/text/ascii";
import {
  longestChunk,
  longestImage,
  longestOutput,
  readChunkHead,
  readPackageHead,
} from "../../../firmware/update/package";
import { compareVersions } from "../../../firmware/update/version-order";
import { check } from "./target";
import type { Target } from "./target";

/** A head that is sound: of a difference with a base of this version, or of a whole image. */
function headOf(version: string, baseVersion?: string): Uint8Array {
  const bytes = new Uint8Array(280);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii("EnUp"));
  bytes.set([1, baseVersion === undefined ? 0 : 1, 1, 24], 4);
  bytes.set(ascii("m5stack-nbiot"), 8);
  bytes.set(ascii(version), 32);
  view.setUint32(80, 1_200_000);
  bytes.fill(0xa5, 84, 116);
  if (baseVersion !== undefined) {
    view.setUint32(116, 1_190_000);
    bytes.fill(0x5a, 120, 152);
    bytes.set(ascii(baseVersion), 176);
  }
  view.setUint32(152, 30_000);
  view.setUint32(156, 8_000);
  bytes.fill(0x3c, 160, 176);
  bytes.fill(0xc3, 216);
  return bytes;
}

export const packageTarget: Target = {
  name: "package",
  boundary: "update file",
  code: ["firmware/update/package", "firmware/update/version-order"],
  portable: true,
  seeds: () => [
    headOf("0.3.0"),
    headOf("0.3.0-rc10", "0.3.0-rc9"),
    headOf("999999999.0.0-a.b-c", "0.2.0"),
    Uint8Array.of(0, 0, 16, 0, 0, 0, 32, 0, ...new Uint8Array(16).fill(1)),
    new Uint8Array(24),
  ],
  generate: (random) => {
    const head = headOf("1.2.3", random.chance(0.5) ? "1.2.3-4" : undefined);
    // Most of what can go wrong is in the lengths and names.
    for (let count = random.u32() & 7; count > 0; count--)
      head[Math.floor(random.next() * 216)] = random.u32() & 0xff;
    return random.chance(0.1) ? head.slice(0, Math.floor(random.next() * 281)) : head;
  },
  run(input, watch) {
    watch.input();
    const chunk = readChunkHead(input);
    if (typeof chunk === "string") watch.feature(chunk);
    else {
      watch.feature(`chunk ${chunk.next === undefined ? "last" : "next"}`);
      check(chunk.outputLength > 0 && chunk.outputLength <= longestOutput, "a chunk's output can be true");
      check(
        (chunk.next?.length ?? 25) > 24 && (chunk.next?.length ?? 0) <= longestChunk,
        "a next chunk can be true",
      );
    }
    const head = readPackageHead(input);
    watch.step?.(typeof head === "string" ? head : `${head.kind} ${head.version} for ${head.board}`);
    if (typeof head === "string") return watch.feature(head);
    const { kind, board, version, baseVersion, imageLength, baseLength, bodyLength, first } = head;
    check(
      imageLength > 0 && imageLength <= longestImage && baseLength <= longestImage,
      "lengths can be true",
    );
    check(
      first.length > 24 && first.length <= Math.min(longestChunk, bodyLength),
      "a first chunk can be true",
    );
    check((kind === "difference") === baseLength > 0, "a difference has a base");
    check(/^[!-~]+$/.test(board + version), "names are text");
    check(head.signed.length === 216 && head.signature.length === 64, "all of it is signed");
    const order = compareVersions(version, baseVersion);
    const back = compareVersions(baseVersion, version);
    check(
      Math.sign(order ?? 0) + Math.sign(back ?? 0) === 0,
      "an order is the other way round from the other side",
    );
    watch.feature(`${kind} ${order === undefined ? "no versions" : Math.sign(order)}`);
    watch.feature(`storage ${head.changesStorage}, product ${head.productKey === "" ? "any" : "one"}`);
  },
};
