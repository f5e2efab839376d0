/** Steps of power as columns. The meter tells the modem's only when a connection is over, so that they come late. */
import type { EnergyPart, PowerStep } from "../../energy/meter";
import type { PowerState, StepColumns } from "./run-data";

export class StepRecorder {
  readonly #states: PowerState[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #steps: Record<EnergyPart, { time: number; state: number }[]> = { modem: [], board: [] };

  add({ time, part, state, watts }: PowerStep): void {
    const key = `${part} ${state} ${watts}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#states.length;
      this.#numbers.set(key, number);
      this.#states.push({ part, state, watts });
    }
    const steps = this.#steps[part];
    // Another cause, and the same power: nothing that a plot would show.
    if (steps.at(-1)?.state !== number) steps.push({ time: Math.round(time * 1000), state: number });
  }

  columns(): { states: PowerState[]; modem: StepColumns; board: StepColumns } {
    return { states: this.#states, modem: columnsOf(this.#steps.modem), board: columnsOf(this.#steps.board) };
  }
}

function columnsOf(steps: readonly { time: number; state: number }[]): StepColumns {
  return {
    time: steps.map(({ time }, i) => time - (i === 0 ? 0 : steps[i - 1].time)),
    state: steps.map(({ state }) => state),
  };
}
