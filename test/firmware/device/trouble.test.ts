import { describe, expect, it } from "vitest";
import { Troubles } from "../../../firmware/device/trouble";
import { AgentRig, thing, withTrouble } from "./rig";
import { Store } from "../delivery/journal-rig";

const minute = 60_000;
const day = 86_400_000;

describe("what is told unasked", () => {
  it("is of some kinds of lines only, one a kind and day, with how many there were", () => {
    const troubles = new Troubles();
    troubles.hear({ kind: "modem asleep" });
    expect(troubles.isDue(0)).toBe(false);
    troubles.hear({ kind: "memory failed", reason: "ESP_ERR_NVS" });
    troubles.hear({ kind: "radio off", spent: 3_600_000, wait: 1_000 });
    expect(troubles.isDue(0)).toBe(true);
    expect(troubles.take(0)).toEqual([
      { what: "memory failed", line: 'memory: failed reason="ESP_ERR_NVS"', count: 1 },
      { what: "radio off", line: 'radio: off reason="budget spent" spent=3600s resumes=1s', count: 1 },
    ]);
    expect(troubles.isDue(0)).toBe(false);
    for (const reason of ["first", "last"]) troubles.hear({ kind: "memory failed", reason });
    expect(troubles.isDue(day - 1)).toBe(false);
    expect(troubles.take(day - 1)).toEqual([]);
    expect(troubles.isDue(day)).toBe(true);
    expect(troubles.take(day)).toEqual([
      { what: "memory failed", line: 'memory: failed reason="last"', count: 2 },
    ]);
  });

  it("is cut to what the model has room for, whatever an exception says", () => {
    const troubles = new Troubles();
    troubles.hear({ kind: "memory failed", reason: "😀".repeat(10_000) });
    const [{ line }] = troubles.take(0);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(512);
  });
});

describe("the agent", () => {
  function failing(model: typeof thing): string[] {
    const store = new Store();
    const troubles = new Troubles();
    const rig = new AgentRig({ store, troubles, model });
    rig.wait(minute);
    store.fail = true;
    rig.wait(day / 2);
    expect(rig.agent.waiting).toBe(0);
    expect(rig.agent.totals.acknowledged).toBeGreaterThan(1);
    return rig.server.seen.map(({ line }) => line).filter((line) => line.includes("/event/"));
  }

  it("sends it as an event, at once", () => {
    expect(failing(withTrouble)).toEqual([expect.stringContaining("/thing/event/trouble/post")]);
  });

  it("sends nothing where the product's model has no such event", () => {
    expect(failing(thing)).toEqual([]);
  });
});
