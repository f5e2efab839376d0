/**
 * Waits for the SIM card, which takes a moment after a boot and until then answers with an error (CME 14:
 * busy), and unlocks it with the PIN of the settings.
 *
 *     CPIN? --+-- READY ------------------------------> ready
 *             +-- SIM PIN -- ICCID, tries left, mark -- CPIN="..." -- CPIN?
 *             +-- bare ERROR -- CIMI, ICCID ----------> ready when either is told
 *             +-- missing, blocked, faulty -----------> told by its name
 *
 * A bare ERROR is no statement about the card: some firmwares do not have the command. When none of the three
 * questions is answered the network tells whether there is a card.
 */
import { ascii, equals, startsWith } from "../../text/ascii";
import { lineText, wholeNumber } from "../at/fields";
import { askPinTries } from "../at/standard-commands";
import { keptBack } from "./pin-entry";
import type { AtResult } from "../at/engine";
import type { Step } from "../at/script";
import type { Family } from "../family/family";
import type { DriverState } from "./driver-state";
import type { ModemOptions } from "./modem-options";
import type { PinOptions } from "./pin-entry";

/** Prefix of the line that tells the state of the SIM card. */
export const cpin = ascii("+CPIN:");

const ok = ascii("OK");
const error = ascii("ERROR");
const cmeError = ascii("+CME ERROR:");

/** Questions, a second apart; a card that is busy gets more time. */
const attempts = 10;
const busyAttempts = 30;
const pause = 1_000;
/** A card takes its time to compare a PIN, ms. */
const pinTimeout = 20_000;
/** Time for the question, ms: u-blox allows 10 s. */
const cardTimeout = 10_000;

/** What the numbers of a CME ERROR say of a card (3GPP TS 27.007 section 9.2), in the words of `+CPIN:`. */
const failures: Readonly<Record<string, string>> = Object.freeze({
  3: "OPERATION NOT ALLOWED",
  10: "NOT INSERTED",
  11: "SIM PIN",
  12: "SIM PUK",
  13: "SIM FAILURE",
  14: "SIM BUSY",
  15: "SIM WRONG",
  16: "INCORRECT PASSWORD",
  17: "SIM PIN2",
  18: "SIM PUK2",
});

/** The parts of the driver that work with the card. */
export interface SimCardParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly options: ModemOptions;
}

/** Waits for the SIM card, and unlocks it where it wants a PIN. */
export class SimCard {
  readonly #parts: SimCardParts;
  /** The modem does not know `AT+CPIN?`. */
  #unasked = false;
  /** The card has got the PIN since the wait began. */
  #given = false;
  /** The number of the card that has it and has not said whether it is the right one. */
  #unsettled: string | undefined;
  /** What the card wants, where the modem says that by itself. */
  #heard: string | undefined;
  #onReady: (now: number) => void = () => {};

  constructor(parts: SimCardParts) {
    this.#parts = parts;
  }

  /** Undefined: the card is to have none. */
  private get pin(): PinOptions | undefined {
    return this.#parts.options.pin;
  }

  /** Whether the card may want its PIN again when the modem has cut its power. */
  get mayLock(): boolean {
    return this.pin !== undefined;
  }

  /** The modem tells of the card by itself. */
  hear(status: string, now: number): void {
    this.#heard = status === "SIM PIN" || status === "SIM PUK" ? status : undefined;
    const { state } = this.#parts.driver;
    // Where there is no PIN to give, nothing else tells why there is no network.
    const inVain = this.pin === undefined && (state === "configuring" || state === "registering");
    if (this.#heard !== undefined && inVain) this.fail(this.#heard, now);
  }

  /** The modem, or its card, starts anew. */
  forget(): void {
    this.#heard = undefined;
  }

  /** Asks until the card is ready; otherwise the `FaultHandler` acts once it has had its time. */
  wait(onReady: (now: number) => void, now: number): void {
    this.#onReady = onReady;
    this.#given = false;
    this.#unsettled = undefined;
    this.ask(1, now);
  }

  private ask(attempt: number, now: number): void {
    const { driver, family } = this.#parts;
    let status: string | undefined;
    const told = (text: string | undefined): void => void (status = text);
    const question: Step = {
      line: ascii("AT+CPIN?"),
      prefix: cpin,
      timeout: cardTimeout,
      optional: true,
      onLine: (line) => told(lineText(line, cpin.length).toUpperCase()),
      ends: (line) => ending(line, told),
      skip: () => this.#unasked,
      // Nothing at all was told: a card of which the modem knows nothing.
      onOk: () => void (status ??= ""),
    };
    // In minimum function, where a bring-up that was cut short leaves it, a modem does not look at the card:
    // full function in place of the third question, as it is rarely needed.
    const full: Step = { line: ascii("AT+CFUN=1"), timeout: family.cfunTimeout };
    driver.run(
      attempt === 3 ? [full] : [question],
      (at) => {
        if (attempt === 3) this.again(attempt, "", at);
        else if (status === undefined) this.askOtherwise(attempt, at);
        else this.judge(status, attempt, at);
      },
      now,
    );
  }

  /** The command is refused without a reason: what only a card can tell is asked. */
  private askOtherwise(attempt: number, now: number): void {
    const { driver } = this.#parts;
    let status: string | undefined;
    let imsi = false;
    let number = false;
    const told = (text: string | undefined): void => void (status = text);
    const skip = (): boolean => imsi || status !== undefined;
    const common = { bare: true, optional: true, skip, ends: (line: Uint8Array) => ending(line, told) };
    const askImsi: Step = {
      ...common,
      line: ascii("AT+CIMI"),
      prefix: ascii("+CIMI:"),
      onLine: (line) => (imsi ||= digitsOf(line) !== ""),
    };
    const askNumber: Step = {
      ...common,
      ...this.cardNumber(),
      onLine: (line) => (number ||= digitsOf(line) !== ""),
    };
    driver.run(
      [askImsi, askNumber],
      (at) => {
        const known = this.#heard ?? (imsi ? "READY" : status);
        // Only a card that is unlocked tells its subscriber.
        if (imsi) this.#unasked = true;
        if (known !== undefined) return this.judge(known, attempt, at);
        // A locked one tells its number too, so that counts once the modem has had time to say more.
        if (number && attempt > 3) return this.judge("READY", attempt, at);
        if (attempt < attempts) return this.again(attempt, "", at);
        driver.log({ kind: "modem sim", status: "unknown" });
        this.#onReady(at);
      },
      now,
    );
  }

  private judge(status: string, attempt: number, now: number): void {
    if (status === "READY") {
      if (this.#given) this.settle("accepted");
      return this.#onReady(now);
    }
    if (status === "SIM PIN" && this.pin !== undefined) return this.unlock(this.pin, attempt, now);
    if (status === "SIM PIN" || status === "SIM PUK") return this.fail(status, now);
    this.again(attempt, status, now);
  }

  /** Asks again in a second, unless the card has had its time. */
  private again(attempt: number, status: string, now: number): void {
    if (attempt >= (status === "SIM BUSY" ? busyAttempts : attempts)) return this.fail(status, now);
    this.#parts.driver.later(pause, now, (at) => this.ask(attempt + 1, at));
  }

  private fail(status: string, now: number): void {
    const { driver } = this.#parts;
    if (status === "") driver.log({ kind: "modem sim missing" });
    else driver.log({ kind: "modem sim", status: status.slice(0, 48) });
    driver.faults.fail("sim", now);
  }

  /** Gives the card its PIN, unless that is one try too many. */
  private unlock(pin: PinOptions, attempt: number, now: number): void {
    if (this.#given) return this.fail("PIN refused", now);
    this.#given = true;
    const { driver, family } = this.#parts;
    let card = "";
    let repeated = "";
    let tries: number | undefined;
    const number = (told: (digits: string) => void): Step => ({
      ...this.cardNumber(),
      bare: true,
      optional: true,
      onLine: (line) => told(digitsOf(line)),
    });
    const count = (left: number): void => void (tries = left);
    driver.run(
      [
        // Asked twice: with a digit that noise has changed it would be another card, which gets the PIN anew.
        number((digits) => (card ||= digits)),
        number((digits) => (repeated ||= digits)),
        ...(family.pinTries ?? usualPinTries)(count),
      ],
      (at) => {
        if (card !== repeated) {
          this.#given = false;
          return this.again(attempt, "SIM PIN", at);
        }
        const reason = keptBack(pin.memory.recall(card, pin.pin), tries);
        if (reason !== undefined) return this.fail(`PIN kept back: ${reason}`, at);
        // The mark comes first: power that is lost before the answer costs no second try.
        if (!pin.memory.note(card, pin.pin, "given", tries)) {
          return this.fail("PIN kept back: its fate cannot be kept", at);
        }
        this.give(pin, card, attempt, at);
      },
      now,
    );
  }

  private give({ pin }: PinOptions, card: string, attempt: number, now: number): void {
    const { driver, family } = this.#parts;
    let taken = false;
    let status: string | undefined;
    const told = (text: string | undefined): void => void (status = text ?? "INCORRECT PASSWORD");
    this.#unsettled = card;
    this.#heard = undefined;
    // Its answer comes besides OK.
    const also = (line: Uint8Array): AtResult | undefined => {
      const urc = family.urc(line);
      if (urc?.kind !== "card") return undefined;
      if (urc.status === "READY") return { kind: "ok" };
      told(urc.status);
      return { kind: "error" };
    };
    driver.run(
      [
        {
          line: ascii(`${family.pinCommand ?? "AT+CPIN="}"${pin}"`),
          prefix: family.pinCommand === undefined ? cpin : undefined,
          ...(family.pinCommand === undefined ? { ends: (line) => ending(line, told) } : { also }),
          timeout: pinTimeout,
          secret: true,
          optional: true,
          // The question that follows tells what an answer that got lost would have told.
          patient: true,
          onOk: () => (taken = true),
        },
      ],
      (at) => {
        // A card that is busy, or a modem that was not ready for it, has not compared it.
        const refused = status !== undefined && status !== "SIM BUSY" && status !== "OPERATION NOT ALLOWED";
        if (taken) this.settle("accepted");
        if (!taken && refused) {
          this.settle("refused");
          return this.fail("PIN refused", at);
        }
        driver.later(pause, at, (t) => this.ask(Math.min(attempt, 2), t));
      },
      now,
    );
  }

  /** The card has said, or shows, what became of the PIN. */
  private settle(outcome: "accepted" | "refused"): void {
    const { pin } = this;
    const { driver } = this.#parts;
    const card = this.#unsettled;
    if (card === undefined || pin === undefined) return;
    this.#unsettled = undefined;
    pin.memory.note(card, pin.pin, outcome);
    if (outcome === "accepted") driver.log("pin accepted");
  }

  /** Asks for the card's number, which a card tells without its PIN. */
  private cardNumber(): { readonly line: Uint8Array; readonly prefix: Uint8Array } {
    const command = this.#parts.family.iccid ?? "AT+CCID";
    const end = command.endsWith("?") ? command.length - 1 : command.length;
    return { line: ascii(command), prefix: ascii(`${command.slice(2, end)}:`) };
  }
}

/** `AT+CPINR`: `+CPINR: SIM PIN,3,3`, the code in quotes on some (3GPP TS 27.007 section 8.65). */
function usualPinTries(onTries: (left: number) => void): Step[] {
  return askPinTries("AT+CPINR", 1, onTries, "SIM PIN");
}

/** Reads the line that ends a question: `told` gets what an error says, undefined for a bare one. */
function ending(line: Uint8Array, told: (status: string | undefined) => void): AtResult | undefined {
  if (equals(line, ok)) return { kind: "ok" };
  if (equals(line, error)) {
    told(undefined);
    return { kind: "error" };
  }
  if (!startsWith(line, cmeError)) return undefined;
  // With AT+CMEE=2 a text stands in place of the number.
  const text = lineText(line, cmeError.length).toUpperCase();
  const words = failures[text] ?? text.replace(" REQUIRED", "").replace("SIM NOT", "NOT");
  // Any other error, such as 4 (not supported), speaks of the command.
  const ofCard = words.startsWith("SIM ") || words.startsWith("NOT ") || words.startsWith("PH-");
  told(ofCard || words === failures[3] || words === failures[16] ? words : undefined);
  return { kind: "error", code: wholeNumber(text) };
}

/** The first long run of digits in a line, at most 20: an IMSI or a card's number. */
function digitsOf(line: Uint8Array): string {
  const text = lineText(line);
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) continue;
    if (i - from >= 14) return text.slice(from, Math.min(i, from + 20));
    from = i + 1;
  }
  return "";
}
