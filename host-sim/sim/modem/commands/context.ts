/**
 * Contexts, attach and network selection (3GPP TS 27.007), for the families that are told these things by
 * the usual commands.
 */
import { integerArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
import { apnOf } from "./arguments";
import { badParameter, basicCommands, done, line, networkCommands, sleepCommands } from "./common";

/** Names of networks, as `AT+COPS?` tells them in format 0; 00101 is that of TS 51.010, in laboratories. */
const networkNames: Readonly<Record<string, string>> = { "00101": "Test PLMN 1-1" };

/** The network's name. */
export function networkName({ network: { carrier } }: Unit): string {
  return networkNames[carrier.plmn] ?? `Network ${carrier.plmn}`;
}

/**
 * `AT+COPS=<mode>[,<format>,"<network>"]`: 0 the modem chooses, 1 only that network, 2 none, 3 only the format, 4
 * that network or else one that the modem chooses. The choice is kept without power. Format 2 tells the digits of
 * MCC and MNC; a family that begins with names has `cops format` 0 among its own settings.
 */
const operatorRule: CommandRule = {
  delay: [200, 4_000],
  delayed: "set",
  run(unit, { form, args }) {
    const { nvram, registration } = unit;
    if (form === "read") {
      const mode = nvram.operator === undefined ? 0 : 1;
      const { plmn, technology } = unit.network.carrier;
      if (!registration.registered) return line(`+COPS: ${mode}`);
      const format = unit.settings.own.get("cops format") ?? "2";
      const name = format === "2" ? plmn : networkName(unit);
      return line(`+COPS: ${mode},${format},"${name}",${technology === "lte-m" ? 7 : 9}`);
    }
    if (form !== "set") return undefined;
    const mode = integerArgument(args[0], 0, 4);
    if (mode === undefined) return badParameter;
    if (mode === 3) {
      const format = integerArgument(args[1], 0, 2);
      if (format === undefined) return badParameter;
      unit.settings.own.set("cops format", String(format));
      return done;
    }
    if (mode === 2) {
      registration.stop();
      return done;
    }
    const before = nvram.operator;
    const plmn = args[2]?.text ?? "";
    const named = integerArgument(args[1], 2, 2) !== undefined && /^[0-9]{5,6}$/.test(plmn);
    if (mode !== 0 && !named) return badParameter;
    nvram.operator = mode === 1 ? plmn : undefined;
    if (named) unit.settings.own.set("cops format", "2");
    if (unit.settings.cfun !== 1 || !unit.card.ready) return done;
    const other = nvram.operator !== before;
    if (other && registration.stat !== 0) registration.stop();
    if (registration.stat === 0) registration.search();
    return done;
  },
};

/**
 * The access point's user, as commands keep it under the name `login`: until the next start in the settings, or
 * without power: `<context>,<protocol>,"<user>","<password>"`.
 */
export function loginOf({ settings, nvram }: Unit): { user: string; password: string } | undefined {
  const kept = settings.own.get("login") ?? nvram.own.get("login");
  const parts = /^[0-9]+,[1-9],"([^"]*)","([^"]*)"$/.exec(kept ?? "");
  return parts === null ? undefined : { user: parts[1], password: parts[2] };
}

/** The access point name that the network has given; it is its own for who asks for none. */
export function grantedApn({ network, nvram }: Unit): string {
  const { apn, onlyApn } = network.carrier;
  return onlyApn === true || nvram.apn === "" ? apn : nvram.apn;
}

/**
 * `AT+CGCONTRDP[=<context>]`: what the network has given; the mask stands behind the address.
 *
 * @param contextOf number of the context that is attached with
 */
export function tellsGivenContext(contextOf: (unit: Unit) => string): CommandRule {
  return {
    run(unit, { form }) {
      if (form !== "execute" && form !== "set") return undefined;
      const address = unit.registration.grant?.address;
      if (address === undefined) return done;
      return line(`+CGCONTRDP: ${contextOf(unit)},5,"${grantedApn(unit)}","${address}.255.255.255.0"`);
    },
  };
}

/** The same of modems that attach with context 1. */
export const givenContextRule: CommandRule = tellsGivenContext(() => "1");

/** `AT+CGAUTH=<context>,<protocol>,"<user>","<password>"`, lost with a restart. */
export const loginRule: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.settings;
    if (form === "read") return line(`+CGAUTH: ${own.get("login") ?? '0,0,"",""'}`);
    if (form !== "set") return undefined;
    const [context, protocol, user, password] = args.map(({ text }) => text);
    own.set("login", `${context},${protocol || 0},"${user ?? ""}","${password ?? ""}"`);
    return done;
  },
};

const contextCommands: Record<string, CommandRule> = {
  "+CGDCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CGDCONT: 1,"IP","${unit.nvram.apn}",,0,0`);
      if (form !== "set") return undefined;
      const kind = args[1]?.text ?? "";
      if (integerArgument(args[0], 0, 11) === undefined || !/^(IP|IPV4V6)$/.test(kind)) return badParameter;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (args[0].text === "1") unit.nvram.apn = apn;
      return done;
    },
  },
  "+CGPADDR": {
    run(unit, { form }) {
      if (form !== "execute" && form !== "set") return undefined;
      const address = unit.registration.grant?.address;
      return line(address === undefined ? "+CGPADDR: 1" : `+CGPADDR: 1,"${address}"`);
    },
  },
  "+CGATT": {
    delay: [50, 1_500],
    delayed: "set",
    run(unit, { form, args }) {
      if (form === "read") return line(`+CGATT: ${unit.registration.registered ? 1 : 0}`);
      if (form !== "set") return undefined;
      const attach = integerArgument(args[0], 0, 1);
      if (attach === undefined) return badParameter;
      if (attach === 0) unit.registration.stop();
      else if (unit.settings.cfun === 1 && unit.registration.stat === 0 && unit.card.ready) {
        unit.registration.search();
      }
      return done;
    },
  },
  "+COPS": operatorRule,
};

/** All that the usual commands tell such a family. */
export const usualCommands: Record<string, CommandRule> = {
  ...basicCommands,
  ...networkCommands,
  ...sleepCommands,
  ...contextCommands,
};
