/**
 * The sockets of u-blox's SARA-R4 and SARA-R5, as u-blox's manual and its Internet applications note have them.
 *
 *     AT+USOCR=17[,<local port>]      +USOCR: <socket>[,<local port>]
 *     AT+USOST                        to an address or a name, hexadecimal in quotes or raw behind `@`
 *     +UUSORF: <socket>,<bytes>       not raised for what comes while a command is worked on
 *     AT+USORF=<socket>,<most>        one datagram; AT+USORF=<socket>,0 how much waits
 *
 * Of a datagram that a read has no room for, SARA-R4 loses the rest and SARA-R5 keeps it, and says so again.
 * Left open by the documents, and drawn for each modem: `+UUSORF` or `+UUSORD`.
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { badParameter, line } from "../commands/common";
import { broughtOf, closes, socketOf, takeWaiting } from "../commands/sockets";
import { drawn } from "../draw";
import { formatHex, parseHex, parseIpv4, waitingBytes } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import type { Endpoint } from "../../radio/link";

/** Most bytes of a datagram, in hexadecimal and in binary. */
const longestHex = 512;
const longestBinary = 1_024;

const failed: AtAnswer = { failure: { cme: 3 } };

function isHex(unit: Unit): boolean {
  return unit.settings.own.get("hex") === "1";
}

function transmit(unit: Unit, socket: UdpSocket, to: Endpoint, data: Uint8Array): AtAnswer {
  if (!unit.registration.registered) return { failure: unit.socketFailure };
  socket.peer = to;
  unit.send(socket, data);
  return line(`+USOST: ${socket.id},${data.length}`);
}

/** The same to a host that may be given by its name, which is asked for first. */
function transmitTo(unit: Unit, socket: UdpSocket, host: string, port: number, data: Uint8Array): AtAnswer {
  const address = parseIpv4(host);
  if (address !== undefined) return transmit(unit, socket, { address, port }, data);
  return {
    wait: (done) =>
      unit.network.resolve(host, (found) =>
        done(found === undefined ? failed : transmit(unit, socket, { address: found, port }, data)),
      ),
  };
}

/** Release assistance by the flag of `AT+USOSTF`: 1 for nothing more to come, 2 for one answer. */
const assistance: Readonly<Record<string, 0 | 1 | 2>> = { "0": 0, "1": 1, "2": 2 };

const sending: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set") return undefined;
    const socket = socketOf(unit, args[0]);
    const host = args[1]?.text ?? "";
    const port = integerArgument(args[2], 1, 65_535);
    if (socket === undefined) return { failure: unit.socketFailure };
    if (host === "" || port === undefined) return badParameter;
    if (args.length === 5) {
      const length = integerArgument(args[3], 1, longestHex);
      const data = isHex(unit) && args[4].quoted ? parseHex(args[4].text) : undefined;
      if (data === undefined || data.length !== length) return badParameter;
      return transmitTo(unit, socket, host, port, data);
    }
    const length = integerArgument(args[3], 1, longestBinary);
    if (length === undefined || args.length !== 4) return badParameter;
    const take = (data: Uint8Array) => ({
      delay: 50,
      run: () => transmitTo(unit, socket, host, port, data),
    });
    return { prompt: { sign: "@", length, take } };
  },
};

/** Of SARA-R5: the socket, the address, the port, the flag, the length, the data. */
export const assistedSending: CommandRule = {
  run(unit, command) {
    const { form, args } = command;
    if (form !== "set") return undefined;
    unit.settings.rai = assistance[args[3]?.text ?? ""] ?? 0;
    return sending.run(unit, { ...command, args: [...args.slice(0, 3), ...args.slice(4)] });
  },
};

/** @param keepsRest what a read leaves of a datagram stays, and is announced again */
export function socketCommands(keepsRest: boolean): Record<string, CommandRule> {
  return {
    "+USOCR": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        if (integerArgument(args[0], 17, 17) === undefined) return badParameter;
        if (!unit.registration.registered || !unit.context.active) return { failure: unit.socketFailure };
        const socket = unit.sockets.create();
        if (socket === undefined) return { failure: unit.socketFailure };
        const local = integerArgument(args[1], 1, 65_535);
        if (local !== undefined) socket.localPort = local;
        unit.socketChanged(socket.id, "created");
        return line(`+USOCR: ${socket.id}${local === undefined ? "" : `,${local}`}`);
      },
    },
    "+USOST": sending,
    "+USORF": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        const socket = socketOf(unit, args[0]);
        const length = integerArgument(args[1], 0, longestBinary);
        if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
        if (length === 0) return line(`+USORF: ${socket.id},${waitingBytes(socket)}`);
        const first = socket.waiting[0];
        if (first === undefined) return failed;
        const whole = first.bytes.length <= length;
        const part = takeWaiting(socket, length)!;
        if (!whole && !keepsRest) socket.waiting.shift();
        const head = `+USORF: ${socket.id},"${first.from.address}",${first.from.port},${part.length},"`;
        const then = keepsRest && socket.waiting.length > 0 ? () => hint(unit, socket) : undefined;
        const brought = broughtOf(unit, part);
        if (isHex(unit)) return { ...line(`${head}${formatHex(brought)}"`), then };
        return { raw: { head, data: brought, tail: '"\r\n' }, then };
      },
    },
    "+USOCL": closes([20, 600]),
    "+USOER": { run: (_, { form }) => (form === "execute" ? line("+USOER: 0") : undefined) },
    "+UDNSRN": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        const name = args[1]?.text ?? "";
        if (integerArgument(args[0], 0, 0) === undefined || name === "") return badParameter;
        if (!unit.registration.registered || !unit.context.active) return failed;
        return {
          wait: (done) =>
            unit.network.resolve(name, (found) =>
              done(found === undefined ? failed : line(`+UDNSRN: "${found}"`)),
            ),
        };
      },
    },
    "+UDCONF": {
      run(unit, { form, args }) {
        if (form !== "set" || integerArgument(args[0], 1, 1) === undefined) return undefined;
        if (args.length === 1) return line(`+UDCONF: 1,${Number(isHex(unit))}`);
        const hex = integerArgument(args[1], 0, 1);
        if (hex === undefined) return badParameter;
        unit.settings.own.set("hex", String(hex));
        unit.nvram.own.set("hex", String(hex));
        return {};
      },
    },
  };
}

function hint(unit: Unit, socket: UdpSocket): void {
  unit.urc(`${drawn(unit, "uusorf") ? "+UUSORF" : "+UUSORD"}: ${socket.id},${waitingBytes(socket)}`);
}

/** A datagram has come for this socket. */
export function deliver(unit: Unit, socket: UdpSocket, datagram: Uint8Array, from: Endpoint): void {
  if (!unit.sockets.keep(socket, datagram, from)) return;
  // What comes in the middle of a command is not announced.
  if (!unit.responder.busy) hint(unit, socket);
}
