/**
 * The upload queue over deep sleep, panics and losses of power: whatever retained memory holds, it has what a
 * walk over the journal finds.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import { RetainedRam } from "../continuity/retained-ram";
import { queueOf } from "./journal-rig";
import type { Reading } from "../../../firmware/delivery/entry";
import type { UploadQueue } from "../../../firmware/delivery/upload-queue";

const reading = (id: number): Reading => ({
  kind: "reading",
  id,
  takenAt: 1_000 * id,
  time: id % 5 === 0 ? undefined : 1_700_000_000_000 + 1_000 * id,
  values: { n: id, name: `reading ${id}` },
  format: "raw",
});

/** Takes all that waits out of a queue that nobody needs afterwards. */
function drained(queue: UploadQueue): string[] {
  const all: string[] = [];
  while (queue.length > 0) {
    const [first] = queue.next(0, Infinity);
    if (first === undefined) break;
    all.push(`${first.id} ${JSON.stringify((first as Reading).values)}`);
    queue.release(first);
  }
  return all;
}

/** One thing that happens to the board, and how often or where. */
const events = fc.record({
  what: fc.constantFrom("append", "send", "date", "sleep", "panic", "power", "damage", "image"),
  n: fc.nat(20),
});

test("whatever happens, each start finds what waits", () => {
  let quick = 0;
  fc.assert(
    fc.property(fc.array(events, { minLength: 5, maxLength: 60 }), fc.nat(1_000), (happenings, seed) => {
      const random = new Random(seed);
      const options = { size: 8_192, blockLength: 1_024, power: new PowerDomain(), random };
      const flash = new MemoryFlash(options);
      const copy = (): MemoryFlash => {
        const other = new MemoryFlash({ ...options, power: new PowerDomain() });
        other.bytes.set(flash.bytes);
        return other;
      };
      const ram = new RetainedRam();
      let next = 1;
      let image = { bytes: flash.bytes.slice(), next };
      let queue = queueOf({ flash, retained: ram.start("power-on") }).queue;
      const start = (reason: string): void => {
        const expected = drained(queueOf({ flash: copy(), boot: 9 }).queue);
        const { calls } = flash.reads;
        const kept = copy();
        const retained = ram.start(reason);
        const index = retained.read(retainedParts.journal);
        queue = queueOf({ flash, retained }).queue;
        if (index !== undefined && flash.reads.calls - calls < 16) quick += 1;
        expect(queue.length).toBe(expected.length);
        // As the next start would find it, had it been kept by nobody.
        const twin = queueOf({ flash: kept, retained: twinOf(index) }).queue;
        expect(drained(twin)).toEqual(expected);
        // No later start finds the index again.
        expect(ram.start("deep-sleep").read(retainedParts.journal)).toBeUndefined();
      };
      for (const { what, n } of happenings) {
        if (what === "append") for (let i = 0; i < n; i++) queue.append(reading(next++));
        if (what === "send") {
          for (let i = 0; i < n; i++) {
            const [first] = queue.next(0, Infinity);
            if (first !== undefined) queue.release(first);
          }
        }
        if (what === "date") queue.date(1_700_000_000_000);
        if (what === "panic") start("panic");
        if (what === "power") {
          ram.bytes.set(random.bytes(ram.bytes.length));
          start("power-on");
        }
        if (what === "sleep" || what === "damage" || what === "image") {
          queue.keepIndex();
          const { offset, length } = retainedParts.journal;
          if (what === "damage") ram.bytes[offset + (random.u32() % length)] ^= 1 << (random.u32() % 8);
          // Somebody puts an older image of the partition in place while the board sleeps. One that has the
          // same records, and differs in their marks alone, is the next test's.
          if (what === "image" && image.next !== next) {
            const before = { bytes: flash.bytes.slice(), next };
            flash.bytes.set(image.bytes);
            image = before;
          }
          start("deep-sleep");
        }
        if (n === 20) image = { bytes: flash.bytes.slice(), next };
      }
    }),
    { numRuns: runs(400) },
  );
  expect(quick).toBeGreaterThan(50);
});

test("an image put in place while the board sleeps, with marks gone: sent twice, but nothing is lost", () => {
  const options = { size: 8_192, blockLength: 1_024, power: new PowerDomain(), random: new Random(1) };
  const flash = new MemoryFlash(options);
  const ram = new RetainedRam();
  let { queue } = queueOf({ flash, retained: ram.start() });
  for (let id = 1; id <= 40; id++) queue.append(reading(id));
  const image = flash.bytes.slice();
  for (let i = 0; i < 20; i++) queue.release(queue.next(0, Infinity)[0]);
  queue.keepIndex();
  flash.bytes.set(image);
  queue = queueOf({ flash, retained: ram.start() }).queue;
  expect(queue.length).toBe(20);
  for (let id = 41; id <= 300; id++) {
    expect(queue.append(reading(id))).toBe("kept");
    queue.release(queue.next(0, Infinity)[0]);
  }
  // All blocks have been round by now, and a walk agrees with what was counted.
  expect(queueOf({ flash, boot: 2 }).queue.length).toBeLessThanOrEqual(40);
  const left = drained(queue).map((line) => Number.parseInt(line, 10));
  expect(left.slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => 281 + i));
});

/** Retained memory with this index in it. */
function twinOf(index: Uint8Array | undefined) {
  const retained = new RetainedRam().start();
  if (index !== undefined) retained.write(retainedParts.journal, index);
  return retained;
}
