/** What chance did is taken out: known costs come back, and means that chance had moved. */
import { describe, expect, test } from "vitest";
import { meansOf, slopesOf, squaresOf } from "../../../../host-sim/inspect/energy/chance";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Cycle, Draws, Prior } from "../../../../host-sim/inspect/energy/chance";

const loss = 0.01;
/** Variance of two datagrams' draws: losses, and ms that are even between 0 and 2,000. */
const variance: Draws = [2 * loss * (1 - loss), (2 * 2_000 ** 2) / 12];
const none: Prior = { variance, slopes: {} };

/** Contacts of 1 J, and for each lost datagram 2 J and each ms 1 mJ beyond the mean. */
function contacts(count: number, seed: number): Cycle[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    let [losses, latency] = [0, 0];
    for (let i = 0; i < 2; i++) {
      losses += (random.chance(loss) ? 1 : 0) - loss;
      latency += random.between(0, 2_000) - 1_000;
    }
    const joules = 1 + 2 * losses + 0.001 * latency + random.between(-0.05, 0.05);
    return { amounts: { joules, contacts: 1 }, draws: [losses, latency] as const };
  });
}

describe("slopes", () => {
  test("are found where there are many contacts", () => {
    const { joules } = slopesOf(contacts(20_000, 1), none);
    expect(joules[0]).toBeCloseTo(2, 1);
    expect(joules[1]).toBeCloseTo(0.001, 4);
  });

  test("are as was known before where there are none, and where nothing is ever lost", () => {
    const prior: Prior = { variance, slopes: { joules: [2, 0.001] } };
    expect(slopesOf(contacts(1, 1), prior).joules[0]).toBeCloseTo(2, 9);
    const never: Prior = { variance: [0, 0], slopes: { joules: [2, 0.001] } };
    const same: Cycle[] = [{ amounts: { joules: 1 }, draws: [0, 0] }];
    expect(slopesOf([...same, ...same], never).joules).toEqual([2, 0.001]);
  });
});

test("means of few contacts, one of them of none that were lost, are nearer to the truth than those of many without", () => {
  const prior: Prior = { variance, slopes: { joules: [1.5, 0.0008] } };
  const [raw, controlled] = [0, 0];
  const errors = { raw, controlled };
  for (let seed = 0; seed < 50; seed++) {
    const cycles = contacts(20, seed);
    const plain = meansOf(cycles, {}).joules - 1;
    const better = meansOf(cycles, slopesOf(cycles, prior)).joules - 1;
    errors.raw += plain ** 2;
    errors.controlled += better ** 2;
  }
  // Variance of less than a tenth: as good as ten times the contacts.
  expect(errors.controlled).toBeLessThan(errors.raw / 10);
});

test("what is the same in each contact stays as it is", () => {
  const cycles = contacts(30, 4);
  const slopes = slopesOf(cycles, none);
  expect(meansOf(cycles, slopes).contacts).toBe(1);
  expect(squaresOf(cycles, slopes, "contacts")).toBe(0);
});
