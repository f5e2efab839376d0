import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { transmitPower } from "../../../../host-sim/inspect/energy/profile";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { ProfileError, readProfile } from "../../../../host-sim/inspect/energy/profile-file";

const read = (value: unknown) => readProfile(JSON.stringify(value), "mine.json");

describe("a profile of one's own", () => {
  test("is a built-in one with some figures replaced", () => {
    const mine = read({
      base: "limit",
      name: "tracker",
      modem: { psm: 0.00001, connected: { value: 0.15, source: "our lab" } },
      radio: { uplink: [1, 2, 3] },
    });
    expect(mine.name).toBe("tracker");
    expect(mine.modem.psm).toEqual({ value: 0.00001, tag: "measured", source: "mine.json" });
    expect(mine.modem.connected).toEqual({ value: 0.15, tag: "measured", source: "our lab" });
    expect(mine.radio.uplink.map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(mine.modem.receive).toBe(profiles.limit.modem.receive);
    expect(mine.board).toBe(profiles.limit.board);
    expect(read({}).modem).toBe(profiles.field.modem);
  });

  test("takes a figure with its range, and a module's sheet for its base", () => {
    const { board, modem } = read({
      base: "sim7020",
      board: { computeRate: { value: 9_500, low: 9_000, high: 10_000, source: "our board" } },
    });
    expect(board.computeRate).toEqual({
      value: 9_500,
      low: 9_000,
      high: 10_000,
      tag: "measured",
      source: "our board",
    });
    expect(modem.psm.source).toMatch(/SIM7020 Hardware Design/);
  });

  test.each([
    [[], "must hold an object"],
    [{ base: "lab" }, "base must be one of modern, field, limit, sim7020"],
    [{ base: 5 }, "base must be one of"],
    [{ board: { awake: 0.083 } }, "board.awake is unknown; board has starting, running240"],
    [{ board: { computeRate: 0 } }, "board.computeRate is steps a second for each MHz"],
    [{ board: { computeRate: { value: 2, low: 1 } } }, "needs both low and high"],
    [{ board: { computeRate: { value: 2, low: 3, high: 4 } } }, "with its value between them"],
    [{ modems: {} }, '"modems" is unknown'],
    [{ modem: { psn: 1 } }, "modem.psn is unknown; modem has psm, radioOff"],
    [{ modem: { psm: "1" } }, "modem.psm must be a number"],
    [{ modem: { psm: -1 } }, "modem.psm must be a number"],
    [{ modem: 5 }, "modem must be an object"],
    [{ radio: { uplink: 5 } }, "three figures, one for each coverage level"],
    [{ radio: { uplink: [1, 2, 0] } }, "bit/s, 1 at least"],
    [{ radio: { accessTransmit: 2 } }, "a share, 0 to 1"],
    [{ board: { constructor: 1 } }, "board.constructor is unknown"],
  ])("%j is refused", (value, hint) => {
    expect(() => read(value)).toThrow(ProfileError);
    expect(() => read(value)).toThrow(hint);
  });

  test("whatever the file holds, it is read or refused by name", () => {
    const figures = fc.oneof(fc.double(), fc.jsonValue(), fc.tuple(fc.double(), fc.double(), fc.double()));
    const room = fc.dictionary(fc.constantFrom("psm", "uplink", "awake", "__proto__", "x"), figures);
    const file = fc.dictionary(
      fc.constantFrom("modem", "radio", "board", "name", "base"),
      fc.oneof(room, fc.jsonValue()),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          file.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          try {
            return readProfile(text, "x.json").modem.psm.value >= 0;
          } catch (error) {
            return error instanceof ProfileError;
          }
        },
      ),
    );
  });
});

test("transmit power goes with dBm between its two figures, and not beyond them", () => {
  const { transmit10, transmit23 } = profiles.field.modem;
  expect(transmitPower(profiles.field, 23)).toBe(transmit23.value);
  expect(transmitPower(profiles.field, 30)).toBe(transmit23.value);
  expect(transmitPower(profiles.field, 0)).toBe(transmit10.value);
  expect(transmitPower(profiles.field, 16.5)).toBeCloseTo((transmit10.value + transmit23.value) / 2, 9);
});
