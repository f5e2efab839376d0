/**
 * Input pins of the modem: active low, and without effect until they were low long enough.
 */
import type { Scheduler } from "../time/clock";
import type { PowerTraits } from "./family";

export interface ControlLinesOptions {
  readonly scheduler: Scheduler;
  readonly traits: PowerTraits;
  readonly onReset: () => void;
  readonly onWake: () => void;
}

/** The modem's RESET_N and PSM_EINT. */
export class ControlLines {
  readonly #options: ControlLinesOptions;
  /** Since when each is low. */
  #wakeLow: number | undefined;
  #resetLow: number | undefined;

  constructor(options: ControlLinesOptions) {
    this.#options = options;
  }

  /** RESET_N: held low long enough, the modem starts anew as it is let go. */
  setReset(low: boolean): void {
    const { scheduler, traits, onReset } = this.#options;
    if (low) this.#resetLow ??= scheduler.now;
    else if (this.#resetLow !== undefined) {
      const held = scheduler.now - this.#resetLow;
      this.#resetLow = undefined;
      if (traits.reset !== undefined && held >= traits.reset) onReset();
    }
  }

  /** PSM_EINT: ends PSM at its falling edge, once it is low long enough. */
  setWake(low: boolean): void {
    const { scheduler, traits, onWake } = this.#options;
    const { wake, wakePin } = traits;
    if (!low) {
      this.#wakeLow = undefined;
    } else if (this.#wakeLow === undefined && wakePin === true && wake !== undefined) {
      const since = scheduler.now;
      this.#wakeLow = since;
      scheduler.after(wake, () => {
        if (this.#wakeLow === since) onWake();
      });
    }
  }
}
