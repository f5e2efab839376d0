/** All that can be fuzzed. */
import { blocksTarget } from "./blocks";
import { decodeTarget } from "./decode";
import { endpointTarget } from "./endpoint";
import type { Target } from "./target";

export const targets: readonly Target[] = [decodeTarget, endpointTarget, blocksTarget];

export { fuzz, replay } from "./fuzzer";
export { startCoverage } from "./coverage";
