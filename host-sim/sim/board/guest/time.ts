/**
 * `time`: ticks since power-on, and the wall clock.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { command, issue, setWallClock, ticks } from "./bridge";

export default class Time {
  /** ms since power-on, signed 32 bits: negative after 24.8 days, wrapped after 49.7. */
  static get ticks(): number {
    return ticks();
  }

  /** ms from `start` to `end` (now when left out), right over the wrap. */
  static delta(start: number, end?: number): number {
    return ((end ?? ticks()) - start) | 0;
  }

  /** Sets the wall clock: whole seconds since 1970, unsigned 32 bits. */
  static set(seconds: number): void {
    const epoch = (seconds >>> 0) * 1000;
    setWallClock(epoch);
    const message = command(GuestCommand.clockSet, 0, 0, 8);
    new DataView(message.buffer).setFloat64(commandHeader, epoch, true);
    issue(message);
  }

  static timezone = 0;
  static dst = 0;
}
