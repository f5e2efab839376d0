/**
 * Quectel BC66 and BC660K-GL, as Quectel's AT commands and TCP/IP manuals for the two describe them.
 *
 *     BC66     the boot ROM's chatter, then RDY; PSM_EINT ends PSM; raw data
 *     BC660K   RDY at 115200; any byte on the UART ends PSM; all in hexadecimal once QICFG says so
 *     both     +IP: says that the context is there; deep sleep takes settings and sockets; an AT command
 *              keeps them awake for 10 s, AT+QRELLOCK (BC660K) lets go; no sleep with AT+QSCLK=0
 *
 * Left open by the documents, and drawn for each modem: whether BC66's QISENDEX wants quotes, whether
 * `+QIRD:` says `,0` behind the length, whether QNBIOTRAI exists on the BC66, the form of `+QBAND:`.
 */
import { integerArgument } from "../at-command";
import type { AtAnswer } from "../at-responder";
import type { CommandRule, Family, Unit } from "../family";
import {
  badParameter,
  basicCommands,
  done,
  holds,
  line,
  networkCommands,
  notAllowed,
  notSupported,
  sleepCommands,
  tells,
} from "../commands/common";
import { contextCommands } from "../commands/context";
import { formatHex, parseHex } from "../udp-sockets";
import type { UdpSocket } from "../udp-sockets";
import {
  closeRule,
  keepAndHint,
  openRule,
  rawAnswer,
  socketOf,
  stateRule,
  takeWaiting,
} from "./quectel-sockets";

const longestHex = 512;
const longestBinary = 1_358;

function own(name: string, most: number, initial: number): CommandRule {
  const key = name.toLowerCase();
  return holds(
    name,
    most,
    (unit) => Number(unit.settings.own.get(key) ?? initial),
    (unit, value) => void unit.settings.own.set(key, String(value)),
  );
}

/** `OK`, and `SEND OK` some time behind it. */
function transmit(unit: Unit, socket: UdpSocket, data: Uint8Array): AtAnswer {
  const fine = unit.registration.stat === 1 && unit.context.active;
  if (fine) unit.send(socket, data);
  const text = fine ? "SEND OK" : "SEND FAIL";
  if (unit.quirks.urcBeforeOk === true) return { lines: [text] };
  return { then: () => unit.urc(text, unit.random.between(20, 120)) };
}

const commonCommands: Record<string, CommandRule> = {
  "+CGSN": {
    run(unit, { form, args }) {
      if (form !== "set") return form === "execute" ? line(unit.identity.imei) : undefined;
      return integerArgument(args[0], 1, 1) === 1 ? line(`+CGSN: ${unit.identity.imei}`) : badParameter;
    },
  },
  // Taken up at the next start.
  "+QCGDEFCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+QCGDEFCONT: "IP","${unit.nvram.own.get("apn")}"`);
      if (form !== "set") return undefined;
      if (args[0]?.text !== "IP" || !/^[A-Za-z0-9.-]{0,99}$/.test(args[1]?.text ?? "")) return badParameter;
      unit.nvram.own.set("apn", args[1]?.text ?? "");
      return done;
    },
  },
  "+QBAND": {
    delay: [200, 20_000],
    run(unit, { form, args }) {
      const kept = unit.nvram.own;
      if (form === "read") {
        const bands = kept.get("bands")!;
        return line(
          `+QBAND: ${kept.get("bandcount") === "yes" ? `${bands.split(",").length},` : ""}${bands}`,
        );
      }
      if (form !== "set") return undefined;
      const count = integerArgument(args[0], 0, 19);
      const bands = args.slice(1).map((argument) => integerArgument(argument, 1, 85));
      if (bands.includes(undefined) || bands.length !== count) return badParameter;
      if (unit.settings.cfun !== 0) return notAllowed;
      kept.set("bands", bands.join(","));
      return done;
    },
  },
  "+QRST": {
    run: (unit, { form, args }) =>
      form === "set" && integerArgument(args[0], 1, 1) === 1
        ? { then: () => unit.restart("AT+QRST=1") }
        : undefined,
  },
  "+QSCLK": own("+QSCLK", 2, 1),
  "+QNBIOTEVENT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+QNBIOTEVENT: ${Number(unit.settings.psmStatus)},1`);
      if (form !== "set") return undefined;
      const on = integerArgument(args[0], 0, 1);
      if (on === undefined || integerArgument(args[1], 1, 1) === undefined) return badParameter;
      unit.settings.psmStatus = on === 1;
      return done;
    },
  },
  "+CSCON": own("+CSCON", 1, 0),
  "+CTZR": own("+CTZR", 3, 0),
  "+QNBIOTRAI": {
    run(unit, { form, args }) {
      if (unit.nvram.own.get("rai") === "no") return notSupported;
      if (form !== "set") return undefined;
      const rai = integerArgument(args[0], 0, 2);
      if (rai === undefined) return badParameter;
      unit.settings.rai = rai as 0 | 1 | 2;
      return done;
    },
  },
  "+QENG": {
    run(unit, { form, args }) {
      if (form !== "set" || integerArgument(args[0], 0, 0) === undefined) return undefined;
      const { grant } = unit.registration;
      if (grant === undefined) return done;
      const { rsrp, rsrq, rssi, snr, coverage } = unit.network.measure();
      const signal = `${rsrp},${rsrq},${rssi},${snr}`;
      return line(`+QENG: 0,3600,0,82,"${grant.cellId}",${signal},8,"${grant.tac}",${coverage},230,2`);
    },
  },
};

const rawSockets: Record<string, CommandRule> = {
  "+QIOPEN": openRule(1),
  "+QISTATE": stateRule(1),
  "+QICLOSE": closeRule(true),
  "+QISEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 0, longestBinary);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      if (length === 0) return line("+QISEND: 0,0,0");
      const take = (data: Uint8Array) => ({ delay: 30, run: () => transmit(unit, socket, data) });
      return { prompt: { sign: "> ", length, take } };
    },
  },
  "+QISENDEX": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestHex);
      const quoted = unit.nvram.own.get("quotes") === "yes";
      const data = args[2]?.quoted === quoted ? parseHex(args[2].text) : undefined;
      if (socket === undefined || data === undefined || data.length !== length) {
        return { failure: unit.socketFailure };
      }
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestBinary);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      const bytes = takeWaiting(socket, length);
      if (bytes === undefined) return line("+QIRD: 0");
      if (unit.nvram.own.get("left") !== "yes") return rawAnswer(bytes);
      return { raw: { head: `+QIRD: ${bytes.length},0\r\n`, data: bytes, tail: "\r\n" } };
    },
  },
};

/** Settings of `AT+QICFG`, all off until the host says otherwise. */
function isOn(unit: Unit, name: string): boolean {
  return unit.settings.own.get(name) === "1";
}

const textSockets: Record<string, CommandRule> = {
  "+QIOPEN": openRule(0),
  "+QISTATE": stateRule(0),
  "+QICLOSE": closeRule(true),
  "+QICFG": {
    run(unit, { form, args }) {
      const name = args[0]?.text ?? "";
      if (form !== "set" || !["dataformat", "viewmode", "showlength"].includes(name)) return undefined;
      if (args.length === 1) return line(`+QICFG: "${name}",${Number(isOn(unit, name))}`);
      const values = args.slice(1).map((argument) => integerArgument(argument, 0, 1));
      if (values.includes(undefined) || values.length !== (name === "dataformat" ? 2 : 1))
        return badParameter;
      unit.settings.own.set(name, String(values.every((value) => value === 1) ? 1 : 0));
      return done;
    },
  },
  "+QISEND": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestHex);
      const rai = args[3] === undefined ? 0 : integerArgument(args[3], 0, 2);
      if (socket === undefined || rai === undefined) return { failure: unit.socketFailure };
      // Without dataformat the text itself is the data: nothing here sends such.
      const data = isOn(unit, "dataformat") && args[2]?.quoted === true ? parseHex(args[2].text) : undefined;
      if (data === undefined || data.length !== length) return badParameter;
      unit.settings.rai = rai as 0 | 1 | 2;
      return transmit(unit, socket, data);
    },
  },
  "+QIRD": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const socket = socketOf(unit, args[0]);
      const length = integerArgument(args[1], 1, longestHex);
      if (socket === undefined || length === undefined) return { failure: unit.socketFailure };
      const bytes = takeWaiting(socket, length);
      if (bytes === undefined) return line("+QIRD: 0");
      const left = socket.waiting.length === 0 ? 0 : socket.waiting[0].bytes.length;
      const text = isOn(unit, "dataformat") ? `"${formatHex(bytes)}"` : undefined;
      if (text !== undefined && isOn(unit, "viewmode")) return line(`+QIRD: ${bytes.length},${left},${text}`);
      if (text !== undefined) return { lines: [`+QIRD: ${bytes.length},${left}`, text] };
      return rawAnswer(bytes);
    },
  },
  "+QCFG": {
    run(unit, { form, args }) {
      const name = args[0]?.text ?? "";
      if (form !== "set" || !["dsevent", "wakeupRXD", "autopdn"].includes(name)) return undefined;
      if (args.length === 1) return line(`+QCFG: "${name}",${unit.nvram.own.get(name) ?? 1}`);
      const value = integerArgument(args[1], 0, 1);
      if (value === undefined) return badParameter;
      unit.nvram.own.set(name, String(value));
      return done;
    },
  },
  "+QRELLOCK": {
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.releaseLock() } : undefined),
  },
};

/** Draws once for each modem what its firmware does. */
function draw(unit: Unit, names: readonly string[]): void {
  for (const name of names) {
    if (!unit.nvram.own.has(name)) unit.nvram.own.set(name, unit.random.chance(0.5) ? "yes" : "no");
  }
}

function common(unit: Unit): void {
  unit.settings.networkTime = true;
  unit.nvram.apn = unit.nvram.own.get("apn")!;
}

const shared = {
  baud: 115_200,
  sockets: 5,
  keepsPsm: true,
  attachesItself: () => true,
  nvram: () => ({
    baud: 115_200,
    apn: "",
    own: new Map([
      ["apn", ""],
      ["bands", "3,5,8,20"],
    ]),
  }),
  attached(unit: Unit) {
    // The context comes with the attach.
    unit.later(unit.random.between(100, 1_500), () => {
      if (unit.registration.stat !== 1) return;
      unit.context.active = true;
      unit.urc(`+IP: ${unit.registration.grant?.address}`);
    });
  },
  rrc(unit: Unit, connected: boolean) {
    if (unit.settings.own.get("+cscon") === "1") unit.urc(`+CSCON: ${Number(connected)}`);
  },
} as const;

/** ms that an AT command keeps them awake. */
const lock = 10_000;
const mayDeepSleep = (unit: Unit): boolean =>
  unit.settings.own.get("+qsclk") !== "0" && unit.settings.own.get("+qsclk") !== "2";

export const bc66: Family = {
  ...shared,
  name: "bc66",
  power: {
    key: { on: 500, off: Infinity },
    wake: 100,
    wakePin: true,
    reset: 50,
    boot: [1_000, 2_500],
    down: [200, 500],
  },
  boot: {
    lines: [
      "F1: 0000 0000",
      "V0: 0000 0000 [0001]",
      "00: 0006 000C",
      "U0: 0000 0001",
      "T0: 0000 00B4",
      "Leaving the BROM",
      "RDY",
    ],
    half: "+CFUN: 1",
    card: true,
    cardDelay: [200, 1_200],
    lastDelay: [10, 20],
  },
  sleep: {
    boots: true,
    lock,
    may: mayDeepSleep,
    keepsSockets: () => false,
    entering: (unit) => (unit.settings.psmStatus ? ['+QNBIOTEVENT: "ENTER PSM"'] : []),
    leaving: () => [],
  },
  restartCommand: "+QRST",
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...networkCommands,
      ...sleepCommands,
      ...contextCommands,
      ...commonCommands,
      ...rawSockets,
      I: { run: () => ({ lines: ["Quectel_Ltd", "Quectel_BC66", "Revision: BC66NBR01A01"] }) },
      "+CGMM": tells(() => "BC66"),
      "+CGMR": tells(() => "Revision: BC66NBR01A01"),
    }),
  ),
  onBoot(unit) {
    draw(unit, ["quotes", "left", "rai", "bandcount"]);
    common(unit);
  },
  deliver: (unit, socket, datagram, from) => keepAndHint(unit, socket, datagram, from),
};

export const bc660k: Family = {
  ...shared,
  name: "bc660k",
  power: { reset: 100, boot: [700, 1_500], down: [200, 500] },
  boot: { lines: ["RDY"], card: true, cardDelay: [200, 1_200], lastDelay: [10, 20] },
  sleep: {
    boots: true,
    lock,
    may: mayDeepSleep,
    wakesByUart: { deafFor: 400 },
    keepsSockets: () => false,
    entering: (unit) => [
      ...(unit.settings.psmStatus ? ['+QNBIOTEVENT: "ENTER PSM"'] : []),
      ...(unit.nvram.own.get("dsevent") === "1" ? ['+QNBIOTEVENT: "ENTER DEEPSLEEP"'] : []),
    ],
    leaving: (unit) => (unit.nvram.own.get("dsevent") === "1" ? ['+QNBIOTEVENT: "EXIT DEEPSLEEP"'] : []),
  },
  restartCommand: "+QRST",
  commands: new Map(
    Object.entries({
      ...basicCommands,
      ...networkCommands,
      ...sleepCommands,
      ...contextCommands,
      ...commonCommands,
      ...textSockets,
      I: { run: () => ({ lines: ["Quectel_Ltd", "Quectel_BC660K-GL", "Revision: BC660KGLAAR01A05"] }) },
      "+CGMM": tells(() => "BC660K-GL"),
      "+CGMR": tells(() => "Revision: BC660KGLAAR01A05"),
    }),
  ),
  onBoot(unit) {
    draw(unit, ["bandcount"]);
    common(unit);
  },
  deliver: (unit, socket, datagram, from) =>
    keepAndHint(unit, socket, datagram, from, unit.settings.own.get("showlength") === "1"),
};
