/**
 * The contexts and sockets of Quectel's BG95, after Quectel's TCP/IP application note V1.1 for the series.
 *
 *     AT+QICSGP=1,1,"<apn>","<user>","<password>",<0 none, 1 PAP, 2 CHAP>
 *     AT+QIACT=1                      the context that sockets need; an error once it is there
 *     AT+QISEND=<id>,<length>         data behind the prompt, then SEND OK, SEND FAIL or ERROR
 *     AT+QISENDEX=<id>,"<hex>"[,<release assistance>]
 *     AT+QIRD=<id>[,<most>]           +QIRD: <length> CR LF <data>; with 0: how much came, was read, and waits
 *
 * Buffers only: direct push and transparent access are refused. Release assistance is NB-IoT's.
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { apnOf } from "../commands/arguments";
import { badParameter, done, line } from "../commands/common";
import { broughtOf, socketOf, takeWaiting } from "../commands/sockets";
import { parseHex, parseIpv4, waitingBytes } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import { closeRule, nameRule, openRule, promptRule, stateRule } from "./quectel-sockets";

const longestHex = 512;
const longestBinary = 1_460;
const longestRead = 1_500;
/** The only context that is simulated. */
export const contextId = 1;

const failed: AtAnswer = { failure: "ERROR" };

/** Bytes that a socket has sent or read since it was opened. */
function counted(unit: Unit, what: "sent" | "read", id: number, more = 0): number {
  const { own } = unit.settings;
  const sum = Number(own.get(`${what} ${id}`) ?? 0) + more;
  own.set(`${what} ${id}`, String(sum));
  return sum;
}

function transmit(unit: Unit, socket: UdpSocket, data: Uint8Array): AtAnswer {
  if (!unit.registration.registered || !unit.context.active) return { final: "SEND FAIL" };
  counted(unit, "sent", socket.id, data.length);
  unit.send(socket, data);
  return { final: "SEND OK" };
}

const isContext = (argument: { readonly text: string } | undefined): boolean =>
  argument?.text === String(contextId);

const prompt = promptRule(longestBinary, () => "ERROR", transmit);
const names = nameRule(contextId, '+QIURC: "dnsgip",', () => true);

export const socketCommands: Record<string, CommandRule> = {
  "+QICSGP": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (!isContext(args[0])) return done;
      const { nvram } = unit;
      if (args.length === 1) {
        const kept = /^1,([0-9]),("[^"]*"),("[^"]*")$/.exec(nvram.own.get("login") ?? "");
        const [, protocol = "0", name = '""', secret = '""'] = kept ?? [];
        return line(`+QICSGP: 1,"${nvram.apn}",${name},${secret},${protocol}`);
      }
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      nvram.apn = apn;
      const [name = "", secret = "", protocol = "0"] = args.slice(3).map(({ text }) => text);
      nvram.own.set("login", `1,${protocol || 0},"${name}","${secret}"`);
      return done;
    },
  },
  "+QIACT": {
    delay: [100, 4_000],
    delayed: "set",
    run(unit, { form, args }) {
      const address = unit.registration.grant?.address;
      if (form === "read") return unit.context.active ? line(`+QIACT: 1,1,1,"${address}"`) : done;
      if (form !== "set") return undefined;
      if (!isContext(args[0]) || !unit.registration.registered || unit.context.active) return failed;
      unit.context.active = true;
      return done;
    },
  },
  "+QIDEACT": {
    delay: [100, 2_000],
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (isContext(args[0])) unit.context.active = false;
      return done;
    },
  },
  "+QIOPEN": openRule(contextId, (unit, id) => {
    for (const what of ["sent", "read"] as const) unit.settings.own.delete(`${what} ${id}`);
  }),
  "+QICLOSE": closeRule(false),
  "+QISTATE": stateRule(contextId),
  "+QISEND": {
    run(unit, command) {
      const { form, args } = command;
      const socket = socketOf(unit, args[0]);
      if (form !== "set" || socket === undefined || args[1]?.text !== "0") return prompt.run(unit, command);
      // The network acknowledges no datagram: all of it is as good as acknowledged.
      const sent = counted(unit, "sent", socket.id);
      return line(`+QISEND: ${sent},${sent},0`);
    },
  },
  "+QISENDEX": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const data = parseHex(args[1]?.text ?? "");
      if (socket === undefined || data === undefined || data.length > longestHex) return failed;
      const assistance = integerArgument(args[2], 0, 2) ?? 0;
      if (unit.network.carrier.technology === "nb-iot") unit.settings.rai = assistance as 0 | 1 | 2;
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = args[1] === undefined ? longestRead : integerArgument(args[1], 0, longestRead);
      if (socket === undefined || length === undefined) return failed;
      if (length === 0) {
        const read = counted(unit, "read", socket.id);
        const waiting = waitingBytes(socket);
        return line(`+QIRD: ${read + waiting},${read},${waiting}`);
      }
      const bytes = takeWaiting(socket, length);
      if (bytes === undefined) return line("+QIRD: 0");
      counted(unit, "read", socket.id, bytes.length);
      const head = `+QIRD: ${bytes.length}\r\n`;
      return { raw: { head, data: broughtOf(unit, bytes), tail: "\r\n" } };
    },
  },
  "+QIDNSGIP": {
    run(unit, command) {
      if (!unit.context.active || !isContext(command.args[0]))
        return command.form === "set" ? failed : undefined;
      return names.run(unit, command);
    },
  },
  "+QIDNSCFG": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (!unit.context.active) return failed;
      const { own } = unit.settings;
      if (args.length === 1) return line(`+QIDNSCFG: 1,${own.get("dns") ?? '"8.8.8.8","8.8.4.4"'}`);
      const [first, second = "0.0.0.0"] = args.slice(1).map(({ text }) => parseIpv4(text));
      if (first === undefined) return failed;
      own.set("dns", `"${first}","${second}"`);
      return done;
    },
  },
  "+QIGETERROR": {
    run: (_, { form }) => (form === "execute" ? line("+QIGETERROR: 0,operate successfully") : undefined),
  },
};
