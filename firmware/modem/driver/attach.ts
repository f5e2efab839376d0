/**
 * From registered to ready for datagrams, and back there after sleep or a loss of service: context,
 * signal, time, sockets that have lived on.
 */
import { ascii } from "../../text/ascii";
import { isRegistered } from "../at/fields";
import { runScript } from "../at/script";
import { askEdrx, askRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { BringUp } from "./bring-up";
import type { Family } from "../family/family";
import type { Wanted } from "../at/standard-commands";
import type { Registration } from "../at/fields";
import type { ModemState } from "./modem-options";
import type { ScriptResult, Step } from "../at/script";
import type { Sleep } from "./sleep";
import type { Sockets } from "./sockets";
import type { ModemLog } from "./modem-log";

/** What the driver lends to it. */
export interface AttachHost {
  readonly family: Family;
  readonly wanted: Wanted;
  readonly at: AtEngine;
  readonly sockets: Sockets;
  readonly sleep: Sleep;
  readonly bringUp: BringUp;
  readonly state: () => ModemState;
  readonly enter: (state: ModemState) => void;
  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  readonly cancelLater: () => void;
  /** False when a script failed; then the trouble is taken care of. */
  readonly proceed: (outcome: ScriptResult, now: number) => boolean;
  /** It has started anew, and must be brought up. */
  readonly onReboot: (now: number) => void;
  /** Ready for datagrams. */
  readonly onUp: (now: number) => void;
  readonly onTime: (epoch: number) => void;
  readonly log: ModemLog;
}

/** A modem that was up and says that it lost the network searches by itself for so long, ms. */
const grace = 60_000;
/** Banners may trail in after a wake that is a boot, ms. */
const wakeGrace = 10_000;

/** See the head of this file. */
export class Attach {
  readonly #host: AttachHost;
  /** Signal when the modem last came up, dBm. */
  rssi: number | undefined;

  constructor(host: AttachHost) {
    this.#host = host;
  }

  /** The network has taken the modem in. */
  registered(status: Registration, now: number): void {
    this.#host.log(`registered stat=${status.stat}${this.#host.sleep.grant(status)}`);
    this.begin(now);
  }

  /** Whatever it takes until datagrams can be sent. */
  begin(now: number): void {
    const { family, wanted, at: engine, sleep, bringUp, enter, proceed, onUp, onTime, log } = this.#host;
    this.rssi = undefined;
    const steps: Step[] = [
      ...(family.attach?.(wanted) ?? []),
      ...family.signalAndTime({ onSignal: (dBm) => (this.rssi = dBm), onTime }),
    ];
    if (wanted.edrx !== undefined) steps.push(askEdrx((seconds) => sleep.grantEdrx(seconds)));
    runScript(
      engine,
      steps,
      (outcome, at) => {
        if (!proceed(outcome, at)) return;
        enter("up");
        sleep.active(at);
        bringUp.radioReset = false;
        const { edrx } = sleep.granted;
        const signal = this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`;
        log(`up${signal}${edrx === undefined ? "" : ` edrx=${edrx}s`}`);
        onUp(at);
      },
      now,
    );
  }

  /** After sleep or a loss: nothing of the time before it is taken for granted. */
  resume(now: number): void {
    const { family, sleep, sockets, bringUp, onReboot } = this.#host;
    sleep.uart = "alive";
    if (family.sleep.boots) bringUp.bootGraceUntil = now + wakeGrace;
    let answer: Registration | undefined;
    const survival = sockets.survival();
    const ask = askRegistration((registration) => (answer = registration));
    const set = { line: ascii(`AT+CEREG=${family.cereg}`) };
    // Asked first, one that is to have kept it tells whether it has.
    const steps: Step[] = [...(family.sleep.boots ? [set, ask] : [ask, set]), ...survival.steps];
    bringUp.runQuietly(
      steps,
      (at) => {
        const level = answer?.level ?? family.cereg;
        if (sleep.rebooted(level !== family.cereg)) return onReboot(at);
        survival.confirm();
        if (answer !== undefined && isRegistered(answer)) return this.begin(at);
        bringUp.register(at);
      },
      now,
    );
  }

  /** Asks for everything again, `delay` ms from now. */
  lookAgain(delay: number, now: number): void {
    this.#host.enter("waking");
    this.#host.later(delay, now, (at) => this.resume(at));
  }

  /** The network context is gone, and the sockets with it. */
  contextLost(now: number): void {
    const { at: engine, sockets, log, state } = this.#host;
    sockets.forget();
    log("context lost");
    if (state() !== "up") return;
    sockets.interrupt();
    engine.clear(now);
    this.lookAgain(1_000, now);
  }

  /**
   * The network was lost, or found again. A modem that has lost it searches by itself; when it has had
   * its time it is asked, for the line that it was found may have got lost.
   */
  changed(registered: boolean, now: number): void {
    const { family, at: engine, sleep, sockets, state, enter, later, cancelLater, log } = this.#host;
    sleep.active(now);
    if (registered) return cancelLater();
    log("service lost");
    later(grace, now, (at) => {
      if (state() !== "up") return;
      enter("waking");
      sockets.interrupt();
      engine.clear(at);
      if (family.sleep.light === undefined) return this.resume(at);
      // Its UART may have fallen asleep meanwhile.
      sleep.uart = "unknown";
      sleep.wake(at);
    });
  }
}
