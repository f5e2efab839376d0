/** Options of an endpoint and of its server's half side by side, as most tests want them. */
import { serverHalf } from "../../../firmware/coap/server-half";
import type { EndpointOptions, ServerHalfMaker } from "../../../firmware/coap/endpoint";
import type { ServerHalfOptions } from "../../../firmware/coap/server-half";

export type BothHalves = Partial<EndpointOptions> & Partial<ServerHalfOptions>;

/** The endpoint's options; it serves where there is an `onRequest`. */
export function bothHalves<T extends Partial<ServerHalfOptions>>(
  options: T,
): Omit<T, keyof ServerHalfOptions> & { readonly server?: ServerHalfMaker } {
  const { onRequest, admit, separateAfter, maxTransfers, ...endpoint } = options;
  if (onRequest === undefined) return endpoint;
  return { ...endpoint, server: serverHalf({ onRequest, admit, separateAfter, maxTransfers }) };
}
