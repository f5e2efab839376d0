/**
 * The head of a firmware package as `npm run update` makes it, as far as it is of interest to whoever files and shows it.
 * A reader of its own: the stand-in judges what devices are given and shares no code with them. It runs in the console's
 * page as well. Layout, big-endian, texts ASCII and padded with zeros:
 *
 *       0   4  "EnUp"                        120  32  SHA-256 of the base, of a difference
 *       4   1  format, 1                     152   4  bytes of the body
 *       5   1  kind: 0 whole, 1 difference   156  20  first chunk: length and digest
 *       6   2  bytes of head and signature   176  24  version of the base, of a difference
 *       8  24  board                         200  16  more, or zeros
 *      32  24  version                       216  64  signature
 *      56  24  product key, or zeros         280      body
 *      80   4  bytes of the image
 *      84  32  its SHA-256
 *     116   4  bytes of the base, of a difference
 *
 * Nothing is refused for it: any file can be a firmware here. The signature is left to the device.
 */

/** Bytes of a file that its head is read from. */
export const packageHeadBytes = 216;

/** What a package says of itself. */
export interface PackageHead {
  readonly kind: "whole" | "difference";
  readonly board: string;
  readonly version: string;
  /** Whose devices it is for; left out when it is for any. */
  readonly productKey?: string;
  /** Bytes of the image that it makes. */
  readonly imageSize: number;
  /** The version that a difference is made from. */
  readonly from?: string;
}

const magic = [0x45, 0x6e, 0x55, 0x70];
const format = 1;
const signatureBytes = 64;

/**
 * Reads the head of a file.
 * @returns undefined for a file that is no package; a fault for one that begins like one and cannot be read
 */
export function readPackageHead(bytes: Uint8Array): PackageHead | { readonly fault: string } | undefined {
  if (magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  if (bytes.length < packageHeadBytes) {
    return { fault: `it ends in its head, after ${bytes.length} bytes` };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, packageHeadBytes);
  if (bytes[4] !== format) return { fault: `its format is ${bytes[4]}` };
  const kind = bytes[5] === 0 ? "whole" : bytes[5] === 1 ? "difference" : undefined;
  if (kind === undefined) return { fault: `its kind is ${bytes[5]}` };
  if (view.getUint16(6) < packageHeadBytes + signatureBytes) {
    return { fault: `its head is said to have ${view.getUint16(6)} bytes` };
  }
  const texts = [8, 32, 56, 176].map((at) => textAt(bytes, at));
  const [board, version, productKey, from] = texts;
  if (board === undefined || version === undefined || productKey === undefined || from === undefined) {
    return {
      fault: "a text in its head is none of A-Z a-z 0-9 . _ + : - that begins with a letter or digit",
    };
  }
  if (version === "" || board === "") return { fault: "it names no version or no board" };
  if (kind === "difference" && from === "")
    return { fault: "it does not name the version that it is made from" };
  return {
    ...{ kind, board, version, imageSize: view.getUint32(80) },
    ...(productKey === "" ? {} : { productKey }),
    ...(kind === "whole" ? {} : { from }),
  };
}

/** A text of up to 24 characters, padded with zeros; undefined when it is none that can stand in a path. */
function textAt(bytes: Uint8Array, at: number): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(at, at + 24)).replace(/\0+$/, "");
  return text === "" || /^[A-Za-z0-9][A-Za-z0-9._+:-]*$/.test(text) ? text : undefined;
}

/** What of a package is at odds with how its file is filed; nothing is refused for it. */
export function packageDoubts(
  read: PackageHead | { readonly fault: string },
  filed: { version?: string; board?: string; from?: string; productKey: string },
): string[] {
  if ("fault" in read) return [`it begins as a package does, but ${read.fault}`];
  const doubts: string[] = [];
  const differs = (what: string, said: string | undefined, here: string | undefined): void => {
    if (here !== undefined && said !== here) {
      doubts.push(`its head says ${what} ${said ?? "none"}, and it is filed under ${here}`);
    }
  };
  differs("version", read.version, filed.version);
  differs("board", read.board, filed.board);
  differs("base", read.from, filed.from);
  if (read.productKey !== undefined && read.productKey !== filed.productKey) {
    doubts.push(`its head says product ${read.productKey}: devices of ${filed.productKey} refuse it`);
  }
  return doubts;
}
