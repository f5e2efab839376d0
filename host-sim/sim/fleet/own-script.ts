/**
 * Runs the parsing script that this project itself has written for its demo product, in V8. A fleet calls it twice a
 * reading, and QuickJS, which strangers' scripts are given (cloud/script/script-engine.ts), takes a fifth of all the
 * time that a fleet has: V8 compiles it. `own-script.test.ts` gives both the same inputs.
 *
 * Nothing here keeps a script from reading files or from never ending: give it no other one.
 */
import { runInThisContext } from "node:vm";
import { reasonOf } from "../../../firmware/text/reason";
import type { Script, ScriptEngine, ScriptFault } from "../../cloud/script/script-engine";

/** A script's two functions, as EnOS names them. */
interface Functions {
  readonly rawDataToJsonStr: (bytes: readonly number[]) => unknown;
  readonly jsonStrToRawData: (json: string) => unknown;
}

/** The engine. Scripts see the time of the machine: the project's own look at none. */
export const ownScriptEngine: ScriptEngine = {
  compile(source) {
    try {
      return new OwnScript(source);
    } catch (error) {
      return { fault: reasonOf(error) };
    }
  },
  at: () => ownScriptEngine,
};

class OwnScript implements Script {
  readonly lastSealed = undefined;
  readonly seals = false;
  readonly #functions: Functions;

  constructor(source: string) {
    // As a function, whose own names V8 finds at once; those of a global object it has to ask for.
    this.#functions = runInThisContext(
      `(function () {\n${source}\nreturn { rawDataToJsonStr, jsonStrToRawData };\n})()`,
      { filename: "parsing-script.js" },
    ) as Functions;
  }

  rawToJson(bytes: Uint8Array): string | ScriptFault {
    const signed = new Array<number>(bytes.length);
    for (let i = 0; i < bytes.length; i++) signed[i] = (bytes[i] << 24) >> 24;
    try {
      return String(this.#functions.rawDataToJsonStr(signed));
    } catch (error) {
      return { fault: reasonOf(error) };
    }
  }

  jsonToRaw(json: string): Uint8Array | ScriptFault {
    try {
      return Uint8Array.from(this.#functions.jsonStrToRawData(json) as ArrayLike<number>);
    } catch (error) {
      return { fault: reasonOf(error) };
    }
  }

  dispose(): void {}
}
