/**
 * The power fails in every single operation of the flash, one run each, and again while the journal
 * finds its way afterwards.
 */
import { expect, test } from "vitest";
import { JournalModel } from "./journal-model";
import { sweep } from "../../density";
import type { ModelOptions } from "./journal-model";

/** Runs the work with the power failing at these operations; returns how many operations there were. */
function run(
  options: ModelOptions,
  steps: number,
  cuts: readonly number[],
): { operations: number; cuts: number } {
  const model = new JournalModel(options);
  const [first, ...toCome] = cuts;
  model.power.cutAt = first;
  model.cutsToCome = toCome;
  for (let i = 0; i < steps; i++) {
    if (model.step()) continue;
    const fault = model.fault();
    if (fault !== undefined)
      throw new Error(`seed ${options.seed}, cut at ${cuts.join()}, step ${i}: ${fault}`);
  }
  const fault = model.fault();
  if (fault !== undefined)
    throw new Error(`seed ${options.seed}, cut at ${cuts.join()}, at the end: ${fault}`);
  expect(model.lost).toEqual([]);
  return { operations: model.power.operations, cuts: model.cuts };
}

const small: ModelOptions[] = [
  { seed: 1, waiting: 16, longest: 20, inOrder: 0.2 },
  { seed: 2, blocks: 5, writeAlign: 16, longest: 40, waiting: 10, inOrder: 0.2 },
  { seed: 3, blocks: 3, waiting: 6, inOrder: 0 },
  { seed: 4, blocks: 6, blockLength: 1024, longest: 200, waiting: 20, inOrder: 0.1 },
];

test.each(small)(
  "whichever operation is cut short, nothing is lost and nothing comes back: %j",
  (options) => {
    const steps = 400;
    const { operations } = run(options, steps, []);
    expect(operations).toBeGreaterThan(450);
    let struck = 0;
    let runs = 0;
    for (const at of sweep(1, operations, 7, Number(options.seed))) {
      struck += run(options, steps, [at]).cuts;
      runs += 1;
    }
    expect(struck).toBe(runs);
  },
);

test("nor when it fails again while the journal is opened, time after time", () => {
  const options = { seed: 5, waiting: 14, longest: 30, inOrder: 0.2 };
  const { operations } = run(options, 300, []);
  let twice = 0;
  let runs = 0;
  for (const at of sweep(1, operations, 5)) {
    runs += 1;
    twice += run(options, 300, [at, 1 + (at % 4), 1 + (at % 3), 1 + (at % 7)]).cuts;
  }
  // Four cuts in a run wherever the work went on for so long.
  expect(twice).toBeGreaterThan(3.9 * runs);
});

test("the work above has blocks copied", () => {
  for (const options of small) {
    const model = new JournalModel(options);
    for (let i = 0; i < 400; i++) model.step();
    expect(model.moved.length).toBeGreaterThan(10);
  }
});

test("bytes behind a torn write that look like a header, one in 65,536, hide nothing", () => {
  // Found among 50,000 random runs: the fourth cut but one leaves such bytes.
  const options = { seed: 5067, blocks: 6, waiting: 14, longest: 14, inOrder: 0.5 };
  expect(run(options, 250, [232, 2, 3, 1, 2, 3, 1]).cuts).toBe(7);
});
