/**
 * Commands that SIMCom's families have alike: who the modem is, the locks of its card, registration as the older
 * commands tell it, names that are asked of the network, and what sets it to sleep or off.
 */
import { integerArgument } from "../at-command";
import { cardFailure, done, holds, holdsSleepSigns, line, notAllowed, tells } from "../commands/common";
import type { CommandRule, Unit } from "../family";

const maker = "SIMCOM_Ltd";
const model = (unit: Unit): string => unit.generation?.model ?? "";
const revision = (unit: Unit): string => unit.generation?.revision ?? "";

/** Rules without some of them, which a family's manual does not list. */
export function without(
  rules: Readonly<Record<string, CommandRule>>,
  ...names: readonly string[]
): Record<string, CommandRule> {
  return Object.fromEntries(Object.entries(rules).filter(([name]) => !names.includes(name)));
}

/**
 * A rule for `AT+CREG` or `AT+CGREG`: what CEREG tells, at the levels that they have. No unsolicited lines.
 *
 * @param state what it tells for the state itself, where that is not CEREG's
 */
export function registrationRule(name: string, state?: number): CommandRule {
  const key = name.toLowerCase();
  return {
    run(unit, { form, args }) {
      const { own } = unit.settings;
      const level = Number(own.get(key) ?? 0);
      if (form === "read")
        return line(`${name}: ${level},${state ?? unit.registration.fields(level, false)}`);
      if (form !== "set" && form !== "execute") return undefined;
      own.set(key, String(integerArgument(args[0], 0, 4) ?? 0));
      return done;
    },
  };
}

/**
 * A rule for `AT+CDNSGIP="<name>"`, whose answer comes behind the OK: `+CDNSGIP: 1,"<name>","<address>"`, or
 * `+CDNSGIP: 0,<error>`: 3 no network, 8 any other.
 *
 * @param refuses without a network it is ERROR at once
 */
export function resolvesNames(refuses: boolean): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const name = args[0]?.text ?? "";
      if (!unit.registration.registered) {
        return refuses ? { failure: "ERROR" } : { then: () => unit.urc("+CDNSGIP: 0,3", 50) };
      }
      const tell = (address: string | undefined): void =>
        unit.urc(address === undefined ? "+CDNSGIP: 0,8" : `+CDNSGIP: 1,"${name}","${address}"`);
      return { then: () => unit.network.resolve(name, tell) };
    },
  };
}

/** A rule for `AT+CDNSCFG`, whose read form tells so many lines. */
export function nameServers(...names: readonly string[]): CommandRule {
  return {
    run: (_unit, { form }) => {
      if (form === "read") return { lines: names.map((name) => `${name}: 0.0.0.0`) };
      return form === "set" ? done : undefined;
    },
  };
}

export const simcomCommands: Record<string, CommandRule> = {
  "+CGMI": tells(() => maker),
  "+GMI": tells(() => maker),
  "+GMM": tells(model),
  "+GMR": tells(revision),
  "+CGSN": tells((unit) => unit.identity.imei),
  "+GSN": tells((unit) => unit.identity.imei),
  "+GSV": {
    run: (unit, { form }) =>
      form === "execute" ? { lines: [maker, model(unit), `Revision: ${revision(unit)}`] } : undefined,
  },
  // Locking and unlocking a card, and another PIN, are not simulated: no firmware should do such things.
  "+CLCK": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const failure = unit.card.wants === undefined ? cardFailure(unit) : undefined;
      if (failure !== undefined) return failure;
      if (args[1]?.text !== "2") return notAllowed;
      return line(`+CLCK: ${Number(args[0].text === "SC" && unit.card.hasPin)}`);
    },
  },
  "+CPWD": { run: (_unit, { form }) => (form === "set" ? notAllowed : undefined) },
  "+CREG": registrationRule("+CREG"),
  "+CGREG": registrationRule("+CGREG"),
  "+CGACT": {
    run(unit, { form }) {
      if (form === "read") return line(`+CGACT: 1,${Number(unit.registration.registered)}`);
      return form === "set" ? done : undefined;
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
  "+CPSMSTATUS": holdsSleepSigns("+CPSMSTATUS"),
  "+CBC": tells(() => "+CBC: 0,74,3791"),
  "+CPOWD": {
    run(unit, { form, args }) {
      const normal = integerArgument(args[0], 0, 1);
      if (form !== "set" || normal === undefined) return undefined;
      return { final: null, then: () => unit.powerDown("AT+CPOWD", normal === 0) };
    },
  },
};

/** Settings that decide what it finds are others now: a search that is under way begins anew. */
export function searchAnew(unit: Unit): void {
  const { registration, settings } = unit;
  if (settings.cfun === 1 && registration.stat !== 0 && !registration.registered) registration.search();
}
