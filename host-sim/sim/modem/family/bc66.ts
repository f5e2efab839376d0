/**
 * Quectel BC66 and BC660K-GL, as Quectel's AT commands and TCP/IP manuals for the two describe them.
 *
 *     BC66     the boot ROM's chatter, then RDY; PSM_EINT ends PSM; raw data
 *     BC660K   RDY at 115200; any byte on the UART ends PSM once wakeupRXD says so; all in hexadecimal
 *              once QICFG does
 *     both     +IP: says that the context is there; deep sleep takes settings and sockets; an AT command
 *              keeps them awake for 10 s, then the UART sleeps lightly and loses what wakes it;
 *              AT+QRELLOCK lets go at once; no sleep with AT+QSCLK=0, only light with 2
 *
 * Left open by the documents, or different from one firmware to the next, and drawn for each modem: see
 * `bc66-firmware.ts`.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Family, Unit } from "../family";
import { apnOf, bandsOf } from "../commands/arguments";
import {
  badParameter,
  done,
  holds,
  holdsUntilRestart,
  line,
  modelCommands,
  notAllowed,
  notSupported,
  tellConnection,
} from "../commands/common";
import { usualCommands } from "../commands/context";
import {
  clockOfBc660k,
  clockOfBc66,
  configRule,
  draw,
  drawn,
  isNew,
  kept,
  keptFunction,
  restore,
  tellTime,
  utcOfBc66,
} from "./bc66-firmware";
import { deliver, socketsOfBc660k, socketsOfBc66 } from "./bc66-sockets";

const commonCommands: Record<string, CommandRule> = {
  "+CFUN": keptFunction,
  // Taken up at the next start.
  "+QCGDEFCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+QCGDEFCONT: "IP","${unit.nvram.own.get("apn")}"`);
      if (form !== "set") return undefined;
      const apn = apnOf(args[1]);
      if (args[0]?.text !== "IP" || apn === undefined) return badParameter;
      if (drawn(unit, "apnquiet") && unit.settings.cfun !== 0) return notAllowed;
      unit.nvram.own.set("apn", apn);
      return done;
    },
  },
  "+QBAND": {
    delay: [200, 20_000],
    delayed: "set",
    run(unit, { form, args }) {
      const { nvram, settings } = unit;
      if (form === "read") {
        const bands = nvram.own.get("bands")!.split(",").map(Number);
        if (drawn(unit, "bandsorted")) bands.sort((a, b) => a - b);
        return line(`+QBAND: ${drawn(unit, "bandcount") ? `${bands.length},` : ""}${bands.join(",")}`);
      }
      if (form !== "set") return undefined;
      const count = integerArgument(args[0], 0, 19);
      const bands = bandsOf(args.slice(1));
      if (bands === undefined || bands.length !== count) return badParameter;
      if (settings.cfun !== 0) return notAllowed;
      nvram.own.set("bands", bands.join(","));
      return done;
    },
  },
  "+QRST": {
    run: (unit, { form, args }) =>
      form === "set" && integerArgument(args[0], 1, 1) === 1
        ? { then: () => unit.restart("AT+QRST=1") }
        : undefined,
  },
  "+QSCLK": holdsUntilRestart("+QSCLK", 2, 1),
  "+QNBIOTEVENT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+QNBIOTEVENT: ${Number(unit.settings.psmStatus)},1`);
      if (form !== "set") return undefined;
      const on = integerArgument(args[0], 0, 1);
      if (on === undefined || integerArgument(args[1], 1, 1) === undefined) return badParameter;
      unit.settings.psmStatus = on === 1;
      unit.nvram.own.set("event", String(on));
      return done;
    },
  },
  "+CSCON": holdsUntilRestart("+CSCON", 1),
  "+CTZR": holds(
    "+CTZR",
    3,
    (unit) => Number(kept(unit, "ctzr", "0")),
    (unit, value) => void unit.nvram.own.set("ctzr", String(value)),
  ),
  "+QENG": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 0, 0) === undefined) return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      const signal = `${rsrp},${rsrq},${rssi},${snr}`;
      return line(`+QENG: 0,3600,0,82,"${grant.cellId}",${signal},8,"${grant.tac}",${coverage},230,2`);
    },
  },
  "+QRELLOCK": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.releaseLock() } : undefined),
  },
};

/** `+CGPADDR: <context>[,"<address>"]` */
function addressRule(context: number): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "set" && integerArgument(args[0], 0, 1) === undefined) return badParameter;
      if (form !== "set" && form !== "execute") return undefined;
      const asked = form === "set" ? Number(args[0].text) : context;
      const address = asked === context && unit.context.active ? unit.registration.grant?.address : undefined;
      return line(`+CGPADDR: ${asked}${address === undefined ? "" : `,"${address}"`}`);
    },
  };
}

const raiOfBc66: CommandRule = {
  run(unit, { form, args }) {
    if (!drawn(unit, "rai")) return notSupported;
    if (form !== "set") return undefined;
    const rai = integerArgument(args[0], 0, 2);
    if (rai === undefined) return badParameter;
    unit.settings.rai = rai as 0 | 1 | 2;
    return done;
  },
};

const shared = {
  baud: 115_200,
  sockets: 5,
  keepsPsm: true,
  attachesItself: () => true,
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

const quectelModel = (model: string, revision: string): Record<string, CommandRule> =>
  modelCommands(["Quectel_Ltd", model, revision], model, revision);

const factoryQicfg = { dataformat: "0,0", viewmode: "0", showlength: "0" };

export const bc66: Family = {
  ...shared,
  name: "bc66",
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
  commands: new Map(
    Object.entries({
      ...usualCommands,
      ...commonCommands,
      ...socketsOfBc66,
      "+CGPADDR": addressRule(1),
      "+CCLK": clockOfBc66,
      "+QCCLK": utcOfBc66,
      "+QNBIOTRAI": raiOfBc66,
      "+QICFG": configRule("+QICFG", factoryQicfg),
      ...quectelModel("Quectel_BC66", "Revision: BC66NBR01A10"),
    }),
  ),
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

export const bc660k: Family = {
  ...shared,
  name: "bc660k",
  power: { reset: 100, boot: [700, 1_500], down: [200, 500] },
  boot: { lines: ["RDY"], card: true, cardDelay: [200, 1_200], lastDelay: [10, 20] },
  sleep: {
    ...sharedSleep,
    wakesByUart: { deafFor: 400, when: (unit) => unit.nvram.own.get("wakes") === "1" },
    entering: (unit) => [...psmEvent(unit, "ENTER"), ...deepSleepEvent(unit, "ENTER")],
    leaving: (unit) => [...deepSleepEvent(unit, "EXIT"), ...psmEvent(unit, "EXIT")],
  },
  restartCommand: "+QRST",
  commands: new Map(
    Object.entries({
      ...usualCommands,
      ...commonCommands,
      ...socketsOfBc660k,
      "+CGPADDR": addressRule(0),
      "+CCLK": clockOfBc660k,
      "+QICFG": configRule("+QICFG", factoryQicfg),
      "+QCFG": configRule("+QCFG", { dsevent: "0", wakeupRXD: "0", autopdn: "1" }),
      ...quectelModel("Quectel_BC660K-GL", "Revision: BC660KGLAAR01A05"),
    }),
  ),
  onBoot(unit) {
    const first = isNew(unit);
    draw(unit, ["bandcount", "bandsorted", "oneline0", "pushes", "apnquiet", "keepsicfg", "keepsevent"]);
    draw(unit, ["survives", "cclkutc", "used"]);
    if (first && drawn(unit, "used")) {
      unit.nvram.own.set("+QCFG/wakeupRXD", "1");
      unit.nvram.own.set("+QCFG/dsevent", "1");
      unit.nvram.own.set("+QICFG/viewmode", "1");
      unit.nvram.own.set("+QICFG/showlength", "1");
      // And left it switched off.
      unit.nvram.own.set("cfun", "0");
    }
    restore(unit);
  },
};
