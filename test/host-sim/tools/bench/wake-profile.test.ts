/** The profile of a wake accounts for what the bench counts of the same wakes without instruments. */
import { expect, test } from "vitest";
import { benchWake, wakeConditions } from "../../../../host-sim/tools/bench/wake";
import { profileWake, sumBy } from "../../../../host-sim/tools/bench/wake-profile";

test("the rooms' steps add up to the bench's within 15 %, and the loop is called once a turn", async () => {
  const { compute } = await benchWake(wakeConditions.journalSize, 5);
  const profile = await profileWake(5);
  const total = sumBy(profile, () => "all")[0].own;
  expect(total / compute).toBeGreaterThan(0.85);
  expect(total / compute).toBeLessThan(1.15);
  const named = (name: string) => profile.functions.find((each) => each.name === name)!;
  expect(named("main").calls).toBe(1);
  expect(named("Driver.run").calls).toBe(named("Agent.poll").calls);
  // What a function takes with all that it calls is at most the wake.
  expect(named("main").whole).toBeLessThan(total * 1.15);
  expect(named("Driver.run").whole).toBeGreaterThan(named("Driver.run").own);
}, 180_000);
