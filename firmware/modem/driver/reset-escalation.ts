/**
 * The reset escalation: what is tried, one after the other, with a modem that does not work, and how often
 * each was. The same for every family.
 *
 *     resync   probe it until it answers
 *     radio    switch its radio off and on
 *     reboot   have it restart by command
 *     key      switch it off and on by its power key
 *     supply   take its supply away for some seconds: the last that helps a modem that hangs
 */

/** The levels, the gentlest first. */
const resetLevels = Object.freeze(["resync", "radio", "reboot", "key", "supply"] as const);
/** One level of the reset escalation. */
export type ResetLevel = (typeof resetLevels)[number];

const most = 0xffff;

/**
 * The reset escalation: what is tried, one level after the other, with a modem that does not work, and how
 * often each was.
 */
export class ResetEscalation {
  readonly #hasKey: boolean;
  readonly #hasSupply: boolean;
  readonly #counts: number[] = [0, 0, 0, 0, 0];
  #failures = 0;
  /** Resets of a modem that was mute since the cloud has answered last; kept over deep sleep. */
  mutes = 0;

  /**
   * @param wires which of the last two the board has
   * @param state what `state` gave before deep sleep or a restart; anything else is nothing
   */
  constructor(wires: { readonly key: boolean; readonly supply: boolean }, state: readonly number[] = []) {
    this.#hasKey = wires.key;
    this.#hasSupply = wires.supply;
    for (let i = 0; i < resetLevels.length; i++) this.#counts[i] = sane(state[i]);
    this.#failures = sane(state[resetLevels.length]);
  }

  /** Bring-ups in a row that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts of the levels in their order, and the failures: six numbers of 0 to 65535, to be kept. */
  get state(): readonly number[] {
    return this.#counts.concat(this.#failures);
  }

  /** A level was taken. */
  taken(level: ResetLevel): void {
    const index = resetLevels.indexOf(level);
    this.#counts[index] = Math.min(this.#counts[index] + 1, most);
  }

  /** A bring-up has failed. */
  failed(): void {
    this.#failures = Math.min(this.#failures + 1, most);
  }

  /** The modem is up. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * What the next bring-up begins with; undefined for nothing but the bring-up itself, which sets the
   * radio up anew and presses the key of a modem that does not answer.
   *
   * @param deaf nothing answers on the UART, so no command helps
   */
  beforeBringUp(deaf: boolean): ResetLevel | undefined {
    const failures = this.#failures;
    if (failures < 2) return undefined;
    if (deaf) {
      if (this.#hasSupply) return "supply";
      // Every other time: nothing tells whether a silent modem is on or off, and switching it off and on
      // leaves it as it was. The bring-ups between press the key once.
      return this.#hasKey && failures % 2 === 0 ? "key" : undefined;
    }
    // Each level once, then rarely: mostly there is no network, and a reset costs more than it is worth.
    if (failures > 4 && failures % 8 !== 0) return undefined;
    if (failures === 2) return "reboot";
    if (failures === 3) return this.#hasKey ? "key" : this.#hasSupply ? "supply" : "reboot";
    return this.#hasSupply ? "supply" : this.#hasKey ? "key" : "reboot";
  }

  /** What is tried with a modem that claims to be up while nothing comes back, harder each time. */
  mute(): ResetLevel {
    this.mutes += 1;
    if (this.mutes === 1) return "radio";
    if (this.mutes === 3 && this.#hasKey) return "key";
    if (this.mutes >= 4 && this.#hasSupply) return "supply";
    if (this.mutes >= 4 && this.#hasKey) return "key";
    return "reboot";
  }

  /** Something has come back from the cloud: the next mute modem is treated gently again. */
  confirmed(): void {
    this.mutes = 0;
  }
}

function sane(value: number | undefined): number {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= most ? value : 0;
}
