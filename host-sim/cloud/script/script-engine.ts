/**
 * Runs parsing scripts, which are strangers' programs: in QuickJS compiled to WebAssembly, where a script
 * sees ECMAScript's own globals and no function of ours.
 *
 *     rawDataToJsonStr(bytes: number[]) -> JSON text          device to cloud
 *     jsonStrToRawData(json: string)    -> array of bytes     cloud to device, signed or unsigned
 *
 * The bytes of a device are -128 to 127, as EnOS hands them over, whose program is Java: a script that does without
 * the manual's `bytes[i] & 0xff` is to show that here.
 *
 * A script's context lives from call to call, for to evaluate the source anew costs far more than a call.
 * What a script keeps in its globals may yet be gone at any call: it must not depend on it.
 *
 * All limits are counted and none is timed, so that a simulation gives the same every time. For the same
 * reason a script's `Date` tells the time that the engine is given, and its `Math.random` starts over with
 * every call.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { DefaultIntrinsics, newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";
import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { printable } from "../coap/coap-text";
import { fuelExport, stackExport, meter } from "./script-fuel";
import { preludeSource } from "./script-prelude";

/** Why a script gave nothing: one line for the operator. */
export interface ScriptFault {
  readonly fault: string;
}

/** A script that has been compiled. */
export interface Script {
  /** The JSON text that the script makes of a device's bytes. Never throws. */
  rawToJson(bytes: Uint8Array): string | ScriptFault;
  /** The bytes that the script makes of a JSON text. Never throws. */
  jsonToRaw(json: string): Uint8Array | ScriptFault;
  /** Frees its memory; a call after it starts the script anew. */
  dispose(): void;
}

export interface ScriptEngine {
  /** The script of this source, or why it is none. */
  compile(source: string): Script | ScriptFault;
}

/** Bytes that all of a script may use. */
const memory = 8 << 20;
/** Bytes of stack. V8 must not run out of its own first, which a step of QuickJS uses besides. */
const stackSize = 128 << 10;
/** Fuel of one call: turns of a loop, QuickJS's own included. About 100 ms. */
const fuel = 16_000_000;
/** More of it for a step that QuickJS cannot interrupt, until it is ended by force. */
const reserve = 16_000_000;
const plenty = 0x7fff_ffff;
/** Longest input, bytes or characters. */
const longestInput = 256 << 10;
/** Then a context is made anew, lest a script that keeps a little of every call fill its memory. */
const callsPerContext = 10_000;
/** Bytes of a page of WebAssembly's memory, which is whole pages. */
const pageSize = 65_536;
const file = "parsing-script.js";

const tooLong: ScriptFault = { fault: "took too long" };

/**
 * Loads the engine, once for all scripts.
 * @param now the time that scripts see, ms
 */
export async function loadScriptEngine(now: () => number = () => 0): Promise<ScriptEngine> {
  const machine = await Machine.load();
  return {
    compile(source) {
      const script = new MachineScript(machine, source, now);
      return script.start() ?? script;
    },
  };
}

/** The part of WebAssembly's interface that is used here; Node's types lack it. */
interface WasmGlobal {
  value: number;
}
type WasmExports = Readonly<Record<string, unknown>>;
const wasm = (globalThis as unknown as { WebAssembly: WasmInterface }).WebAssembly;
interface WasmInterface {
  compile(program: Uint8Array): Promise<object>;
  Instance: new (program: object, imports: object) => { readonly exports: WasmExports };
}

function compileProgram(): Promise<object> {
  const path = createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
  return wasm.compile(meter(readFileSync(path)));
}

/** Bytes of WebAssembly's memory, whole pages, up to the last page that is not all 0: most of them are. */
function usedOf(memory: ArrayBuffer): number {
  const blank = Buffer.alloc(pageSize);
  let used = memory.byteLength;
  while (used > 0 && blank.equals(Buffer.from(memory, used - pageSize, pageSize))) used -= pageSize;
  return used;
}

/** QuickJS in memory of its own, which can be set back to how it was when it had just been loaded. */
class Machine {
  readonly quickjs: QuickJSWASMModule;
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #fuel: WasmGlobal;
  readonly #stack: WasmGlobal;
  readonly #stackAtFirst: number;
  readonly #memoryAtFirst: Uint8Array;
  /** QuickJS, metered and compiled once for all machines of this process. */
  static #program: Promise<object> | undefined;
  /** Counts how often it was set back: what was made before is gone. */
  generation = 0;

  private constructor(quickjs: QuickJSWASMModule, exports: WasmExports) {
    this.quickjs = quickjs;
    this.#memory = quickjs.getWasmMemory();
    this.#fuel = exports[fuelExport] as WasmGlobal;
    this.#stack = exports[stackExport] as WasmGlobal;
    this.#stackAtFirst = this.#stack.value;
    this.#memoryAtFirst = new Uint8Array(this.#memory.buffer).slice(0, usedOf(this.#memory.buffer));
  }

  static async load(): Promise<Machine> {
    const program = await (Machine.#program ??= compileProgram());
    let exports: WasmExports = {};
    const quickjs = await newQuickJSWASMModuleFromVariant(
      newVariant(variant, {
        emscriptenModule: {
          instantiateWasm(imports, onSuccess) {
            const instance = new wasm.Instance(program, imports);
            exports = instance.exports;
            onSuccess(instance);
            return exports;
          },
        },
      }),
    );
    return new Machine(quickjs, exports);
  }

  /**
   * Does `work` with the fuel of one call. Undefined when it had to be ended by force: after a step that
   * took all of it, or one that went deeper than V8 can. Then nothing of before is left.
   */
  run<T>(work: () => T): T | undefined {
    this.#fuel.value = fuel + reserve;
    try {
      return work();
    } catch {
      this.#setBack();
      return undefined;
    }
  }

  /** Frees something, however much it is. */
  free(work: () => void): void {
    this.#fuel.value = plenty;
    try {
      work();
    } catch {
      this.#setBack();
    }
  }

  get isFuelSpent(): boolean {
    return this.#fuel.value < reserve;
  }

  #setBack(): void {
    this.generation += 1;
    const bytes = new Uint8Array(this.#memory.buffer);
    bytes.fill(0, this.#memoryAtFirst.length);
    bytes.set(this.#memoryAtFirst);
    this.#stack.value = this.#stackAtFirst;
  }
}

/** A script that has been evaluated, and its two functions. */
interface Running {
  readonly generation: number;
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly toJson: QuickJSHandle;
  readonly toRaw: QuickJSHandle;
  calls: number;
}

/** What crossed from a script: its result, with the length that it had over there, or a fault. */
type Crossed = { length: number; content: string } | ScriptFault;

class MachineScript implements Script {
  readonly #machine: Machine;
  readonly #source: string;
  readonly #now: () => number;
  #running: Running | undefined;

  constructor(machine: Machine, source: string, now: () => number) {
    this.#machine = machine;
    this.#source = source;
    this.#now = now;
  }

  /** Evaluates the source in a context of its own. */
  start(): ScriptFault | undefined {
    this.dispose();
    if (this.#source.includes("\0")) return { fault: "has a NUL character" };
    const { generation } = this.#machine;
    const made = this.#machine.run(() => evaluate(this.#machine, this.#source));
    if (made === undefined) return tooLong;
    if ("fault" in made) {
      this.#machine.free(made.dispose);
      return { fault: made.fault };
    }
    this.#running = { ...made, generation, calls: 0 };
    return undefined;
  }

  rawToJson(bytes: Uint8Array): string | ScriptFault {
    if (bytes.length > longestInput) {
      return { fault: `was given ${bytes.length} bytes, at most ${longestInput}` };
    }
    const crossed = this.#call(
      (running) => running.toJson,
      (context) => {
        // A copy: the bytes may lie in a buffer that they share.
        return context.newArrayBuffer(new Uint8Array(bytes).buffer);
      },
    );
    if ("fault" in crossed) return crossed;
    if (crossed.content.length === crossed.length) return crossed.content;
    return { fault: "rawDataToJsonStr returned text with a NUL character or half a surrogate pair" };
  }

  jsonToRaw(json: string): Uint8Array | ScriptFault {
    if (json.length > longestInput) {
      return { fault: `was given ${json.length} characters, at most ${longestInput}` };
    }
    if (json.includes("\0")) return { fault: "was given text with a NUL character" };
    const crossed = this.#call(
      (running) => running.toRaw,
      (context) => context.newString(json),
    );
    if ("fault" in crossed) return crossed;
    return Uint8Array.from(crossed.length === 0 ? [] : crossed.content.split(","), Number);
  }

  dispose(): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined || running.generation !== this.#machine.generation) return;
    this.#machine.free(() => {
      running.toJson.dispose();
      running.toRaw.dispose();
      running.context.dispose();
      running.runtime.dispose();
    });
  }

  #call(
    which: (running: Running) => QuickJSHandle,
    input: (context: QuickJSContext) => QuickJSHandle,
  ): Crossed {
    for (;;) {
      const running = this.#ready();
      if ("fault" in running) return running;
      running.calls += 1;
      const text = this.#machine.run(() => callWith(running.context, which(running), input, this.#now()));
      if (text === undefined) return tooLong;
      if (text !== spent && !outOfMemory.test(text)) return crossed(text);
      const spentFuel = this.#machine.isFuelSpent;
      this.dispose();
      if (spentFuel) return tooLong;
      // It may be the calls before this one that have filled the memory.
      if (running.calls === 1) return { fault: `took more than ${memory >> 20} MiB of memory` };
    }
  }

  #ready(): Running | ScriptFault {
    const running = this.#running;
    const usable =
      running !== undefined &&
      running.generation === this.#machine.generation &&
      running.calls < callsPerContext;
    if (usable) return running;
    return this.start() ?? this.#running!;
  }
}

/** In place of a text, when the script could not even tell what went wrong. */
const spent = "";
const outOfMemory = /^!InternalError: out of memory/;

function callWith(
  context: QuickJSContext,
  wrapped: QuickJSHandle,
  input: (context: QuickJSContext) => QuickJSHandle,
  now: number,
): string {
  const given = input(context);
  const time = context.newNumber(now);
  const result = context.callFunction(wrapped, context.undefined, given, time);
  given.dispose();
  time.dispose();
  if (result.error !== undefined) {
    result.error.dispose();
    return spent;
  }
  const text = context.getString(result.value);
  result.value.dispose();
  return text;
}

function evaluate(
  machine: Machine,
  source: string,
): Omit<Running, "generation" | "calls"> | (ScriptFault & { dispose(): void }) {
  const runtime = machine.quickjs.newRuntime({
    memoryLimitBytes: memory,
    maxStackSizeBytes: stackSize,
    interruptHandler: () => machine.isFuelSpent,
  });
  const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Proxy: false } });
  const owned: { dispose(): void }[] = [runtime, context];
  const own = <T extends { dispose(): void }>(handle: T): T => {
    owned.push(handle);
    return handle;
  };
  const dispose = (): void => {
    for (const each of owned.reverse()) each.dispose();
  };
  const prelude = own(context.evalCode(preludeSource, "prelude.js", { type: "global" }).unwrap());
  const told = own(context.getProp(prelude, "told"));
  const wrap = own(context.getProp(prelude, "wrap"));

  /** What went wrong, by the script's own account. */
  const faultOf = (error: QuickJSHandle): ScriptFault => {
    own(error);
    if (machine.isFuelSpent) return tooLong;
    const text = context.callFunction(told, context.undefined, error);
    if (text.error !== undefined) {
      text.error.dispose();
      return { fault: `took more than ${memory >> 20} MiB of memory` };
    }
    return faultIn(context.getString(own(text.value)));
  };
  const evaluated = context.evalCode(source, file, { type: "global" });
  if (evaluated.error !== undefined) return { ...faultOf(evaluated.error), dispose };
  own(evaluated.value);

  const wrapped: QuickJSHandle[] = [];
  for (const name of ["rawDataToJsonStr", "jsonStrToRawData"]) {
    const found = context.evalCode(`typeof ${name} === "function" ? ${name} : undefined`, file, {
      type: "global",
    });
    if (found.error !== undefined) return { ...faultOf(found.error), dispose };
    own(found.value);
    if (context.typeof(found.value) !== "function") return { fault: `has no function ${name}`, dispose };
    const isToJson = name === "rawDataToJsonStr" ? context.true : context.false;
    wrapped.push(own(context.callFunction(wrap, context.undefined, isToJson, found.value).unwrap()));
  }
  // The two that live on; everything else that was needed on the way is freed.
  for (const each of owned.splice(2)) if (!wrapped.includes(each as QuickJSHandle)) each.dispose();
  return { runtime, context, toJson: wrapped[0], toRaw: wrapped[1] };
}

/** Reads what the prelude says. */
function crossed(text: string): Crossed {
  if (text.startsWith("=")) {
    const colon = text.indexOf(":");
    return { length: Number(text.slice(1, colon)), content: text.slice(colon + 1) };
  }
  return faultIn(text);
}

function faultIn(text: string): ScriptFault {
  const [fault, ...stack] = text.slice(1).split("\n");
  const line = new RegExp(`${file}:(\\d+)`).exec(stack.join("\n"));
  return { fault: printable(fault, 200) + (line === null ? "" : ` (line ${line[1]})`) };
}
