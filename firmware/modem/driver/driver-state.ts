/**
 * The state of a modem's driver, the transitions between states that are legal, the one timer, and what the
 * parts of the driver share: bring-up, registration, attach, sleep, sockets and recovery.
 *
 *     off -> starting -> configuring -> registering -> up -> asleep -> waking -> up
 *
 * That is the usual way. A modem that does not do as it should is "recovering", which takes seconds, or the
 * driver leaves it alone, "pausing", and brings it up anew.
 */
import { asciiText } from "../../text/ascii";
import { runScript } from "../at/script";
import { describeCme } from "../at/cme-error";
import { noGaps } from "../at/firmware-gaps";
import type { AtEngine, AtError } from "../at/engine";
import type { RestingState } from "./driver-memory";
import type { Rows, ScriptResult, Step } from "../at/script";
import type { FirmwareGaps } from "../at/firmware-gaps";
import type { DownReason, ModemEvent, ModemLog, ModemNote } from "./modem-log";

/** Commands whose refusal is remembered, so that it is told once. */
const refusalsKept = 16;
/** Characters of a command in the log, at most. */
const longestCommand = 64;

/** What the driver is doing with the modem. */
export type ModemState =
  | "off" // the radio is off until `connect`, or all of the modem
  | "starting" // looked for on the UART, switched on or restarted
  | "configuring" // identified, its SIM card and its radio set up
  | "registering" // searching for its network, then attaching
  | "up" // ready for datagrams
  | "asleep" // in PSM, or taken for it
  | "waking" // woken, or asked whether registration and context are still there
  | "recovering" // probed until it answers, and its radio reset
  | "pausing"; // left alone until the next bring-up

/** The legal transitions: for each state the states that may follow it, and what makes them follow. */
export const transitions: Readonly<Record<ModemState, readonly ModemState[]>> = Object.freeze({
  off: Object.freeze<ModemState[]>([
    "starting", // `connect`
  ]),
  starting: Object.freeze<ModemState[]>([
    "configuring", // the modem answers
    "starting", // its supply was taken away and is back: looked for once more
    "pausing", // nothing answers
    "off", // `suspend`
  ]),
  configuring: Object.freeze<ModemState[]>([
    "registering", // the card is ready and the radio on
    "starting", // settings were written that take a restart, or the modem has restarted by itself
    "recovering", // a command is not answered
    "pausing", // another modem, no card, or a radio that stays off
    "off", // `suspend`
  ]),
  registering: Object.freeze<ModemState[]>([
    "up", // registered and attached
    "registering", // no cell in time: the radio was reset and searches once more
    "starting", // the modem has restarted by itself
    "recovering", // a command is not answered
    "pausing", // denied, or no cell in a long search, or after the radio's reset either
    "off", // `suspend`
  ]),
  up: Object.freeze<ModemState[]>([
    "asleep", // the modem says so, or was quiet for longer than T3324
    "waking", // context or service lost, a socket refused: all of them are asked for
    "starting", // the modem has restarted by itself, or is restarted as nothing comes back from the cloud
    "recovering", // a command is not answered, nothing comes back, or a socket is refused once more
    "pausing", // sockets are refused again and again, or the card was pulled
    "off", // `suspend`, or the modem is switched off so that nobody finds it
  ]),
  asleep: Object.freeze<ModemState[]>([
    "waking", // `connect`, a datagram to send, or a hint that one has come
    "starting", // the modem has restarted by itself
    "pausing", // it has done so again and again: the counts outlive the ESP32's deep sleep
  ]),
  waking: Object.freeze<ModemState[]>([
    "up", // registration and context are still there
    "registering", // the registration is not
    "asleep", // the modem fell asleep while it was asked
    "starting", // the modem has restarted, or is restarted as nothing came back before it slept
    "recovering", // a command is not answered, or nothing came back before it slept
    "pausing", // the modem has restarted again and again
    "off", // `suspend`
  ]),
  recovering: Object.freeze<ModemState[]>([
    "configuring", // the modem answers, and had not been identified yet
    "registering", // the modem answers, and its radio was reset
    "starting", // the modem has restarted by itself
    "pausing", // nothing answers
    "off", // `suspend`
  ]),
  pausing: Object.freeze<ModemState[]>([
    "starting", // the pause is over, or a modem that did not answer says something
    "off", // `suspend`
  ]),
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
  /** No cell in time. @param long the search was a long one, which a reset of the radio does not improve on */
  noCell(long: boolean, now: number): void;
  /** A socket was refused, `times` in a row: mostly the network context is gone. */
  socketRefused(times: number, now: number): void;
  /** The modem is given up for a while, then brought up anew: enters "pausing" before anything else. */
  fail(reason: DownReason, now: number): void;
}

/** What the driver's state begins with and acts on. */
export interface DriverStateOptions {
  /** The state at start: after the ESP32's deep sleep the one before it. */
  readonly state: RestingState;
  readonly at: AtEngine;
  /** The timer was cancelled: a wire that its action was to let go of must be let go of now. */
  readonly onCancel: () => void;
  readonly log?: ModemLog;
}

/** The state of a modem's driver, its one timer, and what its parts share. */
export class DriverState {
  readonly #options: DriverStateOptions;
  #state: ModemState;
  /** A transition was refused, and the pause that follows it has not begun. */
  #refusing = false;
  /** When `#action` is to run, ms; Infinity for never. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  /** Set once, by `Modem`, when all parts are there. */
  faults!: FaultHandler;
  /** The time of the event in hand, ms. */
  now = 0;
  uart: UartState = "alive";
  /**
   * ATE0 had its effect: an echo would mean that the modem has restarted. Cleared where a restart is
   * expected.
   */
  echoOff = false;
  /** Until then boot banners are those of a boot that was asked for, ms. */
  bootGraceUntil = 0;
  /** The modem was brought up, or tried to be, since the board started. */
  begun = false;
  /** The driver has switched the modem off in good order: what it says next it says when its key was pressed. */
  switchedOff = false;
  /** When that was, ms; in the ESP32's deep sleep it is forgotten. */
  switchedOffAt = -Infinity;
  /** The radio was switched off and on since the modem was last up or identified. */
  radioReset = false;
  /** The modem was woken, and not brought up, since it was last up. */
  woken = false;
  /** How much `+CEREG:` tells, as the modem took it last; undefined until it was told. */
  reporting: number | undefined;
  /** Commands refused since the bring-up began, as they were told in the log. */
  #refused: string[] = [];

  /** What the modem's firmware was found to lack; kept over deep sleep by `Sleep`. */
  gaps: FirmwareGaps = noGaps();

  constructor(options: DriverStateOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): ModemState {
    return this.#state;
  }

  /**
   * Goes to a state; true when the transition is legal.
   *
   * An illegal transition is a fault of the driver's own code. On a device an exception would unwind the
   * event loop and with it whatever else the event was to do, so the transition is refused instead: an event
   * in the log tells it, and the modem is given up for a while and brought up anew, from a state that is
   * known. A driver that is off stays off. Whoever gets false must return: the modem is no longer its own.
   */
  enter(state: ModemState, now: number): boolean {
    const from = this.#state;
    if (transitions[from].indexOf(state) < 0 && !(this.#refusing && state === "pausing")) {
      this.log({ kind: "modem illegal transition", from, to: state });
      if (from === "off" || this.#refusing) return false;
      this.#refusing = true;
      this.faults.fail("failed", now);
      return false;
    }
    this.#refusing = false;
    this.#state = state;
    if (state === "starting") this.uart = "alive";
    if (state === "configuring" || state === "up") this.radioReset = false;
    else if (state !== "registering") this.echoOff = false;
    if (state === "asleep" || state === "waking" || state === "starting")
      this.log({ kind: `modem ${state}` });
    return true;
  }

  /** The modem has its radio off and nobody speaks to it; it could restart by itself. */
  get leavesAlone(): boolean {
    return this.#state === "pausing" || (this.#state === "off" && !this.switchedOff);
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

  /**
   * Runs a script of commands; `onDone` is called when each was answered, else the `FaultHandler` acts. A
   * command that is refused is told, and the script goes on: a firmware that lacks it may do without.
   */
  run(steps: readonly Step[] | Rows, onDone: (now: number) => void, now: number): void {
    const finish = (outcome: ScriptResult, at: number): void => {
      if (outcome.result.kind === "ok") onDone(at);
      else this.faults.scriptFailed(outcome, at);
    };
    runScript(this.#options.at, steps, finish, now, this.gaps, (step, error) => this.refused(step, error));
  }

  /**
   * Tells of a command that was refused, once in a bring-up.
   *
   * @param nameOnly what stands behind `=` is for no log
   */
  refused({ line, secret }: Step, { code, meaning }: AtError, nameOnly = secret === true): void {
    const equals = nameOnly ? line.indexOf(0x3d) : -1;
    const command = asciiText(line, 0, equals < 0 ? Math.min(line.length, longestCommand) : equals + 1);
    const refusal = `${command} ${code}`;
    if (this.#refused.indexOf(refusal) >= 0) return;
    if (this.#refused.length < refusalsKept) this.#refused.push(refusal);
    this.log({ kind: "modem refused", command, code, meaning: meaning ?? describeCme(code) });
  }

  /** A bring-up begins: the modem may be another one. */
  forget(): void {
    this.begun = true;
    this.reporting = undefined;
    this.gaps = noGaps();
    this.woken = false;
    this.#refused = [];
  }

  log(event: ModemEvent | ModemNote): void {
    this.#options.log?.(event);
  }
}
