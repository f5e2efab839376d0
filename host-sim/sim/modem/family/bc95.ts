/**
 * Quectel BC95-G and u-blox SARA-N2 (HiSilicon's chip), as Quectel's AT commands manuals for BC95
 * (V2.0) and BC95-G&BC68 (V1.5) describe them.
 *
 *     9600 baud; no blank behind a colon; the socket's number and what is read from it without a name
 *     boots with its supply: REBOOT_CAUSE_..., Neul (or u-blox), OK
 *     sleeps by itself; any byte on the UART wakes it, and is lost
 *
 * Left open by the documents, and drawn for each modem: quotes in `+CEREG:` and `+CCLK:`, whether each
 * datagram is announced or only the first into an empty buffer.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Family, Unit } from "../family";
import { bandsOf } from "../commands/arguments";
import {
  badParameter,
  done,
  holdsSleepSigns,
  holdsUntilRestart,
  line,
  modelCommands,
  notAllowed,
  tellConnection,
} from "../commands/common";
import { usualCommands } from "../commands/context";
import { closes, socketOf, takeWaiting } from "../commands/sockets";
import { draw, drawn } from "../draw";
import { formatHex, parseHex, parseIpv4 } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";

/** Most bytes that one command takes or gives. */
const longestDatagram = 512;
/** Flags of NSOSTF: an exception message, release behind this, release behind the answer. */
const flags: Readonly<Record<number, 0 | 1 | 2>> = { 0: 0, 0x100: 0, 0x200: 1, 0x400: 2 };

/** Sends `<id>,<address>,<port>,[<flag>,]<length>,<hex>[,<sequence>]`. */
function sendTo(unit: Unit, args: readonly AtArgument[], withFlag: boolean): AtAnswer {
  const socket = socketOf(unit, args[0]);
  const address = parseIpv4(args[1]?.text ?? "");
  const port = integerArgument(args[2], 1, 65_535);
  const at = withFlag ? 4 : 3;
  const flag = withFlag ? flags[Number(args[3]?.text)] : 0;
  const length = integerArgument(args[at], 1, longestDatagram);
  const data = parseHex(args[at + 1]?.text ?? "");
  const sequence = args[at + 2] === undefined ? 0 : integerArgument(args[at + 2], 0, 255);
  if (socket === undefined || address === undefined || port === undefined) return badParameter;
  if (flag === undefined || sequence === undefined || data?.length !== length) return badParameter;
  if (!unit.registration.registered) return { failure: unit.socketFailure };
  socket.peer = { address, port };
  unit.settings.rai = flag;
  unit.send(socket, data!);
  const then = sequence === 0 ? undefined : () => unit.urc(`+NSOSTR:${socket.id},${sequence},1`, 300);
  return { lines: [`${socket.id},${length}`], then };
}

const socketCommands: Record<string, CommandRule> = {
  "+NSOCR": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const local = integerArgument(args[2], 0, 65_535);
      const receives = args[3] === undefined ? 1 : integerArgument(args[3], 0, 1);
      const udp = args[0]?.text.toUpperCase() === "DGRAM" && integerArgument(args[1], 17, 17) === 17;
      if (!udp || local === undefined || receives === undefined) return badParameter;
      if (!unit.registration.registered) return { failure: unit.socketFailure };
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
      const length = integerArgument(args[1], 1, 1_358);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      const [first] = socket.waiting;
      const part = takeWaiting(socket, Math.min(length, longestDatagram));
      if (part === undefined) return done;
      const { from, bytes } = first;
      const left = bytes.length - part.length;
      return line(`${socket.id},${from.address},${from.port},${part.length},${formatHex(part)},${left}`);
    },
  },
  "+NSOCL": closes(),
};

const ownCommands: Record<string, CommandRule> = {
  "+CGSN": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      return integerArgument(args[0], 1, 1) === 1 ? line(`+CGSN: ${unit.identity.imei}`) : badParameter;
    },
  },
  // It answers once it has started anew: the boot's own OK.
  "+NRB": {
    run: (unit, { form }) =>
      form === "execute"
        ? { lines: ["REBOOTING"], final: null, then: () => unit.restart("AT+NRB") }
        : undefined,
  },
  "+NCONFIG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") {
        return {
          lines: [
            `+NCONFIG: AUTOCONNECT,${own.get("autoconnect")}`,
            "+NCONFIG: CR_0354_0338_SCRAMBLING,TRUE",
            "+NCONFIG: CELL_RESELECTION,TRUE",
            "+NCONFIG: ENABLE_BIP,FALSE",
          ],
        };
      }
      if (form !== "set") return undefined;
      const value = args[1]?.text.toUpperCase();
      if (args[0]?.text.toUpperCase() !== "AUTOCONNECT") return badParameter;
      if (value !== "TRUE" && value !== "FALSE") return badParameter;
      own.set("autoconnect", value);
      return done;
    },
  },
  "+NBAND": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+NBAND: ${own.get("bands")}`);
      if (form !== "set") return undefined;
      const bands = bandsOf(args);
      if (bands === undefined || bands.length === 0) return badParameter;
      if (unit.settings.cfun !== 0) return notAllowed;
      own.set("bands", bands.join(","));
      return done;
    },
  },
  "+NPSMR": holdsSleepSigns("+NPSMR"),
  "+CSCON": holdsUntilRestart("+CSCON", 1),
  "+CTZR": holdsUntilRestart("+CTZR", 3),
  // UTC, whatever the zone behind it says; nothing before the network has told the time.
  "+CCLK": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      return unit.clockTold ? line(`+CCLK: "${unit.clock("utc")}"`) : done;
    },
  },
  "+NUESTATS": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      if (!unit.registration.registered) return { lines: ["Signal power:-32768", "Total power:-32768"] };
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      return {
        lines: [
          `Signal power:${10 * rsrp}`,
          `Total power:${10 * rssi}`,
          "TX power:230",
          "TX time:1240",
          "RX time:9630",
          "Cell ID:27560730",
          `ECL:${coverage}`,
          `SNR:${10 * snr}`,
          "EARFCN:3600",
          "PCI:82",
          `RSRQ:${10 * rsrq}`,
        ],
      };
    },
  },
};

/** `+NAME: a` is `+NAME:a`; quotes by firmware. */
function dialect(unit: Unit, text: string): string {
  const named = /^(\+[A-Z]+): ?(.*)$/.exec(text);
  if (named === null) return text;
  const bare = (named[1] === "+CEREG" || named[1] === "+CCLK") && !drawn(unit, "quotes");
  return `${named[1]}:${bare ? named[2].replaceAll('"', "") : named[2]}`;
}

function deliver(
  unit: Unit,
  socket: UdpSocket,
  datagram: Uint8Array,
  from: { address: string; port: number },
): void {
  const wasEmpty = socket.waiting.length === 0;
  if (!unit.sockets.keep(socket, datagram, from)) return;
  if (wasEmpty || drawn(unit, "each")) unit.urc(`+NSONMI: ${socket.id},${datagram.length}`);
}

function family(name: string, maker: string, model: string, word: string): Family {
  const commands = new Map(
    Object.entries({
      ...usualCommands,
      ...modelCommands([maker, model], model, "V100R100C10B657SP3"),
      ...ownCommands,
      ...socketCommands,
    }),
  );
  commands.delete("+IPR");
  return {
    name,
    baud: 9_600,
    power: { reset: 100, boot: [2_000, 5_000], down: [100, 200] },
    boot: {
      lines: ["REBOOT_CAUSE_SECURITY_PMU_POWER_ON_RESET", word, "OK"],
      card: false,
      cardDelay: [200, 1_200],
      lastDelay: [10, 20],
    },
    sleep: {
      boots: false,
      wakesByUart: { deafFor: 100 },
      keepsSockets: () => true,
      entering: (unit) => (unit.settings.psmStatus ? ["+NPSMR: 1"] : []),
      leaving: (unit) => (unit.settings.psmStatus ? ["+NPSMR: 0"] : []),
    },
    commands,
    sockets: 7,
    nvram: () => ({
      baud: 9_600,
      apn: "",
      own: new Map([
        ["autoconnect", "TRUE"],
        ["bands", "5,8,20"],
      ]),
    }),
    onBoot(unit) {
      draw(unit, ["quotes", "each"]);
      unit.settings.networkTime = true;
      // Without AUTOCONNECT the radio waits to be told.
      if (unit.nvram.own.get("autoconnect") === "FALSE") unit.settings.cfun = 0;
    },
    restartCommand: "+NRB",
    keepsPsm: true,
    attachesItself: (unit) => unit.nvram.own.get("autoconnect") === "TRUE",
    deliver,
    unconnected: true,
    urcsWait: true,
    dialect,
    rrc: tellConnection,
  };
}

export const bc95 = family("bc95", "Quectel", "BC95-G", "Neul");
export const saraN2 = family("sara-n2", "u-blox", "SARA-N211-02B", "u-blox");
