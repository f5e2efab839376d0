/**
 * What follows from a modem's registration: `+CEREG:` tells of it, power saving goes by what the network
 * grants, the clock takes the network's time; and how the modem comes to look for a cell.
 */
import type { Random } from "../time/random";
import type { Family, Unit } from "./family";
import type { ModemClock } from "./modem-clock";
import type { ModemEvent } from "./modem-event";
import type { PowerSaving } from "./power-saving";
import type { Registration } from "./registration";

/** ms that a modem which starts anew takes to find back into a network that knows it. */
export const rejoinTime = [800, 4_000] as const;

export interface AttachmentOptions {
  readonly now: () => number;
  /** The modem's own stream. */
  readonly random: Random;
  readonly family: Family;
  readonly unit: () => Unit;
  readonly registration: Registration;
  readonly powerSaving: PowerSaving;
  readonly clock: ModemClock;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  readonly later: (delay: number, run: () => void) => void;
  /** An unsolicited line, if the modem is on. */
  readonly urc: (text: string) => void;
  readonly tell: (event: ModemEvent) => void;
}

/** The modem as one of a network's. */
export class Attachment {
  readonly #options: AttachmentOptions;
  #lastCereg = "";

  constructor(options: AttachmentOptions) {
    this.#options = options;
  }

  /** The SIM card is read and the radio on: attaches, where it does that by itself. */
  begin(): void {
    const { random, family, unit, registration } = this.#options;
    if (registration.grant !== undefined) return registration.rejoin(random.between(...rejoinTime));
    if (family.attachesItself(unit())) registration.search();
  }

  /** The registration is another. */
  changed(): void {
    const { now, family, unit, registration, powerSaving, clock, urc, tell } = this.#options;
    const { stat, grant } = registration;
    const { settings, network } = unit();
    tell({ type: "attach", time: now(), stat, psm: grant?.psm });
    const fields = unit().registrationFields(settings.cereg);
    if (settings.cereg > 0 && fields !== this.#lastCereg) urc(`+CEREG: ${fields}`);
    this.#lastCereg = fields;
    if (!registration.registered) return;
    powerSaving.attached(grant?.psm);
    if (settings.networkTime) clock.set(network.clockError);
    family.attached?.(unit());
  }

  /** No cell any more: it looks for one, and its sockets wait. Asleep, it is not listening. */
  serviceLost(): void {
    const { registration, powerSaving } = this.#options;
    const { mode } = powerSaving;
    if ((mode !== "connected" && mode !== "idle") || !registration.registered) return;
    powerSaving.stop();
    registration.search();
  }

  /** Changed PSM settings travel in a tracking area update when there is a network. */
  requestPsm(): void {
    const { random, registration, powerSaving, later } = this.#options;
    if (!registration.registered) return;
    powerSaving.update();
    // The answer comes while that connection lasts, so never into a sleep.
    later(random.between(300, 900), () => registration.update());
  }
}
