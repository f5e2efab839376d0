/**
 * Quectel BC66 and BC660K-GL, as Quectel's AT commands and TCP/IP manuals for the two describe them.
 *
 *     BC66     the boot ROM's chatter, then RDY; PSM_EINT ends PSM; raw data
 *     BC660K   RDY at 115200; any byte on the UART ends PSM once wakeupRXD says so; all in hexadecimal
 *              once QICFG does
 *     both     +IP: says that the context is there; deep sleep takes settings and sockets; an AT command
 *              keeps them awake for 10 s, then the UART sleeps lightly and loses what wakes it;
 *              AT+QRELLOCK (BC66) lets go at once; no sleep with AT+QSCLK=0, only light with 2
 *
 * What a firmware takes is in its manual's table. Left open by the documents, and drawn for each modem: see
 * `bc66-firmware.ts`.
 */
import type { CommandRule, Family, Unit } from "../family";
import { basicCommands, causeReport, networkCommands, tellConnection, tells } from "../commands/common";
import { loginRule, usualCommands } from "../commands/context";
import { listedIn } from "../manual/manual";
import { bc66Manual } from "../manual/bc66";
import { bc660kManual } from "../manual/bc660k";
import {
  activationRule,
  addressRule,
  assistanceRule,
  commonCommands,
  contextRule,
  identityCommands,
  nameServersRule,
  powerOfBc66,
  searchedBands,
} from "./bc66-commands";
import {
  clockOfBc660k,
  clockOfBc66,
  configRule,
  draw,
  drawn,
  isNew,
  isOlder,
  kept,
  restore,
  tellTime,
  utcOfBc66,
} from "./bc66-firmware";
import { deliver, socketsOfBc660k, socketsOfBc66 } from "./bc66-sockets";
import { nameRule } from "./quectel-sockets";

const shared = {
  baud: 115_200,
  sockets: 5,
  keepsPsm: true,
  attachesItself: () => true,
  searches: (unit: Unit) => ({ bands: searchedBands(unit) }),
  // Digits of the longest datagram, and what stands in front of them.
  longestLine: 2_200,
  nvram: () => ({
    baud: 115_200,
    apn: "",
    own: new Map([
      ["apn", ""],
      ["bands", "3,5,8,20"],
    ]),
  }),
  attached(unit: Unit) {
    tellTime(unit);
    // The context comes with the attach.
    unit.later(unit.random.between(100, 1_500), () => {
      if (!unit.registration.registered) return;
      unit.context.active = true;
      unit.urc(`+IP: ${unit.registration.grant?.address}`);
    });
  },
  rrc: tellConnection,
  deliver,
} as const;

const sleepMode = (unit: Unit): number => Number(unit.settings.own.get("+qsclk") ?? 1);

const sharedSleep = {
  boots: true,
  // ms that an AT command keeps them awake.
  lock: 10_000,
  light: { deafFor: 80, may: (unit: Unit) => sleepMode(unit) !== 0 },
  may: (unit: Unit) => sleepMode(unit) === 1,
  keepsSockets: (unit: Unit) => drawn(unit, "survives"),
} as const;

const psmEvent = (unit: Unit, what: string): string[] =>
  unit.settings.psmStatus ? [`+QNBIOTEVENT: "${what} PSM"`] : [];

const deepSleepEvent = (unit: Unit, what: string): string[] =>
  kept(unit, "+QCFG/dsevent", "0") === "1" ? [`+QNBIOTEVENT: "${what} DEEPSLEEP"`] : [];

const factoryQicfg = { dataformat: "0,0", viewmode: "0", showlength: "0", showRA: "0" };

export const bc66: Family = {
  ...shared,
  name: "bc66",
  manual: bc66Manual,
  power: {
    key: { on: 500, off: Infinity },
    wake: 100,
    wakePin: true,
    reset: 50,
    boot: [1_000, 2_500],
    down: [200, 500],
  },
  boot: {
    lines: [
      "F1: 0000 0000",
      "V0: 0000 0000 [0001]",
      "00: 0006 000C",
      "01: 0000 0000",
      "U0: 0000 0001 [0000]",
      "T0: 0000 00B4",
      "Leaving the BROM",
      "RDY",
    ],
    half: "+CFUN: 1",
    card: true,
    cardDelay: [200, 1_200],
    lastDelay: [10, 20],
  },
  sleep: {
    ...sharedSleep,
    entering: (unit) => psmEvent(unit, "ENTER"),
    leaving: (unit) => psmEvent(unit, "EXIT"),
  },
  restartCommand: "+QRST",
  commands: listedIn(bc66Manual, {
    ...usualCommands,
    ...commonCommands,
    ...identityCommands,
    ...powerOfBc66,
    ...socketsOfBc66,
    "+CGDCONT": contextRule(1, ",0,0,0,,,,,,0,,0"),
    "+CGPADDR": addressRule(1),
    "+CGACT": activationRule(1),
    "+CCLK": clockOfBc66,
    "+QCCLK": utcOfBc66,
    "+CBC": tells(() => "+CBC: 0,0,3300"),
    "+CEER": causeReport,
    "+QNBIOTRAI": assistanceRule(2),
    "+QIDNSGIP": nameRule(1, '+QIURC: "dnsgip",', () => true),
    "+QIDNSCFG": nameServersRule,
    "+QICFG": configRule("+QICFG", factoryQicfg),
  }),
  // MediaTek's newer builds have a field for the routing area in front of the cause.
  registrationFields: (unit, level) =>
    unit.registration.fields(level, !isOlder(unit) || unit.quirks.ceregRoutingArea === true),
  onBoot(unit) {
    const first = isNew(unit);
    draw(unit, ["quotes", "rai", "bandcount", "bandsorted", "pushes", "apnquiet", "keepsicfg", "keepsevent"]);
    draw(unit, ["survives", "cclkutc", "used", "autobaud"]);
    if (first && drawn(unit, "autobaud")) unit.nvram.baud = 0;
    if (first && drawn(unit, "used")) {
      unit.nvram.own.set("+QICFG/dataformat", "1,1");
      unit.nvram.own.set("+QICFG/viewmode", "1");
      unit.nvram.own.set("+QICFG/showlength", "1");
    }
    restore(unit);
  },
};

/** Settings that BC660K keeps without power, as its manual has it: what the rule sets, it sets for good. */
function keptBy(name: string, rule: CommandRule, now: (unit: Unit) => number): CommandRule {
  return {
    ...rule,
    run(unit, command) {
      const answer = rule.run(unit, command);
      unit.nvram.own.set(name, String(now(unit)));
      return answer;
    },
  };
}

const echoes = (unit: Unit): number => Number(unit.responder.echo);
const errorStyle = (unit: Unit): number => unit.responder.errorStyle;
const registrationLevel = (unit: Unit): number => unit.settings.cereg;
const connectionLevel = (unit: Unit): number => Number(unit.settings.own.get("+cscon") ?? 0);

export const bc660k: Family = {
  ...shared,
  name: "bc660k",
  manual: bc660kManual,
  power: { reset: 100, boot: [700, 1_500], down: [200, 500] },
  boot: { lines: ["RDY"], card: true, cardDelay: [200, 1_200], lastDelay: [10, 20] },
  sleep: {
    ...sharedSleep,
    wakesByUart: { deafFor: 400, when: (unit) => unit.nvram.own.get("wakes") === "1" },
    entering: (unit) => [...psmEvent(unit, "ENTER"), ...deepSleepEvent(unit, "ENTER")],
    leaving: (unit) => [...deepSleepEvent(unit, "EXIT"), ...psmEvent(unit, "EXIT")],
  },
  restartCommand: "+QRST",
  commands: listedIn(bc660kManual, {
    ...usualCommands,
    ...commonCommands,
    ...identityCommands,
    ...socketsOfBc660k,
    E: keptBy("echo", basicCommands.E, echoes),
    "+CMEE": keptBy("cmee", basicCommands["+CMEE"], errorStyle),
    "+CEREG": keptBy("cereg", networkCommands["+CEREG"], registrationLevel),
    "+CSCON": keptBy("cscon", commonCommands["+CSCON"], connectionLevel),
    "+CGDCONT": contextRule(0, ""),
    "+CGPADDR": addressRule(0),
    "+CGACT": activationRule(0),
    "+CGAUTH": loginRule,
    "+CCLK": clockOfBc660k,
    "+CBC": tells(() => "+CBC: 3470"),
    "+QNBIOTRAI": assistanceRule(1),
    "+QIDNSGIP": nameRule(0, "+QIDNSGIP: ", (unit) => drawn(unit, "dnsquotes")),
    "+QIDNSCFG": nameServersRule,
    "+QICFG": configRule("+QICFG", factoryQicfg),
    "+QCFG": configRule(
      "+QCFG",
      {
        EPCO: "1",
        DataInactTimer: "60",
        OOSScheme: "0",
        slplocktimes: "10",
        dsevent: "0",
        statisr: "0",
        MacRAI: "0",
        relversion: "13",
        NBcategory: "1",
        wakeupRXD: "0",
        faultaction: "4",
        NcellMeas: "1",
        SimBip: "1",
        activetimer: "1",
        simpsm: "1",
        logbaudrate: "6000000",
      },
      ["EPCO", "DataInactTimer", "MacRAI", "relversion", "NBcategory", "NcellMeas"],
    ),
  }),
  onBoot(unit) {
    const { own } = unit.nvram;
    const first = isNew(unit);
    draw(unit, ["bandsorted", "oneline0", "pushes", "keepslevels", "dnsquotes"]);
    draw(unit, ["survives", "cclkutc", "used"]);
    own.set("keepsicfg", "yes");
    own.set("keepsevent", "yes");
    if (first && drawn(unit, "used")) {
      own.set("+QCFG/wakeupRXD", "1");
      own.set("+QCFG/dsevent", "1");
      own.set("+QICFG/viewmode", "1");
      own.set("+QICFG/showlength", "1");
      // And left it switched off.
      own.set("cfun", "0");
    }
    restore(unit);
  },
  onReset(unit) {
    if (!drawn(unit, "keepslevels")) return;
    const { responder, settings } = unit;
    responder.echo = kept(unit, "echo", "1") === "1";
    responder.errorStyle = Number(kept(unit, "cmee", "0")) as 0 | 1 | 2;
    settings.cereg = Number(kept(unit, "cereg", "0"));
    settings.own.set("+cscon", kept(unit, "cscon", "0"));
  },
};
