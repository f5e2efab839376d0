/**
 * `timer` as Moddable's own timers on a microcontroller:
 *
 * - times are ticks, 32 bits that wrap: no timer further away than 24.8 days, and one that is asked to
 *   be is in the past;
 * - all that are due at one moment fire in the order in which they were created;
 * - one that repeats keeps its beat, however long its callback takes;
 * - one that does not is gone after its callback, even if that has scheduled it anew.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { command, issue, now, passTime, ticks } from "./bridge";

type Callback = (timer: TimerRecord) => void;

/** A timer; to the firmware an opaque handle. */
class TimerRecord {
  callback: Callback;
  /** Ticks. */
  due: number;
  /** ms; 0 fires once, -1 while unscheduled. */
  repeat: number;
  scheduled = true;
  firing = false;
  alive = true;

  constructor(callback: Callback, due: number, repeat: number) {
    this.callback = callback;
    this.due = due;
    this.repeat = repeat;
  }
}

/** In order of creation: boards have a handful. */
const timers: TimerRecord[] = [];

function add(callback: Callback, interval: number, repeat: number): TimerRecord {
  if (typeof callback !== "function") throw new TypeError("callback: not a function");
  const timer = new TimerRecord(callback, (ticks() + (interval | 0)) | 0, repeat | 0);
  timers.push(timer);
  return timer;
}

function remove(timer: TimerRecord): void {
  timer.alive = false;
  timer.firing = false;
  const index = timers.indexOf(timer);
  if (index >= 0) timers.splice(index, 1);
}

export default class Timer {
  static set(callback: Callback, interval = 0, repeat = 0): TimerRecord {
    return add(callback, interval, repeat);
  }

  static repeat(callback: Callback, interval: number): TimerRecord {
    return add(callback, interval, interval);
  }

  /** Without an interval the timer rests until it is scheduled again. @throws Error for a dead timer */
  static schedule(timer: TimerRecord, interval?: number, repeat = 0): void {
    if (!(timer instanceof TimerRecord) || !timer.alive) throw new Error("invalid timer");
    if (interval === undefined) {
      timer.scheduled = false;
      timer.firing = false;
      timer.repeat = -1;
      return;
    }
    timer.due = (ticks() + (interval | 0)) | 0;
    timer.repeat = repeat | 0;
    timer.scheduled = true;
  }

  /** The program stands still for so many ms, and hears nothing meanwhile. */
  static delay(duration: number): void {
    passTime(Math.max(0, duration | 0));
    const message = command(GuestCommand.delay, 0, 0, 8);
    new DataView(message.buffer).setFloat64(commandHeader, now, true);
    issue(message);
  }

  /** A timer that is gone, or none at all, is no fault. */
  static clear(timer: TimerRecord | undefined | null): void {
    if (timer instanceof TimerRecord && timer.alive) remove(timer);
  }
}

/** Fires what is due. Timers added meanwhile wait for their turn, even when their interval is 0. */
export function runTimers(): void {
  const time = ticks();
  for (let i = 0; i < timers.length; i++) {
    const timer = timers[i];
    if (timer.scheduled && ((timer.due - time) | 0) <= 0) timer.firing = true;
  }
  let index = 0;
  while (index < timers.length) {
    const timer = timers[index];
    if (!timer.firing) {
      index += 1;
      continue;
    }
    timer.firing = false;
    timer.due = (timer.due + timer.repeat) | 0;
    timer.callback.call(globalThis, timer);
    if (timer.alive && timer.repeat === 0) remove(timer);
    // A callback may have cleared any of them; none before this one is marked, so begin again.
    index = 0;
  }
}

/** When the next timer is due, ms since power-on; NaN for never. */
export function nextDue(): number {
  const time = ticks();
  let next = NaN;
  for (let i = 0; i < timers.length; i++) {
    const timer = timers[i];
    if (!timer.scheduled) continue;
    const wait = Math.max(0, (timer.due - time) | 0);
    if (!(wait >= next)) next = wait;
  }
  return Math.floor(now) + next;
}
