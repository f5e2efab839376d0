/** All that can be fuzzed. */
import { decodeTarget } from "./decode";
import { httpTarget } from "./http";
import { portableTargets } from "./portable-targets";
import type { Target } from "./target";

export const targets: readonly Target[] = [decodeTarget, ...portableTargets, httpTarget];

export { fuzz, replay } from "./fuzzer";
export { startCoverage } from "./coverage";
export { heapMeter } from "./heap";
export { startWatchdog } from "./watchdog";
