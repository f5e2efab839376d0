/** The heap of this process, for what an input leaves behind. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Measures the heap: collects the garbage, then counts the bytes in use. */
export function heapMeter(): () => number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // The guests of a simulation in the same process are to see no such global.
  setFlagsFromString("--no-expose-gc");
  return () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
}
