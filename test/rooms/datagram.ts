/**
 * A datagram on the serial wire between the simulated board and the test's network: its length with header, the
 * board's port, the peer's port, two bytes each, and the peer's IPv4 address.
 */

/** Between which ends: the board's port, and the peer. */
export interface Ends {
  readonly own: number;
  readonly address: string;
  readonly port: number;
}

export const headerLength = 10;

/** Into the first bytes of a datagram that has room for it, and whose length it takes. */
export function writeHeader(framed: Uint8Array, { own, address, port }: Ends): void {
  const view = new DataView(framed.buffer, framed.byteOffset);
  view.setUint16(0, framed.length);
  view.setUint16(2, own);
  view.setUint16(4, port);
  const parts = address.split(".");
  for (let i = 0; i < 4; i++) framed[6 + i] = Number(parts[i]);
}

/** The header and the whole length, or undefined while the datagram is not there whole. */
export function readHeader(bytes: Uint8Array): (Ends & { readonly length: number }) | undefined {
  if (bytes.length < headerLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint16(0);
  if (bytes.length < length) return undefined;
  const address = [bytes[6], bytes[7], bytes[8], bytes[9]].join(".");
  return { own: view.getUint16(2), port: view.getUint16(4), address, length };
}
