/**
 * SIMCom SIM7020, as its AT manual (V1.05) and low-power note describe it. Simplifications: UDP over
 * IPv4 only, no light sleep (AT+CSCLK), no S registers, and every cell takes every access point name.
 *
 * Left open by the documents, and drawn for each modem: whether the clock tells UTC from the factory (AT+CURTC
 * changes it), whether bands in CBANDSL are the only ones that are searched, whether an OK stands behind
 * DATA ACCEPT.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family, SearchScope, Unit } from "../family";
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
  tells,
  tellsOfCard,
} from "../commands/common";
import { givenContextRule, usualCommands } from "../commands/context";
import { draw, drawn } from "../draw";
import { sim7020Manual } from "../manual/sim7020";
import type { ReleaseAssistance } from "../power-saving";
import { received, socketCommands } from "./sim7020-sockets";
import { announcedSleep, goodbye, lowSupply, simcomBoot } from "./simcom";
import { searchAnew, simcomCommands, without } from "./simcom-commands";

const modemCommands: Record<string, CommandRule> = {
  ...modelCommands(["SIM7020G R1752"], "SIM7020G", "1752B09SIM7020G"),
  "+ICCID": tellsOfCard((unit) => unit.identity.iccid, false),
  "+CBC": tells(() => "+CBC: 88,3418"),
  "+CNUM": { run: (_unit, { form }) => (form === "execute" ? done : undefined) },
  "+CPINR": {
    run(unit, { form }) {
      if (form === "test") return undefined;
      const { pinTriesLeft, pukTriesLeft } = unit.card;
      return { lines: [`+CPINR: "SIM PIN",${pinTriesLeft},3`, `+CPINR: "SIM PUK",${pukTriesLeft},10`] };
    },
  },
  "+CSMINS": {
    run(unit, { form }) {
      if (form === "read") return line(`+CSMINS: 0,${Number(unit.card.present)}`);
      return form === "set" ? done : undefined;
    },
  },
  "+CRESET": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.restart("AT+CRESET") } : undefined),
  },
  // Without quotes, and in another year before the network has told the time. Setting it is not simulated.
  "+CCLK": {
    run(unit, { form }) {
      if (form === "set") return done;
      if (form !== "read") return undefined;
      const local = unit.settings.own.get("curtc") === "1" ? "local" : "utc";
      const text = unit.clock(unit.quirks.clock === undefined ? local : undefined);
      return line(`+CCLK: ${unit.clockTold ? text : text.replace(/^80/, "00")}`);
    },
  },
  // 0 has CCLK tell UTC, 1 local time; from the next start on.
  "+CURTC": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+CURTC: ${own.get("curtc")}`);
      const choice = form === "set" ? integerArgument(args[0], 0, 1) : undefined;
      if (choice === undefined) return undefined;
      own.set("curtc", String(choice));
      return line(`+CURTC: ${choice}`);
    },
  },
  "+CLTS": holds(
    "+CLTS",
    1,
    (unit) => Number(unit.settings.networkTime),
    (unit, value) => {
      unit.nvram.own.set("clts", String(value));
      // Taken up at the next registration.
      unit.settings.networkTime = value === 1;
    },
  ),
};

/** CBAND is one band; CBANDSL a list that is searched first, or alone. */
function searches(unit: Unit): SearchScope {
  const { own } = unit.nvram;
  const list = own.get("cbandsl");
  if (list !== undefined && drawn(unit, "bandslonly")) return { bands: list.split(",").map(Number) };
  const band = unit.settings.own.get("cband");
  return band === undefined ? {} : { bands: [Number(band)] };
}

const searchCommands: Record<string, CommandRule> = {
  // From the next start on.
  "+CBAND": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+CBAND: ${own.get("cband") ?? 0}`);
      if (form !== "set") return undefined;
      own.set("cband", args[0].text);
      return done;
    },
  },
  "+CBANDSL": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      const list = own.get("cbandsl");
      if (form === "read") return list === undefined ? done : line(`+CBANDSL: ${list}`);
      if (form !== "set") return undefined;
      const bands = bandsOf(args.slice(2));
      const count = Number(args[1]?.text ?? 0);
      if (bands === undefined || count !== bands.length) return badParameter;
      const on = integerArgument(args[0], 1, 1) !== undefined;
      if (on && bands.length === 0) return badParameter;
      if (on) own.set("cbandsl", bands.join(","));
      else own.delete("cbandsl");
      return { then: () => searchAnew(unit) };
    },
  },
  "*MCGDEFCONT": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") {
        // Kept as the shared rules keep a login: context and protocol stand in front.
        const login = own.get("login")?.slice(3);
        return line(`*MCGDEFCONT: "IP","${unit.nvram.apn}"${login === undefined ? "" : `,${login}`}`);
      }
      if (form !== "set") return undefined;
      const apn = apnOf(args[1]);
      if (args[0].text !== "IP" || apn === undefined) return badParameter;
      unit.nvram.apn = apn;
      if (args.length > 2) own.set("login", `1,1,"${args[2].text}","${args[3]?.text ?? ""}"`);
      else own.delete("login");
      return done;
    },
  },
  "+CGAUTH": {
    run(unit, { form, args }) {
      const { own } = unit.settings;
      const set = own.get("login");
      if (form === "read") return set === undefined ? done : line(`+CGAUTH: ${set}`);
      if (form !== "set") return undefined;
      const [id, kind = "0", user = "", password = ""] = args.map(({ text }) => text);
      own.set("login", `${id},${kind},"${user}","${password}"`);
      return done;
    },
  },
  "+CGCONTRDP": givenContextRule,
  "+IPCONFIG": {
    run(unit, { form }) {
      const address = unit.registration.grant?.address;
      if (form !== "execute") return undefined;
      return address === undefined ? done : line(`+IPCONFIG: ${address}`);
    },
  },
  "+CENG": {
    run(unit, { form }) {
      if (form === "set") return done;
      if (form !== "read") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      // 23 dBm below -100 dBm, then 10 dB less for each 10 dB more.
      const power = clamp(23 - Math.max(0, rsrp + 100), -40, 23);
      const signal = `${rsrp},${rsrq},${rssi},${snr}`;
      const cell = `3600,0,82,"${grant.cellId}"`;
      const { band } = unit.network.carrier;
      return line(`+CENG: ${cell},${signal},${band},"${grant.tac}",${coverage},${power}`);
    },
  },
};

const savingCommands: Record<string, CommandRule> = {
  ...sleepCommands,
  // 2 ends PSM and forgets its timers.
  "+CPSMS": {
    run(unit, command) {
      if (command.form !== "set" || integerArgument(command.args[0], 2, 2) === undefined) {
        return sleepCommands["+CPSMS"].run(unit, command);
      }
      unit.settings.psmTimers = { t3412: "00100001", t3324: "00000101" };
      const off = { ...command, args: [{ text: "0", quoted: false }] };
      return sleepCommands["+CPSMS"].run(unit, off);
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
  manual: sim7020Manual,
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...without(networkCommands, "+CESQ"),
      "+CGATT": usualCommands["+CGATT"],
      "+COPS": usualCommands["+COPS"],
      "+CGDCONT": usualCommands["+CGDCONT"],
      "+CGPADDR": usualCommands["+CGPADDR"],
      ...simcomCommands,
      ...modemCommands,
      ...searchCommands,
      ...savingCommands,
      ...socketCommands,
    }),
  ),
  sockets: 5,
  nvram: () => ({ baud: 0, apn: "internet", own: new Map([["rcvflag", "0"]]) }),
  // CPSMS is kept without power, CEDRXS is not.
  keepsPsm: true,
  onBoot(unit) {
    draw(unit, ["utc", "bandslonly", "acceptok"]);
    const { own } = unit.nvram;
    const { settings } = unit;
    if (!own.has("curtc")) own.set("curtc", drawn(unit, "utc") ? "0" : "1");
    settings.edrx = undefined;
    settings.networkTime = own.get("clts") === "1";
    for (const name of ["curtc", "cband"]) if (own.has(name)) settings.own.set(name, own.get(name)!);
  },
  attachesItself: () => true,
  searches,
  lowSupply,
  attached: (unit) => {
    if (unit.settings.networkTime) unit.urc(`+CLTS: ${unit.clock("local")}`);
  },
  deliver: (unit, socket, datagram) => unit.urc(received(unit, socket, datagram)),
};
