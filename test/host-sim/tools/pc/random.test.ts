/** On a real network the firmware on this PC takes its chance from the system's generator. */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { randomFraction } from "../../../../host-sim/tools/pc/random";
import { SerialDevice } from "../../../../host-sim/tools/pc/serial-device";

// The real one, watched, also by files that another test has loaded before.
const drawn: number[] = [];
const real = crypto.randomBytes;
beforeAll(() => {
  vi.spyOn(crypto, "randomBytes").mockImplementation((length: number) => {
    drawn.push(length);
    return real(length);
  });
  syncBuiltinESMExports();
});
beforeEach(() => void drawn.splice(0));
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

it("is drawn anew for each fraction", () => {
  const fractions = new Set(Array.from({ length: 100 }, () => randomFraction()));
  expect(fractions.size).toBeGreaterThan(95);
  for (const each of fractions) expect(each >= 0 && each < 1).toBe(true);
  expect(drawn).toHaveLength(100);
});

it("is what the firmware on a serial port begins with", async () => {
  const lines: string[] = [];
  const faults: string[] = [];
  const device = new SerialDevice({
    port: { write: (_bytes, done) => done(), set: () => {}, update: () => {} },
    config: { server: "203.0.113.5", board: "generic", modem: "sim7080", apn: "iot.example", startSpread: 0 },
    keys: { productKey: "MuGsF6W4", deviceKey: "861234567890123", deviceSecret: "aB3dEf6hIj9lMn0p" },
    onLog: (line) => lines.push(line),
    onFault: (text) => faults.push(text),
  });
  await device.start();
  device.stop();
  expect(faults).toEqual([]);
  expect(lines).toContainEqual(expect.stringMatching(/^agent: /));
  expect(drawn).toContain(256);
});
