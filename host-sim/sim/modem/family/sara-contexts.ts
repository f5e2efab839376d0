/**
 * The contexts of u-blox's SARA-R4 and SARA-R5: the one that the attach is for and, on SARA-R5, the one of its
 * stack (AT+UPSD, AT+UPSDA), without which there are no sockets (UBX-20032566 R01 section 2.2).
 */
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Unit } from "../family";
import { done, line, notAllowed } from "../commands/common";
import { grantedApn } from "../commands/context";

/** Profiles of operators that choose technology and bands themselves (2 AT&T, 3 Verizon). */
const choosingProfiles: readonly string[] = ["2", "3"];

/** Refuses what may only be set while the modem is not registered, or not under this operator's profile. */
export function whileFree(rule: CommandRule, byProfile = false): CommandRule {
  return {
    ...rule,
    run(unit, command) {
      const profile = unit.settings.own.get("profile in force") ?? "";
      const chosen = byProfile && choosingProfiles.includes(profile);
      if (command.form === "set" && (unit.registration.registered || chosen)) return notAllowed;
      return rule.run(unit, command);
    },
  };
}

/** `AT+CGDCONT`: the context that the attach is for, and what it has become. */
export const contextRule = (isR5: boolean): CommandRule => ({
  run(unit, { form, args }) {
    const { nvram, registration } = unit;
    if (form === "read") {
      const address = registration.grant?.address ?? "0.0.0.0";
      const apn = isR5 && registration.registered ? grantedApn(unit) : nvram.apn;
      return line(`+CGDCONT: 1,"${nvram.own.get("pdptype")}","${apn}","${address}",0,0,0,0,0,0`);
    }
    if (form !== "set") return undefined;
    if (args[0].text !== "1") return done;
    nvram.own.set("pdptype", args[1]?.text ?? "IP");
    nvram.apn = args[2]?.text ?? "";
    return done;
  },
});

/** Whether the context is there: `AT+CGACT?`; SARA-R4 refuses to activate what is active. */
export const activation = (isR5: boolean): CommandRule => ({
  run(unit, { form, args }) {
    const { registered } = unit.registration;
    if (form === "read") return line(`+CGACT: 1,${Number(registered)}`);
    if (form !== "set") return undefined;
    const on = args[0].text === "1";
    if (on && !registered) return { failure: { cme: 30 } };
    return on && !isR5 ? notAllowed : done;
  },
});

/** `AT+UAUTHREQ`: SARA-R4 takes the password in front of the user, and keeps both. */
export const loginRule = (isR5: boolean): CommandRule =>
  whileFree({
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const [context, protocol, first = "", second = ""] = args.map(({ text }) => text);
      if (context !== "1") return done;
      const [user, password] = isR5 ? [first, second] : [second, first];
      const { own } = isR5 ? unit.settings : unit.nvram;
      own.set("login", `1,${protocol},"${user}","${password}"`);
      return done;
    },
  });

const noContext: AtAnswer = { failure: { cme: 3 } };

/** SARA-R5 only: `+UPSD: <profile>,<what>,<value>`, 0 its type and 100 its context; `+UPSND` 0 address, 8 active. */
export const profileCommands: Record<string, CommandRule> = {
  "+UPSND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const { active } = unit.context;
      const [profile, what] = args.map(({ text }) => text);
      if (what === "8") return line(`+UPSND: ${profile},8,${Number(active)}`);
      const address = active ? unit.registration.grant?.address : undefined;
      return address === undefined ? noContext : line(`+UPSND: ${profile},0,"${address}"`);
    },
  },
  "+UPSD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const [profile, what, value] = args.map(({ text }) => text);
      const key = `upsd ${what}`;
      if (value === undefined) return line(`+UPSD: ${profile},${what},${unit.nvram.own.get(key) ?? 0}`);
      if (unit.context.active) return notAllowed;
      unit.nvram.own.set(key, value);
      return done;
    },
  },
  "+UPSDA": {
    delay: [20, 200],
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const action = args[1].text;
      if (action === "4") unit.context.active = false;
      if (action !== "3") return done;
      if (!unit.registration.registered || unit.context.active || !typesMatch(unit)) return notAllowed;
      unit.context.active = true;
      const text = `+UUPSDA: 0,"${unit.registration.grant?.address}"`;
      if (unit.quirks.urcBeforeOk === true) {
        unit.urc(text);
        return done;
      }
      return { then: () => unit.urc(text, unit.random.between(50, 1_500)) };
    },
  },
};

/** Context and profile are for the same kind of address (UBX-20032566 R01 section 2.2.1). */
function typesMatch({ nvram: { own } }: Unit): boolean {
  const type = own.get("pdptype") ?? "";
  const wanted: Readonly<Record<string, readonly string[]>> = { IP: ["0"], IPV6: ["1"], IPV4V6: ["2", "3"] };
  return wanted[type]?.includes(own.get("upsd 0") ?? "0") ?? false;
}
