/**
 * IP addresses as bytes, and who counts as one when something is shared out among peers. Somebody with one IPv6
 * address has as a rule the whole /64 around it (RFC 6177), so those 64 bits are counted as one address.
 */
import { isIP } from "node:net";

/** An IPv4 address as it is, also one in IPv6's form; of an IPv6 address its first 64 bits. */
export function network(address: string): string {
  if (!address.includes(":")) return address;
  const bytes = addressBytes(address);
  if (bytes === undefined) return address;
  if (bytes.length === 4) return bytes.join(".");
  const groups = [0, 2, 4, 6].map((at) => ((bytes[at] << 8) | bytes[at + 1]).toString(16));
  return `${groups.join(":")}::/64`;
}

/** The 4 or 16 bytes of an address; 4 of an IPv4 one in IPv6's form. Undefined for a text that is no address. */
export function addressBytes(address: string): number[] | undefined {
  if (isIP(address) === 4) return address.split(".").map(Number);
  const bare = address.replace(/%.*$/, "");
  if (isIP(bare) !== 6) return undefined;
  const [before, after] = bare.split("::");
  const front = groupBytes(before);
  const back = groupBytes(after ?? "");
  const all = [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
  const isMapped = all.slice(0, 10).every((byte) => byte === 0) && all[10] === 0xff && all[11] === 0xff;
  return isMapped ? all.slice(12) : all;
}

/** Groups of four hexadecimal digits, of which the last may be an IPv4 address. */
function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
