/** A sealed product over the whole chain: its keys, deep sleep, safe starts, and somebody in the middle of the way. */
import { afterEach, describe, expect, it, test } from "vitest";
import { ack, decodeCoap, encodeCoap } from "../../host-sim/cloud/coap/coap-wire";
import { resolve } from "node:path";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { variantSources } from "../../host-sim/sim/world/product-variant";
import { readManifest } from "../../host-sim/tools/footprint/manifest";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { CoapOption } from "../../host-sim/cloud/coap/coap-wire";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function begin(
  options: Partial<WorldOptions> = {},
  edit: (board: Map<string, unknown>) => void = () => {},
) {
  const events: WorldEvent[] = [];
  world = await World.create({
    ...{ seed: 3, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
    ...{ format: "compact", pendingTtl: hour, sealed: true, settings: { startSpread: 0 } },
    ...options,
    onEvent: (event) => void events.push(event),
  } as WorldOptions);
  edit(world.keyValue.get("enos")!);
  await world.start();
  return { world, events };
}

const told = (events: WorldEvent[], kind: LogEvent["kind"]): LogEvent[] =>
  events.flatMap((event) => toldBy(event) ?? []).filter((each) => each.kind === kind);
/** Salt and counter of what the cloud opened, in its order. */
const seals = (events: WorldEvent[]): { salt: string; counter: number }[] =>
  events.flatMap((event) =>
    event.source === "cloud" && event.event.type === "stored" && event.event.sealed !== undefined
      ? [event.event.sealed]
      : [],
  );

describe.each([true, "proof"] as const)("a board that sleeps deeply, sealed: %s", (sealed) => {
  it("goes on with its salt and its count from wake to wake, and begins another after a loss of power", async () => {
    const { world, events } = await begin({ sleep: "deep", sealed });
    await world.clock.run({ until: 6 * hour });
    const before = seals(events);
    expect(before.length).toBeGreaterThan(22);
    expect(new Set(before.map(({ salt }) => salt)).size).toBe(1);
    const counters = before.map(({ counter }) => counter);
    for (let i = 1; i < counters.length; i++) {
      expect(counters[i]).toBeGreaterThan(counters[i - 1]);
      // Reserved by fours.
      expect(counters[i] - counters[i - 1]).toBeLessThan(9);
    }
    world.cutPower(minute);
    await world.clock.run({ until: 8 * hour });
    const all = seals(events);
    expect(new Set(all.map(({ salt }) => salt)).size).toBe(2);
    expect(new Set(all.map(({ salt, counter }) => `${salt} ${counter}`)).size).toBe(all.length);
    const { length } = told(events, "report taken");
    expect(told(events, "report acknowledged").length).toBeGreaterThan(length - 2);
    expect(told(events, "report refused").concat(told(events, "report dropped"))).toEqual([]);
  });

  it("begins another where its memory was damaged", async () => {
    const { world, events } = await begin({ sleep: "deep", sealed });
    await world.clock.run({ until: 2 * hour + 5 * minute });
    world.retained.fill(0xa5);
    await world.clock.run({ until: 4 * hour });
    const all = seals(events);
    expect(new Set(all.map(({ salt }) => salt)).size).toBe(2);
    expect(new Set(all.map(({ salt, counter }) => `${salt} ${counter}`)).size).toBe(all.length);
  });
});

describe("a board", () => {
  test.each([
    ["without a key", (board: Map<string, unknown>) => void board.delete("sealKey"), "sealKey is missing"],
    [
      "with half a key",
      (board: Map<string, unknown>) => void board.set("sealKey", "5a".repeat(16)),
      "64 hex digits",
    ],
  ])("%s says so and does nothing more", async (_what, edit, text) => {
    const { world, events } = await begin({}, edit);
    await world.clock.run({ until: hour });
    const lines = told(events, "settings") as { text: string }[];
    expect(lines).toHaveLength(1);
    expect(lines[0].text).toContain(text);
    expect(lines[0].text).toContain("npm run provision -- --master");
    expect(lines[0].text).not.toContain("5a5a");
    expect(events.some(({ source }) => source === "air")).toBe(false);
  });

  it("whose readings would go in JSON says so and does nothing more", async () => {
    const { world, events } = await begin({ settings: { payload: "json" } });
    await world.clock.run({ until: hour });
    expect((told(events, "settings") as { text: string }[])[0].text).toContain('payload is "json"');
    expect(events.some(({ source }) => source === "air")).toBe(false);
  });

  it("that was given no device key finds its IMEI first, and seals under the key that was made for it", async () => {
    const { world, events } = await begin({ keyFromModem: true });
    await world.clock.run({ until: hour });
    expect(told(events, "keys found")).toHaveLength(1);
    expect(seals(events).length).toBeGreaterThan(2);
  });

  it("that has neither says which IMEI it has, and then which key is missing", async () => {
    const { world, events } = await begin({ keyFromModem: true }, (board) => void board.delete("sealKey"));
    await world.clock.run({ until: hour });
    expect(told(events, "keys found")).toHaveLength(1);
    expect((told(events, "settings") as { text: string }[]).map(({ text }) => text)).toEqual([
      expect.stringContaining("sealKey is missing"),
    ]);
    expect(seals(events)).toEqual([]);
  });
});

describe("a safe start", () => {
  it("seals as well: why it is one comes in an envelope, and the service that ends it is obeyed out of one", async () => {
    const modules = new Map([
      ...readManifest("firmware/board/generic/manifest.json").modules,
      ...readManifest("firmware/seal/manifest.json").modules,
    ]);
    modules.set("sound-application", modules.get("application")!);
    modules.set("application", resolve("test/whole/broken-application.js"));
    const firmware = await bundleFirmware({ modules, sources: variantSources("demo", { sealed: true }) });
    const settings: Record<string, unknown> = { startSpread: 0, broken: "constructor" };
    const { world, events } = await begin({ firmware, settings });
    await world.clock.run({ until: hour });
    expect(told(events, "start safe").length).toBeGreaterThan(0);
    const { productKey, deviceKey } = world.device;
    const happened = world.cloud.reported.events(productKey, deviceKey);
    expect(happened.map(({ values }) => values.what)).toContain("start safe");
    expect(seals(events).length).toBeGreaterThan(0);
    settings.broken = "nothing";
    const restart = { kind: "service", service: "restart", inputs: { normally: true } } as const;
    const times = { pendingTtl: 3 * hour };
    world.cloud.commands.sendAddressed(productKey, deviceKey, restart, world.cloudNow, times);
    world.touchCloud();
    await world.clock.run({ until: 4 * hour });
    expect(told(events, "command refused")).toEqual([]);
    expect(told(events, "command executed")).toMatchObject([{ command: "restart", code: 200 }]);
    expect(told(events, "report acknowledged").length).toBeGreaterThan(2);
  });
});

describe("somebody in the middle who puts a forged command on every answer for a day", () => {
  const forged = Uint8Array.from({ length: 60 }, (_, i) => (i === 0 ? 0x0e : (i * 37) & 0xff));

  /** Bytes up, seconds for which the modem was connected, and what the device said. */
  async function day(edition: "token" | "tokenless", isForging: boolean) {
    const { world, events } = await begin({ edition, settings: { startSpread: 0 } });
    const { productKey, deviceKey } = world.device;
    const path = Buffer.from(`/topic/sys/${productKey}/${deviceKey}/thing/model/down_raw`);
    const commands: CoapOption[] = [{ number: 2100, value: path }];
    if (edition === "tokenless") commands.push({ number: 2102, value: forged });
    const gets = new Set<string>();
    if (isForging) {
      world.path.interpose({
        up: (datagram) => {
          const message = decodeCoap(datagram);
          if (!("malformed" in message) && message.code === 1)
            gets.add(Buffer.from(message.token).toString("hex"));
          return datagram;
        },
        down: (datagram) => {
          const message = decodeCoap(datagram);
          if ("malformed" in message || message.type !== ack || message.code === 0) return datagram;
          const options = [...message.options.filter(({ number }) => number < 2100), ...commands];
          return gets.has(Buffer.from(message.token).toString("hex"))
            ? encodeCoap({ ...message, code: 0x45, options, payload: forged })
            : encodeCoap({ ...message, options });
        },
      });
    }
    await world.clock.run({ until: 24 * hour });
    let bytes = 0;
    let connected = 0;
    let since: number | undefined;
    for (const event of events) {
      if (event.source === "air" && event.report.direction === "up") bytes += event.report.bytes.length;
      if (event.source !== "modem" || event.event.type !== "rrc") continue;
      if (event.event.state === "connected") since ??= event.time;
      else if (since !== undefined) {
        connected += event.time - since;
        since = undefined;
      }
    }
    return { world, events, bytes, connected: connected / 1000, gets: gets.size };
  }

  test.each([
    ["token", 16],
    ["tokenless", 0],
  ] as const)("costs what strangers may, %s", async (edition, fetched) => {
    const quiet = await day(edition, false);
    await quiet.world.close();
    const under = await day(edition, true);
    expect(under.gets).toBe(fetched);
    expect(told(under.events, "command refused")).toHaveLength(16);
    expect(told(under.events, "command executed").concat(told(under.events, "radio guarded"))).toEqual([]);
    // 16 GETs, and the event that tells of them.
    expect(under.bytes - quiet.bytes).toBeLessThan(16 * 300 + 600);
    expect(quiet.connected).toBeGreaterThan(100);
    expect(under.connected - quiet.connected).toBeLessThan(60);
    expect(told(under.events, "report acknowledged").length).toBe(
      told(quiet.events, "report acknowledged").length,
    );
    const troubles = under.world.cloud.reported
      .events(under.world.device.productKey, under.world.device.deviceKey)
      .filter(({ event }) => event === "trouble");
    expect(troubles.map(({ values }) => values.what)).toEqual(["command refused"]);
  });
});
