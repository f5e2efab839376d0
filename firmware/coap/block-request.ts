/**
 * One block of a body, whichever (RFC 7959 section 2.4, "random access"): for a body that is too long for the memory,
 * or comes over days. The server keeps nothing of it between two blocks; that they are of the same body shows by their
 * ETag.
 *
 *    GET 2:2399/0/512   ->
 *    <- 2.05 2:2399/1/512, ETag 1a2b, Size2
 */
import { encodeBlock } from "./block";
import { Code } from "./code";
import { OptionNumber } from "./option";
import type { Endpoint } from "./endpoint";
import type { Exchange, Outcome } from "./exchange";
import type { OptionBlock } from "./option";

/** Which block, of what. */
export interface BlockRequest {
  /** IP address of the server, as the socket gives it back on received datagrams. */
  readonly address: string;
  readonly port: number;
  /** Path and query, encoded beforehand. */
  readonly fixed: OptionBlock | undefined;
  /** Number of the block, counted in blocks of 16 << szx bytes; a server may answer with a smaller one that begins there. */
  readonly num: number;
  readonly szx: number;
  /** Called exactly once; the response has its Block2, Size2 and ETag options. */
  readonly onComplete: (outcome: Outcome, now: number) => void;
}

/**
 * Asks for the block.
 *
 * @throws RangeError when an option of `fixed` has a number above Block2's, 23
 */
export function requestBlock(
  endpoint: Pick<Endpoint, "exchange">,
  { address, port, fixed, num, szx, onComplete }: BlockRequest,
  now: number,
): Exchange {
  const options = [{ number: OptionNumber.block2, value: encodeBlock({ num, more: false, szx }) }];
  const plain = { address, port, code: Code.get, confirmable: true, fixed, options };
  return endpoint.exchange({ ...plain, payload: undefined, token: undefined, onComplete }, now);
}
