/**
 * From nothing to a modem that searches for its network: found on the UART or switched on, identified,
 * its SIM card read, its radio set up.
 *
 *     AT ... -> [key, supply, restart] -> ATE0, CMEE, model, IMEI -> settings [-> restart]
 *            -> CPIN? ... -> CFUN=0, settings, CFUN=1 -> search
 */
import { ascii, asciiText } from "../../text/ascii";
import { findImei } from "../at/fields";
import { defaultTimeout, probe, probeTimeout, runScript } from "../at/script";
import { edrxSteps, psmSteps } from "../at/standard-commands";
import { awaitSimCard } from "./sim-card";
import type { AtEngine } from "../at/engine";
import type { Family } from "../family/family";
import type { Wanted } from "../at/standard-commands";
import type { ResetEscalation, ResetLevel } from "./reset-escalation";
import type { DownReason, ModemState } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { RegistrationWait } from "./registration";
import type { ScriptResult, Step } from "../at/script";
import type { ModemLog } from "./modem-log";

/** What the driver lends to it. */
export interface BringUpHost {
  readonly family: Family;
  readonly wanted: Wanted;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  readonly escalation: ResetEscalation;
  readonly registration: RegistrationWait;
  readonly enter: (state: ModemState) => void;
  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  readonly fail: (reason: DownReason, now: number) => void;
  /** False when a script failed; then the trouble is taken care of. */
  readonly proceed: (outcome: ScriptResult, now: number) => boolean;
  readonly trouble: (outcome: ScriptResult, now: number) => void;
  /** A level of the escalation was taken. */
  readonly note: (level: ResetLevel) => void;
  /** The modem knows nothing of the time before. */
  readonly restarted: () => void;
  readonly identified: (imei: string, now: number) => void;
  readonly log: ModemLog;
}

/** Banners may trail in after the first OK of a boot, ms. */
const bootGrace = 10_000;
/** Pause behind a response, ms, that every modem is content with. */
const strangersGap = 120;

/** See the head of this file. */
export class BringUp {
  readonly #host: BringUpHost;
  /** Until then banners are those of a boot that was asked for, ms. */
  bootGraceUntil = 0;
  /** The radio was switched off and on since the modem was up. */
  radioReset = false;
  /** ATE0 had its effect: echo would mean that the modem has started anew. */
  echoOff = false;
  /** The modem's IMEI once known. */
  imei: string | undefined;
  /** It has answered as one of its family since the bring-up began, and its kept settings are right. */
  #known = false;
  #identifications = 0;
  /** Its banner has come since the bring-up began. */
  #booting = false;
  /** Settings were written that took a restart; twice in a row would be a modem that does not keep them. */
  #applied = false;

  constructor(host: BringUpHost) {
    this.#host = host;
  }

  /** Brings the modem up from whatever state it is in. */
  begin(now: number): void {
    this.#host.enter("starting");
    this.bootGraceUntil = Infinity;
    this.#forget();
    probe(
      this.#host.at,
      20,
      (answered, at) => {
        if (answered) this.#configure(at);
        // It is on its way already.
        else if (this.#booting) this.#awaitBoot(at);
        else this.#switchOn(at);
      },
      now,
    );
  }

  /** It says that it is starting. */
  announced(): void {
    this.#booting = true;
  }

  /**
   * Presses the key as for power-on, which switches a modem that hangs off; then the next attempt
   * switches it on. Without a key the modem may still hear that it is to restart.
   */
  #switchOn(now: number): void {
    const { lines } = this.#host;
    if (!lines.hasKey) return this.#restartByCommand(now);
    this.#host.note("key");
    // One that is on and deaf does not mind the key where that cannot switch it off.
    const otherwise = lines.canRestart ? undefined : (at: number): void => this.#restartByCommand(at);
    lines.switchOn((at) => this.#awaitBoot(at, otherwise), now);
  }

  /** @param otherwise what to do when it does not answer: give up for a while when left out */
  #awaitBoot(now: number, otherwise?: (now: number) => void): void {
    probe(
      this.#host.at,
      Math.ceil(this.#host.family.power.boot / probeTimeout),
      (answered, at) => {
        if (answered) this.#configure(at);
        else if (otherwise !== undefined) otherwise(at);
        else this.#host.fail("no-answer", at);
      },
      now,
    );
  }

  #restartByCommand(now: number): void {
    this.#host.note("reboot");
    this.#sayRestart((at) => this.#awaitBoot(at), now);
  }

  #sayRestart(onDone: (now: number) => void, now: number): void {
    this.#host.at.send(
      {
        line: ascii(this.#host.family.restart ?? "AT+CFUN=1,1"),
        timeout: defaultTimeout,
        onDone: (result, at) => {
          if (result.kind !== "aborted") onDone(at);
        },
      },
      now,
    );
  }

  /** Nothing is known of the modem: whoever it is may want more time than this family does. */
  #forget(): void {
    this.#applied = false;
    this.#known = false;
    this.#booting = false;
    this.#identifications = 0;
    this.#host.at.gap = Math.max(this.#host.family.gap, strangersGap);
  }

  /**
   * It answers again after it did not: what is left to do is less than all, unless it was not even
   * identified.
   */
  goOn(resetRadio: (now: number) => void, now: number): void {
    if (this.#known) return resetRadio(now);
    if (this.#identifications > 2) return this.#host.fail("no-answer", now);
    this.#configure(now);
  }

  /** A bring-up that begins with one of the escalation's upper resetLevels. */
  escalate(level: ResetLevel, now: number): void {
    const { enter, restarted, log, note, lines } = this.#host;
    enter("starting");
    this.bootGraceUntil = Infinity;
    this.#forget();
    restarted();
    log(`reset level=${level}`);
    switch (level) {
      case "key":
        note("key");
        // The press that is to switch it off would only wake one that sleeps.
        return lines.wake((at) => lines.restart((t) => this.#awaitBoot(t), at), now);
      case "supply":
        note("supply");
        return lines.cycleSupply((at) => this.begin(at), now);
      default:
        return this.#restartByCommand(now);
    }
  }

  #configure(now: number): void {
    const { at: engine, family, enter, restarted, log, fail } = this.#host;
    enter("configuring");
    this.bootGraceUntil = now + bootGrace;
    restarted();
    this.radioReset = false;
    let model = "";
    const onModel = (line: Uint8Array): void => {
      if (model.length < 40) model += `${asciiText(line, 0, Math.min(line.length, 40)).trim()} `;
    };
    const known = (): boolean => isFamily(model, family);
    const askModel: Step = { line: ascii("AT+CGMM"), bare: true, optional: true, onLine: onModel };
    // Once more, for noise on the wire makes no other modem of it.
    const steps: Step[] = [askModel, { ...askModel, line: ascii("ATI"), skip: known }];
    this.#identifications += 1;
    this.#runAfterEcho(
      steps,
      (at) => {
        engine.gap = family.gap;
        if (known() || model === "") return this.#identified(known(), at);
        log({
          kind: "modem wrong modem",
          expected: family.models.join(" or "),
          found: printable(model.trim()),
        });
        fail("wrong-modem", at);
      },
      now,
    );
  }

  /** @param known it is what it should be, and not one that keeps its name to itself */
  #identified(known: boolean, now: number): void {
    const { at: engine, family, wanted, log, proceed } = this.#host;
    let rewritten = false;
    const onImei = (line: Uint8Array): void => void (this.imei = findImei(line) ?? this.imei);
    const steps: Step[] = [
      ...(family.always?.(wanted) ?? []),
      ...(family.imei?.(onImei) ?? [{ line: ascii("AT+CGSN"), bare: true, onLine: onImei }]),
      // Nothing is written for good into a modem that may be another.
      ...(known ? (family.persistent?.(wanted, () => (rewritten = true)) ?? []) : []),
    ];
    runScript(
      engine,
      steps,
      (outcome, at) => {
        if (!proceed(outcome, at)) return;
        this.#known = true;
        log({ kind: "modem identified", imei: this.imei });
        if (this.imei !== undefined) this.#host.identified(this.imei, at);
        if (rewritten && !this.#applied) return this.#apply(at);
        this.#awaitSimCard(at);
      },
      now,
    );
  }

  /** Settings were written that the modem takes up when it starts. */
  #apply(now: number): void {
    this.#applied = true;
    this.#host.log("restart for new settings");
    this.#host.enter("starting");
    this.bootGraceUntil = Infinity;
    this.#sayRestart((at) => this.#awaitBoot(at), now);
  }

  /** Runs steps behind those that any boot or wake calls for: no echo, errors with their numbers. */
  runQuietly(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    const { family, wanted } = this.#host;
    this.#runAfterEcho([...(family.always?.(wanted) ?? []), ...steps], onDone, now);
  }

  #runAfterEcho(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    const { at: engine, proceed } = this.#host;
    runScript(
      engine,
      [{ line: ascii("ATE0") }],
      (off, at) => {
        if (!proceed(off, at)) return;
        engine.echoed = false;
        runScript(
          engine,
          [{ line: ascii("AT+CMEE=1") }, ...steps],
          (outcome, t) => {
            if (!proceed(outcome, t)) return;
            this.echoOff = !engine.echoed;
            onDone(t);
          },
          at,
        );
      },
      now,
    );
  }

  #awaitSimCard(now: number): void {
    const { at: engine, family, later, log, fail, trouble } = this.#host;
    awaitSimCard(
      {
        at: engine,
        later,
        wake: { line: ascii("AT+CFUN=1"), timeout: family.cfunTimeout, optional: true },
        onReady: (at) => this.setUpRadio(at),
        onMissing: (status, at) => {
          if (status === "") log({ kind: "modem sim missing" });
          else log({ kind: "modem sim", status: status.slice(0, 32) });
          fail("sim", at);
        },
        onTrouble: trouble,
      },
      now,
    );
  }

  /** Says all that must be said while the radio is off, and searches. */
  setUpRadio(now: number): void {
    const { at: engine, family, wanted, proceed } = this.#host;
    const timeout = family.cfunTimeout;
    const saving = family.saving ?? ((w: Wanted) => [...edrxSteps(w), ...psmSteps(w)]);
    const steps: Step[] = [
      { line: ascii(family.radioOff ?? "AT+CFUN=0"), timeout },
      ...family.radio(wanted),
      ...saving(wanted),
      ...(family.sleepy?.(wanted) ?? []),
      { line: ascii(`AT+CEREG=${family.cereg}`) },
      { line: ascii("AT+CFUN=1"), timeout },
      ...(family.search?.(wanted) ?? []),
    ];
    runScript(
      engine,
      steps,
      (outcome, at) => {
        if (proceed(outcome, at)) this.register(at);
      },
      now,
    );
  }

  /** Waits for the network. */
  register(now: number): void {
    this.#host.enter("registering");
    // Once it has failed, each try is a short one: the battery pays for every minute of searching.
    this.#host.registration.start(this.#host.escalation.failures === 0 ? "long" : "short", now);
  }
}

function isFamily(model: string, family: Family): boolean {
  const text = model.toUpperCase();
  for (let i = 0; i < family.models.length; i++) if (text.indexOf(family.models[i]) >= 0) return true;
  return false;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
