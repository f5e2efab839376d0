/**
 * What those take who attack the way to the cloud: at most a quarter of the battery's life; and the modem is asleep or off for nearly all of the day.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  attackDays,
  attackedWith,
  attackers,
  measureAttack,
} from "../../../../host-sim/inspect/energy/attack";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { density } from "../../../density";
import { base } from "./choice";
import type { Attacked, Attacker } from "../../../../host-sim/inspect/energy/attack";
import type { Choice } from "../../../../host-sim/inspect/energy/choice";

/** As `npm run energy -- --interval 3600`. */
const hourly: Choice = { ...base, interval: 3_600 };
/** The battery of the example in docs/energy.md. */
const battery = { capacity: 19, selfDischarge: 0.01 };
const options = { seed: "1", profile: profiles.field, mix: [1, 0, 0] as const, reports: 0 };

/** Up to the second guard, of four days; or as many as are measured, with the third. */
const days = density(attackDays, 6);
const attackedBy = async (attacker: Attacker | undefined): Promise<Attacked> =>
  attackedWith(battery, await measureAttack(hourly, attacker, options, days));

let alone: Attacked;
beforeAll(async () => {
  alone = await attackedBy(undefined);
});

describe.each(density(attackers["off-path"], attackers["off-path"].slice(1)))(
  "off the path: $text",
  (attacker) => {
    it("takes at most 12 J a day beyond the first, and leaves the modem asleep or off for 95 % of each day", async () => {
      const attacked = await attackedBy(attacker);
      expect(attacked.psm).toBeGreaterThan(0.95);
      // Four contacts a day with an attach each, in place of 24 without; and the ends of two guards, until it is noticed again.
      expect(86_400 * (attacked.watts - alone.watts)).toBeLessThan(12);
      // The modem is kept on until the reading after the attack's beginning: one hour, a hundredth of the battery.
      expect(attacked.onset).toBeLessThan(700);
      expect(attacked.years).toBeGreaterThan(0.7 * alone.years);
      expect(attacked.datagrams).toBeLessThan(2 * alone.datagrams);
      // The last readings wait for the next contact.
      expect(attacked.delivered).toBeGreaterThan(1 - 8 / (24 * days));
    });
  },
);

const onPath = attackers["on-path"];

describe.each(density(onPath, [onPath[0], onPath[2], onPath[4]]))("on the path: $text", (attacker) => {
  it("takes at most a quarter of it", async () => {
    const attacked = await attackedBy(attacker);
    expect(attacked.years).toBeGreaterThan(0.75 * alone.years);
    expect(attacked.datagrams).toBeLessThan(4 * alone.datagrams);
    expect(attacked.psm).toBeGreaterThan(0.95);
  });
});

it("a board that stays awake has its modem asleep all the same", async () => {
  const [, stranger] = attackers["off-path"];
  const attacked = await measureAttack({ ...hourly, sleep: "none" }, stranger, options, 2);
  expect(attacked.psm).toBeGreaterThan(0.95);
});
