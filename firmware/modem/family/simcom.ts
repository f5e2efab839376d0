/**
 * What the SIM7080 and SIM7000 families of SIMCom share: technology, bands, signs of sleep.
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, lineText } from "../at/fields";
import { ensure } from "../at/standard-commands";
import type { ModemUrc } from "./family";
import type { Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const cpsmstatus = ascii("+CPSMSTATUS:");

/** LTE only, of that NB-IoT only, and the bands: a search through the rest takes minutes. */
export function technologySteps({ bands }: Wanted): Step[] {
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
      fits: (fields) => fields[0] === "2",
      write: "AT+CMNB=2",
    }),
  ];
  if (bands === undefined) return steps;
  const list = bands.join(",");
  return [
    ...steps,
    ...ensure({
      // +CBANDCFG: "NB-IOT",8,20
      read: "AT+CBANDCFG?",
      prefix: "+CBANDCFG:",
      fits: (fields) => fields[0] === "NB-IOT" && fields.slice(1).join(",") === list,
      write: `AT+CBANDCFG="NB-IOT",${list}`,
      optional: true,
    }),
  ];
}

/** The context's access point name. */
export function apnSteps({ apn }: Wanted): Step[] {
  return ensure({
    read: "AT+CGDCONT?",
    prefix: "+CGDCONT:",
    fits: (fields) => fields[0] === "1" && fields[2] === apn,
    write: `AT+CGDCONT=1,"IP","${apn}"`,
  });
}

/** A fixed baud rate: with auto-baud the modem does not announce its boots. */
export function baudSteps(): Step[] {
  return ensure({
    read: "AT+IPR?",
    prefix: "+IPR:",
    fits: (fields) => fields[0] === "115200",
    write: "AT+IPR=115200",
  });
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
      onLine: (line) => void (said = fieldsOf(line, cpsmstatus.length)[0] === "1"),
    },
    { line: ascii("AT+CPSMSTATUS=1"), optional: true, skip: () => said },
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
export function sleepSign(line: Uint8Array): ModemUrc | undefined {
  if (!startsWith(line, cpsmstatus)) return undefined;
  const status = lineText(line, cpsmstatus.length);
  if (status.indexOf("ENTER") >= 0) return { kind: "asleep" };
  return status.indexOf("EXIT") >= 0 ? { kind: "awake" } : undefined;
}
