/**
 * The modem's registration with the network, and how `+CEREG` tells of it.
 *
 *     n=1          +CEREG: 1
 *     n=2, n=3     +CEREG: 1,"5B57","01A50B1A",9
 *     n=4, n=5     +CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"     T3324, then T3412
 *
 * The answer to `AT+CEREG?` has n in front. 9 is the access technology NB-S1.
 */
import type { AttachGrant, PsmTimers, RadioAttachment } from "../radio/link";

/** 0 not registered and not searching, 1 registered at home, 2 searching. */
export type RegistrationState = 0 | 1 | 2;

export interface RegistrationOptions {
  network: RadioAttachment;
  /** The state or what was granted has changed. */
  onChange(): void;
}

export class Registration {
  readonly #options: RegistrationOptions;
  #stat: RegistrationState = 0;
  #grant: AttachGrant | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  get stat(): RegistrationState {
    return this.#stat;
  }

  /** What the network gave; `undefined` while not registered. */
  get grant(): AttachGrant | undefined {
    return this.#grant;
  }

  /** Looks for the cell and attaches with this PSM request. */
  search(request: PsmTimers | undefined): void {
    this.#become(2, undefined);
    this.#options.network.attach(request, (grant) => this.#become(1, grant));
  }

  /** Asks a network that has registered the modem already for other PSM timers. */
  update(request: PsmTimers | undefined): void {
    if (this.#grant === undefined) return;
    this.#become(1, { ...this.#grant, psm: this.#options.network.update(request) });
  }

  /** Radio off. */
  stop(): void {
    this.#options.network.detach();
    this.#become(0, undefined);
  }

  /** The fields behind `+CEREG: ` (behind n in an answer) for reporting level n. */
  fields(n: number, routingArea: boolean): string {
    const grant = this.#grant;
    if (grant === undefined || n < 2) return String(this.#stat);
    const area = routingArea ? ',"00"' : "";
    const timers = n >= 4 && grant.psm ? `,,,"${grant.psm.t3324}","${grant.psm.t3412}"` : "";
    return `${this.#stat},"${grant.tac}","${grant.cellId}",9${area}${timers}`;
  }

  #become(stat: RegistrationState, grant: AttachGrant | undefined): void {
    if (stat === 0 && this.#stat === 0) return;
    this.#stat = stat;
    this.#grant = grant;
    this.#options.onChange();
  }
}
