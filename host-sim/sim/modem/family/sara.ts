/**
 * u-blox SARA-R4 (R410M) and SARA-R5, as u-blox's AT commands manuals for the two series describe them.
 *
 *     says nothing when it boots; loses commands that come too soon behind a response
 *     settings of technology and bands are taken up at a restart (AT+CFUN=15)
 *     PSM is power-off: a pulse on PWR_ON starts it anew
 *     +UUSORF: <socket>,<bytes waiting>       not raised for what comes while a command is worked on
 *     SARA-R5: sockets need a context of the stack's own (AT+UPSD, AT+UPSDA)
 *
 * Left open by the documents, and drawn for each modem: `+UUSORF` or `+UUSORD`, and whether
 * `+UUPSMR: 0` is told behind a wake.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Family, PowerTraits, Unit } from "../family";
import {
  badParameter,
  done,
  holds,
  holdsSleepSigns,
  holdsUntilRestart,
  keeps,
  line,
  modelCommands,
  networkCommands,
  notAllowed,
} from "../commands/common";
import { usualCommands } from "../commands/context";
import { closes, socketOf } from "../commands/sockets";
import { draw, drawn } from "../draw";
import { formatHex, parseHex, parseIpv4, waitingBytes } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";

/** Most bytes of a datagram, in hexadecimal and in binary. */
const longestHex = 512;
const longestBinary = 1_024;

const failed: AtAnswer = { failure: { cme: 3 } };

function isHex(unit: Unit): boolean {
  return unit.settings.own.get("hex") === "1";
}

function transmit(
  unit: Unit,
  socket: UdpSocket,
  to: { address: string; port: number },
  data: Uint8Array,
): AtAnswer {
  if (!unit.registration.registered) return { failure: unit.socketFailure };
  socket.peer = to;
  unit.send(socket, data);
  return line(`+USOST: ${socket.id},${data.length}`);
}

const socketCommands: Record<string, CommandRule> = {
  "+USOCR": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (integerArgument(args[0], 17, 17) === undefined) return badParameter;
      if (!unit.registration.registered || !unit.context.active) return { failure: unit.socketFailure };
      const socket = unit.sockets.create();
      if (socket === undefined) return { failure: unit.socketFailure };
      unit.socketChanged(socket.id, "created");
      return line(`+USOCR: ${socket.id}`);
    },
  },
  "+USOST": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const address = parseIpv4(args[1]?.text ?? "");
      const port = integerArgument(args[2], 1, 65_535);
      if (socket === undefined) return { failure: unit.socketFailure };
      if (address === undefined || port === undefined) return badParameter;
      const to = { address, port };
      if (args.length === 5) {
        const length = integerArgument(args[3], 1, longestHex);
        const data = isHex(unit) && args[4].quoted ? parseHex(args[4].text) : undefined;
        if (data === undefined || data.length !== length) return badParameter;
        return transmit(unit, socket, to, data);
      }
      const length = integerArgument(args[3], 1, longestBinary);
      if (length === undefined || args.length !== 4) return badParameter;
      const take = (data: Uint8Array) => ({ delay: 50, run: () => transmit(unit, socket, to, data) });
      return { prompt: { sign: "@", length, take } };
    },
  },
  "+USORF": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 0, longestBinary);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      if (length === 0) return line(`+USORF: ${socket.id},${waitingBytes(socket)}`);
      const first = socket.waiting.shift();
      if (first === undefined) return failed;
      const { bytes, from } = first;
      // One datagram a read; what does not fit is lost, as with recvfrom.
      const part = bytes.subarray(0, length);
      const head = `+USORF: ${socket.id},"${from.address}",${from.port},${part.length},"`;
      if (isHex(unit)) return line(`${head}${formatHex(part)}"`);
      return { raw: { head, data: part, tail: '"\r\n' } };
    },
  },
  "+USOCL": closes([20, 600]),
  "+UDCONF": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 1, 1) === undefined) return undefined;
      if (args.length === 1) return line(`+UDCONF: 1,${Number(isHex(unit))}`);
      const hex = integerArgument(args[1], 0, 1);
      if (hex === undefined) return badParameter;
      unit.settings.own.set("hex", String(hex));
      return done;
    },
  },
};

/** The arguments as they are, where they look like that: in force from the next start on. */
const like =
  (pattern: RegExp) =>
  (args: readonly AtArgument[]): string | undefined => {
    const text = args.map((argument) => argument.text).join(",");
    return pattern.test(text) ? text : undefined;
  };

const ownCommands: Record<string, CommandRule> = {
  "+URAT": keeps("+URAT", "urat", like(/^[789](,[789]){0,2}$/)),
  "+UBANDMASK": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+UBANDMASK: 0,${own.get("mask0")},0,1,${own.get("mask1")},0`);
      if (form !== "set") return undefined;
      const technology = integerArgument(args[0], 0, 1);
      if (technology === undefined || !/^[0-9]{1,12}$/.test(args[1]?.text ?? "")) return badParameter;
      own.set(`mask${technology}`, args[1].text);
      return done;
    },
  },
  "+UMNOPROF": keeps("+UMNOPROF", "profile", like(/^[0-9]{1,3}$/)),
  "+UPSMR": holdsSleepSigns("+UPSMR"),
  "+CTZU": holds(
    "+CTZU",
    1,
    (unit) => Number(unit.nvram.own.get("ctzu")),
    (unit, value) => {
      unit.nvram.own.set("ctzu", String(value));
      unit.settings.networkTime = value === 1;
    },
  ),
  "+UPSV": holdsUntilRestart("+UPSV", 4),
  "+CFUN": {
    delay: [200, 3_000],
    run(unit, command) {
      const value = integerArgument(command.args[0], 0, 127);
      if (command.form === "set" && (value === 15 || value === 16)) {
        return { then: () => unit.restart(`AT+CFUN=${value}`) };
      }
      return networkCommands["+CFUN"].run(unit, command);
    },
  },
  "+CPWROFF": {
    delay: [500, 4_000],
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.powerDown("AT+CPWROFF") } : undefined),
  },
};

/** SARA-R5 only: `+UPSND: <profile>,<what>,<value>`, 8 for active or not. */
const profileCommands: Record<string, CommandRule> = {
  "+UPSND": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 0, 6) === undefined) return undefined;
      if (integerArgument(args[1], 8, 8) === undefined) return badParameter;
      return line(`+UPSND: ${args[0].text},8,${Number(unit.context.active)}`);
    },
  },
  "+UPSD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (integerArgument(args[0], 0, 6) === undefined || args.length !== 3) return badParameter;
      return unit.context.active ? notAllowed : done;
    },
  },
  "+UPSDA": {
    delay: [20, 200],
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const action = integerArgument(args[1], 0, 4);
      if (integerArgument(args[0], 0, 6) === undefined || action === undefined) return badParameter;
      if (action === 4) unit.context.active = false;
      if (action !== 3) return done;
      if (!unit.registration.registered || unit.context.active) return notAllowed;
      unit.context.active = true;
      const text = `+UUPSDA: 0,"${unit.registration.grant?.address}"`;
      if (unit.quirks.urcBeforeOk === true) {
        unit.urc(text);
        return done;
      }
      return { then: () => unit.urc(text, unit.random.between(50, 1_500)) };
    },
  },
};

function deliver(
  unit: Unit,
  socket: UdpSocket,
  datagram: Uint8Array,
  from: { address: string; port: number },
): void {
  if (!unit.sockets.keep(socket, datagram, from)) return;
  // What comes in the middle of a command is not announced.
  if (unit.responder.busy) return;
  const hint = drawn(unit, "uusorf") ? "+UUSORF" : "+UUSORD";
  unit.urc(`${hint}: ${socket.id},${waitingBytes(socket)}`);
}

function family(name: string, model: string, power: PowerTraits, gap: number, ownContext: boolean): Family {
  return {
    name,
    baud: 115_200,
    power,
    boot: { lines: [], card: false, cardDelay: [200, 1_500], lastDelay: [10, 20] },
    sleep: {
      boots: true,
      keepsSockets: () => false,
      entering: (unit) => (unit.settings.psmStatus ? ["+UUPSMR: 1"] : []),
      leaving: () => [],
    },
    commands: new Map(
      Object.entries({
        ...usualCommands,
        ...ownCommands,
        ...socketCommands,
        ...(ownContext ? profileCommands : {}),
        ...modelCommands(["u-blox", model], model, "L0.0.00.00.05.12"),
      }),
    ),
    sockets: 7,
    nvram: () => ({
      baud: 115_200,
      apn: "",
      own: new Map([
        ["urat", "7,8"],
        ["mask0", "185538719"],
        ["mask1", "185538719"],
        ["profile", "0"],
        ["ctzu", "0"],
      ]),
    }),
    onBoot(unit) {
      const { own } = unit.nvram;
      draw(unit, ["uusorf"]);
      unit.settings.networkTime = own.get("ctzu") === "1";
      // In force until the next start.
      unit.settings.own.set("technologies", own.get("urat")!);
    },
    keepsPsm: true,
    // There is NB-IoT here, and nothing else.
    attachesItself: (unit) => /8/.test(unit.settings.own.get("technologies") ?? ""),
    attached(unit) {
      if (!ownContext) unit.context.active = true;
    },
    contextLost: () => (ownContext ? ["+UUPSDD: 0"] : []),
    deliver,
    unconnected: true,
    gap,
  };
}

export const saraR4 = family(
  "sara-r4",
  "SARA-R410M-02B",
  { key: { on: 150, off: 1_500 }, wake: 150, reset: 10_000, boot: [4_000, 6_000], down: [3_000, 30_000] },
  100,
  false,
);

export const saraR5 = family(
  "sara-r5",
  "SARA-R510S-01B",
  { key: { on: 1_000, off: 1_500 }, wake: 1_000, reset: 100, boot: [4_000, 6_000], down: [3_000, 18_000] },
  20,
  true,
);
