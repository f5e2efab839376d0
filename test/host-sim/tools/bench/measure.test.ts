/** Looking at the heap leaves nothing behind that a later part of the bench meets. */
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { NodeEngine } from "../../../../host-sim/sim/engine/node-engine";
import { heapUsed } from "../../../../host-sim/tools/bench/measure";
import { runFixture } from "../../sim/board/rig";

test("after the heap was measured, a board's context is made as before", async () => {
  expect(heapUsed()).toBeGreaterThan(1e6);
  expect(runInNewContext("typeof gc")).toBe("undefined");
  // The board takes away the globals that it does not have: of one that cannot be deleted it dies.
  const { log } = await runFixture(new NodeEngine(), { program: "timers" }, 100);
  expect(log).toContain("50 early 50");
});
