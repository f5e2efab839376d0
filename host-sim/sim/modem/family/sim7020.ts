/**
 * SIMCom SIM7020, as its AT manual (V1.05) and low-power note describe it. Simplifications: UDP over
 * IPv4 only, hex data only, no light sleep (AT+CSCLK), one baud rate, and every cell takes every SIM
 * card and access point name.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family } from "../family";
import {
  badParameter,
  basicCommands,
  clamp,
  done,
  holds,
  line,
  networkCommands,
  notAllowed,
  sleepCommands,
  tells,
} from "../commands/common";
import type { ReleaseAssistance } from "../power-saving";
import { formatHex } from "../udp-sockets";
import { socketCommands } from "./sim7020-sockets";

const ownCommands: Record<string, CommandRule> = {
  I: tells(() => "SIM7020G R1752"),
  "+CGMR": tells(() => "1752B09SIM7020G"),
  "+CGMM": tells(() => "SIM7020G"),
  "+CSCLK": holds(
    "+CSCLK",
    2,
    (unit) => unit.settings.slowClock,
    (unit, value) => {
      unit.settings.slowClock = value;
    },
  ),
  "+CLTS": holds(
    "+CLTS",
    1,
    (unit) => Number(unit.settings.networkTime),
    (unit, value) => {
      unit.settings.networkTime = value === 1;
    },
  ),
  "+CREBOOT": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.restart("AT+CREBOOT") } : undefined),
  },
  "+CPOWD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (integerArgument(args[0], 0, 1) === undefined) return badParameter;
      return { then: () => unit.powerDown("AT+CPOWD") };
    },
  },
  "*MCGDEFCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`*MCGDEFCONT: "IP","${unit.nvram.apn}"`);
      if (form !== "set") return undefined;
      if (args[0].text !== "IP" || !/^[A-Za-z0-9.-]{0,99}$/.test(args[1]?.text ?? "")) return badParameter;
      unit.nvram.apn = args[1]?.text ?? "";
      return done;
    },
  },
  "+CBANDSL": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const count = integerArgument(args[1], 0, 14);
      const bands = args.slice(2).map((argument) => integerArgument(argument, 1, 85));
      if (integerArgument(args[0], 0, 2) === undefined || count !== bands.length) return badParameter;
      if (bands.includes(undefined)) return badParameter;
      unit.settings.bands = bands as number[];
      return done;
    },
  },
  "+CGCONTRDP": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      return line(`+CGCONTRDP: 1,5,"${unit.nvram.apn}","${grant.address}.255.255.255.0"`);
    },
  },
  "+CENG": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      // 23 dBm below -100 dBm, then 10 dB less for each 10 dB more.
      const power = clamp(23 - Math.max(0, rsrp + 100), -40, 23);
      const signal = `${rsrp},${rsrq},${rssi},${snr}`;
      const cell = `3600,0,82,"${grant.cellId}"`;
      return line(`+CENG: ${cell},${signal},8,"${grant.tac}",${coverage},${power}`);
    },
  },
  "+CPSMSTATUS": holds(
    "+CPSMSTATUS",
    1,
    (unit) => Number(unit.settings.psmStatus),
    (unit, value) => {
      unit.settings.psmStatus = value === 1;
    },
  ),
  "+RETENTION": holds(
    "+RETENTION",
    1,
    (unit) => Number(unit.settings.retention),
    (unit, value) => {
      if (!unit.settings.psmOn) return notAllowed;
      unit.settings.retention = value === 1;
    },
  ),
  "+CNBIOTRAI": holds(
    "+CNBIOTRAI",
    2,
    (unit) => unit.settings.rai,
    (unit, value) => {
      unit.settings.rai = value as ReleaseAssistance;
    },
  ),
};

export const sim7020: Family = {
  name: "sim7020",
  baud: 115_200,
  power: {
    key: { on: 1_000, off: 1_000 },
    wake: 700,
    boot: [3_000, 5_000],
    down: [1_000, 3_000],
    goodbye: "NORMAL POWER DOWN",
  },
  boot: {
    lines: ["RDY"],
    half: "+CFUN: 1",
    card: true,
    last: ["SMS Ready"],
    cardDelay: [200, 1_200],
    lastDelay: [300, 2_000],
  },
  sleep: {
    boots: false,
    keepsSockets: (unit) => unit.settings.retention,
    entering: (unit) => (unit.settings.psmStatus ? ['+CPSMSTATUS: "ENTER PSM"'] : []),
    leaving: (unit) => (unit.settings.psmStatus ? ['+CPSMSTATUS: "EXIT PSM"'] : []),
  },
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...networkCommands,
      ...sleepCommands,
      ...ownCommands,
      ...socketCommands,
    }),
  ),
  sockets: 5,
  nvram: () => ({ baud: 0, apn: "internet", own: new Map() }),
  attachesItself: () => true,
  attached: (unit) => {
    if (unit.settings.networkTime) unit.urc(`+CLTS: ${unit.clock()}`);
  },
  deliver: (unit, socket, datagram) =>
    unit.urc(`+CSONMI: ${socket.id},${2 * datagram.length},${formatHex(datagram)}`),
};
