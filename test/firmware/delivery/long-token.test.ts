/** Tokens of every length from the stand-in, and a modem that takes datagrams of 512 bytes. */
import { expect, it } from "vitest";
import { Random } from "../../../host-sim/sim/time/random";
import { rig as cloudRig } from "../../host-sim/cloud/harness";
import { agentOf } from "./stand-in";
import type { AgentRig } from "../device/rig";

const hour = 3_600_000;

/** An agent whose cloud gives tokens of `length` characters, an even number. */
function withToken(length: number, format: "raw" | "json", maxDatagram: number): AgentRig {
  const random = new Random("token");
  // The stand-in makes a token out of eight bytes, as hex.
  const cloud = cloudRig({ randomBytes: (n) => random.bytes(n === 8 ? length / 2 : n) });
  const rig = agentOf(cloud, { format, maxDatagram, interval: 1800, reports: 8, batch: 3 });
  rig.agent.setTime(1_700_000_000_000, 0);
  rig.wait(5 * hour);
  return rig;
}

it.each([
  ["raw", 512],
  ["json", 512],
  ["json", 358],
] as const)("a token of any length costs no reading: %s, %i bytes", (format, maxDatagram) => {
  const lengths = Array.from({ length: 128 }, (_, i) => 2 * (i + 1)).filter((n) => n % 10 === 0 || n > 150);
  const carried: number[] = [];
  for (const length of lengths) {
    const rig = withToken(length, format, maxDatagram);
    expect(rig.agent.totals).toMatchObject({ taken: 8, refused: 0, dropped: 0 });
    if (rig.agent.totals.acknowledged === 8) carried.push(length);
    else {
      expect(rig.agent.totals.acknowledged).toBe(0);
      expect(rig.lines("session: not admitted")[0]).toContain("reason=token-too-long");
    }
  }
  // Up to some length all are carried, and none above it.
  const longest = Math.max(...carried);
  expect(carried).toEqual(lengths.filter((length) => length <= longest));
  expect(longest).toBeGreaterThan(maxDatagram === 512 ? 140 : 60);
  expect(longest).toBeLessThan(maxDatagram === 512 ? 190 : 120);
});
