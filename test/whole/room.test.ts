/**
 * The example with real parts, from the sensor's registers to the cloud, while they fail. The sensor's class is this
 * project's own; where MODDABLE names a Moddable SDK, the SDK's class runs the same.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { World } from "../../host-sim/sim/world/world";
import { xsMissing } from "../host-sim/sim/board/rig";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

class Trial {
  readonly told: { readonly time: number; readonly event: LogEvent; readonly text: string }[] = [];
  world!: World;

  static async begin(firmware: string | undefined, options: Partial<WorldOptions> = {}): Promise<Trial> {
    const trial = new Trial();
    world = trial.world = await World.create({
      ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
      ...{ interval: 900, format: "compact", application: "room", firmware },
      settings: { startSpread: 0 },
      onEvent: (event) => {
        const line = toldBy(event);
        if (line === undefined || event.source !== "device") return;
        trial.told.push({ time: event.time, event: line, text: event.text });
      },
      ...options,
    } as WorldOptions);
    return trial;
  }

  /** Starts the board, at the first call, and goes on until a virtual time. */
  async until(time: number): Promise<this> {
    if (this.world.boots === 0) await this.world.start();
    await this.world.clock.run({ until: time });
    return this;
  }

  /** Measure points of each reading that the cloud has, in their order. */
  get readings(): Record<string, unknown>[] {
    const { cloud, device } = this.world;
    const stored = [...cloud.reported.readings(device.productKey, device.deviceKey)];
    return stored
      .sort((a, b) => (a.time ?? 0) - (b.time ?? 0))
      .map(({ points }) => points as Record<string, unknown>);
  }

  lines(start: string): string[] {
    return this.told.flatMap(({ text }) => (text.startsWith(start) ? [text] : []));
  }
}

const sdk = process.env.MODDABLE;
const sdkClass = sdk === undefined ? undefined : join(sdk, "modules/drivers/sensors/sht3x/sht3x.js");
const absent = sdkClass === undefined || !existsSync(sdkClass);

/** The classes of the sensor, by who wrote them. */
const drivers: readonly (readonly [string, boolean, () => Promise<string> | undefined])[] = [
  ["this project's class", false, () => undefined],
  [
    "the SDK's class",
    absent,
    () =>
      bundleFirmware({
        product: "firmware/room",
        sdk: new Map([
          ["embedded:sensor/Humidity-Temperature/SHT3x", sdkClass!],
          ["crc", resolve("test/whole/sdk-crc.js")],
        ]),
      }),
  ],
];

describe.each(drivers)("with %s", (_name, missing, bundle) => {
  test.skipIf(missing)(
    "the cloud has what the air is like, and the battery without the radio's load",
    async () => {
      const trial = await (await Trial.begin(await bundle())).until(6 * hour - minute);
      expect(trial.readings).toHaveLength(24);
      for (const { temperature, humidity, battery } of trial.readings) {
        expect(temperature).toBeGreaterThan(20.4);
        expect(temperature).toBeLessThan(22.1);
        expect(humidity).toBeGreaterThan(40.8);
        expect(humidity).toBeLessThan(45.1);
        expect(battery).toBeCloseTo(3.9, 2);
      }
      // Morning: it gets warmer, and so drier.
      expect(trial.readings[23].temperature).toBeGreaterThan(trial.readings[0].temperature as number);
      expect(trial.world.uart.lost).toBe(0);
      expect(trial.lines("setting: ")).toEqual([]);
    },
  );

  test.skipIf(missing)(
    "a sensor that is not there at the start costs its points alone, and comes back",
    async () => {
      const trial = await Trial.begin(await bundle());
      trial.world.sensor.fault = "absent";
      await trial.until(3 * hour - minute);
      expect(trial.readings).toHaveLength(12);
      for (const reading of trial.readings) expect(Object.keys(reading)).toEqual(["battery"]);
      const failed = ["temperature", "humidity"].flatMap((point) =>
        [1, 10].map((n) => `report: left out point=${point} count=${n} reason="fault write failed"`),
      );
      expect(trial.lines("report: left out").sort()).toEqual(failed.sort());
      trial.world.sensor.fault = undefined;
      await trial.until(4 * hour - minute);
      expect(Object.keys(trial.readings.at(-1)!).sort()).toEqual(["battery", "humidity", "temperature"]);
      expect(trial.lines("report: back")).toEqual([
        "report: back point=temperature count=12",
        "report: back point=humidity count=12",
      ]);
    },
  );

  test.skipIf(missing)(
    "one that is unplugged for an hour is set up anew, and the operator is told",
    async () => {
      // A reading is taken some ms after its time, as the processor needs them: the plug goes a minute later.
      const trial = await (await Trial.begin(await bundle())).until(hour + minute);
      const { cloud, device, sensor } = trial.world;
      sensor.fault = "absent";
      await trial.until(2 * hour + minute);
      sensor.fault = undefined;
      sensor.powerUp(trial.world.clock.now);
      await trial.until(3 * hour - minute);
      const whole = trial.readings.map((reading) => "temperature" in reading);
      expect(whole).toEqual([true, true, true, true, true, false, false, false, false, true, true, true]);
      const events = cloud.reported.events(device.productKey, device.deviceKey);
      expect(events.map(({ event }) => event)).toEqual(["trouble"]);
    },
  );

  test.skipIf(missing)(
    "wrong checksums, a measurement of half a second, a bus that is held down",
    async () => {
      const trial = await (await Trial.begin(await bundle())).until(hour - minute);
      const { sensor, i2c } = trial.world;
      sensor.fault = "bad checksum";
      await trial.until(2 * hour - minute);
      sensor.fault = "slow";
      await trial.until(3 * hour - minute);
      sensor.fault = undefined;
      i2c.stuckLow = true;
      await trial.until(4 * hour - minute);
      i2c.stuckLow = false;
      await trial.until(5 * hour - minute);
      const whole = trial.readings.map((reading) => "temperature" in reading);
      expect(whole).toEqual([4, 12, 4].flatMap((n, i) => Array<boolean>(n).fill(i !== 1)));
      for (const { battery } of trial.readings) expect(battery).toBeCloseTo(3.9, 2);
      // The pace stays whatever the parts do.
      const taken = trial.told.flatMap(({ event, time }) => (event.kind === "report taken" ? [time] : []));
      expect(taken.map((at) => Math.round(at / 1_000 / 900))).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
    },
  );

  test.skipIf(missing)(
    "one that is stuck: nobody can tell from one reading, and nothing is said",
    async () => {
      const trial = await Trial.begin(await bundle());
      trial.world.sensor.fault = "stuck";
      await trial.until(2 * hour - minute);
      expect(new Set(trial.readings.map(({ temperature }) => temperature)).size).toBe(1);
      expect(trial.lines("report: left out")).toEqual([]);
    },
  );

  test.skipIf(missing)("the service measure answers with what is measured then, or why not", async () => {
    const trial = await (await Trial.begin(await bundle())).until(20 * minute);
    const { cloud, device, sensor, clock } = trial.world;
    const measure = (): string =>
      cloud.commands.send(
        device.productKey,
        device.deviceKey,
        { kind: "service", service: "measure", inputs: {} },
        trial.world.cloudNow,
      );
    const before = sensor.measurements;
    const first = measure();
    await trial.until(50 * minute);
    expect(sensor.measurements).toBe(before + 3);
    sensor.fault = "absent";
    const second = measure();
    await trial.until(clock.now + hour);
    const commands = cloud.commands.list(device.productKey, device.deviceKey);
    const codes = [first, second].map((id) => commands.find((each) => each.id === id)?.code);
    expect(codes).toEqual([200, 500]);
  });
});

const engines = [
  ["node", false],
  ["xs", xsMissing !== undefined],
] as const;

describe.each(engines)("on %s", (engine, missing) => {
  test.skipIf(missing)("over deep sleep, what fails is counted and not told each time", async () => {
    const trial = await Trial.begin(undefined, { engine, sleep: "deep" });
    trial.world.sensor.fault = "absent";
    await trial.until(3 * hour - minute);
    expect(trial.readings).toHaveLength(12);
    expect(trial.world.sleeps).toBeGreaterThanOrEqual(11);
    expect(trial.lines("report: left out point=temperature")).toEqual(
      [1, 10].map((n) => `report: left out point=temperature count=${n} reason="fault write failed"`),
    );
    trial.world.sensor.fault = undefined;
    await trial.until(3 * hour + minute);
    expect(trial.lines("report: back")).toHaveLength(2);
    for (const { battery } of trial.readings) expect(battery).toBeCloseTo(3.9, 2);
  });
});

describe("a wiring that cannot be is one line, and the board does nothing more", () => {
  test.each<[what: string, settings: Record<string, unknown>, line: RegExp]>([
    [
      "a sensor's address",
      { sensorAddress: 0x46 },
      /^settings: sensorAddress is 70, it must be a whole number from 68/,
    ],
    [
      "a pin that is none",
      { sensorData: "A4" },
      /^settings: sensorData is "A4", it must be a whole number from 0 to 48$/,
    ],
    [
      "a board without a plug",
      { board: "generic", sensorData: "", sensorClock: "" },
      /^settings: sensorData and sensorClock are not set: generic has no plug/,
    ],
    [
      "a pin without an ADC",
      { batteryPin: 23 },
      /^settings: batteryPin is 23, it must be a GPIO with an analog input/,
    ],
    [
      "a pin that is taken",
      { batteryPin: 5 },
      /^settings: batteryPin is 5, it must be a GPIO with an analog input/,
    ],
    [
      "a ratio",
      { batteryRatio: "2.5" },
      /^settings: batteryRatio is "2.5", it must be a whole number from 100 to 2000$/,
    ],
  ])("%s", async (_what, settings, line) => {
    const trial = await Trial.begin(undefined, { settings: { startSpread: 0, ...settings } });
    await trial.until(hour);
    expect(trial.told.map(({ text }) => text)).toEqual([expect.stringMatching(line)]);
  });

  test("a divider of three to one", async () => {
    const trial = await Trial.begin(undefined, { settings: { startSpread: 0, batteryRatio: 300 } });
    await trial.until(10 * minute);
    expect(trial.readings[0].battery).toBeCloseTo(5.85, 2);
  });
});
