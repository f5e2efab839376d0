/**
 * What the demo's application needs of the board: nothing but what every device has. A product with parts of its own
 * opens them in a file like this one, in its own folder, whose manifest puts that folder in the place of this one.
 */
import { DemoApplication } from "../application";
import type { Inputs } from "../application";
import type { Application } from "../device/application";

/** Names of the settings that this product has besides the device's. */
export const settingNames: readonly string[] = Object.freeze([]);

/** What main gives to every product. */
export interface Surroundings extends Inputs {
  /** The board's name, as in firmware/board/boards.ts. */
  readonly board: string;
}

/** The product's own part. */
export function newApplication(surroundings: Surroundings): Application {
  return new DemoApplication(surroundings);
}
