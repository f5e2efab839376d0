/**
 * What each AT command of the SIM7020 does: one table, name to rule.
 *
 * The unit's own state is behind `Sim7020Unit`; rules check their arguments, change it, and give
 * the lines of the answer.
 */
import type { Random } from "../world/random";
import type { RadioAttachment } from "../radio/link";
import { integerArgument } from "./at-command";
import type { AtCommand } from "./at-command";
import type { AtAnswer, AtFailure, AtResponder, ErrorStyle } from "./at-responder";
import { decodeT3324, decodeT3412 } from "./psm-timers";
import type { ReleaseAssistance } from "./power-saving";
import type { Registration } from "./registration";
import type { SimCard } from "./sim-card";
import type { Sim7020Nvram, Sim7020Settings } from "./sim7020-settings";
import { socketCommands } from "./sim7020-sockets";
import type { UdpSockets, UdpSocket } from "./udp-sockets";

/** The modem as its commands see it. */
export interface Sim7020Unit {
  readonly settings: Sim7020Settings;
  readonly nvram: Sim7020Nvram;
  readonly responder: AtResponder;
  readonly registration: Registration;
  readonly sockets: UdpSockets;
  readonly network: RadioAttachment;
  readonly random: Random;
  readonly identity: { readonly imei: string; readonly imsi: string; readonly iccid: string };
  /** The wire's rate. */
  readonly baud: number;
  readonly card: SimCard;
  readonly ceregRoutingArea: boolean;
  /** How this firmware tells that a socket command makes no sense. */
  readonly socketFailure: AtFailure;
  /** Local time as `26/01/01,00:00:00+00`. */
  clock(): string;
  setFunction(cfun: 0 | 1 | 4): void;
  /** Tells the network of changed PSM settings. */
  requestPsm(): void;
  send(socket: UdpSocket, datagram: Uint8Array): void;
  socketChanged(id: number, state: "created" | "connected" | "closed"): void;
  restart(reason: string): void;
  powerDown(reason: string): void;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  later(delay: number, run: () => void): void;
}

/** One command's rule. */
export interface CommandRule {
  /** ms until the answer, from and to. Default `ordinaryDelay`. */
  readonly delay?: readonly [number, number];
  /** `undefined`: this form of the command does not exist. */
  run(unit: Sim7020Unit, command: AtCommand): AtAnswer | undefined;
}

/** ms that the modem takes for an ordinary command. */
export const ordinaryDelay = [5, 80] as const;

export const done: AtAnswer = {};
const notAllowed: AtAnswer = { failure: { cme: 3 } };
/** What a command or a form of one gets that does not exist. */
export const notSupported: AtAnswer = { failure: { cme: 4 } };
const badParameter: AtAnswer = { failure: { cme: 50 } };
const noCard: AtAnswer = { failure: { cme: 10 } };

/** An answer of one line. */
export function line(text: string): AtAnswer {
  return { lines: [text] };
}

/** A rule for `AT+X`, which only tells something. */
function tells(text: (unit: Sim7020Unit) => string): CommandRule {
  return { run: (unit, { form }) => (form === "execute" ? line(text(unit)) : undefined) };
}

/** The same for what stands on the SIM card. */
function tellsOfCard(text: (unit: Sim7020Unit) => string): CommandRule {
  const { run } = tells(text);
  return { run: (unit, command) => (unit.card.absent ? noCard : run(unit, command)) };
}

/** A rule for `AT+X?` and for `AT+X=<number>`, the number within bounds. */
function holds(
  name: string,
  most: number,
  read: (unit: Sim7020Unit) => number,
  write: (unit: Sim7020Unit, value: number) => AtAnswer | void,
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

const basicCommands: Record<string, CommandRule> = {
  "": { run: () => done },
  E: {
    run(unit, { args }) {
      const value = args.length === 0 ? 0 : integerArgument(args[0], 0, 1);
      if (value === undefined) return badParameter;
      unit.responder.echo = value === 1;
      return done;
    },
  },
  I: tells(() => "SIM7020G R1752"),
  "+CMEE": holds("+CMEE", 2, (unit) => unit.responder.errorStyle, (unit, value) => {
    unit.responder.errorStyle = value as ErrorStyle;
  }),
  "+IPR": holds("+IPR", 921_600, (unit) => unit.nvram.baud, (unit, value) => {
    // Another rate than the wire's would end all talk: not simulated.
    if (value !== 0 && value !== unit.baud) return badParameter;
    unit.nvram.baud = value;
  }),
  "+CGMR": tells(() => "1752B09SIM7020G"),
  "+CGMM": tells(() => "SIM7020G"),
  "+CGSN": {
    run(unit, { form, args }) {
      if (form === "execute") return line(unit.identity.imei);
      if (form !== "set") return undefined;
      return integerArgument(args[0], 1, 1) === 1 ? line(`+CGSN: ${unit.identity.imei}`) : badParameter;
    },
  },
  "+CIMI": tellsOfCard((unit) => unit.identity.imsi),
  "+CCID": tellsOfCard((unit) => unit.identity.iccid),
  "+CPIN": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      if (unit.card.ready) return line("+CPIN: READY");
      if (unit.card.absent) return noCard;
      return unit.settings.cfun === 0 ? line("+CPIN: NOT READY") : { failure: { cme: 14 } };
    },
  },
  "+CSCLK": holds("+CSCLK", 2, (unit) => unit.settings.slowClock, (unit, value) => {
    unit.settings.slowClock = value;
  }),
  "+CLTS": holds("+CLTS", 1, (unit) => Number(unit.settings.networkTime), (unit, value) => {
    unit.settings.networkTime = value === 1;
  }),
  "+CCLK": {
    run: (unit, { form }) => (form === "read" ? line(`+CCLK: "${unit.clock()}"`) : undefined),
  },
  "+CREBOOT": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.restart("AT+CREBOOT") } : undefined),
  },
  "+CPOWD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      if (integerArgument(args[0], 0, 1) === undefined) return badParameter;
      return { then: () => unit.powerDown("AT+CPOWD") };
    },
  },
};

const networkCommands: Record<string, CommandRule> = {
  "+CFUN": {
    delay: [200, 3_000],
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
  "*MCGDEFCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`*MCGDEFCONT: "IP","${unit.nvram.apn}"`);
      if (form !== "set") return undefined;
      if (args[0].text !== "IP" || !/^[A-Za-z0-9.-]{0,99}$/.test(args[1]?.text ?? "")) return badParameter;
      unit.nvram.apn = args[1]?.text ?? "";
      return done;
    },
  },
  "+CBANDSL": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const count = integerArgument(args[1], 0, 14);
      const bands = args.slice(2).map((argument) => integerArgument(argument, 1, 85));
      if (integerArgument(args[0], 0, 2) === undefined || count !== bands.length) return badParameter;
      if (bands.includes(undefined)) return badParameter;
      unit.settings.bands = bands as number[];
      return done;
    },
  },
  "+CEREG": {
    run(unit, { form, args }) {
      const { cereg } = unit.settings;
      if (form === "read") {
        return line(`+CEREG: ${cereg},${unit.registration.fields(cereg, unit.ceregRoutingArea)}`);
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
      return form === "read" ? line(`+CGATT: ${unit.registration.stat === 1 ? 1 : 0}`) : undefined;
    },
  },
  "+CGCONTRDP": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      return line(`+CGCONTRDP: 1,5,"${unit.nvram.apn}","${grant.address}.255.255.255.0"`);
    },
  },
  "+CSQ": tells((unit) => {
    if (unit.registration.stat !== 1) return "+CSQ: 99,99";
    const { rssi } = unit.network.measure();
    return `+CSQ: ${clamp(Math.round((rssi + 113) / 2), 0, 31)},0`;
  }),
  "+CESQ": tells((unit) => {
    if (unit.registration.stat !== 1) return "+CESQ: 99,99,255,255,255,255";
    const { rsrq, rsrp } = unit.network.measure();
    return `+CESQ: 99,99,255,255,${clamp(2 * (rsrq + 20), 0, 34)},${clamp(rsrp + 141, 0, 97)}`;
  }),
  "+CENG": {
    run(unit, { form }) {
      if (form !== "read") return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      // 23 dBm below -100 dBm, then 10 dB less for each 10 dB more.
      const power = clamp(23 - Math.max(0, rsrp + 100), -40, 23);
      const signal = `${rsrp},${rsrq},${rssi},${snr}`;
      const cell = `3600,0,82,"${grant.cellId}"`;
      return line(`+CENG: ${cell},${signal},8,"${grant.tac}",${coverage},${power}`);
    },
  },
};

const sleepCommands: Record<string, CommandRule> = {
  "+CPSMSTATUS": holds("+CPSMSTATUS", 1, (unit) => Number(unit.settings.psmStatus), (unit, value) => {
    unit.settings.psmStatus = value === 1;
  }),
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
  "+RETENTION": holds("+RETENTION", 1, (unit) => Number(unit.settings.retention), (unit, value) => {
    if (!unit.settings.psmOn) return notAllowed;
    unit.settings.retention = value === 1;
  }),
  "+CNBIOTRAI": holds("+CNBIOTRAI", 2, (unit) => unit.settings.rai, (unit, value) => {
    unit.settings.rai = value as ReleaseAssistance;
  }),
};

/** Every command there is. */
export const sim7020Commands: ReadonlyMap<string, CommandRule> = new Map(
  Object.entries({ ...basicCommands, ...networkCommands, ...sleepCommands, ...socketCommands }),
);

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
