/**
 * From nothing to a modem that searches for its network: found on the UART or switched on, identified,
 * its SIM card read, its radio set up.
 *
 *     AT ... -> [key, supply, restart] -> ATE0, CMEE, CGSN -> CPIN? ... -> CFUN=0, settings, CFUN=1 -> search
 */
import { ascii } from "../text/ascii";
import { findImei } from "./fields";
import { defaultTimeout, probe, runScript } from "./script";
import { awaitSimCard } from "./sim-card";
import { cfunTimeout, fixBaud, radioSteps } from "./sim7020-set-up";
import type { AtEngine } from "./at";
import type { ResetLadder, Rung } from "./ladder";
import type { ScriptResult, Step } from "./script";
import type { DownReason, Sim7020Options, Sim7020State } from "./sim7020-options";
import type { Sim7020Power } from "./sim7020-power";
import type { Sim7020Registration } from "./sim7020-registration";

/** What the driver lends to it. */
export interface BringUpHost {
  readonly options: Sim7020Options;
  readonly at: AtEngine;
  readonly power: Sim7020Power;
  readonly ladder: ResetLadder;
  readonly registration: Sim7020Registration;
  readonly enter: (state: Sim7020State) => void;
  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  readonly fail: (reason: DownReason, now: number) => void;
  /** False when a script failed; then the trouble is taken care of. */
  readonly proceed: (outcome: ScriptResult, now: number) => boolean;
  readonly trouble: (outcome: ScriptResult, now: number) => void;
  /** A rung of the ladder was taken. */
  readonly note: (rung: Rung) => void;
  /** The modem knows nothing of the time before. */
  readonly restarted: () => void;
  readonly log: (text: string) => void;
}

const restart = ascii("AT+CFUN=1,1");
/** Banners may trail in after the first OK of a boot, ms. */
const bootGrace = 10_000;

/** See the head of this file. */
export class Sim7020BringUp {
  readonly #host: BringUpHost;
  /** Until then banners are those of a boot that was asked for, ms. */
  bootGraceUntil = 0;
  /** The radio was switched off and on since the modem was up. */
  radioReset = false;
  /** ATE0 had its effect: echo would mean that the modem has started anew. */
  echoOff = false;
  /** The modem's IMEI once known. */
  imei: string | undefined;

  constructor(host: BringUpHost) {
    this.#host = host;
  }

  /** Brings the modem up from whatever state it is in. */
  begin(now: number): void {
    this.#host.enter("starting");
    this.bootGraceUntil = Infinity;
    probe(
      this.#host.at,
      20,
      (answered, at) => {
        if (answered) this.#configure(at);
        else this.#switchOn(at);
      },
      now,
    );
  }

  /**
   * Presses the key as for power-on, which switches a modem that hangs off; then the next attempt
   * switches it on. Without a key the modem may still hear that it is to restart.
   */
  #switchOn(now: number): void {
    if (!this.#host.power.hasKey) return this.#restartByCommand(now);
    this.#host.note("key");
    this.#host.power.toggle((at) => this.#awaitBoot(at), now);
  }

  #awaitBoot(now: number): void {
    probe(
      this.#host.at,
      40,
      (answered, at) => (answered ? this.#configure(at) : this.#host.fail("no-answer", at)),
      now,
    );
  }

  #restartByCommand(now: number): void {
    this.#host.note("reboot");
    this.#host.at.send(
      {
        line: restart,
        timeout: defaultTimeout,
        onDone: (result, at) => {
          if (result.kind !== "aborted") this.#awaitBoot(at);
        },
      },
      now,
    );
  }

  /** A bring-up that begins with one of the ladder's upper rungs. */
  climb(rung: Rung, now: number): void {
    this.#host.enter("starting");
    this.bootGraceUntil = Infinity;
    this.#host.restarted();
    this.#host.log(`reset rung=${rung}`);
    switch (rung) {
      case "key":
        this.#host.note("key");
        // The press that is to switch it off would only wake one that sleeps.
        return this.#host.power.wake((at) => this.#host.power.cycleKey((t) => this.#awaitBoot(t), at), now);
      case "supply":
        this.#host.note("supply");
        return this.#host.power.cycleSupply((at) => this.begin(at), now);
      default:
        return this.#restartByCommand(now);
    }
  }

  #configure(now: number): void {
    this.#host.enter("configuring");
    this.bootGraceUntil = now + bootGrace;
    this.#host.restarted();
    this.radioReset = false;
    const onLine = (line: Uint8Array): void => void (this.imei = findImei(line) ?? this.imei);
    const steps: Step[] = [fixBaud, { line: ascii("AT+CGSN"), bare: true, onLine }];
    this.runQuietly(
      steps,
      (at) => {
        this.#host.log(`identified imei=${this.imei ?? "unknown"}`);
        this.#awaitSimCard(at);
      },
      now,
    );
  }

  /** Runs steps behind those that any boot or wake calls for: no echo, errors with their numbers. */
  runQuietly(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    runScript(
      this.#host.at,
      [{ line: ascii("ATE0") }],
      (off, at) => {
        if (!this.#host.proceed(off, at)) return;
        this.#host.at.echoed = false;
        runScript(
          this.#host.at,
          [{ line: ascii("AT+CMEE=1") }, ...steps],
          (outcome, t) => {
            if (!this.#host.proceed(outcome, t)) return;
            this.echoOff = !this.#host.at.echoed;
            onDone(t);
          },
          at,
        );
      },
      now,
    );
  }

  #awaitSimCard(now: number): void {
    awaitSimCard(
      {
        at: this.#host.at,
        later: (delay, at, action) => this.#host.later(delay, at, action),
        wake: { line: ascii("AT+CFUN=1"), timeout: cfunTimeout, optional: true },
        onReady: (at) => this.setUpRadio(at),
        onMissing: (status, at) => {
          this.#host.log(`sim ${status === "" ? "missing" : `status="${status.slice(0, 32)}"`}`);
          this.#host.fail("sim", at);
        },
        onTrouble: (outcome, at) => this.#host.trouble(outcome, at),
      },
      now,
    );
  }

  /** Says all that must be said while the radio is off, and searches. */
  setUpRadio(now: number): void {
    runScript(
      this.#host.at,
      radioSteps(this.#host.options),
      (outcome, at) => {
        if (this.#host.proceed(outcome, at)) this.register(at);
      },
      now,
    );
  }

  /** Waits for the network. */
  register(now: number): void {
    this.#host.enter("registering");
    // Once it has failed, each try is a short one: the battery pays for every minute of searching.
    this.#host.registration.start(this.#host.ladder.failures === 0 ? "long" : "short", now);
  }
}
