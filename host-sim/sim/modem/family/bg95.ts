/**
 * Quectel BG95 and BG77, as Quectel's AT commands, QCFG and TCP/IP manuals for the series describe them.
 *
 *     RDY, some seconds later APP RDY: commands are served from then on
 *     AT+QIACT=1 activates the context that sockets need
 *     AT+QIOPEN  OK, and when the socket is there +QIOPEN: <id>,<error>
 *     +QIURC: "recv",<id>     only for what comes into an empty buffer; AT+QIRD reads, raw
 *     PSM is power-off: +QPSMTIMER, PSM POWER DOWN; PWRKEY starts it anew
 *
 * Left open by the documents, and drawn for each modem: whether QISENDEX takes the argument for release
 * assistance (manuals from 1.1 on have it), and the order of APP RDY and +CPIN.
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Family, Unit } from "../family";
import { apnOf } from "../commands/arguments";
import { badParameter, ceregWithoutCauses, done, line, modelCommands, tells } from "../commands/common";
import { usualCommands } from "../commands/context";
import { socketOf, takeWaiting } from "../commands/sockets";
import { draw, drawn } from "../draw";
import { parseHex } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import { closeRule, keepAndHint, openRule, promptRule, rawAnswer } from "./quectel-sockets";

const longestHex = 512;
const longestBinary = 1_460;
const contextId = 1;

function transmit(unit: Unit, socket: UdpSocket, data: Uint8Array): AtAnswer {
  if (!unit.registration.registered || !unit.context.active) return { final: "SEND FAIL" };
  unit.send(socket, data);
  return { final: "SEND OK" };
}

const socketCommands: Record<string, CommandRule> = {
  "+QICSGP": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 1, 16) === undefined) return undefined;
      if (args.length === 1) return line(`+QICSGP: 1,"${unit.nvram.apn}","","",0`);
      if (integerArgument(args[1], 1, 3) === undefined) return badParameter;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (args[0].text === String(contextId)) unit.nvram.apn = apn;
      return done;
    },
  },
  "+QIACT": {
    delay: [100, 4_000],
    run(unit, { form, args }) {
      const address = unit.registration.grant?.address;
      if (form === "read") return unit.context.active ? line(`+QIACT: 1,1,1,"${address}"`) : done;
      if (form !== "set" || integerArgument(args[0], 1, 16) === undefined) return undefined;
      if (!unit.registration.registered || unit.context.active) return { failure: "ERROR" };
      unit.context.active = true;
      return done;
    },
  },
  "+QIDEACT": {
    delay: [100, 2_000],
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 1, 16) === undefined) return undefined;
      unit.context.active = false;
      return done;
    },
  },
  "+QIOPEN": openRule(contextId),
  "+QICLOSE": closeRule(false),
  "+QISEND": promptRule(longestBinary, () => "ERROR", transmit),
  "+QISENDEX": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const data = args[1]?.quoted === true ? parseHex(args[1].text) : undefined;
      const rai = args[2] === undefined ? 0 : integerArgument(args[2], 0, 2);
      if (args[2] !== undefined && !drawn(unit, "rai")) return { failure: "ERROR" };
      if (socket === undefined || rai === undefined) return { failure: "ERROR" };
      if (data === undefined || data.length === 0 || data.length > longestHex) return { failure: "ERROR" };
      unit.settings.rai = rai as 0 | 1 | 2;
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = args[1] === undefined ? 1_500 : integerArgument(args[1], 0, 1_500);
      if (socket === undefined || length === undefined) return { failure: "ERROR" };
      const bytes = takeWaiting(socket, length);
      return bytes === undefined ? line("+QIRD: 0") : rawAnswer(bytes);
    },
  },
  "+QIGETERROR": {
    run: (_, { form }) => (form === "execute" ? line("+QIGETERROR: 0,operate successfully") : undefined),
  },
};

/** Settings of `AT+QCFG`, with what the factory sets. */
const factory: Readonly<Record<string, string>> = {
  nwscanmode: "0",
  iotopmode: "2",
  nwscanseq: "020301",
  "psm/urc": "0",
  band: "0xf,0x100002000000000f0e189f,0x10004200000000090e189f",
};

const ownCommands: Record<string, CommandRule> = {
  ...modelCommands(["Quectel", "BG95-M3", "Revision: BG95M3LAR02A04"], "BG95-M3", "BG95M3LAR02A04"),
  "+QCFG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      const name = args[0]?.text ?? "";
      if (form !== "set" || factory[name] === undefined) return form === "set" ? badParameter : undefined;
      if (args.length === 1) return line(`+QCFG: "${name}",${own.get(name)}`);
      if (name === "band") {
        const masks = args.slice(1, 4).map(({ text }) => text.toLowerCase());
        if (masks.length < 3 || !masks.every((mask) => /^(0x)?[0-9a-f]{1,24}$/.test(mask)))
          return badParameter;
        const before = own.get(name)!.split(",");
        // 0 leaves a technology's bands as they are.
        own.set(
          name,
          masks.map((mask, i) => (mask === "0" ? before[i] : `0x${mask.replace(/^0x/, "")}`)).join(","),
        );
        return done;
      }
      if (!/^[0-9]{1,10}$/.test(args[1].text)) return badParameter;
      own.set(name, args[1].text);
      return done;
    },
  },
  // rssi, rsrp, sinr in fifths of a dB from -20 on, rsrq
  "+QCSQ": tells((unit) => {
    if (!unit.registration.registered) return '+QCSQ: "NOSERVICE"';
    const { rssi, rsrp, rsrq, snr } = unit.network.measure();
    return `+QCSQ: "NBIoT",${rssi},${rsrp},${Math.max(0, Math.round(5 * (snr + 20)))},${rsrq}`;
  }),
  // 0 and none: when the network told it; 1: now, UTC; 2: now, local time.
  "+QLTS": {
    run(unit, { form, args }) {
      const mode = form === "execute" ? 0 : integerArgument(args[0], 0, 2);
      if ((form !== "set" && form !== "execute") || mode === undefined) return undefined;
      if (!unit.clockTold) return line('+QLTS: ""');
      return line(`+QLTS: "20${unit.clock(mode === 1 ? "utc" : "local")},0"`);
    },
  },
  "+QPOWD": {
    run: (unit, { form }) =>
      form === "read" || form === "test" ? undefined : { then: () => unit.powerDown("AT+QPOWD") },
  },
  "+CEREG": ceregWithoutCauses,
  "+CEER": tells(
    (unit) =>
      `+CEER: ${unit.registration.cause === 0 ? "No report available" : `EMM cause ${unit.registration.cause}`}`,
  ),
};

export const bg95: Family = {
  name: "bg95",
  baud: 115_200,
  power: {
    key: { on: 500, off: 650 },
    wake: 500,
    reset: 2_000,
    boot: [1_500, 3_000],
    down: [1_300, 3_000],
    goodbye: "POWERED DOWN",
  },
  boot: {
    lines: ["RDY"],
    card: true,
    last: ["APP RDY"],
    servesLate: true,
    cardDelay: [500, 3_000],
    lastDelay: [200, 3_000],
  },
  sleep: {
    boots: true,
    keepsSockets: () => false,
    entering: (unit) => (unit.nvram.own.get("psm/urc") === "1" ? ["PSM POWER DOWN"] : []),
    leaving: () => [],
  },
  commands: new Map(Object.entries({ ...usualCommands, ...ownCommands, ...socketCommands })),
  sockets: 12,
  nvram: () => ({ baud: 115_200, apn: "", own: new Map(Object.entries(factory)) }),
  onBoot(unit) {
    draw(unit, ["rai"]);
    unit.settings.networkTime = true;
  },
  keepsPsm: true,
  // There is NB-IoT here, and nothing else.
  attachesItself: (unit) => unit.nvram.own.get("iotopmode") !== "0",
  attached(unit) {
    const { grant } = unit.registration;
    if (grant?.psm !== undefined && unit.nvram.own.get("psm/urc") === "1") {
      unit.urc(`+QPSMTIMER: ${seconds(grant.psm.t3412, t3412Units)},${seconds(grant.psm.t3324, t3324Units)}`);
    }
  },
  contextLost: () => [`+QIURC: "pdpdeact",${contextId}`],
  deliver: (unit, socket, datagram, from) => keepAndHint(unit, socket, datagram, from),
};

const t3412Units = [600, 3_600, 36_000, 2, 30, 60, 1_152_000, 0];
const t3324Units = [2, 60, 360, 60, 60, 60, 60, 0];

function seconds(bits: string, units: readonly number[]): number {
  const octet = parseInt(bits, 2);
  return units[octet >> 5] * (octet & 31);
}
