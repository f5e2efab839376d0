/**
 * What the SIM7080 and SIM7000 of SIMCom have in common: technologies and bands, power saving signs, the
 * network's time.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
import type { UdpSocket } from "../udp-sockets";
import { badParameter, done, holds, line } from "../commands/common";

/** A number that is kept without power. */
function kept(name: string, key: string, values: readonly number[]): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") return line(`${name}: ${unit.nvram.own.get(key)}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 255);
      if (value === undefined || !values.includes(value)) return badParameter;
      unit.nvram.own.set(key, String(value));
      return done;
    },
  };
}

export const simcomCommands: Record<string, CommandRule> = {
  "+CNMP": kept("+CNMP", "cnmp", [2, 13, 38, 51]),
  "+CMNB": kept("+CMNB", "cmnb", [1, 2, 3]),
  "+CBANDCFG": {
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") {
        return {
          lines: [`+CBANDCFG: "CAT-M",${own.get("catm")}`, `+CBANDCFG: "NB-IOT",${own.get("nbiot")}`],
        };
      }
      if (form !== "set") return undefined;
      const bands = args.slice(1).map((argument) => integerArgument(argument, 1, 85));
      const key = args[0]?.text === "CAT-M" ? "catm" : args[0]?.text === "NB-IOT" ? "nbiot" : undefined;
      if (key === undefined || bands.length === 0 || bands.includes(undefined)) return badParameter;
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
  "+CEREG": {
    run(unit, { form, args }) {
      const { cereg } = unit.settings;
      if (form === "read") {
        const area = unit.quirks.ceregRoutingArea === true;
        return line(`+CEREG: ${cereg},${unit.registration.fields(cereg, area)}`);
      }
      if (form !== "set") return undefined;
      // No reject causes here: 3 and 5 do not exist.
      const value = integerArgument(args[0], 0, 4);
      if (value === undefined || value === 3) return badParameter;
      unit.settings.cereg = value;
      return done;
    },
  },
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
    run(unit, { form, args }) {
      if (form === "read") return line(`+CPSMSTATUS: ${Number(unit.settings.psmStatus)}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 1);
      if (value === undefined || args.length > 1) return badParameter;
      unit.settings.psmStatus = value === 1;
      unit.nvram.own.set("psmstatus", String(value));
      return done;
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

/** `CPSMSTATUS=1`: whether that outlives a wake, which is a boot, is told nowhere, so it is drawn. */
export const announcedSleep = {
  entering: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "ENTER PSM"'] : []),
  leaving: (unit: Unit): readonly string[] => (unit.settings.psmStatus ? ['+CPSMSTATUS: "EXIT PSM"'] : []),
};

/** What was drawn for this modem, see `draw`. */
export function drawn(unit: Unit, name: string): boolean {
  return unit.nvram.own.get(name) === "yes";
}

/** Draws, once in a modem's life, which way it does what the documents leave open; a boot's settings. */
export function draw(unit: Unit, names: readonly string[]): void {
  const { own } = unit.nvram;
  for (const name of ["ceer", "keepssign", "borders", "keepsrest", "each", ...names]) {
    if (!own.has(name)) own.set(name, unit.random.chance(0.5) ? "yes" : "no");
  }
  unit.settings.networkTime = own.get("clts") === "1";
  unit.settings.psmStatus = drawn(unit, "keepssign") && own.get("psmstatus") === "1";
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
export function tellTime(unit: Unit): void {
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
