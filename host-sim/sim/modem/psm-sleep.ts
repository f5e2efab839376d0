/**
 * What power saving mode does to the modem beside the radio: to its UART, sockets and settings, on the
 * way in and on the way out; and what a UART that sleeps makes of the bytes that wake it.
 */
import type { AtResponder } from "./at-responder";
import type { Family, Unit } from "./family";
import type { Quirks } from "./quirks";
import type { PhoneFunction } from "./function";
import type { ModemEvent } from "./modem-event";
import type { Power } from "./power";
import type { PowerSaving } from "./power-saving";
import type { Registration } from "./registration";
import type { SimCard } from "./sim-card";
import type { SerialModemSide } from "./uart";
import type { Random } from "../time/random";

/** ms that a modem takes out of PSM which does not start anew. */
export const outOfSleep = [100, 300] as const;

export type WakeReason = "key" | "uart" | "T3412";

export interface PsmSleepOptions {
  readonly now: () => number;
  readonly random: Random;
  readonly family: Family;
  readonly quirks: Quirks;
  readonly unit: () => Unit;
  readonly port: SerialModemSide;
  readonly power: Power;
  readonly powerSaving: PowerSaving;
  readonly registration: Registration;
  readonly responder: AtResponder;
  readonly card: SimCard;
  readonly phone: PhoneFunction;
  readonly urc: (text: string) => void;
  readonly later: (delay: number, run: () => void) => void;
  readonly closeSockets: () => void;
  /** Settings are those of a boot from here on. */
  readonly reset: () => void;
  /** The modem has booted, out of PSM. */
  readonly booted: () => void;
  /** What may be on the wire when the UART comes up. */
  readonly junk: () => void;
  readonly tell: (event: ModemEvent) => void;
}

/** The modem in PSM. It leaves it as it was, or by a boot that has lost all settings. */
export class PsmSleep {
  readonly #options: PsmSleepOptions;
  /** T3412 is what ended the sleep, or would have: an update follows. */
  #updateAfterWake = false;
  /** Virtual ms until which the UART of a modem that is waking loses what comes. */
  #deafUntil = -Infinity;

  constructor(options: PsmSleepOptions) {
    this.#options = options;
  }

  /** No power any more: nothing is left to be done. */
  forget(): void {
    this.#updateAfterWake = false;
  }

  /** Bytes on the UART: what wakes it is lost, and what comes while it wakes; the rest is a command's. */
  hear(bytes: Uint8Array): void {
    const { now, family, unit, power, powerSaving, responder } = this.#options;
    const { wakesByUart, light } = family.sleep;
    if (power.state === "psm" && wakesByUart !== undefined && (wakesByUart.when?.(unit()) ?? true)) {
      this.#deafUntil = now() + wakesByUart.deafFor;
      this.wake("uart");
      return;
    }
    if (power.state === "on" && powerSaving.drowsy && light?.may(unit()) === true) {
      this.#deafUntil = now() + light.deafFor;
    }
    powerSaving.uartActivity();
    if (power.state === "on" && now() >= this.#deafUntil) responder.receive(bytes);
  }

  enter(): void {
    const { now, family, quirks, unit, port, power, responder, urc, closeSockets, tell } = this.#options;
    const { sleep } = family;
    for (const text of sleep.entering(unit())) urc(text);
    power.state = "psm";
    unit().settings.rai = 0;
    responder.reset();
    // What a byte can wake has its ear at the wire.
    if (sleep.wakesByUart === undefined) port.setPowered(false);
    tell({ type: "psm", time: now(), state: "enter" });
    if (!sleep.keepsSockets(unit()) || quirks.socketClosedInPsm === true) closeSockets();
  }

  /** True when there was a sleep to end. */
  wake(reason: WakeReason): boolean {
    const { now, random, family, power, later, tell } = this.#options;
    if (reason === "T3412") this.#updateAfterWake = true;
    if (power.state !== "psm") return false;
    power.state = "waking";
    // Its processor runs from here on, as in a boot from off: to a meter it is one.
    tell({ type: "power", time: now(), state: "booting", reason: `out of PSM: ${reason}` });
    if (family.sleep.boots) later(random.between(...family.power.boot), () => this.#boot(reason));
    else later(random.between(...outOfSleep), () => this.#goOn(reason));
    return true;
  }

  #goOn(reason: WakeReason): void {
    const { now, family, unit, port, power, powerSaving, card, phone, urc, junk, tell } = this.#options;
    power.state = "on";
    port.setPowered(true);
    powerSaving.woken();
    this.#loseSettings();
    tell({ type: "psm", time: now(), state: "exit", reason });
    junk();
    if (!card.present) phone.cardGone();
    else phone.cardReady();
    for (const text of family.sleep.leaving(unit())) urc(text);
    if (this.#updateAfterWake && card.present) powerSaving.update();
    this.#updateAfterWake = false;
  }

  /** As from off: nothing of before is known but what the network and the NVRAM know. */
  #boot(reason: WakeReason): void {
    const { now, family, unit, port, power, powerSaving, card, registration, urc } = this.#options;
    const { reset, booted, junk, tell } = this.#options;
    reset();
    card.switchOff();
    registration.pause();
    power.state = "on";
    port.setPowered(true);
    powerSaving.woken();
    tell({ type: "psm", time: now(), state: "exit", reason });
    junk();
    for (const text of family.sleep.leaving(unit())) urc(text);
    this.#updateAfterWake = false;
    booted();
  }

  /** No document says whether echo and error style outlive PSM: they may, or not. */
  #loseSettings(): void {
    const { random, quirks, responder, unit } = this.#options;
    const echo = random.chance(0.5);
    const errorStyle = random.chance(0.5);
    // One without ATE, such as SARA-N2, gives none that a command could switch off.
    const mayEcho = unit().generation?.rows.some(({ command }) => command === "E") ?? true;
    if (mayEcho && (quirks.echoAfterPsm ?? echo)) responder.echo = true;
    if (errorStyle) responder.errorStyle = 0;
  }
}
