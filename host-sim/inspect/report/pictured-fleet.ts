/** A fleet to be pictured: four dozen sensors in rooms, most of them online, some silent, some with an alarm. */
import { createHash } from "node:crypto";
import { EnosCloud } from "../../cloud/cloud";
import { con, encodeCoap } from "../../cloud/coap/coap-wire";
import { Feed } from "../../cloud/console/feed";
import { Random } from "../../sim/time/random";
import { productRecord } from "../../sim/world/products";
import { epoch } from "../../sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
/** The picture's time: the morning of the second day. */
const now = epoch + 33 * hour + 17 * minute;
/** After this silence a device counts as offline, s. */
const lifetime = 3_600;
const productKey = "MuGsF6W4";
const uriPath = 11;
const post = 2;
const sites = ["Harbour", "Mill", "School", "Depot"] as const;
const rooms = ["boiler room", "cellar", "attic", "hall north", "hall south", "office"] as const;
const firmware = ["1.2.0", "1.2.0", "1.3.0", "1.3.0", "1.3.0"] as const;

/** What becomes of a device: how long ago it spoke last, ms, and whether it reported trouble. */
interface Fate {
  readonly silence: number | undefined;
  readonly trouble: boolean;
  readonly isDisabled: boolean;
}

/** A cloud with its devices as they are at `now`, epoch ms. */
export interface PicturedFleet {
  readonly cloud: EnosCloud;
  readonly feed: Feed;
  readonly now: number;
  /** Rolls a version out until most devices of the last stage are at it; what follows is served as it is then. */
  rollOut(): Omit<PicturedFleet, "rollOut">;
}

/** Makes the fleet; the same one each time. */
export function picturedFleet(): PicturedFleet {
  const random = new Random("pictured fleet");
  let time = epoch;
  const feed = new Feed(() => time);
  // They speak JSON, so that none of their messages needs the script.
  const { script: _, ...room } = productRecord("room", productKey, "json");
  const { measurepoints, ...model } = room.model as { measurepoints: readonly object[] };
  const rssi = { identifier: "rssi", name: "Signal", number: 20, type: "double", unit: "dBm" };
  const keys = Array.from({ length: sites.length * rooms.length * 2 }, (_, i) => ({
    ...{ productKey, deviceKey: String(861_234_567_890_123 + i * 7_919) },
    name: `${sites[i % sites.length]}, ${rooms[(i >> 2) % rooms.length]}${i < 24 ? "" : " 2"}`,
    deviceSecret: `secret ${i}`,
  }));
  const cloud = new EnosCloud({
    transmit: () => {},
    randomBytes: (length) => random.bytes(length),
    edition: "tokenless",
    iv: "zero",
    devices: keys,
    products: [{ ...room, name: "Rooms", model: { ...model, measurepoints: [...measurepoints, rssi] } }],
    onEvent: (event) => feed.event(event),
  });
  const steps: { readonly time: number; readonly work: () => void }[] = [];
  const at = (when: number, work: () => void): void => void steps.push({ time: when, work });
  const speakers = new Map<string, Speaker>();
  keys.forEach(({ deviceKey, deviceSecret }, i) => {
    const { silence, trouble, isDisabled } = fateOf(i, random);
    if (isDisabled)
      at(now - random.between(1, 20) * hour, () => cloud.devices.disable(productKey, deviceKey, time));
    if (silence === undefined) return;
    let messageId = 0;
    const peer = { address: `100.64.${i >> 4}.${10 + i}`, port: 40_000 + i };
    const send = (path: readonly string[], body: object): void => {
      const datagram = encodeCoap({
        ...{ type: con, code: post, messageId: (messageId += 1), token: Uint8Array.of(i) },
        options: path.map((segment) => ({ number: uriPath, value: Buffer.from(segment) })),
        payload: Buffer.from(JSON.stringify(body)),
      });
      cloud.receive(datagram, peer, time);
    };
    const say = (topic: string, params: object): void =>
      send(["topic", "sys", productKey, deviceKey, ...topic.split("/")], {
        ...{ id: String(messageId), version: "1.0", method: topic.replaceAll("/", "."), params },
      });
    const authenticate = (): void => {
      const text = `deviceKey${deviceKey}lifetime${lifetime}productKey${productKey}secureMode2${deviceSecret}`;
      const sign = createHash("sha256").update(text).digest("hex").toUpperCase();
      send(["auth", productKey, deviceKey], { secureMode: 2, lifetime, sign });
    };
    speakers.set(deviceKey, { say, authenticate });
    const last = now - silence;
    const [temperature, battery] = [random.between(14, 24), random.between(2.9, 3.6)];
    at(last - 40 * minute, () => {
      authenticate();
      say("ota/device/inform", { version: random.pick(firmware) });
    });
    if (trouble)
      at(last - 20 * minute, () =>
        say("thing/event/trouble/post", { events: { what: "sensor", line: "no answer on I2C", count: 3 } }),
      );
    at(last, () =>
      say("thing/measurepoint/post", {
        measurepoints: {
          ...{ temperature: round(temperature, 2), humidity: round(random.between(35, 60), 1) },
          ...{ battery: round(battery, 2), rssi: -Math.round(random.between(71, 109)) },
        },
        time,
      }),
    );
  });
  for (const step of steps.sort((one, other) => one.time - other.time)) {
    cloud.poll(step.time);
    ({ time } = step);
    step.work();
  }
  const go = (to: number): void => {
    time = to;
    cloud.poll(to);
  };
  go(now);
  return {
    cloud,
    feed,
    now,
    rollOut: () => rollOut(cloud, speakers, now, go) && { cloud, feed, now: later },
  };
}

/** A device as it speaks. */
interface Speaker {
  readonly say: (topic: string, params: object) => void;
  readonly authenticate: () => void;
}

/** When the rollout is pictured, three stages after its beginning. */
const later = now + 5 * hour;
/** What becomes of the last stage's devices, in the order in which they were given their tasks. */
const fates = [
  ...Array.from({ length: 14 }, () => 100),
  ...[90, 80, 70, 60, 60, 50, 50, 40, 30, 30, 20, 10, 10],
  ...[-2],
  ...[undefined, undefined, undefined, undefined],
];

function rollOut(
  cloud: EnosCloud,
  speakers: ReadonlyMap<string, Speaker>,
  begun: number,
  go: (to: number) => void,
): true {
  const version = "1.4.0";
  const file = { productKey, version, signMethod: "sha256", board: "m5stack-nbiot" } as const;
  cloud.ota.putFirmware(file, new Uint8Array(512_000), begun);
  cloud.ota.putFirmware({ ...file, from: "1.2.0" }, new Uint8Array(31_400), begun);
  cloud.ota.putFirmware({ ...file, from: "1.3.0" }, new Uint8Array(24_900), begun);
  cloud.ota.rollOut({ productKey, version }, begun);
  for (const at of [begun + hour, begun + 3 * hour, later - 30 * minute]) {
    go(at);
    const tasks = cloud.ota.tasks({ rolloutId: "1", status: "init" }).reverse();
    const isLast = cloud.ota.rollouts(productKey)[0].stage === 3;
    for (const [i, { deviceKey }] of tasks.entries()) {
      if (isLast && i >= fates.length) break;
      const { say, authenticate } = speakers.get(deviceKey)!;
      const step = isLast ? fates[i] : 100;
      authenticate();
      say("thing/measurepoint/post", { measurepoints: { humidity: 40 + i } });
      const desc = step === -2 ? "no block for a week" : undefined;
      if (step === 100) say("ota/device/inform", { version });
      else if (step !== undefined) say("ota/device/progress", { step: String(step), desc });
    }
  }
  go(later);
  return true;
}

function fateOf(i: number, random: Random): Fate {
  if (i % 16 === 5) return { silence: undefined, trouble: false, isDisabled: false };
  const isSilent = i % 9 === 4;
  const silence = isSilent ? random.between(2 * hour, 26 * hour) : random.between(0.3, 15) * minute;
  return { silence: Math.round(silence), trouble: i % 13 === 4, isDisabled: i === 11 };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
