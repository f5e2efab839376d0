/**
 * The firmware in an engine that counts, each function of which reads the meter (see instrument.ts and the meter in
 * wake-profile.ts): when the board falls asleep the counts go into the trace.
 */
import FFI from "mc/ffi";
import main from "../../../firmware/main";

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** The meter of wake-profile.ts, where the simulated board's prelude leaves it. */
const meter = (Math as unknown as { profile: { start: () => void; told: () => string } }).profile;

export default function start(): void {
  const sleep = FFI.prototype.enos_sleep_deeply as Callable;
  FFI.prototype.enos_sleep_deeply = function (milliseconds) {
    (globalThis as unknown as { trace: Callable }).trace(`profile: ${meter.told()}\n`);
    return sleep.call(this, milliseconds) as never;
  };
  meter.start();
  (main as Callable)();
}
