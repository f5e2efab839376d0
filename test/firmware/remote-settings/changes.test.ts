import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { readSettings } from "../../../firmware/device/settings";
import {
  changed,
  lengthOf,
  longestText,
  over,
  readChanges,
  sameChanges,
  valuesOf,
  writeChanges,
} from "../../../firmware/remote-settings/changes";
import { decodeRecord, encodeRecord, firstRecord } from "../../../firmware/remote-settings/record";
import { placeOf, remoteNames } from "../../../firmware/remote-settings/remote-names";
import type { Changes } from "../../../firmware/remote-settings/changes";
import type { SettingsRecord } from "../../../firmware/remote-settings/record";

const text = fc.string({ unit: "grapheme-ascii", maxLength: longestText });
const changes: fc.Arbitrary<Changes> = fc.array(fc.option(text, { nil: undefined }), {
  maxLength: remoteNames.length,
});
const record: fc.Arbitrary<SettingsRecord> = fc.record({
  version: fc.integer({ min: 0, max: 0xffff_ffff }),
  kept: changes,
  trial: fc.option(changes, { nil: undefined }),
  tries: fc.integer({ min: 0, max: 255 }),
  triedAt: fc.integer({ min: 0, max: 0xffff_ffff }),
  starts: fc.integer({ min: 0, max: 15 }),
  cause: fc.constantFrom("none", "it cannot be read", "no contact for a day", "the device stopped working"),
  told: fc.boolean(),
});

describe("changes in storage", () => {
  test("are what was written, whatever stands around them", () => {
    fc.assert(
      fc.property(changes, fc.nat(20), (given, at) => {
        const bytes = new Uint8Array(at + lengthOf(given) + 3).fill(0xee);
        expect(writeChanges(given, bytes, at)).toBe(at + lengthOf(given));
        const read = readChanges(bytes, at)!;
        expect(read.end).toBe(at + lengthOf(given));
        expect(sameChanges(read.changes, given)).toBe(true);
        expect(over({}, read.changes)).toEqual(over({}, given));
        expect(bytes.subarray(0, at).every((each) => each === 0xee)).toBe(true);
        expect(bytes.subarray(-3)).toEqual(Uint8Array.of(0xee, 0xee, 0xee));
      }),
    );
  });

  test("that are any bytes at all are read or refused, and never thrown at", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(310), (bytes, at) => {
        const read = readChanges(bytes, at);
        if (read === undefined) return;
        expect(read.end).toBeLessThanOrEqual(bytes.length);
        expect(read.changes.length).toBeLessThanOrEqual(remoteNames.length);
        // None of them is anything but text for a reader of settings.
        for (const each of read.changes) expect(each ?? "").toMatch(/^[\x20-\x7e]{0,100}$/);
      }),
      { numRuns: 1_000 },
    );
  });

  test("of a later firmware are passed over", () => {
    const bytes = Uint8Array.of(2, 250, 1, 0x31, 0, 2, 0x36, 0x30);
    expect(readChanges(bytes, 0)).toEqual({ changes: ["60"], end: 8 });
  });
});

describe("the record", () => {
  test("is what was written", () => {
    fc.assert(
      fc.property(record, (given) => {
        const { kept, trial, ...rest } = decodeRecord(encodeRecord(given))!;
        expect({ ...given, ...rest }).toEqual(given);
        expect(sameChanges(kept, given.kept)).toBe(true);
        expect(trial === undefined).toBe(given.trial === undefined);
        if (trial !== undefined) expect(sameChanges(trial, given.trial!)).toBe(true);
      }),
    );
  });

  test("that is cut, or goes on, is none", () => {
    fc.assert(
      fc.property(record, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const bytes = encodeRecord(given);
        expect(decodeRecord(bytes.subarray(0, Math.floor(share * (bytes.length - 1))))).toBeUndefined();
        expect(decodeRecord(Uint8Array.of(...bytes, 0))).toBeUndefined();
      }),
    );
  });

  test("that is any bytes at all is read or refused, and never thrown at", () => {
    const head = [...encodeRecord(firstRecord).subarray(0, 11)];
    const any = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        fc.oneof(
          any,
          any.map((bytes) => Uint8Array.of(...head, ...bytes)),
        ),
        (bytes) => {
          const read = decodeRecord(bytes);
          if (read !== undefined) expect(decodeRecord(encodeRecord(read))).toEqual(read);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("a command's values", () => {
  it("are a change of settings of that name, or a reason in printable words", () => {
    const names = fc.oneof(
      fc.constantFrom(...remoteNames.map(({ name }) => name)),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(fc.anything(), text)), changes, (given, before) => {
        const out = changed(before, given);
        if ("reason" in out) return;
        for (const [name, value] of Object.entries(given)) {
          expect(out[placeOf(name)]).toBe(String(value));
        }
        for (const [place, { name }] of remoteNames.entries()) {
          if (!Object.hasOwn(given, name)) expect(out[place]).toBe(before[place]);
        }
        expect(sameChanges(readChanges(bytesOf(out), 0)!.changes, out)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("never reach a setting that leads to the cloud or to the board", () => {
    const names = remoteNames.map(({ name }) => name);
    const settings = Object.keys(readSettings({ server: "203.0.113.5" }));
    const others = settings.filter((name) => !names.includes(name)).sort();
    expect(others).toEqual(
      [
        ...["server", "port", "edition", "iv", "contentFormat", "reports"],
        ...["apn", "apnUser", "apnPassword", "apnAuth", "ipType", "pin", "init"],
        ...["board", "modem", "modemClock", "transmit", "receive", "powerKey", "reset", "wake", "ring"],
        ...["pressedHigh", "baud", "modemSupply"],
      ].sort(),
    );
    for (const name of others) expect(changed([], { [name]: 1 })).toHaveProperty("reason");
  });

  it("are told as they are read: numbers, true or false, texts", () => {
    const read = readSettings({ server: "203.0.113.5", bands: "8,20", keepAlive: "true", late: "60" });
    const values = valuesOf(read as never, false);
    expect(values).toMatchObject({ bands: "8,20", keepAlive: true, late: 60, interval: 900, rat: "nb-iot" });
    expect(values).not.toHaveProperty("operator");
    expect(valuesOf({ updates: "ask", updateBlocks: "4" }, true)).toEqual({
      updates: "ask",
      updateBlocks: 4,
    });
    expect(valuesOf({ updates: "ask", updateBlocks: "4" }, false)).toEqual({});
  });
});

function bytesOf(given: Changes): Uint8Array {
  const bytes = new Uint8Array(lengthOf(given));
  writeChanges(given, bytes, 0);
  return bytes;
}
