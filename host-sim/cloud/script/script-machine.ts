/**
 * QuickJS, compiled to WebAssembly, in memory of its own: one for all scripts of this process, whatever the number of
 * clouds, for it takes tens of MB. Scripts share that memory and see nothing of each other: each has a QuickJS runtime
 * and a context of its own (script-context.ts).
 *
 * A step that cannot be ended otherwise is ended by force; then the memory is set back to how it was when QuickJS had
 * just been loaded, and every context is gone. Who holds one sees it by the `generation`.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { fuelExport, meter, stackExport } from "./script-fuel";

/** The functions of QuickJS that are used here, by their names there. Values, contexts and runtimes are pointers. */
export interface QuickJs {
  QTS_NewRuntime(): number;
  QTS_FreeRuntime(runtime: number): void;
  QTS_RuntimeSetMemoryLimit(runtime: number, bytes: number): void;
  QTS_RuntimeSetMaxStackSize(runtime: number, bytes: number): void;
  QTS_RuntimeEnableInterruptHandler(runtime: number): void;
  QTS_NewContext(runtime: number, intrinsics: number): number;
  QTS_FreeContext(context: number): void;
  QTS_Eval(
    context: number,
    source: number,
    length: number,
    file: string,
    detectModule: number,
    flags: number,
  ): number;
  QTS_Call(context: number, callee: number, self: number, count: number, values: number): number;
  /** The exception when the value stands for one that was thrown, else 0. */
  QTS_ResolveException(context: number, value: number): number;
  QTS_GetUndefined(): number;
  QTS_NewString(context: number, text: number): number;
  QTS_GetString(context: number, value: number): number;
  QTS_FreeCString(context: number, text: number): void;
  /** Takes the bytes over, which were allocated. */
  QTS_NewArrayBuffer(context: number, bytes: number, length: number): number;
  QTS_FreeValuePointer(context: number, value: number): void;
}

/** A context that lives in the machine's memory. */
export interface Resident {
  /** The machine's count of calls at its last one. */
  usedAt: number;
  /** Gives its memory back. */
  free(): void;
}

/** Fuel of one call: turns of a loop, QuickJS's own included. About 100 ms. */
const fuel = 16_000_000;
/** More of it for a step that QuickJS cannot interrupt, until it is ended by force. */
const reserve = 16_000_000;
const plenty = 0x7fff_ffff;
/** Bytes of a page of WebAssembly's memory, which is whole pages. */
const pageSize = 65_536;
/** Contexts at a time: with the 8 MiB that each may take, half of what QuickJS's memory can grow to. */
const mostResidents = 128;

/** The part of WebAssembly's interface that is used here; Node's types lack it. */
interface WasmGlobal {
  value: number;
}
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
type WasmExports = Readonly<Record<string, unknown>>;
const wasm = (globalThis as unknown as { WebAssembly: WasmInterface }).WebAssembly;
interface WasmInterface {
  compile(program: Uint8Array): Promise<object>;
  Instance: new (program: object, imports: object) => { readonly exports: WasmExports };
  Memory: new () => WasmMemory;
}

/** What emscripten's loader gives, as far as it is used here. */
interface Emscripten {
  _malloc(length: number): number;
  _free(pointer: number): void;
  callbacks: { shouldInterrupt(): 0 | 1 };
}

let shared: Promise<Machine> | undefined;

/** The machine of this process. */
export function sharedMachine(): Promise<Machine> {
  return (shared ??= Machine.load());
}

export class Machine {
  readonly quickjs: QuickJs;
  readonly #emscripten: Emscripten;
  readonly #memory: WasmMemory;
  readonly #fuel: WasmGlobal;
  readonly #stack: WasmGlobal;
  readonly #stackAtFirst: number;
  readonly #memoryAtFirst: Uint8Array;
  readonly #residents = new Set<Resident>();
  #bytes: Buffer;
  #words: Uint32Array;
  #doubles: Float64Array;
  /** Counts how often it was set back: what was made before is gone. */
  generation = 0;
  /** Counts the calls of all scripts. */
  calls = 0;

  private constructor(
    quickjs: QuickJs,
    emscripten: Emscripten,
    { memory, exports }: { memory: WasmMemory; exports: WasmExports },
  ) {
    this.quickjs = quickjs;
    this.#emscripten = emscripten;
    this.#memory = memory;
    this.#fuel = exports[fuelExport] as WasmGlobal;
    this.#stack = exports[stackExport] as WasmGlobal;
    this.#stackAtFirst = this.#stack.value;
    this.#memoryAtFirst = new Uint8Array(memory.buffer).slice(0, usedOf(memory.buffer));
    this.#bytes = Buffer.from(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    emscripten.callbacks = { shouldInterrupt: () => (this.isFuelSpent ? 1 : 0) };
  }

  static async load(): Promise<Machine> {
    const path = createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
    const program = await wasm.compile(meter(readFileSync(path)));
    const loaded: { memory?: WasmMemory; exports: WasmExports } = { exports: {} };
    const [loader, Functions] = await Promise.all([variant.importModuleLoader(), variant.importFFI()]);
    const load = ("default" in loader ? loader.default : loader) as (options: object) => Promise<object>;
    const options = {
      instantiateWasm(
        imports: Record<string, Record<string, unknown>>,
        onSuccess: (instance: object) => void,
      ) {
        const instance = new wasm.Instance(program, imports);
        loaded.exports = instance.exports;
        loaded.memory = Object.values(imports)
          .flatMap((group) => Object.values(group))
          .find((item): item is WasmMemory => item instanceof wasm.Memory);
        onSuccess(instance);
        return instance.exports;
      },
      // What it prints is told to whoever calls, as a fault.
      printErr() {},
    };
    const emscripten = await load(options);
    const { memory, exports } = loaded;
    if (memory === undefined) throw new Error("QuickJS has its memory in another place");
    const quickjs = new Functions(emscripten as never) as unknown as QuickJs;
    return new Machine(quickjs, emscripten as unknown as Emscripten, { memory, exports });
  }

  /** Its memory as bytes. What QuickJS allocates may move it: asked for anew after each call. */
  get bytes(): Buffer {
    this.#look();
    return this.#bytes;
  }

  /** Its memory as words of 32 bits. */
  get words(): Uint32Array {
    this.#look();
    return this.#words;
  }

  /** Its memory as doubles. */
  get doubles(): Float64Array {
    this.#look();
    return this.#doubles;
  }

  /** Bytes that its memory takes. */
  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Contexts that live here. */
  get residents(): number {
    return this.#residents.size;
  }

  /** A place for `length` bytes, whose address is a multiple of 8. */
  allocate(length: number): number {
    const at = this.#emscripten._malloc(length);
    if (at === 0) throw new RangeError("out of memory");
    return at;
  }

  deallocate(at: number): void {
    this.#emscripten._free(at);
  }

  /** Text as UTF-8 with a NUL at its end, in a place that was allocated for it. */
  allocateText(text: string): { at: number; length: number } {
    const length = Buffer.byteLength(text);
    const at = this.allocate(length + 1);
    this.bytes.write(text, at, "utf8");
    this.bytes[at + length] = 0;
    return { at, length };
  }

  /** The text at `at` up to its NUL. */
  textAt(at: number): string {
    return this.bytes.toString("utf8", at, this.#bytes.indexOf(0, at));
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

  get isFuelSpent(): boolean {
    return this.#fuel.value < reserve;
  }

  /** Keeps one more context; the one that was used longest ago goes when there are too many. */
  admit(resident: Resident): void {
    if (this.#residents.size >= mostResidents) {
      const oldest = [...this.#residents].reduce((one, other) => (other.usedAt < one.usedAt ? other : one));
      this.release(oldest);
    }
    this.#residents.add(resident);
  }

  /** Whether it still lives here. */
  has(resident: Resident): boolean {
    return this.#residents.has(resident);
  }

  /** Frees a context that lives here, however much it is. */
  release(resident: Resident): void {
    if (!this.#residents.delete(resident)) return;
    this.#fuel.value = plenty;
    try {
      resident.free();
    } catch {
      this.#setBack();
    }
  }

  #setBack(): void {
    this.generation += 1;
    this.#residents.clear();
    const bytes = new Uint8Array(this.#memory.buffer);
    bytes.fill(0, this.#memoryAtFirst.length);
    bytes.set(this.#memoryAtFirst);
    this.#stack.value = this.#stackAtFirst;
  }

  /** Memory that has grown has another buffer. */
  #look(): void {
    const { buffer } = this.#memory;
    if (this.#words.buffer === buffer) return;
    this.#bytes = Buffer.from(buffer);
    this.#words = new Uint32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }
}

/** Bytes of WebAssembly's memory, whole pages, up to the last page that is not all 0: most of them are. */
function usedOf(memory: ArrayBuffer): number {
  const blank = Buffer.alloc(pageSize);
  let used = memory.byteLength;
  while (used > 0 && blank.equals(Buffer.from(memory, used - pageSize, pageSize))) used -= pageSize;
  return used;
}
