/** The rules of a trial, and what becomes of a device whose new firmware is no good. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  Trial,
  freshTrial,
  isPowerStart,
  isWrongStart,
  startedAgain,
  verdictOf,
} from "../../../firmware/update/trial";
import { changedImage, smallImage } from "./small-package";
import { Maker, UpdatingDevice, packageOf } from "./updating-device";
import type { TrialState } from "../../../firmware/update/trial";
import type { Behaviour, DeviceOptions } from "./updating-device";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function trialOf(state: TrialState = freshTrial) {
  const saved: TrialState[] = [];
  const trial = new Trial(state, (each) => void saved.push(each));
  return { trial, saved, last: () => saved.at(-1) ?? state };
}

describe("starts", () => {
  test.each(["panic", "watchdog", "abort", "cpu-lockup"])("after %s count, the third ends it", (reason) => {
    let state = freshTrial;
    for (let i = 1; i <= 3; i++) {
      expect(verdictOf(state)).toBeUndefined();
      state = startedAgain(state, reason);
      expect(state.starts).toBe(i);
    }
    expect(verdictOf(state)).toEqual({ kind: "back", reason: "3 starts went wrong" });
  });

  test.each(["power-on", "brownout", "power-glitch", "software", "external-pin", "deep-sleep"])(
    "after %s do not",
    (reason) => {
      const state = startedAgain({ starts: 2, tries: 0, searched: 0 }, reason);
      expect(state.starts).toBe(2);
      expect(verdictOf(state)).toBeUndefined();
      expect(isWrongStart(reason)).toBe(false);
    },
  );

  it("after a loss of power gives back the try that it has cut short, any other start does not", () => {
    expect(startedAgain({ starts: 0, tries: 3, searched: 0 }, "power-on").tries).toBe(2);
    expect(startedAgain({ starts: 0, tries: 0, searched: 0 }, "brownout").tries).toBe(0);
    expect(startedAgain({ starts: 0, tries: 3, searched: 0 }, "software").tries).toBe(3);
    expect(isPowerStart("power-on")).toBe(true);
    expect(isPowerStart("software")).toBe(false);
  });
});

describe("tries", () => {
  it("with a reading delivered: good, at once and for good", () => {
    const { trial } = trialOf();
    trial.connected(1_000);
    expect(trial.poll(2_000)).toBeUndefined();
    trial.delivered();
    expect(trial.poll(3_000)).toEqual({ kind: "good" });
    expect(trial.poll(99 * day)).toEqual({ kind: "good" });
    expect(trial.deadline).toBe(Infinity);
  });

  /** Something is sent every so many minutes: how it ends, and when. */
  const trying = (apart: number, most = 10 * day) => {
    const { trial, last } = trialOf();
    for (let now = 0; now < most; now += minute) {
      if (now % (apart * minute) === 0) trial.connected(now);
      const verdict = trial.poll(now);
      if (verdict !== undefined) return { verdict, hours: now / hour, last: last() };
    }
    return { verdict: undefined, hours: most / hour, last: last() };
  };

  it.each([
    [1, 2.4, 2.7],
    [20, 2.5, 4.5],
    // The pauses between tries of a device whose cloud is silent.
    [60, 8, 10],
  ])("five in vain, with something sent every %i minutes: back", (apart, least, most) => {
    const { verdict, hours } = trying(apart);
    expect(verdict).toEqual({ kind: "back", reason: "no reading delivered in 5 tries" });
    expect(hours).toBeGreaterThan(least);
    expect(hours).toBeLessThan(most);
  });

  it("in which something was sent only once last on", () => {
    const { trial, last } = trialOf();
    trial.connected(0);
    for (let now = 0; now < 50 * hour; now += minute) expect(trial.poll(now)).toBeUndefined();
    expect(last().tries).toBe(1);
  });

  it("count from the moment at which they begin, so that a restart within them is one", () => {
    let state = freshTrial;
    for (let i = 1; i <= 5; i++) {
      const { trial, last } = trialOf(state);
      trial.connected(1_000);
      expect(trial.poll(2_000)).toBeUndefined();
      state = startedAgain(last(), "software");
      expect(state.tries).toBe(i);
    }
    const { trial } = trialOf(state);
    trial.connected(1_000);
    expect(trial.poll(2_000)).toMatchObject({ kind: "back" });
  });

  it("no network at all: three days, over restarts, and then back", () => {
    let state = freshTrial;
    let hours = 0;
    let verdict;
    while (verdict === undefined && hours < 200) {
      const { trial, last } = trialOf(state);
      let now = 0;
      for (; now <= 10 * hour && verdict === undefined; now += 10 * minute) verdict = trial.poll(now);
      hours += now / hour;
      state = startedAgain(last(), "power-on");
    }
    expect(verdict).toEqual({ kind: "back", reason: "no network or no power for 72 hours" });
    expect(hours).toBeGreaterThan(71);
    expect(hours).toBeLessThan(75);
  });

  it.each(["brownout", "power-on", "software", "external"])(
    "a start that ends in less than no network takes, by %s each time: back, though not soon",
    (reason) => {
      let state = freshTrial;
      let starts = 0;
      for (; verdictOf(state) === undefined && starts < 1_000; starts++) {
        const { trial, last } = trialOf(state);
        for (let now = 0; now < 20 * minute; now += minute) expect(trial.poll(now)).toBeUndefined();
        if (starts < 5) trial.connected(20 * minute);
        state = startedAgain({ ...last(), tries: Math.min(last().tries, 4) }, reason);
      }
      expect(starts).toBeGreaterThan(100);
      expect(starts).toBeLessThan(500);
    },
  );

  it("has always a deadline at which something comes of it", () => {
    const { trial } = trialOf();
    for (let i = 0, now = 0; i < 200; i++) {
      if (trial.poll(now) !== undefined) break;
      expect(trial.deadline).toBeGreaterThan(now);
      now = trial.deadline;
      expect(i).toBeLessThan(100);
    }
  });

  it("never ends well by itself, and never twice differently", () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 3 * hour }), what: fc.constantFrom("connected", "poll") }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { trial } = trialOf();
        let now = 0;
        let first;
        for (const { wait, what } of all) {
          now += wait;
          if (what === "connected") trial.connected(now);
          const verdict = trial.poll(now);
          expect(verdict?.kind).not.toBe("good");
          if (first === undefined) first = verdict;
          else expect(verdict).toEqual(first);
        }
      }),
    );
  });
});

const maker = new Maker();
const base = smallImage("base", 30_000);
const image = changedImage(base, "new", 100);
const difference = packageOf({ maker, image, base });

function afterUpdate(behaviour: Behaviour, options: Partial<DeviceOptions> = {}): UpdatingDevice {
  const device = new UpdatingDevice({ maker, image: base, ...options });
  device.knows(image, "0.3.0", behaviour);
  device.wait(2 * minute);
  device.order(difference);
  device.until(() => device.ran.includes("0.3.0"), 2 * hour);
  return device;
}

describe("a new firmware", () => {
  it.each<[Behaviour, string]>([
    ["crashes", "rolled back: 3 starts went wrong"],
    ["mute", "rolled back: no reading delivered in 5 tries"],
    ["deaf", "rolled back: no reading delivered in 5 tries"],
    ["bad settings", "rolled back: server is not set"],
    ["aborts early", "rolled back: its first start ended, panic"],
  ])("that %s: the one before is back, tells why, and loses no reading", (behaviour, desc) => {
    const device = afterUpdate(behaviour);
    expect(device.until(() => device.task.status === "failed", 2 * day)).toBe(true);
    expect(device.task).toMatchObject({ progress: -1, desc });
    expect(device.version).toBe("0.2.0");
    // The new one has not told its version: it would have ended the cloud's task.
    expect(device.informed).toEqual(new Set(["0.2.0"]));
    device.wait(hour);
    expect(device.until(() => device.agent.agent.waiting === 0, hour)).toBe(true);
    const acknowledged = device.lines("report: acknowledged").length;
    expect(device.lines("report: taken").length).toBe(acknowledged);
    expect(device.readings).toBe(acknowledged);
    // It is updated again when its maker has mended the firmware.
    const mended = changedImage(image, "mended", 10);
    device.knows(mended, "0.3.1");
    device.order(packageOf({ maker, image: mended, base, version: "0.3.1" }), "0.3.1");
    expect(device.until(() => device.task.status === "succeeded", 6 * hour)).toBe(true);
    expect(device.version).toBe("0.3.1");
  });

  it("of which the power fails again and again before it has delivered anything: it stays on trial, and is kept", () => {
    const device = afterUpdate("good");
    for (let i = 0; i < 30; i++) device.losePower();
    expect(device.version).toBe("0.3.0");
    device.wait(5 * minute);
    expect(device.task.status).toBe("succeeded");
    expect(device.slots[1].state).toBe("valid");
  });

  it("of which the power fails before the boot loader knows that it runs: it is started anew", () => {
    const device = new UpdatingDevice({ maker, image: base });
    device.knows(image, "0.3.0", "loses power");
    device.wait(2 * minute);
    device.order(difference);
    device.until(() => device.ran.length > 4, 3 * hour);
    device.knows(image, "0.3.0", "good");
    expect(device.until(() => device.task.status === "succeeded", 6 * hour)).toBe(true);
    expect(device.version).toBe("0.3.0");
    expect(device.lines("update: starts").length).toBeGreaterThan(2);
  });

  it("that reaches no cloud, and has no journal for what waits: the one before is back all the same", () => {
    const device = new UpdatingDevice({ maker, image: base, agent: { flash: undefined } });
    device.knows(image, "0.3.0", "mute");
    device.wait(2 * minute);
    device.order(difference);
    expect(device.until(() => device.version === "0.3.0", 2 * hour)).toBe(true);
    expect(device.until(() => device.version === "0.2.0", day)).toBe(true);
  });

  it.each<Behaviour>(["crashes", "aborts early"])(
    "that %s leaves the one before to a normal start, and not to a safe one for what it has done itself",
    (behaviour) => {
      const device = afterUpdate(behaviour);
      expect(device.until(() => device.task.status === "failed", day)).toBe(true);
      expect([device.version, device.safe]).toEqual(["0.2.0", []]);
    },
  );

  it("that panics while its partition takes nothing any more, so that nobody can count: the one before is back", () => {
    const device = afterUpdate("deaf");
    expect(device.version).toBe("0.3.0");
    device.wait(minute);
    const fails = (): never => {
      throw new Error("flash fails");
    };
    Object.assign(device.staging, { write: fails, eraseBlock: fails });
    for (let i = 0; i < 5 && device.version === "0.3.0"; i++) {
      device.crash();
      device.wait(minute);
    }
    expect(device.version).toBe("0.2.0");
    device.wait(hour);
    for (let i = 0; i < 3; i++) {
      device.losePower();
      device.wait(hour);
    }
    expect([device.version, device.ran]).toEqual(["0.2.0", ["0.2.0", "0.3.0", "0.2.0"]]);
  });

  it("that says it is another version than its package: never on trial, the one before is back", () => {
    const device = new UpdatingDevice({ maker, image: base });
    device.knows(image, "0.2.9");
    device.wait(2 * minute);
    device.order(difference);
    expect(device.until(() => device.task.status === "failed", 6 * hour)).toBe(true);
    expect(device.ran).toEqual(["0.2.0", "0.2.9", "0.2.0"]);
    expect(device.task.desc).toBe("rolled back: expected version 0.3.0, the image is 0.2.9");
    expect(device.slots[0].state).not.toBe("invalid");
    expect(device.lines("update: starts")).toHaveLength(1);
  });

  it("in a cell that is dead for a day: no verdict", () => {
    const device = new UpdatingDevice({ maker, image: base });
    device.knows(image, "0.3.0");
    device.wait(2 * minute);
    device.order(difference);
    device.dead = () => device.version === "0.3.0";
    device.until(() => device.version === "0.3.0", 2 * hour);
    device.wait(day);
    expect(device.version).toBe("0.3.0");
    expect(device.lines("update: back")).toEqual([]);
    device.dead = () => false;
    expect(device.until(() => device.task.status === "succeeded", 3 * hour)).toBe(true);
  });

  it("that finds no network for three days where the one before had it: the one before is back", () => {
    const device = new UpdatingDevice({ maker, image: base });
    device.knows(image, "0.3.0");
    device.wait(2 * minute);
    device.order(difference);
    device.dead = () => device.version === "0.3.0";
    device.until(() => device.version === "0.3.0", 2 * hour);
    expect(device.until(() => device.version === "0.2.0", 4 * day)).toBe(true);
    device.wait(2 * hour);
    expect(device.task).toMatchObject({
      status: "failed",
      desc: "rolled back: no network or no power for 72 hours",
    });
    expect(device.until(() => device.agent.agent.waiting === 0, hour)).toBe(true);
  });

  it("is asked for yet another version while it is on trial: not now", () => {
    const device = afterUpdate("mute");
    const command = {
      id: "1",
      version: "1.0",
      params: { version: "0.4.0", fileUrl: "/f/a", fileSize: 1_000 },
    };
    const payload = Buffer.from(JSON.stringify(command));
    expect(device.update.obey("ota/device/upgrade", payload, device.agent.now)).toBe(true);
    expect(device.lines("update: refused")).toEqual(['update: refused version=0.4.0 reason="on trial"']);
    expect(device.update.obey("thing/service/measurepoint/set", payload, device.agent.now)).toBe(false);
  });
});
