/** When a device in deep sleep looks at a modem that nobody speaks to for hours. */
import { describe, expect, it } from "vitest";
import { Contacts } from "../../../firmware/device/contacts";
import { RetainedRam } from "../continuity/retained-ram";

const minute = 60_000;
const hour = 60 * minute;

/** A device that wakes every 15 minutes of so many hours, and its looks; `guarded` from the first wake on. */
function looksOf({ hours, leftAlone, guarded }: { hours: number; leftAlone: boolean; guarded: boolean }) {
  const ram = new RetainedRam();
  const looks: number[] = [];
  for (let now = 15 * minute; now <= hours * hour; now += 15 * minute) {
    const contacts = new Contacts({
      ...{ retained: ram.start(), batch: 4, interval: 900, othersBudget: 240, sleepsDeeply: true },
      link: {
        ...{ ready: true, deadline: Infinity, active: false, leftAlone },
        connect() {},
        poll() {},
        look: (at) => void looks.push(at),
      },
      log() {},
    });
    contacts.begin(now > 15 * minute, now - 15 * minute, now);
    // The third stranger of a day is one too many for it.
    if (guarded && now === 15 * minute)
      for (let i = 0; i < 3; i++) contacts.stranger(false, 0, now + i * minute);
    contacts.watch(now);
    if (guarded && now === 15 * minute) contacts.end(now);
  }
  return looks;
}

describe("a modem to which nobody speaks for hours", () => {
  it("is looked at with the first wake of each hour when it is left alone", () => {
    expect(looksOf({ hours: 4, leftAlone: true, guarded: false })).toEqual([1, 2, 3, 4].map((n) => n * hour));
  });

  it("is so when the device is guarded, where its next contact is not near", () => {
    // That comes after six and a half hours.
    expect(looksOf({ hours: 6, leftAlone: false, guarded: true })).toEqual([1, 2, 3].map((n) => n * hour));
  });

  it("is left in peace between ordinary contacts", () => {
    expect(looksOf({ hours: 24, leftAlone: false, guarded: false })).toEqual([]);
  });
});
