/**
 * Checksums of what is kept in flash: CRC-32 (ISO-HDLC, that of zip and Ethernet) for contents, CRC-16
 * (IBM-3740, "CCITT-FALSE") for the headers that lead from one record to the next.
 */

/** Made while the modules are preloaded, so that on the board they lie in flash and take no RAM. */
const table = makeTable();
const table16 = makeTable16();

function makeTable(): Uint32Array {
  const made = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    made[i] = value >>> 0;
  }
  return made;
}

function makeTable16(): Uint16Array {
  const made = new Uint16Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i << 8;
    for (let bit = 0; bit < 8; bit++) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1;
    made[i] = value;
  }
  return made;
}

/**
 * CRC-32 of `bytes` from `start` up to `end`.
 *
 * @param before the CRC of what stands in front of them
 */
export function crc32(bytes: Uint8Array, start: number, end: number, before = 0): number {
  let crc = ~before;
  // Behind the end of `bytes` the operators take undefined for zero.
  for (let i = start; i < end; i++)
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** CRC-16 of `bytes` from `start` up to `end`. @param seed initial register, 0xffff for the bare CRC */
export function crc16(bytes: Uint8Array, start: number, end: number, seed = 0xffff): number {
  let crc = seed & 0xffff;
  for (let i = start; i < end; i++)
    crc = ((crc << 8) & 0xffff) ^ (table16[(crc >>> 8) ^ (bytes[i] as number)] as number);
  return crc;
}
