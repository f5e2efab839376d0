/**
 * Ends a fuzzing that hangs: an input that never ends keeps its thread for ever, so another one looks at whether
 * inputs go by, and says which it was.
 */
import { Worker } from "node:worker_threads";

/** Bytes of an input that can be told; inputs are shorter. */
const most = 1_024;

export interface Watchdog {
  /** The next input begins. */
  note(input: Uint8Array): void;
  stop(): Promise<void>;
}

/** Runs in a thread of its own. Words of `shared`: inputs so far, the length of this one; then its bytes. */
const guard = `
const { workerData } = require("node:worker_threads");
const { shared, seconds, name } = workerData;
const words = new Int32Array(shared, 0, 2);
let last = -1;
setInterval(() => {
  const count = Atomics.load(words, 0);
  if (count !== last) return void (last = count);
  const bytes = new Uint8Array(shared, 8, Math.min(Atomics.load(words, 1), ${most}));
  const digits = Buffer.from(bytes).toString("hex");
  require("node:fs").writeSync(2, "  " + name + " FAILED: an input has taken more than " + seconds + " s\\n" +
    "  replay: npm run fuzz -- --target " + name + " --replay " + (digits || '""') + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 1000 * seconds);
`;

/** @param seconds that one input may take, at least */
export function startWatchdog(name: string, seconds: number): Watchdog {
  const shared = new SharedArrayBuffer(8 + most);
  const words = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const worker = new Worker(guard, { eval: true, workerData: { shared, seconds, name } });
  worker.unref();
  return {
    note(input) {
      bytes.set(input.subarray(0, most));
      words[1] = input.length;
      Atomics.add(words, 0, 1);
    },
    stop: async () => void (await worker.terminate()),
  };
}
