/** The random access and the shared air of a cell. */
import { describe, expect, it } from "vitest";
import { RandomAccess, usualCell } from "../../../../host-sim/sim/fleet/random-access";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";

async function crowd(
  devices: number,
  seed = 1,
): Promise<{ waits: (number | undefined)[]; access: RandomAccess }> {
  const clock = new VirtualClock();
  const access = new RandomAccess(clock, new Random(seed));
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < devices; i++) access.request(0, (waited) => waits.push(waited));
  await clock.run();
  return { waits, access };
}

describe("random access", () => {
  it("lets a device that is alone in at its first opportunity", async () => {
    const { waits, access } = await crowd(1);
    expect(waits).toEqual([0]);
    expect(access.load).toMatchObject({ requests: 1, attempts: 1, collisions: 0, refusals: 0, waiting: 0 });
  });

  it("answers no more than the cell's five behind an opportunity", async () => {
    const { waits } = await crowd(300);
    const perOpportunity = new Map<number, number>();
    for (const wait of waits)
      if (wait !== undefined) perOpportunity.set(wait, (perOpportunity.get(wait) ?? 0) + 1);
    expect(Math.max(...perOpportunity.values())).toBeLessThanOrEqual(3 * usualCell.answers);
    expect(waits).toHaveLength(300);
  });

  it("takes longer the more come at once, and in the end some give up", async () => {
    const latest = async (devices: number): Promise<number> => {
      const { waits } = await crowd(devices);
      return Math.max(...waits.map((wait) => wait ?? Infinity));
    };
    expect(await latest(10)).toBeLessThan(await latest(100));
    const { access } = await crowd(5_000);
    expect(access.load.refusals).toBeGreaterThan(0);
    expect(access.load.waiting).toBe(0);
    expect(access.load.mostWaiting).toBe(5_000);
  });

  it("hears two on one subcarrier as neither: as often as chance puts them together", async () => {
    // Two devices on 12 subcarriers meet once in 12 times.
    let met = 0;
    for (let seed = 0; seed < 600; seed++) met += (await crowd(2, seed)).access.load.collisions > 0 ? 1 : 0;
    expect(met).toBeGreaterThan(600 / 12 - 25);
    expect(met).toBeLessThan(600 / 12 + 25);
  });
});

describe("the shared air", () => {
  it("carries as many datagrams at once as there are channels, and the others one after the other", () => {
    const access = new RandomAccess(new VirtualClock(), new Random(1));
    const waits = Array.from({ length: 9 }, () => access.carry(100));
    expect(waits).toEqual([0, 0, 0, 0, 100, 100, 100, 100, 200]);
    expect(access.load.airtime).toBe(900);
  });
});
