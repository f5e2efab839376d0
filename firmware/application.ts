/**
 * What this product measures and obeys: the file to edit for your own.
 *
 * Its measure points, events and services are described in product/model.json. A new measure point is
 * an entry there, `npm run model -- firmware/product/model.json`, and a value in `sample`, which the
 * compiler checks against the model. Those that are `writable` arrive in `set`, the cloud's services
 * in `services`.
 */
import { CommandCode } from "./enos/command";
import { thing } from "./product/thing";
import { version } from "./product/version";
import type { Application, Boot, Device } from "./device/application";
import type { CommandResult } from "./enos/command";
import type { Cell } from "./modem/family/family";
import type { Report, ServiceHandlers, ServiceResult, Services, Settings } from "./product/thing";

/** Above it the device reports the event `overheat`, degC. */
const tooHot = 60;

/** What the application needs of the board. */
export interface Inputs {
  /** Random number in [0, 1); stands in for the sensor's noise until there is a sensor. */
  readonly random: () => number;
  /** Signal of the modem, dBm, when it is known. */
  readonly rssi: () => number | undefined;
  /** Milliseconds since start. */
  readonly now: () => number;
  /** The modem itself, for an application that reports its cell or its firmware; see docs/thing-model.md. */
  readonly modem?: {
    /** Signal, noise, coverage level and name of the cell; it costs a question a contact if it is read. */
    readCell(): Cell | undefined;
    /** Version of the modem's own firmware, from the first contact of a boot on. */
    readonly firmware: string | undefined;
  };
}

/** A thermometer, a hygrometer and a relay. Replace the drift by reads from your sensors. */
export class DemoApplication implements Application {
  readonly #inputs: Inputs;
  #device: Device | undefined;
  #temperature = 21.5;
  #humidity = 48;
  #relay: 0 | 1 = 0;
  /** What calibration found, added to each measurement. */
  #corrections = [0, 0];
  #hot = false;
  readonly thing = thing;
  readonly version = version;
  readonly commands;

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
    const services: ServiceHandlers = {
      reboot: ({ delay }) => this.reboot(delay),
      calibrate: ({ reference }) => this.calibrate(reference),
    };
    this.commands = {
      set: (values: Settings) => this.set(values),
      get: (identifier: string) => this.values()[identifier as keyof Report],
      services,
    };
  }

  start(device: Device, { reason, restart, boots, waiting }: Boot): void {
    this.#device = device;
    // What an operator wants to know of: not that somebody switched it on, but that it went down by itself.
    const why = restart !== "none" ? restart : reason;
    if (why === "power-on" || why === "unknown" || why === "deep-sleep") return;
    device.postEvent("restarted", { reason: why.slice(0, 32), boots, waiting });
  }

  sample(): Report {
    this.#temperature = drift(this.#temperature, 0.4, -40, 85, this.#inputs.random());
    this.#humidity = drift(this.#humidity, 1.5, 0, 100, this.#inputs.random());
    const hot = this.#temperature > tooHot;
    if (hot && !this.#hot) this.#device?.postEvent("overheat", { temperature: this.#temperature });
    this.#hot = hot;
    return this.values();
  }

  private values(): Report {
    const rssi = this.#inputs.rssi();
    return {
      temperature: decimals(this.#temperature + this.#corrections[0]),
      humidity: decimals(Math.min(100, Math.max(0, this.#humidity + this.#corrections[1]))),
      // A scale of the product's own: 0 for a good signal, 4 for a weak one.
      rssi: rssi === undefined ? undefined : { value: Math.max(rssi, -128), quality: rssi > -100 ? 0 : 4 },
      relay: this.#relay,
      uptime: Math.floor(this.#inputs.now() / 1000),
    };
  }

  private set({ relay }: Settings): CommandResult {
    if (relay !== undefined) this.#relay = relay;
    return { code: CommandCode.ok };
  }

  private reboot(delay: number): ServiceResult<"reboot"> {
    return { code: 501, message: `this demo has nothing to restart in ${delay} s` };
  }

  private calibrate(reference: Services["calibrate"]["inputs"]["reference"]): ServiceResult<"calibrate"> {
    const { temperature, humidity } = reference;
    this.#corrections = [
      decimals(temperature - this.#temperature),
      humidity === undefined ? this.#corrections[1] : decimals(humidity - this.#humidity),
    ];
    return { code: 200, data: { corrections: this.#corrections } };
  }
}

/** A step of a bounded random walk. */
function drift(value: number, step: number, least: number, most: number, random: number): number {
  return decimals(Math.min(most, Math.max(least, value + (random - 0.5) * step)));
}

/** To two decimals, as a sensor would give it. */
function decimals(value: number): number {
  return Math.round(value * 100) / 100;
}
