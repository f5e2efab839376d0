/**
 * The firmware in a bare context of Node's V8: ECMAScript's own globals and not one of Node's. Answers
 * at once, so that a simulated month costs no turn of Node's event loop.
 *
 * What it does not do: stop a firmware that never returns (XS does). A promise that is rejected and
 * never handled comes out as Node's `unhandledRejection`; a board would reboot when it is collected.
 */
import { Script, constants, createContext } from "node:vm";
import type { Context } from "node:vm";
import { GuestFault, nothing } from "./engine";
import type { Engine } from "./engine";

type Handle = (event: ArrayBuffer) => { readonly result: ArrayBuffer };

/** Running any script in a context runs its promise jobs. */
const runJobs = new Script("0", { filename: "jobs" });
/** The last script evaluated: a board that starts anew from deep sleep 96 times a day runs the very same. */
let compiled: { readonly source: string; readonly script: Script } | undefined;
const makeBuffer = new Script("(length) => new ArrayBuffer(length)", { filename: "buffer" });

/** V8 without Node: synchronous, uncounted. */
export class NodeEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  readonly #context: Context;
  readonly #newBuffer: (length: number) => ArrayBuffer;
  #handle: Handle | undefined;
  #hostFault: { error: unknown } | undefined;

  constructor() {
    // A context without a sandbox object in front of its globals: faster, and they can be deleted.
    const plain = (constants as { DONT_CONTEXTIFY?: number } | undefined)?.DONT_CONTEXTIFY;
    this.#context = createContext((plain ?? {}) as object, { microtaskMode: "afterEvaluate", name: "board" });
    this.#newBuffer = makeBuffer.runInContext(this.#context) as (length: number) => ArrayBuffer;
    const scope = new Script("globalThis").runInContext(this.#context) as Record<string, unknown>;
    Object.defineProperty(scope, "issueCommand", {
      value: (command: ArrayBuffer) => this.#command(command),
      configurable: true,
    });
  }

  evaluate(source: string): void {
    try {
      if (compiled?.source !== source) {
        compiled = { source, script: new Script(source, { filename: "firmware.js" }) };
      }
      compiled.script.runInContext(this.#context);
    } catch (error) {
      throw fault(error);
    }
    this.#handle = new Script("globalThis.handleCommand").runInContext(this.#context) as Handle | undefined;
  }

  deliver(event: Uint8Array): Uint8Array {
    const handle = this.#handle;
    if (handle === undefined) throw new GuestFault("no firmware: evaluate the bundle first");
    let answer: ArrayBuffer;
    try {
      const answered = handle(this.#copyIn(event));
      runJobs.runInContext(this.#context);
      answer = answered.result;
    } catch (error) {
      this.#throwHostFault();
      throw fault(error);
    }
    this.#throwHostFault();
    return new Uint8Array(answer).slice();
  }

  close(): void {
    this.#handle = undefined;
  }

  /** The guest's buffers are of its own realm: `instanceof ArrayBuffer` must hold in there. */
  #copyIn(bytes: Uint8Array): ArrayBuffer {
    const buffer = this.#newBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  }

  /** A fault of the host's own must not be caught by the firmware: it waits until that returns. */
  #command(command: ArrayBuffer): ArrayBuffer {
    try {
      return this.#copyIn(this.onCommand(new Uint8Array(command)));
    } catch (error) {
      this.#hostFault ??= { error };
      return this.#copyIn(nothing);
    }
  }

  #throwHostFault(): void {
    if (this.#hostFault === undefined) return;
    const { error } = this.#hostFault;
    this.#hostFault = undefined;
    throw error;
  }
}

/** A fault with the text of the exception; the exception itself, with its stack, is the cause. */
function fault(error: unknown): GuestFault {
  let text = "an exception that has no text";
  try {
    text = String(error);
  } catch {
    // The exception has no usable toString: it is the cause, and the text says nothing of it.
  }
  return new GuestFault(text, { cause: error });
}
