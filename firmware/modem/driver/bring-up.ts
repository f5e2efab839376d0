/**
 * From nothing to a modem that searches for its network: found on the UART or switched on, identified,
 * its SIM card read, its radio set up.
 *
 *     AT ... -> [key, supply, restart] -> ATE0, CMEE, model, IMEI -> settings [-> restart]
 *            -> CPIN? ... -> CFUN=0, settings, CFUN=1 -> search
 */
import { ascii } from "../../text/ascii";
import { findImei, lineText } from "../at/fields";
import { probe, probeTimeout } from "../at/script";
import { askFunction, edrxSteps, psmSteps, reportRegistration } from "../at/standard-commands";
import { initSteps } from "./init-lines";
import { LineRate } from "./line-rate";
import { SimCard } from "./sim-card";
import type { AtEngine } from "../at/engine";
import type { Family } from "../family/family";
import type { Registration } from "../at/fields";
import type { Wanted } from "../at/standard-commands";
import type { ResetEscalation, ResetLevel } from "./reset-escalation";
import type { ModemOptions } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { DriverState } from "./driver-state";
import type { RegistrationWait } from "./registration";
import type { RetryPolicy } from "./retry-policy";
import type { Sockets } from "./sockets";
import type { Step } from "../at/script";

/** The parts of the driver that bring-up works with. */
export interface BringUpParts {
  readonly options: ModemOptions;
  readonly family: Family;
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly wanted: Wanted;
  readonly lines: ControlLines;
  readonly escalation: ResetEscalation;
  readonly retryPolicy: RetryPolicy;
  readonly registration: RegistrationWait;
  readonly sockets: Sockets;
}

/** Banners may trail in after the first OK of a boot, ms. */
const bootGrace = 10_000;
/**
 * Time for the answer to a restart, ms. Manuals allow up to 15 s where they name a time for it alone; some firmwares go
 * down without an answer, and each waits so long then.
 */
const restartTimeout = 15_000;
/** Words to a modem that was switched off before its key is pressed, which would switch off one that somebody else has started. */
const wordsToSwitchedOff = 2;
/** From full function until the modem has read its card, ms. */
const cardRead = 2_500;
/** After so many bring-ups that failed other rates are tried even where not a byte came. */
const rateTries = 8;
/** Pause behind a response, ms, that every modem is content with. */
const strangersGap = 120;
/** 3GPP's own, the same in its other form, and the older one. */
const imeiQuestions = Object.freeze(["AT+CGSN", "AT+CGSN=1", "AT+GSN"] as const);

/**
 * From nothing to a modem that searches for its network: found on the UART or switched on, identified, its
 * SIM card read, its radio set up.
 */
export class BringUp {
  readonly #parts: BringUpParts;
  /** The SIM card. */
  readonly card: SimCard;
  /** The rate of the modem's UART. */
  readonly rate: LineRate;
  /** The modem's IMEI once known. */
  imei: string | undefined;
  /**
   * The modem has answered as one of its family since the bring-up began, and its kept settings are right.
   */
  #known = false;
  #identifications = 0;
  /** The log has said which bands the modem searches. */
  #bandsTold = false;
  /** The modem's boot banner has come since the bring-up began. */
  #booting = false;
  /** Settings were written that take a restart: the modem may have taken them though its OK got lost. */
  #rewritten = false;
  /** It was restarted for them; a modem that asks for a restart again does not keep them. */
  #restarted = false;

  constructor(parts: BringUpParts) {
    this.#parts = parts;
    const { at, driver, options, wanted } = parts;
    const { family, setBaud } = options;
    this.rate = new LineRate({ at, driver, wanted: wanted.baud ?? family.baud, setBaud });
    this.card = new SimCard(parts);
  }

  /** Brings the modem up from whatever state it is in. */
  begin(now: number): void {
    const { driver, family } = this.#parts;
    const { switchedOff, switchedOffAt } = driver;
    if (!this.start(now)) return;
    if (!switchedOff) return this.find(20, (at) => this.findAtOtherRates(at), now);
    const press = (at: number): void => this.#parts.lines.switchOn((t) => this.awaitBoot(t), at);
    const find = (at: number): void => this.find(wordsToSwitchedOff, press, at);
    // One that is still going down hears neither a word nor its key.
    const goesDown = switchedOffAt + family.power.down - now;
    if (goesDown > 0) driver.later(goesDown, now, find);
    else find(now);
  }

  /** Looks for it on the UART. @param otherwise what to do with one that does not answer, and does not boot either */
  private find(words: number, otherwise: (now: number) => void, now: number): void {
    const found = (answered: boolean, at: number): void => {
      if (answered) this.configure(at);
      // The modem is booting already.
      else if (this.#booting) this.awaitBoot(at);
      else otherwise(at);
    };
    probe(this.#parts.at, words, found, now);
  }

  /** The key would switch off a modem that is on and talks at another rate. */
  private findAtOtherRates(now: number): void {
    this.rate.tryOthers(false, (found, at) => (found ? this.configure(at) : this.switchOn(at)), now);
  }

  /** A boot banner came. */
  sawBanner(): void {
    this.#booting = true;
  }

  /**
   * Presses the key as for power-on, which switches a modem that hangs off; then the next attempt
   * switches it on. Without a key the modem may still hear that it is to restart.
   */
  private switchOn(now: number): void {
    const { lines } = this.#parts;
    if (!lines.hasKey) return this.restartByCommand(now);
    this.#parts.retryPolicy.taken("key");
    // Where the key cannot switch a modem off, it has no effect on one that is on and deaf: a command may.
    const otherwise = lines.canRestart ? undefined : (at: number): void => this.restartByCommand(at);
    lines.switchOn((at) => this.awaitBoot(at, otherwise), now);
  }

  /** @param otherwise what to do when the modem does not answer: give up for a while when left out */
  private awaitBoot(now: number, otherwise?: (now: number) => void): void {
    probe(
      this.#parts.at,
      Math.ceil(this.#parts.options.family.power.boot / probeTimeout),
      (answered, at) => {
        if (answered) return this.configure(at);
        if (otherwise !== undefined) return otherwise(at);
        const { driver, escalation } = this.#parts;
        const anyway = escalation.failures % rateTries === 1;
        const then = (found: boolean, t: number): void =>
          found ? this.configure(t) : driver.faults.fail("no-answer", t);
        this.rate.tryOthers(anyway, then, at);
      },
      now,
    );
  }

  private restartByCommand(now: number): void {
    this.#parts.retryPolicy.taken("reboot");
    this.sendRestart((at) => this.awaitBoot(at), now);
  }

  private sendRestart(onDone: (now: number) => void, now: number): void {
    this.#parts.at.send(
      {
        line: ascii(this.#parts.options.family.restart ?? "AT+CFUN=1,1"),
        timeout: restartTimeout,
        onDone: (result, at) => {
          if (result.kind !== "aborted") onDone(at);
        },
      },
      now,
    );
  }

  /**
   * Forgets what was known of the modem; one of another family may want longer pauses. False when refused.
   */
  private start(now: number): boolean {
    const { at: engine, driver, options } = this.#parts;
    if (!driver.enter("starting", now)) return false;
    driver.bootGraceUntil = Infinity;
    this.rate.listen();
    this.card.forget();
    driver.forget();
    driver.switchedOff = false;
    this.#rewritten = false;
    this.#restarted = false;
    this.#known = false;
    this.#booting = false;
    this.#identifications = 0;
    engine.gap = Math.max(options.family.gap, strangersGap);
    return true;
  }

  /**
   * The modem answers again after it did not: it is identified, unless that was done before; then its radio
   * is reset.
   */
  goOn(resetRadio: (now: number) => void, now: number): void {
    if (this.#known) return resetRadio(now);
    if (this.#identifications > 2) return this.#parts.driver.faults.fail("no-answer", now);
    this.configure(now);
  }

  /** A bring-up that begins with one of the reset escalation's upper levels. */
  escalate(level: ResetLevel, now: number): void {
    if (!this.start(now)) return;
    const { driver, lines, retryPolicy, sockets } = this.#parts;
    sockets.forget();
    driver.log(`reset level=${level}`);
    switch (level) {
      case "key":
        retryPolicy.taken("key");
        // The press that is to switch the modem off would only wake one that sleeps.
        return lines.wake((at) => lines.restart((t) => this.awaitBoot(t), at), now);
      case "supply":
        retryPolicy.taken("supply");
        return lines.cycleSupply((at) => this.begin(at), now);
      default:
        return this.restartByCommand(now);
    }
  }

  private configure(now: number): void {
    const { at: engine, driver, options, sockets } = this.#parts;
    const { family } = options;
    if (!driver.enter("configuring", now)) return;
    driver.bootGraceUntil = now + bootGrace;
    sockets.forget();
    let model = "";
    const onModel = (line: Uint8Array): void => {
      if (model.length < 40) model += `${lineText(line, 0, Math.min(line.length, 40))} `;
    };
    const known = (): boolean => isFamily(model, family);
    // What ATI tells may be the firmware's version alone: no proof of another modem.
    let named = false;
    const askModel: Step = { line: ascii("AT+CGMM"), bare: true, onLine: onModel };
    // Asked by two commands: noise on the wire in one answer makes no other modem of it.
    const steps: Step[] = [
      { ...askModel, onOk: () => (named = model !== "") },
      { ...askModel, line: ascii("ATI"), skip: known },
    ];
    this.#identifications += 1;
    this.runAfterEcho(
      steps,
      (at) => {
        engine.gap = family.gap;
        if (known()) return this.rate.adopt(family.rate, (t) => this.identified(true, t), at);
        if (!named) return this.identified(false, at);
        driver.log({
          kind: "modem wrong modem",
          expected: family.models.join(" or "),
          found: printable(model.trim()),
        });
        driver.faults.fail("wrong-modem", at);
      },
      now,
    );
  }

  /** @param known the modem has named itself as one of its family; false when it has not told its name */
  private identified(known: boolean, now: number): void {
    const { driver, options, wanted } = this.#parts;
    const { family } = options;
    const row = (index: number): readonly Step[] | undefined => {
      if (index === 0) return family.always?.(wanted) ?? [];
      if (index === 1) return this.askImei();
      if (index === 3) return this.askBands();
      if (index > 3) return undefined;
      // Nothing is written for good into a modem that may be another.
      return (known ? family.persistent?.(wanted, () => (this.#rewritten = true)) : undefined) ?? [];
    };
    const identified = (at: number): void => {
      this.#known = true;
      driver.log({ kind: "modem identified", imei: this.imei });
      if (this.imei !== undefined) options.onIdentified?.(this.imei, at);
      if (this.#rewritten && !this.#restarted) this.restartForSettings(at);
      else this.card.wait((t) => this.setUpRadio(t), at);
    };
    driver.run(row, identified, now);
  }

  /** Asks once which bands the modem searches, where the settings leave that to it: a former owner may have set them. */
  private askBands(): Step[] {
    const { driver, options, wanted } = this.#parts;
    if (wanted.bands !== undefined || this.#bandsTold) return [];
    return (
      options.family.bands?.((bands) => {
        this.#bandsTold = true;
        driver.log(`bands=${bands}`);
      }, wanted) ?? []
    );
  }

  /** Asks for the IMEI until it is told: firmwares differ in the question, and in the form of the answer. */
  private askImei(): Step[] {
    let found = false;
    const onLine = (line: Uint8Array): void => {
      const imei = findImei(line);
      found ||= imei !== undefined;
      this.imei = imei ?? this.imei;
    };
    const skip = (): boolean => found;
    const steps = this.#parts.options.family.imei?.(onLine) ?? [];
    const prefix = ascii("+CGSN:");
    for (let i = 0; i < imeiQuestions.length; i++) {
      steps.push({ line: ascii(imeiQuestions[i]), prefix, bare: true, skip, onLine, optional: i > 0 });
    }
    return steps;
  }

  /** Restarts the modem, for settings were written that it takes up when it starts. */
  private restartForSettings(now: number): void {
    const { driver } = this.#parts;
    this.#restarted = true;
    this.card.forget();
    driver.log("restart for new settings");
    if (!driver.enter("starting", now)) return;
    driver.bootGraceUntil = Infinity;
    this.sendRestart((at) => this.awaitBoot(at), now);
  }

  /** Says what any boot calls for: echo off, errors with their numbers, what the family forgets. */
  runAfterBoot(onDone: (now: number) => void, now: number): void {
    const { options, wanted } = this.#parts;
    this.runAfterEcho(options.family.always?.(wanted) ?? [], onDone, now);
  }

  /**
   * Runs steps behind those that a wake calls for.
   *
   * @param kept the modem has its settings still
   */
  runAfterSleep(steps: readonly Step[], kept: boolean, onDone: (now: number) => void, now: number): void {
    const { driver, options, wanted } = this.#parts;
    const { boots } = options.family.sleep;
    let always = options.family.always?.(wanted, kept) ?? [];
    // Behind a sleep that was power-off the modem has forgotten those as well.
    if (boots) always = always.concat(initSteps(options.init, driver));
    const locked = this.card.mayLock && boots;
    if (!locked) return this.tell(kept, always.concat(steps), onDone, now);
    // After a boot the card wants its PIN again, and without it there is no registration.
    this.tell(kept, always, (at) => this.card.wait((t) => driver.run(steps, onDone, t), at), now);
  }

  /** @param quiet the modem gives no echo, and errors with their numbers */
  private tell(quiet: boolean, steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    const { driver } = this.#parts;
    if (!quiet) return this.runAfterEcho(steps, onDone, now);
    driver.echoOff = true;
    driver.run(steps, onDone, now);
  }

  private runAfterEcho(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    const { at: engine, driver } = this.#parts;
    const silenced = (at: number): void => {
      engine.echoed = false;
      const done = (t: number): void => {
        driver.echoOff = !engine.echoed;
        onDone(t);
      };
      const first: Step[] = [{ line: ascii("AT+CMEE=1") }];
      driver.run(first.concat(steps), done, at);
    };
    const quiet: Step[] = [{ line: ascii("ATE0") }];
    // Result codes are to be words: digits would be taken for lines of data.
    if (engine.digits) quiet.unshift({ line: ascii("ATV1"), onOk: () => (engine.digits = false) });
    driver.run(quiet, silenced, now);
  }

  /** Says all that must be said while the radio is off, switches it on, and searches. */
  setUpRadio(now: number): void {
    const { driver, options, wanted } = this.#parts;
    const { family } = options;
    const timeout = family.cfunTimeout;
    this.card.forget();
    const saving = family.saving ?? ((w: Wanted) => edrxSteps(w).concat(psmSteps(w)));
    const row = (index: number): readonly Step[] | undefined => {
      switch (index) {
        case 0:
          return [{ line: ascii(family.radioOff ?? "AT+CFUN=0"), timeout }];
        case 1:
          return family.radio(wanted);
        case 2:
          return saving(wanted);
        case 3:
          return family.sleepy?.(wanted) ?? [];
        case 4:
          return [
            reportRegistration(driver.reporting ?? family.cereg, (level) => (driver.reporting = level)),
            ...initSteps(options.init, driver),
          ];
        case 5:
          return [
            {
              line: ascii("AT+CFUN=1"),
              timeout,
              otherwise: () => [askFunction((isFull) => (full = isFull))],
            },
          ];
        default:
          return undefined;
      }
    };
    // Refused, it may be in full function all the same.
    let full = true;
    const search = (at: number): void =>
      driver.run(family.search?.(wanted) ?? [], (t) => this.register(undefined, t), at);
    const on = (at: number): void => {
      if (!full) driver.faults.fail("failed", at);
      // While the radio was off the card may have had no power: it wants its PIN anew, and until it is read no
      // network can be chosen.
      else if (this.card.mayLock || wanted.operator !== undefined)
        driver.later(cardRead, at, (t) => this.card.wait(search, t));
      else search(at);
    };
    driver.run(row, on, now);
  }

  /**
   * Waits for the network.
   *
   * @param answer what the modem has just told of its registration
   */
  register(answer: Registration | undefined, now: number): void {
    const { driver, escalation, registration } = this.#parts;
    if (driver.enter("registering", now)) registration.start(escalation.failures, answer, now);
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
