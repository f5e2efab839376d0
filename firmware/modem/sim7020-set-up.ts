/**
 * What a SIM7020 is told and asked on the way up, as tables of commands.
 */
import { ascii } from "../text/ascii";
import { fieldsOf, isCeregAnswer, parseCclk, parseCereg, wholeNumber } from "./fields";
import { encodeT3324, encodeT3412 } from "./psm";
import type { Registration } from "./fields";
import type { Step } from "./script";
import type { Sim7020Options } from "./sim7020-options";

/** Name of the registration's URC. */
export const cereg = ascii("+CEREG:");

/** SIMCom's maximum for a change of the phone functionality, ms. */
export const cfunTimeout = 30_000;

/** A fixed rate, kept by the modem: with auto-baud it does not announce its boots. */
export const fixBaud: Step = Object.freeze({ line: ascii("AT+IPR=115200") });

/** What travels in the attach request must be set while the radio is off. */
export function radioSteps(options: Pick<Sim7020Options, "apn" | "bands" | "psm" | "powerKey">): Step[] {
  const { apn, bands, psm, powerKey } = options;
  const steps: Step[] = [
    { line: ascii("AT+CFUN=0"), timeout: cfunTimeout },
    { line: ascii(`AT*MCGDEFCONT="IP","${apn}"`) },
  ];
  if (bands !== undefined) steps.push({ line: ascii(`AT+CBANDSL=1,${bands.length},${bands.join(",")}`) });
  if (psm !== undefined && powerKey !== undefined) {
    steps.push(
      { line: ascii("AT+CPSMSTATUS=1") },
      { line: ascii(`AT+CPSMS=1,,,"${encodeT3412(psm.t3412)}","${encodeT3324(psm.t3324)}"`) },
      { line: ascii("AT+RETENTION=1"), optional: true },
    );
  } else {
    steps.push({ line: ascii("AT+CPSMS=0") });
  }
  steps.push(
    { line: ascii("AT+CLTS=1"), optional: true },
    { line: ascii("AT+CEREG=5") },
    { line: ascii("AT+CFUN=1"), timeout: cfunTimeout },
  );
  return steps;
}

/** Asks for the registration; `onAnswer` gets it when the answer can be read. */
export function askRegistration(onAnswer: (registration: Registration) => void): Step {
  return {
    line: ascii("AT+CEREG?"),
    prefix: cereg,
    owns: isCeregAnswer,
    onLine: (line) => {
      const registration = parseCereg(line);
      if (registration !== undefined) onAnswer(registration);
    },
  };
}

/**
 * Asks for signal and time.
 *
 * @param onSignal gets dBm
 * @param onTime gets epoch ms
 */
export function surveySteps(onSignal: (dBm: number) => void, onTime: (epoch: number) => void): Step[] {
  return [
    {
      line: ascii("AT+CSQ"),
      prefix: ascii("+CSQ:"),
      optional: true,
      onLine: (line) => {
        const csq = wholeNumber(fieldsOf(line, 5)[0]);
        if (csq !== undefined && csq >= 0 && csq <= 31) onSignal(-113 + 2 * csq);
      },
    },
    {
      line: ascii("AT+CCLK?"),
      prefix: ascii("+CCLK:"),
      optional: true,
      onLine: (line) => {
        const epoch = parseCclk(line);
        if (epoch !== undefined) onTime(epoch);
      },
    },
  ];
}
