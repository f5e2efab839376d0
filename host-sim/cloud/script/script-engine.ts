/**
 * Runs parsing scripts, which are strangers' programs: in QuickJS compiled to WebAssembly, where a script
 * sees ECMAScript's own globals and no function of ours.
 *
 *     rawDataToJsonStr(bytes: number[]) -> JSON text          device to cloud
 *     jsonStrToRawData(json: string)    -> array of bytes     cloud to device, signed or unsigned
 *     lastSealed                        of the envelope that the first has just opened, null for none (script/seal.ts)
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
import { ScriptContext, spent, tooLarge, tooLong } from "./script-context";
import { sharedMachine } from "./script-machine";
import type { Called, ScriptFault } from "./script-context";
import type { Machine } from "./script-machine";
import type { Seal } from "./seal";

export type { ScriptFault } from "./script-context";

/** A script that has been compiled. */
export interface Script {
  /** The JSON text that the script makes of a device's bytes. Never throws. */
  rawToJson(bytes: Uint8Array): string | ScriptFault;
  /**
   * What the script's global of this name says of the envelope that the last `rawToJson` opened; undefined when it opened
   * none. The script's own word.
   */
  readonly lastSealed: Seal | undefined;
  /** Whether it has that global: then it is a script of sealed payloads. */
  readonly seals: boolean;
  /** The bytes that the script makes of a JSON text. Never throws. */
  jsonToRaw(json: string): Uint8Array | ScriptFault;
  /** Frees its memory; a call after it starts the script anew. */
  dispose(): void;
}

export interface ScriptEngine {
  /** The script of this source, or why it is none. */
  compile(source: string): Script | ScriptFault;
  /** The same engine, whose scripts see another time, epoch ms. */
  at(now: () => number): ScriptEngine;
}

/** Longest input, bytes or characters. */
const longestInput = 256 << 10;
/** Then a context is made anew, lest a script that keeps a little of every call fill its memory. */
const callsPerContext = 10_000;
const outOfMemory = /^InternalError: out of memory/;

/**
 * The engine, which all clouds of this process share; each has its own view of it, and no script of one sees anything
 * of another's.
 * @param now the time that scripts see, epoch ms: of the machine where devices are real, else of the simulation
 */
export async function loadScriptEngine(now: () => number): Promise<ScriptEngine> {
  return engineOf(await sharedMachine(), now);
}

function engineOf(machine: Machine, now: () => number): ScriptEngine {
  return {
    compile(source) {
      const script = new MachineScript(machine, source, now);
      return script.start() ?? script;
    },
    at: (other) => engineOf(machine, other),
  };
}

/** Where a script's context is kept, apart from the script, so that it can be freed when nobody has the script. */
interface Held {
  context: ScriptContext | undefined;
}

/** Frees what was left behind by whoever dropped a script, as a simulation does whose world has ended. */
const forsaken = new FinalizationRegistry<{ machine: Machine; held: Held }>(({ machine, held }) => {
  if (held.context !== undefined) machine.release(held.context);
});

class MachineScript implements Script {
  readonly #machine: Machine;
  readonly #source: string;
  readonly #now: () => number;
  readonly #held: Held = { context: undefined };
  lastSealed: Seal | undefined;
  seals = false;

  constructor(machine: Machine, source: string, now: () => number) {
    this.#machine = machine;
    this.#source = source;
    this.#now = now;
    forsaken.register(this, { machine, held: this.#held });
  }

  /** Evaluates the source in a context of its own. */
  start(): ScriptFault | undefined {
    this.dispose();
    if (this.#source.includes("\0")) return { fault: "has a NUL character" };
    const made = ScriptContext.evaluate(this.#machine, this.#source, this.#now());
    if ("fault" in made) return made;
    this.#held.context = made;
    this.seals = made.seals;
    return undefined;
  }

  rawToJson(bytes: Uint8Array): string | ScriptFault {
    this.lastSealed = undefined;
    if (bytes.length > longestInput) {
      return { fault: `was given ${bytes.length} bytes, at most ${longestInput}` };
    }
    return this.#call((context) => {
      const made = context.toJson(bytes, this.#now());
      this.lastSealed = typeof made === "string" ? context.lastSealed : undefined;
      return made;
    });
  }

  jsonToRaw(json: string): Uint8Array | ScriptFault {
    if (json.length > longestInput) {
      return { fault: `was given ${json.length} characters, at most ${longestInput}` };
    }
    if (json.includes("\0")) return { fault: "was given text with a NUL character" };
    return this.#call((context) => context.toRaw(json, this.#now()));
  }

  dispose(): void {
    const { context } = this.#held;
    this.#held.context = undefined;
    if (context !== undefined) this.#machine.release(context);
  }

  #call<T extends string | Uint8Array>(work: (context: ScriptContext) => Called<T>): T | ScriptFault {
    for (;;) {
      const context = this.#ready();
      if ("fault" in context) return context;
      const called = this.#machine.run(() => work(context));
      if (called === undefined) return tooLong;
      if (called !== spent && !isOutOfMemory(called)) return called;
      const isFuelSpent = this.#machine.isFuelSpent;
      const { calls } = context;
      this.dispose();
      if (isFuelSpent) return tooLong;
      // It may be the calls before this one that have filled the memory. The first of all looked for its functions.
      if (calls === 2) return tooLarge;
    }
  }

  #ready(): ScriptContext | ScriptFault {
    const { context } = this.#held;
    if (context !== undefined && context.isAlive && context.calls < callsPerContext) return context;
    return this.start() ?? this.#held.context!;
  }
}

function isOutOfMemory(called: string | Uint8Array | ScriptFault): boolean {
  return typeof called === "object" && "fault" in called && outOfMemory.test(called.fault);
}
