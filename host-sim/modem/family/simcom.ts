/**
 * What the SIM7080 and SIM7000 of SIMCom have in common: technologies and bands, power saving signs, the
 * network's time.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
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
      if (form === "read") return line(`+CEREG: ${cereg},${unit.registration.fields(cereg, false)}`);
      if (form !== "set") return undefined;
      // No reject causes here: 3 and 5 do not exist.
      const value = integerArgument(args[0], 0, 4);
      if (value === undefined || value === 3) return badParameter;
      unit.settings.cereg = value;
      return done;
    },
  },
  "+CEER": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const { cause } = unit.registration;
      return line(cause === 0 ? "+CEER: No cause information available" : `+CEER: EMM_CAUSE,${cause}`);
    },
  },
};

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
