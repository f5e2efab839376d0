/** When a device in deep sleep looks at a modem that nobody speaks to for hours, and when it hears what follows a contact. */
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
    // That comes after eight and a half hours.
    expect(looksOf({ hours: 8, leftAlone: false, guarded: true })).toEqual(
      [1, 2, 3, 4, 5].map((n) => n * hour),
    );
  });

  it("is left in peace between ordinary contacts", () => {
    expect(looksOf({ hours: 24, leftAlone: false, guarded: false })).toEqual([]);
  });
});

/** Contacts of a device that wakes every 15 minutes, by their hour, behind which its board listens. */
function listensIn({
  hours,
  stranger,
  othersBudget = 240,
  sleepsDeeply = true,
}: {
  hours: number;
  /** When a datagram comes that nothing had asked for, h. */
  stranger?: number;
  othersBudget?: number;
  sleepsDeeply?: boolean;
}): number[] {
  const ram = new RetainedRam();
  const listened: number[] = [];
  for (let now = 15 * minute; now <= hours * hour; now += 15 * minute) {
    const contacts = new Contacts({
      ...{ retained: ram.start(), batch: 1, interval: 900, othersBudget, sleepsDeeply },
      link: { ready: true, deadline: Infinity, active: false, connect() {}, poll() {} },
      log() {},
    });
    contacts.begin(now > 15 * minute, now - 15 * minute, now);
    contacts.requested(now);
    if (now === (stranger ?? NaN) * hour) contacts.stranger(false, 0, now);
    contacts.rested(0, now);
    if (contacts.listensUntil > now) listened.push(now / hour);
  }
  return listened;
}

describe("what comes behind a contact, when the board would sleep already", () => {
  it("is heard behind one of 64 contacts", () => {
    expect(listensIn({ hours: 72 })).toEqual([16, 32, 48, 64]);
  });

  it("is heard behind each contact of the day that follows a stranger", () => {
    const listened = listensIn({ hours: 31, stranger: 2 });
    expect(listened.slice(0, 3)).toEqual([2, 2.25, 2.5]);
    expect(listened.filter((at) => at >= 2 && at < 26)).toHaveLength(96);
    expect(listened.filter((at) => at >= 26)).toEqual([]);
  });

  it("is not, where nothing bounds what strangers may cost, or the board stays awake anyway", () => {
    expect(listensIn({ hours: 72, othersBudget: 0 })).toEqual([]);
    expect(listensIn({ hours: 72, sleepsDeeply: false })).toEqual([]);
  });
});
