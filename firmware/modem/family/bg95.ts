/**
 * Quectel BG95 and BG77 (LTE-M and NB-IoT), after Quectel's AT commands, TCP/IP and QCFG manuals for
 * the series. The host numbers the sockets; datagrams go out in hexadecimal and are kept by the modem
 * until they are read, raw:
 *
 *     AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0    OK    +QIOPEN: 0,0      up to 150 s later
 *     AT+QISENDEX=0,"0A0B0C0D"                      SEND OK
 *     +QIURC: "recv",0     AT+QIRD=0,1100    +QIRD: 4 CR LF <4 bytes> CR LF    OK
 *
 * PSM is power-off: the modem starts anew when it is woken, and knows its kept settings only.
 */
import { ascii, startsWith } from "../../text/ascii";
import { askBandsBy, bandsOfHex, hexMask } from "../at/bands";
import { authentication, contextSteps, isApn } from "../at/context";
import { fieldsOf, wholeNumber } from "../at/fields";
import { hexLine } from "../at/hex";
import { operatorSteps } from "../at/operator";
import { areFields, askCause, askPinTries, clockStep, ensure } from "../at/standard-commands";
import { supplyUrc, supplyUrcs } from "./supply-urc";
import { closeSocket, openSocket, resolve, sent, socketUrc } from "./quectel";
import type { Cell, Family, ModemUrc, Received } from "./family";
import type { RadioTechnology, SignalAndTime, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const qird = ascii("+QIRD:");
const psmPowerDown = ascii("PSM POWER DOWN");

/** The manual's maximum for what needs the network, ms. */
const networkTimeout = 150_000;
/** The manual's maximum for sending, whatever the protocol, ms. */
const sendTimeout = 120_000;
/** Most bytes read at once: more than a datagram has. */
const readLimit = 1_100;
const usualRat: readonly RadioTechnology[] = Object.freeze(["nb-iot"]);

/** A setting of QCFG; the last 1 has it take effect at once. */
function configured(name: string, value: string, write = `${value},1`, optional = false): Step[] {
  return ensure({
    read: `AT+QCFG="${name}"`,
    prefix: "+QCFG:",
    fits: (fields) => areFields(fields, [name, value]),
    write: `AT+QCFG="${name}",${write}`,
    optional,
  });
}

/** `iotopmode` of a search for these technologies, and `nwscanseq`: 02 is LTE-M, 03 NB-IoT. */
function technologySteps(rat: readonly RadioTechnology[]): Step[] {
  if (rat.length === 1) return configured("iotopmode", rat[0] === "nb-iot" ? "1" : "0");
  return configured("iotopmode", "2").concat(configured("nwscanseq", rat[0] === "nb-iot" ? "0302" : "0203"));
}

function persistent({ bands, rat = usualRat, roaming }: Wanted): Step[] {
  const steps = [
    // What is not wanted is not searched: LTE-M and GSM take minutes.
    ...technologySteps(rat),
    // A modem without GSM does not know it.
    ...configured("nwscanmode", "3", "3,1", true),
    ...configured("psm/urc", "1", "1"),
  ];
  // Not every firmware has it, and the driver keeps off a foreign network in any case.
  if (roaming === false) steps.push({ line: ascii('AT+QCFG="roamservice",1,1'), optional: true });
  if (bands === undefined) return steps;
  const mask = hexMask(bands);
  // +QCFG: "band",<GSM>,<LTE-M>,<NB-IoT>; 0 leaves a list as it is.
  const lteM = rat.indexOf("lte-m") >= 0 ? mask : "0";
  const nbIot = rat.indexOf("nb-iot") >= 0 ? mask : "0";
  return steps.concat(
    ensure({
      read: 'AT+QCFG="band"',
      prefix: "+QCFG:",
      fits: (fields) =>
        fields[0] === "band" &&
        (lteM === "0" || stripped(fields[2]) === mask) &&
        (nbIot === "0" || stripped(fields[3]) === mask),
      write: `AT+QCFG="band",0,${lteM},${nbIot},1`,
    }),
  );
}

/** The bands of the technology that is preferred. */
function bands(onBands: (bands: string) => void, { rat = usualRat }: Wanted): Step[] {
  const at = rat[0] === "nb-iot" ? 3 : 2;
  return askBandsBy('AT+QCFG="band"', "+QCFG:", onBands, (fields) =>
    fields[0] === "band" ? bandsOfHex(fields[at] ?? "") : undefined,
  );
}

/** A mask as the modem prints it, without `0x` and zeros in front. */
function stripped(mask: string | undefined): string {
  return (mask ?? "").toLowerCase().replace(/^0x0*/, "");
}

/** The context of the attach request, and the same for the stack. */
function radio(wanted: Wanted): Step[] {
  const { apn, apnLogin, ipType } = wanted;
  const { user, password } = apnLogin ?? { user: "", password: "" };
  const auth = String(authentication(wanted));
  const type = ipType === "ipv6" ? "2" : ipType === "ipv4v6" ? "3" : "1";
  return contextSteps(wanted).concat(
    ensure({
      // +QICSGP: <type>,"<apn>","<user>","<password>",<authentication>
      read: "AT+QICSGP=1",
      prefix: "+QICSGP:",
      fits: (fields) =>
        areFields(fields, [type, undefined, user, password, apnLogin === undefined ? undefined : auth]) &&
        isApn(fields[1], apn),
      write: `AT+QICSGP=1,${type},"${apn}","${user}","${password}",${auth}`,
      secret: apnLogin !== undefined,
    }),
  );
}

/** Activates the context, unless it is still active. */
function attach(): Step[] {
  return ensure({
    read: "AT+QIACT?",
    prefix: "+QIACT:",
    fits: (fields) => fields[0] === "1" && fields[1] === "1",
    write: "AT+QIACT=1",
    timeout: networkTimeout,
  });
}

/**
 * `+QENG: "servingcell",<state>,"NBIoT","FDD",<mcc>,<mnc>,<cell>,<pci>,<earfcn>,<band>,<ul>,<dl>,<area>,<rsrp>,
 * <rsrq>,<rssi>,<snr>,…`; the signal to noise there, n, is n / 5 - 20 dB.
 */
function cell(onCell: (part: Cell) => void): Step[] {
  return [
    {
      line: ascii('AT+QENG="servingcell"'),
      prefix: ascii("+QENG:"),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, 6);
        if (fields[0] !== "servingcell" || fields.length < 17) return;
        const snr = wholeNumber(fields[16]);
        onCell({
          rat: fields[2].indexOf("NB") >= 0 ? "nb-iot" : "lte-m",
          operator: fields[4] + fields[5],
          cellId: fields[6],
          band: wholeNumber(fields[9]),
          rsrp: wholeNumber(fields[13]),
          rsrq: wholeNumber(fields[14]),
          snr: snr === undefined ? undefined : snr / 5 - 20,
        });
      },
    },
  ];
}

function signalAndTime({ onSignal, onTime }: SignalAndTime): Step[] {
  return [
    {
      // +QCSQ: "NBIoT",<rssi>,<rsrp>,<sinr>,<rsrq>
      line: ascii("AT+QCSQ"),
      prefix: ascii("+QCSQ:"),
      optional: true,
      onLine: (line) => {
        const rssi = wholeNumber(fieldsOf(line, 6)[1]);
        if (rssi !== undefined && rssi < 0) onSignal(rssi);
      },
    },
    // The network's time as it was told last, in UTC; the zone behind it is for information only.
    clockStep("AT+QLTS=1", "+QLTS:", onTime, "utc"),
  ];
}

function open(id: number, address: string, port: number, opened: (id: number) => void): Step[] {
  return openSocket(`AT+QIOPEN=1,${id},"UDP","${address}",${port},0,0`, id, networkTimeout, opened);
}

function send(id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] {
  const line = hexLine(`AT+QISENDEX=${id},"`, bytes, release ? '",2' : '"');
  return [{ line, timeout: sendTimeout, ends: sent }];
}

function read(id: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+QIRD=${id},${readLimit}`),
      prefix: qird,
      raw: {
        sameLine: false,
        count: (header) => wholeNumber(fieldsOf(header, qird.length)[0]),
        onData: (bytes, missing = 0) => onData({ bytes: bytes.slice(), cut: missing > 0 }),
      },
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, psmPowerDown)) return { kind: "asleep" };
  return socketUrc(line) ?? supplyUrc(line);
}

/** The rate of its UART, and to keep it without power. */
function rate(baud: number): Step[] {
  return [
    { line: ascii(`AT+IPR=${baud}`), optional: true },
    { line: ascii("AT&W"), optional: true },
  ];
}

/** `AT+QPINC="SC"`: `+QPINC: "SC",<tries for the PIN>,<for the PUK>`. */
function pinTries(onTries: (left: number) => void): Step[] {
  return askPinTries('AT+QPINC="SC"', 1, onTries);
}

/** Quectel BG95 and BG77. */
export const bg95: Family = Object.freeze({
  name: "bg95",
  iccid: "AT+QCCID",
  pinTries,
  models: Object.freeze(["BG95", "BG77"]),
  baud: 115_200,
  rate,
  gap: 20,
  urcs: Object.freeze(
    [
      "+QIURC:",
      "+QIOPEN:",
      "+QPSMTIMER:",
      "PSM POWER DOWN",
      "+QUSIM:",
      "+QIND:",
      "+CFUN:",
      "+CEDRXP:",
      ...supplyUrcs,
    ].map(ascii),
  ),
  banners: Object.freeze(["RDY", "APP RDY"].map(ascii)),
  // Long enough to switch the modem on, and too short to switch off one that is on.
  power: Object.freeze({ on: 600, off: 1_000, wake: 600, reset: 2_500, down: 3_000, boot: 15_000 }),
  powerOff: Object.freeze({ line: "AT+QPOWD=1", timeout: 10_000 }),
  sleep: Object.freeze({ wakes: "key", boots: true }),
  technologies: Object.freeze(["nb-iot", "lte-m"] as const),
  cereg: 4,
  cause: askCause,
  cfunTimeout: 30_000,
  persistent,
  radio,
  search: operatorSteps,
  attach,
  signalAndTime,
  cell,
  bands,
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolve(`AT+QIDNSGIP=1,"${name}"`, "+QIURC:", onAddress),
  urc,
  sockets: Object.freeze({
    count: 12,
    largest: 512,
    open,
    close: closeSocket,
    send,
    read,
    readLimit,
  }),
} as const);
