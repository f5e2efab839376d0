/**
 * Lets virtual time go by at a speed that a person can follow: between two events it waits as long as they lie apart,
 * divided by the speed. The events stay the same, and so does everything that comes out of them.
 */
import type { Pace } from "../../sim/time/clock";

/** What tells the time and wakes: the machine's clock, or a test's. */
export interface WallClock {
  /** ms, of any beginning. */
  now(): number;
  /** Calls `wake` after `ms`, unless the function that it gives back is called first. */
  after(ms: number, wake: () => void): () => void;
}

/** Where a playback is, for whoever shows it. */
export interface Position {
  /** Virtual ms, between two events, too. */
  readonly at: number;
  readonly speed: number;
  readonly isPaused: boolean;
}

/** Virtual ms in one of the wall's, at least and at most. */
const slowest = 1 / 8;
const fastest = 1_000_000;
/** Wall ms: shorter waits are left out, and a longer one is looked at again. */
const shortest = 4;
const look = 200;
/** What took longer than this to compute is not caught up with, wall ms. */
const patience = 250;

/** The playback of one run. */
export class Playback {
  readonly #clock: WallClock;
  readonly #onMove: ((position: Position) => void) | undefined;
  #speed: number;
  #isPaused = false;
  #isRushing = false;
  /** A moment at which virtual time and the wall's were seen together. */
  #anchor: { virtual: number; wall: number };
  #wake: (() => void) | undefined;
  #next = 0;

  /**
   * @param speed virtual ms in one of the wall's
   * @param onMove hears several times a second where it is while it waits
   */
  constructor(clock: WallClock, speed: number, onMove?: (position: Position) => void) {
    this.#clock = clock;
    this.#speed = speed;
    this.#onMove = onMove;
    this.#anchor = { virtual: 0, wall: clock.now() };
  }

  get speed(): number {
    return this.#speed;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Where it is, virtual ms. */
  get at(): number {
    const { virtual, wall } = this.#anchor;
    if (this.#isPaused) return virtual;
    return Math.min(this.#next, virtual + (this.#clock.now() - wall) * this.#speed);
  }

  /** For the virtual clock: waits until it is time for what happens at `time`. */
  readonly pace: Pace = (time) => {
    this.#next = Math.max(this.#next, time);
    if (this.#isRushing) return undefined;
    const { virtual, wall } = this.#anchor;
    const now = this.#clock.now();
    const wait = this.#isPaused ? Infinity : wall + (time - virtual) / this.#speed - now;
    if (wait < -patience) this.#anchor = { virtual: time, wall: now };
    if (wait < shortest) return undefined;
    this.#onMove?.({ at: this.at, speed: this.#speed, isPaused: this.#isPaused });
    return new Promise((resolve) => {
      const cancel = this.#clock.after(Math.min(wait, look), () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        cancel();
        resolve();
      };
    });
  };

  /** Stands still, or goes on. */
  togglePause(): void {
    this.#anchorHere();
    this.#isPaused = !this.#isPaused;
    this.#wake?.();
  }

  /** Changes the speed by a factor. */
  accelerate(factor: number): void {
    this.#anchorHere();
    this.#speed = Math.min(fastest, Math.max(slowest, this.#speed * factor));
    this.#wake?.();
  }

  /** Waits no more. */
  rush(): void {
    this.#isRushing = true;
    this.#wake?.();
  }

  #anchorHere(): void {
    this.#anchor = { virtual: this.at, wall: this.#clock.now() };
  }
}
