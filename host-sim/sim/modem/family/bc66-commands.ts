/**
 * What BC66 and BC660K do besides sockets: the context that comes with the attach, bands, the network's name
 * server, the SIM card, sleep.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { CommandRule, Unit } from "../family";
import { apnOf, bandsOf } from "../commands/arguments";
import {
  badParameter,
  cardFailure,
  connectionRule,
  done,
  holds,
  holdsUntilRestart,
  isConnected,
  line,
  notAllowed,
  notSupported,
  tells,
  tellsOfCard,
} from "../commands/common";
import { parseIpv4 } from "../udp-sockets";
import { drawn, kept, keptFunction } from "./bc66-firmware";

const loginOf = (argument: AtArgument | undefined): string | undefined => {
  const text = argument?.text ?? "";
  return /^[^"]{0,60}$/.test(text) ? text : undefined;
};

/** `AT+QCGDEFCONT`: taken up at the next start. */
const defaultContext: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.nvram;
    if (form === "read") {
      const login = own.get("apnuser") ?? "";
      const behind = login === "" ? "" : `,"${login}","${own.get("apnpassword")}"`;
      return line(`+QCGDEFCONT: "${own.get("pdp") ?? "IP"}","${own.get("apn")}"${behind}`);
    }
    if (form !== "set") return undefined;
    const apn = apnOf(args[1]);
    const user = loginOf(args[2]);
    const password = loginOf(args[3]);
    if (apn === undefined || user === undefined || password === undefined) return badParameter;
    if (drawn(unit, "apnquiet") && unit.settings.cfun !== 0) return notAllowed;
    own.set("pdp", args[0].text);
    own.set("apn", apn);
    own.set("apnuser", user);
    own.set("apnpassword", password);
    return done;
  },
};

const bandsRule: CommandRule = {
  delay: [200, 20_000],
  delayed: "set",
  run(unit, { form, args }) {
    const { nvram, registration } = unit;
    if (form === "read") {
      const bands = searchedBands(unit);
      if (drawn(unit, "bandsorted")) bands.sort((a, b) => a - b);
      return line(`+QBAND: ${drawn(unit, "bandcount") ? `${bands.length},` : ""}${bands.join(",")}`);
    }
    if (form !== "set") return undefined;
    const count = integerArgument(args[0], 0, 17);
    const bands = bandsOf(args.slice(1));
    if (bands === undefined || bands.length !== count) return badParameter;
    nvram.own.set("bands", count === 0 ? allBands : bands.join(","));
    // It detaches, and attaches anew.
    if (registration.stat === 0) return done;
    registration.stop();
    return { then: () => registration.search() };
  },
};

/** As `AT+QBAND=0` sets them. */
const allBands = "1,2,3,4,5,8,12,13,17,18,19,20,25,28,66";

/** The bands in which it looks for a cell. */
export function searchedBands(unit: Unit): number[] {
  return unit.nvram.own.get("bands")!.split(",").map(Number);
}

const cellRule: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set" || integerArgument(args[0], 0, 0) === undefined)
      return form === "set" ? done : undefined;
    const { grant } = unit.registration;
    if (grant === undefined) return done;
    const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
    const signal = `${rsrp},${rsrq},${rssi},${snr}`;
    const { band } = unit.network.carrier;
    // Without a transmission there is no power to tell.
    const power = isConnected(unit) ? 23 : -128;
    return line(
      `+QENG: 0,3600,0,82,"${grant.cellId}",${signal},${band},"${grant.tac}",${coverage},${power},2`,
    );
  },
};

export const commonCommands: Readonly<Record<string, CommandRule>> = {
  "+CFUN": keptFunction,
  "+QCGDEFCONT": defaultContext,
  "+QBAND": bandsRule,
  "+QCSEARFCN": {
    run: (unit, { form }) => (form !== "execute" ? undefined : unit.settings.cfun === 0 ? done : notAllowed),
  },
  "+QRST": {
    run: (unit, { form, args }) =>
      form === "set" && integerArgument(args[0], 1, 1) === 1
        ? { then: () => unit.restart("AT+QRST=1") }
        : undefined,
  },
  "+QSCLK": holdsUntilRestart("+QSCLK", 2, 1),
  "+QNBIOTEVENT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+QNBIOTEVENT: ${Number(unit.settings.psmStatus)},1`);
      if (form !== "set") return undefined;
      const on = integerArgument(args[0], 0, 1);
      if (on === undefined || integerArgument(args[1], 1, 1) === undefined) return badParameter;
      unit.settings.psmStatus = on === 1;
      unit.nvram.own.set("event", String(on));
      return done;
    },
  },
  "+CSCON": connectionRule,
  "+CTZR": holds(
    "+CTZR",
    3,
    (unit) => Number(kept(unit, "ctzr", "0")),
    (unit, value) => void unit.nvram.own.set("ctzr", String(value)),
  ),
  "+QENG": cellRule,
  "+QCCID": tellsOfCard((unit) => `+QCCID: ${unit.identity.iccid}`, false),
  // Somebody has switched the PIN on; only AT+CPIN is simulated of it.
  "+CLCK": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const locked = unit.card.wants !== undefined || unit.card.attempts > 0;
      if (integerArgument(args[1], 2, 2) === undefined) return notAllowed;
      return cardFailureBut(unit) ?? line(`+CLCK: ${Number(locked)}`);
    },
  },
  "+CPINR": {
    run(unit, { form }) {
      if (form !== "execute" && form !== "set") return undefined;
      const { pinTriesLeft, pukTriesLeft } = unit.card;
      return { lines: [`+CPINR: "SIM PIN",${pinTriesLeft},3`, `+CPINR: "SIM PUK",${pukTriesLeft},10`] };
    },
  },
};

/** What keeps the card from being asked about its lock: not the lock. */
const cardFailureBut = (unit: Unit) => (unit.card.wants === undefined ? cardFailure(unit) : undefined);

/** `AT+QRELLOCK` and `AT+QPOWD` of the BC66. */
export const powerOfBc66: Readonly<Record<string, CommandRule>> = {
  "+QRELLOCK": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.releaseLock() } : undefined),
  },
  "+QPOWD": {
    run: (unit, { form }) => (form === "set" ? { then: () => unit.powerDown("AT+QPOWD") } : undefined),
  },
};

/** `+CGPADDR: <context>[,"<address>"]` */
export function addressRule(context: number): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "set" && integerArgument(args[0], 0, 10) === undefined) return badParameter;
      if (form === "test") return line(`+CGPADDR: (${context})`);
      const asked = form === "set" ? Number(args[0].text) : context;
      const address = asked === context ? addressOf(unit) : undefined;
      return line(`+CGPADDR: ${asked}${address === undefined ? "" : `,"${address}"`}`);
    },
  };
}

const addressOf = (unit: Unit): string | undefined =>
  unit.context.active ? unit.registration.grant?.address : undefined;

/** `+CGDCONT: <context>,"IP","<APN>"[,"<address>"]`; what is set of others counts for nothing. */
export function contextRule(context: number, tail: string): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "read") {
        const address = addressOf(unit);
        const middle = address === undefined ? tail.slice(0, 1) : `,"${address}"`;
        return line(
          `+CGDCONT: ${context},"${unit.nvram.own.get("pdp") ?? "IP"}","${unit.nvram.apn}"${middle}${tail}`,
        );
      }
      if (form !== "set") return undefined;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (integerArgument(args[0], context, context) !== undefined) unit.nvram.apn = apn;
      return done;
    },
  };
}

/** `+CGACT: <context>,<0 or 1>` */
export function activationRule(context: number): CommandRule {
  return {
    run(unit, { form }) {
      if (form === "read") return line(`+CGACT: ${context},${Number(unit.context.active)}`);
      return form === "set" ? done : undefined;
    },
  };
}

/** `AT+QIDNSCFG=<context>[,"<first>"[,"<second>"]]`: what the network gave, or what was set since. */
export const nameServersRule: CommandRule = {
  run(unit, { form, args }) {
    if (form !== "set") return undefined;
    const { own } = unit.settings;
    if (args.length === 1) {
      const given = unit.context.active ? '"8.8.8.8","8.8.4.4"' : '"0.0.0.0","0.0.0.0"';
      return line(`+QIDNSCFG: ${args[0].text},${own.get("dns") ?? given}`);
    }
    const servers = args.slice(1).map(({ text }) => parseIpv4(text));
    if (servers.includes(undefined)) return badParameter;
    own.set("dns", servers.map((server) => `"${server}"`).join(","));
    return done;
  },
};

/** `AT+QNBIOTRAI` for the next packet; BC660K takes it while connected only. @param most 1 or 2 */
export function assistanceRule(most: 1 | 2): CommandRule {
  return {
    run(unit, { form, args }) {
      if (form === "set" && most === 2 && !drawn(unit, "rai")) return notSupported;
      if (form === "read") return line(`+QNBIOTRAI: ${unit.settings.rai}`);
      if (form !== "set") return undefined;
      const rai = integerArgument(args[0], 0, most);
      if (rai === undefined) return badParameter;
      if (most === 1 && !isConnected(unit)) return { failure: { cme: 602 } };
      unit.settings.rai = rai as 0 | 1 | 2;
      return done;
    },
  };
}

/** What they are: `ATI`, the maker, the model and the firmware's version, as the firmware has them. */
export const identityCommands: Readonly<Record<string, CommandRule>> = {
  I: { run: (unit) => ({ lines: ["Quectel_Ltd", unit.generation!.model, unit.generation!.revision] }) },
  "+CGMI": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      return { lines: ["Quectel_Ltd", unit.generation!.model, "Revision: QCX"] };
    },
  },
  "+CGMM": tells((unit) => unit.generation!.model),
  "+CGMR": tells((unit) => unit.generation!.revision),
};
