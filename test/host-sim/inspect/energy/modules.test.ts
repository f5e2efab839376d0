import { describe, expect, test } from "vitest";
import { field } from "../../../../host-sim/inspect/energy/field";
import { moduleProfile, sheets, withoutSheet } from "../../../../host-sim/inspect/energy/modules";
import { profileNamed, profileNames } from "../../../../host-sim/inspect/energy/profiles";
import { families } from "../../../../host-sim/sim/modem/families";

describe("data sheets of the modules", () => {
  test("there is one for each family, or it is said that there is none", () => {
    expect([...Object.keys(sheets), ...withoutSheet].sort()).toEqual([...families.keys()].sort());
  });

  test.each(Object.keys(sheets))(
    "%s: what the sheet gives takes the place of the field's, and nothing else",
    (name) => {
      const profile = moduleProfile(name)!;
      const { amperes, source, volts } = sheets[name];
      expect(profile.name).toBe(name);
      expect(profile.radio).toBe(field.radio);
      for (const [state, figure] of Object.entries(profile.modem)) {
        const current = amperes[state as keyof typeof amperes];
        if (current === undefined) expect(figure).toBe(field.modem[state as keyof typeof field.modem]);
        else {
          expect(figure.value / (volts * current)).toBeCloseTo(1, 2);
          expect(figure.source.startsWith(source)).toBe(true);
        }
      }
      // What sends more draws more, and sleep less than all else.
      const { psm, edrx, idle, transmit10, transmit23 } = profile.modem;
      expect(psm.value).toBeLessThan(edrx.value);
      expect(edrx.value).toBeLessThan(idle.value);
      expect(transmit10.value).toBeLessThan(transmit23.value);
    },
  );

  test("each has its name, as the built-in profiles have, and nothing else has", () => {
    for (const name of profileNames) expect(profileNamed(name)!.name).toBe(name);
    for (const name of ["bg95", "constructor", "", "SIM7020"]) expect(profileNamed(name)).toBeUndefined();
  });
});
