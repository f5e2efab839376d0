/**
 * Which network the modem registers with: the one that the settings name, else the modem's own choice
 * (`AT+COPS`, 3GPP TS 27.007 section 7.3). The modem is asked first: a new selection takes it off the network.
 */
import { ascii } from "../../text/ascii";
import { fieldsOf } from "./fields";
import type { Wanted } from "./standard-commands";
import type { Step } from "./script";

/**
 * Time for a selection, ms: modems search until they answer. Quectel's manual of BC660K allows 305 s, u-blox's
 * 180 s, and neither tells the question from the selection.
 */
export const selectionTimeout = 305_000;

/** The steps for the selection, which are said while the radio is on. */
export function operatorSteps({ operator }: Wanted): Step[] {
  // A modem that does not say how it chooses is left alone.
  let right = operator === undefined;
  const ask: Step = {
    line: ascii("AT+COPS?"),
    prefix: ascii("+COPS:"),
    timeout: selectionTimeout,
    optional: true,
    onLine: (line) => {
      // +COPS: <mode>[,<format>,"<operator>"[,<technology>]]
      const [mode, format, name] = fieldsOf(line, 6);
      right = operator === undefined ? mode === "0" : mode === "1" && format === "2" && name === operator;
    },
  };
  const select: Step = {
    line: ascii(operator === undefined ? "AT+COPS=0" : `AT+COPS=1,2,"${operator}"`),
    timeout: selectionTimeout,
    patient: true,
    skip: () => right,
  };
  if (operator === undefined) return [ask, select];
  // The digits are asked for, in place of the name.
  return [{ line: ascii("AT+COPS=3,2"), optional: true }, ask, select];
}
