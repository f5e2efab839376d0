/**
 * What every modem is told and asked on the way up (3GPP TS 27.007), as tables of commands.
 */
import { ascii } from "../../text/ascii";
import { decodeEdrx, encodeEdrx } from "./edrx";
import { fieldsOf, isCeregAnswer, lineText, parseCereg, parseClock, wholeNumber } from "./fields";
import { causeNamed } from "./emm-cause";
import { decodeT3324, decodeT3412, encodeT3324, encodeT3412 } from "./timers";
import type { Clock } from "./clock";
import type { Gap } from "./firmware-gaps";
import type { Registration } from "./fields";
import type { Step } from "./script";

/** A radio technology, as settings name it. */
export type RadioTechnology = "nb-iot" | "lte-m";

/** Which address the context is to have. */
export type IpType = "ipv4" | "ipv6" | "ipv4v6";

/** What the board's settings ask of the modem. */
export interface Wanted {
  /** Access point name of the SIM card's operator; empty for the one that the network gives. */
  readonly apn: string;
  /** What the access point wants to know of its user; nothing when left out. */
  readonly apnLogin?: { readonly auth: "pap" | "chap"; readonly user: string; readonly password: string };
  /** IPv4 when left out. */
  readonly ipType?: IpType;
  /** Technologies to search, the first one first; NB-IoT alone when left out. */
  readonly rat?: readonly RadioTechnology[];
  /** Rate that the modem's UART is to have, bit/s. */
  readonly baud?: number;
  /** Bands to search; all when left out. */
  readonly bands?: readonly number[];
  /** Network to register with, five or six digits (MCC and MNC); the modem chooses when left out. */
  readonly operator?: string;
  /** False: a foreign network is not used. */
  readonly roaming?: boolean;
  /** Power saving mode, seconds; left out where nothing could end it. */
  readonly psm?: { readonly t3412: number; readonly t3324: number };
  /** Extended discontinuous reception, seconds between two paging windows. */
  readonly edrx?: number;
}

/** What `signalAndTime` finds out. */
export interface SignalAndTime {
  /** Signal, dBm. */
  readonly onSignal: (dBm: number) => void;
  /** The network's time. */
  readonly onTime: (clock: Clock) => void;
}

/** Name of the registration's URC. */
export const cereg = ascii("+CEREG:");

/** A setting that the modem keeps: asked first, and written only when it reads otherwise. */
export interface Setting {
  /** The question, such as `AT+IPR?`. */
  readonly read: string;
  /** Prefix of its answer, such as `+IPR:`. */
  readonly prefix: string;
  /** Whether one of the answer's lines, taken apart, is as wanted: each field that makes a difference. */
  readonly fits: (fields: readonly string[]) => boolean;
  /** The command that sets it. */
  readonly write: string;
  /** ms for either, as manuals name one time for a command and do not tell its forms apart. */
  readonly timeout?: number;
  /** Not every firmware has it. */
  readonly optional?: boolean;
  /** See `Step.gap`. */
  readonly gap?: Gap;
  /** The command holds a password. */
  readonly secret?: boolean;
  /** The setting was written, or may have been. */
  readonly onWritten?: () => void;
}

/**
 * Whether the fields of a line are the wanted ones, by their places: undefined stands for any, and a field that
 * is wanted empty may be missing.
 */
export function areFields(fields: readonly string[], wanted: readonly (string | undefined)[]): boolean {
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] !== undefined && (fields[i] ?? "") !== wanted[i]) return false;
  }
  return true;
}

/** The steps for a setting. */
export function ensure(setting: Setting): Step[] {
  const { read, prefix, fits, write, timeout, optional, gap, secret, onWritten } = setting;
  let same = false;
  return [
    {
      line: ascii(read),
      prefix: ascii(prefix),
      timeout,
      optional: true,
      forGap: gap,
      onLine: (line) => {
        if (fits(fieldsOf(line, prefix.length))) same = true;
      },
    },
    // Without an answer it may have been written all the same.
    {
      line: ascii(write),
      timeout,
      optional,
      gap,
      secret,
      skip: () => same,
      onOk: onWritten,
      onSilence: onWritten,
    },
  ];
}

/**
 * PSM by `AT+CPSMS`: the timers stand there in the order T3412, T3324.
 * @param onWritten the timers read otherwise, and were written
 */
export function psmSteps({ psm }: Wanted, onWritten?: () => void): Step[] {
  const t3412 = psm === undefined ? "" : encodeT3412(psm.t3412);
  const t3324 = psm === undefined ? "" : encodeT3324(psm.t3324);
  return ensure({
    read: "AT+CPSMS?",
    prefix: "+CPSMS:",
    fits: (fields) => {
      if (psm === undefined) return fields[0] === "0";
      // Some read back the same time in another unit.
      if (fields[0] !== "1" || fields.length < 5) return false;
      return decodeT3412(fields[3]) === decodeT3412(t3412) && decodeT3324(fields[4]) === decodeT3324(t3324);
    },
    write: psm === undefined ? "AT+CPSMS=0" : `AT+CPSMS=1,,,"${t3412}","${t3324}"`,
    onWritten,
  });
}

/** The technologies' numbers in `AT+CEDRXS`. */
const edrxTechnologies = Object.freeze({ "lte-m": 4, "nb-iot": 5 });
const usualRat: readonly RadioTechnology[] = Object.freeze(["nb-iot"]);

/**
 * eDRX by `AT+CEDRXS`.
 * @param whole some firmwares want technology and cycle to switch it off, too
 */
export function edrxSteps({ edrx, rat = usualRat }: Wanted, whole = false): Step[] {
  if (edrx === undefined && !whole) return [{ line: ascii("AT+CEDRXS=0"), optional: true }];
  const bits = edrx === undefined ? "0000" : encodeEdrx(edrx);
  const steps: Step[] = [];
  for (let i = 0; i < rat.length; i++) {
    const line = ascii(`AT+CEDRXS=${edrx === undefined ? 0 : 1},${edrxTechnologies[rat[i]]},"${bits}"`);
    steps.push({ line, optional: true });
  }
  return steps;
}

/** Asks which eDRX cycle the network has granted: seconds, 0 for none. */
export function askEdrx(onGranted: (seconds: number) => void): Step {
  return {
    line: ascii("AT+CEDRXRDP"),
    prefix: ascii("+CEDRXRDP:"),
    optional: true,
    gap: "edrx",
    onLine: (line) => {
      // +CEDRXRDP: <technology>[,"<asked>","<granted>","<paging window>"]
      const fields = fieldsOf(line, 10);
      if (fields[0] === "0" || fields.length < 3) onGranted(0);
      else onGranted(decodeEdrx(fields[2]) ?? 0);
    },
  };
}

/**
 * Sets how much `+CEREG:` is to tell, or less where the firmware does not know that much (SARA-R4: 0..3 or
 * 0..4, u-blox UBX-17003787): `onSet` gets the level that was taken, 0 for none.
 */
export function reportRegistration(level: number, onSet: (level: number) => void): Step {
  return {
    line: ascii(`AT+CEREG=${level}`),
    skip: () => level === 0,
    onOk: () => onSet(level),
    otherwise: () => {
      if (level > 1) return [reportRegistration(level - 1, onSet)];
      onSet(0);
      return [];
    },
  };
}

/**
 * Asks for the registration; `onAnswer` gets it when the answer can be read. A modem that refuses `AT+CEREG?`
 * is asked in older ways, which do not tell a denial.
 */
export function askRegistration(onAnswer: (registration: Registration) => void): Step {
  return {
    line: ascii("AT+CEREG?"),
    prefix: cereg,
    owns: isCeregAnswer,
    onLine: (line) => {
      const registration = parseCereg(line);
      if (registration !== undefined) onAnswer(registration);
    },
    otherwise: () => askInOlderWays(onAnswer),
  };
}

/** `AT+CFUN?`: gets whether the modem is in full function, as far as it tells. */
export function askFunction(onFunction: (isFull: boolean) => void): Step {
  return {
    line: ascii("AT+CFUN?"),
    prefix: ascii("+CFUN:"),
    optional: true,
    onLine: (line) => onFunction(fieldsOf(line, 6)[0] === "1"),
  };
}

/** `+CREG: <n>,<stat>`, `+CGREG: <n>,<stat>`, `+CGATT: <attached>`: the first that knows a network counts. */
function askInOlderWays(onAnswer: (registration: Registration) => void): Step[] {
  let registered = false;
  const ask = (name: string, at: number): Step => ({
    line: ascii(`AT${name}?`),
    prefix: ascii(`${name}:`),
    optional: true,
    skip: () => registered,
    onLine: (line) => {
      const stat = wholeNumber(fieldsOf(line, name.length + 1)[at]);
      registered = stat === 1 || (stat === 5 && at === 1);
      onAnswer({ stat: registered ? stat! : 2 });
    },
  });
  return [ask("+CREG", 1), ask("+CGREG", 1), ask("+CGATT", 0)];
}

/** Asks why the network denied registration, of modems whose `+CEREG:` does not tell: the text is the maker's own. */
export function askCause(onCause: (cause: number) => void): Step[] {
  return [
    {
      line: ascii("AT+CEER"),
      prefix: ascii("+CEER:"),
      optional: true,
      onLine: (line) => {
        const cause = causeNamed(lineText(line, 6));
        if (cause !== undefined) onCause(cause);
      },
    },
  ];
}

/** Asks for signal strength and time by the commands that most modems have. */
export function usualSignalAndTime(signalAndTime: SignalAndTime): Step[] {
  return [signalStep(signalAndTime.onSignal), clockStep("AT+CCLK?", "+CCLK:", signalAndTime.onTime)];
}

/** `AT+CSQ`: dBm. */
export function signalStep(onSignal: (dBm: number) => void): Step {
  return {
    line: ascii("AT+CSQ"),
    prefix: ascii("+CSQ:"),
    optional: true,
    onLine: (line) => {
      const csq = wholeNumber(fieldsOf(line, 5)[0]);
      if (csq !== undefined && csq >= 0 && csq <= 31) onSignal(-113 + 2 * csq);
    },
  };
}

/**
 * Asks for the network's time, such as by `AT+CCLK?`.
 *
 * @param tells what the digits are by the maker's manual
 */
export function clockStep(
  command: string,
  prefix: string,
  onTime: (clock: Clock) => void,
  tells?: "local" | "utc",
): Step {
  return {
    line: ascii(command),
    prefix: ascii(prefix),
    optional: true,
    onLine: (line) => {
      const clock = parseClock(line, tells);
      if (clock !== undefined) onTime(clock);
    },
  };
}

/**
 * Asks how many tries for its PIN the SIM card has left, by a command whose answer has its name.
 *
 * @param at the field that tells them
 * @param first what the first field must be, where the answer has several lines
 */
export function askPinTries(
  command: string,
  at: number,
  onTries: (left: number) => void,
  first?: string,
): Step[] {
  const end = command.indexOf("=");
  const prefix = ascii(`${command.slice(2, end < 0 ? command.length : end)}:`);
  return [
    {
      line: ascii(command),
      prefix,
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, prefix.length);
        const left = wholeNumber(fields[at]);
        if (left !== undefined && (first === undefined || fields[0] === first)) onTries(left);
      },
    },
  ];
}
