/** All that can be fuzzed. */
import { decodeTarget } from "./decode";
import { portableTargets } from "./portable-targets";
import type { Target } from "./target";

export const targets: readonly Target[] = [decodeTarget, ...portableTargets];

export { fuzz, replay } from "./fuzzer";
export { startCoverage } from "./coverage";
export { heapMeter } from "./heap";
export { startWatchdog } from "./watchdog";
