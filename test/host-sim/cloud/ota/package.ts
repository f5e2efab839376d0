/** Makes firmware packages as docs/update-format.md has them, byte by byte, without any of the code that reads them. */

/** What a head says; what is left out is as in a sound one. */
export interface HeadFields {
  magic?: string;
  format?: number;
  kind?: number;
  headLength?: number;
  board?: string;
  version?: string;
  productKey?: string;
  imageSize?: number;
  from?: string;
}

/** Head, room for a signature, and some bytes. */
export function packageOf(fields: HeadFields = {}, body = 500): Buffer {
  const bytes = Buffer.alloc(280 + body, 0xa5);
  bytes.fill(0, 0, 280);
  bytes.write(fields.magic ?? "EnUp", 0, "latin1");
  bytes[4] = fields.format ?? 1;
  bytes[5] = fields.kind ?? (fields.from === undefined ? 0 : 1);
  bytes.writeUInt16BE(fields.headLength ?? 280, 6);
  bytes.write(fields.board ?? "m5stack-nbiot", 8, 24, "latin1");
  bytes.write(fields.version ?? "1.3.0", 32, 24, "latin1");
  bytes.write(fields.productKey ?? "", 56, 24, "latin1");
  bytes.writeUInt32BE(fields.imageSize ?? 1_200_000, 80);
  bytes.writeUInt32BE(body, 152);
  bytes.write(fields.from ?? "", 176, 24, "latin1");
  return bytes;
}
