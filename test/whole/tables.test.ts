/**
 * Every row of the protocol's tables, from the firmware over UDP to the application over HTTP, in both
 * editions.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { World } from "./world";
import type { CloudEvent } from "../../host-sim/cloud/cloud";

const stored = (event: CloudEvent): boolean => event.type === "stored";
const history = "/measurepoints/humidity/history?order=asc";

describe.each(["token", "tokenless"] as const)("edition %s: what a device says", (edition) => {
  let world: World;
  afterEach(() => world.close());

  test.each(["json", "raw", "compact"] as const)("measure points, %s", async (format) => {
    world = await World.start(edition, "json", { format });
    const latest = await world.of("/measurepoints");
    expect(latest).toMatchObject({ relay: { value: 0 }, rssi: { value: -85, quality: 0 } });
    expect(latest.temperature.value).toBeCloseTo(21.5, 0);
    expect((await world.of("")).state).toBe("online");
  });

  test.each(["json", "raw", "compact"] as const)("many at once with their times, %s", async (format) => {
    world = await World.start(edition, "json", { format, batch: 3, reports: 1 });
    const last = world.next((event) => event.type === "stored" && event.points?.["relay"] === 1);
    world.device.report({ humidity: 10 });
    world.device.report({ temperature: 20 });
    world.device.report({ relay: 1 });
    await last;
    const latest = await world.of("/measurepoints");
    expect(latest).toMatchObject({
      humidity: { value: 10 },
      temperature: { value: 20 },
      relay: { value: 1 },
    });
    for (const { time, at } of [latest.humidity, latest.temperature, latest.relay]) {
      expect(Math.abs(at - time)).toBeLessThan(60_000);
    }
    // One request for the first reading, one for all the others.
    expect((await world.of("")).counters.requests).toBe(2);
  });

  test.each(["json", "raw", "compact"] as const)("late, %s: history, and not the newest", async (format) => {
    // Older than nothing is late: each reading is, by the moment that it takes to be sent.
    world = await World.start(edition, "json", { format, late: -1 });
    const [first] = (await world.of(history)).items;
    expect(Math.abs(first.at - first.time)).toBeLessThan(60_000);
  });

  test("an event", async () => {
    world = await World.start(edition, "json");
    const how = await world.sends((device, done) => device.postEvent("overheat", { temperature: 90 }, done));
    expect(how).toEqual({ kind: "accepted", data: {} });
    expect((await world.of("/events")).items).toMatchObject([
      { event: "overheat", values: { temperature: 90 } },
    ]);
  });

  test("attributes: set, asked for, deleted", async () => {
    world = await World.start(edition, "json");
    await world.sends((device, done) => device.updateAttributes({ floor: 3, label: "größe" }, done));
    expect(await world.of("/attributes")).toEqual({ floor: 3, label: "größe" });
    const asked = await world.sends((device, done) => device.queryAttributes(["floor"], done));
    expect(asked).toEqual({ kind: "accepted", data: { floor: 3 } });
    expect(await world.sends((device, done) => device.queryAttributes(["nope"], done))).toMatchObject({
      ...{ kind: "refused", enosCode: 1208 },
    });
    await world.sends((device, done) => device.deleteAttributes(["floor"], done));
    expect(await world.of("/attributes")).toEqual({ label: "größe" });
  });

  test("tags: set, asked for, deleted", async () => {
    world = await World.start(edition, "json");
    await world.sends((device, done) => device.updateTags({ site: "north", rack: "7" }, done));
    expect(await world.of("/tags")).toEqual({ site: "north", rack: "7" });
    const asked = await world.sends((device, done) => device.queryTags([], done));
    expect(asked).toEqual({ kind: "accepted", data: { site: "north", rack: "7" } });
    await world.sends((device, done) => device.deleteTags(["rack"], done));
    expect(await world.of("/tags")).toEqual({ site: "north" });
  });

  test("its firmware's version", async () => {
    world = await World.start(edition, "json");
    await world.sends((device, done) => device.informFirmware("1.4.2", done));
    expect(await world.of("")).toMatchObject({ firmwareVersion: "1.4.2" });
  });

  test("a body too long for a datagram goes in blocks", async () => {
    world = await World.start(edition, "json", { maxDatagram: 400 });
    const tags = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`tag${i}`, "x".repeat(40)]));
    expect((await world.sends((device, done) => device.updateTags(tags, done))).kind).toBe("accepted");
    expect(await world.of("/tags")).toEqual(tags);
  });
});

describe.each(["token", "tokenless"] as const)("edition %s: what a device is told", (edition) => {
  let world: World;
  const answered = (event: CloudEvent): boolean => event.type === "command-answered";
  /** Queues a command, makes the device speak, and gives the command once it has been answered. */
  const tell = async (command: object): Promise<any> => {
    const { id, status } = await world.of("/commands", command);
    expect(status).toBe("pending");
    const reply = world.next(answered);
    world.device.report({ humidity: 50 });
    await reply;
    return world.api(`commands/${id}`);
  };

  for (const payload of ["json", "raw"] as const) {
    describe(`in ${payload}`, () => {
      beforeEach(async () => {
        world = await World.start(edition, payload);
      });
      afterEach(() => world.close());

      test("set", async () => {
        expect(await tell({ kind: "set", points: { relay: 1 } })).toMatchObject({
          status: "success",
          code: 200,
        });
        const report = world.next(stored);
        world.device.report({ relay: 1 });
        await report;
        expect((await world.of("/measurepoints")).relay.value).toBe(1);
      });

      test("a service, with inputs and outputs", async () => {
        const inputs = { reference: { temperature: 20, humidity: 40, source: "größe" } };
        const command = await tell({ kind: "service", service: "calibrate", inputs });
        expect(command).toMatchObject({ status: "success", code: 200 });
        expect(command.data.corrections).toHaveLength(2);
      });

      test("a service that answers with a code of its own", async () => {
        const command = await tell({ kind: "service", service: "reboot", inputs: { delay: 5 } });
        // A raw answer has one byte for its code, and none for words.
        if (payload === "json")
          expect(command).toMatchObject({ code: 501, message: expect.stringMatching(/5 s/) as string });
        else expect(command).toMatchObject({ status: "failed", code: 255 });
      });

      test("several at once, one behind the other", async () => {
        const ids: string[] = [];
        for (const relay of [1, 0, 1]) {
          ids.push((await world.of("/commands", { kind: "set", points: { relay } })).id);
        }
        const replies = Promise.all(
          ids.map((id) => world.next((event) => event.type === "command-answered" && event.id === id)),
        );
        world.device.report({ humidity: 50 });
        await replies;
        const commands = (await world.of("/commands")).items;
        expect(commands.map(({ status }: { status: string }) => status)).toEqual(Array(3).fill("success"));
        expect(world.log.filter((line) => line.startsWith("command: executed"))).toHaveLength(3);
      });
    });
  }

  test("get", async () => {
    world = await World.start(edition, "json");
    const command = await tell({ kind: "get", points: ["relay", "rssi"] });
    expect(command).toMatchObject({ code: 200, data: { relay: 0, rssi: { value: -85, quality: 0 } } });
    await world.close();
  });
});
