/**
 * Which parts the example has, and where they are wired: a Sensirion SHT30, SHT31 or SHT35 by the SDK's own sensor
 * class, and the battery's voltage at an analog input, behind a divider. Settings win over the table, so that another
 * wiring needs no other table.
 */
import Analog from "embedded:io/analog";
import I2C from "embedded:io/i2c";
import SHT3x from "embedded:sensor/Humidity-Temperature/SHT3x";
import config from "mc/config";
import { gpio, whole } from "../device/setting-values";
import { SettingsError } from "../enos/credentials";
import { RoomApplication } from "./application";
import type { Application } from "../device/application";
import type { Configuration } from "../device/setting-values";
import type { ClimateSensor } from "./application";

/** Names of the settings that this product has besides the device's. */
export const settingNames: readonly string[] = Object.freeze([
  "sensorData",
  "sensorClock",
  "sensorAddress",
  "batteryPin",
  "batteryRatio",
]);

/** GPIOs of the I2C bus that the sensor is on, and of the analog input. */
interface Plug {
  readonly board: string;
  readonly data: number;
  readonly clock: number;
  readonly battery?: number;
}

/** Boards that have a plug for such a sensor, or a divider for the battery. */
const plugs: readonly Plug[] = Object.freeze([
  // PORT.A; docs.m5stack.com, "Core" and "Unit ENV-III", whose SHT30 has the address 0x44. The Core's charger
  // tells no voltage.
  Object.freeze({ board: "m5stack-nbiot", data: 21, clock: 22 }),
  Object.freeze({ board: "m5stack-catm", data: 21, clock: 22 }),
  // Examples of Xinyuan-LilyGO/LilyGO-T-SIM7000G: I2C on the header, half of the battery's voltage at GPIO 35.
  Object.freeze({ board: "lilygo-t-sim7000g", data: 21, clock: 22, battery: 35 }),
] as const);

/** The sensor's addresses, by the level of its pin ADDR (datasheet SHT3x-DIS, table 8). */
const lowestAddress = 0x44;
const highestAddress = 0x45;
/** Slow enough for the wire of a plug and the ESP32's own pull-ups, bit/s. */
const busRate = 100_000;
/**
 * Volts at the pin for which the SDK's class reads its most: what the ADC's calibration gives is scaled to this at the
 * class's usual attenuation of 12 dB (modules/io/analog/esp32/_analog.c, SDK 8.2.3).
 */
const fullScale = 2.45;
/** Readings of the analog input that are averaged: one alone is off by some 10 mV. */
const analogReadings = 8;

/** The product's own part. @throws SettingsError for a wiring that cannot be */
export function newApplication({ board }: { readonly board: string }): Application {
  const settings: Configuration = config;
  const plug = plugs.find((each) => each.board === board);
  const data = gpio(settings, "sensorData") ?? plug?.data;
  const clock = gpio(settings, "sensorClock") ?? plug?.clock;
  if (data === undefined || clock === undefined) {
    throw new SettingsError(
      `sensorData and sensorClock are not set: ${board} has no plug for a sensor, name the GPIOs of its SDA and SCL`,
    );
  }
  const address = whole(settings, "sensorAddress", lowestAddress, lowestAddress, highestAddress);
  const pin = gpio(settings, "batteryPin") ?? plug?.battery;
  // In hundredths, as settings are whole numbers: 200 for two equal resistors.
  const ratio = whole(settings, "batteryRatio", 200, 100, 2_000) / 100;
  return new RoomApplication({
    openSensor: () => openSensor(data, clock, address),
    readBattery: pin === undefined ? undefined : batteryReader(pin, ratio),
  });
}

/** A sensor that does not answer leaves its bus open; then the next try would find the address in use. */
function openSensor(data: number, clock: number, address: number): ClimateSensor {
  // The typings lack its `close`.
  let bus: { close(): void } | undefined;
  // The SDK's class makes its bus by `new`, which takes any function that is no arrow.
  const io = function (options: ConstructorParameters<typeof I2C>[0]): object {
    const opened = new I2C(options) as I2C & { close(): void };
    bus = opened;
    return opened;
  };
  try {
    return new SHT3x({ sensor: { io, data, clock, address, hz: busRate } });
  } catch (error) {
    bus?.close();
    throw error;
  }
}

function batteryReader(pin: number, ratio: number): () => number {
  let input: Analog;
  try {
    input = new Analog({ pin });
  } catch {
    throw new SettingsError(
      `batteryPin is ${pin}, it must be a GPIO with an analog input that nothing else uses`,
    );
  }
  const most = 2 ** input.resolution - 1;
  return () => {
    let sum = 0;
    for (let i = 0; i < analogReadings; i++) sum += input.read();
    return (sum / analogReadings / most) * fullScale * ratio;
  };
}
