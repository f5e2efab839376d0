/**
 * An example with real parts: a room's temperature and humidity from a sensor on I2C, and the voltage of the battery.
 * The parts come in through the options, in the shape that ECMA-419 gives to sensors, so that any class of that shape
 * will do; which ones they are on a board, wiring.ts says.
 *
 * A part that fails costs its own measure points: the others go, and the log has what the part's class said.
 */
import { CommandCode } from "../enos/command";
import { version } from "../product/version";
import { thing } from "./thing";
import type { Application } from "../device/application";
import type { CommandResult } from "../enos/command";
import type { Report, ServiceHandlers, ServiceResult } from "./thing";

/** A sensor class of ECMA-419 for temperature and humidity; a value is missing where its measurement failed. */
export interface ClimateSensor {
  sample(): {
    /** degC */
    readonly thermometer?: { readonly temperature?: number };
    /** % */
    readonly hygrometer?: { readonly humidity?: number };
  };
  close(): void;
}

/** What this application needs of the board. */
export interface Parts {
  /** @throws Error where the sensor does not answer; it is opened anew with the next reading */
  readonly openSensor: () => ClimateSensor;
  /** Volts of the battery; undefined for a board that cannot tell. @throws Error where it cannot be read */
  readonly readBattery: (() => number) | undefined;
}

/** Measures a room. */
export class RoomApplication implements Application {
  readonly #parts: Parts;
  #sensor: ClimateSensor | undefined;
  #last: Report = {};
  readonly thing = thing;
  readonly version = version;
  readonly commands;

  constructor(parts: Parts) {
    this.#parts = parts;
    const services: ServiceHandlers = { measure: () => this.measure() };
    this.commands = {
      // No measure point of the model is writable, so there is nothing that could be set.
      set: (): CommandResult => ({ code: CommandCode.unknown }),
      get: (identifier: string) => this.#last[identifier as keyof Report],
      services,
    };
  }

  /** The device switches its radio on only after this, so the battery is measured without that load. */
  sample(): Report {
    const report: { -readonly [P in keyof Report]: Report[P] } = {};
    const { readBattery } = this.#parts;
    try {
      if (readBattery !== undefined) report.battery = rounded(readBattery(), 1_000);
    } catch (error) {
      fail(report, "battery", error);
    }
    try {
      const { temperature, humidity } = this.readClimate();
      report.temperature = temperature;
      report.humidity = humidity;
    } catch (error) {
      fail(report, "temperature", error);
      fail(report, "humidity", error);
    }
    this.#last = report;
    return report;
  }

  /** @throws what the sensor's class throws */
  private readClimate(): { readonly temperature: number; readonly humidity: number } {
    const sensor = (this.#sensor ??= this.#parts.openSensor());
    try {
      const { thermometer, hygrometer } = sensor.sample();
      // NaN for a value that is missing: the log tells of it, as it does of any value that is no number.
      return {
        temperature: rounded(thermometer?.temperature ?? NaN, 100),
        humidity: rounded(hygrometer?.humidity ?? NaN, 100),
      };
    } catch (error) {
      // It was unplugged, or has lost its power: it has to be set up anew.
      this.#sensor = undefined;
      sensor.close();
      throw error;
    }
  }

  private measure(): ServiceResult<"measure"> {
    return { code: 200, data: this.readClimate() };
  }
}

/** The measure point of a part that has failed: who reads it gets what the part's class said. */
function fail(report: object, point: keyof Report, error: unknown): void {
  Object.defineProperty(report, point, {
    enumerable: true,
    get(): never {
      throw error;
    },
  });
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
