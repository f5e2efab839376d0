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
import { startFunction } from "./start-function";
import type { Engine } from "./engine";

type Handle = ((event: ArrayBuffer) => { readonly result: ArrayBuffer }) & { readonly realm?: unknown };

/** A bare context, and what is done in it. */
interface Realm {
  readonly context: Context;
  readonly scope: Record<string, unknown>;
  /** A buffer of its own realm: `instanceof ArrayBuffer` must hold in there. */
  readonly newBuffer: (length: number) => ArrayBuffer;
  readonly empty: ArrayBuffer;
  /** A program that runs in it, time and again: V8 keeps what it has compiled as long as this function lives. */
  readonly program?: { readonly source: string; readonly run: () => void };
  /** What the program's last run left for the next. */
  left?: unknown;
}

/** Running any script in a context runs its promise jobs. */
const runJobs = new Script("0", { filename: "jobs" });
const makeBuffer = new Script("(length) => new ArrayBuffer(length)", { filename: "buffer" });
/** Realms whose program has ended well, for boards that start the same one: a wake from deep sleep is a start. */
const idle: Realm[] = [];
/** So many of them at most: worlds that run side by side, such as those of a test, have a board each. */
const mostIdle = 4;

/** V8 without Node: synchronous, uncounted. */
export class NodeEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  #realm: Realm | undefined;
  #handle: Handle | undefined;
  #hostFault: { error: unknown } | undefined;
  /** Whether all that was begun in the realm has come to its end. */
  #clean = true;

  evaluate(source: string): void {
    this.#begin(newRealm(), (realm) => {
      new Script(source, { filename: "firmware.js" }).runInContext(realm.context);
    });
  }

  /**
   * Runs a program made by `bundleFirmware`. It makes the global scope as it wants it and leaves no other trace, so
   * a realm in which it ran before serves it again.
   *
   * @throws GuestFault when it throws
   */
  run(program: string): void {
    const at = idle.findIndex((realm) => realm.program?.source === program);
    const realm = at < 0 ? realmFor(program) : idle.splice(at, 1)[0];
    this.#begin(realm, ({ scope, left, program: { run } = { run: () => {} } }) => {
      if (left !== undefined) Object.defineProperty(scope, "realm", { value: left, configurable: true });
      run();
    });
  }

  deliver(event: Uint8Array): Uint8Array {
    const handle = this.#handle;
    if (handle === undefined) throw new GuestFault("no firmware: evaluate the bundle first");
    const realm = this.#realm!;
    let answer: ArrayBuffer;
    this.#clean = false;
    try {
      const answered = handle(copyInto(realm, event));
      runJobs.runInContext(realm.context);
      answer = answered.result;
    } catch (error) {
      this.#throwHostFault();
      throw fault(error);
    }
    this.#throwHostFault();
    this.#clean = true;
    return new Uint8Array(answer).slice();
  }

  close(): void {
    const [realm, handle] = [this.#realm, this.#handle];
    this.#handle = undefined;
    this.#realm = undefined;
    // Where a turn was broken off, some of its jobs may wait.
    if (realm?.program === undefined || handle === undefined || !this.#clean) return;
    realm.left = handle.realm;
    idle.unshift(realm);
    idle.length = Math.min(idle.length, mostIdle);
  }

  #begin(realm: Realm, run: (realm: Realm) => void): void {
    this.#realm = realm;
    Object.defineProperty(realm.scope, "issueCommand", {
      value: (command: ArrayBuffer) => this.#command(realm, command),
      configurable: true,
    });
    try {
      run(realm);
    } catch (error) {
      this.#clean = false;
      throw fault(error);
    }
    this.#handle = realm.scope.handleCommand as Handle | undefined;
  }

  /** A fault of the host's own must not be caught by the firmware: it waits until that returns. */
  #command(realm: Realm, command: ArrayBuffer): ArrayBuffer {
    try {
      return copyInto(realm, this.onCommand(new Uint8Array(command)));
    } catch (error) {
      this.#hostFault ??= { error };
      return copyInto(realm, nothing);
    }
  }

  #throwHostFault(): void {
    if (this.#hostFault === undefined) return;
    const { error } = this.#hostFault;
    this.#hostFault = undefined;
    throw error;
  }
}

function newRealm(): Realm {
  // A context without a sandbox object in front of its globals: faster, and they can be deleted.
  const plain = (constants as { DONT_CONTEXTIFY?: number } | undefined)?.DONT_CONTEXTIFY;
  const context = createContext((plain ?? {}) as object, { microtaskMode: "afterEvaluate", name: "board" });
  const newBuffer = makeBuffer.runInContext(context) as (length: number) => ArrayBuffer;
  const scope = new Script("globalThis").runInContext(context) as Record<string, unknown>;
  return { context, scope, newBuffer, empty: newBuffer(0) };
}

/** A new realm with the program as a function, which does nothing before it is called. */
function realmFor(source: string): Realm {
  const realm = newRealm();
  try {
    const script = new Script(startFunction(source), { filename: "firmware.js" });
    return { ...realm, program: { source, run: script.runInContext(realm.context) as () => void } };
  } catch (error) {
    throw fault(error);
  }
}

function copyInto({ newBuffer, empty }: Realm, bytes: Uint8Array): ArrayBuffer {
  // Most commands have no answer. Nobody can change a buffer without bytes.
  if (bytes.length === 0) return empty;
  const buffer = newBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
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
