/**
 * The sockets of BC95 and SARA-N2: numbered by the modem, not connected to anybody.
 *
 *     AT+NSOCR=DGRAM,17,<local port>[,<receives>]                <id>
 *     AT+NSOST=<id>,<address>,<port>,<length>,<hex>              <id>,<length>
 *     AT+NSOSTF=<id>,<address>,<port>,<flag>,<length>,<hex>      the same; BC95-G takes a number behind, and
 *                                                                tells with it what has left the radio
 *     AT+NSORF=<id>,<length>                                     <id>,<address>,<port>,<length>,<hex>,<left>
 *     +NSONMI:<id>,<length>                                      for each datagram; or for the first, and for the
 *                                                                next once that was read
 *
 * `<left>` is of the datagram that is read: 0 whatever else waits. Once a datagram has been fully read, +NSONMI tells of the
 * next: so says at.go of lab5e/at, a driver for SARA-N211, and so does the firmware of XinYi's XY1100, which has the same
 * commands. SARA-N2 puts quotes around address and digits.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import { badParameter, done, line } from "../commands/common";
import { broughtOf, socketOf, takeWaiting } from "../commands/sockets";
import { drawn } from "../draw";
import type { CommandRule, Unit } from "../family";
import { formatHex, parseHex, parseIpv4 } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import type { Endpoint } from "../../radio/link";

/** Most bytes that any firmware takes or gives at once. */
const longest = 1_358;
/** Flags of NSOSTF: an exception message, release behind this, release behind the answer. */
const flags: Readonly<Record<number, 0 | 1 | 2>> = { 0: 0, 0x100: 0, 0x200: 1, 0x400: 2 };
/** Not a socket that was created: 530, as dan-leo/masters logged it of AT+NSOCL. */
const notASocket: AtAnswer = { failure: { cme: 530 } };
const noService: AtAnswer = { failure: { cme: 30 } };

/** Sends `<id>,<address>,<port>,[<flag>,]<length>,<hex>[,<sequence>]`. */
function sendTo(unit: Unit, args: readonly AtArgument[], withFlag: boolean): AtAnswer {
  const socket = socketOf(unit, args[0]);
  const address = parseIpv4(args[1]?.text ?? "");
  const port = integerArgument(args[2], 1, 65_535);
  const at = withFlag ? 4 : 3;
  const flag = withFlag ? flags[Number(args[3]?.text)] : 0;
  const length = integerArgument(args[at], 1, longest);
  const data = parseHex(args[at + 1]?.text ?? "");
  const sequence = args[at + 2] === undefined ? 0 : integerArgument(args[at + 2], 0, 255);
  if (socket === undefined) return notASocket;
  if (address === undefined || port === undefined) return badParameter;
  if (flag === undefined || sequence === undefined || data?.length !== length) return badParameter;
  if (!unit.registration.registered) return noService;
  socket.peer = { address, port };
  unit.settings.rai = flag;
  unit.send(socket, data!);
  const then = sequence === 0 ? undefined : () => unit.urc(`+NSOSTR: ${socket.id},${sequence},1`, 300);
  return { lines: [`${socket.id},${length}`], then };
}

/** @param quote what stands around an address and digits */
export function socketsOfBc95(quote: string): Readonly<Record<string, CommandRule>> {
  return {
    "+NSOCR": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        const local = integerArgument(args[2], 0, 65_535);
        const udp = args[0]?.text.toUpperCase() === "DGRAM" && integerArgument(args[1], 17, 17) === 17;
        if (!udp || local === undefined) return badParameter;
        if (!unit.registration.registered) return noService;
        const socket = unit.sockets.create();
        if (socket === undefined) return { failure: unit.socketFailure };
        if (local !== 0) socket.localPort = local;
        unit.socketChanged(socket.id, "created");
        return line(String(socket.id));
      },
    },
    "+NSOST": { run: (unit, { form, args }) => (form === "set" ? sendTo(unit, args, false) : undefined) },
    "+NSOSTF": { run: (unit, { form, args }) => (form === "set" ? sendTo(unit, args, true) : undefined) },
    "+NSORF": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        const socket = socketOf(unit, args[0]);
        const length = integerArgument(args[1], 1, longest);
        if (socket === undefined) return notASocket;
        if (length === undefined) return badParameter;
        const [first] = socket.waiting;
        const part = takeWaiting(socket, length);
        if (part === undefined) return done;
        const { from, bytes } = first;
        const digits = `${quote}${formatHex(broughtOf(unit, part))}${quote}`;
        const address = `${quote}${from.address}${quote}`;
        const left = bytes.length - part.length;
        const answer = `${socket.id},${address},${from.port},${part.length},${digits},${left}`;
        const next = left === 0 && !drawn(unit, "each") ? socket.waiting[0] : undefined;
        return { lines: [answer], then: next && (() => announce(unit, socket, next.bytes.length)) };
      },
    },
    "+NSOCL": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        const socket = socketOf(unit, args[0]);
        if (socket === undefined) return notASocket;
        unit.sockets.close(socket.id);
        unit.socketChanged(socket.id, "closed");
        return done;
      },
    },
    // Numbered messages that have not left yet: here each leaves at once.
    "+NQSOS": {
      run(unit, { form, args }) {
        if (form !== "set" && form !== "read") return undefined;
        return args.some((argument) => socketOf(unit, argument) === undefined) ? notASocket : done;
      },
    },
  };
}

function announce(unit: Unit, { id }: UdpSocket, length: number): void {
  unit.urc(`+NSONMI: ${id},${length}`);
}

/** A datagram has come: it is kept, and hinted at. */
export function deliverToBc95(unit: Unit, socket: UdpSocket, datagram: Uint8Array, from: Endpoint): void {
  const wasEmpty = socket.waiting.length === 0;
  if (!unit.sockets.keep(socket, datagram, from)) return;
  if (wasEmpty || drawn(unit, "each")) announce(unit, socket, datagram.length);
}
