/**
 * Waits for the SIM card, which takes a moment after a boot and until then answers with an error
 * (CME 14: busy).
 */
import { ascii } from "../../text/ascii";
import { lineText } from "../at/fields";
import type { DriverState } from "./driver-state";
import type { Step } from "../at/script";

/** Prefix of the line that tells the state of the SIM card. */
export const cpin = ascii("+CPIN:");

/** Questions, a second apart. */
const attempts = 10;
const pause = 1_000;

/** What the wait for the SIM card is given. */
export interface SimCardOptions {
  readonly driver: DriverState;
  /**
   * Switches the modem to full function: in minimum function, where a bring-up that was cut short leaves it,
   * a modem does not look at the card.
   */
  readonly fullFunction: Step;
  /** The card is ready. */
  readonly onReady: (now: number) => void;
  /** The card is missing or locked; `status` is what CPIN says of it, empty when there is none. */
  readonly onMissing: (status: string, now: number) => void;
}

/** Asks until the card is ready or has had its time. */
export function awaitSimCard(options: SimCardOptions, now: number, left = attempts): void {
  let status = "";
  const question: Step = {
    line: ascii("AT+CPIN?"),
    prefix: cpin,
    optional: true,
    onLine: (line) => (status = lineText(line, cpin.length)),
  };
  options.driver.run(
    // In place of the third question, as it is rarely needed.
    left === attempts - 2 ? [options.fullFunction] : [question],
    (at) => {
      if (status === "READY") options.onReady(at);
      else if (left > 1) options.driver.later(pause, at, (t) => awaitSimCard(options, t, left - 1));
      else options.onMissing(status, at);
    },
    now,
  );
}
