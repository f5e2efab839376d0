import { expect, test } from "vitest";
import { replayCommand, totalsLine, totalsOf, violationLines } from "../../../../host-sim/tools/chaos/report";
import { keepFaults, randomScript } from "../../../../host-sim/tools/chaos/script";
import { shrink } from "../../../../host-sim/tools/chaos/shrink";
import { runTrial } from "../../../../host-sim/tools/chaos/trial";
import type { TrialResult } from "../../../../host-sim/tools/chaos/trial";

const good: TrialResult = {
  seed: 4,
  attackers: "nobody",
  violations: [],
  readings: 10,
  delivered: 9,
  losses: { full: 1 },
  commands: 3,
  answered: 2,
  messages: 4,
  restarts: 0,
  powerCuts: 2,
  datagrams: 30,
  faults: { loss: 2 },
  virtualTime: 3_600_000,
  worstDelay: 60_000,
  busiestHour: 100,
  measures: {
    aftermath: 1_000,
    proof: undefined,
    overtaken: 0,
    awake: 5_000,
    connected: 2_000,
    spent: 0.5,
    mostErases: 1,
    erases: 2,
    keyWrites: 7,
    liveSlots: undefined,
  },
  modem: "bg95",
  online: 22,
};
const violations = [{ invariant: "lost", sentence: "reading 7 is gone" }] as const;
const bad: TrialResult = {
  ...good,
  online: 23,
  seed: 5,
  violations,
  losses: {},
  faults: { loss: 1, "cloud-down": 1 },
};

test("one command shows a trial again, with the faults that it takes", () => {
  const replay = { seed: 17, hours: 24, engine: "node" } as const;
  expect(replayCommand(replay)).toBe("npm run chaos -- --seed 17 --hours 24 --verbose");
  const some = { ...replay, keep: [2, 5, 9] };
  expect(replayCommand(some)).toBe("npm run chaos -- --seed 17 --hours 24 --keep 2,5,9 --verbose");
  const kinds = ["power", "loss"];
  expect(replayCommand({ ...replay, kinds, keep: [1] })).toBe(
    "npm run chaos -- --seed 17 --hours 24 --kinds power,loss --keep 1 --verbose",
  );
  const xs = { ...replay, engine: "xs", keep: [] } as const;
  expect(replayCommand(xs)).toBe("npm run chaos -- --seed 17 --hours 24 --engine xs --keep none --verbose");
  const device = { modem: "bg95", sleep: "none", powerKey: false, keepAlive: true, loss: 0.1 } as const;
  expect(replayCommand({ ...replay, device })).toBe(
    "npm run chaos -- --seed 17 --hours 24 --modem bg95 --sleep none --no-power-key --keep-alive --loss 0.1 --verbose",
  );
});

test("violations and totals in words and numbers", () => {
  expect(violationLines(good)).toEqual([]);
  expect(violationLines(bad)).toEqual(["seed 5 FAILED (lost): reading 7 is gone"]);
  expect(totalsOf([good, bad])).toMatchObject({
    trials: 2,
    failed: 1,
    readings: 20,
    losses: { full: 1 },
    faults: { "cloud-down": 1, loss: 3 },
    online: { bg95: 22.5 },
  });
  expect(totalsLine([good, bad], 1_000)).toMatch(/^1 of 2 trials FAILED: 2 trials, 18 of 20 readings /);
  expect(totalsLine([good], 1_000)).toMatch(/^all rules held: .*: full 1; .*faults: loss 2$/);
});

test("a trial that fails is cut down to the one fault that makes it fail", async () => {
  const script = randomScript(17, 6);
  const culprit = script.faults.length - 1;
  const { at } = script.faults[culprit];
  // Planted: whenever this fault strikes, the log tells of an exception.
  const failsWith = async (indices: readonly number[]): Promise<boolean> => {
    let struck = false;
    const { violations } = await runTrial(keepFaults(script, indices), {
      engine: "node",
      onFault: (fault) => void (struck ||= fault.at === at),
      tamper: (event) => (struck && event.source === "device" ? { ...event, text: "fault: planted" } : event),
    });
    return violations.some(({ invariant }) => invariant === "fault");
  };
  expect(script.faults.length).toBeGreaterThan(1);
  expect((await shrink(script.faults.length, failsWith)).kept).toEqual([culprit]);
});
