/**
 * A script in the machine's memory: a QuickJS runtime and context of its own, in which it was evaluated, and the slate
 * over which it is called (script-prelude.ts). The machine may lose it at any call, see `isAlive`.
 */
import { printable } from "../coap/coap-text";
import { maskedFault } from "./masked-script";
import { Outcome, Task, faultSeparator, preludeSource, seal, slate } from "./script-prelude";
import type { Machine, Resident } from "./script-machine";
import type { Seal } from "./seal";

/** Why a script gave nothing: one line for the operator. */
export interface ScriptFault {
  /** With the line of the script, where it is known. */
  readonly fault: string;
  readonly line?: number;
  /** From 1, where the line is known and the engine tells it. */
  readonly column?: number;
  /** What the script had returned instead, cut to a length. */
  readonly output?: string;
  /** Of a script of sealed payloads, which threw "sealed: " and this: why it refuses what it was given. */
  readonly refusal?: string;
}

/** Bytes that all of a script may use. */
const memory = 8 << 20;
/** Bytes of stack. V8 must not run out of its own first, which a step of QuickJS uses besides. */
const stackSize = 128 << 10;
const file = "parsing-script.js";
const longestOutput = 200;
/** Characters of the reason for which a script refuses an envelope. */
const longestRefusal = 64;

/** Bits of QuickJS's intrinsics: objects, Date, eval, normalize, regular expressions, JSON, maps, typed arrays, promises. */
const intrinsics = 1 | 2 | 4 | 8 | 16 | 64 | 256 | 512 | 1024;

export const tooLong: ScriptFault = { fault: "took too long" };
export const tooLarge: ScriptFault = { fault: `took more than ${memory >> 20} MiB of memory` };

/** In place of a result, when the script could not even tell what went wrong. */
export const spent = Symbol("spent");
/** What a call gave. */
export type Called<T> = T | ScriptFault | typeof spent;

export class ScriptContext implements Resident {
  readonly #machine: Machine;
  readonly #generation: number;
  readonly #runtime: number;
  readonly #context: number;
  readonly #undefined: number;
  /** The prelude's function, and where its one argument's address stands. */
  #enter = 0;
  readonly #argument: number;
  readonly #slate: number;
  usedAt = 0;
  calls = 0;
  /** Whether the script tells of envelopes. */
  seals = false;
  /** Of the envelope that it opened in the last `toJson`. */
  lastSealed: Seal | undefined;

  /** Within `Machine.run`. */
  private constructor(machine: Machine, now: number) {
    const { quickjs } = machine;
    this.#machine = machine;
    this.#generation = machine.generation;
    this.#runtime = quickjs.QTS_NewRuntime();
    quickjs.QTS_RuntimeSetMemoryLimit(this.#runtime, memory);
    quickjs.QTS_RuntimeSetMaxStackSize(this.#runtime, stackSize);
    quickjs.QTS_RuntimeEnableInterruptHandler(this.#runtime);
    this.#context = quickjs.QTS_NewContext(this.#runtime, intrinsics);
    this.#undefined = quickjs.QTS_GetUndefined();
    this.#argument = machine.allocate(8);
    this.#slate = machine.allocate(slate.bytes + slate.room);
    if (this.#runtime === 0 || this.#context === 0) throw new RangeError("out of memory");
    machine.doubles[this.#slate >>> 3] = now;
    this.#usePrelude();
    machine.admit(this);
  }

  /** Evaluates a script at this time, ms; on a fault nothing stays of it. */
  static evaluate(machine: Machine, source: string, now: number): ScriptContext | ScriptFault {
    let context: ScriptContext | undefined;
    const made = machine.run(() => {
      context = new ScriptContext(machine, now);
      const thrown = context.#evaluate(source);
      if (thrown === 0) return context.#find();
      const told = machine.isFuelSpent ? spent : context.#tell(thrown);
      machine.quickjs.QTS_FreeValuePointer(context.#context, thrown);
      return told;
    });
    if (made === undefined) return tooLong;
    if (made === true) return context!;
    const fault = made === spent ? (machine.isFuelSpent ? tooLong : tooLarge) : made;
    machine.release(context!);
    return fault;
  }

  /** Whether its memory is still its own. */
  get isAlive(): boolean {
    return this.#generation === this.#machine.generation && this.#machine.has(this);
  }

  /** Within `Machine.run`, as the next. @param now the time that the script sees, ms */
  toJson(bytes: Uint8Array, now: number): Called<string> {
    const machine = this.#machine;
    if (bytes.length <= slate.room) {
      machine.bytes.set(bytes, this.#slate + slate.bytes);
      return this.#call(Task.toJson, 0, bytes.length, now) as Called<string>;
    }
    const at = machine.allocate(bytes.length);
    machine.bytes.set(bytes, at);
    const buffer = machine.quickjs.QTS_NewArrayBuffer(this.#context, at, bytes.length);
    return this.#call(Task.toJson, buffer, bytes.length, now) as Called<string>;
  }

  toRaw(json: string, now: number): Called<Uint8Array> {
    const machine = this.#machine;
    // A character has three bytes at most.
    const isShort = 3 * json.length < slate.room;
    const at = isShort ? this.#slate + slate.bytes : machine.allocateText(json).at;
    if (isShort) machine.bytes[at + machine.bytes.write(json, at, "utf8")] = 0;
    const text = machine.quickjs.QTS_NewString(this.#context, at);
    if (!isShort) machine.deallocate(at);
    return this.#call(Task.toRaw, text, 0, now) as Called<Uint8Array>;
  }

  free(): void {
    const machine = this.#machine;
    const { quickjs } = machine;
    if (this.#enter !== 0) quickjs.QTS_FreeValuePointer(this.#context, this.#enter);
    quickjs.QTS_FreeContext(this.#context);
    quickjs.QTS_FreeRuntime(this.#runtime);
    machine.deallocate(this.#argument);
  }

  #usePrelude(): void {
    const machine = this.#machine;
    const { quickjs } = machine;
    const source = machine.allocateText(preludeSource);
    const prelude = quickjs.QTS_Eval(this.#context, source.at, source.length, "prelude.js", 0, 0);
    machine.deallocate(source.at);
    const size = slate.bytes + slate.room;
    const buffer = quickjs.QTS_NewArrayBuffer(this.#context, this.#slate, size);
    this.#enter = this.#apply(prelude, buffer);
    quickjs.QTS_FreeValuePointer(this.#context, prelude);
    quickjs.QTS_FreeValuePointer(this.#context, buffer);
  }

  /** What was thrown; 0 when nothing was. */
  #evaluate(source: string): number {
    const machine = this.#machine;
    const { quickjs } = machine;
    const { at, length } = machine.allocateText(source);
    const value = quickjs.QTS_Eval(this.#context, at, length, file, 0, 0);
    machine.deallocate(at);
    const thrown = quickjs.QTS_ResolveException(this.#context, value);
    quickjs.QTS_FreeValuePointer(this.#context, value);
    return thrown;
  }

  /** Whether the script has its two functions. */
  #find(): true | ScriptFault | typeof spent {
    return this.#call(Task.find, 0, 0, 0) as true | ScriptFault | typeof spent;
  }

  #tell(thrown: number): ScriptFault | typeof spent {
    return this.#enterWith(Task.tell, thrown, 0, 0) as ScriptFault | typeof spent;
  }

  /** Frees the argument, if there is one. */
  #call(task: number, argument: number, length: number, now: number): unknown {
    this.calls += 1;
    this.usedAt = this.#machine.calls += 1;
    const outcome = this.#enterWith(task, argument, length, now);
    if (argument !== 0) this.#machine.quickjs.QTS_FreeValuePointer(this.#context, argument);
    return outcome;
  }

  #enterWith(task: number, argument: number, length: number, now: number): unknown {
    const machine = this.#machine;
    const { quickjs } = machine;
    const at = this.#slate >>> 2;
    machine.doubles[this.#slate >>> 3] = now;
    machine.words[at + 2] = task;
    machine.words[at + 3] = length;
    const value = this.#apply(this.#enter, argument);
    const outcome = machine.words[at + 2];
    const size = machine.words[at + 3];
    this.lastSealed = outcome === Outcome.opened ? this.#seal() : undefined;
    let result: unknown;
    switch (outcome) {
      case Outcome.found:
        this.seals = size === 1;
        result = true;
        break;
      case Outcome.bytes: {
        const from = this.#slate + slate.bytes;
        // Behind the slate is the memory of other scripts.
        result = size > slate.room ? spent : new Uint8Array(machine.bytes.subarray(from, from + size));
        break;
      }
      case Outcome.moreBytes:
        result = Uint8Array.from(this.#text(value).split(","), Number);
        break;
      case Outcome.text:
      case Outcome.opened: {
        const text = this.#text(value);
        const fault = "rawDataToJsonStr returned text with a NUL character or half a surrogate pair";
        result = text.length === size ? text : { fault, output: printable(text, longestOutput) };
        break;
      }
      case Outcome.fault:
        result = faultIn(this.#text(value));
        break;
      default:
        // Neither the script nor the prelude had a say: stopped, or without memory.
        result = spent;
    }
    quickjs.QTS_FreeValuePointer(this.#context, value);
    return result;
  }

  /** What the prelude has put on the slate of an envelope; undefined when that can be of none. */
  #seal(): Seal | undefined {
    const { bytes } = this.#machine;
    const at = this.#slate + slate.bytes;
    const text = (from: number, length: number): string =>
      bytes.toString("latin1", at + from, at + from + length);
    const salt = text(seal.salt, seal.saltLength);
    const deviceKey = text(seal.key, bytes[at + seal.length]);
    if (!/^[0-9a-f]+$/.test(salt) || deviceKey === "") return undefined;
    const counter = (bytes[at + seal.counter] << 8) | bytes[at + seal.counter + 1];
    return { deviceKey, salt, counter, root: bytes[at + seal.root] === 0 ? 0 : 1 };
  }

  /** Calls a function with one argument, or with none when it is 0. */
  #apply(callee: number, argument: number): number {
    const machine = this.#machine;
    machine.words[this.#argument >>> 2] = argument;
    return machine.quickjs.QTS_Call(
      this.#context,
      callee,
      this.#undefined,
      argument === 0 ? 0 : 1,
      this.#argument,
    );
  }

  #text(value: number): string {
    const machine = this.#machine;
    const at = machine.quickjs.QTS_GetString(this.#context, value);
    const text = machine.textAt(at);
    machine.quickjs.QTS_FreeCString(this.#context, at);
    return text;
  }
}

/** Reads what the prelude says of a fault. */
function faultIn(text: string): ScriptFault {
  const [fault, output = "", stack = ""] = text.split(faultSeparator);
  const found = new RegExp(`${file}:(\\d+)(?::(\\d+))?`).exec(stack);
  const line = found === null ? undefined : Number(found[1]);
  const column = found?.[2] === undefined ? undefined : Number(found[2]);
  const said = maskedFault(fault.split("\n")[0]);
  const refusal = /^Error: sealed: (.+)/.exec(said)?.[1];
  return {
    fault: printable(said, 200) + (line === undefined ? "" : ` (line ${line})`),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(output === "" ? {} : { output: printable(output, longestOutput) }),
    ...(refusal === undefined ? {} : { refusal: printable(refusal, longestRefusal) }),
  };
}
