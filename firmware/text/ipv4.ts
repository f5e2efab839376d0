/** IPv4 addresses as text. */

/**
 * An IPv4 address without leading zeros, as a socket gives it back on a datagram; undefined for any other text. Modems
 * tell addresses with zeros in front (`010.000.000.001`).
 */
export function ipv4(text: string): string | undefined {
  if (text.length > 15) return undefined;
  let out = "";
  let part = -1;
  let parts = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x2e;
    if (code === 0x2e) {
      if (part < 0 || part > 255) return undefined;
      out += parts === 0 ? part : `.${part}`;
      parts += 1;
      part = -1;
    } else if (code >= 0x30 && code <= 0x39) part = 10 * Math.max(part, 0) + code - 0x30;
    else return undefined;
  }
  return parts === 4 ? out : undefined;
}

/** Whether it is an IPv4 address, written as `ipv4` gives it. */
export function isIpv4(text: string): boolean {
  return ipv4(text) === text;
}
