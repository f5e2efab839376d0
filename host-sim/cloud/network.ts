/**
 * Who counts as one when something is shared out among peers. Somebody with one IPv6 address has as a rule the
 * whole /64 around it (RFC 6177), so those 64 bits are counted as one address.
 */
import { isIPv6 } from "node:net";

/** An IPv4 address as it is, also one in IPv6's form; of an IPv6 address its first 64 bits. */
export function network(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  const bare = address.replace(/%.*$/, "");
  if (!isIPv6(bare)) return address;
  const [before, after] = bare.split("::");
  const front = groups(before);
  // The last group may be an IPv4 address, which is two; only what comes before it matters here.
  const back = groups(after ?? "").length + (bare.includes(".") ? 1 : 0);
  const zeros = after === undefined ? 0 : 8 - front.length - back;
  const all = [...front, ...Array<string>(zeros).fill("0"), ...groups(after ?? "")];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
