/** What the families' socket commands have in common: the socket that an argument names, its end, a read. */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
import type { UdpSocket } from "../udp-sockets";
import { done } from "./common";

/** The open socket that an argument names. */
export function socketOf(unit: Unit, argument: AtArgument | undefined): UdpSocket | undefined {
  const id = integerArgument(argument, 0, unit.sockets.count - 1);
  return id === undefined ? undefined : unit.sockets.get(id);
}

/** A rule for `AT+X=<id>`, which closes that socket. @param delay ms until the answer, from and to */
export function closes(delay?: readonly [number, number]): CommandRule {
  return {
    delay,
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      if (socket === undefined) return { failure: unit.socketFailure };
      unit.sockets.close(socket.id);
      unit.socketChanged(socket.id, "closed");
      return done;
    },
  };
}

/** What a read brings of the bytes that its header announces: all, or as the quirk `shortReads` has it. */
export function broughtOf(unit: Unit, announced: Uint8Array): Uint8Array {
  if (unit.quirks.shortReads !== true) return announced;
  return announced.subarray(0, announced.length - Math.ceil(announced.length / 4));
}

/** The oldest datagram, or as much of it as is asked for; the rest stays. */
export function takeWaiting(socket: UdpSocket, length: number): Uint8Array | undefined {
  const first = socket.waiting.shift();
  if (first === undefined) return undefined;
  const part = first.bytes.subarray(0, length);
  if (part.length < first.bytes.length) {
    socket.waiting.unshift({ bytes: first.bytes.subarray(part.length), from: first.from });
  }
  return part;
}
