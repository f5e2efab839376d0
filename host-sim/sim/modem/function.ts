/**
 * What a modem does about its SIM card and its radio: after a boot, with `AT+CFUN`, and when the card
 * is taken out.
 *
 *     boot        RDY, +CFUN: 1, +CPIN: READY, then the search; SMS Ready some time after (SIM7020)
 *     AT+CFUN=0   +CPIN: NOT READY         before the OK, or after it
 *     AT+CFUN=1   +CPIN: READY, then the search
 *     no card     +CPIN: NOT INSERTED instead of READY, and no search
 *     a PIN       +CPIN: SIM PIN; the search once AT+CPIN has told it
 */
import type { Random } from "../time/random";
import type { Registration } from "./registration";
import type { BootTraits } from "./family";
import type { Quirks } from "./quirks";
import type { Settings } from "./settings";
import type { SimCard } from "./sim-card";

export interface FunctionOptions {
  /** The modem's own stream: boots and functions draw from it in their order. */
  random: Random;
  /** For what nobody draws while all is well. */
  faultRandom: Random;
  traits: BootTraits;
  quirks: Quirks;
  card: SimCard;
  registration: Registration;
  settings(): Settings;
  /** Sends an unsolicited line. */
  urc(text: string): void;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  later(delay: number, run: () => void): void;
  /** It takes commands from now on. */
  onServing(): void;
  /** Looks for a network, where it does that by itself. */
  search(): void;
  /** Ends registration, connection and sockets. */
  radioOff(): void;
}

/** ms from the right PIN to the search. */
const searchAfterPin = 500;

export class PhoneFunction {
  readonly #options: FunctionOptions;

  constructor(options: FunctionOptions) {
    this.#options = options;
  }

  /**
   * The modem has booted.
   * @param silent it looks for the host's baud rate still, and does not know how to talk
   * @param begin the card is read, there is one, and the radio may start
   */
  booted(silent: boolean, begin: () => void): void {
    const { random, card, settings, later, urc, traits, quirks, onServing } = this.#options;
    const simDelay = random.between(...traits.cardDelay);
    const lastDelay = simDelay + random.between(...traits.lastDelay);
    const announce = (text: string) => !silent && urc(text);
    for (const text of traits.lines) announce(text);
    if (traits.servesLate !== true) onServing();
    later(simDelay / 2, () => traits.half !== undefined && announce(traits.half));
    later(simDelay, () => {
      if (settings().cfun !== 1) return;
      const found = card.read();
      this.#tellCard(this.#cardState(), announce);
      if (found) begin();
    });
    later(lastDelay, onServing);
    later(Math.max(lastDelay, quirks.lastLineAfter ?? 0), () => {
      for (const text of traits.last ?? []) announce(text);
    });
  }

  /** `AT+CFUN`; runs just before the command's OK. */
  set(cfun: 0 | 1 | 4): void {
    const { random, card, registration, settings, later, urc, radioOff, search } = this.#options;
    const tellCard = (text: string): void => this.#tellCard(text, urc);
    const was = settings().cfun;
    if (cfun === was) return;
    settings().cfun = cfun;
    if (was === 1) radioOff();
    // The card speaks before the OK, or after it.
    const early = random.chance(0.5);
    const cardDelay = random.between(5, 600);
    if (cfun === 0) {
      card.switchOff();
      this.#soon(early ? 0 : cardDelay / 6, () => tellCard("+CPIN: NOT READY"));
      return;
    }
    if (card.unread) {
      this.#soon(early ? 0 : cardDelay, () => {
        if (settings().cfun === 0 || !card.unread) return;
        card.read();
        tellCard(this.#cardState());
      });
    }
    if (cfun !== 1) return;
    later(cardDelay + random.between(20, 200), () => {
      if (settings().cfun === 1 && registration.stat === 0 && card.ready) search();
    });
  }

  /** The card was told the right PIN: what waited for that follows. */
  cardUnlocked(): void {
    const { later, urc, settings, registration, card, search } = this.#options;
    this.#tellCard("+CPIN: READY", urc);
    later(searchAfterPin, () => {
      if (settings().cfun === 1 && registration.stat === 0 && card.ready) search();
    });
  }

  /** The card was in use and is not there any more. Firmwares differ in what they call that. */
  cardGone(): void {
    const { faultRandom, card, urc, radioOff } = this.#options;
    card.read();
    this.#tellCard(faultRandom.chance(0.5) ? "+CPIN: NOT READY" : "+CPIN: NOT INSERTED", urc);
    radioOff();
  }

  /** The card is of use still, after a sleep. */
  cardReady(): void {
    this.#tellCard("+CPIN: READY", this.#options.urc);
  }

  /** Tells of the card, in the family's own words. */
  #tellCard(state: string, tell: (text: string) => void): void {
    const { card } = this.#options.traits;
    if (card === false) return;
    const text = card === true ? state : card(state);
    if (text !== undefined) tell(text);
  }

  #cardState(): string {
    const { card } = this.#options;
    const { knownFault, wants } = card;
    if (card.ready) return "+CPIN: READY";
    if (wants !== undefined) return `+CPIN: ${wants}`;
    if (knownFault === undefined) return "+CPIN: NOT INSERTED";
    return "text" in knownFault ? `+CPIN: ${knownFault.text}` : "+CPIN: NOT READY";
  }

  /** `later`, but in this very instant for a delay of 0. */
  #soon(delay: number, run: () => void): void {
    if (delay === 0) run();
    else this.#options.later(delay, run);
  }
}
