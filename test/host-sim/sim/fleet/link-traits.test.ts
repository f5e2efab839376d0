/** The table of what modems take at link depth: what of it is not measured is the simulated modem's and the driver's own. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { families as driverFamilies } from "../../../../firmware/modem/family/index";
import { drawTraits, familyOf, familyTraits, linkFamilies } from "../../../../host-sim/sim/fleet/link-traits";
import { families } from "../../../../host-sim/sim/modem/families";
import { Random } from "../../../../host-sim/sim/time/random";
import { tableText } from "../../../../host-sim/tools/bench/link-traits-fit";

describe.each([...families.values()])("$name", (family) => {
  const traits = familyTraits(family.name);

  it("boots, reads its card and stays awake as the simulated modem", () => {
    expect(traits.boot).toEqual(family.power.boot);
    expect(traits.lock).toBe(family.sleep.lock);
    expect(traits.restarts?.card).toEqual(family.sleep.boots ? family.boot.cardDelay : undefined);
  });

  it("takes datagrams as long as the driver's", () => {
    expect(traits.largest).toBe(driverFamilies.find(({ name }) => name === family.name)!.sockets.largest);
  });

  it("draws what its modems differ in, and nothing else", () => {
    const random = new Random(1);
    const untouched = new Random(1).u32();
    const { assistance, reopens } = drawTraits(traits, random);
    const isShared = (share: number): boolean => share > 0 && share < 1;
    const draws = [traits.assistance, traits.reopens].filter(isShared).length;
    expect(random.u32() === untouched).toBe(draws === 0);
    if (!isShared(traits.assistance)) expect(assistance).toBe(traits.assistance === 1);
    if (!isShared(traits.reopens)) expect(reopens).toBe(traits.reopens === 1);
  });
});

test("the file is what the bench writes of its rows", () => {
  const rows = new Map(linkFamilies.map((name) => [name, familyTraits(name)]));
  expect(readFileSync("host-sim/sim/fleet/link-traits-table.ts", "utf8")).toBe(tableText(rows));
});

test("a fleet of all goes through all of them in turn", () => {
  expect(linkFamilies).toEqual([...families.keys()]);
  expect(Array.from({ length: 21 }, (_, number) => familyOf("all", number))).toEqual([
    ...linkFamilies,
    ...linkFamilies,
    linkFamilies[0],
  ]);
  expect(familyOf("bc95", 7)).toBe("bc95");
  expect(() => familyTraits("bg96")).toThrow(/^modem "bg96": expected one of sim7020, /);
});
