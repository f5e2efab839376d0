/** What a device has done before its pages are looked at, from numbers that are always the same. */
import { encodeCoap } from "../../../../../host-sim/cloud/coap/coap-wire";
import { demoModel } from "../../api/rig";
import { dk, pk } from "../../api/device";
import type { BrowserRig } from "../browser-rig";

const minute = 60_000;

/** The demo's product, with a battery and with points of the other types. */
export const product = {
  productKey: pk,
  name: "Climate",
  model: {
    ...demoModel,
    measurepoints: [
      ...(demoModel["measurepoints"] as object[]),
      { identifier: "batteryVoltage", name: "Battery", number: 9, type: "double", unit: "V", range: [0, 5] },
      { identifier: "door", name: "Door", number: 30, type: "bool" },
      {
        identifier: "place",
        name: "Place",
        number: 31,
        type: "struct",
        fields: [
          { identifier: "lat", number: 1, type: "double" },
          { identifier: "lon", number: 2, type: "double" },
        ],
      },
      { identifier: "samples", name: "Samples", number: 32, type: "array", items: "double", maxItems: 64 },
      { identifier: "note", name: "Note", number: 33, type: "string", maxLength: 1024 },
      { identifier: "pressure", name: "Air pressure", number: 34, type: "double", unit: "hPa" },
    ],
  },
};

/** Two hours of a reading each five minutes, of which six are missing; with all types of points at the end. */
export async function reports(opened: BrowserRig, count = 24): Promise<void> {
  const { device, rig, page } = opened;
  device.authenticate();
  for (let i = 0; i < count; i++) {
    rig.time.now += 5 * minute;
    if (i >= 9 && i < 12) continue;
    const temperature = Math.round((20.5 + 3 * Math.sin(i / 4) + ((i * 7) % 5) / 10) * 100) / 100;
    const humidity = Math.round((48 - 6 * Math.sin(i / 5)) * 10) / 10;
    const points = { temperature, humidity, relay: i % 8 < 4 ? 0 : 1, uptime: 86_400 + i * 300 };
    const more = {
      batteryVoltage: 3.61 - i / 1000,
      rssi: { value: -81 - (i % 6), quality: i % 9 === 0 ? 3 : 0 },
    };
    device.points(`r${i}`, { ...points, ...more }, rig.time.now);
    rig.cloud.poll(rig.time.now);
  }
  const { now } = rig.time;
  device.points(
    "all",
    {
      ...{ door: true, place: { lat: 52.516, lon: 13.377 }, firmware: "1.4.2" },
      samples: Array.from({ length: 24 }, (_, i) => Math.round(100 * Math.cos(i / 3)) / 10),
      note: "Mounted in the stair well, 2 m above the floor; the door of the cabinet sticks, pull it up first.",
    },
    now,
  );
  await page.clock.setFixedTime(now);
}

/** Events of each level, one of which came late. */
export async function events({ device, rig }: BrowserRig): Promise<void> {
  const { now } = rig.time;
  const tell = (id: string, event: string, values: object, time: number): unknown =>
    device.say(id, `thing/event/${event}/post`, { events: values, time });
  tell("e1", "restarted", { reason: "watchdog", boots: 3, waiting: 0 }, now - 40 * minute);
  tell("e2", "overheat", { temperature: 91.5, since: now - 12 * minute }, now - 11 * minute);
  tell("e3", "trouble", { what: "modem", line: "+CME ERROR: SIM not inserted", count: 2 }, now - 3 * minute);
  tell("e4", "overheat", { temperature: 95.25, since: now - 70_000 }, now - minute);
}

/** A report as a datagram, which can be sent once more. */
export function datagram(messageId: number, points: Record<string, unknown>): Uint8Array {
  const segments = ["topic", "sys", pk, dk, "thing", "measurepoint", "post"];
  const method = "thing.measurepoint.post";
  const params = { measurepoints: points };
  return encodeCoap({
    ...{ type: 0, code: 2, messageId, token: Uint8Array.of(9, messageId & 0xff, messageId >> 8) },
    options: segments.map((segment) => ({ number: 11, value: Buffer.from(segment) })),
    payload: Buffer.from(JSON.stringify({ id: String(messageId), version: "1.0", method, params })),
  });
}
