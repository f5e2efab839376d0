/**
 * SIMCom SIM7020, as its AT manual (V1.05) and low-power note describe it. Simplifications: UDP over
 * IPv4 only, hex data only, no light sleep (AT+CSCLK), one baud rate, and every cell takes every SIM
 * card and access point name.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family } from "../family";
import { apnOf, bandsOf } from "../commands/arguments";
import {
  badParameter,
  basicCommands,
  clamp,
  done,
  holds,
  line,
  modelCommands,
  networkCommands,
  notAllowed,
  sleepCommands,
} from "../commands/common";
import type { ReleaseAssistance } from "../power-saving";
import { formatHex } from "../udp-sockets";
import { socketCommands } from "./sim7020-sockets";
import { announcedSleep, goodbye, simcomBoot, simcomCommands } from "./simcom";

const ownCommands: Record<string, CommandRule> = {
  ...modelCommands(["SIM7020G R1752"], "SIM7020G", "1752B09SIM7020G"),
  "+CLTS": holds(
    "+CLTS",
    1,
    (unit) => Number(unit.settings.networkTime),
    (unit, value) => {
      unit.settings.networkTime = value === 1;
    },
  ),
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
      const apn = apnOf(args[1]);
      if (args[0].text !== "IP" || apn === undefined) return badParameter;
      unit.nvram.apn = apn;
      return done;
    },
  },
  "+CBANDSL": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const count = integerArgument(args[1], 0, 14);
      const bands = bandsOf(args.slice(2));
      if (integerArgument(args[0], 0, 2) === undefined || bands === undefined) return badParameter;
      if (count !== bands.length) return badParameter;
      unit.settings.bands = bands;
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
  power: { key: { on: 1_000, off: 1_000 }, wake: 700, boot: [3_000, 5_000], down: [1_000, 3_000], goodbye },
  boot: { ...simcomBoot, cardDelay: [200, 1_200] },
  sleep: { boots: false, keepsSockets: (unit) => unit.settings.retention, ...announcedSleep },
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...networkCommands,
      ...sleepCommands,
      ...simcomCommands,
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
