/** Block options as the figures of RFC 7959 write them, NUM/M/size, and as coap-packet's hex. */

/** `1/1/64` as an option's value. */
export function block(text: string): string {
  const [num, more, size] = text.split("/").map(Number);
  const bits = num * 16 + more * 8 + Math.log2(size / 16);
  return bits === 0 ? "" : bits.toString(16).padStart(bits > 0xffff ? 6 : bits > 0xff ? 4 : 2, "0");
}

/** An option's value as `1/1/64`. */
export function blockText(value: string): string {
  const bits = Number.parseInt(value || "0", 16);
  return `${bits >> 4}/${(bits >> 3) & 1}/${16 << (bits & 7)}`;
}
