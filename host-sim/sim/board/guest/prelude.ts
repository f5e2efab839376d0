/**
 * Makes the engine's global scope that of the board, before any firmware runs: virtual Date, seeded
 * Math.random, trace; nothing that an ESP32 lacks; and the built-ins frozen, as Moddable's linker
 * leaves them.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { Random } from "../../time/random";
import { command, issue, putText, wallClock } from "./bridge";

/** Globals of ECMAScript 2022 that XS has on a microcontroller, and no others. */
const globals = (
  "AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date " +
  "Error EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array " +
  "Int8Array JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set " +
  "SharedArrayBuffer String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array " +
  "Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent " +
  "escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape trace"
).split(" ");

/** XS's garbage collection; the firmware does not get to see it. */
export const collectGarbage = (globalThis as { gc?: () => void }).gc;

let random: (() => number) | undefined;

/** Starts Math.random's numbers: the same for the same seed in every engine, the host's own for an empty one. */
export function seedRandom(seed: string): void {
  const seeded = new Random(seed);
  random = seed === "" ? hostRandom : () => seeded.next();
}

/** Random 32-bit numbers from the host, asked for so many at a time. */
const drawn = 64;
let pool = new Uint32Array(0);
let used = 0;

function hostRandom(): number {
  if (used === pool.length) {
    const message = command(GuestCommand.random, 0, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, 4 * drawn, true);
    pool = new Uint32Array(issue(message));
    used = 0;
  }
  return pool[used++] / 0x1_0000_0000;
}

export function install(): void {
  installRandom();
  installDate();
  define("trace", trace);
  const keep = new Set(globals);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!keep.has(name)) delete (globalThis as Record<string, unknown>)[name];
  }
  freezeBuiltIns();
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

function installRandom(): void {
  Math.random = () => {
    if (random === undefined) throw new Error("Math.random before power-on");
    return random();
  };
}

/** A Date that reads the board's clock; with arguments it is the engine's own. */
function installDate(): void {
  const EngineDate = Date;
  function BoardDate(this: unknown, ...values: unknown[]): unknown {
    if (new.target === undefined) return new EngineDate(wallClock()).toString();
    return Reflect.construct(EngineDate, values.length > 0 ? values : [wallClock()], new.target);
  }
  Object.defineProperty(BoardDate, "name", { value: "Date" });
  Object.defineProperty(BoardDate, "prototype", { value: EngineDate.prototype, writable: false });
  const functions = { now: wallClock, parse: EngineDate.parse, UTC: EngineDate.UTC };
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(BoardDate, name, { value, writable: true, enumerable: false, configurable: true });
  }
  EngineDate.prototype.constructor = BoardDate as unknown as DateConstructor;
  define("Date", BoardDate);
}

/** Moddable's trace: its arguments as text, one behind the other. */
function trace(...log: (string | number | boolean)[]): void {
  const text = log.length === 1 ? String(log[0]) : log.join("");
  const message = command(GuestCommand.trace, 0, 0, 2 * text.length);
  putText(message, commandHeader, text);
  issue(message);
}

/**
 * Freezes whatever can be reached from the globals. On the board a class of its own may then not
 * assign `this.name` in an Error, nor `toString` on a plain object: it must not here either.
 */
function freezeBuiltIns(): void {
  const seen = new Set<object>([globalThis]);
  const left: object[] = [];
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
    if (seen.has(value)) return;
    seen.add(value);
    left.push(value);
  };
  for (const name of globals) visit((globalThis as Record<string, unknown>)[name]);
  // Those that no global leads to: iterators, generators, async functions.
  visit(Object.getPrototypeOf(function* () {}));
  visit(Object.getPrototypeOf(async function* () {}));
  visit(Object.getPrototypeOf(async function () {}));
  visit(Object.getPrototypeOf([][Symbol.iterator]()));
  visit(Object.getPrototypeOf(new Map()[Symbol.iterator]()));
  visit(Object.getPrototypeOf(new Set()[Symbol.iterator]()));
  visit(Object.getPrototypeOf(""[Symbol.iterator]()));
  visit(Object.getPrototypeOf("".matchAll(/x/g)));
  for (let object = left.pop(); object !== undefined; object = left.pop()) {
    visit(Object.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const property = Reflect.getOwnPropertyDescriptor(object, key)!;
      visit(property.value);
      visit(property.get);
      visit(property.set);
    }
    Object.freeze(object);
  }
}
