/**
 * The AT commands that the families have in common (3GPP TS 27.007 and habit), as rules from which each
 * takes what it has. Rules check their arguments, change the unit, and give the lines of the answer.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { AtAnswer, ErrorStyle } from "../at-responder";
import { decodeT3324, decodeT3412 } from "../psm-timers";
import type { CardFault } from "../sim-card";
import type { CommandRule, Unit } from "../family";

/** ms that the modem takes for an ordinary command. */
export const ordinaryDelay = [5, 80] as const;

export const done: AtAnswer = {};
export const notAllowed: AtAnswer = { failure: { cme: 3 } };
/** What a command or a form of one gets that does not exist. */
export const notSupported: AtAnswer = { failure: { cme: 4 } };
export const badParameter: AtAnswer = { failure: { cme: 50 } };
const noCard: AtAnswer = { failure: { cme: 10 } };

/** An answer of one line. */
export function line(text: string): AtAnswer {
  return { lines: [text] };
}

/** A rule for `AT+X`, which only tells something. */
export function tells(text: (unit: Unit) => string): CommandRule {
  return { run: (unit, { form }) => (form === "execute" ? line(text(unit)) : undefined) };
}

/** Why the SIM card is of no use to a command; `undefined` when it is of use, or not read yet. */
export function cardFailure({ card }: Unit): AtAnswer | undefined {
  if (card.absent) return noCard;
  if (card.wants !== undefined) return { failure: { cme: card.wants === "SIM PIN" ? 11 : 12 } };
  return card.knownFault === undefined ? undefined : faultFailure(card.knownFault);
}

function faultFailure(fault: CardFault): AtAnswer {
  return "cme" in fault ? { failure: { cme: fault.cme } } : notAllowed;
}

/** A rule for `AT+X`, which tells something that stands on the SIM card: behind its PIN, or in front of it. */
export function tellsOfCard(text: (unit: Unit) => string, behindPin = true): CommandRule {
  const { run } = tells(text);
  return {
    run(unit, command) {
      const { card } = unit;
      // Where the modem has not read the card yet, this reads it.
      if (card.fault !== undefined) return faultFailure(card.fault);
      const legible = !behindPin && card.wants !== undefined;
      return (legible ? undefined : cardFailure(unit)) ?? run(unit, command);
    },
  };
}

/**
 * A rule for `AT+X?` and `AT+X=<rate>`: the UART's rate, taken up behind the OK and kept without power.
 *
 * @param rates that there are; 0 among them finds the host's
 */
function holdsRate(name: string, rates: readonly number[]): CommandRule {
  return holds(
    name,
    5_000_000,
    (unit) => unit.nvram.baud,
    (unit, value) => (rates.includes(value) ? { then: () => unit.setBaud(value) } : badParameter),
  );
}

/** A rule for `AT+X?` and for `AT+X=<number>`, the number within bounds. */
export function holds(
  name: string,
  most: number,
  read: (unit: Unit) => number,
  write: (unit: Unit, value: number) => AtAnswer | void,
): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") return line(`${name}: ${read(unit)}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, most);
      if (value === undefined || args.length > 1) return badParameter;
      return write(unit, value) ?? done;
    },
  };
}

/** The same for a setting that each start forgets: `unit.settings.own` has it, by the name in lower case. */
export function holdsUntilRestart(name: string, most: number, initial = 0): CommandRule {
  const key = name.toLowerCase();
  return holds(
    name,
    most,
    (unit) => Number(unit.settings.own.get(key) ?? initial),
    (unit, value) => void unit.settings.own.set(key, String(value)),
  );
}

/** The same for the setting by which it tells of falling asleep and of waking. */
export function holdsSleepSigns(name: string): CommandRule {
  return holds(
    name,
    1,
    (unit) => Number(unit.settings.psmStatus),
    (unit, value) => void (unit.settings.psmStatus = value === 1),
  );
}

/**
 * A rule for a setting that is kept without power: `AT+X?`, and `AT+X=<arguments>` as `valueOf` reads them,
 * which gives `undefined` for those that are no good.
 */
export function keeps(
  name: string,
  key: string,
  valueOf: (args: readonly AtArgument[]) => string | undefined,
): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") return line(`${name}: ${unit.nvram.own.get(key)}`);
      if (form !== "set") return undefined;
      const value = valueOf(args);
      if (value === undefined) return badParameter;
      unit.nvram.own.set(key, value);
      return done;
    },
  };
}

/** `ATI`, the model and the firmware's version: those of the manual's generation, where there is one. */
export function modelCommands(
  lines: readonly string[],
  model: string,
  revision: string,
): Record<string, CommandRule> {
  return {
    I: { run: () => ({ lines }) },
    "+CGMM": tells((unit) => unit.generation?.model ?? model),
    "+CGMR": tells((unit) => unit.generation?.revision ?? revision),
  };
}

/** A rule for a basic command with 0 or 1 behind it, 0 when nothing is. */
function switches(set: (unit: Unit, on: boolean) => void): CommandRule {
  return {
    run(unit, { args }) {
      const value = args.length === 0 ? 0 : integerArgument(args[0], 0, 1);
      if (value === undefined) return badParameter;
      set(unit, value === 1);
      return done;
    },
  };
}

/** UART rates that modems of these families have; 0 finds the host's. */
const usualRates = [
  0, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
];

/** What talks about the modem itself. */
export const basicCommands: Record<string, CommandRule> = {
  "": { run: () => done },
  E: switches((unit, on) => void (unit.responder.echo = on)),
  V: switches((unit, on) => void (unit.responder.verbose = on)),
  Q: switches((unit, on) => void (unit.responder.quiet = on)),
  "+CMEE": holds(
    "+CMEE",
    2,
    (unit) => unit.responder.errorStyle,
    (unit, value) => {
      unit.responder.errorStyle = value as ErrorStyle;
    },
  ),
  "+IPR": holdsRate("+IPR", usualRates),
  "+CGSN": {
    run(unit, { form, args }) {
      if (form === "execute") return line(unit.identity.imei);
      if (form !== "set") return undefined;
      return integerArgument(args[0], 1, 1) === 1 ? line(`+CGSN: ${unit.identity.imei}`) : badParameter;
    },
  },
  "+CIMI": tellsOfCard((unit) => unit.identity.imsi),
  "+CCID": tellsOfCard((unit) => unit.identity.iccid, false),
  "+CPIN": {
    run(unit, { form, args }) {
      const { card } = unit;
      if (form === "set") return tellPin(unit, args);
      if (form !== "read") return undefined;
      if (card.ready) return line("+CPIN: READY");
      if (card.wants !== undefined) return line(`+CPIN: ${card.wants}`);
      const fault = card.knownFault;
      if (fault !== undefined && "text" in fault) return line(`+CPIN: ${fault.text}`);
      const failure = cardFailure(unit);
      if (failure !== undefined) return failure;
      return unit.settings.cfun === 0 ? line("+CPIN: NOT READY") : { failure: { cme: 14 } };
    },
  },
  "+CCLK": {
    run: (unit, { form }) => (form === "read" ? line(`+CCLK: "${unit.clock()}"`) : undefined),
  },
};

/** `AT+CPIN="<PIN>"`, or `AT+CPIN="<PUK>","<new PIN>"` for a card that is blocked. */
function tellPin(unit: Unit, [first, second, ...others]: readonly AtArgument[]): AtAnswer {
  const { card } = unit;
  if (card.wants === undefined) return cardFailure(unit) ?? notAllowed;
  if (others.length > 0 || !/^[0-9]{4,8}$/.test(first?.text ?? "")) return badParameter;
  const blocked = card.wants === "SIM PUK";
  if (blocked && second === undefined) return { failure: { cme: 12 } };
  if (second !== undefined && !/^[0-9]{4,8}$/.test(second.text)) return badParameter;
  const right = blocked ? card.unblock(first.text, second!.text) : card.verify(first.text);
  return right ? { then: () => unit.cardUnlocked() } : { failure: { cme: 16 } };
}

/** What talks about the network. */
export const networkCommands: Record<string, CommandRule> = {
  "+CFUN": {
    delay: [200, 3_000],
    delayed: "set",
    run(unit, { form, args }) {
      if (form === "read") return line(`+CFUN: ${unit.settings.cfun}`);
      if (form !== "set") return undefined;
      const cfun = integerArgument(args[0], 0, 4);
      const restart = args.length > 1 ? integerArgument(args[1], 0, 1) : 0;
      if ((cfun !== 0 && cfun !== 1 && cfun !== 4) || restart === undefined) return badParameter;
      if (restart === 1) return { then: () => unit.restart("AT+CFUN=1,1") };
      unit.setFunction(cfun);
      return done;
    },
  },
  "+CEREG": {
    run(unit, { form, args }) {
      const { cereg } = unit.settings;
      if (form === "read") {
        return line(`+CEREG: ${cereg},${unit.registrationFields(cereg)}`);
      }
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 5);
      if (value === undefined) return badParameter;
      unit.settings.cereg = value;
      return done;
    },
  },
  "+CGATT": {
    run(unit, { form }) {
      return form === "read" ? line(`+CGATT: ${unit.registration.registered ? 1 : 0}`) : undefined;
    },
  },
  "+CSQ": tells((unit) => {
    if (!unit.registration.registered) return "+CSQ: 99,99";
    const { rssi } = unit.network.measure();
    return `+CSQ: ${clamp(Math.round((rssi + 113) / 2), 0, 31)},0`;
  }),
  "+CESQ": tells((unit) => {
    if (!unit.registration.registered) return "+CESQ: 99,99,255,255,255,255";
    const { rsrq, rsrp } = unit.network.measure();
    return `+CESQ: 99,99,255,255,${clamp(2 * (rsrq + 20), 0, 34)},${clamp(rsrp + 141, 0, 97)}`;
  }),
};

/** `AT+CEREG` of those that tell no reject causes: 3 and 5 do not exist. */
export const ceregWithoutCauses: CommandRule = {
  run(unit, command) {
    const wanted = integerArgument(command.args[0], 0, 5);
    if (command.form === "set" && (wanted === 3 || wanted === 5)) return badParameter;
    return networkCommands["+CEREG"].run(unit, command);
  },
};

/** `AT+CEER`: why it was refused last. What Quectel's firmware calls a cause is in none of its manuals. */
export const causeReport: CommandRule = tells(
  ({ registration: { cause } }) => `+CEER: ${cause === 0 ? "No report available" : `EMM cause ${cause}`}`,
);

/** `AT+CSCON=<n>`, and `AT+CSCON?` which tells n and whether there is a connection. */
export const connectionRule: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.settings;
    if (form === "read") return line(`+CSCON: ${own.get("+cscon") ?? 0},${Number(isConnected(unit))}`);
    if (form !== "set") return undefined;
    const value = integerArgument(args[0], 0, 1);
    if (value === undefined) return badParameter;
    own.set("+cscon", String(value));
    return done;
  },
};

/** Whether `tellConnection` was last told that there is a connection. */
export function isConnected(unit: Unit): boolean {
  return unit.settings.own.get("connected") === "1";
}

/** `+CSCON: <1 connected, 0 idle>`, once `AT+CSCON=1` has asked for it. */
export function tellConnection(unit: Unit, connected: boolean): void {
  unit.settings.own.set("connected", connected ? "1" : "0");
  if (unit.settings.own.get("+cscon") === "1") unit.urc(`+CSCON: ${Number(connected)}`);
}

/** Power saving. */
export const sleepCommands: Record<string, CommandRule> = {
  // 5 is NB-IoT among the access technologies.
  "+CEDRXS": {
    run(unit, { form, args }) {
      const { settings } = unit;
      if (form === "read") return settings.edrx === undefined ? done : line(`+CEDRXS: 5,"${settings.edrx}"`);
      if (form !== "set") return undefined;
      const mode = integerArgument(args[0], 0, 3);
      if (mode === undefined) return badParameter;
      if (mode === 0 || mode === 3) {
        settings.edrx = undefined;
        return done;
      }
      const bits = args[2]?.text ?? "";
      if (integerArgument(args[1], 4, 5) === undefined || !/^[01]{4}$/.test(bits)) return badParameter;
      settings.edrx = bits;
      return done;
    },
  },
  "+CEDRXRDP": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const { edrx } = unit.settings;
      const granted = unit.registration.registered ? unit.grantedEdrx : undefined;
      return line(granted === undefined ? "+CEDRXRDP: 0" : `+CEDRXRDP: 5,"${edrx}","${granted}","0011"`);
    },
  },
  "+CPSMS": {
    run(unit, { form, args }) {
      const { settings } = unit;
      if (form === "read") {
        const { t3412, t3324 } = settings.psmTimers;
        return line(`+CPSMS: ${Number(settings.psmOn)},,,"${t3412}","${t3324}"`);
      }
      if (form !== "set") return undefined;
      const mode = integerArgument(args[0], 0, 1);
      const t3412 = args[3]?.text || settings.psmTimers.t3412;
      const t3324 = args[4]?.text || settings.psmTimers.t3324;
      const timersValid = decodeT3412(t3412) !== undefined && decodeT3324(t3324) !== undefined;
      if (mode === undefined || args.length > 5 || !timersValid) return badParameter;
      const switched = settings.psmOn !== (mode === 1);
      settings.psmOn = mode === 1;
      settings.psmTimers = { t3412, t3324 };
      // Repeated with other timers it asks for nothing before the next attach.
      return switched ? { then: () => unit.requestPsm() } : done;
    },
  },
};

export function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
