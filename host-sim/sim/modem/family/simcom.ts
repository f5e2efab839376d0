/**
 * What SIMCom's modems have in common: how they start, sleep and are switched off; and what only SIM7080
 * and SIM7000 share, which have LTE-M as well: technologies and bands, the network's time, the factory's
 * settings, reads of what was received.
 */
import { integerArgument } from "../at-command";
import type { BootTraits, CommandRule, Family, SearchScope, Unit } from "../family";
import { decodeT3324, decodeT3412 } from "../psm-timers";
import type { TimerValue } from "../psm-timers";
import type { Nvram } from "../settings";
import type { UdpSocket } from "../udp-sockets";
import { bandsOf } from "../commands/arguments";
import { badParameter, ceregWithoutCauses, done, line, networkCommands, tells } from "../commands/common";
import { draw, drawn } from "../draw";
import { grantedApn } from "../commands/context";
import { searchAnew, simcomCommands } from "./simcom-commands";

/** What they say when they are switched off. */
export const goodbye = "NORMAL POWER DOWN";

/** What they say when they start: the last of it up to half a minute later (TinyGSM issue 608: 32 s). */
export const simcomBoot: BootTraits = {
  lines: ["RDY"],
  half: "+CFUN: 1",
  card: true,
  last: ["SMS Ready"],
  cardDelay: [300, 1_500],
  lastDelay: [300, 31_000],
};

/** What they say of a supply that is too low, in their own spelling (manuals: SIM7020 21.5, SIM7080 22.3). */
export const lowSupply = {
  warning: "UNDER-VOLTAGE WARNNING",
  off: "UNDER-VOLTAGE POWER DOWN",
} as const;

/** `CPSMSTATUS=1` has them tell of their sleep. */
export const announcedSleep = {
  entering: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "ENTER PSM"'] : []),
  leaving: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "EXIT PSM"'] : []),
};

/** A rule for a setting of what is searched: one of these numbers, kept without power. */
function searchSetting(name: string, key: string, ...values: readonly number[]): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") return line(`${name}: ${unit.nvram.own.get(key)}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 255);
      if (value === undefined || !values.includes(value)) return badParameter;
      unit.nvram.own.set(key, String(value));
      return { then: () => searchAnew(unit) };
    },
  };
}

/** EMM causes by the names that the chip's own command set gives them (3GPP TS 24.301 annex A). */
const causeNames: Readonly<Record<number, string>> = {
  2: "IMSI_UNKNOWN_IN_HSS",
  3: "ILLEGAL_UE",
  6: "ILLEGAL_ME",
  7: "EPS_SERVICES_NOT_ALLOWED",
  8: "EPS_AND_NON_EPS_SERVICES_NOT_ALLOWED",
  11: "PLMN_NOT_ALLOWED",
  12: "TRACKING_AREA_NOT_ALLOWED",
  13: "ROAMING_NOT_ALLOWED_IN_TRACKING_AREA",
  14: "EPS_SERVICES_NOT_ALLOWED_IN_PLMN",
  15: "NO_SUITABLE_CELLS_IN_TRACKING_AREA",
  19: "ESM_FAILURE",
  22: "CONGESTION",
};

/** A cause as a name, or as a number that is said to be one: which, is drawn. */
function causeText(unit: Unit): string {
  const { cause } = unit.registration;
  if (cause === 0) return "No cause information available";
  const name = causeNames[cause];
  return drawn(unit, "ceername") && name !== undefined ? `EMM_CAUSE_${name}` : `EMM_CAUSE,${cause}`;
}

/** Seconds of a timer, 0 for none. */
const seconds = (timer: TimerValue): number => (typeof timer === "number" ? timer / 1_000 : 0);

/** Commands that SIM7080 and SIM7000 add, or have in another way. */
export const lteCommands: Record<string, CommandRule> = {
  // The manuals: each but 0 is kept over restarts; 6 is a restart, 5 and 7 are for the factory.
  "+CFUN": {
    ...networkCommands["+CFUN"],
    run(unit, command) {
      if (command.form === "set" && integerArgument(command.args[0], 6, 6) !== undefined) {
        return { then: () => unit.restart("AT+CFUN=6") };
      }
      const answer = networkCommands["+CFUN"].run(unit, command);
      const { cfun } = unit.settings;
      if (command.form === "set" && cfun !== 0) unit.nvram.own.set("cfun", String(cfun));
      return answer;
    },
  },
  // Section 5.2.4 of both: it is local time, while *PSUTTZ tells UTC. Setting it is not simulated.
  "+CCLK": {
    run(unit, { form }) {
      if (form === "set") return done;
      const style = unit.quirks.clock === undefined ? "local" : undefined;
      return form === "read" ? line(`+CCLK: "${unit.clock(style)}"`) : undefined;
    },
  },
  // The bit error rate is one of GSM's: unknown (SimpleNB issue 3).
  "+CSQ": {
    run(unit, command) {
      const answer = networkCommands["+CSQ"].run(unit, command);
      return answer?.lines === undefined ? answer : line(answer.lines[0].replace(/,[0-9]+$/, ",99"));
    },
  },
  "+CPAS": tells(() => "+CPAS: 0"),
  "+CNMP": searchSetting("+CNMP", "cnmp", 2, 13, 38, 51),
  "+CMNB": searchSetting("+CMNB", "cmnb", 1, 2, 3),
  "+CBANDCFG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") {
        return {
          lines: [`+CBANDCFG: "CAT-M",${own.get("catm")}`, `+CBANDCFG: "NB-IOT",${own.get("nbiot")}`],
        };
      }
      if (form !== "set") return undefined;
      const bands = bandsOf(args.slice(1));
      const key = args[0]?.text === "CAT-M" ? "catm" : args[0]?.text === "NB-IOT" ? "nbiot" : undefined;
      if (key === undefined || bands === undefined || bands.length === 0) return badParameter;
      own.set(key, bands.join(","));
      // Taken up at once, without a restart.
      return { then: () => searchAnew(unit) };
    },
  },
  "+CLTS": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CLTS: ${unit.nvram.own.get("clts")}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 1);
      if (value === undefined) return badParameter;
      unit.nvram.own.set("clts", String(value));
      // From the next registration on.
      unit.settings.networkTime = value === 1;
      return done;
    },
  },
  "+CPSI": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return line("+CPSI: NO SERVICE,Online");
      const { rsrp, rsrq, rssi, snr } = unit.network.measure();
      const { plmn, band, technology } = unit.network.carrier;
      const mode = technology === "lte-m" ? "LTE CAT-M1" : "LTE NB-IOT";
      const cell = `0x${grant.tac},${parseInt(grant.cellId, 16)},82,EUTRAN-BAND${band},3600,0,0`;
      const operator = `${plmn.slice(0, 3)}-${plmn.slice(3)}`;
      return line(`+CPSI: ${mode},Online,${operator},${cell},${rsrq},${rsrp},${rssi},${snr}`);
    },
  },
  "+CENG": {
    run(unit, { form, args }) {
      const { own } = unit.settings;
      if (form === "set") own.set("ceng", args[0]?.text ?? "0");
      if (form !== "read") return form === "set" ? done : undefined;
      const mode = own.get("ceng") ?? "0";
      const { grant } = unit.registration;
      if (grant === undefined) return line(`+CENG: ${mode},1,0,NO SERVICE`);
      const { rsrp, rsrq, rssi, snr } = unit.network.measure();
      const { plmn } = unit.network.carrier;
      const place = `${parseInt(grant.tac, 16)},${parseInt(grant.cellId, 16)},${plmn.slice(0, 3)},${plmn.slice(3)}`;
      const cell = `3600,82,${rsrp},${rssi},${rsrq},${snr},${place},255`;
      return { lines: [`+CENG: ${mode},1,1,LTE NB-IOT`, `+CENG: 0,"${cell}"`] };
    },
  },
  "+CGNAPN": tells((unit) =>
    unit.registration.registered ? `+CGNAPN: 1,"${grantedApn(unit)}"` : '+CGNAPN: 0,""',
  ),
  "+CEREG": {
    run(unit, command) {
      if (command.form !== "execute") return ceregWithoutCauses.run(unit, command);
      unit.settings.cereg = 0;
      return done;
    },
  },
  // Not in the manuals; the chip's own command set has it.
  "+CEER": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      return drawn(unit, "ceer") ? line(`+CEER: ${causeText(unit)}`) : { failure: "ERROR" };
    },
  },
};

/** Commands of the SIM7080, and of the SIM7000 from its manual V1.05 (2020) on. */
export const laterCommands: Record<string, CommandRule> = {
  "+CPSMSTATUS": {
    run(unit, command) {
      const answer = simcomCommands["+CPSMSTATUS"].run(unit, command);
      // Whether that outlives a wake, which is a boot, is told nowhere, so it is drawn: see `bootLte`.
      if (command.form === "set") unit.nvram.own.set("psmstatus", String(Number(unit.settings.psmStatus)));
      return answer;
    },
  },
  "+CRAI": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CRAI: ${unit.settings.rai},0`);
      if (form !== "set") return undefined;
      const rai = integerArgument(args[0], 0, 2);
      if (rai === undefined || (args[1] !== undefined && integerArgument(args[1], 0, 1) === undefined))
        return badParameter;
      unit.settings.rai = rai as 0 | 1 | 2;
      return done;
    },
  },
  // Asked for by the modem, then given by the network: T3324, T3412 extended, and T3412, in seconds.
  "+CPSMRDP": tells((unit) => {
    const { psmOn, psmTimers } = unit.settings;
    const given = unit.registration.grant?.psm;
    const asked = `${seconds(decodeT3324(psmTimers.t3324))},${seconds(decodeT3412(psmTimers.t3412))}`;
    const granted =
      given === undefined
        ? "0,0"
        : `${seconds(decodeT3324(given.t3324))},${seconds(decodeT3412(given.t3412))}`;
    return `+CPSMRDP: ${Number(psmOn)},${asked},${granted},3240`;
  }),
};

/** What CNMP, CMNB and CBANDCFG let it find. There is no GSM here. */
function searches(unit: Unit): SearchScope {
  const { own } = unit.nvram;
  const gsmOnly = own.get("cnmp") === "13";
  const cmnb = gsmOnly ? "" : own.get("cmnb")!;
  const technologies = (["lte-m", "nb-iot"] as const).filter(
    (_, i) => cmnb === "3" || cmnb === String(i + 1),
  );
  const list = unit.network.carrier.technology === "lte-m" ? "catm" : "nbiot";
  return { technologies, bands: own.get(list)!.split(",").map(Number) };
}

/** What SIM7080 and SIM7000 do alike. */
export const lteTraits = {
  baud: 115_200,
  boot: simcomBoot,
  sleep: { boots: true, keepsSockets: () => false, ...announcedSleep },
  keepsPsm: true,
  attachesItself: () => true,
  searches,
  lowSupply,
  attached: tellTime,
} as const satisfies Partial<Family>;

/** As the factory sets them. @param own bands of LTE-M, and what this family keeps besides */
export function lteFactory(own: Readonly<Record<"catm", string> & Record<string, string>>): Nvram {
  const settings = { cfun: "1", cnmp: "2", cmnb: "3", nbiot: "1,2,3,5,8,20", clts: "0", ...own };
  return { baud: 0, apn: "", own: new Map(Object.entries(settings)) };
}

/** A boot begins. @param names what is drawn for this family alone */
export function bootLte(unit: Unit, names: readonly string[]): void {
  draw(unit, ["ceer", "ceername", "keepssign", "borders", "keepsrest", "each", ...names]);
  unit.settings.cfun = unit.nvram.own.get("cfun") === "4" ? 4 : 1;
  unit.settings.networkTime = unit.nvram.own.get("clts") === "1";
  unit.settings.psmStatus = drawn(unit, "keepssign") && unit.nvram.own.get("psmstatus") === "1";
}

/**
 * Takes at most `length` bytes out of what a socket has received. Told nowhere, so drawn: a read may end
 * at a datagram's border (`borders`) or join what has come by then, and what is left of a datagram may be
 * kept (`keepsrest`) or not. Who reads too little of a row without borders gets the rest the next time.
 */
export function takeReceived(unit: Unit, socket: UdpSocket, length: number): Uint8Array {
  const { waiting } = socket;
  if (!drawn(unit, "borders") && waiting.length > 1) {
    const all = waiting.splice(0);
    waiting.push({ bytes: Uint8Array.from(all.flatMap(({ bytes }) => [...bytes])), from: all[0].from });
  }
  const first = waiting.shift();
  if (first === undefined) return new Uint8Array(0);
  const rest = first.bytes.subarray(length);
  const kept = !drawn(unit, "borders") || drawn(unit, "keepsrest");
  if (rest.length > 0 && kept) waiting.unshift({ bytes: rest, from: first.from });
  return first.bytes.subarray(0, length);
}

/** The network's time, told at a registration, once or twice: UTC and the zone. */
function tellTime(unit: Unit): void {
  if (unit.nvram.own.get("clts") !== "1") return;
  const [date, time] = unit.clock("utc").split(",");
  const zone = time.slice(8).replace(/^([+-])0/, "$1");
  const parts = [
    ...date.split("/").map((part, i) => (i === 0 ? `20${part}` : part)),
    ...time.slice(0, 8).split(":"),
  ];
  const text = `*PSUTTZ: ${parts.map(Number).join(",")},"${zone}",0`;
  unit.urc(text);
  unit.urc("DST: 0");
  if (unit.random.chance(0.5)) unit.urc(text, 40);
}
