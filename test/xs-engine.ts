/** Vitest's globalSetup for the tests that run on XS: builds the engine once, before their processes start. */
import { buildWorker } from "../host-sim/sim/engine/build-worker";
import { EngineMissing } from "../host-sim/sim/engine/engine";

/** Builds it if need be. Where it cannot be had, the tests that need it say so, each by itself. */
export function setup(): void {
  try {
    buildWorker();
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error;
  }
}
