/**
 * The SIM7020's socket commands, UDP over IPv4.
 *
 *     AT+CSOC=1,2,1                     +CSOC: <id>
 *     AT+CSOB=<id>,<local port>
 *     AT+CSOCON=<id>,<port>,"<address>"
 *     AT+CSOSEND=<id>,<hex digits>,<hex>          or <id>,0,"<text>"
 *     AT+CSOSTATUS=<id>                 +CSOSTATUS: <id>,<0 none, 1 created, 2 connected>
 *     AT+CSOCL=<id>
 */
import { integerArgument } from "../at-command";
import type { AtArgument, AtCommand } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { closes, socketOf } from "../commands/sockets";
import { keeps, line } from "../commands/common";
import { drawn } from "../draw";
import { formatHex, parseHex, parseIpv4 } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import { nameServers, resolvesNames } from "./simcom-commands";

/** The most bytes in one CSOSEND. */
const longestDatagram = 512;

/** A rule for a set command whose first argument names an open socket. */
function onSocket(
  delay: readonly [number, number] | undefined,
  run: (unit: Unit, socket: UdpSocket, args: readonly AtArgument[]) => AtAnswer,
): CommandRule {
  return {
    delay,
    run(unit, { form, args }) {
      // What the read forms of these tell is of no use to anybody.
      if (form === "read") return {};
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      return socket === undefined ? failed(unit) : run(unit, socket, args);
    },
  };
}

export const socketCommands: Record<string, CommandRule> = {
  "+CSOC": {
    run(unit, { form, args }: AtCommand) {
      if (form === "read") return { lines: openIds(unit).map((id) => `+CSOC: ${id},1,2,1`) };
      if (form !== "set") return undefined;
      const udpOverIpv4 =
        integerArgument(args[0], 1, 1) === 1 &&
        integerArgument(args[1], 2, 2) === 2 &&
        integerArgument(args[2], 1, 1) === 1;
      if (!udpOverIpv4 || args.length > 4 || !unit.registration.registered) return failed(unit);
      const socket = unit.sockets.create();
      if (socket === undefined) return failed(unit);
      unit.socketChanged(socket.id, "created");
      return { lines: [`+CSOC: ${socket.id}`] };
    },
  },
  "+CSOB": onSocket(undefined, (unit, socket, args) => {
    const port = integerArgument(args[1], 1, 65_535);
    if (port === undefined || socket.peer !== undefined) return failed(unit);
    const owner = unit.sockets.byPort(port);
    if (owner !== undefined && owner !== socket) return failed(unit);
    socket.localPort = port;
    return {};
  }),
  "+CSOCON": onSocket([20, 300], (unit, socket, args) => {
    const port = integerArgument(args[1], 1, 65_535);
    const address = parseIpv4(args[2]?.text ?? "");
    if (port === undefined || address === undefined || args.length !== 3) return failed(unit);
    if (socket.peer !== undefined) return failed(unit);
    socket.peer = { address, port };
    unit.socketChanged(socket.id, "connected");
    return {};
  }),
  "+CSOSEND": onSocket(undefined, (unit, socket, args) => {
    const length = integerArgument(args[1], 0, 2 * longestDatagram);
    const data = args[2];
    if (length === undefined || data === undefined || args.length !== 3) return failed(unit);
    if (socket.peer === undefined || !unit.registration.registered) return failed(unit);
    const datagram = length === 0 ? textBytes(data) : data.quoted ? undefined : parseHex(data.text);
    if (datagram === undefined || datagram.length === 0) return failed(unit);
    if (length > 0 && data.text.length !== length) return failed(unit);
    unit.send(socket, datagram);
    return {};
  }),
  "+CSOCL": closes(),
  "+CSOSTATUS": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const id = integerArgument(args[0], 0, unit.sockets.count - 1);
      if (id === undefined) return failed(unit);
      const socket = unit.sockets.get(id);
      const status = socket === undefined ? 0 : socket.peer === undefined ? 1 : 2;
      return { lines: [`+CSOSTATUS: ${id},${status}`] };
    },
  },
  // The data behind a prompt. The manual has no OK behind DATA ACCEPT; whether there is one is drawn.
  "+CSODSEND": onSocket(undefined, (unit, socket, args) => {
    const length = integerArgument(args[1], 1, longestDatagram);
    if (length === undefined || socket.peer === undefined || !unit.registration.registered)
      return failed(unit);
    const take = (data: Uint8Array) => ({
      delay: 20,
      run: (): AtAnswer => {
        unit.send(socket, data);
        const accepted = `DATA ACCEPT: ${length}`;
        return drawn(unit, "acceptok") ? line(accepted) : { final: accepted };
      },
    });
    return { prompt: { sign: "> ", length, take } };
  }),
  // Kept without power: 0 has received data come as hex, 1 as it is.
  "+CSORCVFLAG": keeps("+CSORCVFLAG", "rcvflag", ([first]) => {
    const flag = integerArgument(first, 0, 1);
    return flag === undefined ? undefined : String(flag);
  }),
  "+CDNSCFG": nameServers("PrimaryDns", "SecondaryDns"),
  "+CDNSGIP": resolvesNames(true),
};

/** `+CSONMI: <id>,<digits>,<hex>`, or `+CSONMI: <id>,<bytes>,<bytes as they are>`. */
export function received(unit: Unit, socket: UdpSocket, datagram: Uint8Array): string {
  if (unit.nvram.own.get("rcvflag") !== "1") {
    return `+CSONMI: ${socket.id},${2 * datagram.length},${formatHex(datagram)}`;
  }
  let text = "";
  for (const byte of datagram) text += String.fromCharCode(byte);
  return `+CSONMI: ${socket.id},${datagram.length},${text}`;
}

function openIds(unit: Unit): number[] {
  return Array.from({ length: unit.sockets.count }, (_, id) => id).filter((id) => unit.sockets.get(id));
}

function failed(unit: Unit): AtAnswer {
  return { failure: unit.socketFailure };
}

/** The bytes of a quoted text, at most `longestDatagram`. */
function textBytes(data: AtArgument): Uint8Array | undefined {
  if (!data.quoted || data.text.length > longestDatagram) return undefined;
  return Uint8Array.from(data.text, (character) => character.charCodeAt(0));
}
