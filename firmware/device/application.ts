/**
 * What a product brings along, and what the device offers it: between them the thing model.
 */
import type { CommandResult } from "../enos/command";
import type { RestartCause } from "../continuity/persistent-state";
import type { Thing, ThingValue, ThingValues, WithQuality } from "../model/thing";
import type { Device } from "../delivery/application-messages";

export type { Device } from "../delivery/application-messages";
export type { Completion } from "../delivery/entry";

/** A product's own part of the firmware: its model, its readings, its commands. */
export interface Application {
  readonly thing: Thing;
  /** Of this firmware, such as "1.4.2": told to the cloud once a start, but not after deep sleep. */
  readonly version?: string;
  /**
   * Takes a reading now: measure points by identifier. It may take its time and answer with a promise; where that is
   * rejected, or comes after `sampleLimit`, the reading is left out, as when this throws.
   */
  sample(): ThingValues | Promise<ThingValues>;
  /** How long `sample` may take, ms (default 5,000); less than the interval, whatever is said here. */
  readonly sampleLimit?: number;
  readonly commands: CommandHandlers;
  /** The battery's voltage, mV, where the board measures it: a product that tells of its health reports it once a day. */
  battery?(): number | undefined;
  /** Called once, before the first reading, with what the application may send by itself. */
  start?(device: Device, boot: Boot): void;
}

/** How this start came about. */
export interface Boot {
  /** Number of this boot, from 1. */
  readonly boots: number;
  /** "power-on", "software", "brownout", "panic", "watchdog", "abort" (XS has ended) ... or "unknown". */
  readonly reason: string;
  /** Why the firmware restarted the board, if it did; "none" at every start after that. */
  readonly restart: RestartCause;
  /** How often the firmware has restarted the board so far. */
  readonly restarts: number;
  /** Readings and messages of earlier boots that wait for the cloud. */
  readonly waiting: number;
}

/**
 * What the application does when it is told to, once at most for each command's id: a board that stops in the
 * middle of it is not told again. Each may take its time and answer with a promise; one that is rejected, or an
 * exception, is a failure that the cloud hears of.
 */
export interface CommandHandlers {
  /** Sets measure points; they exist, are writable and the values fit. */
  set(values: ThingValues): CommandResult | Promise<CommandResult>;
  /** Current value of a measure point, or undefined. */
  get(identifier: string): ThingValue | WithQuality | undefined;
  /** Services by identifier. The inputs are as the model says. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
}

/**
 * Runs a service. It is declared as a method, whose parameters TypeScript compares more loosely, so that a
 * handler may name the inputs that the model gives it.
 */
export type ServiceHandler = {
  run(inputs: Readonly<Record<string, unknown>>): CommandResult | Promise<CommandResult>;
}["run"];
