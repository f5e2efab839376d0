/**
 * What BC95 and SARA-N2 do besides sockets. Their answers are those of dan-leo/masters' logs, where these
 * have them: `+CEREG:3,2,5209,0E4C510D,9,0,19` of a BC95, `+CEREG: 5,2,"5209","EABE70D",7,0,19,,` of a SARA-N200.
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import { apnOf, bandsOf } from "../commands/arguments";
import {
  badParameter,
  causeReport,
  connectionRule,
  done,
  holdsSleepSigns,
  holdsUntilRestart,
  line,
  notAllowed,
  tells,
  tellsOfCard,
} from "../commands/common";
import { loginRule, tellsGivenContext, usualCommands } from "../commands/context";
import type { CommandRule, Unit } from "../family";

/** How one of the two writes what both tell. */
export interface HiSiliconStyle {
  readonly maker: string;
  /** What `+CEREG:` calls the access technology, and how it writes a cell. */
  readonly technology: number;
  cell(tac: string, cellId: string): string;
  /** The cell that is none. */
  readonly noCell: string;
  /** `NUESTATS` of a kind, or of none: a name and its value. */
  statistic(kind: string | undefined, name: string, value: number): string;
  /** What stands at the end of `+CGDCONT:`. */
  readonly contextTail: string;
}

/** The fields of `+CEREG:`, each there from its level on, empty where there is nothing to tell. */
export function registrationFieldsOf(style: HiSiliconStyle) {
  return (unit: Unit, level: number): string => {
    const { registration, network } = unit;
    const stat = registration.fields(1, false);
    if (level < 2) return stat;
    const refused = !registration.registered && registration.cause !== 0;
    const { tac, cellId } = registration.grant ?? network.location;
    const known = registration.registered || (refused && registration.stat !== 0);
    const place = `${stat},${known ? style.cell(tac, cellId) : style.noCell},${style.technology}`;
    if (level === 2) return place;
    const cause = refused && level !== 4 ? `0,${registration.cause}` : ",";
    if (level === 3) return `${place},${cause}`;
    const psm = registration.registered ? registration.grant?.psm : undefined;
    return `${place},${cause},${psm === undefined ? "," : `"${psm.t3324}","${psm.t3412}"`}`;
  };
}

/** The bands in which it looks for a cell. */
export const searchedBands = (unit: Unit): number[] => unit.nvram.own.get("bands")!.split(",").map(Number);

/** Enters, changes, switches on and off, unblocks: only the first and the last are simulated. */
const pinRule: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set") return undefined;
    const what = integerArgument(args[0], 0, 4);
    const { card } = unit;
    const tell = (text: string): AtAnswer => ({ then: () => unit.urc(`+NPIN: ${text}`) });
    if (card.wants === undefined) return tell('"ERROR PIN disabled"');
    if (what !== 0 && what !== 4) return notAllowed;
    const right = what === 0 ? card.verify(args[1].text) : card.unblock(args[1].text, args[2]?.text ?? "");
    if (!right) return tell(card.wants === "SIM PUK" ? '"PUK REQUIRED"' : '"ERROR wrong PIN"');
    return {
      then() {
        unit.urc('+NPIN: "OK"');
        unit.cardUnlocked();
      },
    };
  },
};

/** What it says of its card by itself: only that it wants a PIN (mbed-os's UBLOX_N2XX driver waits for it). */
export function cardInWords(state: string): string | undefined {
  if (state === "+CPIN: SIM PIN") return '+NPIN: "ENTER PIN"';
  return state === "+CPIN: SIM PUK" ? '+NPIN: "PUK REQUIRED"' : undefined;
}

/** `+COPS:` without a technology, and 2 while it was told to stay away. */
const operatorRule: CommandRule = {
  ...usualCommands["+COPS"],
  run(unit, command) {
    const { own } = unit.settings;
    if (command.form === "read" && own.get("away") === "yes") return line("+COPS: 2");
    const answer = usualCommands["+COPS"].run(unit, command);
    if (command.form === "set") own.set("away", command.args[0]?.text === "2" ? "yes" : "no");
    if (command.form !== "read") return answer;
    return { ...answer, lines: answer?.lines?.map((text) => text.replace(/",\d$/, '"')) };
  },
};

/** Behaviour by name, `TRUE` or `FALSE`, as from the factory. */
const factoryConfig: Readonly<Record<string, string>> = {
  AUTOCONNECT: "TRUE",
  CR_0354_0338_SCRAMBLING: "TRUE",
  CR_0859_SI_AVOID: "TRUE",
  COMBINE_ATTACH: "FALSE",
  CELL_RESELECTION: "TRUE",
  ENABLE_BIP: "FALSE",
};

export const configOf = (unit: Unit, name: string): string | undefined =>
  unit.nvram.own.get(`config ${name}`) ?? factoryConfig[name];

const configRule: CommandRule = {
  run(unit, { form, args }) {
    if (form === "read") {
      return {
        lines: Object.keys(factoryConfig).map((name) => `+NCONFIG: "${name}","${configOf(unit, name)}"`),
      };
    }
    if (form !== "set") return undefined;
    const truth: Readonly<Record<string, string>> = { "0": "FALSE", "1": "TRUE" };
    const value = args[1]?.text.toUpperCase() ?? "";
    unit.nvram.own.set(`config ${args[0].text.toUpperCase()}`, truth[value] ?? value);
    return done;
  },
};

const bandsRule: CommandRule = {
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
};

/** `AT+QDNS=0,<name>`: OK, and the address behind it. */
const nameRule: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set") return undefined;
    if (integerArgument(args[0], 0, 0) === undefined || args[1] === undefined) return done;
    if (!unit.registration.registered) return { failure: { cme: 30 } };
    const tell = (address: string | undefined): void => unit.urc(`+QDNS: ${address ?? "FAIL"}`);
    return { then: () => unit.network.resolve(args[1].text, tell) };
  },
};

/** The number of the context that was last given an access point name; 0 comes with the attach. */
const contextOf = (unit: Unit): string => unit.nvram.own.get("context") ?? "0";

function contextRule({ contextTail }: HiSiliconStyle): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") {
        return line(`+CGDCONT: ${contextOf(unit)},"IP","${unit.nvram.apn}",,0,0,,,,,${contextTail}`);
      }
      if (form !== "set") return undefined;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (integerArgument(args[0], 0, 1) === undefined) return done;
      unit.nvram.apn = apn;
      unit.nvram.own.set("context", args[0].text);
      return done;
    },
  };
}

const addressRule: CommandRule = {
  run(unit, { form }) {
    if (form !== "execute" && form !== "set") return undefined;
    const address = unit.registration.grant?.address;
    return line(`+CGPADDR: ${contextOf(unit)}${address === undefined ? "" : `,"${address}"`}`);
  },
};

/** `AT+NUESTATS`, and `=RADIO`, `=CELL`; of the other kinds it has nothing. */
function statisticsRule({ statistic }: HiSiliconStyle): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "execute" && form !== "set") return undefined;
      const kind = args[0]?.text.toUpperCase();
      if (kind !== undefined && kind !== "RADIO" && kind !== "ALL") return done;
      const heard = unit.registration.registered ? unit.network.measure() : undefined;
      const values: readonly (readonly [string, number])[] = [
        ["Signal power", heard === undefined ? -32_768 : 10 * heard.rsrp],
        ["Total power", heard === undefined ? -32_768 : 10 * heard.rssi],
        ["TX power", heard === undefined ? -32_768 : 230],
        ["TX time", 1_240],
        ["RX time", 9_630],
        ["Cell ID", heard === undefined ? 0x7fffffff : 27_560_730],
        ["ECL", heard === undefined ? 255 : heard.coverage],
        ["SNR", heard === undefined ? -32_768 : 10 * heard.snr],
        ["EARFCN", heard === undefined ? 0x7fffffff : 3_600],
        ["PCI", heard === undefined ? 65_535 : 82],
        ["RSRQ", heard === undefined ? -32_768 : 10 * heard.rsrq],
      ];
      return { lines: values.map(([name, value]) => statistic(kind && "RADIO", name, value)) };
    },
  };
}

/** All of it, in that style. */
export function commandsOfBc95(style: HiSiliconStyle): Readonly<Record<string, CommandRule>> {
  return {
    ...usualCommands,
    "+CGSN": {
      run(unit, { form, args }) {
        if (form !== "set") return undefined;
        return integerArgument(args[0], 1, 1) === 1 ? line(`+CGSN: ${unit.identity.imei}`) : done;
      },
    },
    "+CGMI": tells(() => style.maker),
    "+CGMM": tells((unit) => unit.generation!.model),
    "+CGMR": {
      run: (unit, { form }) => (form === "execute" ? { lines: revisionLines(unit) } : undefined),
    },
    I: {
      run(unit, { args }) {
        const { model, revision } = unit.generation!;
        if (style.maker === "u-blox") return line(args[0]?.text === "9" ? revision : model);
        return { lines: [style.maker, model, `Revision:${revision}`] };
      },
    },
    "+NCCID": readOrTold(tellsOfCard((unit) => `+NCCID: ${unit.identity.iccid}`, false)),
    "+CCID": readOrTold(tellsOfCard((unit) => `+CCID: ${unit.identity.iccid}`, false)),
    "+NPIN": pinRule,
    // It answers once it has started anew: the boot's own OK.
    "+NRB": {
      run: (unit, { form }) =>
        form === "execute"
          ? { lines: ["REBOOTING"], final: null, then: () => unit.restart("AT+NRB") }
          : undefined,
    },
    "+NATSPEED": {
      run(unit, { form, args }) {
        if (form === "read") return line(`+NATSPEED: ${unit.nvram.baud},2,1`);
        return form === "set" ? { then: () => unit.setBaud(Number(args[0].text)) } : undefined;
      },
    },
    "+NCONFIG": configRule,
    "+NBAND": bandsRule,
    "+NPSMR": holdsSleepSigns("+NPSMR"),
    "+CSCON": connectionRule,
    "+CEER": causeReport,
    "+COPS": operatorRule,
    "+CGDCONT": contextRule(style),
    "+CGPADDR": addressRule,
    "+CGCONTRDP": tellsGivenContext(contextOf),
    "+CGAUTH": loginRule,
    "+CTZR": holdsUntilRestart("+CTZR", 3),
    "+QDNS": nameRule,
    "+NCSEARFCN": {
      run: (unit, { form }) =>
        form !== "execute" ? undefined : unit.settings.cfun === 0 ? done : notAllowed,
    },
    // UTC, whatever the zone behind it says; nothing before the network has told the time.
    "+CCLK": {
      run(unit, { form }) {
        if (form !== "read") return undefined;
        return unit.clockTold ? line(`+CCLK: "${unit.clock("utc")}"`) : done;
      },
    },
    "+NUESTATS": statisticsRule(style),
  };
}

/** A rule for `AT+X`, for `AT+X?` too. */
function readOrTold(rule: CommandRule): CommandRule {
  return {
    run: (unit, command) =>
      rule.run(unit, command.form === "read" ? { ...command, form: "execute" } : command),
  };
}

/** Six lines of a BC95 with Hi2110, one of others. */
function revisionLines(unit: Unit): readonly string[] {
  const { model, revision } = unit.generation!;
  if (!model.startsWith("BC95HB")) return [revision];
  const parts = ["SECURITY", "PROTOCOL", "APPLICATION", "SEC_UPDATER", "APP_UPDATER"];
  return [...parts.map((part) => `${part},${revision}`), `RADIO,${model}`];
}
