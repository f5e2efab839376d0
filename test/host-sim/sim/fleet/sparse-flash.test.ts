/** The sparse flash of a fleet against the simulated chip: whatever is done to both reads the same. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { MemoryFlash } from "../../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../../host-sim/sim/flash/power-domain";
import { SparseFlash } from "../../../../host-sim/sim/fleet/sparse-flash";
import { Random } from "../../../../host-sim/sim/time/random";

const size = 5 * 4_096;

const place = fc.nat({ max: size / 4 - 1 }).map((word) => 4 * word);
const operation = fc.oneof(
  fc.record({ what: fc.constant("write" as const), at: place, bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ what: fc.constant("erase" as const), block: fc.integer({ min: -1, max: 6 }) }),
  fc.record({
    what: fc.constant("read" as const),
    at: fc.nat({ max: size }),
    length: fc.nat({ max: 9_000 }),
  }),
);

/** What an operation gives: bytes, nothing, or that it is refused. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return "refused";
  }
}

it("does what the chip does", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const chip = new MemoryFlash({ size, power: new PowerDomain(), random: new Random("chip") });
      const sparse = new SparseFlash(size);
      for (const each of operations) {
        const results = [chip, sparse].map((flash) =>
          outcome(() => {
            if (each.what === "erase") return flash.eraseBlock(each.block);
            if (each.what === "write") {
              const whole = new Uint8Array(each.bytes.length & ~3).map((_, i) => each.bytes[i]);
              return flash.write(whole, each.at);
            }
            const bytes = new Uint8Array(each.length);
            flash.read(bytes, each.at);
            return [...bytes];
          }),
        );
        // A write that is refused has left both as they were but for what it had cleared before it met the bit.
        if (each.what === "write" && results.includes("refused")) {
          expect(results).toEqual(["refused", "refused"]);
          return;
        }
        expect(results[1]).toEqual(results[0]);
      }
    }),
  );
});

it("holds only what was written", () => {
  const flash = new SparseFlash(1 << 20);
  flash.write(Uint8Array.of(1, 2, 3, 4), 4_094 & ~3);
  expect(flash.held).toBe(4_096);
  flash.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 8_188);
  expect(flash.held).toBe(3 * 4_096);
  flash.eraseBlock(0);
  expect(flash.held).toBe(2 * 4_096);
});
