/**
 * The sockets of Quectel's modems, as their TCP/IP manuals describe them: numbered by the host, opened
 * with a result behind OK, and read by command.
 *
 *     AT+QIOPEN=<context>,<id>,"UDP","<address or name>",<port>[,<local port>[,0]]    OK   +QIOPEN: <id>,<error>
 *     +QIURC: "recv",<id>          only for what comes into an empty buffer
 *     AT+QICLOSE=<id>              OK, and on some CLOSE OK behind it
 */
import { integerArgument } from "../at-command";
import type { AtAnswer, AtFailure } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { badParameter, line } from "../commands/common";
import { socketOf } from "../commands/sockets";
import { parseIpv4 } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import type { Endpoint } from "../../radio/link";

/** The error of a name that the network does not know. */
const noSuchName = 565;

/**
 * `AT+QIOPEN` in the family's context.
 *
 * @param opened is told the access mode, 0 for buffer and 1 for direct push; without it there is only 0
 */
export function openRule(
  context: number,
  opened?: (unit: Unit, id: number, access: number | undefined) => void,
): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const id = integerArgument(args[1], 0, unit.sockets.count - 1);
      const host = args[3]?.text ?? "";
      const port = integerArgument(args[4], 1, 65_535);
      const local = args[5] === undefined ? 0 : integerArgument(args[5], 0, 65_535);
      const most = opened === undefined ? 0 : 1;
      const access = args[6] === undefined ? 0 : integerArgument(args[6], 0, most);
      if (integerArgument(args[0], context, context) === undefined || id === undefined) return badParameter;
      if (args[2]?.text !== "UDP" || host === "" || port === undefined) return badParameter;
      if (local === undefined || access === undefined) return badParameter;
      const openTo = (found: string | undefined): string => {
        const error =
          unit.quirks.openingError ??
          (found === undefined ? noSuchName : openSocket(unit, id, { address: found, port }, local));
        if (error === 0) opened?.(unit, id, args[6] === undefined ? undefined : access);
        return `+QIOPEN: ${id},${error}`;
      };
      const address = parseIpv4(host);
      if (address === undefined) {
        return { then: () => unit.network.resolve(host, (found) => unit.urc(openTo(found))) };
      }
      const text = openTo(address);
      if (unit.quirks.urcBeforeOk === true) return { lines: [text] };
      return { then: () => unit.urc(text, unit.random.between(20, 1_500)) };
    },
  };
}

/** The error of `+QIOPEN:`, 0 for none. */
function openSocket(unit: Unit, id: number, peer: Endpoint, local: number): number {
  if (!unit.context.active || !unit.registration.registered) return 561;
  const socket = unit.sockets.create(id);
  if (socket === undefined) return 563;
  if (local !== 0) socket.localPort = local;
  socket.peer = peer;
  unit.socketChanged(id, "connected");
  return 0;
}

/** `AT+QISTATE=1,<id>`: one socket, if there is one; `AT+QISTATE?` and `AT+QISTATE=0,<context>`: all. */
export function stateRule(context: number): CommandRule {
  const told = (socket: UdpSocket | undefined): string[] => {
    if (socket?.peer === undefined) return [];
    const { address, port } = socket.peer;
    return [`+QISTATE: ${socket.id},"UDP","${address}",${port},${socket.localPort},2,${context},0`];
  };
  return {
    run(unit, { form, args }) {
      if (form !== "set" && form !== "read") return undefined;
      if (integerArgument(args[0], 1, 1) !== undefined) return { lines: told(socketOf(unit, args[1])) };
      const ids = Array.from({ length: unit.sockets.count }, (_, id) => id);
      return { lines: ids.flatMap((id) => told(unit.sockets.get(id))) };
    },
  };
}

/** @param closeOk a line of its own follows, and closing what is closed is an error */
export function closeRule(closeOk: boolean): CommandRule {
  return {
    delay: [20, 800],
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const id = integerArgument(args[0], 0, unit.sockets.count - 1);
      if (id === undefined) return badParameter;
      const closed = unit.sockets.close(id);
      if (closed) unit.socketChanged(id, "closed");
      if (!closeOk) return {};
      if (!closed) return { failure: "ERROR" };
      return { then: () => unit.urc("CLOSE OK", unit.random.between(20, 80)) };
    },
  };
}

/**
 * `AT+QISEND=<id>,<length>`, data behind the prompt; 0 bytes ask how many were sent.
 *
 * @param failure how this family tells that it makes no sense
 */
export function promptRule(
  longest: number,
  failure: (unit: Unit) => AtFailure,
  transmit: (unit: Unit, socket: UdpSocket, data: Uint8Array) => AtAnswer,
): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 0, longest);
      if (socket === undefined || length === undefined) return { failure: failure(unit) };
      if (length === 0) return line("+QISEND: 0,0,0");
      const take = (data: Uint8Array) => ({ delay: 30, run: () => transmit(unit, socket, data) });
      return { prompt: { sign: "> ", length, take } };
    },
  };
}

/** Keeps a datagram and hints at it where the buffer was empty. @param showLength how many bytes, too */
export function keepAndHint(
  unit: Unit,
  socket: UdpSocket,
  datagram: Uint8Array,
  from: Endpoint,
  showLength = false,
): void {
  const wasEmpty = socket.waiting.length === 0;
  if (!unit.sockets.keep(socket, datagram, from)) return unit.urc(`+QIURC: "recv",${socket.id},"buff full"`);
  if (wasEmpty) unit.urc(`+QIURC: "recv",${socket.id}${showLength ? `,${datagram.length}` : ""}`);
}

/**
 * `AT+QIDNSGIP=<context>,"<name>"`: OK, and behind it how many addresses there are, then each.
 *
 *     +QIDNSGIP: 0,1,300   +QIDNSGIP: 203.0.113.5           BC660K, its address in quotes or not
 *     +QIURC: "dnsgip",0,1,300   +QIURC: "dnsgip","203.0.113.5"     BC66, BG95
 *     565 in place of 0,1,300: there is no such name
 */
export function nameRule(context: number, head: string, quotes: (unit: Unit) => boolean): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (integerArgument(args[0], context, context) === undefined) return badParameter;
      if (!unit.context.active) return { failure: unit.socketFailure };
      const tell = (address: string | undefined): void => {
        if (address === undefined) return unit.urc(`${head}565`);
        unit.urc(`${head}0,1,300`);
        unit.urc(`${head}${quotes(unit) ? `"${address}"` : address}`);
      };
      return { then: () => unit.network.resolve(args[1].text, tell) };
    },
  };
}
