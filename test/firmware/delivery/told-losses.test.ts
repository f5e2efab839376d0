/** The power fails in each operation of the flash in turn: no reading is gone without a line of the log. */
import { expect, test } from "vitest";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { logLine } from "../../../firmware/device/log";
import { drain, flashOf, queueOf, reading } from "./journal-rig";
import { sweep } from "../../density";
import type { FullPolicy } from "../../../firmware/journal/journal";

/** Appends more than there is room for, with the power failing at these operations; what is gone without a word. */
function silent(policy: FullPolicy, cuts: readonly number[]): { gone: number[]; operations: number } {
  const power = new PowerDomain();
  const flash = flashOf(4, 512, power);
  const kept = new Set<number>();
  const told = new Set<number>();
  const toCome = [...cuts];
  power.cutAt = toCome.shift();
  power.onCut = () => {
    const next = toCome.shift();
    if (next !== undefined) power.cutAt = power.operations + next;
  };
  let boot = 0;
  const start = () => {
    boot += 1;
    power.restore();
    return queueOf({
      flash,
      boot,
      policy,
      onLost: (id) => {
        if (!power.off) told.add(id);
      },
      log: (event) => {
        // What the processor still does in its last microsecond nobody hears of.
        if (power.off) return;
        const [, id] = /^report: dropped id=(\d+)/.exec(logLine(event)) ?? [];
        if (id !== undefined) told.add(Number(id));
      },
    });
  };
  let { queue } = start();
  for (let id = 1; id <= 60; id++) {
    const taken = queue.append(reading(id));
    if (taken === "kept" && !power.off) kept.add(id);
    while (power.off) ({ queue } = start());
  }
  const { operations } = power;
  const left = new Set(drain(start().queue));
  return { gone: [...kept].filter((id) => !left.has(id) && !told.has(id)), operations };
}

test.each(["oldest", "thin"] as const)(
  "no reading that makes room for others is gone without a line, wherever the power fails: %s",
  (policy) => {
    const { operations, gone } = silent(policy, []);
    expect(gone).toEqual([]);
    const wrong: string[] = [];
    for (const at of sweep(1, operations, 2)) {
      for (const cuts of [[at], [at, 1 + (at % 5), 1 + (at % 3)]]) {
        const there = silent(policy, cuts);
        if (there.gone.length > 0) wrong.push(`${cuts.join()}: ${there.gone.join()}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);
