/** What is remembered of a device's envelopes: what came before, what is of an earlier start, what is told of it. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { DeviceSeal } from "../../../../host-sim/cloud/registry/device-seal";
import type { Doubted } from "../../../../host-sim/cloud/registry/device-seal";
import type { SealDoubt } from "../../../../host-sim/cloud/registry/seal-view";

const dk = "861234567890123";
const day = 86_400_000;
const toldOf = (doubted: Doubted | undefined): SealDoubt | undefined =>
  doubted?.isTold === true ? doubted.doubt : undefined;
const saltOf = (start: number): string => start.toString(16).padStart(16, "0");

/** Opens envelopes of starts a, b, c ...: `a0 a1 b0`; the kinds of doubt that the counts then show, by envelope. */
function kindsOf(envelopes: string, seal = new DeviceSeal()): string[] {
  return envelopes.split(" ").map((envelope, at) => {
    const before = seal.view();
    const salt = saltOf(envelope.charCodeAt(0));
    seal.open({ deviceKey: dk, salt, counter: Number(envelope.slice(1)), root: 0 }, dk, at);
    const after = seal.view()!;
    if (after.replayed > (before?.replayed ?? 0)) return "replayed";
    return after.cloned > (before?.cloned ?? 0) ? "cloned" : "new";
  });
}

describe("an envelope", () => {
  test.each([
    ["in order is new, across gaps too", "a0 a1 a2 a6 a100 a65535", "new new new new new new"],
    ["that came before is replayed", "a0 a0 a1 a0 a1", "new replayed new replayed replayed"],
    ["that was overtaken is new, once", "a0 a5 a3 a4 a3 a5", "new new new new replayed replayed"],
    ["at the window's end is known still", "a0 a31 a0 a1 a1", "new new replayed new replayed"],
    ["below the window may have come: it counts as replayed", "a1 a33 a1 a2", "new new replayed new"],
    ["of a start that jumps beyond the window is new", "a0 a40 a39 a40 a8", "new new new replayed replayed"],
    ["of a new start is new, whatever its count", "a9 b0 b1 c7", "new new new new"],
    ["of an earlier start that came before is replayed", "a0 b0 a0 b1", "new new replayed new"],
    ["of an earlier start that is new: two boards", "a0 b0 a1 b1 b2", "new new cloned cloned new"],
  ])("%s", (_what, envelopes, kinds) => {
    expect(kindsOf(envelopes)).toEqual(kinds.split(" "));
  });

  it("of one of the last eight starts is known, and beyond them a start of its own", () => {
    const starts = "abcdefgh".split("").map((start) => `${start}0`);
    expect(kindsOf([...starts, "a0", "b0"].join(" ")).slice(-2)).toEqual(["replayed", "replayed"]);
    // The ninth has the first forgotten; what is new after that shows the recorded one up.
    expect(kindsOf([...starts, "i0", "a0", "i1"].join(" ")).slice(-2)).toEqual(["new", "cloned"]);
  });

  it("is judged as by a list of all that came, within the window", () => {
    const envelope = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(fc.array(envelope, { maxLength: 60 }), (envelopes) => {
        const seal = new DeviceSeal();
        const came = new Map<number, Set<number>>();
        let replayed = 0;
        for (const [start, counter] of envelopes) {
          const known = came.get(start) ?? new Set<number>();
          came.set(start, known);
          const isOld = known.size > 0 && counter <= Math.max(...known) - 32;
          if (known.has(counter) || isOld) replayed += 1;
          if (!isOld) known.add(counter);
          seal.open({ deviceKey: dk, salt: saltOf(start), counter, root: 0 }, dk, 0);
          expect(seal.view()!.replayed).toBe(replayed);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of another device is swapped, and none of this one's: it is in no count of it", () => {
    const seal = new DeviceSeal();
    const other = { deviceKey: "other", salt: saltOf(1), counter: 4, root: 0 } as const;
    expect(seal.open(other, dk, 5)?.doubt).toEqual({
      ...{ what: "swapped", times: 1, at: 5 },
      ...{ sealedBy: "other", salt: saltOf(1), counter: 4 },
    });
    expect(seal.view()).toMatchObject({ opened: 0, swapped: 1, replayed: 0 });
    seal.open({ ...other, deviceKey: dk }, dk, 6);
    expect(seal.view()).toMatchObject({ opened: 1, swapped: 1, replayed: 0 });
  });
});

describe("what is told", () => {
  it("is the first of a kind, each tenfold, and the first after a day without", () => {
    const seal = new DeviceSeal();
    const told: (SealDoubt | undefined)[] = [];
    for (let i = 0; i < 150; i++) told.push(toldOf(seal.refuse("forged", i)));
    expect(told.flatMap((each) => each?.times ?? [])).toEqual([1, 10, 100]);
    expect(toldOf(seal.refuse("forged", 99 + day - 1))).toBeUndefined();
    expect(toldOf(seal.refuse("forged", 99 + day))).toMatchObject({
      what: "refused",
      reason: "forged",
      times: 152,
    });
    expect(toldOf(seal.refuse("forged", 99 + day))).toBeUndefined();
    expect(toldOf(seal.refuse("plain", 99 + day))).toMatchObject({ reason: "plain", times: 1 });
  });

  it("has a bounded number of reasons, whatever a script throws", () => {
    const seal = new DeviceSeal();
    for (let i = 0; i < 100; i++) seal.refuse(`reason ${i}`, i);
    seal.refuse("reason 3", 200);
    const { refused } = seal.view()!;
    expect(Object.keys(refused)).toEqual([...Array.from({ length: 8 }, (_, i) => `reason ${i}`), "other"]);
    expect(refused).toMatchObject({ "reason 3": 2, other: 92 });
  });

  it("is nothing of plain messages before the first envelope", () => {
    const seal = new DeviceSeal();
    expect(seal.takePlain(1)).toBeUndefined();
    expect(seal.view()).toBeUndefined();
    seal.open({ deviceKey: dk, salt: saltOf(1), counter: 0, root: 1 }, dk, 2);
    expect(seal.takePlain(3)).toEqual({ doubt: { what: "plain", times: 1, at: 3 }, isTold: true });
    expect(seal.view()).toEqual({
      ...{ opened: 1, since: 2, last: { at: 2, salt: saltOf(1), counter: 0, root: 1 } },
      ...{ refused: {}, replayed: 0, cloned: 0, swapped: 0, plain: 1 },
      doubts: [{ what: "plain", times: 1, at: 3 }],
    });
  });
});

it("goes on as if nothing had been when it was kept in between", () => {
  const envelope = fc.record({
    start: fc.integer({ min: 0, max: 9 }),
    counter: fc.integer({ min: 0, max: 80 }),
    kind: fc.constantFrom("open", "open", "open", "swap", "refuse", "plain"),
    at: fc.integer({ min: 0, max: 3 * day }),
  });
  fc.assert(
    fc.property(fc.array(envelope, { maxLength: 40 }), fc.nat(40), (envelopes, cut) => {
      const whole = new DeviceSeal();
      let kept = new DeviceSeal();
      envelopes.forEach(({ start, counter, kind, at }, i) => {
        const put = (seal: DeviceSeal): Doubted | undefined => {
          if (kind === "refuse") return seal.refuse("forged", at);
          if (kind === "plain") return seal.takePlain(at);
          const deviceKey = kind === "swap" ? "other" : dk;
          return seal.open({ deviceKey, salt: saltOf(start), counter, root: 0 }, dk, at);
        };
        if (i === cut) {
          const stored = JSON.parse(JSON.stringify(kept.keep())) as ReturnType<DeviceSeal["keep"]>;
          kept = new DeviceSeal();
          kept.restore(stored);
        }
        expect(put(kept)).toEqual(put(whole));
        expect(kept.view()).toEqual(whole.view());
      });
    }),
    { numRuns: 200 },
  );
});
