/** Which measure points a list of devices takes for battery and signal. */
import { expect, it, test } from "vitest";
import { vitalPointsOf } from "../../../../host-sim/cloud/registry/vital-points";
import type { PointTraits } from "../../../../host-sim/cloud/registry/vital-points";

const found = (...points: PointTraits[]): (string | undefined)[] => {
  const { battery, signal } = vitalPointsOf(points);
  return [battery?.identifier, signal?.identifier];
};

test.each<[string, string | undefined, "battery" | "signal" | undefined]>([
  ["battery", "%", "battery"],
  ["batteryVoltage", "V", "battery"],
  ["vbat", "mV", "battery"],
  ["BAT_LEVEL", undefined, "battery"],
  ["soc", "%", "battery"],
  ["batt2", "V", "battery"],
  ["batteryTemperature", "degC", undefined],
  ["batteryTemperature", undefined, undefined],
  ["batteryCurrent", "mA", undefined],
  ["lowBattery", undefined, undefined],
  ["combat", "%", undefined],
  ["social", "%", undefined],
  ["rsrp", "dBm", "signal"],
  ["cell.rssi", undefined, "signal"],
  ["signalStrength", "dBm", "signal"],
  ["signal", "%", "signal"],
  ["signalQuality", "dB", undefined],
  ["rssiThreshold", "dBm", undefined],
  ["rsrp", "V", undefined],
  ["turnSignal", "Hz", undefined],
  ["temperature", "degC", undefined],
])("%s in %s is %s", (identifier, unit, kind) => {
  const { battery, signal } = vitalPointsOf([{ identifier, type: "double", unit }]);
  const point = { identifier, ...(unit === undefined ? {} : { unit }) };
  expect(battery).toEqual(kind === "battery" ? point : undefined);
  expect(signal).toEqual(kind === "signal" ? point : undefined);
});

it("takes a share before a voltage, rsrp before rssi, the first of two alike, and no text", () => {
  const volts = { identifier: "batteryVoltage", unit: "V" };
  const share = { identifier: "batteryLevel", unit: "%" };
  const rssi = { identifier: "rssi", unit: "dBm" };
  const rsrp = { identifier: "rsrp", unit: "dBm" };
  expect(found(volts, rssi, share, rsrp)).toEqual(["batteryLevel", "rsrp"]);
  expect(found(rsrp, share, rssi, volts)).toEqual(["batteryLevel", "rsrp"]);
  expect(found(volts, { identifier: "vbat", unit: "V" })).toEqual(["batteryVoltage", undefined]);
  expect(found({ identifier: "battery", type: "string" }, { identifier: "rssi", type: "enum" })).toEqual([
    undefined,
    undefined,
  ]);
  expect(found()).toEqual([undefined, undefined]);
});

it("takes those of a device's own health after all others", () => {
  const battery = { identifier: "health_battery", unit: "mV" };
  const rsrp = { identifier: "health_rsrp", unit: "dBm" };
  const rssi = { identifier: "rssi", unit: "dBm" };
  expect(found(battery, rsrp, rssi)).toEqual(["health_battery", "rssi"]);
  expect(found(rsrp, battery, { identifier: "vbat", unit: "V" })).toEqual(["vbat", "health_rsrp"]);
});
