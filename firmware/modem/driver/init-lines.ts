/**
 * Command lines of the user's own (setting `init`): which of them would break the driver, and why.
 *
 * What the driver reads or keeps itself must stay as it has set it: the form of answers, the registration's
 * lines, the sockets. What a setting is there for is set by that setting, or the two would be at odds.
 */
import { ascii } from "../../text/ascii";
import { doubtLine, missLine } from "../at/firmware-gaps";
import type { AtError } from "../at/result-code";
import type { FirmwareGaps } from "../at/firmware-gaps";
import type { Step } from "../at/script";

/** Time for such a line, ms; one that is not answered is passed over. */
const timeout = 30_000;
const unanswered: AtError = Object.freeze({ kind: "error", meaning: "no answer in 30 s" });

/** Beginnings of commands, behind AT, and what is wrong with them. */
const refused: readonly (readonly [reason: string, commands: string])[] = Object.freeze(
  (
    [
      [
        "which restarts the modem or switches it off",
        "Z &F &W +CFUN +CREBOOT +CRESET +CPOWD +CPOWEROFF +CPWROFF +NRB +QRST +QPOWD +NFWUPD +UFWUPD",
      ],
      [
        "which changes how the modem answers",
        "E Q V X S3 S4 S5 +CMEE +IFC +ICF +CMUX +CSCS +CEREG +CGREG +CREG +CSCON",
      ],
      [
        "which waits for data",
        "D O A +CMGS +CMGW +CGDATA +CSODSEND +CASEND +CIPSEND +QISEND +QFUPL +UDWNFILE +USOST +NSOST",
      ],
      [
        "which takes a socket that the driver uses",
        "+CSOC +CSOCON +CSOCL +CSOSEND +CAOPEN +CACLOSE +CARECV +CIPSTART +CIPSHUT +CIPCLOSE +CIPMODE +CIPMUX +CIPRXGET +QIOPEN +QICLOSE +QIRD +QICFG +QISENDEX +USOCR +USOCL +UDCONF +NSOCR +NSOCL +NSORF +NSOSTF +NSONMI",
      ],
      ["use the setting baud", "+IPR"],
      ["use the setting pin", "+CPIN +NPIN +CLCK +CPWD"],
      [
        "use the setting apn",
        "+CGDCONT +CGAUTH +UAUTHREQ +CNCFG +CSTT +QICSGP +QCGDEFCONT *MCGDEFCONT +NCGDCONT +UPSD",
      ],
      ["use the settings t3324, t3412 and edrx", "+CPSMS +CEDRXS +NPTWEDRXS +QPSMS +QEDRXCFG"],
      ["use the setting operator", "+COPS"],
      ["use the setting bands", "+CBAND +CBANDSL +CBANDCFG +QBAND +NBAND +UBANDMASK"],
      ["use the setting rat", "+CNMP +CMNB +URAT"],
    ] as const
  ).map((row) => Object.freeze(row)),
);

/** What such lines need of the driver. */
interface InitLineDriver {
  readonly gaps: FirmwareGaps;
  /** Tells of a command that was refused, once in a bring-up. */
  refused(step: Step, error: AtError): void;
}

/** Lines of which it is remembered whether they are answered: as many as fit into a number. */
const mostRemembered = 30;

/**
 * The lines as steps. A refusal is told up to the `=`, for a secret may stand behind it.
 *
 * @param driver in its `gaps` is noted which lines are left out: one that is not answered, and one that is refused twice
 *   in a row
 */
export function initSteps(lines: readonly string[] = [], driver: InitLineDriver): Step[] {
  const { gaps } = driver;
  return lines.map((line, index) => {
    const bit = index < mostRemembered ? 1 << index : 0;
    const step: Step = {
      line: ascii(line),
      timeout,
      patient: true,
      secret: true,
      skip: () => (gaps.lines & bit) !== 0,
      onOk: () => (gaps.doubtedLines &= ~bit),
      onRefused: (now) => doubtLine(gaps, bit, now),
      onSilence: (now) => {
        missLine(gaps, bit, now);
        driver.refused(step, unanswered);
      },
    };
    return step;
  });
}

/**
 * Why a line is not sent; undefined for one that may be.
 *
 * @param line printable ASCII
 */
export function refusedInit(line: string): string | undefined {
  // Modems pass over blanks.
  const command = withoutBlanks(line).toUpperCase();
  if (!command.startsWith("AT") || command.length < 3) return "which does not begin with AT";
  const rest = command.slice(2);
  if (rest.indexOf(";") >= 0) return "which has several commands: give each a line of its own";
  // A question or a test changes nothing.
  const equals = rest.indexOf("=");
  if (rest.endsWith("?") && rest.length > 3 && (equals < 0 || equals === rest.length - 2)) return undefined;
  const name = nameOf(rest);
  for (let i = 0; i < refused.length; i++) {
    const [reason, commands] = refused[i];
    if (` ${commands} `.indexOf(` ${name} `) >= 0) return reason;
  }
  return undefined;
}

/** The command's name: up to what it is set to. Those of one letter are followed by a digit, or nothing. */
function nameOf(command: string): string {
  const first = command.charAt(0);
  let end = 1;
  if (first === "+" || first === "*" || first === "&" || first === "^" || first === "#" || first === "$") {
    while (end < command.length && "=?".indexOf(command.charAt(end)) < 0) end += 1;
    if (first === "&") end = 2;
  } else if (first === "S") {
    while (end < command.length && command.charAt(end) >= "0" && command.charAt(end) <= "9") end += 1;
  }
  return command.slice(0, end);
}

function withoutBlanks(line: string): string {
  let out = "";
  for (let i = 0; i < line.length; i++) if (line.charAt(i) !== " ") out += line.charAt(i);
  return out;
}
