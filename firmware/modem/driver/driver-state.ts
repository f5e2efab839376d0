/**
 * The state of a modem's driver, the transitions between states that are legal, the one timer, and what the
 * parts of the driver share: bring-up, registration, attach, sleep, sockets and recovery.
 *
 *         connect           answers              radio on              attached
 *     off ------> starting -------> configuring ----------> registering -------> up
 *                                        ^                    ^  |  ^          ^  |
 *                                        |                    |  +--+          |  | quiet, or says so
 *                                        |                    | no cell:       |  v
 *                     not yet identified |       radio reset  | radio reset    |  asleep
 *                                        |                    |                |  |  ^
 *                                      recovering ------------+                |  |  | falls asleep again
 *                                                             |                |  v  |
 *                                                             +-------------- waking
 *                                                         not registered       ^
 *                                                                              |
 *     up -> waking      context lost, service lost, socket refused  -----------+
 *
 *     configuring, registering, up, waking -> recovering     a command is not answered; up, waking: the cloud is not
 *     starting, configuring, registering, up, asleep, waking, recovering -> starting
 *                                                            it has restarted, or is restarted
 *     starting, configuring, registering, up, asleep, waking, recovering -> pausing
 *                                                            given up for a while
 *     pausing -> starting                                    the while is over
 *     pausing -> pausing                                     a refused transition, see `enter`
 *     all but off and asleep -> off                          suspended by the caller
 */
import { runScript } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { DownReason, ModemEvent, ModemLog, ModemNote } from "./modem-log";
import type { ScriptResult, Step } from "../at/script";

/** What the driver is at. */
export type ModemState =
  | "off" // the radio is off until `connect`
  | "starting" // looked for on the UART, switched on or restarted
  | "configuring" // identified, its card and its radio set up
  | "registering" // searching for its network, then attaching
  | "up" // ready for datagrams
  | "asleep" // in PSM, or taken for it
  | "waking" // woken, or asked whether registration and context are still there
  | "recovering" // talked to until it answers, and its radio reset
  | "pausing"; // left alone until the next bring-up

/** The legal transitions: from each state those that it may go to. The head of this file draws them. */
export const transitions: Readonly<Record<ModemState, readonly ModemState[]>> = Object.freeze({
  off: ["starting"],
  starting: ["configuring", "starting", "pausing", "off"],
  configuring: ["registering", "recovering", "starting", "pausing", "off"],
  registering: ["up", "registering", "recovering", "starting", "pausing", "off"],
  up: ["asleep", "waking", "recovering", "starting", "pausing", "off"],
  asleep: ["waking", "starting", "pausing"],
  waking: ["up", "registering", "asleep", "recovering", "starting", "pausing", "off"],
  recovering: ["configuring", "registering", "starting", "pausing", "off"],
  pausing: ["starting", "pausing", "off"],
});

/** Whether the modem hears what is sent to it; asleep most do not. */
export type UartState = "alive" | "dead" | "unknown";

/** Whom the parts tell that the modem does not do as it should; `Recovery` decides what is done. */
export interface FaultHandler {
  /** A script failed, or was aborted. */
  scriptFailed(outcome: ScriptResult, now: number): void;
  /** A command was not answered. */
  silence(now: number): void;
  /** The modem has restarted by itself. */
  rebooted(now: number): void;
  /** The network denies registration. @param cause EMM cause, when known */
  denied(cause: number | undefined, now: number): void;
  /** No cell in time. */
  noCell(now: number): void;
  /** A socket was refused, `times` in a row: mostly the network context is gone. */
  socketRefused(times: number, now: number): void;
  /** The modem is given up for a while, then brought up anew. */
  fail(reason: DownReason, now: number): void;
}

export interface DriverStateOptions {
  /** The state at start: asleep when the modem has gone on through the ESP32's deep sleep. */
  readonly state: "off" | "asleep";
  readonly at: AtEngine;
  /** What was to be done later will not be: wires that it was to let go of must be let go of now. */
  readonly onCancel: () => void;
  readonly log?: ModemLog;
}

/** The state of a modem's driver, its one timer, and what its parts share. */
export class DriverState {
  readonly #options: DriverStateOptions;
  #state: ModemState;
  /** When `#action` is to run, ms; Infinity for never. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  /** Set once, by `Modem`, when all parts are there. */
  faults!: FaultHandler;
  /** The time of the event in hand, ms. */
  now = 0;
  uart: UartState = "alive";
  /** ATE0 had its effect: echo would mean that the modem has restarted. Cleared where a restart is expected. */
  echoOff = false;
  /** Until then boot banners are those of a boot that was asked for, ms. */
  bootGraceUntil = 0;
  /** The radio was switched off and on since the modem was last up or identified. */
  radioReset = false;

  constructor(options: DriverStateOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): ModemState {
    return this.#state;
  }

  /**
   * Goes to a state. True when the transition is legal.
   *
   * An illegal transition is a fault of the driver itself. It is refused: one log line tells it, the modem is
   * failed by `FaultHandler.fail`, and brought up anew after a pause; a driver that is off stays off. So nothing
   * is thrown out of an event, and the driver keeps a time at which it goes on. Whoever gets false must return,
   * for it would go on with a modem that is no longer its own.
   */
  enter(state: ModemState, now: number): boolean {
    const from = this.#state;
    if (transitions[from].indexOf(state) < 0) {
      this.log(`illegal transition from=${from} to=${state}`);
      if (from !== "off") this.faults.fail("failed", now);
      return false;
    }
    this.#state = state;
    if (state === "starting") this.uart = "alive";
    if (state === "configuring" || state === "up") this.radioReset = false;
    else if (state !== "registering") this.echoOff = false;
    if (state === "asleep" || state === "waking" || state === "starting")
      this.log({ kind: `modem ${state}` });
    return true;
  }

  /** When `poll` wants to be called, ms; Infinity while nothing is to be done later. */
  get deadline(): number {
    return this.#due;
  }

  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  later(delay: number, now: number, action: (now: number) => void): void {
    this.#due = now + delay;
    this.#action = action;
  }

  /** What was to run will not. */
  cancelLater(): void {
    this.#due = Infinity;
    this.#action = undefined;
    this.#options.onCancel();
  }

  /** Runs what is due. */
  poll(now: number): void {
    if (now < this.#due) return;
    const action = this.#action;
    this.#due = Infinity;
    this.#action = undefined;
    action?.(now);
  }

  /** Runs a script of commands; `onDone` is called when each was carried out, else the `FaultHandler` acts. */
  run(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    const finish = (outcome: ScriptResult, at: number): void => {
      if (outcome.result.kind === "ok") onDone(at);
      else this.faults.scriptFailed(outcome, at);
    };
    runScript(this.#options.at, steps, finish, now);
  }

  log(event: ModemEvent | ModemNote): void {
    this.#options.log?.(event);
  }
}
