import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeDeepSleepRecord,
  deepSleepRecordLength,
  encodeDeepSleepRecord,
  wokenAt,
} from "../../../firmware/continuity/deep-sleep-record";
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { partOverhead, retainedParts } from "../../../firmware/continuity/retained-memory";
import { runs } from "../../density";
import { RetainedRam } from "./retained-ram";
import type { DeepSleepRecord } from "../../../firmware/continuity/deep-sleep-record";

const record: DeepSleepRecord = {
  at: 60_000,
  wall: 1_790_000_000_123,
  until: 900_000,
  next: 900_000,
  taken: 7,
  epoch: 1_789_999_940_000.5,
  candidate: undefined,
  slept: 42_000,
  wake: 898_500,
  start: 512,
  askedInVain: true,
  waits: true,
  versionUntold: false,
  empty: 3,
  retries: { at: 1_200_000, failures: 7 },
  radio: { spent: 5_400_000, dayBegan: 12_345, suspended: true },
  unanswered: { mute: 3, inVain: 300, since: 40_000 },
  modem: [1, 10, 86_400, -1, 0, 0xcb00, 0x7105, 5683],
  memory: new Uint8Array([1, 2, 3, 250]),
};

describe("what is known in deep sleep", () => {
  test("comes back as it was", () => {
    expect(decodeDeepSleepRecord(encodeDeepSleepRecord(record)!)).toEqual(record);
    const other: DeepSleepRecord = {
      ...record,
      ...{ epoch: undefined, start: undefined, askedInVain: false, waits: false, versionUntold: true },
      radio: { spent: 0, dayBegan: undefined, suspended: false },
    };
    expect(decodeDeepSleepRecord(encodeDeepSleepRecord(other)!)).toEqual(other);
  });

  test("fits with the longest token, and what does not fit is refused", () => {
    const most = { memory: new Uint8Array(56 + 128 + 15), modem: new Array<number>(20).fill(1) };
    expect(encodeDeepSleepRecord({ ...record, ...most })).toBeDefined();
    expect(
      encodeDeepSleepRecord({ ...record, memory: new Uint8Array(deepSleepRecordLength) }),
    ).toBeUndefined();
    expect(encodeDeepSleepRecord({ ...record, modem: new Array<number>(21).fill(0) })).toBeUndefined();
  });

  test("any bit that is wrong in retained memory makes it nothing", () => {
    const ram = new RetainedRam();
    const { deepSleep } = retainedParts;
    ram.start().write(deepSleep, encodeDeepSleepRecord(record)!);
    const sound = ram.bytes.slice();
    for (let bit = 0; bit < 8 * (encodeDeepSleepRecord(record)!.length + partOverhead); bit++) {
      ram.bytes.set(sound);
      ram.bytes[deepSleep.offset + (bit >> 3)] ^= 1 << (bit & 7);
      expect(ram.start().read(deepSleep)).toBeUndefined();
    }
  });

  test("what is cut short of its fixed length or its numbers is nothing", () => {
    const sound = encodeDeepSleepRecord(record)!;
    for (let length = 0; length < sound.length - record.memory.length; length++)
      expect(decodeDeepSleepRecord(sound.subarray(0, length))).toBeUndefined();
  });

  test("any bytes are taken without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void decodeDeepSleepRecord(bytes)),
      { numRuns: runs(500) },
    );
  });

  test.each([
    { what: "an end before its beginning", wrong: { until: 1 } },
    { what: "no end", wrong: { until: Infinity } },
    { what: "a reading that was due before", wrong: { next: 1 } },
    { what: "no time", wrong: { at: NaN } },
    { what: "a sleep without end behind it", wrong: { slept: Infinity } },
  ])("with $what it is nothing, though its CRC is right", ({ wrong }) => {
    expect(decodeDeepSleepRecord(encodeDeepSleepRecord({ ...record, ...wrong })!)).toBeUndefined();
  });
});

describe("the monotonic clock at the wake", () => {
  test.each([
    { asleep: 838_500, now: 898_500 },
    { asleep: 0, now: 60_000 },
    { asleep: 840_000 * 1.05, now: 60_000 + 840_000 * 1.05 },
    { asleep: -1, now: undefined },
    { asleep: 86_400_000, now: undefined },
  ])("$asleep ms later by the board's own", ({ asleep, now }) => {
    expect(wokenAt(record, record.wall + asleep)).toBe(now);
  });
});

/** A store that counts. */
function newStore() {
  const values = new Map<string, ArrayBuffer>();
  const store = {
    writes: 0,
    read: (key: string) => values.get(key),
    write(key: string, value: Uint8Array) {
      store.writes += 1;
      values.set(key, value.slice().buffer);
    },
  };
  return store;
}

describe("the device's memory over deep sleep", () => {
  const silent = (): void => {};
  const token = new Uint8Array(40).fill(7);

  test("goes on with the very next numbers, and storage is not written until the reserve is used up", () => {
    const store = newStore();
    const before = new PersistentState(store, () => 0.25, silent);
    before.keepSession({ edition: "token", token, sequence: 5, lastContact: 1e12 });
    before.coverMessageId(100);
    let id = before.takeId();
    const written = store.writes;
    let memory = before;
    let sequence = 6;
    for (let wake = 0; wake < 20; wake++) {
      memory.holdSession({ edition: "token", token, sequence, lastContact: 1e12 + wake });
      memory = new PersistentState(store, () => 0.9, silent, memory.snapshot(100 + wake));
      expect(memory.boots).toBe(before.boots);
      expect(memory.bootMark).toBe(before.bootMark);
      expect(memory.firstMessageId).toBe(100 + wake);
      expect(memory.session).toEqual({ edition: "token", token, sequence, lastContact: 1e12 + wake });
      expect(memory.takeId()).toBe(++id);
      memory.coverMessageId(100 + wake);
      memory.coverSequence(sequence++);
    }
    expect(store.writes).toBe(written);
    for (let wake = 0; wake < 640; wake++) {
      memory = new PersistentState(store, () => 0.9, silent, memory.snapshot(120));
      expect(memory.takeId()).toBe(++id);
    }
    expect(store.writes - written).toBe(10);
    // A loss of power after all of it: nothing that was used comes again.
    const after = new PersistentState(store, () => 0.9, silent);
    expect(after.takeId()).toBeGreaterThan(id);
    expect(after.session!.sequence).toBeGreaterThanOrEqual(sequence);
    expect(after.boots).toBe(before.boots + 1);
  });

  test("a wake at which storage cannot be read leaves nothing that a later one would trust", () => {
    const store = newStore();
    const before = new PersistentState(store, () => 0.25, silent);
    before.keepSession({ edition: "token", token, sequence: 5, lastContact: 1e12 });
    before.coverMessageId(100);
    const broken = {
      read: (): never => {
        throw new Error("read");
      },
      write: store.write,
    };
    // Beyond all that was reserved, in a wake that can write nothing down.
    let memory = new PersistentState(broken, () => 0.9, silent, before.snapshot(100));
    let id = 0;
    for (let i = 0; i < 70; i++) id = memory.takeId();
    memory.coverMessageId(170);
    memory.coverSequence(70);
    memory.holdSession({ edition: "token", token, sequence: 70, lastContact: 1e12 });
    memory = new PersistentState(store, () => 0.9, silent, memory.snapshot(171));
    memory.coverSequence(71);
    memory.coverMessageId(171);
    const after = new PersistentState(store, () => 0.9, silent);
    expect(after.takeId()).toBeGreaterThan(id);
    expect(after.session!.sequence).toBeGreaterThanOrEqual(71);
    expect((after.firstMessageId - 171) & 0xffff).toBeLessThan(200);
  });

  test("a snapshot of another length is not taken", () => {
    const store = newStore();
    const before = new PersistentState(store, () => 0.25, silent);
    for (const length of [0, 55, 70, 72, 500]) {
      const after = new PersistentState(store, () => 0.25, silent, new Uint8Array(length));
      expect(after.boots).toBeGreaterThan(before.boots);
    }
  });
});
