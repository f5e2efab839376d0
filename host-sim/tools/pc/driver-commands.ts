/**
 * The commands that the driver sends to a modem of a family until it can send datagrams, as they stand in its
 * tables: what a firmware must know, or the driver does without.
 */
import { asciiText } from "../../../firmware/text/ascii";
import { edrxSteps, psmSteps } from "../../../firmware/modem/at/standard-commands";
import type { Wanted } from "../../../firmware/modem/at/standard-commands";
import type { Family } from "../../../firmware/modem/family/family";
import type { Step } from "../../../firmware/modem/at/script";

const wanted: Wanted = { apn: "iot.example", psm: { t3412: 86_400, t3324: 10 }, edrx: 20.48, bands: [8, 20] };

/** Their lines, each once, in the order in which they are sent. */
export function driverCommands(family: Family): string[] {
  const steps: Step[] = [
    ...(family.always?.(wanted) ?? []),
    ...(family.imei?.(() => {}) ?? []),
    ...(family.persistent?.(wanted, () => {}) ?? []),
    ...family.radio(wanted),
    ...(family.saving?.(wanted) ?? [...edrxSteps(wanted), ...psmSteps(wanted)]),
    ...(family.sleepy?.(wanted) ?? []),
    ...(family.search?.(wanted) ?? []),
    ...(family.attach?.(wanted) ?? []),
    ...family.signalAndTime({ onSignal() {}, onTime() {} }),
  ];
  const lines = steps.map(({ line }) => asciiText(line));
  const before = ["ATE0", "AT+CMEE=1", "AT+CGMM", "AT+CPIN?", `AT+CEREG=${family.cereg}`, "AT+CEREG?"];
  const radio = [family.radioOff ?? "AT+CFUN=0", "AT+CFUN=1"];
  return [...new Set([...before, ...radio, ...lines])];
}

/** The command's name in a line: `AT+CPSMS` of `AT+CPSMS=0`; undefined for a basic one such as `ATE0`. */
export function nameOf(line: string): string | undefined {
  return /^AT[+*][A-Za-z0-9]+/.exec(line)?.[0];
}
