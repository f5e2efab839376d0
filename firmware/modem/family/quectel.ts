/**
 * The sockets of Quectel's modems: the host numbers them, they open with a line behind OK, and keep what
 * they receive.
 *
 *     AT+QIOPEN=1,0,"UDP","203.0.113.5",5683      OK    +QIOPEN: 0,0
 *     +QIURC: "recv",0
 */
import { ascii, equals, startsWith } from "../../text/ascii";
import { fieldsOf, wholeNumber } from "../at/fields";
import { resolveSteps } from "../at/resolve";
import type { AtResult } from "../at/engine";
import type { Cell, ModemUrc } from "./family";
import type { Step } from "../at/script";

const qiurc = ascii("+QIURC:");
const qiopen = ascii("+QIOPEN:");
const qistate = ascii("+QISTATE:");
const sendOk = ascii("SEND OK");
const sendFail = ascii("SEND FAIL");
const ordinaryTimeout = 10_000;

/** Result codes of the TCP/IP commands. */
const meanings: Readonly<Record<number, string>> = Object.freeze({
  550: "unknown error",
  551: "operation blocked",
  552: "wrong parameter",
  553: "out of memory",
  554: "no socket could be made",
  555: "operation not supported",
  556: "no socket could be bound",
  557: "no socket could listen",
  558: "write failed",
  559: "read failed",
  560: "accept failed",
  561: "no context could be opened",
  562: "no context could be closed",
  563: "socket in use",
  564: "DNS busy",
  565: "DNS failed",
  566: "connection failed",
  567: "socket closed",
  568: "operation busy",
  569: "timed out",
  570: "context lost",
  571: "sending cancelled",
  572: "operation not allowed",
  573: "no access point name",
  574: "port busy",
});

/** Opens a socket by this command, whose result comes as `+QIOPEN: <id>,<error>` within `timeout` ms. */
export function openSocket(
  command: string,
  id: number,
  timeout: number,
  opened: (id: number) => void,
): Step[] {
  return [
    {
      line: ascii(command),
      timeout,
      also: (line) => {
        if (!startsWith(line, qiopen)) return undefined;
        const fields = fieldsOf(line, qiopen.length);
        if (wholeNumber(fields[0]) !== id) return undefined;
        const code = wholeNumber(fields[1]);
        return code === 0 ? { kind: "ok" } : { kind: "error", code, meaning: meanings[code ?? 550] };
      },
      ask: {
        line: ascii(`AT+QISTATE=1,${id}`),
        prefix: qistate,
        // +QISTATE: <id>,"UDP","<address>",<port>,<local port>,<state>,…
        tells: (line) => {
          const fields = fieldsOf(line, qistate.length);
          return wholeNumber(fields[0]) === id && fields[5] === "2" ? { kind: "ok" } : undefined;
        },
      },
      onOk: () => opened(id),
    },
  ];
}

/** `CLOSE OK` follows the OK some time later, or does not: nothing waits for it. */
export function closeSocket(id: number): Step[] {
  return [{ line: ascii(`AT+QICLOSE=${id}`), optional: true, timeout: ordinaryTimeout }];
}

/** `+QISTATE: <id>,"UDP","<address>",<port>,<local port>,<state>,…`: a line when there is such a socket. */
export function survival(id: number, alive: () => void): Step[] {
  return [
    {
      line: ascii(`AT+QISTATE=1,${id}`),
      prefix: qistate,
      optional: true,
      onLine: (line) => {
        if (wholeNumber(fieldsOf(line, qistate.length)[0]) === id) alive();
      },
    },
  ];
}

/**
 * The address of a name. Some firmwares say `+QIURC: "dnsgip",<error>,<count>,<seconds>` and a line for each
 * address, others the same as `+QIDNSGIP: `.
 */
export function resolve(command: string, prefix: string, onAddress: (address: string) => void): Step[] {
  return resolveSteps(command, prefix, failed, onAddress);
}

function failed(fields: readonly string[]): boolean {
  const code = wholeNumber(fields[0] === "dnsgip" ? fields[1] : fields[0]);
  return code !== undefined && code !== 0;
}

/** `+QENG: 0,<earfcn>,<offset>,<pci>,"<cell>",<rsrp>,<rsrq>,<rssi>,<snr>,<band>,"<area>",<ecl>,…` */
export function cell(onCell: (part: Cell) => void): Step[] {
  return [
    {
      line: ascii("AT+QENG=0"),
      prefix: ascii("+QENG:"),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, 6);
        // Neighbours have a 1 in front.
        if (fields[0] !== "0" || fields.length < 12) return;
        onCell({
          cellId: fields[4],
          rsrp: wholeNumber(fields[5]),
          rsrq: wholeNumber(fields[6]),
          snr: wholeNumber(fields[8]),
          band: wholeNumber(fields[9]),
          ecl: wholeNumber(fields[11]),
        });
      },
    },
  ];
}

/** The line that ends a send, behind OK or in its place. */
export function sent(line: Uint8Array): AtResult | undefined {
  return equals(line, sendOk) ? { kind: "ok" } : equals(line, sendFail) ? { kind: "error" } : undefined;
}

/** `+QIURC: "recv",<id>`, `"closed",<id>`, `"pdpdeact",<context>` */
export function socketUrc(line: Uint8Array): ModemUrc | undefined {
  if (!startsWith(line, qiurc)) return undefined;
  const fields = fieldsOf(line, qiurc.length);
  if (fields[0] === "pdpdeact") return { kind: "no-context" };
  const socket = wholeNumber(fields[1]);
  if (socket === undefined) return undefined;
  if (fields[0] === "recv") return { kind: "data", socket };
  return fields[0] === "closed" ? { kind: "closed", socket, reason: "network" } : undefined;
}
