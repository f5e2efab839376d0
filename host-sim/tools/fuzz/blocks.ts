/**
 * Block-wise transfer (RFC 7959): the client's half against a hostile server, the server's against
 * hostile clients, and both against a bad wire. Whatever is delivered could have been made from valid
 * blocks, and nothing longer than a body may be is ever allocated.
 */
import { withAllocationsBelow } from "./block-pieces";
import { playHonestPair } from "./honest-pair";
import { playHostileClient } from "./hostile-client";
import { playHostileServer } from "./hostile-server";
import { Script } from "./target";
import type { Target } from "./target";

const limits = [2_000, 8_192, 100, 0];
/** What is allocated besides bodies: datagrams of at most 1152 bytes, and the keys of transfers. */
const others = 1_152;

const plays = [playHostileServer, playHostileClient, playHonestPair] as const;

export const blocksTarget: Target = {
  name: "blocks",
  boundary: "datagram",
  code: ["firmware/coap/"],
  portable: true,
  seeds: () => [
    new Uint8Array([0, 0, 0, 0, 0, 0]),
    new Uint8Array([0, 0, 1, 0, 24, 0, 0]),
    new Uint8Array([1, 0, 1, 2, 0, 32, 0, 2, 0, 32, 0, 2, 0, 36, 0, 4, 4, 0]),
    new Uint8Array([2, 0, 1, 0, 1, 0, 5]),
    new Uint8Array([2, 192, 1, 0, 2, 0, 5, 6, 7, 4]),
  ],
  generate: (random) => {
    const input = random.bytes(6 + Math.floor(random.next() * 100));
    // Long runs of honesty lead further than lies alone.
    const share = random.next();
    for (let i = 6; i < input.length; i++) if (random.chance(share)) input[i] = 0;
    return input;
  },
  run(input, watch) {
    watch.input();
    const script = new Script(input);
    const choice = script.byte();
    const maxBody = limits[(choice >> 4) & 3];
    withAllocationsBelow(Math.max(maxBody, others), () => plays[choice % 3](script, maxBody, watch));
  },
};
