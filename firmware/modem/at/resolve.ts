/**
 * Names resolved by the modem, whose answer is a line before OK or behind it.
 */
import { ascii, startsWith } from "../../text/ascii";
import { ipv4 } from "../../text/ipv4";
import { fieldsOf } from "./fields";
import type { Step } from "./script";

/** Time for the network's answer, ms. */
const timeout = 60_000;
/** From the OK until the network is asked once more, ms: no answer takes longer but in deep coverage. */
const askedAgain = 15_000;

/**
 * Steps that resolve a name.
 *
 * @param command the whole command, with the name
 * @param prefix what the lines of the answer begin with
 * @param fails whether a line's fields say that there is no answer
 */
export function resolveSteps(
  command: string,
  prefix: string,
  fails: (fields: readonly string[]) => boolean,
  onAddress: (address: string) => void,
): Step[] {
  const start = ascii(prefix);
  return [
    {
      line: ascii(command),
      timeout,
      optional: true,
      // Nothing else tells it: the network is asked once more.
      ask: { line: ascii(command), after: askedAgain },
      also: (line) => {
        if (!startsWith(line, start)) return undefined;
        const fields = fieldsOf(line, start.length);
        const address = addressIn(fields);
        if (address === undefined) return fails(fields) ? { kind: "error" } : undefined;
        onAddress(address);
        return { kind: "ok" };
      },
    },
  ];
}

/** The same where the address is information in front of OK, such as `+UDNSRN: "<address>"`. */
export function resolveInformation(
  command: string,
  prefix: string,
  onAddress: (address: string) => void,
): Step[] {
  return [
    {
      line: ascii(command),
      prefix: ascii(prefix),
      timeout,
      optional: true,
      onLine: (line) => {
        const address = addressIn(fieldsOf(line, prefix.length));
        if (address !== undefined) onAddress(address);
      },
    },
  ];
}

/** SIMCom's `+CDNSGIP: 1,"<name>","<address>"`, or `+CDNSGIP: 0,<error>`. */
export function resolveByCdnsgip(command: string, onAddress: (address: string) => void): Step[] {
  return resolveSteps(command, "+CDNSGIP:", (fields) => fields[0] === "0", onAddress);
}

/** The first field that is an address. */
function addressIn(fields: readonly string[]): string | undefined {
  for (let i = 0; i < fields.length; i++) {
    const address = ipv4(fields[i]);
    if (address !== undefined) return address;
  }
  return undefined;
}
