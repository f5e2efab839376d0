/**
 * The sockets of Quectel's modems, as their TCP/IP manuals describe them: numbered by the host, opened
 * with a result behind OK, and read by command.
 *
 *     AT+QIOPEN=<context>,<id>,"UDP","<address>",<port>[,<local port>[,0]]    OK   +QIOPEN: <id>,<error>
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
      const address = parseIpv4(args[3]?.text ?? "");
      const port = integerArgument(args[4], 1, 65_535);
      const local = args[5] === undefined ? 0 : integerArgument(args[5], 0, 65_535);
      const most = opened === undefined ? 0 : 1;
      const access = args[6] === undefined ? 0 : integerArgument(args[6], 0, most);
      if (integerArgument(args[0], context, context) === undefined || id === undefined) return badParameter;
      if (args[2]?.text !== "UDP" || address === undefined || port === undefined) return badParameter;
      if (local === undefined || access === undefined) return badParameter;
      const error = unit.quirks.openingError ?? openSocket(unit, id, { address, port }, local);
      if (error === 0) opened?.(unit, id, args[6] === undefined ? undefined : access);
      const text = `+QIOPEN: ${id},${error}`;
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

/** `AT+QISTATE=1,<id>`: one socket, if there is one. */
export function stateRule(context: number): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 1, 1) === undefined) return undefined;
      const socket = socketOf(unit, args[1]);
      if (socket?.peer === undefined) return {};
      const { address, port } = socket.peer;
      return {
        lines: [`+QISTATE: ${socket.id},"UDP","${address}",${port},${socket.localPort},2,${context},0`],
      };
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

/** `+QIRD: <length>` and the bytes on the next line. */
export function rawAnswer(bytes: Uint8Array): AtAnswer {
  return { raw: { head: `+QIRD: ${bytes.length}\r\n`, data: bytes, tail: "\r\n" } };
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
