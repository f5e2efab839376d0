/**
 * The modem's registration with the network, and how `+CEREG` tells of it (3GPP TS 27.007 10.1.22).
 *
 *     n=1          +CEREG: 1
 *     n=2, n=3     +CEREG: 1,"5B57","01A50B1A",9
 *     n=4, n=5     +CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"     T3324, then T3412
 *     n=3, n=5     +CEREG: 3,"5B57","01A50B1A",9,0,15                        0: an EMM cause follows
 *     the same     +CEREG: 3,,,,,0,15                                        with a routing area (rac), left empty
 *
 * The answer to `AT+CEREG?` has n in front. 9 is the access technology NB-S1, 7 E-UTRAN (LTE-M).
 *
 *     0 --search--> 2 --granted--> 1 --service lost--> 2
 *                   | ^ \--3 min without a cell--> 4 --granted--> 1
 *                   v |
 *                   3: refused; after some minutes it searches again, unless the cause forbids it
 *
 * In a foreign network 5 stands for 1. Firmware that calls a state something else is a matter of `told`.
 */
import type { AttachGrant, Carrier, PsmTimers, RadioAttachment } from "../radio/link";
import type { Random } from "../time/random";
import type { ScheduledEvent, Scheduler } from "../time/clock";

/**
 * 0 not registered and not searching, 1 registered at home, 2 searching, 3 denied, 4 out of coverage
 * and searching still, 5 registered as a guest.
 */
export type RegistrationState = 0 | 1 | 2 | 3 | 4 | 5;

export interface RegistrationOptions {
  scheduler: Scheduler;
  /** For the pauses after a denial. */
  random: Random;
  network: RadioAttachment;
  /** The PSM timers that the next attach or update asks for. */
  psmRequest(): PsmTimers | undefined;
  /** Whether the modem's settings let it find and take the cell that is there; they do when left out. */
  finds?(): boolean;
  /** What the modem tells the access point of its user, if anything; left out where that comes behind the attach. */
  login?(): Carrier["login"];
  /** What this firmware calls a state, where that is not the usual number: 80, 100, 8, or another state's. */
  readonly told?: Readonly<Partial<Record<RegistrationState, number>>>;
  /** ms after which this firmware gives a search up and waits, at 0, to be told to search again. */
  readonly givesUp?: number;
  /** The state or what was granted has changed. */
  onChange(): void;
}

/**
 * EMM causes after which a modem does not try again by itself (3GPP TS 24.301 section 5.5.1.2.5):
 * illegal UE (3), illegal ME (6), EPS services not allowed (7), nor any others (8), PLMN not allowed (11).
 */
const permanentCauses: readonly number[] = [3, 6, 7, 8, 11];

/** EMM cause of an attach whose access point refuses. */
const esmFailure = 19;

/** ms from another denial to the next search: as T3402, 12 minutes, or as a modem that hurries. */
const retryAfter = { least: 120_000, most: 720_000 } as const;

/** A search takes at most a minute where there is a cell; ms after which there seems to be none. */
const outOfCoverage = 180_000;

export class Registration {
  readonly #options: RegistrationOptions;
  #stat: RegistrationState = 0;
  #grant: AttachGrant | undefined;
  #cause = 0;
  /** The next search after a denial, or the moment at which a search seems hopeless. */
  #pending: ScheduledEvent | undefined;
  #givingUp: ScheduledEvent | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  get stat(): RegistrationState {
    return this.#stat;
  }

  /** Registered, at home or as a guest. */
  get registered(): boolean {
    return this.#stat === 1 || this.#stat === 5;
  }

  /** EMM cause of the last denial, 0 for none. */
  get cause(): number {
    return this.#cause;
  }

  /** What the network gave; `undefined` while not registered. */
  get grant(): AttachGrant | undefined {
    return this.#grant;
  }

  /** Looks for the cell and attaches: at the start, or because service was lost. */
  search(): void {
    const { scheduler, network, psmRequest, finds, givesUp } = this.#options;
    this.#become(2, undefined);
    scheduler.cancel(this.#pending);
    const hopeless = Math.max(outOfCoverage, network.patience + outOfCoverage / 3);
    this.#pending = scheduler.after(hopeless, () => this.#become(4, undefined));
    scheduler.cancel(this.#givingUp);
    if (givesUp !== undefined) this.#givingUp = scheduler.after(givesUp, () => this.stop());
    if (finds?.() === false) return network.detach();
    network.attach(
      psmRequest(),
      (grant) => {
        scheduler.cancel(this.#pending);
        scheduler.cancel(this.#givingUp);
        if (!this.#isWelcome()) {
          network.detach();
          return this.#denied(esmFailure);
        }
        this.#become(network.carrier.foreign ? 5 : 1, grant);
      },
      (cause) => this.#denied(cause),
    );
  }

  /** The modem starts anew and has not looked yet; the network has not forgotten it. */
  pause(): void {
    this.#stat = 0;
  }

  /**
   * Back from a sleep that was a restart, in a network that has not forgotten it: after `delay` ms it
   * is as it was, or it looks for a cell.
   */
  rejoin(delay: number): void {
    const { scheduler, network } = this.#options;
    const grant = this.#grant;
    if (grant === undefined) return;
    this.#become(2, undefined);
    const stat = network.carrier.foreign ? 5 : 1;
    this.#pending = scheduler.after(delay, () => (network.use() ? this.#become(stat, grant) : this.search()));
  }

  /** Asks a network that has registered the modem already for other PSM timers. */
  update(): void {
    const { network, psmRequest } = this.#options;
    if (this.#grant === undefined || !network.use()) return;
    this.#become(network.carrier.foreign ? 5 : 1, { ...this.#grant, psm: network.update(psmRequest()) });
  }

  /** Radio off. */
  stop(): void {
    this.#options.scheduler.cancel(this.#pending);
    this.#options.scheduler.cancel(this.#givingUp);
    this.#options.network.detach();
    this.#become(0, undefined);
  }

  /** The fields behind `+CEREG: ` (behind n in an answer) for reporting level n. */
  fields(n: number, routingArea: boolean): string {
    const { network, told } = this.#options;
    const stat = told?.[this.#stat] ?? this.#stat;
    const technology = network.carrier.technology === "lte-m" ? 7 : 9;
    if (this.#stat === 3 && n >= 2) {
      const cause = n === 3 || n === 5 ? `,0,${this.#cause}` : "";
      if (routingArea) return `${stat},,,,${cause}`;
      const { tac, cellId } = network.location;
      return `${stat},"${tac}","${cellId}",${technology}${cause}`;
    }
    const grant = this.#grant;
    if (grant === undefined || n < 2) return String(stat);
    const area = routingArea ? ',"00"' : "";
    const timers = n >= 4 && grant.psm ? `,,,"${grant.psm.t3324}","${grant.psm.t3412}"` : "";
    return `${stat},"${grant.tac}","${grant.cellId}",${technology}${area}${timers}`;
  }

  #isWelcome(): boolean {
    const { network, login } = this.#options;
    const wanted = network.carrier.login;
    if (login === undefined) return true;
    const told = login();
    return wanted === undefined || (told?.user === wanted.user && told.password === wanted.password);
  }

  #denied(cause: number): void {
    const { scheduler, random } = this.#options;
    scheduler.cancel(this.#pending);
    scheduler.cancel(this.#givingUp);
    this.#cause = cause;
    if (!permanentCauses.includes(cause)) {
      const pause = random.between(retryAfter.least, retryAfter.most);
      this.#pending = scheduler.after(pause, () => this.search());
    }
    this.#become(3, undefined);
  }

  #become(stat: RegistrationState, grant: AttachGrant | undefined): void {
    if (stat === 0 && this.#stat === 0) {
      // Paused, it still had what the network gave.
      this.#grant = undefined;
      return;
    }
    this.#stat = stat;
    this.#grant = grant;
    this.#options.onChange();
  }
}
