/**
 * The sockets of Quectel's modems: the host numbers them, they open with a line behind OK, and keep what
 * they receive.
 *
 *     AT+QIOPEN=1,0,"UDP","203.0.113.5",5683      OK    +QIOPEN: 0,0
 *     +QIURC: "recv",0
 */
import { ascii, equals, startsWith } from "../../text/ascii";
import { fieldsOf, wholeNumber } from "../at/fields";
import type { AtResult } from "../at/engine";
import type { ModemUrc } from "./family";
import type { Step } from "../at/script";

const qiurc = ascii("+QIURC:");
const qiopen = ascii("+QIOPEN:");
const sendOk = ascii("SEND OK");
const sendFail = ascii("SEND FAIL");
const ordinaryTimeout = 10_000;

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
        return code === 0 ? { kind: "ok" } : { kind: "error", code };
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
      prefix: ascii("+QISTATE:"),
      optional: true,
      onLine: (line) => {
        if (wholeNumber(fieldsOf(line, 9)[0]) === id) alive();
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
