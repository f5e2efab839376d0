/** Unsolicited lines that are lost or come twice, by chance. */
import type { Random } from "../time/random";

/** Probabilities for each unsolicited line. Set to something outside of 0..1 they throw RangeError. */
export interface UrcProbabilities {
  /** That it is lost. */
  lose: number;
  /** That it comes twice, if at all. */
  double: number;
}

export class UrcFaults {
  readonly #random: Random;
  readonly #probabilities: UrcProbabilities;
  #lose = 0;
  #double = 0;

  constructor(random: Random) {
    this.#random = random;
    const faults = this;
    this.#probabilities = {
      get lose() {
        return faults.#lose;
      },
      set lose(probability) {
        faults.#lose = checked("lose", probability);
      },
      get double() {
        return faults.#double;
      },
      set double(probability) {
        faults.#double = checked("double", probability);
      },
    };
  }

  /** Those in force: each may be set. */
  get probabilities(): UrcProbabilities {
    return this.#probabilities;
  }

  set probabilities({ lose, double }: UrcProbabilities) {
    checked("double", double);
    this.#probabilities.lose = lose;
    this.#probabilities.double = double;
  }

  /** How often the next line goes out: 0, 1 or 2 times. Draws nothing while both are 0. */
  copies(): number {
    if (this.#lose === 0 && this.#double === 0) return 1;
    // Both draws happen: how many are doubled does not move which are lost.
    const lost = this.#random.chance(this.#lose);
    const twice = this.#random.chance(this.#double);
    return lost ? 0 : twice ? 2 : 1;
  }
}

function checked(name: string, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`urcs.${name} must be from 0 to 1, got ${probability}`);
  }
  return probability;
}
