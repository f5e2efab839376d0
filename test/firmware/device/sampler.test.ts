/**
 * A reading that takes its time, fails, or never comes: what is left out, what is told, and that no late answer
 * passes for a later reading.
 */
import { describe, expect, test } from "vitest";
import { FailureCount } from "../../../firmware/device/failure-count";
import { logLine } from "../../../firmware/device/log";
import { Sampler } from "../../../firmware/device/sampler";
import { Troubles } from "../../../firmware/device/trouble";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { RetainedRam } from "../continuity/retained-ram";
import { AgentRig, withTrouble } from "./rig";
import type { Application } from "../../../firmware/device/application";
import type { ThingValues } from "../../../firmware/model/thing";

const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;

/** What settles a promise that the application has given. */
interface Answer {
  resolve(values: unknown): void;
  reject(error?: unknown): void;
}

/** A sampler whose application answers when the test says so. */
class SamplerRig {
  readonly answers: Answer[] = [];
  readonly log: string[] = [];
  wakes = 0;
  readonly sampler: Sampler;

  constructor(
    application: Partial<Pick<Application, "sampleLimit">> & { sample?: () => unknown } = {},
    { interval = 60, failures = new FailureCount() } = {},
  ) {
    const sample = (): Promise<ThingValues> =>
      new Promise((resolve, reject) => {
        this.answers.push({ resolve: resolve as Answer["resolve"], reject });
      });
    const options = {
      application: { sample, ...application } as unknown as Application,
      interval,
      reports: 0,
      wake: () => {
        this.wakes += 1;
      },
      log: (event: Parameters<typeof logLine>[0]) => void this.log.push(logLine(event)),
    };
    this.sampler = new Sampler(options, failures);
  }

  /** Takes after the promises that were settled have told so. */
  async take(now: number): Promise<ThingValues | "missed" | undefined> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.sampler.take(now);
  }
}

describe("a promise", () => {
  test("is waited for, and brings its reading when it is settled; the step stays", async () => {
    const rig = new SamplerRig();
    expect(await rig.take(0)).toBeUndefined();
    expect(rig.sampler).toMatchObject({ busy: true, left: true, taken: 0, deadline: 5 * second });
    expect(await rig.take(2 * second)).toBeUndefined();
    expect(rig.answers).toHaveLength(1);
    rig.answers[0].resolve({ n: 1 });
    expect(await rig.take(2_100)).toEqual({ n: 1 });
    expect(rig.sampler).toMatchObject({ busy: false, taken: 1, deadline: minute });
    expect(rig.wakes).toBe(1);
    expect(await rig.take(minute)).toBeUndefined();
    expect(rig.answers).toHaveLength(2);
    expect(rig.log).toEqual([]);
  });

  test("of a reading that is taken late has its whole limit, and the next one follows it", async () => {
    const rig = new SamplerRig({ sampleLimit: 20 * second });
    await rig.take(0);
    rig.answers[0].resolve({ n: 1 });
    await rig.take(100);
    // The device was busy for almost the whole interval.
    const late = 2 * minute - 1;
    expect(await rig.take(late)).toBeUndefined();
    expect(rig.sampler.deadline).toBe(late + 20 * second);
    rig.answers[1].resolve({ n: 2 });
    expect(await rig.take(late + 10 * second)).toEqual({ n: 2 });
    expect(await rig.take(late + 10 * second)).toBeUndefined();
    expect(rig.answers).toHaveLength(3);
    expect(rig.sampler.deadline).toBe(late + 30 * second);
  });

  test("that never comes ends with the limit, and the next reading is taken in its turn", async () => {
    const rig = new SamplerRig();
    await rig.take(0);
    expect(await rig.take(5 * second - 1)).toBeUndefined();
    expect(await rig.take(5 * second)).toBe("missed");
    expect(rig.sampler).toMatchObject({ busy: false, taken: 0, deadline: minute });
    expect(rig.log).toEqual(['report: missed count=1 reason="no answer within 5000 ms"']);
    await rig.take(minute);
    rig.answers[1].resolve({ n: 2 });
    expect(await rig.take(minute + 20)).toEqual({ n: 2 });
    expect(rig.log[1]).toBe("report: back count=1");
  });

  test("whose answer comes late belongs to no reading, not even to the one that is waited for then", async () => {
    const rig = new SamplerRig();
    await rig.take(0);
    expect(await rig.take(5 * second)).toBe("missed");
    rig.answers[0].resolve({ n: 1 });
    expect(await rig.take(6 * second)).toBeUndefined();
    await rig.take(minute);
    rig.answers[0].reject(new Error("again"));
    expect(await rig.take(minute + second)).toBeUndefined();
    expect(rig.sampler.busy).toBe(true);
    rig.answers[1].resolve({ n: 2 });
    expect(await rig.take(minute + 2 * second)).toEqual({ n: 2 });
  });

  test.each<[limit: unknown, waits: number]>([
    [2 * second, 2 * second],
    [0, 0],
    [hour, minute - 1],
    [Infinity, minute - 1],
    [NaN, minute - 1],
    [-1, minute - 1],
    ["soon", minute - 1],
    [undefined, 5 * second],
  ])(
    "is waited for as long as the application says, and less than the interval: %s",
    async (limit, waits) => {
      const rig = new SamplerRig({ sampleLimit: limit as number });
      await rig.take(0);
      expect(rig.sampler.deadline).toBe(waits);
      if (waits > 0) expect(await rig.take(waits - 1)).toBeUndefined();
      expect(await rig.take(waits)).toBe("missed");
    },
  );

  test("of a sampler that the clock moves is waited for as long as before", async () => {
    const rig = new SamplerRig();
    await rig.take(0);
    rig.sampler.shift(30 * second);
    expect(rig.sampler.deadline).toBe(5 * second);
    expect(await rig.take(5 * second)).toBe("missed");
    expect(rig.sampler.deadline).toBe(30 * second);
  });
});

describe("a start that keeps apart from its neighbours", () => {
  /** When readings are taken up to then, with a call of `take` at each deadline. */
  async function times(rig: SamplerRig, until: number, from = 0): Promise<number[]> {
    const taken: number[] = [];
    for (let now = from; now <= until; now = rig.sampler.deadline)
      if ((await rig.take(now)) !== undefined) taken.push(now);
    return taken;
  }
  const quick = (): SamplerRig => new SamplerRig({ sample: () => ({ n: 1 }) });

  test("takes its second reading then, and all others in step with it", async () => {
    const rig = quick();
    rig.sampler.stagger(20 * second);
    expect(await times(rig, 4 * minute, 7)).toEqual([7, 20_007, 80_007, 140_007, 200_007]);
  });

  test("with none keeps in step with the first", async () => {
    const rig = quick();
    rig.sampler.stagger(0);
    expect(await times(rig, 3 * minute)).toEqual([0, minute, 2 * minute, 3 * minute]);
  });

  test("goes on after deep sleep in the step from before it", async () => {
    const rig = quick();
    rig.sampler.stagger(20 * second);
    rig.sampler.resume(30 * second, 5);
    expect(await times(rig, 3 * minute)).toEqual([30_000, 90_000, 150_000]);
  });

  test("keeps that step where the first reading takes longer than its wait", async () => {
    const rig = new SamplerRig();
    rig.sampler.stagger(2 * second);
    await rig.take(0);
    rig.answers[0].resolve({ n: 1 });
    expect(await rig.take(3 * second)).toEqual({ n: 1 });
    expect(await rig.take(3 * second)).toBeUndefined();
    rig.answers[1].resolve({ n: 2 });
    expect(await rig.take(4 * second)).toEqual({ n: 2 });
    expect(rig.sampler.deadline).toBe(minute + 2 * second);
  });
});

/** What applications do that nobody should, and what the log says of it. */
const failing: readonly (readonly [what: string, sample: () => unknown, reason: string])[] = [
  ["a rejection", () => Promise.reject(new Error("i2c")), "i2c"],
  ["a rejection with nothing", () => Promise.reject(undefined), "unknown"],
  ["a rejection with a text", () => Promise.reject("bus"), "unknown"],
  ["a promise of nothing", () => Promise.resolve(undefined), "no values"],
  ["a promise of a number", () => Promise.resolve(NaN), "no values"],
  ["a promise of a text", () => Promise.resolve("warm"), "no values"],
  [
    "a thenable that throws",
    () => ({
      then() {
        throw new Error("thenable");
      },
    }),
    "thenable",
  ],
  [
    "a getter that throws",
    () => ({
      get then(): unknown {
        throw new Error("getter");
      },
    }),
    "getter",
  ],
  [
    "a thenable that calls back twice",
    () => ({
      then(_resolve: unknown, reject: (error: Error) => void) {
        reject(new Error("first"));
        reject(new Error("second"));
      },
    }),
    "first",
  ],
];

test.each(failing)(
  "%s costs its reading, told the first, tenth and hundredth time",
  async (_what, sample, reason) => {
    const rig = new SamplerRig({ sample });
    for (let i = 0; i < 101; i++) {
      const at = i * minute;
      if ((await rig.take(at)) !== "missed") expect(await rig.take(at + 1)).toBe("missed");
    }
    expect(rig.log).toEqual([1, 10, 100].map((n) => `report: missed count=${n} reason="${reason}"`));
    expect(rig.sampler).toMatchObject({ busy: false, taken: 0, deadline: 101 * minute });
  },
);

test("values with a measure point of the name then are no promise", async () => {
  const rig = new SamplerRig({ sample: () => ({ then: 5 }) });
  expect(await rig.take(0)).toEqual({ then: 5 });
});

describe("what fails", () => {
  test("is counted over deep sleep, and anew after any other start", () => {
    const ram = new RetainedRam();
    const told = (reason: string): number => new FailureCount(ram.start(reason)).failed(0);
    expect(told("power-on")).toBe(1);
    for (let count = 2; count < 10; count++) expect(told("deep-sleep")).toBe(0);
    expect(told("deep-sleep")).toBe(10);
    expect(new FailureCount(ram.start()).mended(0)).toBe(10);
    expect(told("deep-sleep")).toBe(1);
    expect(told("panic")).toBe(1);
  });

  test("is counted point by point, and what has no number for as long as the device is on", () => {
    const ram = new RetainedRam();
    const before = new FailureCount(ram.start("power-on"));
    expect([before.failed(7), before.failed("nope"), before.failed(255), before.failed(7)]).toEqual([
      1, 1, 1, 0,
    ]);
    expect(before.failed("nope")).toBe(0);
    const after = new FailureCount(ram.start());
    expect([after.mended(7), after.mended("nope"), after.mended(255), after.mended(1)]).toEqual([2, 0, 1, 0]);
  });

  test("has room for so many points; those beyond are told each time", () => {
    const ram = new RetainedRam();
    const count = new FailureCount(ram.start("power-on"));
    const room = Math.floor((retainedParts.failures.length - 8) / 3);
    for (let point = 0; point < room; point++) expect(count.failed(point)).toBe(1);
    expect([count.failed(200), count.failed(200)]).toEqual([1, 1]);
    expect(new FailureCount(ram.start()).failed(room - 1)).toBe(0);
  });

  test("counts no further than there is room for", () => {
    const count = new FailureCount(new RetainedRam().start("power-on"));
    let told = 0;
    for (let i = 0; i < 70_000; i++) told += count.failed(0) > 0 ? 1 : 0;
    expect([told, count.mended(0)]).toEqual([5, 65_535]);
  });
});

describe("the device", () => {
  /** Lets time pass in steps, so that promises can tell that they are settled. */
  async function pass(rig: AgentRig, ms: number): Promise<void> {
    for (const end = rig.now + ms; rig.now < end;) {
      rig.wait(Math.min(500, end - rig.now));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Answers with a promise, `ms` after it was asked. */
  function slow(rig: AgentRig, ms: number, values: () => ThingValues): () => Promise<ThingValues> {
    return async () => {
      const given = values();
      for (const at = rig.now + ms; rig.now < at;) await new Promise((resolve) => setImmediate(resolve));
      return given;
    };
  }

  test("waits for it before it switches the radio on, and sends it then", async () => {
    const rig = new AgentRig({ reports: 2 });
    Object.defineProperty(rig.link, "active", { get: () => rig.link.ready });
    rig.sample = slow(rig, 2 * second, () => ({ n: rig.samples })) as never;
    await pass(rig, second);
    // A message of the application waits all the same.
    rig.device.updateTags({ a: "b" });
    await pass(rig, second);
    expect([rig.link.connects, rig.agent.deadline <= 5 * second, rig.lines("agent: idle")]).toEqual([
      0,
      true,
      [],
    ]);
    await pass(rig, minute);
    expect(rig.link.connects).toBeGreaterThan(0);
    await pass(rig, hour);
    expect(rig.agent.totals).toMatchObject({ taken: 2, acknowledged: 2 });
  });

  test("does not sleep deeply meanwhile, and does once the limit is over", async () => {
    const rig = new AgentRig();
    Object.defineProperty(rig.link, "active", { value: false, writable: true });
    rig.sample = () => ({ n: 1 });
    await pass(rig, 14 * minute);
    expect(rig.agent.sleepState()).toMatchObject({ next: 15 * minute });
    rig.sample = (() => new Promise(() => {})) as never;
    await pass(rig, minute + 4 * second);
    expect(rig.agent.sleepState()).toBeUndefined();
    await pass(rig, minute);
    expect(rig.agent.sleepState()).toMatchObject({ next: 30 * minute, taken: 1 });
  });

  test("whose only sensor fails keeps contact at its pace, obeys, and tells its operator once a day", async () => {
    const troubles = new Troubles();
    const rig = new AgentRig({ troubles, model: withTrouble });
    rig.sample = () => {
      throw new Error("no sensor");
    };
    rig.wait(24 * hour - 1);
    const lines = rig.server.seen.map(({ line }) => line.slice(line.indexOf("/thing/")));
    expect(lines.filter((line) => line.includes("/event/trouble/"))).toHaveLength(1);
    expect(lines.filter((line) => line === "/thing/tag/query")).toHaveLength(95);
    expect(rig.lines("report: ")).toEqual([
      'report: missed count=1 reason="no sensor"',
      'report: missed count=10 reason="no sensor"',
    ]);
  });

  test("whose readings have nothing in them that the model takes does so, too", () => {
    const rig = new AgentRig({ batch: 4 });
    rig.sample = () => ({ n: NaN });
    rig.wait(24 * hour - 1);
    const asked = rig.server.seen.filter(({ line }) => line.endsWith("/thing/tag/query"));
    expect(asked).toHaveLength(24);
    expect(rig.lines("report: left out")).toEqual(
      [1, 10].map(
        (n) => `report: left out point=n count=${n} reason="not-finite n takes a finite number, got NaN"`,
      ),
    );
  });

  test("of whose values one is a promise, which is rejected later, leaves that one out", async () => {
    const rig = new AgentRig({ reports: 1 });
    rig.sample = () => ({ n: Promise.reject(new Error("i2c")) as never, relay: 1 });
    rig.wait(minute);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.agent.totals.acknowledged).toBe(1);
    expect(rig.lines("report: left out")).toEqual([
      'report: left out point=n count=1 reason="wrong-type n takes a number, got an object"',
    ]);
  });

  test("without a network, does not insist", () => {
    const rig = new AgentRig();
    rig.link.broken = true;
    rig.sample = () => {
      throw new Error("no sensor");
    };
    rig.wait(24 * hour);
    rig.link.broken = false;
    rig.wait(10 * minute);
    expect(rig.server.seen.filter(({ line }) => line.endsWith("/thing/tag/query"))).toHaveLength(1);
  });
});
