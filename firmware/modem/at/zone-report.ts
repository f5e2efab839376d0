/**
 * The network's time in lines that come unasked: the zone stands in a field of its own.
 *
 *     +CTZEU: "+8",1,"2026/10/02,23:50:20"    UTC           (AT+CTZR=3)
 *     +CTZE: "+8",1,"2026/10/03,01:50:20"     local time    (AT+CTZR=2)
 *     *PSUTTZ: 2026,10,2,23,50,20,"+8",1      UTC           (SIMCom, AT+CLTS=1)
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, parseClock, wholeNumber } from "./fields";
import type { Clock } from "./clock";

const ctzeu = ascii("+CTZEU:");
const ctze = ascii("+CTZE:");
const psuttz = ascii("*PSUTTZ:");
const quarter = 15 * 60_000;

/** The clock in a line of one of these kinds; undefined when there is none in it. */
export function zoneReport(line: Uint8Array): Clock | undefined {
  if (startsWith(line, psuttz)) {
    const fields = fieldsOf(line, psuttz.length);
    const time = `${fields.slice(0, 3).map(twoDigits).join("/")},${fields.slice(3, 6).map(twoDigits).join(":")}`;
    return withZone(parseClock(ascii(time), "utc"), fields[6]);
  }
  const utc = startsWith(line, ctzeu);
  if (!utc && !startsWith(line, ctze)) return undefined;
  const [zone] = fieldsOf(line, utc ? ctzeu.length : ctze.length);
  return withZone(parseClock(line, utc ? "utc" : "local"), zone);
}

function twoDigits(field: string): string {
  return field.length === 1 ? `0${field}` : field;
}

/** @param zone quarter-hours east of UTC, such as `+8` */
function withZone(clock: Clock | undefined, zone: string | undefined): Clock | undefined {
  const quarters = wholeNumber(zone?.startsWith("+") === true ? zone.slice(1) : zone);
  if (clock === undefined || quarters === undefined || quarters < -48 || quarters > 56) return clock;
  return { told: clock.told, zone: quarters * quarter, tells: clock.tells };
}
