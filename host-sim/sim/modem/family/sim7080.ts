/**
 * SIMCom SIM7080G, as its AT manual (V1.05) and the notes on TCP/UDP (V1.03) and low power (V1.02)
 * describe it.
 *
 *     AT+CNACT=0,1       OK, then +APP PDP: 0,ACTIVE: sockets need it
 *     AT+CAOPEN=0,0,..   +CAOPEN: 0,<result> before OK; with ASYNCOPEN, or by firmware, behind it
 *     AT+CASEND=0,<n>    a prompt, n bytes, OK
 *     +CADATAIND: 0      AT+CARECV=0,<n> answers +CARECV: <length>,<bytes> on one line
 *
 * Left open by the documents, and drawn for each modem: the order of CAOPEN's lines; its result without a
 * context (21, or 1 as in TinyGSM issue 829); whether hints come for each datagram or for the first into
 * an empty buffer; whether `+CASEND: <id>,<result>,<length>` is said of a datagram sent, as older firmware
 * did (TinyGSM, TinyGsmClientSim7000SSL.h), and newer does not (LilyGo-Modem-Series issue 418); whether
 * a read keeps to datagram borders, see `takeReceived`.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family, Unit } from "../family";
import { apnOf } from "../commands/arguments";
import { badParameter, done, line, modelCommands } from "../commands/common";
import { usualCommands } from "../commands/context";
import { closes, socketOf } from "../commands/sockets";
import { drawn } from "../draw";
import { parseIpv4 } from "../udp-sockets";
import {
  bootLte,
  goodbye,
  laterCommands,
  lteCommands,
  lteFactory,
  lteTraits,
  simcomCommands,
  takeReceived,
} from "./simcom";

const longestDatagram = 1_459;

const socketCommands: Record<string, CommandRule> = {
  "+CNCFG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+CNCFG: 0,1,"${own.get("cncfg")}","","",0`);
      if (form !== "set") return undefined;
      if (integerArgument(args[0], 0, 3) === undefined || integerArgument(args[1], 0, 4) === undefined)
        return badParameter;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (args[0].text === "0") own.set("cncfg", apn);
      return done;
    },
  },
  "+CNACT": {
    run(unit, { form, args }) {
      const address = unit.context.active ? unit.registration.grant?.address : "0.0.0.0";
      if (form === "read") {
        const others = [1, 2, 3].map((id) => `+CNACT: ${id},0,"0.0.0.0"`);
        return { lines: [`+CNACT: 0,${Number(unit.context.active)},"${address}"`, ...others] };
      }
      if (form !== "set" || integerArgument(args[0], 0, 3) !== 0)
        return form === "set" ? badParameter : undefined;
      const on = integerArgument(args[1], 0, 2);
      if (on === undefined) return badParameter;
      if (on === 0) {
        unit.context.active = false;
        return { then: () => unit.urc("+APP PDP: 0,DEACTIVE", 50) };
      }
      if (unit.context.active) return { failure: "ERROR" };
      const fine = unit.registration.registered;
      const delay = unit.random.between(100, 3_000);
      unit.later(delay, () => {
        unit.context.active = fine && unit.registration.registered;
        unit.urc(`+APP PDP: 0,${unit.context.active ? "ACTIVE" : "DEACTIVE"}`);
      });
      return done;
    },
  },
  "+CAOPEN": {
    delay: [20, 600],
    run(unit, { form, args }) {
      if (form === "read") return { lines: openSockets(unit) };
      if (form !== "set") return undefined;
      const id = integerArgument(args[0], 0, unit.sockets.count - 1);
      const address = parseIpv4(args[3]?.text ?? "");
      const port = integerArgument(args[4], 1, 65_535);
      if (id === undefined || integerArgument(args[1], 0, 3) === undefined || args.length !== 5)
        return badParameter;
      if (args[2]?.text !== "UDP" || address === undefined || port === undefined) return badParameter;
      const text = `+CAOPEN: ${id},${openSocket(unit, id, { address, port })}`;
      const before = drawn(unit, "openfirst") !== (unit.quirks.urcBeforeOk === true);
      return before ? line(text) : { then: () => unit.urc(text, unit.random.between(10, 400)) };
    },
  },
  "+CASEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestDatagram);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      const take = (data: Uint8Array) => ({
        delay: 30,
        run: () => {
          if (!unit.registration.registered || !unit.context.active) return { failure: unit.socketFailure };
          unit.send(socket, data);
          return drawn(unit, "sendline") ? line(`+CASEND: ${socket.id},0,${length}`) : done;
        },
      });
      return { prompt: { sign: unit.random.chance(0.5) ? "> " : ">", length, take } };
    },
  },
  "+CARECV": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, 1_460);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      const data = takeReceived(unit, socket, length);
      if (data.length === 0) return line("+CARECV: 0");
      return { raw: { head: `+CARECV: ${data.length},`, data, tail: "\r\n" } };
    },
  },
  "+CACLOSE": closes([20, 600]),
};

function openSockets(unit: Unit): string[] {
  const lines: string[] = [];
  for (let id = 0; id < unit.sockets.count; id++) {
    const peer = unit.sockets.get(id)?.peer;
    if (peer !== undefined) lines.push(`+CAOPEN: ${id},0,"UDP","${peer.address}",${peer.port}`);
  }
  return lines;
}

/** CAOPEN's result: 0 opened, 1 socket error (in use), 21 the network is not active. */
function openSocket(unit: Unit, id: number, peer: { address: string; port: number }): number {
  if (!unit.context.active || !unit.registration.registered) return drawn(unit, "inactive") ? 21 : 1;
  const socket = unit.sockets.create(id);
  if (socket === undefined) return 1;
  socket.peer = peer;
  unit.socketChanged(id, "connected");
  return 0;
}

export const sim7080: Family = {
  ...lteTraits,
  name: "sim7080",
  power: { key: { on: 1_000, off: 1_200 }, wake: 1_000, boot: [2_000, 4_000], down: [1_500, 2_500], goodbye },
  commands: new Map(
    Object.entries({
      ...usualCommands,
      ...simcomCommands,
      ...lteCommands,
      ...laterCommands,
      ...socketCommands,
      ...modelCommands(["R1951.01"], "SIMCOM_SIM7080G", "Revision:1951B16SIM7080"),
    }),
  ),
  sockets: 13,
  nvram: () => lteFactory({ catm: "1,2,3,4,5,8,12,13,18,19,20,25,26,28,66", cncfg: "" }),
  onBoot: (unit) => bootLte(unit, ["openfirst", "inactive", "sendline"]),
  contextLost: () => ["+APP PDP: 0,DEACTIVE"],
  deliver(unit, socket, datagram, from) {
    const wasEmpty = socket.waiting.length === 0;
    if (!unit.sockets.keep(socket, datagram, from)) return unit.urc('+CAURC: "buffer full"');
    if (wasEmpty || drawn(unit, "each")) unit.urc(`+CADATAIND: ${socket.id}`);
  },
};
