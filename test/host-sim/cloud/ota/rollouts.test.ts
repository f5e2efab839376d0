/** Rollouts in stages, with devices that upgrade, fail, sleep or come later. */
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../../host-sim/cloud/cloud";
import { MemoryStorage } from "../memory-storage";
import { eventsOf, pk, rig } from "../harness";
import { UpgradedFleet, day, hour, recordOf } from "./fleet";

const told = ({ rig: { events } }: UpgradedFleet): string[] =>
  events
    .filter((event): event is Extract<CloudEvent, { type: `rollout-${string}` }> =>
      event.type.startsWith("rollout-"),
    )
    .map((event) => {
      switch (event.type) {
        case "rollout-stage":
          return `stage ${event.stage} of ${event.stages}: ${event.devices}`;
        case "rollout-stopped":
          return `stopped in ${event.stage}: ${event.reason}`;
        case "rollout-changed":
          return event.what;
        case "rollout-done":
          return `done: ${event.succeeded} of ${event.devices}, ${event.failed} failed`;
      }
    });

const open = ["init", "published", "upgrading"] as const;

describe("a rollout", () => {
  it("goes from one device to a few to all, each an hour after the one before is over", () => {
    const fleet = new UpgradedFleet(40);
    const { stages, state } = fleet.begin();
    expect([state, stages.map(({ devices, share }) => [share, devices])]).toEqual([
      "running",
      [
        [0.01, 1],
        [0.1, 0],
        [1, 0],
      ],
    ]);
    const [first] = fleet.who("init");
    fleet.pass(hour);
    expect(fleet.who(...open)).toEqual([first]);
    fleet.succeed(first);
    expect(fleet.rollout).toMatchObject({ state: "waiting", stage: 1, nextAt: fleet.now + hour });
    fleet.pass(hour - 1);
    expect(fleet.rollout.state).toBe("waiting");
    fleet.pass(1);
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 2 });
    expect(fleet.rollout.nextAt).toBeUndefined();
    // Four of forty, of which one has it.
    const few = fleet.who("init");
    expect(few).toHaveLength(3);
    fleet.succeed(...few);
    fleet.pass(hour);
    const rest = fleet.who("init");
    expect(rest).toHaveLength(36);
    fleet.succeed(...rest);
    expect(fleet.rollout).toMatchObject({ state: "done", endedAt: fleet.now });
    expect(told(fleet)).toEqual([
      "stage 1 of 3: 1",
      "stage 2 of 3: 3",
      "stage 3 of 3: 36",
      "done: 40 of 40, 0 failed",
    ]);
    expect(fleet.rollout.stages.map(({ counts }) => counts.succeeded)).toEqual([1, 3, 36]);
  });

  it("begins with other devices each time, whatever they are called, and with the same if asked again", () => {
    const firsts = new Map<string, number>();
    const fleet = new UpgradedFleet(5);
    for (let i = 0; i < 60; i++) {
      fleet.begin({ shares: [0.2] });
      const [first] = fleet.who("init");
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
      fleet.rig.cloud.ota.abortRollout(pk, fleet.rollout.rolloutId, fleet.tick());
    }
    expect(firsts.size).toBe(5);
    for (const times of firsts.values()) expect(times).toBeGreaterThan(3);
    const again = (): string[] => {
      const other = new UpgradedFleet(5);
      other.begin({ shares: [0.2] });
      return other.who("init");
    };
    expect(again()).toEqual(again());
  });

  it("tells each stage's devices alone, and takes its last though its share is not all", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [0.1, 0.25], wait: 0 });
    const [one, two] = fleet.who("init");
    for (const key of fleet.updaters.keys()) {
      if (key !== one && key !== two) expect(fleet.at(key).pushed(fleet.tick())).toBeUndefined();
    }
    fleet.succeed(one, two);
    const more = fleet.who("init");
    expect(more).toHaveLength(3);
    fleet.succeed(...more);
    expect(fleet.rollout.state).toBe("done");
    expect(fleet.who("succeeded")).toHaveLength(5);
  });

  it("shows how far its devices are by the one in the middle", () => {
    const fleet = new UpgradedFleet(5);
    fleet.begin({ shares: [1] });
    const keys = fleet.who("init");
    fleet.told(keys);
    expect(fleet.rollout.stages[0].progress).toBeUndefined();
    for (const [at, step] of [90, 10, 40].entries()) {
      fleet.at(keys[at]).progress(fleet.tick(), step);
    }
    expect(fleet.rollout.stages[0]).toMatchObject({
      progress: 40,
      counts: { init: 0, published: 2, upgrading: 3 },
    });
  });
});

describe("failures", () => {
  it("above the share stop it: who was not told is not, until an operator lets them pass", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [1] });
    const keys = fleet.who("init");
    fleet.told(keys.slice(0, 5));
    fleet.fail(-3, "another digest", keys[0]);
    // One of twenty is not above 5 %.
    expect(fleet.rollout.state).toBe("running");
    fleet.fail(-3, "another digest", keys[1]);
    expect(fleet.rollout).toMatchObject({
      state: "stopped",
      reason: "2 of 20 devices of stage 1 failed: 10 %, above 5 %",
      stages: [
        {
          counts: { init: 15, published: 3, failed: 2 },
          failures: [{ reason: "step -3: another digest", count: 2, deviceKeys: [keys[0], keys[1]] }],
        },
      ],
    });
    for (const key of keys.slice(5)) {
      expect(fleet.at(key).pushed(fleet.tick())).toBeUndefined();
      expect(fleet.at(key).offers(fleet.tick())).toEqual([]);
    }
    // Who is at it goes on.
    fleet.succeed(keys[2], keys[3], keys[4]);
    const { cloud } = fleet.rig;
    cloud.ota.resumeRollout(pk, "1", fleet.tick());
    expect(fleet.rollout.state).toBe("running");
    expect(fleet.rollout.reason).toBeUndefined();
    // What failed is let pass: the share counts anew.
    fleet.fail(-1, "", keys[5]);
    expect(fleet.rollout.state).toBe("running");
    fleet.fail(-1, "", keys[6]);
    expect(fleet.rollout.reason).toBe("2 more of 20 devices of stage 1 failed: 10 %, above 5 %");
    cloud.ota.resumeRollout(pk, "1", fleet.tick());
    fleet.succeed(...keys.slice(7));
    expect(fleet.rollout.state).toBe("done");
    expect(told(fleet)).toEqual([
      "stage 1 of 1: 20",
      "stopped in 1: 2 of 20 devices of stage 1 failed: 10 %, above 5 %",
      "resumed",
      "stopped in 1: 2 more of 20 devices of stage 1 failed: 10 %, above 5 %",
      "resumed",
      "done: 16 of 20, 4 failed",
    ]);
  });

  it("of the first device stop it, and tried again it goes on", () => {
    const fleet = new UpgradedFleet(30);
    fleet.begin();
    const [first] = fleet.who("init");
    fleet.fail(-4, "no room", first);
    expect(fleet.rollout.reason).toBe("1 of 1 devices of stage 1 failed: 100 %, above 5 %");
    fleet.pass(2 * day);
    expect(fleet.who(...open)).toEqual([]);
    fleet.rig.cloud.ota.retryRollout(pk, "1", fleet.tick());
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 1 });
    expect(fleet.who("init")).toEqual([first]);
    fleet.succeed(first);
    fleet.pass(hour);
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 2 });
  });

  it("that are fewer than so many do not, nor do those of a share of 1", () => {
    const fleet = new UpgradedFleet(10);
    fleet.begin({ shares: [1], leastFailures: 4 });
    const keys = fleet.who("init");
    fleet.fail(-2, "", ...keys.slice(0, 3));
    expect(fleet.rollout.state).toBe("running");
    fleet.fail(-2, "", keys[3]);
    expect(fleet.rollout.state).toBe("stopped");
    const other = new UpgradedFleet(3);
    other.begin({ shares: [1], failureShare: 1 });
    const all = other.who("init");
    other.fail(-2, "", all[0], all[1]);
    expect(other.rollout.state).toBe("running");
    other.succeed(all[2]);
    expect(other.rollout.state).toBe("done");
  });

  it("of all are no success, whatever share may fail", () => {
    const fleet = new UpgradedFleet(10);
    fleet.begin({ shares: [0.2, 1], failureShare: 1, wait: 0 });
    fleet.fail(-2, "", ...fleet.who("init"));
    expect(fleet.rollout).toMatchObject({ state: "stopped", reason: "no device of stage 1 succeeded" });
    fleet.rig.cloud.ota.resumeRollout(pk, "1", fleet.tick());
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 2 });
  });

  it("are devices that go back to the version that they had, too", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [0.1, 1] });
    const [one, two] = fleet.who("init");
    fleet.succeed(one, two);
    expect(fleet.rollout.state).toBe("waiting");
    fleet.at(two).inform(fleet.tick(), "1.2.0");
    expect(fleet.rollout).toMatchObject({
      ...{ state: "stopped", reason: "1 of 2 devices of stage 1 failed: 50 %, above 5 %" },
      stages: [{ failures: [{ reason: "the device went back from 1.3.0", deviceKeys: [two] }] }, {}],
    });
  });

  it("of a stage before stop a later one", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [0.1, 1], stageLimit: day, wait: 0 });
    const [quick, slow] = fleet.who("init");
    fleet.told([slow]);
    fleet.succeed(quick);
    fleet.pass(day);
    expect(fleet.rollout.stage).toBe(2);
    fleet.fail(-1, "late", slow);
    expect(fleet.rollout.reason).toBe("1 of 2 devices of stage 1 failed: 50 %, above 5 %");
  });
});

describe("time", () => {
  it("leaves a stage whose devices are never heard of, once one has succeeded", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [0.1, 1], stageLimit: day });
    const [quick] = fleet.who("init");
    fleet.succeed(quick);
    fleet.pass(day - hour);
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 1 });
    fleet.pass(hour);
    expect(fleet.rollout).toMatchObject({ state: "waiting", stage: 1 });
    fleet.pass(hour);
    expect(fleet.rollout).toMatchObject({ state: "running", stage: 2 });
    expect(fleet.who("init")).toHaveLength(19);
    fleet.succeed(...fleet.who("init").slice(0, 10));
    fleet.pass(day);
    expect(fleet.rollout.state).toBe("done");
    // They have their tasks all the same.
    const [late] = fleet.who("init");
    fleet.succeed(late);
    expect(told(fleet)).toEqual(["stage 1 of 2: 2", "stage 2 of 2: 18", "done: 11 of 20, 0 failed"]);
    expect(fleet.rollout.stages.map(({ counts }) => counts.succeeded)).not.toContain(0);
  });

  it("stops it when none has", () => {
    const fleet = new UpgradedFleet(20);
    fleet.begin({ shares: [0.1, 1], stageLimit: day });
    fleet.pass(day);
    expect(fleet.rollout).toMatchObject({
      state: "stopped",
      reason: "no device of stage 1 came to an end in time",
    });
    fleet.rig.cloud.ota.resumeRollout(pk, "1", fleet.tick());
    fleet.pass(day - 2);
    expect(fleet.rollout.state).toBe("running");
    fleet.pass(2);
    expect(fleet.rollout.state).toBe("stopped");
  });

  it("is told as the cloud's deadline", () => {
    const fleet = new UpgradedFleet(3);
    const { cloud } = fleet.rig;
    fleet.begin({ shares: [0.1, 1], wait: 50_000 });
    fleet.succeed(...fleet.who("init"));
    expect(cloud.deadline).toBeLessThanOrEqual(fleet.rollout.nextAt!);
    cloud.poll(cloud.deadline);
    cloud.poll(fleet.rollout.nextAt!);
    expect(fleet.rollout.stage).toBe(2);
  });
});

describe("an operator", () => {
  it("halts it, and goes on with it", () => {
    const fleet = new UpgradedFleet(10);
    const { cloud } = fleet.rig;
    fleet.begin({ shares: [0.5, 1] });
    const [one, two, ...rest] = fleet.who("init");
    fleet.told([one]);
    expect(cloud.ota.pauseRollout(pk, "1", fleet.tick()).state).toBe("paused");
    const waiting = eventsOf(fleet.rig, "command-revoked");
    expect(waiting).toHaveLength(4);
    expect(fleet.at(two).pushed(fleet.tick())).toBeUndefined();
    fleet.succeed(one);
    fleet.pass(30 * day);
    expect(fleet.rollout.state).toBe("paused");
    expect(() => cloud.ota.pauseRollout(pk, "1", fleet.now)).toThrow(/is paused: only one that is running/);
    cloud.ota.resumeRollout(pk, "1", fleet.tick());
    fleet.succeed(two, ...rest);
    expect(fleet.rollout).toMatchObject({ state: "waiting" });
    cloud.ota.pauseRollout(pk, "1", fleet.tick());
    fleet.pass(2 * hour);
    // The time that it was to wait has passed meanwhile.
    expect(cloud.ota.resumeRollout(pk, "1", fleet.tick())).toMatchObject({ state: "running", stage: 2 });
    expect(() => cloud.ota.resumeRollout(pk, "1", fleet.now)).toThrow(/only one that is paused or stopped/);
  });

  it("aborts it: what has not begun is canceled, and another one can begin", () => {
    const fleet = new UpgradedFleet(10);
    const { cloud } = fleet.rig;
    fleet.begin({ shares: [0.5, 1] });
    const [busy, ...rest] = fleet.who("init");
    fleet.told([busy]);
    fleet.at(busy).progress(fleet.tick(), 10);
    fleet.put("1.4.0");
    expect(() => fleet.begin({ version: "1.4.0" })).toThrow(
      "rollout 1, to 1.3.0, is running: abort it, or wait until it is done",
    );
    expect(() => cloud.ota.removeFirmware(pk, "1.3.0", fleet.now)).toThrow(/in a task/);
    expect(cloud.ota.abortRollout(pk, "1", fleet.tick())).toMatchObject({
      ...{ state: "aborted", endedAt: fleet.now },
      stages: [{ counts: { upgrading: 1, canceled: 4 } }, { devices: 0 }],
    });
    expect(fleet.at(rest[0]).progress(fleet.tick(), 1)).toBe(764);
    fleet.succeed(busy);
    expect(fleet.rollout.stages[0].counts).toMatchObject({ upgrading: 0, succeeded: 1 });
    expect(fleet.begin({ version: "1.4.0" })).toMatchObject({ rolloutId: "2", state: "running" });
    for (const act of ["pauseRollout", "resumeRollout", "abortRollout", "retryRollout"] as const) {
      expect(() => cloud.ota[act](pk, "1", fleet.now), act).toThrow(/is aborted: only one/);
      expect(() => cloud.ota[act](pk, "9", fleet.now), act).toThrow(`no rollout 9 of product ${pk}`);
    }
  });

  it("tries again what failed in one that is done", () => {
    const fleet = new UpgradedFleet(4);
    const { cloud } = fleet.rig;
    fleet.begin({ shares: [1], failureShare: 0.5 });
    const [bad, ...good] = fleet.who("init");
    fleet.fail(-2, "", bad);
    fleet.succeed(...good);
    expect(fleet.rollout.state).toBe("done");
    expect(cloud.ota.retryRollout(pk, "1", fleet.tick()).state).toBe("running");
    fleet.succeed(bad);
    expect(fleet.rollout).toMatchObject({ state: "done", stages: [{ counts: { succeeded: 4, failed: 0 } }] });
    expect(() => cloud.ota.retryRollout(pk, "1", fleet.now)).toThrow(/nothing to be tried again/);
  });

  it("sets its terms within bounds", () => {
    const fleet = new UpgradedFleet(2);
    for (const [order, what] of [
      [{ shares: [] }, /^stages: expected 1 to 16/],
      [{ shares: [0.5, 0.5] }, /^stages: expected shares above 0, each larger/],
      [{ shares: [0, 1] }, /^stages/],
      [{ shares: [1.5] }, /^stages/],
      [{ shares: [NaN] }, /^stages/],
      [{ wait: -1 }, /^wait: expected 0 to/],
      [{ wait: NaN }, /^wait/],
      [{ failureShare: 1.1 }, /^failureShare/],
      [{ leastFailures: 0 }, /^leastFailures/],
      [{ stageLimit: 1 }, /^stageLimit/],
      [{ timeout: 1 }, /^timeout/],
      [{ version: "9" }, /^no firmware 9/],
    ] as const) {
      expect(() => fleet.begin(order), JSON.stringify(order)).toThrow(what);
    }
    expect(fleet.rig.cloud.ota.rollouts(pk)).toEqual([]);
    expect(told(fleet)).toEqual([]);
  });
});

describe("devices", () => {
  it("that come later are taken by the next stage, or at once by the last", () => {
    const fleet = new UpgradedFleet(10);
    fleet.begin({ shares: [0.5, 1], wait: 0 });
    const five = fleet.who("init");
    fleet.arrive(10);
    fleet.arrive(11);
    expect(fleet.who("init")).toEqual(five);
    fleet.succeed(...five);
    expect(fleet.who("init")).toHaveLength(7);
    fleet.arrive(12);
    expect(fleet.who("init")).toContain("d012");
    // Who has the version needs none.
    fleet.arrive(13, "1.3.0");
    expect(fleet.rollout.stages.map(({ devices }) => devices)).toEqual([5, 8]);
    fleet.succeed(...fleet.who("init"));
    expect(fleet.rollout.state).toBe("done");
    fleet.arrive(14);
    expect(fleet.who("init")).toEqual([]);
  });

  it("that can have no task are passed over, and told of", () => {
    const fleet = new UpgradedFleet(4);
    const { cloud } = fleet.rig;
    fleet.put("1.4.0");
    cloud.ota.order({ productKey: pk, version: "1.4.0", deviceKeys: ["d000", "d001"] }, fleet.tick());
    fleet.begin({ shares: [0.5, 1], wait: 0 });
    expect(fleet.who("init").every((key) => key === "d002" || key === "d003")).toBe(true);
    fleet.succeed("d002", "d003");
    expect(fleet.rollout.stages[1].skipped).toMatchObject([{ count: 1 }, { count: 1 }]);
    // None is left that could have one: the stage is over as it begins.
    expect(fleet.rollout).toMatchObject({ state: "done", stages: [{ devices: 2 }, { devices: 0 }] });
  });

  it("are none: it does not begin", () => {
    const fleet = new UpgradedFleet(2);
    const { cloud } = fleet.rig;
    cloud.ota.order({ productKey: pk, version: "1.3.0" }, fleet.tick());
    expect(() => fleet.begin()).toThrow(/^no device can be given 1\.3\.0; d00\d: it has task/);
    for (const { taskId } of cloud.ota.tasks()) cloud.ota.cancel(taskId, fleet.now);
    for (const key of fleet.updaters.keys()) fleet.at(key).inform(fleet.tick(), "1.3.0");
    expect(() => fleet.begin()).toThrow(/has no device that has informed another version than 1\.3\.0/);
    expect(cloud.ota.rollouts(pk)).toEqual([]);
  });

  it("that are removed are waited for no more", () => {
    const fleet = new UpgradedFleet(3);
    const { cloud } = fleet.rig;
    fleet.begin({ shares: [1] });
    fleet.succeed("d000", "d001");
    cloud.devices.remove(pk, "d002", fleet.tick());
    expect(fleet.rollout).toMatchObject({
      state: "done",
      stages: [{ devices: 2, counts: { succeeded: 2 } }],
    });
    cloud.devices.remove(pk, "d001", fleet.tick());
    expect(fleet.rollout.stages[0].counts.succeeded).toBe(2);
  });
});

describe("over a restart", () => {
  it("goes on where it was: stages, counts, halts and times", () => {
    const storage = new MemoryStorage();
    const fleet = new UpgradedFleet(10, { storage });
    fleet.begin({ shares: [0.2, 1] });
    fleet.succeed(...fleet.who("init"));
    const waiting = fleet.rollout;
    const again = rig({ storage, devices: [] });
    expect(again.cloud.ota.rollouts(pk)).toEqual([waiting]);
    again.cloud.poll(waiting.nextAt! - 1);
    expect(again.cloud.ota.rollouts(pk)[0].state).toBe("waiting");
    again.cloud.poll(waiting.nextAt!);
    expect(again.cloud.ota.rollouts(pk)[0]).toMatchObject({
      state: "running",
      stage: 2,
      stages: [{}, { devices: 8 }],
    });
    again.cloud.ota.pauseRollout(pk, "1", waiting.nextAt! + 1);
    const third = rig({ storage, devices: [] }).cloud;
    expect(third.ota.rollouts(pk)[0].state).toBe("paused");
    const now = waiting.nextAt! + 2;
    expect(third.ota.resumeRollout(pk, "1", now).stages[1].counts).toMatchObject({ init: 8 });
    third.ota.abortRollout(pk, "1", now);
    third.ota.rollOut({ productKey: pk, version: "1.3.0" }, now);
    expect(third.ota.rollouts(pk).map(({ rolloutId }) => rolloutId)).toEqual(["2", "1"]);
    for (let i = 0; i < 10; i++) third.devices.remove(pk, recordOf(i).deviceKey, now);
    third.products.remove(pk, now);
    expect([...storage.kept.keys()].filter((key) => /^(rollout|ota-task|firmware)/.test(key))).toEqual([]);
  });

  it("no more of them are kept of a product than the bound says", () => {
    const storage = new MemoryStorage();
    const fleet = new UpgradedFleet(1, { storage });
    for (let i = 0; i < 40; i++) {
      const { rolloutId } = fleet.begin();
      fleet.rig.cloud.ota.abortRollout(pk, rolloutId, fleet.tick());
    }
    expect(fleet.rig.cloud.ota.rollouts(pk)).toHaveLength(32);
    expect([...storage.kept.keys()].filter((key) => key.startsWith("rollout/"))).toHaveLength(32);
    expect(rig({ storage, devices: [] }).cloud.ota.rollouts(pk)).toEqual(fleet.rig.cloud.ota.rollouts(pk));
  });

  it.each([7, null, { rolloutId: 1 }, { rolloutId: "1" }, { rolloutId: "x", stages: [] }])(
    "%j is not taken for one",
    (value) => {
      const storage = new MemoryStorage();
      storage.put(`rollout/${pk}/000000000001`, value);
      expect(() => rig({ storage })).toThrow(/with a content that is none of this program's/);
    },
  );
});
