/**
 * What a SIM7020 does about its SIM card and its radio: after a boot, with `AT+CFUN`, and when the card
 * is taken out.
 *
 *     boot        RDY, +CFUN: 1, +CPIN: READY, then the search; SMS Ready some time after
 *     AT+CFUN=0   +CPIN: NOT READY         before the OK, or after it
 *     AT+CFUN=1   +CPIN: READY, then the search
 *     no card     +CPIN: NOT INSERTED instead of READY, and no search
 */
import type { Random } from "../world/random";
import type { Registration } from "./registration";
import type { Sim7020Settings } from "./sim7020-settings";
import type { SimCard } from "./sim-card";

export interface Sim7020FunctionOptions {
  /** The modem's own stream: boots and functions draw from it in their order. */
  random: Random;
  /** For what nobody draws while all is well. */
  faultRandom: Random;
  card: SimCard;
  registration: Registration;
  settings(): Sim7020Settings;
  /** Sends an unsolicited line. */
  urc(text: string): void;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  later(delay: number, run: () => void): void;
  /** Ends registration, connection and sockets. */
  radioOff(): void;
}

export class Sim7020Function {
  readonly #options: Sim7020FunctionOptions;

  constructor(options: Sim7020FunctionOptions) {
    this.#options = options;
  }

  /**
   * The modem has booted.
   * @param silent it looks for the host's baud rate still, and does not know how to talk
   */
  booted(silent: boolean): void {
    const { random, card, registration, settings, later, urc } = this.#options;
    const simDelay = random.between(200, 1_200);
    const smsDelay = simDelay + random.between(300, 2_000);
    const announce = (text: string) => !silent && urc(text);
    announce("RDY");
    later(simDelay / 2, () => announce("+CFUN: 1"));
    later(simDelay, () => {
      if (settings().cfun !== 1) return;
      const found = card.read();
      announce(found ? "+CPIN: READY" : "+CPIN: NOT INSERTED");
      if (found) registration.search();
    });
    later(smsDelay, () => announce("SMS Ready"));
  }

  /** `AT+CFUN`; runs just before the command's OK. */
  set(cfun: 0 | 1 | 4): void {
    const { random, card, registration, settings, later, urc, radioOff } = this.#options;
    const was = settings().cfun;
    if (cfun === was) return;
    settings().cfun = cfun;
    if (was === 1) radioOff();
    // The card speaks before the OK, or after it.
    const early = random.chance(0.5);
    const cardDelay = random.between(5, 600);
    if (cfun === 0) {
      card.switchOff();
      this.#soon(early ? 0 : cardDelay / 6, () => urc("+CPIN: NOT READY"));
      return;
    }
    if (card.unread) {
      this.#soon(early ? 0 : cardDelay, () => {
        if (settings().cfun === 0 || !card.unread) return;
        urc(card.read() ? "+CPIN: READY" : "+CPIN: NOT INSERTED");
      });
    }
    if (cfun !== 1) return;
    later(cardDelay + random.between(20, 200), () => {
      if (settings().cfun === 1 && registration.stat === 0 && !card.absent) registration.search();
    });
  }

  /** The card was in use and is not there any more. Firmwares differ in what they call that. */
  cardGone(): void {
    const { faultRandom, card, urc, radioOff } = this.#options;
    card.read();
    urc(faultRandom.chance(0.5) ? "+CPIN: NOT READY" : "+CPIN: NOT INSERTED");
    radioOff();
  }

  /** `later`, but in this very instant for a delay of 0. */
  #soon(delay: number, run: () => void): void {
    if (delay === 0) run();
    else this.#options.later(delay, run);
  }
}
