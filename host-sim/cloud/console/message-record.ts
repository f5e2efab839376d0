/** A datagram as the console keeps it. */
import type { ByteRange } from "../capture/masker";
import type { Purpose } from "../enos/purpose";
import type { Peer } from "../events";

/** One datagram, masked: nothing secret is in it. */
export interface MessageRecord {
  /** Epoch ms. */
  readonly at: number;
  readonly way: "up" | "down";
  readonly peer: Peer;
  /** Bytes of the datagram. */
  readonly size: number;
  /** The first of them, with "*" for each that is masked. */
  readonly bytes: Uint8Array;
  /** The masked ones; they may reach beyond `bytes`. */
  readonly ranges: readonly ByteRange[];
  /** `productKey/deviceKey`. */
  readonly device: string | undefined;
  readonly path: string;
  readonly purpose: Purpose;
  /** How often the same bytes went the same way before. */
  readonly again: number;
  /** Why it is no CoAP. */
  readonly malformed?: string;
  /** Of a datagram that is longer than `bytes`: its line and its fields. */
  readonly told?: { readonly line: string; readonly fields: readonly (readonly [string, string])[] };
}
