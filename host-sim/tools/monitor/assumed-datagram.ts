/** Datagrams that a log lets one conclude: of the size that is usual for what they are about, with nothing in them. */
import { encodeCoap } from "../../cloud/coap/coap-wire";

const nobody = { address: "0.0.0.0", port: 0 };
export const onAir = {
  direction: "up",
  fate: "delivered",
  from: nobody,
  to: nobody,
  inside: undefined,
  duplicate: false,
} as const;

/** A request of so many bytes, about what the path says. */
export function requestOf(path: readonly string[], length: number): Uint8Array {
  const options = path.map((segment) => ({ number: 11, value: Buffer.from(segment) }));
  const empty = { type: 0, messageId: 0, token: new Uint8Array(0), options } as const;
  if (path.length === 0) return new Uint8Array([0x40, 0, 0, 0]);
  const shortest = encodeCoap({ ...empty, code: 2, payload: new Uint8Array(0) }).length;
  const payload = new Uint8Array(Math.max(0, length - shortest - 1));
  return encodeCoap({ ...empty, code: 2, payload });
}
