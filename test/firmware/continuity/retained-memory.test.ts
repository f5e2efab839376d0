import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  RetainedMemory,
  partOverhead,
  retainedLength,
  retainedParts,
} from "../../../firmware/continuity/retained-memory";
import { runs } from "../../density";
import { RetainedRam } from "./retained-ram";
import type { RetainedPart } from "../../../firmware/continuity/retained-memory";

const parts: readonly (readonly [string, RetainedPart])[] = Object.entries(retainedParts);

describe("the table of retained memory", () => {
  test("has at most 6 KiB, and no part reaches into another", () => {
    expect(retainedLength).toBeLessThanOrEqual(6 * 1024);
    let end = 0;
    for (const [name, { offset, length }] of [...parts].sort(([, a], [, b]) => a.offset - b.offset)) {
      expect(offset, name).toBeGreaterThanOrEqual(end);
      // The C code copies from there, and a word of it may be read at once.
      expect(offset % 4, name).toBe(0);
      expect(length, name).toBeGreaterThan(partOverhead);
      end = offset + length;
    }
    expect(end).toBeLessThanOrEqual(retainedLength);
  });

  test("gives each part a form of its own, so that none passes for another", () => {
    expect(new Set(parts.map(([, { form }]) => form)).size).toBe(parts.length);
    // Erased and cleared memory are no part.
    for (const [name, { form }] of parts) expect(form > 0 && form < 0xffff, name).toBe(true);
  });

  test("is as long as the memory that the board's C code keeps", () => {
    const code = readFileSync("firmware/board/deep-sleep.c", "utf8");
    expect(/^#define RETAINED (\d+)$/m.exec(code)?.[1]).toBe(String(retainedLength));
  });
});

describe("a part", () => {
  test.each(parts)("%s: comes back as written, at any length that fits", (_, part) => {
    const ram = new RetainedRam();
    const retained = ram.start();
    for (const length of [0, 1, part.length - partOverhead]) {
      const body = new Uint8Array(length).map((_, i) => i * 7 + length);
      expect(retained.write(part, body)).toBe(true);
      expect(retained.read(part)).toEqual(body);
      expect(ram.start().read(part)).toEqual(body);
    }
    expect(retained.write(part, new Uint8Array(part.length - partOverhead + 1))).toBe(false);
    expect(retained.read(part)).toBeUndefined();
  });

  test("that is damaged is absent, and the others stay", () => {
    fc.assert(
      fc.property(
        fc.nat(parts.length - 1),
        fc.nat(200),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        (which, length, flips) => {
          const ram = new RetainedRam();
          const retained = ram.start();
          const bodies = parts.map(([, part]) => {
            const body = new Uint8Array(Math.min(length, part.length - partOverhead)).fill(part.form);
            retained.write(part, body);
            return body;
          });
          const [, { offset }] = parts[which];
          const bits = 8 * (partOverhead + bodies[which].length);
          for (const bit of new Set(flips.map((flip) => flip % bits)))
            ram.bytes[offset + (bit >> 3)] ^= 1 << (bit & 7);
          parts.forEach(([name, part], i) => {
            expect(ram.start().read(part), name).toEqual(i === which ? undefined : bodies[i]);
          });
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test("is absent in random memory, whatever the board says of its start", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.boolean(), (bytes, formed) => {
        const ram = new RetainedRam();
        for (let i = 0; i < ram.bytes.length; i++) ram.bytes[i] = bytes[(i * 31) % bytes.length] ^ i;
        if (formed)
          for (const [, { offset, form }] of parts) ram.write(offset, Uint8Array.of(form, form >> 8));
        for (const [name, part] of parts) expect(ram.start().read(part), name).toBeUndefined();
      }),
      { numRuns: runs(200) },
    );
  });

  test("that is taken is there once", () => {
    const ram = new RetainedRam();
    ram.start().write(retainedParts.starts, Uint8Array.of(1, 2));
    expect(ram.start().take(retainedParts.starts)).toEqual(Uint8Array.of(1, 2));
    expect(ram.start().take(retainedParts.starts)).toBeUndefined();
  });

  test.each([
    { reason: "deep-sleep", sleeping: true, others: true },
    { reason: "panic", sleeping: false, others: true },
    { reason: "watchdog", sleeping: false, others: true },
    { reason: "software", sleeping: false, others: true },
    { reason: "brownout", sleeping: false, others: true },
    { reason: "power-on", sleeping: false, others: false },
  ])("after $reason: what counts of a sleep $sleeping, all else $others", ({ reason, sleeping, others }) => {
    const ram = new RetainedRam();
    const body = Uint8Array.of(7);
    for (const [, part] of parts) ram.start().write(part, body);
    const retained = ram.start(reason);
    for (const [name, part] of parts) {
      const there = part.ofSleep ? sleeping : others;
      expect(retained.read(part), name).toEqual(there ? body : undefined);
      // Nor does a later wake find what is stale.
      expect(ram.start().read(part), name).toEqual(there ? body : undefined);
    }
  });

  test("is absent on a board without such memory", () => {
    const retained = new RetainedMemory(undefined, "deep-sleep");
    expect(retained.write(retainedParts.radio, Uint8Array.of(1))).toBe(false);
    expect(retained.take(retainedParts.radio)).toBeUndefined();
  });
});
