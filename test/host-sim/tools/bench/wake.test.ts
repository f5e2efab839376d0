/** A wake from deep sleep costs little, and the same whatever the journal's size. */
import { expect, test } from "vitest";
import { bars } from "../../../../host-sim/tools/bench/bars";
import { benchWake } from "../../../../host-sim/tools/bench/wake";

test("a wake that reads and sends stays within its bar on XS, with 128 KiB and with 1 MiB", async () => {
  const small = await benchWake(131_072, 4);
  const large = await benchWake(1_048_576, 4);
  // A meter that counts nothing would be within any bar.
  expect(small.compute).toBeGreaterThan(100_000);
  expect(small.highest).toBeLessThanOrEqual(bars.wake.most);
  expect(large.highest).toBeLessThanOrEqual(bars.wake.most);
  expect(large.compute / small.compute).toBeLessThanOrEqual(bars.wakeGrowth.most);
  expect(large.start).toBeGreaterThan(large.compute);
}, 180_000);
