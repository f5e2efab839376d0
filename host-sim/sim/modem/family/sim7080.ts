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
import { badParameter, done, line, modelCommands, notAllowed } from "../commands/common";
import { usualCommands } from "../commands/context";
import { broughtOf, closes, socketOf } from "../commands/sockets";
import { drawn } from "../draw";
import type { Endpoint } from "../../radio/link";
import { sim7080Manual } from "../manual/sim7080";
import { parseIpv4 } from "../udp-sockets";
import { bootLte, goodbye, laterCommands, lteCommands, lteFactory, lteTraits, takeReceived } from "./simcom";
import { nameServers, resolvesNames, simcomCommands, without } from "./simcom-commands";

const longestDatagram = 1_459;

/**
 * `AT+CGAUTH=<context>,<protocol>,"<password>","<user>"`: in this order, and read without the password. It is kept
 * without power, as the shared rules keep a login: the user in front.
 */
const authentication: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.nvram;
    if (form === "read") {
      const [id = "1", protocol = "0", user = '""'] = own.get("login")?.split(",") ?? [];
      return line(`+CGAUTH: ${id},${protocol}${protocol === "0" ? "" : `,${user}`}`);
    }
    if (form !== "set") return undefined;
    const [id, protocol = "0", password = "", user = ""] = args.map(({ text }) => text);
    own.set("login", `${id},${protocol},"${user}","${password}"`);
    return done;
  },
};

/** What CNCFG keeps of a context: its type, name, user, password and authentication. */
const blankContext = '0,"","","",0';

const urcKinds = ["QUALCOMM", "SYS", "SIMCARD", "SMS", "NETWORK", "TCPIP"];

const socketCommands: Record<string, CommandRule> = {
  "+CGAUTH": authentication,
  // Which kinds of unsolicited lines it says; only what it says from the factory is simulated.
  "+CURCCFG": {
    run(_unit, { form }) {
      if (form === "set") return notAllowed;
      if (form !== "read") return undefined;
      return { lines: urcKinds.map((kind) => `+CURCCFG: "${kind}",${Number(kind !== "QUALCOMM")}`) };
    },
  },
  "+CNCFG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      const ids = [0, 1, 2, 3];
      if (form === "read") {
        return { lines: ids.map((id) => `+CNCFG: ${id},${own.get(`cncfg${id}`) ?? blankContext}`) };
      }
      if (form !== "set") return undefined;
      const id = integerArgument(args[0], 0, 3);
      const type = integerArgument(args[1], 0, 4);
      const apn = apnOf(args[2]);
      if (id === undefined || type === undefined || apn === undefined) return badParameter;
      const [user, password] = [args[3]?.text ?? "", args[4]?.text ?? ""];
      own.set(`cncfg${id}`, `${type},"${apn}","${user}","${password}",${args[5]?.text ?? "0"}`);
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
      if (form === "read")
        return {
          lines: openSockets(
            unit,
            (id, { address, port }) => `+CAOPEN: ${id},0,"UDP","${address}",${port},0`,
          ),
        };
      if (form !== "set") return undefined;
      const id = integerArgument(args[0], 0, unit.sockets.count - 1);
      const port = integerArgument(args[4], 1, 65_535);
      if (id === undefined || integerArgument(args[1], 0, 4) === undefined || port === undefined)
        return badParameter;
      const result = (code: number): string => `+CAOPEN: ${id},${code}`;
      // TCP and data that is pushed are not simulated.
      if (args[2]?.text !== "UDP" || args[5]?.text === "1") return line(result(7));
      const host = args[3]?.text ?? "";
      const address = parseIpv4(host);
      if (address === undefined && unit.context.active) {
        const open = (found: string | undefined): void => {
          const code = found === undefined ? 20 : openSocket(unit, id, { address: found, port });
          unit.urc(result(code));
        };
        return { then: () => unit.network.resolve(host, open) };
      }
      const text = result(openSocket(unit, id, { address: address ?? host, port }));
      const behind = unit.settings.own.get("asyncopen") === "1" || !drawn(unit, "openfirst");
      const before = behind === (unit.quirks.urcBeforeOk === true);
      return before ? line(text) : { then: () => unit.urc(text, unit.random.between(10, 400)) };
    },
  },
  "+CASEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      if (socket !== undefined && args.length === 1) return line(`+CASEND: ${longestDatagram}`);
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
      const brought = broughtOf(unit, data);
      return { raw: { head: `+CARECV: ${data.length},`, data: brought, tail: "\r\n" } };
    },
  },
  "+CACLOSE": closes([20, 600]),
  "+CASTATE": {
    run: (unit, { form }) =>
      form === "read" ? { lines: openSockets(unit, (id) => `+CASTATE: ${id},1`) } : undefined,
  },
  "+CAACK": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      return socketOf(unit, args[0]) === undefined ? { failure: unit.socketFailure } : line("+CAACK: 0,0");
    },
  },
  "+CACID": {
    run: (_unit, { form }) => (form === "read" || form === "set" ? done : undefined),
  },
  // Of its many settings the one that matters for UDP: CAOPEN's result comes behind the OK.
  "+CACFG": {
    run(unit, { form, args }) {
      if (form === "read") {
        return { lines: ["TRANSWAITTM,2", "TRANSPKTSIZE,1320"].map((text) => `+CACFG: ${text}`) };
      }
      if (form !== "set") return undefined;
      if (args[0]?.text === "ASYNCOPEN") unit.settings.own.set("asyncopen", args[1]?.text ?? "0");
      return done;
    },
  },
  // Whether CARECV tells the sender; only that it does not is simulated.
  "+CASRIP": {
    run(_unit, { form, args }) {
      if (form === "read") return line("+CASRIP: 0");
      if (form !== "set") return undefined;
      return integerArgument(args[0], 0, 0) === 0 ? done : { failure: "ERROR" };
    },
  },
  "+CDNSCFG": nameServers("Ipv4PrimaryDns", "Ipv4SecondaryDns", "Ipv6PrimaryDns", "Ipv6SecondaryDns"),
  "+CDNSGIP": resolvesNames(false),
};

function openSockets(unit: Unit, tell: (id: number, peer: Endpoint) => string): string[] {
  const lines: string[] = [];
  for (let id = 0; id < unit.sockets.count; id++) {
    const peer = unit.sockets.get(id)?.peer;
    if (peer !== undefined) lines.push(tell(id, peer));
  }
  return lines;
}

/**
 * CAOPEN's result (12.2.3): 0 opened, 1 socket error (in use), 21 the network is not active. Without service it is
 * 27, connect failed, or 2, no memory, as LilyGo-T-SIM7080G issue 179 has it.
 */
function openSocket(unit: Unit, id: number, peer: Endpoint): number {
  if (!unit.context.active) return drawn(unit, "inactive") ? 21 : 1;
  if (!unit.registration.registered) return drawn(unit, "nomemory") ? 2 : 27;
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
  manual: sim7080Manual,
  commands: new Map(
    Object.entries({
      ...without(usualCommands, "+CESQ"),
      ...simcomCommands,
      ...lteCommands,
      ...laterCommands,
      ...socketCommands,
      "+CREBOOT": {
        run: (unit, { form }) =>
          form === "execute" ? { then: () => unit.restart("AT+CREBOOT") } : undefined,
      },
      ...modelCommands(["R1951.01"], "SIMCOM_SIM7080G", "Revision:1951B16SIM7080"),
    }),
  ),
  sockets: 13,
  nvram: () => lteFactory({ catm: "1,2,3,4,5,8,12,13,18,19,20,25,26,28,66" }),
  onBoot: (unit) => bootLte(unit, ["openfirst", "inactive", "sendline", "nomemory"]),
  contextLost: () => ["+APP PDP: 0,DEACTIVE"],
  deliver(unit, socket, datagram, from) {
    const wasEmpty = socket.waiting.length === 0;
    if (!unit.sockets.keep(socket, datagram, from)) return unit.urc('+CAURC: "buffer full"');
    if (wasEmpty || drawn(unit, "each")) unit.urc(`+CADATAIND: ${socket.id}`);
  },
};
