/** The run's data, from the element that holds it. */
import type { RunData } from "../run-data";

export interface Unpacked {
  readonly data: RunData;
  /** Bytes of all datagrams, one after the other. */
  readonly bytes: Uint8Array;
}

/** Reads what `pack` in write-page.ts wrote. @throws Error where the browser cannot inflate */
export async function unpack(base64: string): Promise<Unpacked> {
  const { data, bytes } = await unpackAny(base64);
  return { data: data as RunData, bytes };
}

/** The same of whatever page. @throws Error where the browser cannot inflate */
export async function unpackAny(
  base64: string,
): Promise<{ readonly data: unknown; readonly bytes: Uint8Array }> {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser is too old: the page needs DecompressionStream");
  }
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const whole = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(whole.buffer).getUint32(0, true);
  const data: unknown = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  return { data, bytes: whole.subarray(4 + length) };
}

/** Sums up differences: 5, 1, 2 are 5, 6, 8. */
export function summedUp(differences: readonly number[]): Float64Array {
  const out = new Float64Array(differences.length);
  let sum = 0;
  for (let i = 0; i < out.length; i++) out[i] = sum += differences[i];
  return out;
}
