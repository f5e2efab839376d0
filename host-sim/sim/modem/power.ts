/**
 * Whether a modem is on: its supply, its power key, boots, and what ends them.
 *
 *     off --supply, or key 1 s--> booting --3 to 5 s--> on <--> psm, waking
 *      ^                             ^                  | |
 *      +-- stopping, 1 to 3 s <------|--- key, CPOWD ---+ +--- reboot ---> booting
 *      ^                             |
 *      +-- supply off, from anywhere +       hung: from any of them; ends by the key or the supply
 */
import type { Random } from "../time/random";
import type { Scheduler } from "../time/clock";
import type { ModemEvent } from "./modem-event";
import type { PowerTraits } from "./family";
import { PowerKey } from "./power-key";

/** `waking` and `stopping` last a moment only. The UART is dead in all but `on`. */
export type ModemState = "off" | "booting" | "on" | "psm" | "waking" | "stopping" | "hung";

export interface PowerOptions {
  scheduler: Scheduler;
  /** The modem's own stream: boots draw from it in their order. */
  random: Random;
  readonly traits: PowerTraits;
  /** Boots as soon as it has power, without the key. */
  bootsByItself: boolean;
  /** A boot begins: everything is as the factory or the last boot left it. */
  onBoot(): void;
  /** It is over. */
  onOn(): void;
  /** Everything volatile ends here, without a word. */
  onHalt(): void;
  /** Turned off in good order: the last moment to say so. */
  onPowerDown(): void;
  /** The key was held long enough to wake from PSM; true when that was needed. */
  onWakeKey(): boolean;
  onEvent(event: ModemEvent): void;
}

export class Power {
  /** Sleep is the owner's affair: it moves between `on`, `psm` and `waking` by itself. */
  state: ModemState = "off";
  readonly #options: PowerOptions;
  readonly #key: PowerKey;
  /** Counts boots, so that what was planned before one does not happen after it. */
  #session = 0;
  #supplied = true;
  #hungUntil: "key" | "supply" = "key";

  constructor(options: PowerOptions) {
    this.#options = options;
    const { key, wake, wakePin } = options.traits;
    this.#key = new PowerKey(
      options.scheduler,
      {
        wake: key === undefined || wakePin === true ? Infinity : (wake ?? Infinity),
        on: key?.on ?? Infinity,
        off: key?.off ?? Infinity,
      },
      () => options.onWakeKey(),
      (how) => this.#toggle(how),
    );
  }

  setKey(low: boolean): void {
    this.#key.set(low);
  }

  boot(reason: string): void {
    const { random, traits, onBoot, onOn } = this.#options;
    this.#enter("booting", reason);
    onBoot();
    this.later(random.between(...traits.boot), () => {
      this.#enter("on", reason);
      onOn();
    });
  }

  reboot(reason: string): void {
    if (this.state === "off" || this.state === "hung") return;
    this.#halt();
    this.boot(reason);
  }

  powerDown(reason: string): void {
    if (this.state === "on") this.#options.onPowerDown();
    this.#halt();
    this.state = "stopping";
    this.later(this.#options.random.between(...this.#options.traits.down), () => this.#enter("off", reason));
  }

  /** Off at once, without a word of its own. */
  switchOff(reason: string): void {
    if (this.state === "off") return;
    this.#halt();
    this.#enter("off", reason);
  }

  hang(until: "key" | "supply"): void {
    if (this.state === "off" || this.state === "stopping") return;
    // Of two hangs the worse one lasts.
    if (this.state !== "hung" || until === "supply") this.#hungUntil = until;
    if (this.state === "hung") return;
    this.#halt();
    this.#enter("hung", `until ${until}`);
  }

  setSupply(on: boolean): void {
    if (on === this.#supplied) return;
    this.#supplied = on;
    if (on) {
      if (this.#options.bootsByItself) this.boot("supply");
      return;
    }
    this.#halt();
    if (this.state !== "off") this.#enter("off", "supply");
  }

  /** Runs `run` after `delay` ms unless the modem restarts, hangs or goes off before. */
  later(delay: number, run: () => void): void {
    const session = this.#session;
    this.#options.scheduler.after(delay, () => {
      if (session === this.#session) run();
    });
  }

  /** A press long enough for this. What it has switched on, it does not switch off as well. */
  #toggle(how: "on" | "off"): void {
    if (!this.#supplied) return;
    const hearsKey = this.state === "hung" && this.#hungUntil === "key";
    if (how === "on") {
      if (this.state === "off") this.boot("key");
    } else if (this.state === "on" || hearsKey) {
      this.powerDown("key");
    }
  }

  /** RESET_N was low long enough: whatever it was doing, it starts anew. A hang that the key ends, ends. */
  resetByPin(): void {
    const held = this.state === "hung" && this.#hungUntil === "supply";
    if (!this.#supplied || this.state === "off" || held) return;
    this.#halt();
    this.boot("reset pin");
  }

  #halt(): void {
    this.#session += 1;
    this.#options.onHalt();
  }

  #enter(state: "off" | "booting" | "on" | "hung", reason: string): void {
    this.state = state;
    this.#options.onEvent({ type: "power", time: this.#options.scheduler.now, state, reason });
  }
}
