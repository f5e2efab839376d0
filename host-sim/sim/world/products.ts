/**
 * The products that come with the firmware: where each lies, and what an operator may ask of it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../project";
import type { Command } from "../../cloud/enos/command-encoding";
import type { ProductRecord } from "../../cloud/registry/product";
import type { ApplicationName } from "./device-options";

interface Product {
  /** Its folder, from the project's root. */
  readonly folder: string;
  /** A command that it obeys. */
  readonly command: Command;
  /** How the simulated board is wired for it, as settings of its own. */
  readonly wiring: Readonly<Record<string, number>>;
}

/** GPIOs of the simulated board's I2C bus, and of the analog input behind a divider of two equal resistors. */
export const sensorPins = Object.freeze({ data: 32, clock: 33 });
export const batteryPin = 35;
/** Pin's voltage over the battery's. */
export const batteryShare = 0.5;

/** By their names. */
export const products: Readonly<Record<ApplicationName, Product>> = Object.freeze({
  demo: {
    folder: "firmware/product",
    command: { kind: "set", points: { relay: 1 } },
    wiring: {},
  },
  room: {
    folder: "firmware/room",
    command: { kind: "service", service: "measure", inputs: {} },
    wiring: { sensorData: sensorPins.data, sensorClock: sensorPins.clock, batteryPin },
  },
});

/** A product as an operator registers it: its thing model and its parsing script. */
export function productRecord(
  application: ApplicationName,
  productKey: string,
  payload: "raw" | "json",
): ProductRecord {
  const folder = join(projectRoot(), products[application].folder);
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  const model: unknown = JSON.parse(read("model.json"));
  return { productKey, name: application, payload, model, script: read("parsing-script.js") };
}
