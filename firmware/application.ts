/**
 * What this product measures and obeys: the file to edit for your own.
 *
 * A measure point needs a line in `points` and a value in `sample`; the cloud may set those that are
 * `writable`, which arrives in `set`. The identifiers and types are those of the product's thing
 * model in EnOS, the numbers those of its parsing script.
 */
import { CommandCode } from "./enos/command";
import type { CommandResult } from "./enos/command";
import type { Application } from "./device/agent";
import { definePoints } from "./model/point";
import type { PointDefinition, Value, Values } from "./model/point";

export const points: readonly PointDefinition[] = definePoints([
  { id: "temperature", number: 1, type: "double" },
  { id: "humidity", number: 2, type: "double" },
  { id: "rssi", number: 3, type: "int" },
  { id: "relay", number: 4, type: "int", writable: true },
]);

/** What the application needs of the board. */
export interface Inputs {
  /** Random number in [0, 1); stands in for the sensor's noise until there is a sensor. */
  readonly random: () => number;
  /** Signal of the modem, dBm, when it is known. */
  readonly rssi: () => number | undefined;
}

/** A thermometer, a hygrometer and a relay. Replace the drift by reads from your sensors. */
export class DemoApplication implements Application {
  readonly #inputs: Inputs;
  #temperature = 21.5;
  #humidity = 48;
  #relay = 0;
  readonly points = points;
  readonly commands;

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
    this.commands = {
      set: (values: Values) => this.#set(values),
      get: (id: string) => this.#get(id),
      services: {},
    };
  }

  sample(): Values {
    this.#temperature = drift(this.#temperature, 0.4, -40, 85, this.#inputs.random());
    this.#humidity = drift(this.#humidity, 1.5, 0, 100, this.#inputs.random());
    const rssi = this.#inputs.rssi();
    const values: Record<string, Value> = {
      temperature: this.#temperature,
      humidity: this.#humidity,
      relay: this.#relay,
    };
    if (rssi !== undefined) values.rssi = rssi;
    return values;
  }

  #set(values: Values): CommandResult {
    const relay = values.relay;
    if (relay !== 0 && relay !== 1) return { code: CommandCode.badRequest, message: "relay takes 0 or 1" };
    this.#relay = relay;
    return { code: CommandCode.ok };
  }

  #get(id: string): Value | undefined {
    switch (id) {
      case "temperature":
        return this.#temperature;
      case "humidity":
        return this.#humidity;
      case "rssi":
        return this.#inputs.rssi();
      case "relay":
        return this.#relay;
      default:
        return undefined;
    }
  }
}

/** A step of a bounded random walk, to two decimals as a sensor would give it. */
function drift(value: number, step: number, least: number, most: number, random: number): number {
  const next = value + (random - 0.5) * step;
  return Math.round(Math.min(most, Math.max(least, next)) * 100) / 100;
}
