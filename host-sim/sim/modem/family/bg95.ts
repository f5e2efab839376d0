/**
 * Quectel BG95, as its table (manual/bg95.ts) and the sources that this names have it.
 *
 *     RDY, some seconds later APP RDY: commands are served from then on; +QIND: SMS DONE some time behind it
 *     AT+QCFG="iotopmode", "band", "nwscanmode", "roamservice" say what it finds: at once, or from the next start on
 *     AT+QIACT=1 activates the context that sockets need; AT+CEREG knows no causes
 *     PSM is power-off: +QPSMTIMER, PSM POWER DOWN; PWRKEY starts it anew
 *     echo and the UART's rate are kept only by AT&W
 *
 * Left open by the documents, and drawn for each modem: whether a setting of QCFG counts at once where the command
 * does not say, whether +CGPADDR has quotes, and what CCLK tells from the factory. APP RDY and +CPIN come in either
 * order.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family, SearchScope, Unit } from "../family";
import {
  done,
  isConnected,
  line,
  modelCommands,
  sleepCommands,
  tellConnection,
  tells,
  tellsOfCard,
} from "../commands/common";
import { givenContextRule, networkName, usualCommands } from "../commands/context";
import { draw, drawn } from "../draw";
import { bg95Manual } from "../manual/bg95";
import { listedIn } from "../manual/manual";
import { contextId, socketCommands } from "./bg95-sockets";
import { keepAndHint } from "./quectel-sockets";

/** Settings of `AT+QCFG`, with what the factory sets. */
const factory: Readonly<Record<string, string>> = {
  nwscanmode: "0",
  nwscanseq: "020301",
  iotopmode: "2",
  band: "0xf,0x100002000000000f0e189f,0x10004200000000090e189f",
  servicedomain: "2",
  roamservice: "255",
  "psm/urc": "0",
  "psm/enter": "0",
  apready: "0,0,500",
  "cmux/urcport": "0",
  "nb1/bandprior": "ff",
  "urc/ri/other": '"pulse",120,1',
  risignaltype: '"respective"',
  "urc/delay": "0",
  ledmode: "0",
  "fast/poweroff": "0",
};

/** Those of them that say what it finds, whose last argument says when they count. */
const scopes: readonly string[] = [
  "nwscanmode",
  "nwscanseq",
  "iotopmode",
  "band",
  "servicedomain",
  "roamservice",
];

/** The value that is in force. */
const inForce = (unit: Unit, name: string): string => unit.settings.own.get(`qcfg ${name}`) ?? factory[name];

/** Takes a setting up, and looks anew where nothing was found. */
function takeUp(unit: Unit, name: string): void {
  const { nvram, settings, registration } = unit;
  settings.own.set(`qcfg ${name}`, nvram.own.get(name)!);
  if (settings.cfun === 1 && registration.stat !== 0 && !registration.registered) registration.search();
}

/** Three masks; 0 leaves a technology's bands as they are. */
function masksOf(texts: readonly string[], before: string): string {
  const kept = before.split(",");
  return texts
    .map((text, at) => (/^(0x)?0+$/.test(text) ? kept[at] : `0x${text.toLowerCase().replace(/^0x/, "")}`))
    .join(",");
}

const configRule: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set") return undefined;
    const { own } = unit.nvram;
    const name = args[0].text;
    if (name === "celevel") return line(`+QCFG: "celevel",${unit.network.measure().coverage}`);
    if (args.length === 1) return line(`+QCFG: "${name}",${own.get(name)}`);
    const values = args.slice(1).map(({ text, quoted }) => (quoted ? `"${text}"` : text));
    if (!scopes.includes(name)) {
      own.set(name, values.join(","));
      return done;
    }
    const most = name === "band" ? 3 : 1;
    own.set(name, name === "band" ? masksOf(values.slice(0, 3), own.get(name)!) : values[0]);
    const effect = values[most];
    const later = effect === undefined ? drawn(unit, "qcfglater") : effect === "0";
    return later ? done : { then: () => takeUp(unit, name) };
  },
};

function searches(unit: Unit): SearchScope {
  const mode = inForce(unit, "iotopmode");
  const onlyGsm = inForce(unit, "nwscanmode") === "1";
  const isLteM = unit.network.carrier.technology === "lte-m";
  const mask = BigInt(inForce(unit, "band").split(",")[isLteM ? 1 : 2]);
  return {
    technologies: [
      ...(mode !== "1" && !onlyGsm ? (["lte-m"] as const) : []),
      ...(mode !== "0" && !onlyGsm ? (["nb-iot"] as const) : []),
    ],
    bands: Array.from({ length: 96 }, (_, bit) => bit + 1).filter((band) => (mask >> BigInt(band - 1)) & 1n),
    roaming: inForce(unit, "roamservice") !== "1",
  };
}

/** A signal to noise ratio as Quectel tells it: fifths of a dB above -20 dB, 0 to 250 (forums.quectel.com 54722). */
function fifths(snr: number): number {
  return Math.min(250, Math.max(0, Math.round(5 * (snr + 20))));
}

/** How it calls the technology of the cell. */
const technology = (unit: Unit): string => (unit.network.carrier.technology === "lte-m" ? "eMTC" : "NBIoT");

/** LTE-M is 8 among its access technologies. */
function registrationFields(unit: Unit, level: number): string {
  const fields = unit.registration.fields(level, unit.quirks.ceregRoutingArea === true);
  return fields.replace(/^([0-9]+,"[^"]*","[^"]*"),7/, "$1,8");
}

const operatorRule: CommandRule = {
  ...usualCommands["+COPS"],
  run(unit, command) {
    const answer = usualCommands["+COPS"].run(unit, command);
    if (command.form === "read") {
      return { ...answer, lines: answer?.lines?.map((text) => text.replace(/",7$/, '",8')) };
    }
    // A technology with it narrows the search to that (device-os pull 2112).
    const only = { "8": "0", "9": "1" }[command.args[3]?.text ?? ""];
    if (answer?.failure === undefined && only !== undefined) {
      unit.nvram.own.set("iotopmode", only);
      takeUp(unit, "iotopmode");
    }
    return answer;
  },
};

const ownCommands: Record<string, CommandRule> = {
  ...modelCommands([], "", ""),
  I: {
    run(unit) {
      const { model = "", revision = "" } = unit.generation ?? {};
      return { lines: ["Quectel", model, `Revision: ${revision}`] };
    },
  },
  "+CGMI": tells(() => "Quectel"),
  "+GMI": tells(() => "Quectel"),
  "+GMM": tells((unit) => unit.generation?.model ?? ""),
  "+GMR": tells((unit) => unit.generation?.revision ?? ""),
  "+QGMR": tells((unit) => `${unit.generation?.revision}_01.001.01.001`),
  "+GSN": tells((unit) => unit.identity.imei),
  "+CCID": tellsOfCard((unit) => `+CCID: ${unit.identity.iccid}`, false),
  "+QCCID": tellsOfCard((unit) => `+QCCID: ${unit.identity.iccid}`, false),
  "+QPINC": {
    run({ card }, { form, args }) {
      if (form !== "set") return undefined;
      const left = `${card.pinTriesLeft},${card.pukTriesLeft}`;
      return line(`+QPINC: "${args[0].text}",${args[0].text === "SC" ? left : "3,10"}`);
    },
  },
  "&F": {
    run(unit) {
      unit.responder.echo = true;
      unit.responder.errorStyle = 0;
      unit.settings.cereg = 0;
      return done;
    },
  },
  "&W": {
    run(unit) {
      const { nvram, responder } = unit;
      nvram.own.set("stored baud", String(nvram.baud));
      nvram.own.set("stored echo", responder.echo ? "1" : "0");
      return done;
    },
  },
  "+QCFG": configRule,
  // rssi, rsrp, sinr in fifths of a dB from -20 on, rsrq
  "+QCSQ": tells((unit) => {
    if (!unit.registration.registered) return '+QCSQ: "NOSERVICE"';
    const { rssi, rsrp, rsrq, snr } = unit.network.measure();
    return `+QCSQ: "${technology(unit)}",${rssi},${rsrp},${fifths(snr)},${rsrq}`;
  }),
  "+QNWINFO": tells((unit) => {
    const { plmn, band } = unit.network.carrier;
    if (!unit.registration.registered) return "+QNWINFO: No Service";
    return `+QNWINFO: "${technology(unit)}","${plmn}","LTE BAND ${band}",3740`;
  }),
  "+QSPN": tells((unit) => {
    const name = unit.registration.registered ? networkName(unit) : "";
    return `+QSPN: "${name}","${name}","",0,"${unit.registration.registered ? unit.network.carrier.plmn : ""}"`;
  }),
  // State, technology, TDD or not, MCC, MNC, cell, its physical one, EARFCN, band, bandwidths, area, RSRP, RSRQ,
  // RSSI, SINR, and a level that NB-IoT has not.
  "+QENG": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (args[0].text !== "servingcell") return done;
      const { grant } = unit.registration;
      if (grant === undefined) {
        return line(`+QENG: "servingcell","${unit.registration.stat === 3 ? "LIMSRV" : "SEARCH"}"`);
      }
      const { plmn, band } = unit.network.carrier;
      const { rssi, rsrp, rsrq, snr } = unit.network.measure();
      const state = isConnected(unit) ? "CONNECT" : "NOCONN";
      const place = `"FDD",${plmn.slice(0, 3)},${plmn.slice(3)},${grant.cellId},82,3740,${band},0,0,${grant.tac}`;
      return line(
        `+QENG: "servingcell","${state}","${technology(unit)}",${place},${rsrp},${rsrq},${rssi},${fifths(snr)},-`,
      );
    },
  },
  // AT+CTZU=1 sets it to UTC and 3 to local time, the zone being beside both.
  "+CCLK": {
    run(unit, command) {
      if (unit.quirks.clock !== undefined || command.form !== "read") {
        return usualCommands["+CCLK"].run(unit, command);
      }
      const update = unit.nvram.own.get("kept +CTZU");
      const isLocal = update === "3" || (update !== "1" && !drawn(unit, "cclkutc"));
      return line(`+CCLK: "${unit.clock(isLocal ? "local" : "utc")}"`);
    },
  },
  // 0 and none: when the network told it; 1: now, UTC; 2: now, local time.
  "+QLTS": {
    run(unit, { form, args }) {
      const mode = form === "execute" ? 0 : integerArgument(args[0], 0, 2);
      if ((form !== "set" && form !== "execute") || mode === undefined) return undefined;
      if (!unit.clockTold) return line('+QLTS: ""');
      return line(`+QLTS: "20${unit.clock(mode === 1 ? "utc" : "local")},0"`);
    },
  },
  // 0 at once and without a word, 1 in good order.
  "+QPOWD": {
    run(unit, { form, args }) {
      if (form !== "set" && form !== "execute") return undefined;
      return { then: () => unit.powerDown("AT+QPOWD", args[0]?.text === "0") };
    },
  },
  "+CEER": tells(({ registration: { cause } }) =>
    cause === 0 ? "+CEER: No report available" : `+CEER: EMM cause ${cause}`,
  ),
  "+COPS": operatorRule,
  "+CGACT": {
    run(unit, { form }) {
      if (form === "read") return line(`+CGACT: 1,${Number(unit.registration.registered)}`);
      return form === "set" ? done : undefined;
    },
  },
  "+CGPADDR": {
    run(unit, command) {
      const answer = usualCommands["+CGPADDR"].run(unit, command);
      if (drawn(unit, "addressquotes")) return answer;
      return { ...answer, lines: answer?.lines?.map((text) => text.replaceAll('"', "")) };
    },
  },
  "+CGCONTRDP": givenContextRule,
  // 2 takes the timers back as well.
  "+CPSMS": {
    run(unit, command) {
      if (command.form !== "set" || command.args[0]?.text !== "2")
        return sleepCommands["+CPSMS"].run(unit, command);
      unit.settings.psmOn = false;
      unit.settings.psmTimers = { t3412: "00101100", t3324: "00001010" };
      return { then: () => unit.requestPsm() };
    },
  },
};

export const bg95: Family = {
  name: "bg95",
  baud: 115_200,
  manual: bg95Manual,
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
  commands: listedIn(bg95Manual, { ...usualCommands, ...ownCommands, ...socketCommands }),
  sockets: 12,
  // Data of a datagram of 512 bytes in hexadecimal, and what stands around it.
  longestLine: 1_200,
  nvram: () => ({ baud: 115_200, apn: "", own: new Map(Object.entries(factory)) }),
  onBoot(unit) {
    const { nvram, settings, random } = unit;
    draw(unit, ["qcfglater", "addressquotes", "cclkutc"]);
    settings.networkTime = true;
    settings.own.set("cops format", "0");
    if (unit.generation?.technology === "lte-m") nvram.own.set("iotopmode", "0");
    for (const name of scopes) settings.own.set(`qcfg ${name}`, nvram.own.get(name)!);
    if (!nvram.own.has("stored baud")) nvram.own.set("stored baud", String(nvram.baud));
    unit.setBaud(Number(nvram.own.get("stored baud")));
    unit.later(random.between(5_000, 12_000), () => {
      if (unit.card.ready) unit.urc("+QIND: SMS DONE");
    });
  },
  onReset(unit) {
    unit.responder.echo = unit.nvram.own.get("stored echo") !== "0";
  },
  keepsPsm: true,
  attachesItself: () => true,
  searches,
  registrationFields,
  rrc: tellConnection,
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
