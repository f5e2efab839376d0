import { expect, it } from "vitest";
import { NatTable } from "../../../../host-sim/sim/radio/nat";

const inside = { address: "10.45.0.7", port: 50_000 };
const peer = { address: "203.0.113.5", port: 5683 };

function makeTable(idle = Infinity, firstPort = 20_000) {
  return new NatTable({ address: "100.64.0.1", firstPort, idle });
}

it("keeps one public endpoint for one private one, whatever the peer", () => {
  const table = makeTable();
  const mapping = table.outward(inside, peer, 0);
  expect(mapping.outside).toEqual({ address: "100.64.0.1", port: 20_000 });
  expect(table.outward(inside, { ...peer, port: 1 }, 1e12).outside).toEqual(mapping.outside);
  expect(table.inward(mapping.outside, 2e12)!.inside).toEqual(inside);
  expect(table.outward({ ...inside, port: 50_001 }, peer, 0).outside.port).toBe(20_001);
});

it("knows nobody behind other endpoints", () => {
  const table = makeTable();
  table.outward(inside, peer, 0);
  expect(table.inward({ address: "100.64.0.1", port: 20_001 }, 0)).toBeUndefined();
  expect(table.inward({ address: "100.64.0.2", port: 20_000 }, 0)).toBeUndefined();
});

it("forgets an idle mapping and gives another port afterwards", () => {
  const table = makeTable(60_000);
  const { outside } = table.outward(inside, peer, 0);
  expect(table.inward(outside, 60_000)).toBeDefined();
  expect(table.inward(outside, 120_001)).toBeUndefined();
  expect(table.outward(inside, peer, 130_000).outside).not.toEqual(outside);
  expect(table.outward(inside, peer, 200_000).outside.port).toBe(20_002);
  expect(table.size).toBe(1);
});

it("turns over at the end of the port range and gives up the oldest", () => {
  const table = makeTable(Infinity, 65_535);
  const first = table.outward(inside, peer, 0);
  expect(first.outside.port).toBe(65_535);
  for (let i = 0; i < 64_512; i++) {
    table.outward({ address: `10.46.${i >> 8}.${i & 0xff}`, port: 1 }, peer, 0);
  }
  expect(table.size).toBe(64_512);
  expect(table.inward(first.outside, 0)!.inside).not.toEqual(inside);
});
