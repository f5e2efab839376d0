/**
 * Entry of the bundle that runs in the engine. It makes the board's global scope, then waits for the
 * boot event: only that loads the firmware, whose modules run their bodies there and then.
 */
import { HostEvent } from "../protocol";
import { setNow } from "./bridge";
import { pinChanged } from "./digital";
import { powerOn } from "./power";
import { collectGarbage, install } from "./prelude";
import { serialReceived, serialWritable } from "./serial";
import { nextDue, runTimers } from "./timer";

/** The bundler's: loads the firmware's entry module when called. */
declare function require(name: "firmware:main"): { default?: unknown };

function handle(event: ArrayBuffer): void {
  const view = new DataView(event);
  if (view.getUint8(0) === HostEvent.collect) return collectGarbage?.();
  setNow(view.getFloat64(8, true));
  switch (view.getUint8(0)) {
    case HostEvent.boot: {
      powerOn(view);
      // Moddable runs the main module, then calls what it exports by default if it is a function.
      const main = require("firmware:main").default;
      if (typeof main === "function") main();
      return;
    }
    case HostEvent.timers:
      return runTimers();
    case HostEvent.serialReceived:
      return serialReceived(event);
    case HostEvent.serialWritable:
      return serialWritable(view.getUint32(4, true));
    case HostEvent.pinChanged:
      return pinChanged(view.getUint8(1), view.getUint8(2));
  }
}

const due = new Float64Array(1);

/** One for all events. The engines read `result` once the promise jobs of an event have run. */
const answer = Object.freeze({
  get result(): ArrayBuffer {
    due[0] = nextDue();
    return due.buffer as ArrayBuffer;
  },
});

const scope = globalThis as { realm?: unknown };
const realm = install(scope.realm);
const entry = (event: ArrayBuffer): typeof answer => {
  handle(event);
  return answer;
};
// For an engine that keeps the scope for the board after this one.
Object.defineProperty(entry, "realm", { value: realm });
Object.defineProperty(globalThis, "handleCommand", { value: entry, configurable: true });
