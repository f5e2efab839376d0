/**
 * What SIMCom's modems have in common: how they start, sleep and are switched off; and what only SIM7080
 * and SIM7000 share, which have LTE-M as well: technologies and bands, the network's time, the factory's
 * settings, reads of what was received.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { BootTraits, CommandRule, Family, Unit } from "../family";
import type { Nvram } from "../settings";
import type { UdpSocket } from "../udp-sockets";
import { bandsOf } from "../commands/arguments";
import {
  badParameter,
  ceregWithoutCauses,
  done,
  holds,
  holdsSleepSigns,
  keeps,
  line,
} from "../commands/common";
import { draw, drawn } from "../draw";

/** What they say when they are switched off. */
export const goodbye = "NORMAL POWER DOWN";

/** What they say when they start. */
export const simcomBoot: BootTraits = {
  lines: ["RDY"],
  half: "+CFUN: 1",
  card: true,
  last: ["SMS Ready"],
  cardDelay: [300, 1_500],
  lastDelay: [300, 2_000],
};

/** `CPSMSTATUS=1` has them tell of their sleep. */
export const announcedSleep = {
  entering: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "ENTER PSM"'] : []),
  leaving: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "EXIT PSM"'] : []),
};

/** Commands of all of them. */
export const simcomCommands: Record<string, CommandRule> = {
  "+CSCLK": holds(
    "+CSCLK",
    2,
    (unit) => unit.settings.slowClock,
    (unit, value) => {
      unit.settings.slowClock = value;
    },
  ),
  "+CREBOOT": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.restart("AT+CREBOOT") } : undefined),
  },
  "+CPSMSTATUS": holdsSleepSigns("+CPSMSTATUS"),
};

/** The first argument, where it is one of these numbers. */
const oneOf =
  (...values: readonly number[]) =>
  ([first]: readonly AtArgument[]): string | undefined => {
    const value = integerArgument(first, 0, 255);
    return value === undefined || !values.includes(value) ? undefined : String(value);
  };

/** Commands that SIM7080 and SIM7000 add, or have in another way. */
export const lteCommands: Record<string, CommandRule> = {
  "+CNMP": keeps("+CNMP", "cnmp", oneOf(2, 13, 38, 51)),
  "+CMNB": keeps("+CMNB", "cmnb", oneOf(1, 2, 3)),
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
      return done;
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
  "+CPOWD": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 0, 1) === undefined) return undefined;
      return { then: () => unit.powerDown("AT+CPOWD") };
    },
  },
  "+CPSI": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return line("+CPSI: NO SERVICE,Online");
      const { rsrp, rsrq, rssi, snr } = unit.network.measure();
      const cell = `0x${grant.tac},${parseInt(grant.cellId, 16)},82,EUTRAN-BAND8,3600,0,0`;
      return line(`+CPSI: LTE NB-IOT,Online,001-01,${cell},${rsrq},${rsrp},${rssi},${snr}`);
    },
  },
  "+CEREG": ceregWithoutCauses,
  // Not in the manuals; the chip's own command set has it.
  "+CEER": {
    run(unit, { form }) {
      if (form !== "execute" || !drawn(unit, "ceer")) return undefined;
      const { cause } = unit.registration;
      return line(cause === 0 ? "+CEER: No cause information available" : `+CEER: EMM_CAUSE,${cause}`);
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
      if (form !== "set") return undefined;
      const rai = integerArgument(args[0], 0, 2);
      if (rai === undefined || (args[1] !== undefined && integerArgument(args[1], 0, 1) === undefined))
        return badParameter;
      unit.settings.rai = rai as 0 | 1 | 2;
      return done;
    },
  },
};

/** What SIM7080 and SIM7000 do alike. */
export const lteTraits = {
  baud: 115_200,
  boot: simcomBoot,
  sleep: { boots: true, keepsSockets: () => false, ...announcedSleep },
  keepsPsm: true,
  // There is NB-IoT here, and nothing else.
  attachesItself: (unit) => unit.nvram.own.get("cnmp") !== "13" && unit.nvram.own.get("cmnb") !== "1",
  attached: tellTime,
} as const satisfies Partial<Family>;

/** As the factory sets them. @param own bands of LTE-M, and what this family keeps besides */
export function lteFactory(own: Readonly<Record<"catm", string> & Record<string, string>>): Nvram {
  const settings = { cnmp: "2", cmnb: "3", nbiot: "1,2,3,5,8,20", clts: "0", ...own };
  return { baud: 0, apn: "", own: new Map(Object.entries(settings)) };
}

/** A boot begins. @param names what is drawn for this family alone */
export function bootLte(unit: Unit, names: readonly string[]): void {
  draw(unit, ["ceer", "keepssign", "borders", "keepsrest", "each", ...names]);
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
