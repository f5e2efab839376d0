/**
 * The product's application as a mistake in it may leave it: the setting `broken` says in what way, and it is
 * sound without. Tests put it in the place of firmware/application.ts, which they name "sound-application".
 */
import config from "mc/config";
import Timer from "timer";
import { DemoApplication as Sound } from "./sound-application";

export class DemoApplication extends Sound {
  constructor(inputs) {
    super(inputs);
    if (config.broken === "constructor") throw new Error("no sensor");
  }

  start(device, boot) {
    super.start(device, boot);
    // Nobody catches this one: the engine ends.
    if (config.broken === "timer") Timer.set(() => undefined.value, 5_000);
    // XS ends for want of stack, where Node throws.
    if (config.broken === "stack") deeper(0);
  }
}

function deeper(depth) {
  return depth < 1e9 ? deeper(depth + 1) + deeper(depth + 2) : 0;
}
