/**
 * The sockets of BC66 and BC660K, after Quectel's TCP/IP application notes for them (BC660K-GL: V1.1,
 * V1.2).
 *
 *     AT+QISEND=<id>,<length>                           BC66, data behind the prompt
 *     AT+QISENDEX=<id>,<length>,<hex>                   BC66
 *     AT+QISEND=<id>,<length>,"<data>"[,<rai>]          BC660K; 0 bytes ask how many were sent
 *         OK, and SEND OK some time behind it
 *     AT+QIRD=<id>,<1..512>
 *         +QIRD: <length>[,<left>] CR LF <data>         dataformat, viewmode and showlength say how
 *         +QIRD: <length>[,<left>],<data>
 *     +QIURC: "recv",<id>[,<length>]                    for what comes into an empty buffer
 *     +QIURC: "recv",<id>,<length>,<data>               direct push
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { badParameter, line } from "../commands/common";
import { broughtOf, socketOf, takeWaiting } from "../commands/sockets";
import { formatHex, parseHex, waitingBytes } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import type { Endpoint } from "../../radio/link";
import { drawn, isConfigured, isOlder } from "./bc66-firmware";
import { closeRule, keepAndHint, openRule, promptRule, stateRule } from "./quectel-sockets";

const longestHex = 512;
const longestHexOfBc660k = 1_024;
const longestBinary = 1_358;
/** Most that is read at once: a datagram that is longer comes in parts. */
const longestRead = 512;

/** `OK`, and `SEND OK` some time behind it. */
function transmit(unit: Unit, socket: UdpSocket, data: Uint8Array): AtAnswer {
  const fine = unit.registration.registered && unit.context.active;
  if (fine) unit.send(socket, data);
  const text = fine ? "SEND OK" : "SEND FAIL";
  if (unit.quirks.urcBeforeOk === true) return { lines: [text] };
  return { then: () => unit.urc(text, unit.random.between(20, 120)) };
}

/** Whether what a socket receives is pushed. */
const pushKey = (id: number): string => `push/${id}`;

function open(context: number): CommandRule {
  return openRule(context, (unit, id, access) => {
    const push = access === undefined ? drawn(unit, "pushes") : access === 1;
    unit.nvram.own.set(pushKey(id), push ? "1" : "0");
  });
}

/** @param quote what stands around data on the header's line */
function readRule(quote: string, isOneLine: (unit: Unit) => boolean): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestRead);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      if (unit.nvram.own.get(pushKey(socket.id)) === "1") return { failure: unit.socketFailure };
      const bytes = takeWaiting(socket, length);
      if (bytes === undefined) return line("+QIRD: 0");
      const left = isConfigured(unit, "showlength", "1") ? `,${waitingBytes(socket)}` : "";
      const header = `+QIRD: ${bytes.length}${left}`;
      const oneLine = isOneLine(unit);
      const brought = broughtOf(unit, bytes);
      if (!readsHex(unit)) {
        const head = oneLine ? `${header},${quote}` : `${header}\r\n`;
        return { raw: { head, data: brought, tail: oneLine ? `${quote}\r\n` : "\r\n" } };
      }
      const text = formatHex(brought);
      return { lines: oneLine ? [`${header},${quote}${text}${quote}`] : [header, text] };
    },
  };
}

function readsHex(unit: Unit): boolean {
  return isConfigured(unit, "dataformat", "0,1") || isConfigured(unit, "dataformat", "1,1");
}

/** A datagram has come: pushed, or kept and hinted at. */
export function deliver(unit: Unit, socket: UdpSocket, datagram: Uint8Array, from: Endpoint): void {
  if (unit.nvram.own.get(pushKey(socket.id)) !== "1") {
    return keepAndHint(unit, socket, datagram, from, isConfigured(unit, "showlength", "1"));
  }
  const data = readsHex(unit) ? formatHex(datagram) : "…";
  unit.urc(`+QIURC: "recv",${socket.id},${datagram.length},"${data}"`);
}

export const socketsOfBc66: Readonly<Record<string, CommandRule>> = {
  "+QIOPEN": open(1),
  "+QISTATE": stateRule(1),
  "+QICLOSE": closeRule(true),
  "+QISEND": promptRule(longestBinary, (unit) => unit.socketFailure, transmit),
  "+QISENDEX": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestHex);
      const quotes = !isOlder(unit) && drawn(unit, "quotes");
      const data = args[2]?.quoted === quotes ? parseHex(args[2].text) : undefined;
      if (socket === undefined || data === undefined || data.length !== length) {
        return { failure: unit.socketFailure };
      }
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": readRule("", (unit) => isConfigured(unit, "viewmode", "1")),
};

export const socketsOfBc660k: Readonly<Record<string, CommandRule>> = {
  "+QIOPEN": open(0),
  "+QISTATE": stateRule(0),
  "+QICLOSE": closeRule(true),
  "+QISEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestHexOfBc660k);
      const rai = args[3] === undefined ? 0 : integerArgument(args[3], 0, 2);
      if (socket === undefined || rai === undefined) return { failure: unit.socketFailure };
      // Without dataformat the text itself is the data: nothing here sends such.
      const hex = isConfigured(unit, "dataformat", "1,0") || isConfigured(unit, "dataformat", "1,1");
      const data = hex && args[2]?.quoted === true ? parseHex(args[2].text) : undefined;
      if (data === undefined || data.length !== length) return badParameter;
      unit.settings.rai = rai as 0 | 1 | 2;
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": readRule('"', (unit) =>
    isConfigured(unit, "viewmode", !isOlder(unit) && drawn(unit, "oneline0") ? "0" : "1"),
  ),
};
