/** The update's settings, and what they let be fetched when. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SettingsError } from "../../../firmware/enos/credentials";
import { Plan, planLength } from "../../../firmware/update/plan";
import { decodeTask, encodeTask } from "../../../firmware/update/task";
import { keysOf, readUpdateSettings, updateSettingNames } from "../../../firmware/update/update-settings";
import type { Task } from "../../../firmware/update/task";

const hour = 3_600_000;
const day = 24 * hour;
const key = "0123456789abcdef".repeat(8);

describe("settings", () => {
  it("have defaults that let all be fetched, but no key", () => {
    expect(readUpdateSettings({})).toEqual({
      ...{ updateKey: "", files: "", updates: "push", blocks: 0, bytes: 0, hours: undefined, coverage: 2 },
    });
  });

  it("as they may be given", () => {
    const read = readUpdateSettings({
      ...{
        updateKey: `${key}, ${key.toUpperCase()}`,
        files: "coap://files.example:5700/fw/",
        updates: "ask",
      },
      ...{ updateBlocks: "40", updateBytes: 20_000, updateHours: "22-4", updateCoverage: 1 },
    });
    expect(read).toMatchObject({
      ...{ files: "coap://files.example:5700/fw", updates: "ask", blocks: 40, bytes: 20_000, coverage: 1 },
      hours: { from: 22, until: 4 },
    });
    expect(keysOf(read.updateKey)?.map((each) => Buffer.from(each).toString("hex"))).toEqual([key, key]);
    expect(updateSettingNames.length).toBe(7);
  });

  test.each<[string, unknown]>([
    ...["1234", `${key}0`, "g".repeat(128), `${key},${key},${key}`, 7, `${key},`].map(
      (value): [string, unknown] => ["updateKey", value],
    ),
    ...["https://h/a", "/fw", "coap://h/a?b", `coap://h/${"a".repeat(200)}`, 7].map(
      (value): [string, unknown] => ["files", value],
    ),
    ...["1", "1-1", "24-3", "3-25", "a-b", "1-5 ", 5].map((value): [string, unknown] => [
      "updateHours",
      value,
    ]),
    ["updates", "pull"],
    ["updateBlocks", -1],
    ["updateBytes", 1.5],
    ["updateCoverage", 3],
  ])("%s cannot be %j", (name, value) => {
    const read = (): unknown => readUpdateSettings({ [name]: value });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(name);
  });
});

const free = { blocks: 0, bytes: 0, hours: undefined, coverage: 2, updates: "push" } as const;
const moment = { epoch: 20 * 365 * day, coverage: undefined };

describe("the plan", () => {
  it("at the hours, over midnight too, and not while the time is unknown", () => {
    const plan = new Plan({ ...free, hours: { from: 22, until: 4 } }, () => 0);
    const at = (hours: number) => ({ epoch: 20 * 365 * day + hours * hour, coverage: undefined });
    expect([21.9, 22, 23.9, 0, 3.9, 4, 12].map((hours) => plan.pause(at(hours), 0))).toEqual([
      ...["hours", undefined, undefined, undefined, undefined, "hours", "hours"],
    ]);
    expect(plan.resumesAt(at(21), 1_000)).toBe(1_000 + hour);
    expect(plan.resumesAt(at(4.5), 0)).toBe(17.5 * hour);
    expect(plan.pause({ epoch: undefined, coverage: undefined }, 0)).toBe("hours");
    expect(plan.resumesAt({ epoch: undefined, coverage: undefined }, 0)).toBe(Infinity);
  });

  it("with pauses that grow, until a week without a block or three refusals", () => {
    const plan = new Plan(free, () => 0.999);
    let now = 0;
    let last = 0;
    for (;;) {
      const wait = plan.failed(false, now);
      if (wait === undefined) break;
      expect(plan.pause(moment, now + wait - 1)).toBe("no-answer");
      expect(plan.resumesAt(moment, now)).toBe(now + wait);
      expect(wait).toBeGreaterThanOrEqual(last);
      expect(wait).toBeLessThanOrEqual(6 * hour);
      last = wait;
      now += wait;
    }
    expect(now / day).toBeGreaterThan(6.9);
    expect(now / day).toBeLessThan(7.3);
    const refused = new Plan(free, () => 0);
    expect([1, 2, 3].map((i) => refused.failed(true, i) === undefined)).toEqual([false, false, true]);
    const other = new Plan(free, () => 0);
    other.failed(true, 0);
    other.failed(true, 1);
    other.took(512, 2);
    expect(other.failed(true, 3)).toBeDefined();
  });

  it("with three heads that are refused and six files a day", () => {
    const plan = new Plan(free, () => 0);
    const begun = (now: number): boolean[] => Array.from({ length: 8 }, () => plan.mayBegin(now));
    expect(begun(0).filter(Boolean).length).toBe(6);
    expect(begun(day).filter(Boolean).length).toBe(6);
    plan.headRefused(2 * day);
    plan.headRefused(2 * day);
    expect(plan.mayBegin(2 * day)).toBe(true);
    plan.headRefused(2 * day);
    expect(plan.mayBegin(2 * day)).toBe(false);
    expect(plan.mayBegin(3 * day)).toBe(true);
  });

  it("outlives deep sleep and restarts, whatever it stood at", () => {
    const steps = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 5 * hour }),
        what: fc.constantFrom("took", "failed", "refused", "begin", "head", "contact", "asked"),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, fc.boolean(), fc.integer({ min: 0, max: 255 }), (all, continued, flags) => {
        const settings = { ...free, blocks: 7, bytes: 3_000, updates: "ask" } as const;
        const plan = new Plan(settings, () => 0.5);
        let now = 0;
        for (const { wait, what } of all) {
          now += wait;
          if (what === "took") plan.took(512, now);
          else if (what === "failed") plan.failed(false, now);
          else if (what === "refused") plan.failed(true, now);
          else if (what === "begin") plan.mayBegin(now);
          else if (what === "head") plan.headRefused(now);
          else if (what === "contact") plan.contact(now);
          else plan.asked(now);
        }
        const state = plan.state(flags, now);
        expect(state.length).toBe(planLength);
        const again = new Plan(settings, () => 0.5);
        const start = continued ? now : 0;
        expect(again.restore(state, continued, start)).toBe(flags);
        expect(again.pause(moment, start)).toBe(plan.pause(moment, now));
        const [one, other] = [plan.resumesAt(moment, now) - now, again.resumesAt(moment, start) - start];
        if (one < Infinity) expect(Math.abs(one - other)).toBeLessThanOrEqual(60_000);
        else expect(other).toBe(Infinity);
        expect(
          Math.abs(Math.max(plan.askAt - now, 0) - Math.max(again.askAt - start, 0)),
        ).toBeLessThanOrEqual(60_000);
        expect(again.mayBegin(start)).toBe(plan.mayBegin(now));
        // One that falls asleep for the rest of its day begins a new one.
        const later = new Plan(settings, () => 0.5);
        later.restore(state, true, now + 2 * day);
        expect(later.pause(moment, now + 2 * day)).not.toBe("bytes");
      }),
    );
  });

  it("takes bytes of any kind for its state", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), (bytes) => {
        const plan = new Plan({ ...free, blocks: 3 }, () => 0.5);
        plan.restore(bytes, true, 1_000);
        plan.pause(moment, 1_000);
        expect(plan.resumesAt(moment, 1_000)).toBeGreaterThan(0);
      }),
    );
  });
});

describe("a task", () => {
  const ascii = (maxLength: number) => fc.stringMatching(/^[ -~]*$/).map((text) => text.slice(0, maxLength));
  const tasks: fc.Arbitrary<Task> = fc.record({
    phase: fc.constantFrom("fetching", "activated", "trial", "kept", "back", "failed"),
    version: ascii(24),
    place: ascii(250),
    size: fc.nat({ max: 0xffff_ffff }),
    told: fc.integer({ min: -128, max: 100 }),
    report: fc.record({ step: fc.integer({ min: -4, max: 100 }), desc: ascii(80) }),
    activations: fc.nat({ max: 255 }),
    newFiles: fc.nat({ max: 255 }),
    trial: fc.record({
      starts: fc.nat({ max: 255 }),
      tries: fc.nat({ max: 255 }),
      searched: fc.nat({ max: 0xffff }),
    }),
  });

  it("is read back as it was written, in a record that the state log takes", () => {
    fc.assert(
      fc.property(tasks, (task) => {
        const bytes = encodeTask(task);
        expect(bytes.length).toBeLessThanOrEqual(512);
        expect(decodeTask(bytes)).toEqual(task);
        for (let cut = 1; cut < 4; cut++) expect(decodeTask(bytes.subarray(0, -cut))).toBeUndefined();
      }),
    );
  });

  it("lies there as docs/update-steps.md says", () => {
    const bytes = encodeTask({
      ...{ phase: "back", version: "0.3.0", place: "/f/a", size: 0x1234, told: -128 },
      ...{ report: { step: -3, desc: "x" }, activations: 2, newFiles: 1 },
      trial: { starts: 3, tries: 4, searched: 0x0506 },
    });
    expect(Buffer.from(bytes).toString("hex")).toBe(
      ["01 04 fd 02 01 03 04 80 0605 34120000", "05 302e332e30", "04 2f662f61", "01 78"]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  it("of other bytes is none, and throws nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const task = decodeTask(bytes);
        if (task !== undefined) expect(decodeTask(encodeTask(task))).toEqual(task);
      }),
    );
  });
});
