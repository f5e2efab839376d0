/** The bench's endurance run in short; `npm run bench -- --only endurance` does a million exchanges. */
import { describe, expect, it } from "vitest";
import { endure } from "../../bench/endurance";

describe("100,000 exchanges in one process, with loss, duplicates, NON and late handlers", () => {
  const result = endure(100_000);

  it("have one outcome each, and nobody gets another's response", () => {
    const total = Object.values(result.outcomes).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(100_000);
    expect(result.mixedUp).toBe(0);
    expect(result.outcomes.response).toBeGreaterThan(95_000);
    expect(result.retransmissions).toBeGreaterThan(500);
    expect(result.served).toBeLessThanOrEqual(100_000);
  });

  it("use no message id twice within EXCHANGE_LIFETIME", () => {
    expect(result.idsReused).toBe(0);
  });

  it("leave nothing in any table, and the heap as it was", () => {
    const nothing = { outgoing: 0, received: 0, waiting: 0, transfers: 0 };
    expect(result.held).toEqual([nothing, nothing]);
    expect(result.heap[2] - result.heap[1]).toBeLessThan(2_000_000);
  });
});
