/** Updates in a campaign: trials in which all goes well, and the rules on them, each broken. */
import { describe, expect, test } from "vitest";
import { judgeUpdates } from "../../../../host-sim/tools/chaos/rules/update";
import { density } from "../../../density";
import { broken, hour, run, scriptOf } from "./planted";
import type { Updates } from "../../../../host-sim/tools/chaos/updates";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

describe("a device that is updated time and again", () => {
  test.each(["none", "deep"] as const)(
    "runs the last version, and loses nothing; sleep %s",
    async (sleep) => {
      const result = await run(scriptOf([], { update: true, sleep }));
      expect(result.violations).toEqual([]);
      expect(result.updates).toMatchObject({ failed: 0, bricks: 0, strangers: 0 });
      expect(result.updates!.ordered).toBeGreaterThan(1);
      expect(result.updates!.kept).toBe(result.updates!.ordered);
      expect(result.delivered).toBe(result.readings);
    },
  );

  test("does so when its power fails, again and again, in whatever it writes", async () => {
    const faults = Array.from({ length: density(24, 8) }, (_, i) => {
      const at = (hour * (i + 1)) / 4;
      return { at, kind: "power-cut-in-write" as const, lasting: 0, amount: 1 + ((37 * i) % 60) };
    });
    const result = await run(scriptOf(faults, { update: true }));
    expect(result.violations).toEqual([]);
    expect(result.powerCuts).toBeGreaterThan(4);
    expect(result.updates).toMatchObject({ bricks: 0, strangers: 0 });
    expect(result.updates!.kept).toBeGreaterThan(1);
  });
});

describe("each rule, broken on purpose, is found", () => {
  test("brick and image: starts without an image, and with one that nobody has made", async () => {
    const tamper = (event: WorldEvent): WorldEvent => {
      if (event.source !== "slots") return event;
      // The other slot is empty at the first start.
      return event.time === 0 ? { ...event, what: "other", slot: 1 } : { ...event, what: "no image" };
    };
    const found = broken(await run({ ...scriptOf([], { update: true }), hours: 1 }, { tamper }));
    expect(found).toEqual(expect.arrayContaining(["brick", "image"]));
  });

  test("update: one that is still under way at the end", () => {
    const sentences: string[] = [];
    const figures = { ordered: 1, kept: 0, failed: 0, bricks: 0, strangers: 0 };
    const underWay = { toVersion: "0.3.0", status: "upgrading", progress: 50, desc: "half of it" };
    judgeUpdates({ figures, underWay } as unknown as Updates, (invariant, sentence) => {
      sentences.push(`${invariant}: ${sentence}`);
    });
    expect(sentences).toEqual(["update: the update to 0.3.0 is upgrading at the end, 50 %: half of it"]);
  });
});
