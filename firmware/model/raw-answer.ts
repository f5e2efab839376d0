/**
 * The parsing script's answer to raw measure points:
 *
 *     request id u32 | code u16
 */

/** What EnOS says of a raw uplink. */
export interface RawAnswer {
  readonly requestId: number;
  /** EnOS's code, 200 for stored. */
  readonly code: number;
}

/** Reads the answer to an uplink; undefined when the payload is something else. */
export function decodeAnswer(payload: Uint8Array): RawAnswer | undefined {
  if (payload.length !== 6) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { requestId: view.getUint32(0), code: view.getUint16(4) };
}
