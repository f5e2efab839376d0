/**
 * SIMCom SIM7000, as its AT manual (V1.06, chapters 5, 6 and 8) describes it: the stack of older SIMCom
 * modems, with one connection (AT+CIPMUX=0) or eight (AT+CIPMUX=1), whose lines begin with their number.
 *
 *     IP INITIAL --CSTT--> IP START --CIICR--> IP GPRSACT --CIFSR--> IP STATUS --CIPSTART--> connected
 *         ^                                                                                     |
 *         +---------------------------- CIPSHUT: SHUT OK ---------------------------------------+
 *
 * CPSMS is taken up at a restart. It starts anew when woken. A single connection is opened in IP STATUS
 * only; that the modem would also go there by itself from IP INITIAL is not simulated.
 *
 * Drawn for each modem, as the documents leave it open: whether the counts of `+CIPRXGET: 3` are of bytes, as drivers take them, or of hex
 * digits, whether hints come for each datagram or for the first into an empty buffer, whether a read keeps
 * to datagram borders.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { CommandRule, Family, Unit } from "../family";
import { badParameter, done, holdsUntilRestart, line, modelCommands } from "../commands/common";
import { usualCommands } from "../commands/context";
import { broughtOf } from "../commands/sockets";
import { drawn } from "../draw";
import { formatHex, parseIpv4, waitingBytes } from "../udp-sockets";
import { sim7000Manual } from "../manual/sim7000";
import { bootLte, goodbye, laterCommands, lteCommands, lteFactory, lteTraits, takeReceived } from "./simcom";
import { nameServers, registrationRule, resolvesNames, simcomCommands, without } from "./simcom-commands";

const longestDatagram = 1_460;
const failed = { failure: "ERROR" } as const;

/** Where the stack is: an index into the row above. */
function step(unit: Unit): number {
  return Number(unit.settings.own.get("step") ?? 0);
}

function advance(unit: Unit, to: number): void {
  unit.settings.own.set("step", String(to));
}

function multiple(unit: Unit): boolean {
  return unit.settings.own.get("mux") === "1";
}

/** The connection meant by a command's first argument, or the only one, and the arguments behind it. */
function chosen(
  unit: Unit,
  args: readonly AtArgument[],
): { id: number; rest: readonly AtArgument[] } | undefined {
  if (!multiple(unit)) return { id: 0, rest: args };
  const id = integerArgument(args[0], 0, unit.sockets.count - 1);
  return id === undefined ? undefined : { id, rest: args.slice(1) };
}

/** What is said of a connection: its number stands in front where there may be several. */
function of(unit: Unit, id: number, text: string): string {
  return multiple(unit) ? `${id}, ${text}` : text;
}

function connected(unit: Unit): number[] {
  const ids: number[] = [];
  for (let id = 0; id < unit.sockets.count; id++) if (unit.sockets.get(id) !== undefined) ids.push(id);
  return ids;
}

/** Whether the login that CSTT was given is the one that the access point wants, if it wants any. */
function isWelcome(unit: Unit): boolean {
  const wanted = unit.network.carrier.login;
  if (wanted === undefined) return true;
  return unit.settings.own.get("cstt")?.endsWith(`,"${wanted.user}","${wanted.password}"`) === true;
}

const stackCommands: Record<string, CommandRule> = {
  "+CIPMUX": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CIPMUX: ${Number(multiple(unit))}`);
      if (form !== "set") return undefined;
      const value = integerArgument(args[0], 0, 1);
      if (value === undefined || step(unit) !== 0) return failed;
      unit.settings.own.set("mux", String(value));
      return done;
    },
  },
  "+CSTT": {
    run(unit, { form, args }) {
      const { own } = unit.settings;
      if (form === "read") return line(`+CSTT: ${own.get("cstt") ?? '"CMNET","",""'}`);
      if (form === "test") return undefined;
      const [apn = "", user = "", password = ""] = args.map(({ text }) => text);
      if (!/^[A-Za-z0-9.-]{0,50}$/.test(apn) || step(unit) !== 0) return failed;
      if (form === "set") own.set("cstt", `"${apn}","${user}","${password}"`);
      advance(unit, 1);
      return done;
    },
  },
  "+CIICR": {
    delay: [200, 6_000],
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      if (step(unit) !== 1 || !unit.registration.registered || !isWelcome(unit)) return failed;
      unit.context.active = true;
      advance(unit, 2);
      return done;
    },
  },
  "+CIFSR": {
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      const address = unit.registration.grant?.address;
      if (step(unit) < 2 || address === undefined) return failed;
      if (step(unit) === 2) advance(unit, 3);
      return { lines: [address], final: null };
    },
  },
  "+CIPSHUT": {
    delay: [50, 2_000],
    run(unit, { form }) {
      if (form !== "execute") return undefined;
      for (const id of unit.sockets.closeAll()) unit.socketChanged(id, "closed");
      unit.context.active = false;
      advance(unit, 0);
      return { final: "SHUT OK" };
    },
  },
  "+CIPSTART": {
    run(unit, { form, args }) {
      if (form !== "set") return undefined;
      const choice = chosen(unit, args);
      if (choice === undefined) return badParameter;
      const { id, rest } = choice;
      const address = parseIpv4(rest[1]?.text ?? "");
      const port = integerArgument(rest[2], 1, 65_535);
      if (rest[0]?.text !== "UDP" || address === undefined || port === undefined) return badParameter;
      if (step(unit) < 3 || !unit.context.active) return failed;
      const socket = unit.sockets.create(id);
      if (socket === undefined) return { lines: [of(unit, id, "ALREADY CONNECT")], failure: "ERROR" };
      socket.peer = { address, port };
      unit.socketChanged(id, "connected");
      const text = of(unit, id, "CONNECT OK");
      if (unit.quirks.urcBeforeOk === true) return line(text);
      return { then: () => unit.urc(text, unit.random.between(20, 800)) };
    },
  },
  "+CIPSEND": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CIPSEND: ${longestDatagram}`);
      if (form !== "set") return undefined;
      const choice = chosen(unit, args);
      const socket = choice && unit.sockets.get(choice.id);
      const length = integerArgument(choice?.rest[0], 1, longestDatagram);
      if (socket === undefined || length === undefined) return failed;
      const take = (data: Uint8Array) => ({
        delay: 30,
        run: () => {
          const fine = unit.registration.registered && unit.context.active;
          if (fine) unit.send(socket, data);
          if (!fine) return { final: of(unit, socket.id, "SEND FAIL") };
          const quick = unit.settings.own.get("+cipqsend") === "1";
          const accepted = `DATA ACCEPT: ${multiple(unit) ? `${socket.id},` : ""}${data.length}`;
          return { final: quick ? accepted : of(unit, socket.id, "SEND OK") };
        },
      });
      return { prompt: { sign: "> ", length, take } };
    },
  },
  "+CIPRXGET": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CIPRXGET: ${unit.settings.own.get("manual") ?? 0}`);
      if (form !== "set") return undefined;
      const mode = integerArgument(args[0], 0, 4);
      if (mode === 0 || mode === 1) {
        if (connected(unit).length > 0) return failed;
        unit.settings.own.set("manual", String(mode));
        return done;
      }
      const choice = chosen(unit, args.slice(1));
      const socket = choice && unit.sockets.get(choice.id);
      if (mode === undefined || socket === undefined || unit.settings.own.get("manual") !== "1")
        return failed;
      const head = `+CIPRXGET: ${mode},${multiple(unit) ? `${socket.id},` : ""}`;
      if (mode === 4) return line(`${head}${waitingBytes(socket)}`);
      const length = integerArgument(choice?.rest[0], 1, mode === 3 ? 730 : 1_460);
      if (length === undefined) return badParameter;
      const part = takeReceived(unit, socket, length);
      if (part.length === 0) return line(`${head}0,0`);
      const left = waitingBytes(socket);
      const data = broughtOf(unit, part);
      if (mode === 2) return { raw: { head: `${head}${part.length},${left}\r\n`, data, tail: "\r\n" } };
      const unitSize = drawn(unit, "digits") ? 2 : 1;
      return { lines: [`${head}${unitSize * part.length},${unitSize * left}`, formatHex(data)] };
    },
  },
  "+CIPCLOSE": {
    delay: [20, 600],
    run(unit, { form, args }) {
      if (form !== "set" && (form !== "execute" || multiple(unit))) return undefined;
      const choice = chosen(unit, args);
      if (choice === undefined || !unit.sockets.close(choice.id)) return failed;
      unit.socketChanged(choice.id, "closed");
      return { final: of(unit, choice.id, "CLOSE OK") };
    },
  },
  "+CIPSTATUS": {
    run(unit, { form, args }) {
      const ids = connected(unit);
      if (form === "set") {
        const id = integerArgument(args[0], 0, 7) ?? -1;
        const socket = unit.sockets.get(id);
        if (!multiple(unit)) return failed;
        if (socket === undefined || !ids.includes(id)) return line(`+CIPSTATUS: ${id},,"","","","INITIAL"`);
        return line(`+CIPSTATUS: ${id},0,"UDP","${socket.peer!.address}","${socket.peer!.port}","CONNECTED"`);
      }
      if (form !== "execute") return undefined;
      const names = ["IP INITIAL", "IP START", "IP GPRSACT", "IP STATUS"];
      const busy = multiple(unit) ? "IP PROCESSING" : "CONNECT OK";
      const lines = [`STATE: ${ids.length > 0 ? busy : names[step(unit)]}`];
      for (const id of multiple(unit) ? ids : []) {
        const { address, port } = unit.sockets.get(id)!.peer!;
        lines.push(`C: ${id},0,"UDP","${address}","${port}","CONNECTED"`);
      }
      return { then: () => lines.forEach((text) => unit.urc(text)) };
    },
  },
  "+CIPQSEND": holdsUntilRestart("+CIPQSEND", 1),
  "+CDNSCFG": nameServers("PrimaryDns", "SecondaryDns"),
  "+CDNSGIP": resolvesNames(true),
  // In NB-IoT it tells 0, whatever the registration is (botletics/SIM7000-LTE-Shield issue 50).
  "+CREG": registrationRule("+CREG", 0),
  // Taken up at the next start.
  "+CPSMS": {
    run(unit, command) {
      const { own } = unit.nvram;
      if (command.form === "read") {
        const [on, t3412, t3324] = own.get("psm")!.split(",");
        return line(`+CPSMS: ${on},,,"${t3412}","${t3324}"`);
      }
      if (command.form !== "set") return undefined;
      const on = integerArgument(command.args[0], 0, 1);
      const before = own.get("psm")!.split(",");
      const t3412 = command.args[3]?.text || before[1];
      const t3324 = command.args[4]?.text || before[2];
      if (on === undefined || !/^[01]{8}$/.test(t3412) || !/^[01]{8}$/.test(t3324)) return badParameter;
      own.set("psm", `${on},${t3412},${t3324}`);
      return done;
    },
  },
};

export const sim7000: Family = {
  ...lteTraits,
  name: "sim7000",
  manual: sim7000Manual,
  loginLater: true,
  power: {
    key: { on: 1_000, off: 1_200 },
    wake: 1_000,
    reset: 252,
    boot: [3_000, 4_500],
    down: [1_800, 6_900],
    goodbye,
  },
  commands: new Map(
    Object.entries({
      ...without(usualCommands, "+CESQ"),
      ...simcomCommands,
      ...lteCommands,
      ...laterCommands,
      ...stackCommands,
      ...modelCommands(["SIM7000G R1529"], "SIMCOM_SIM7000G", "Revision:1529B07SIM7000G"),
    }),
  ),
  sockets: 8,
  nvram: () => lteFactory({ catm: "1,2,3,4,5,8,12,13,18,19,20,26,28", psm: "0,00100001,00000101" }),
  onBoot(unit) {
    bootLte(unit, ["digits"]);
    // `keepsPsm` is for CEDRXS here: CPSMS is kept in a way of its own.
    const [on, t3412, t3324] = unit.nvram.own.get("psm")!.split(",");
    unit.settings.psmOn = on === "1";
    unit.settings.psmTimers = { t3412, t3324 };
  },
  contextLost(unit) {
    advance(unit, 0);
    return ["+PDP: DEACT"];
  },
  deliver(unit, socket, datagram, from) {
    const wasEmpty = socket.waiting.length === 0;
    if (!unit.sockets.keep(socket, datagram, from)) return;
    if (!wasEmpty && !drawn(unit, "each")) return;
    unit.urc(multiple(unit) ? `+CIPRXGET: 1,${socket.id}` : "+CIPRXGET: 1");
  },
};
