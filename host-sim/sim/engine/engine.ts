/**
 * A JavaScript engine in which the firmware runs, cut off from Node: a bare context of Node's own V8,
 * or Moddable's XS in a process of its own.
 */

/** What an engine has used up. */
export interface EngineUsage {
  /** Steps that the engine counted over all events so far; 0 if it does not count. */
  readonly compute: number;
  /** Slots of its heap in use after the last event, garbage included; 0 if it does not tell. */
  readonly slots: number;
}

export interface Engine {
  /**
   * Runs a script in the global scope.
   * @throws GuestFault when it throws; EngineStopped when the engine is gone
   */
  evaluate(source: string): void | Promise<void>;
  /**
   * Hands an event to the guest's `handleCommand` and gives its answer, once the promise jobs that
   * the event caused have run.
   * @throws GuestFault for an exception that nobody in the guest caught; EngineStopped; and whatever
   * `onCommand` threw
   */
  deliver(event: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Answers the guest's `issueCommand`, at once. The bytes it is given are its to keep. */
  onCommand: (command: Uint8Array) => Uint8Array;
  usage?(): EngineUsage;
  close(): void | Promise<void>;
}

/** An exception that escaped the guest: on a board, a reboot. */
export class GuestFault extends Error {
  override readonly name = "GuestFault";
}

/** The engine has stopped: it ran out of memory, of stack, or of the steps that it may take. On a board, a reboot. */
export class EngineStopped extends Error {
  override readonly name = "EngineStopped";
}

/** The engine is not installed here; the message is one line that says what it needs. */
export class EngineMissing extends Error {
  override readonly name = "EngineMissing";
}

/** No answer. */
export const nothing = new Uint8Array(0);
