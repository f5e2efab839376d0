/**
 * `npm run modem -- --probe PATH`: who is the modem on this serial port, and what does this project know of it?
 */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { escaped } from "../model/escaped";
import { IdentityMask, withoutPassword } from "../tools/pc/identity-mask";
import { ModemProbe, ProbeError, usualRates } from "../tools/pc/modem-probe";
import { SerialPortError, openSerialPort } from "../tools/pc/serial-port";
import { CommandError, misuse, systemReason } from "./misuse";
import type { Answer } from "../tools/pc/at-dialogue";
import type { Findings } from "../tools/pc/modem-probe";

export interface ProbeFlags {
  readonly probe: string;
  readonly baud?: number;
  readonly identity?: boolean;
  readonly capture: string;
}

/** The first line of a capture: a file that begins with it may be written over. */
const title = "# What a modem answers to npm run modem -- --probe, for a report to this project.";

/** @throws CommandError in one line */
export async function probeModem(flags: ProbeFlags, say: (text: string) => void): Promise<void> {
  checkCapture(flags.capture);
  const rates = flags.baud === undefined ? usualRates : [flags.baud];
  const port = await openSerialPort(flags.probe, rates[0]).catch((error: unknown) => {
    throw error instanceof SerialPortError ? new CommandError(1, error.message) : error;
  });
  const mask = new IdentityMask();
  const exchange: string[] = [];
  const probe = new ModemProbe({
    port: {
      write: (bytes) => port.write(bytes),
      setBaud: (baudRate) =>
        new Promise((resolve, reject) =>
          port.update({ baudRate }, (error) => (error ? reject(unusable(flags.probe, error)) : resolve())),
        ),
    },
    rates,
    mask,
    onLine: (direction, text) => exchange.push(`${direction === "host" ? ">" : "<"} ${text}`),
  });
  const gone = new Promise<never>((_, reject) => {
    port.on("data", (bytes: Uint8Array) => probe.receive(bytes));
    port.on("error", (error: Error) => reject(unusable(flags.probe, error)));
    port.on("close", () => reject(new CommandError(1, `${flags.probe} is gone: was it unplugged?`)));
  });
  gone.catch(() => {});
  const shown = (line: string): string =>
    escaped(flags.identity === true ? line.slice(0, 2) + withoutPassword(line.slice(2)) : masked(mask, line));
  let findings: Findings | undefined;
  let failure: string | undefined;
  try {
    findings = await Promise.race([probe.run(), gone]);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    failure = error.message;
  } finally {
    await new Promise<void>((resolve) => port.close(() => resolve()));
  }
  if (findings === undefined) throw new CommandError(1, `${flags.probe}: ${failure}`);
  for (const [name, text] of summary(findings, (line) => shown(`< ${line}`).slice(2), flags)) {
    say(`${name.padEnd(11)} ${text}`);
  }
  writeCapture(flags, findings, exchange.map(shown));
}

const masked = (mask: IdentityMask, line: string): string => line.slice(0, 2) + mask.mask(line.slice(2));

function unusable(path: string, error: Error): CommandError {
  return new CommandError(1, `${path}: ${error.message.split("\n")[0].replace(/^Error: /, "")}`);
}

/** @throws CommandError when it cannot be written, or is there and none of this command's */
function checkCapture(path: string): void {
  const there = existsSync(path);
  try {
    accessSync(there ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw misuse(`--capture ${path}: cannot be written (${systemReason(error)})`);
  }
  if (!there) return;
  let begins = "";
  try {
    begins = readFileSync(path, "latin1").slice(0, title.length);
  } catch (error) {
    throw misuse(`--capture ${path}: cannot be read (${systemReason(error)})`);
  }
  if (begins !== title)
    throw misuse(`--capture ${path}: is there already, and is no capture: name another file`);
}

function writeCapture(flags: ProbeFlags, { baud, family }: Findings, lines: readonly string[]): void {
  const notice =
    flags.identity === true
      ? "# It holds IMEI, IMSI, card number and addresses, as asked for by --identity. Passwords are taken out."
      : "# IMEI, IMSI, card number, phone numbers, addresses and passwords are taken out; operator, cell and access point are not.";
  const head = [title, notice, `# ${baud} baud, family ${family?.name ?? "unknown"}`];
  writeFileSync(flags.capture, `${[...head, ...lines].join("\n")}\n`);
}

/** What was found, name by name. */
function summary(
  findings: Findings,
  shown: (line: string) => string,
  flags: ProbeFlags,
): (readonly [string, string])[] {
  const { baud, model, revision, family, answers } = findings;
  const line = (command: string, prefix: string): string => shown(valueOf(answers.get(command), prefix));
  const rows: (readonly [string, string])[] = [
    [
      "modem",
      `${shown(model) || "does not tell its model"}, firmware ${shown(revision) || "not told"}, ${baud} baud`,
    ],
    [
      "family",
      family === undefined ? "none of this project's" : `${family.name}, for --modem ${family.name}`,
    ],
  ];
  if (family !== undefined) rows.push(["firmware", knowledge(findings)], ["driver", driverNeeds(findings)]);
  rows.push(
    ["card", line("AT+CPIN?", "+CPIN:")],
    ["registered", withMeaning(line("AT+CEREG?", "+CEREG:"))],
    ["operator", line("AT+COPS?", "+COPS:")],
    ["signal", `${line("AT+CSQ", "+CSQ:")} by AT+CSQ, ${line("AT+CESQ", "+CESQ:")} by AT+CESQ`],
    ["apn", line("AT+CGDCONT?", "+CGDCONT:")],
    ["granted", line("AT+CGCONTRDP", "+CGCONTRDP:")],
    ["psm", line("AT+CPSMS?", "+CPSMS:")],
    ["clock", line("AT+CCLK?", "+CCLK:")],
    ["capture", `${flags.capture}: ${answers.size} questions and their answers, to attach to a report`],
  );
  return rows;
}

/** Registration states (3GPP TS 27.007 section 10.1.22). */
const states = ["not searching", "at home", "searching", "denied", "no coverage", "roaming"];

/** `<n>,<state>,…`, and what the state means. */
function withMeaning(registration: string): string {
  const meaning = states[Number(registration.split(",")[1])];
  return meaning === undefined ? registration : `${registration} (${meaning})`;
}

/** The first line of an answer behind its name, or how the question ended. */
function valueOf(answer: Answer | undefined, prefix: string): string {
  const found = answer?.lines.find((line) => line.startsWith(prefix));
  if (found !== undefined) return found.slice(prefix.length).trim();
  if (answer?.result === "OK") return "nothing";
  return answer?.result ?? "no answer";
}

function knowledge({ generation, exact, known }: Findings): string {
  if (known.length === 0) return "no table of firmwares for this family yet";
  if (generation === undefined)
    return `none of those in the table (${known.join(", ")}): a report is welcome`;
  return `${exact ? "" : "nearest in the table: "}${generation.name} (${generation.note})`;
}

function driverNeeds({ tried, missing, refusedByTable }: Findings): string {
  const said =
    missing.length === 0
      ? `has all ${tried} commands of the driver's bring-up`
      : `lacks ${missing.length} of the ${tried} commands of the driver's bring-up, which does without: ${missing.join(" ")}`;
  if (refusedByTable.length === 0) return said;
  return `${said}; by the table it refuses ${refusedByTable.join(" ")}`;
}
