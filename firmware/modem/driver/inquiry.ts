/**
 * What a modem is asked once a boot, when its first datagram has gone through and nothing else waits for it:
 * its firmware, cell and operator, what the network has granted. Nothing depends on the answers but the log and
 * the application, so that a command that is refused is left out, and one that is not answered ends the row.
 */
import { ascii, startsWith } from "../../text/ascii";
import { isApn } from "../at/context";
import { fieldsOf, lineText, wholeNumber } from "../at/fields";
import { selectionTimeout } from "../at/operator";
import { runScript } from "../at/script";
import type { AtEngine, AtResult } from "../at/engine";
import type { ScriptResult, Step } from "../at/script";
import type { Wanted } from "../at/standard-commands";
import type { Cell, Family, GrantedContext } from "../family/family";
import type { DriverState } from "./driver-state";
import type { Granted } from "./modem-options";

/** The parts of the driver that the inquiry works with. */
export interface InquiryParts {
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly family: Family;
  readonly wanted: Wanted;
}

/** What the modem has told. */
export interface Answers {
  readonly cell: Cell;
  /** Empty where it was not asked. */
  readonly firmware: string;
}

/** Characters of a firmware's name, at most: some modems tell it in lines, one for each part of it. */
const longestFirmware = 64;

/** An inquiry. Its questions are made one after the other, for the heap is fullest at the first contact. */
export class Inquiry implements Answers {
  readonly #parts: InquiryParts;
  /** What is known of PSM and eDRX; undefined when the cell alone is asked for. */
  readonly #granted: Granted | undefined;
  readonly #onDone: (answers: Answers, interrupted: boolean, now: number) => void;
  #context: GrantedContext = {};
  cell: Cell = {};
  firmware = "";

  /**
   * @param granted what is known of PSM and eDRX, for the whole inquiry; left out, the cell alone is asked for
   * @param onDone gets what was told; `interrupted` when the modem had something else to do, as after its reboot
   */
  constructor(
    parts: InquiryParts,
    granted: Granted | undefined,
    onDone: (answers: Answers, interrupted: boolean, now: number) => void,
  ) {
    this.#parts = parts;
    this.#granted = granted;
    this.#onDone = onDone;
  }

  /** Asks the questions of this number, and those behind them. */
  ask(number: number, now: number): void {
    const steps = this.questions(number);
    if (steps === undefined) return this.end("ok", now);
    const done = ({ result: { kind } }: ScriptResult, at: number): void => {
      if (kind === "ok") this.ask(number + 1, at);
      else this.end(kind, at);
    };
    runScript(this.#parts.at, steps, done, now);
  }

  private questions(number: number): Step[] | undefined {
    const { family } = this.#parts;
    const all = this.#granted !== undefined;
    const onCell = (part: Cell): void => void (this.cell = { ...this.cell, ...part });
    const onContext = (part: GrantedContext): void => void (this.#context = { ...this.#context, ...part });
    switch (number) {
      case 0:
        return all ? [askFirmware((text) => (this.firmware = joined(this.firmware, text)))] : [];
      case 1:
        return family.cell?.(onCell) ?? [askSignal(onCell)];
      case 2:
        return all && this.cell.operator === undefined ? [askOperator(onCell)] : [];
      case 3:
        return all ? (family.context?.(onContext) ?? askContext(onContext)) : [];
      default:
        return undefined;
    }
  }

  private end(how: AtResult["kind"], now: number): void {
    const { driver, wanted } = this.#parts;
    const interrupted = how === "aborted";
    if (this.#granted !== undefined && !interrupted) {
      if (this.firmware !== "") driver.log({ kind: "modem firmware", version: this.firmware });
      tellCell(driver, this.cell);
      // A row that was not answered to its end leaves open what the network has granted.
      if (how === "ok") tellGranted(driver, wanted, this.#context, this.#granted);
    }
    this.#onDone(this, interrupted, now);
  }
}

const cgmr = ascii("+CGMR:");
const revision = ascii("Revision:");

/** Where the text of a line begins. */
function headOf(line: Uint8Array): number {
  if (startsWith(line, cgmr)) return cgmr.length;
  return startsWith(line, revision) ? revision.length : 0;
}

/** `AT+CGMR`: a bare line, several, or one with the command's name in front. */
function askFirmware(onText: (text: string) => void): Step {
  return {
    line: ascii("AT+CGMR"),
    prefix: cgmr,
    bare: true,
    optional: true,
    onLine: (line) => onText(lineText(line, headOf(line))),
  };
}

function joined(before: string, text: string): string {
  const all = before === "" ? text : `${before} ${text}`;
  return all.slice(0, longestFirmware);
}

/** `+CESQ: 99,99,255,255,<rsrq>,<rsrp>` (3GPP TS 27.007 section 8.69), 255 for unknown. */
function askSignal(onCell: (part: Cell) => void): Step {
  return {
    line: ascii("AT+CESQ"),
    prefix: ascii("+CESQ:"),
    optional: true,
    onLine: (line) => {
      const fields = fieldsOf(line, 6);
      const rsrq = wholeNumber(fields[4]);
      const rsrp = wholeNumber(fields[5]);
      if (rsrp !== undefined && rsrp >= 0 && rsrp <= 97) onCell({ rsrp: rsrp - 141 });
      if (rsrq !== undefined && rsrq >= 0 && rsrq <= 34) onCell({ rsrq: rsrq / 2 - 20 });
    },
  };
}

/** `+COPS: <mode>,<format>,"26201",<AcT>`: a number, or a name where the modem is set to tell names. */
function askOperator(onCell: (part: Cell) => void): Step {
  return {
    line: ascii("AT+COPS?"),
    prefix: ascii("+COPS:"),
    timeout: selectionTimeout,
    optional: true,
    onLine: (line) => {
      const operator = fieldsOf(line, 6)[2] ?? "";
      if (operator !== "") onCell({ operator: operator.slice(0, 32) });
    },
  };
}

/** The first context that has an access point, and its address, by 3GPP's own commands. */
function askContext(onContext: (part: GrantedContext) => void): Step[] {
  let named = false;
  let address = "";
  const onAddress = (text: string): void => {
    const first = withoutMask(text);
    if (address !== "" || first === "" || first === "0.0.0.0") return;
    address = first;
    onContext({ address });
  };
  return [
    {
      // +CGCONTRDP: <cid>,<bearer>,<apn>[,<address and mask>…]
      line: ascii("AT+CGCONTRDP"),
      prefix: ascii("+CGCONTRDP:"),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, 11);
        if (named || fields[2] === undefined || fields[2] === "") return;
        named = true;
        onContext({ apn: fields[2] });
        onAddress(fields[3] ?? "");
      },
    },
    {
      // +CGPADDR: <cid>[,<address>[,<address>]]
      line: ascii("AT+CGPADDR"),
      prefix: ascii("+CGPADDR:"),
      optional: true,
      skip: () => address !== "",
      onLine: (line) => onAddress(fieldsOf(line, 9)[1] ?? ""),
      onOk: () => {
        if (address === "") onContext({ address: "none" });
      },
    },
  ];
}

/** Some firmwares write the mask behind the address, as four numbers more. */
function withoutMask(text: string): string {
  let end = -1;
  for (let dots = 0; dots < 4; dots++) {
    end = text.indexOf(".", end + 1);
    if (end < 0) return text;
  }
  return text.slice(0, end);
}

function tellCell(driver: DriverState, { operator, band, cellId, rsrp, snr, ecl }: Cell): void {
  const known = operator ?? band ?? cellId ?? rsrp ?? snr ?? ecl;
  if (known === undefined) return;
  driver.log({ kind: "modem cell", operator, band, cell: cellId, rsrp, snr, ecl });
}

function tellGranted(driver: DriverState, wanted: Wanted, context: GrantedContext, granted: Granted): void {
  const { psm, edrx, apn: asked } = wanted;
  const { apn, address } = context;
  if ((apn ?? address) === undefined && psm === undefined && edrx === undefined) return;
  driver.log({
    kind: "modem granted",
    apn,
    address,
    ...(psm === undefined ? {} : { t3324: 1_000 * (granted.t3324 ?? Infinity) }),
    ...(psm === undefined || granted.t3412 === undefined || granted.t3412 === Infinity
      ? {}
      : { t3412: 1_000 * granted.t3412 }),
    ...(edrx === undefined ? {} : { edrx: 1_000 * (granted.edrx || Infinity) }),
  });
  if (apn !== undefined && asked !== "" && !isApn(apn, asked))
    driver.log({ kind: "modem other apn", asked, granted: apn });
}
