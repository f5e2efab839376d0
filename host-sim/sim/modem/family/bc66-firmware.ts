/**
 * What modems with the same firmware of BC66 and BC660K differ in, drawn once for each, and the settings that
 * they keep without power. What one firmware has and another has not stands in their manual's tables.
 * Sources, as far as a document does not say:
 *
 *   AT+QICFG's viewmode   1 is one line in Renode's Quectel_BC66 and Zephyr's bc66x driver (BC66); 0 is
 *                         in ugly-duckling's Bc660KDriver, which runs on BC660KGLAAR01A05
 *   AT+CMEE, AT+CEREG     and ATE and AT+CSCON are kept by BC660K, as its manual says; ugly-duckling found
 *                         echo back on after a start
 *   access mode           left out, Renode's QuectelModem pushes; mbed-ce-bc660kgl counts on that
 *   AT+QCGDEFCONT         a driver of 2026 switches the radio off first, others do not
 *   AT+CFUN               is kept, as ugly-duckling found: such a modem boots with its radio off
 *   AT+QCFG="wakeupRXD"   ugly-duckling restarts the modem for it
 *   AT+CCLK?              2023/03/09,14:02:31GMT-5 on BC66 in several drivers, 20/11/03,06:25:06+32
 *                         without quotes on BC660K (R4sp1/Quectel-BC660); local time or UTC: open
 *   AT+QCCLK?             22/02/14,03:26:03+32, UTC: a BC66 driver adds the zone to show local time
 *   +CTZEU:               "+8",1,"2026/10/02,23:50:20" in ugly-duckling's notes: a zone of one digit
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
import { badParameter, done, line, networkCommands, notAllowed } from "../commands/common";
import { draw as drawAny, drawn as anyDrawn } from "../draw";

/** A coin thrown for each modem, once. */
export type Draw =
  | "quotes" // BC66, newer builds: AT+QISENDEX wants quotes around its digits
  | "rai" // BC66, newer builds: AT+QNBIOTRAI exists
  | "bandcount" // +QBAND: begins with a count
  | "bandsorted" // and lists the bands in its own order
  | "oneline0" // BC660K, newer builds: viewmode 0 is the one with header and data on a line
  | "keepslevels" // BC660K: ATE, AT+CMEE, AT+CEREG and AT+CSCON outlive a restart
  | "dnsquotes" // BC660K: quotes around the address of +QIDNSGIP:
  | "pushes" // access mode left out means direct push
  | "apnquiet" // AT+QCGDEFCONT with the radio off only
  | "keepsicfg" // AT+QICFG outlives a restart, and deep sleep
  | "keepsevent" // AT+QNBIOTEVENT does
  | "survives" // sockets live through deep sleep
  | "cclkutc" // AT+CCLK? tells UTC
  | "used" // somebody has used it before, with settings of his own
  | "autobaud"; // BC66: finds the rate by the first AT, and boots without a word until then

/** Whether the coin showed heads. */
export const drawn: (unit: Unit, name: Draw) => boolean = anyDrawn;

/** Whether it has the older firmware of its manual. */
export const isOlder = (unit: Unit): boolean =>
  unit.generation?.name === "nar01a03" || unit.generation?.name === "aar01a03";

/** True at the first start of all. */
export function isNew(unit: Unit): boolean {
  if (unit.nvram.own.has("started")) return false;
  unit.nvram.own.set("started", "1");
  return true;
}

/** Throws the coins that have not been thrown yet. */
export const draw: (unit: Unit, names: readonly Draw[]) => void = drawAny;

/** A kept setting; its value from the factory when it was never written. */
export function kept(unit: Unit, name: string, factory: string): string {
  return unit.nvram.own.get(name) ?? factory;
}

/**
 * A rule like `AT+QCFG="<name>",<values>`: whole numbers, read back without values.
 *
 * @param quiet names that are written with the radio off only
 */
export function configRule(
  command: string,
  factory: Readonly<Record<string, string>>,
  quiet: readonly string[] = [],
): CommandRule {
  return {
    run(unit, { form, args }) {
      const name = args[0]?.text ?? "";
      if (form !== "set" || args[0]?.quoted !== true) return undefined;
      const initial = factory[name];
      if (initial === undefined) return badParameter;
      const key = `${command}/${name}`;
      if (args.length === 1) return line(`${command}: "${name}",${kept(unit, key, initial)}`);
      const values = args.slice(1).map((argument) => integerArgument(argument, 0, 6_000_000));
      if (values.includes(undefined) || values.length !== initial.split(",").length) return badParameter;
      if (quiet.includes(name) && unit.settings.cfun !== 0) return notAllowed;
      unit.nvram.own.set(key, values.join(","));
      return done;
    },
  };
}

/** Whether `AT+QICFG="<name>"` reads so. */
export function isConfigured(unit: Unit, name: string, value: string): boolean {
  return kept(unit, `+QICFG/${name}`, name === "dataformat" ? "0,0" : "0") === value;
}

/** `AT+CFUN`, which outlives a restart. */
export const keptFunction: CommandRule = {
  ...networkCommands["+CFUN"],
  run(unit, command) {
    const answer = networkCommands["+CFUN"].run(unit, command);
    unit.nvram.own.set("cfun", String(unit.settings.cfun));
    return answer;
  },
};

/** A boot begins: what is kept comes back, what is not is as from the factory. */
export function restore(unit: Unit): void {
  const { own } = unit.nvram;
  unit.settings.networkTime = true;
  unit.nvram.apn = own.get("apn")!;
  const cfun = Number(kept(unit, "cfun", "1"));
  unit.settings.cfun = cfun === 0 || cfun === 4 ? cfun : 1;
  if (!drawn(unit, "keepsicfg")) {
    for (const key of [...own.keys()]) if (key.startsWith("+QICFG/")) own.delete(key);
  }
  unit.settings.psmStatus = drawn(unit, "keepsevent") && own.get("event") === "1";
  // It counts from here on.
  own.set("wakes", kept(unit, "+QCFG/wakeupRXD", "0"));
}

/** `+CTZEU: "<zone>",<summer time>,"<UTC>"`, the zone in quarter-hours. */
export function tellTime(unit: Unit): void {
  if (kept(unit, "ctzr", "0") !== "3" || !unit.clockTold) return;
  const text = unit.clock("utc");
  const zone = text.slice(17).replace(/^([+-])0/, "$1");
  unit.urc(`+CTZEU: "${zone}",${unit.random.chance(0.5) ? 1 : 0},"20${text.slice(0, 17)}"`);
}

/** `AT+CCLK?` of the BC66: hours in place of quarters, digits without zeros in front on some. */
export const clockOfBc66: CommandRule = {
  run(unit, { form }) {
    if (form !== "read") return undefined;
    const text = unit.clock(drawn(unit, "cclkutc") ? "utc" : "local");
    const hours = Math.trunc(Number(text.slice(17)) / 4);
    return line(`+CCLK: 20${text.slice(0, 17)}GMT${hours < 0 ? "" : "+"}${hours}`);
  },
};

/** `AT+QCCLK?` of the BC66: UTC, and the zone. */
export const utcOfBc66: CommandRule = {
  run: (unit, { form }) => (form === "read" ? line(`+QCCLK: ${unit.clock("utc")}`) : undefined),
};

/** `AT+CCLK?` of the BC660K. */
export const clockOfBc660k: CommandRule = {
  run: (unit, { form }) =>
    form === "read" ? line(`+CCLK: ${unit.clock(drawn(unit, "cclkutc") ? "utc" : "local")}`) : undefined,
};
