/**
 * Makes the engine's global scope that of the board, before any firmware runs: virtual Date, seeded
 * Math.random, trace; nothing that an ESP32 lacks; and the built-ins frozen, as Moddable's linker
 * leaves them.
 */
import { GuestCommand, commandHeader } from "../protocol";
import { Random } from "../../time/random";
import { command, issue, putText, wallClock } from "./bridge";
import { utf8 } from "./utf8";

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

/** XS's natives for text that newer engines, or none but XS, have: here so that what they cost can be told apart. */
export const textNatives = {
  /** The text as XS keeps it: UTF-8, but NUL in two bytes and a lone surrogate in three. */
  fromString(text: string): ArrayBuffer {
    // XS's own takes no more room than its result, nor must this one: the heap is measured with it.
    const exact = new Uint8Array(text.length);
    let at = 0;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0 || code >= 0x80) break;
      exact[at] = code;
    }
    if (at === text.length) return exact.buffer;
    if (text.indexOf("\0") < 0) return utf8(text).slice().buffer as ArrayBuffer;
    const bytes = Array.from(utf8(text), (byte) => (byte === 0 ? [0xc0, 0x80] : [byte])).flat();
    return new Uint8Array(bytes).buffer;
  },
  toHex(bytes: Uint8Array): string {
    let text = "";
    for (let i = 0; i < bytes.length; i++) text += hexPairs[bytes[i]];
    return text;
  },
};

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  return (byte < 16 ? "0" : "") + byte.toString(16);
});

function installTextNatives(): void {
  const fromString = (text: string): ArrayBuffer => textNatives.fromString(String(text));
  function toHex(this: Uint8Array): string {
    return textNatives.toHex(this);
  }
  for (const [owner, name, value] of [
    [ArrayBuffer, "fromString", fromString],
    [Uint8Array.prototype, "toHex", toHex],
  ] as const) {
    Object.defineProperty(owner, name, { value, writable: true, enumerable: false, configurable: true });
  }
}

/**
 * What the frozen built-ins ask of the board that runs now. Freezing them takes longer than a wake of the firmware:
 * an engine may keep them for the next board, which takes their place here.
 */
interface Realm {
  random: () => number;
  wallClock: () => number;
  /** The globals as the first board found them: an object with the same properties, which takes the least of XS's heap. */
  readonly globals: object;
}

/**
 * Makes the global scope, or makes it anew for another board.
 *
 * @param before what `install` gave to the board that had this scope before, if any did
 */
export function install(before: unknown): unknown {
  const realm = (before as Realm | undefined) ?? makeRealm();
  realm.random = () => {
    if (random === undefined) throw new Error("Math.random before power-on");
    return random();
  };
  realm.wallClock = wallClock;
  const kept = Object.getOwnPropertyDescriptors(realm.globals);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!Object.hasOwn(kept, name)) delete (globalThis as Record<string, unknown>)[name];
  }
  if (before !== undefined) Object.defineProperties(globalThis, kept);
  define("trace", Object.freeze(trace));
  Object.freeze(trace.prototype);
  return realm;
}

function makeRealm(): Realm {
  const found = {};
  const realm = { random: () => 0, wallClock: () => 0, globals: found };
  installTextNatives();
  Math.random = () => realm.random();
  installDate(() => realm.wallClock());
  define("trace", undefined);
  for (const name of globals) {
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    if (property !== undefined) Object.defineProperty(found, name, property);
  }
  freezeBuiltIns();
  return realm;
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

/** A Date that reads the board's clock; with arguments it is the engine's own. */
function installDate(wallClock: () => number): void {
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
