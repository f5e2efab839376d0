/**
 * Fuzzing from a seed that nobody has tried: another one in every run, printed, and named again by what fails. With
 * FUZZ_SEED set it is that one.
 */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { fuzz } from "../../../../host-sim/tools/fuzz/fuzzer";
import { fuzzOnXs } from "../../../../host-sim/tools/fuzz/xs-fuzzer";
import { hex } from "../../../../host-sim/tools/fuzz/target";
import { targets } from "../../../../host-sim/tools/fuzz/targets";
import { portableTargets } from "../../../../host-sim/tools/fuzz/portable-targets";
import { footprintMissing } from "../footprint/missing";
import type { Failure } from "../../../../host-sim/tools/fuzz/fuzzer";
import type { Target } from "../../../../host-sim/tools/fuzz/target";

const seed = Number(process.env["FUZZ_SEED"] ?? randomInt(2 ** 32));
const lines: string[] = [`fuzzing from seed ${seed}`];

beforeAll(() => expect(Number.isSafeInteger(seed)).toBe(true));
// One piece of text, at the end: what is written between tests gets lost among them.
afterAll(() => console.log(lines.join("\n")));

/** @throws Error that says how to see it again */
function refuse(target: Target, failure: Failure | undefined, on: string): void {
  if (failure === undefined) return;
  const { message, input } = failure;
  const command = `npm run fuzz --${on} --target ${target.name} --replay ${hex(input) || '""'}`;
  throw new Error(`seed ${seed}: ${message}\n${command}`);
}

describe("any seed", () => {
  test.each(targets)("$boundary: $name", async (target) => {
    const until = performance.now() + 5_000;
    const { executions, failure } = await fuzz(target, { seed, enough: () => performance.now() >= until });
    lines.push(`  ${target.boundary} ${target.name}: ${executions} executions`);
    refuse(target, failure, "");
  });

  describe.skipIf(footprintMissing !== undefined)("on XS", () => {
    it.each(portableTargets)("$boundary: $name", async (target) => {
      const until = performance.now() + 8_000;
      const result = await fuzzOnXs(target, { seed, enough: () => performance.now() >= until });
      const { executions, stack, failure } = result;
      lines.push(
        `  ${target.boundary} ${target.name} on XS: ${executions} executions, stack of ${stack} slots`,
      );
      refuse(target, failure, " --engine xs");
    });
  });
});
