/**
 * What the SIM7080 and SIM7000 families of SIMCom share: technology, bands, signs of sleep.
 */
import { ascii, startsWith } from "../../text/ascii";
import { areBands, askBandsBy } from "../at/bands";
import { fieldsOf, lineText, wholeNumber } from "../at/fields";
import { ensure } from "../at/standard-commands";
import { supplyUrc } from "./supply-urc";
import { zoneReport } from "../at/zone-report";
import type { Cell, ModemUrc } from "./family";
import type { RadioTechnology, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const cpsmstatus = ascii("+CPSMSTATUS:");
const usualRat: readonly RadioTechnology[] = Object.freeze(["nb-iot"]);

/** What the settings call a technology, as `AT+CBANDCFG` names it and numbered as for `AT+CMNB`. */
const technologies = Object.freeze({
  "nb-iot": Object.freeze({ name: "NB-IOT", mode: 2 }),
  "lte-m": Object.freeze({ name: "CAT-M", mode: 1 }),
});

/** LTE only, of that the technologies that are wanted, and the bands: a search through the rest takes minutes. */
export function technologySteps({ rat = usualRat, bands }: Wanted): Step[] {
  // The modem knows no order of the two.
  const mode = rat.length > 1 ? "3" : String(technologies[rat[0]].mode);
  const steps = [
    ...ensure({
      read: "AT+CNMP?",
      prefix: "+CNMP:",
      fits: (fields) => fields[0] === "38",
      write: "AT+CNMP=38",
    }),
    ...ensure({
      read: "AT+CMNB?",
      prefix: "+CMNB:",
      fits: (fields) => fields[0] === mode,
      write: `AT+CMNB=${mode}`,
    }),
  ];
  if (bands === undefined) return steps;
  for (let i = 0; i < rat.length; i++) {
    const { name } = technologies[rat[i]];
    steps.push(
      ...ensure({
        // +CBANDCFG: "NB-IOT",8,20
        read: "AT+CBANDCFG?",
        prefix: "+CBANDCFG:",
        fits: (fields) => fields[0] === name && areBands(fields.slice(1), bands),
        write: `AT+CBANDCFG="${name}",${bands.join(",")}`,
      }),
    );
  }
  return steps;
}

/** Asks which bands are set, of the technology that is preferred. */
export function askBands(onBands: (bands: string) => void, { rat = usualRat }: Wanted): Step[] {
  const { name } = technologies[rat[0]];
  return askBandsBy("AT+CBANDCFG?", "+CBANDCFG:", onBands, (fields) =>
    fields[0] === name ? fields.slice(1) : undefined,
  );
}

/**
 * `+CPSI: LTE NB-IOT,Online,262-01,<area>,<cell>,<pci>,EUTRAN-BAND8,<earfcn>,<dl>,<ul>,<rsrq>,<rsrp>,<rssi>,<snr>`;
 * the signal to noise there, n, is 2 n - 20 dB.
 */
export function cell(onCell: (part: Cell) => void): Step[] {
  return [
    {
      line: ascii("AT+CPSI?"),
      prefix: ascii("+CPSI:"),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, 6);
        if (fields.length < 14 || fields[0].indexOf("LTE") < 0) return;
        const snr = wholeNumber(fields[13]);
        onCell({
          rat: fields[0].indexOf("NB") >= 0 ? "nb-iot" : "lte-m",
          operator: fields[2].replace("-", ""),
          cellId: fields[4],
          band: wholeNumber(fields[6].replace("EUTRAN-BAND", "")),
          rsrq: wholeNumber(fields[10]),
          rsrp: wholeNumber(fields[11]),
          snr: snr === undefined ? undefined : 2 * snr - 20,
        });
      },
    },
  ];
}

/** The access point's name that came from the network: `+CGNAPN: 1,"apn"`. */
export function askApn(onApn: (apn: string) => void): Step {
  return {
    line: ascii("AT+CGNAPN"),
    prefix: ascii("+CGNAPN:"),
    optional: true,
    onLine: (line) => {
      const [valid, apn] = fieldsOf(line, 8);
      if (valid === "1" && apn !== undefined && isName(apn)) onApn(apn);
    },
  };
}

/** The network's text goes into a command, so it must be what a name is (3GPP TS 23.003 section 9.1), or nearly. */
function isName(apn: string): boolean {
  for (let i = 0; i < apn.length; i++) {
    const code = apn.charCodeAt(i);
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    // Digits, the hyphen, the dot, and the underscore that some have.
    if (!letter && !(code >= 0x30 && code <= 0x39) && code !== 0x2d && code !== 0x2e && code !== 0x5f)
      return false;
  }
  return apn !== "";
}

/** The number of the context's type in `AT+CNCFG`. */
export function contextType({ ipType }: Wanted): "0" | "1" | "2" {
  return ipType === "ipv6" ? "2" : ipType === "ipv4v6" ? "0" : "1";
}

/** A fixed baud rate: with auto-baud the modem does not announce its boots. */
export function baudSteps({ baud = 115_200 }: Wanted): Step[] {
  return ensure({
    read: "AT+IPR?",
    prefix: "+IPR:",
    fits: (fields) => fields[0] === String(baud),
    write: `AT+IPR=${baud}`,
  });
}

/** The rate of its UART, kept without power. */
export function rateSteps(baud: number): Step[] {
  return [{ line: ascii(`AT+IPR=${baud}`), optional: true }];
}

/** Lines that say when the modem falls asleep and wakes; as far as is known it keeps that setting. */
export function sleepSignSteps(): Step[] {
  let said = false;
  return [
    {
      line: ascii("AT+CPSMSTATUS?"),
      prefix: cpsmstatus,
      // The URC has the same name, and comes at about this time.
      owns: (line) => sleepSign(line) === undefined,
      optional: true,
      forGap: "signs",
      onLine: (line) => void (said = fieldsOf(line, cpsmstatus.length)[0] === "1"),
    },
    { line: ascii("AT+CPSMSTATUS=1"), optional: true, gap: "signs", skip: () => said },
  ];
}

/** The clock is to be set by the network: kept, taken up at the next registration. */
export function networkTimeSteps(): Step[] {
  return ensure({
    read: "AT+CLTS?",
    prefix: "+CLTS:",
    fits: (fields) => fields[0] === "1",
    write: "AT+CLTS=1",
    optional: true,
  });
}

/** Release assistance: one answer is expected behind the next datagram. The flag holds for one datagram. */
export function releaseSteps(): Step[] {
  return [{ line: ascii("AT+CRAI=2,0"), optional: true }];
}

/** `+CPSMSTATUS: "ENTER PSM"` and `"EXIT PSM"`. */
function sleepSign(line: Uint8Array): ModemUrc | undefined {
  if (!startsWith(line, cpsmstatus)) return undefined;
  const status = lineText(line, cpsmstatus.length);
  if (status.indexOf("ENTER") >= 0) return { kind: "asleep" };
  return status.indexOf("EXIT") >= 0 ? { kind: "awake" } : undefined;
}

/** What the lines mean that have nothing to do with sockets. */
export function otherUrc(line: Uint8Array): ModemUrc | undefined {
  const clock = zoneReport(line);
  return clock === undefined ? (sleepSign(line) ?? supplyUrc(line)) : { kind: "time", clock };
}
