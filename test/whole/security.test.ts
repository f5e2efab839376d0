/**
 * What somebody can do to a device, by where he stands: the sentences of docs/security.md that are about the
 * device, with the whole firmware against the stand-in.
 */
import { afterEach, describe, expect, it } from "vitest";
import { ack, con, decodeCoap, encodeCoap, rst } from "../../host-sim/cloud/coap/coap-wire";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { Reading } from "../../host-sim/cloud/cloud";
import type { CoapMessage } from "../../host-sim/cloud/coap/coap-wire";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
const nothing = new Uint8Array(0);

let world: World | undefined;
afterEach(() => world?.close());

async function begin(options: Partial<WorldOptions> = {}): Promise<{ world: World; events: WorldEvent[] }> {
  const events: WorldEvent[] = [];
  world = await World.create({
    ...{ seed: 11, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
    ...{ format: "raw", pendingTtl: hour, onEvent: (event) => void events.push(event) },
    ...options,
  });
  await world.start();
  return { world, events };
}

/** Ids of readings by what the device's log says of them. */
const readings = (events: WorldEvent[], kind: "report taken" | "report acknowledged"): number[] =>
  events.flatMap((event) => {
    const told = toldBy(event);
    return told?.kind === kind ? [told.id] : [];
  });
const count = (events: WorldEvent[], kind: string): number =>
  events.filter((event) => toldBy(event)?.kind === kind).length;
const kept = ({ cloud, device }: World): Reading[] =>
  cloud.reported.readings(device.productKey, device.deviceKey);
const stored = (world: World): Set<number> => new Set(kept(world).map(({ id }) => Number(id)));

/** Does something at each request of the device's that asks for its own, before the server sees it. */
function atReports(
  world: World,
  act: (request: CoapMessage, answer: (datagram: Uint8Array) => void) => void,
): void {
  const pass = world.cell.onUplink;
  world.cell.onUplink = (datagram, peer, ...more) => {
    const request = decodeCoap(datagram);
    const isReport =
      !("malformed" in request) &&
      request.options.some(({ value }) => Buffer.from(value).toString() === "up_raw");
    if (isReport)
      act(request, (bytes) => world.cell.injectDownlink(bytes, peer, { address: "203.0.113.5", port: 5683 }));
    pass?.(datagram, peer, ...more);
  };
}

describe("somebody off the path", () => {
  it("who guesses ids and tokens at every second of four hours costs no reading, and has none taken for stored", async () => {
    const { world, events } = await begin({
      settings: { reports: 96 },
      attacks: [
        {
          ...{ strength: "off-path", acts: ["acknowledgement", "response", "confirmable-response", "reset"] },
          ...{ every: 1000, port: "known", sender: "server", to: 4 * hour },
        },
      ],
    });
    await world.clock.run({ until: 4 * hour });
    expect(world.path.counts).toMatchObject({ reset: expect.any(Number), response: expect.any(Number) });
    const acknowledged = readings(events, "report acknowledged");
    expect(acknowledged.length).toBeGreaterThan(3);
    // Those that waited come together, under one id.
    expect(kept(world).length).toBeGreaterThanOrEqual(acknowledged.length);
    await world.clock.run({ until: 36 * hour });
    expect(readings(events, "report taken")).toHaveLength(96);
    expect(kept(world)).toHaveLength(96);
    expect(count(events, "report refused")).toBe(0);
    expect(count(events, "command executed")).toBe(0);
  });

  it("who has guessed a message id ends an attempt by RST, and the reading waits for the next", async () => {
    const { world, events } = await begin({ settings: { reports: 32 } });
    let resets = 0;
    atReports(world, ({ type, messageId }, answer) => {
      if (type !== con || world.clock.now > 3 * hour) return;
      resets += 1;
      answer(encodeCoap({ type: rst, code: 0, messageId, token: nothing, options: [], payload: nothing }));
    });
    await world.clock.run({ until: 24 * hour });
    expect(resets).toBeGreaterThan(3);
    expect(count(events, "report refused") + count(events, "report dropped")).toBe(0);
    expect(kept(world)).toHaveLength(32);
  });
});

describe("somebody on the path", () => {
  it("reads readings, keys and the session's token", async () => {
    const { world, events } = await begin();
    await world.clock.run({ until: hour });
    const passed = events.flatMap((event) =>
      event.source === "air" ? [Buffer.from(event.report.bytes).toString("latin1")] : [],
    );
    const { productKey, deviceKey, deviceSecret } = world.device;
    expect(passed.some((each) => each.includes(productKey) && each.includes(deviceKey))).toBe(true);
    expect(passed.some((each) => each.includes('{"token":"'))).toBe(true);
    // A secret that is guessed can be tried against the digest, so it has to be one that nobody guesses.
    expect(passed.some((each) => each.includes(deviceSecret))).toBe(false);
  });

  it("makes up a command, and the device obeys it", async () => {
    const { world, events } = await begin({ edition: "tokenless" });
    const { productKey, deviceKey } = world.device;
    const method = "thing.service.measurepoint.set";
    const made = world.cloud.products.scriptToRaw(
      productKey,
      JSON.stringify({ id: "7", version: "1.0", method, params: { relay: 1 } }),
    );
    if ("fault" in made) throw new Error(made.fault);
    const path = `/topic/sys/${productKey}/${deviceKey}/thing/model/down_raw`;
    atReports(world, ({ messageId, token }, answer) => {
      const options = [
        { number: 2100, value: Buffer.from(path) },
        { number: 2102, value: made },
      ];
      answer(encodeCoap({ type: ack, code: 0x44, messageId, token, options, payload: nothing }));
    });
    await world.clock.run({ until: 4 * hour });
    expect(count(events, "command executed")).toBeGreaterThan(0);
    expect(world.cloud.commands.list(productKey, deviceKey)).toEqual([]);
    expect(world.cloud.reported.latest(productKey, deviceKey)).toMatchObject({ relay: { value: 1 } });
  });
});

describe("somebody in the middle", () => {
  it("acknowledges readings in the server's place, which the device then deletes", async () => {
    const { world, events } = await begin({
      attacks: [{ strength: "in-the-middle", acts: ["taken"], from: 30 * minute }],
    });
    await world.clock.run({ until: 6 * hour });
    const acknowledged = readings(events, "report acknowledged");
    expect(acknowledged.filter((id) => !stored(world).has(id)).length).toBeGreaterThan(10);
  });

  it("who drops all there is costs no reading, for the journal keeps them", async () => {
    const { world, events } = await begin({
      attacks: [{ strength: "in-the-middle", acts: ["drop"], from: 30 * minute, to: 10 * hour }],
    });
    await world.clock.run({ until: 24 * hour - minute });
    const taken = readings(events, "report taken");
    // One at once, and 96 from the end of the start's wait on.
    expect(taken).toHaveLength(97);
    expect(kept(world)).toHaveLength(97);
  });
});
