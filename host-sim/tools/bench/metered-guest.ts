/**
 * The firmware in an engine that counts, with a meter of its own: steps that are the firmware's are told from those
 * of the simulated board's modules, which on a board are native. Main is metered, as are the turns that events
 * and timers bring; the bodies of modules are not, because on a board they have run before.
 *
 * Each of these turns tells its steps when it is over, or before the board falls asleep in it: see metered-turns.ts,
 * which also puts XS's meter where this finds it.
 */
import FFI from "mc/ffi";
import Serial from "embedded:io/serial";
import Digital from "embedded:io/digital";
import Time from "time";
import Timer from "timer";
import { BlockCipher, Digest, Mode } from "crypt";
import flash from "embedded:storage/flash";
import keyValue from "embedded:storage/key-value";
import { textNatives } from "../../sim/board/guest/prelude";
import { Driver } from "../../../firmware/device/driver";
import { ModemPort } from "../../../firmware/board/modem-port";
import main from "../../../firmware/main";
import { ask } from "../../sim/board/guest/ask";

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Sets XS's meter and gives what it was at. */
const setMeter = (Math as unknown as { meter: (limit: number, count: number) => number }).meter;

function read(): number {
  const count = setMeter(0, 0);
  setMeter(0, count);
  return count;
}

/** How many of the metered calls are under way, one within the other, and the count when the outermost began. */
let depth = 0;
let began = 0;
/** Steps within the outermost call that are not the firmware's. */
let others = 0;

/** What the meter itself adds to the call that it is in, and to the one around it. */
let within = 0;
let around = 0;

function tell(steps: number): void {
  ask(`steps ${Math.round(steps)}`);
}

/** `call`, metered as the firmware's. */
function metered(call: Callable): Callable {
  return function (...args) {
    depth += 1;
    if (depth === 1) {
      others = 0;
      began = read();
    }
    try {
      return call.apply(this, args);
    } finally {
      depth -= 1;
      if (depth === 0) tell(read() - began - within - others);
      else others += around;
    }
  };
}

/** `call`, metered as not the firmware's. */
function native(call: Callable): Callable {
  return function (...args) {
    const before = read();
    try {
      return call.apply(this, args);
    } finally {
      others += read() - before + around;
    }
  };
}

/** Finds out what the meter adds, with calls that do nothing. */
function calibrate(): void {
  const nothing = (): void => {};
  const empty = native(nothing);
  const times = 100;
  const measure = (call: () => unknown): number => {
    const before = read();
    for (let i = 0; i < times; i++) call();
    return (read() - before) / times;
  };
  const bare = measure(nothing);
  others = 0;
  const all = measure(() => empty.call(undefined)) - bare;
  within = others / times;
  around = all - within;
  others = 0;
}

function meterAll(object: object, meter: (call: Callable) => Callable): void {
  for (const name of Object.getOwnPropertyNames(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name)!;
    if (name === "constructor" || name === "prototype" || property.configurable !== true) continue;
    const { value, get } = property as { value?: unknown; get?: () => unknown };
    if (typeof value === "function") property.value = meter(value as Callable);
    else if (get !== undefined) property.get = meter(get) as () => unknown;
    else continue;
    Object.defineProperty(object, name, property);
  }
}

function meterBoard(): void {
  const storage = Object.getPrototypeOf(keyValue.open({ path: "state" })) as object;
  const partition = Object.getPrototypeOf(flash.open({ path: "journal" })) as object;
  const modules = [FFI, Serial, Digital, Digest, BlockCipher, Mode].map(
    ({ prototype }) => prototype as object,
  );
  for (const object of [...modules, Time, Timer, textNatives, storage, partition]) meterAll(object, native);
  const scope = globalThis as unknown as { trace: Callable };
  scope.trace = native(scope.trace);
  const sleep = FFI.prototype.enos_sleep_deeply as Callable;
  // Within a metered call, which the board does not return to.
  FFI.prototype.enos_sleep_deeply = function (milliseconds) {
    tell(read() - began - others);
    return sleep.call(this, milliseconds) as never;
  };
  const entries = [
    [Driver.prototype, ["turn", "guard"]],
    [ModemPort.prototype, ["read", "feed"]],
  ] as const;
  for (const [object, names] of entries) {
    for (const name of names) {
      const call = (object as unknown as Record<string, Callable>)[name];
      Object.defineProperty(object, name, { value: metered(call) });
    }
  }
}

export default function start(): void {
  calibrate();
  meterBoard();
  metered(main as Callable)();
}
