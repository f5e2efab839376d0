/**
 * What is said of a device beyond what it keeps itself, for which its product has to be known: battery, signal, alarms.
 */
import type { CloudDevice } from "./cloud-device";
import type { StoredPoint } from "./history";
import type { Product } from "./product";
import { when } from "./reading-time";
import type { Alarms, Standing, VitalValue } from "./standing";
import { vitalPointsOf } from "./vital-points";
import type { VitalPoint } from "./vital-points";

/** How long an event counts as an alarm, ms. */
const alarmFor = 86_400_000;

/** @param now ms, by which alarms grow old */
export function standingOf(device: CloudDevice, product: Product, now: number): Standing {
  const { battery, signal } = product.vitalPoints ?? vitalPointsOf(device.points.traits());
  return {
    battery: vitalValue(device, battery),
    signal: vitalValue(device, signal),
    alarms: alarmsOf(device, product, now),
  };
}

function vitalValue(device: CloudDevice, point: VitalPoint | undefined): VitalValue | undefined {
  if (point === undefined) return undefined;
  const { identifier, unit } = point;
  const newest: StoredPoint | undefined = device.points.newest(identifier);
  if (newest === undefined || typeof newest.value !== "number") return undefined;
  return { identifier, value: newest.value, unit, time: when(newest) };
}

function alarmsOf(device: CloudDevice, product: Product, now: number): Alarms | undefined {
  if (!product.hasAlarms) return undefined;
  let count = 0;
  let at = 0;
  let level: Alarms["level"] = "warning";
  for (const event of device.eventsBackwards()) {
    if (event.at <= now - alarmFor) break;
    const own = product.eventLevel(event.event);
    if (own === "info") continue;
    if (count === 0) at = event.at;
    count += 1;
    if (own === "error") level = "error";
  }
  return count === 0 ? undefined : { count, level, at };
}
