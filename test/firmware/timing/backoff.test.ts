import { expect, it } from "vitest";
import { Backoff } from "../../../firmware/timing/backoff";

it("doubles up to the longest, and begins anew after a success", () => {
  const backoff = new Backoff(1_000, 10_000, () => 1 - Number.EPSILON);
  const pauses = Array.from({ length: 7 }, () => backoff.next());
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  expect(backoff.failures).toBe(7);
  backoff.reset();
  expect([backoff.failures, backoff.next()]).toEqual([0, 1_000]);
});

it("spreads each between half and whole", () => {
  let random = 0;
  const backoff = new Backoff(1_000, 1_000, () => random);
  expect(backoff.next()).toBe(500);
  random = 0.5;
  expect(backoff.next()).toBe(750);
});

it("does not overflow after a year of failures", () => {
  const backoff = new Backoff(10_000, 3_600_000, () => 0.5);
  for (let i = 0; i < 10_000; i++) expect(backoff.next()).toBeLessThanOrEqual(3_600_000);
});
