/**
 * How a modem fails at its commands: deaf, slow, or restarting in the middle of one. Quirks set it up
 * at the start, and a test or a fault script at any time.
 */
import type { Random } from "../time/random";
import type { AtCommand } from "./at-command";
import type { Quirks } from "./quirks";

export class Trouble {
  /** It hears nothing but `AT+CFUN=1` and what restarts it, which ends that. */
  deaf = false;
  readonly #random: Random;
  readonly #quirks: Quirks;
  readonly #restartCommand: string | undefined;
  #slowdown = 1;
  #rebootPending: boolean;

  /**
   * @param random the modem's own stream, from which each command draws
   * @param restartCommand see `Family`
   */
  constructor(random: Random, quirks: Quirks, restartCommand?: string) {
    this.#restartCommand = restartCommand;
    this.#random = random;
    this.#quirks = quirks;
    this.#rebootPending = quirks.rebootDuring !== undefined;
  }

  /** Factor on the time until an answer. Set, it throws RangeError unless above 0. */
  get slowdown(): number {
    return this.#slowdown;
  }

  set slowdown(factor: number) {
    if (!(factor > 0 && factor < Infinity)) {
      throw new RangeError(`slow: expected a factor above 0, got ${factor}`);
    }
    this.#slowdown = factor;
  }

  /** Whether the modem hears this command at all. */
  hears(command: AtCommand): boolean {
    if (this.#random.chance(this.#quirks.deaf ?? 0)) this.deaf = true;
    if (!this.deaf) return true;
    const radio =
      command.name === "+CFUN" && command.form === "set" && command.args[0]?.text.startsWith("1") === true;
    if (!radio && command.name !== this.#restartCommand) return false;
    this.deaf = false;
    return true;
  }

  /** True once: this is the command that it does not survive. */
  breaksAt(command: AtCommand): boolean {
    if (!this.#rebootPending || command.name !== this.#quirks.rebootDuring?.toUpperCase()) return false;
    this.#rebootPending = false;
    return true;
  }
}
