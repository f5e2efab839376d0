/**
 * SIMCom SIM7000, as its AT and TCP/IP manuals describe it: the stack of older SIMCom modems, with one
 * connection (AT+CIPMUX=0).
 *
 *     IP INITIAL --CSTT--> IP START --CIICR--> IP GPRSACT --CIFSR--> IP STATUS --CIPSTART--> CONNECT OK
 *         ^                                                                                     |
 *         +---------------------------- CIPSHUT: SHUT OK ---------------------------------------+
 *
 * CPSMS is taken up at a restart. It says nothing when it falls asleep, and starts anew when woken.
 *
 * Left open by the documents, and drawn for each modem: whether the counts of `+CIPRXGET: 3` are of bytes
 * or of hex digits.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family, Unit } from "../family";
import {
  badParameter,
  basicCommands,
  done,
  line,
  networkCommands,
  sleepCommands,
  tells,
} from "../commands/common";
import { contextCommands } from "../commands/context";
import { formatHex, parseIpv4 } from "../udp-sockets";
import { simcomCommands, tellTime } from "./simcom";

const longestDatagram = 1_460;
const failed = { failure: "ERROR" } as const;

/** Where the stack is: an index into the row above. */
function step(unit: Unit): number {
  return Number(unit.settings.own.get("step") ?? 0);
}

function advance(unit: Unit, to: number): void {
  unit.settings.own.set("step", String(to));
}

/** The one connection. */
const connection = 0;

const stackCommands: Record<string, CommandRule> = {
  "+CIPMUX": {
    run(unit, { form, args }) {
      if (form === "read") return line("+CIPMUX: 0");
      if (form !== "set") return undefined;
      return integerArgument(args[0], 0, 0) === 0 && step(unit) === 0 ? done : failed;
    },
  },
  "+CSTT": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (!/^[A-Za-z0-9.-]{1,50}$/.test(args[0]?.text ?? "") || step(unit) !== 0) return failed;
      advance(unit, 1);
      return done;
    },
  },
  "+CIICR": {
    delay: [200, 6_000],
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      if (step(unit) !== 1 || unit.registration.stat !== 1) return failed;
      unit.context.active = true;
      advance(unit, 2);
      return done;
    },
  },
  "+CIFSR": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const address = unit.registration.grant?.address;
      if (step(unit) < 2 || address === undefined) return failed;
      if (step(unit) === 2) advance(unit, 3);
      return { lines: [address], final: null };
    },
  },
  "+CIPSHUT": {
    delay: [50, 2_000],
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      if (unit.sockets.close(connection)) unit.socketChanged(connection, "closed");
      unit.context.active = false;
      advance(unit, 0);
      return { final: "SHUT OK" };
    },
  },
  "+CIPSTART": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const address = parseIpv4(args[1]?.text ?? "");
      const port = integerArgument(args[2], 1, 65_535);
      if (args[0]?.text !== "UDP" || address === undefined || port === undefined) return badParameter;
      if (step(unit) < 3 || !unit.context.active) return failed;
      const socket = unit.sockets.create(connection);
      if (socket === undefined) return { lines: ["ALREADY CONNECT"], failure: "ERROR" };
      socket.peer = { address, port };
      unit.socketChanged(connection, "connected");
      if (unit.quirks.urcBeforeOk === true) return line("CONNECT OK");
      return { then: () => unit.urc("CONNECT OK", unit.random.between(20, 800)) };
    },
  },
  "+CIPSEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = unit.sockets.get(connection);
      const length = integerArgument(args[0], 1, longestDatagram);
      if (socket === undefined || length === undefined) return failed;
      const take = (data: Uint8Array) => ({
        delay: 30,
        run: () => {
          if (unit.registration.stat !== 1 || !unit.context.active) return { final: "SEND FAIL" };
          unit.send(socket, data);
          return { final: "SEND OK" };
        },
      });
      return { prompt: { sign: "> ", length, take } };
    },
  },
  "+CIPRXGET": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CIPRXGET: ${unit.settings.own.get("manual") ?? 0}`);
      if (form !== "set") return undefined;
      const mode = integerArgument(args[0], 0, 4);
      if (mode === 0 || mode === 1) {
        if (unit.sockets.get(connection) !== undefined) return failed;
        unit.settings.own.set("manual", String(mode));
        return done;
      }
      const socket = unit.sockets.get(connection);
      if (mode === undefined || socket === undefined || unit.settings.own.get("manual") !== "1")
        return failed;
      const count = socket.waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (mode === 4) return line(`+CIPRXGET: 4,${count}`);
      const length = integerArgument(args[1], 1, mode === 3 ? 730 : 1_460);
      if (length === undefined) return badParameter;
      const first = socket.waiting.shift();
      if (first === undefined) return line(`+CIPRXGET: ${mode},0,0`);
      const part = first.bytes.subarray(0, length);
      if (part.length < first.bytes.length) {
        socket.waiting.unshift({ bytes: first.bytes.subarray(part.length), from: first.from });
      }
      const left = count - part.length;
      if (mode === 2)
        return { raw: { head: `+CIPRXGET: 2,${part.length},${left}\r\n`, data: part, tail: "\r\n" } };
      const unitSize = unit.nvram.own.get("digits") === "yes" ? 2 : 1;
      return { lines: [`+CIPRXGET: 3,${unitSize * part.length},${unitSize * left}`, formatHex(part)] };
    },
  },
  "+CIPCLOSE": {
    delay: [20, 600],
    run(unit, { form }) {
      if (form !== "execute" && form !== "set") return undefined;
      if (!unit.sockets.close(connection)) return failed;
      unit.socketChanged(connection, "closed");
      return { final: "CLOSE OK" };
    },
  },
  "+CIPSTATUS": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const names = ["IP INITIAL", "IP START", "IP GPRSACT", "IP STATUS"];
      const connected = unit.sockets.get(connection) !== undefined;
      return { then: () => unit.urc(`STATE: ${connected ? "CONNECT OK" : names[step(unit)]}`) };
    },
  },
  // Taken up at the next start.
  "+CPSMS": {
    run(unit, command) {
      const { own } = unit.nvram;
      if (command.form === "read") {
        const [on, t3412, t3324] = own.get("psm")!.split(",");
        return line(`+CPSMS: ${on},,,"${t3412}","${t3324}"`);
      }
      if (command.form !== "set") return undefined;
      const on = integerArgument(command.args[0], 0, 1);
      const before = own.get("psm")!.split(",");
      const t3412 = command.args[3]?.text || before[1];
      const t3324 = command.args[4]?.text || before[2];
      if (on === undefined || !/^[01]{8}$/.test(t3412) || !/^[01]{8}$/.test(t3324)) return badParameter;
      own.set("psm", `${on},${t3412},${t3324}`);
      return done;
    },
  },
};

export const sim7000: Family = {
  name: "sim7000",
  baud: 115_200,
  power: {
    key: { on: 1_000, off: 1_200 },
    wake: 1_000,
    reset: 252,
    boot: [3_000, 4_500],
    down: [1_800, 6_900],
    goodbye: "NORMAL POWER DOWN",
  },
  boot: {
    lines: ["RDY"],
    half: "+CFUN: 1",
    card: true,
    last: ["SMS Ready"],
    cardDelay: [300, 1_500],
    lastDelay: [300, 2_000],
  },
  sleep: { boots: true, keepsSockets: () => false, entering: () => [], leaving: () => [] },
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...networkCommands,
      ...sleepCommands,
      ...contextCommands,
      ...simcomCommands,
      ...stackCommands,
      I: { run: () => ({ lines: ["SIM7000G R1529"] }) },
      "+CGMM": tells(() => "SIMCOM_SIM7000G"),
      "+CGMR": tells(() => "Revision:1529B07SIM7000G"),
    }),
  ),
  sockets: 1,
  nvram: () => ({
    baud: 0,
    apn: "",
    own: new Map([
      ["cnmp", "2"],
      ["cmnb", "3"],
      ["catm", "1,2,3,4,5,8,12,13,18,19,20,26,28"],
      ["nbiot", "1,2,3,5,8,20"],
      ["clts", "0"],
      ["psm", "0,00100001,00000101"],
    ]),
  }),
  onBoot(unit) {
    const { own } = unit.nvram;
    if (!own.has("digits")) own.set("digits", unit.random.chance(0.5) ? "yes" : "no");
    const [on, t3412, t3324] = own.get("psm")!.split(",");
    unit.settings.psmOn = on === "1";
    unit.settings.psmTimers = { t3412, t3324 };
    unit.settings.networkTime = own.get("clts") === "1";
  },
  attachesItself: (unit) => unit.nvram.own.get("cnmp") !== "13" && unit.nvram.own.get("cmnb") !== "1",
  attached: tellTime,
  contextLost(unit) {
    advance(unit, 0);
    return ["+PDP: DEACT"];
  },
  deliver(unit, socket, datagram, from) {
    const wasEmpty = socket.waiting.length === 0;
    if (!unit.sockets.keep(socket, datagram, from)) return;
    if (wasEmpty) unit.urc("+CIPRXGET: 1");
  },
};
