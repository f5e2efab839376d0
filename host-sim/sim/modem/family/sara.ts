/**
 * u-blox SARA-R4 (R410M) and SARA-R5, as u-blox's AT commands manuals and application notes for the two series
 * describe them (manual/sara-r4.ts, manual/sara-r5.ts).
 *
 *     says nothing when it boots; loses commands that come too soon behind a response
 *     technology, bands and the operator's profile are taken up at a restart (AT+CFUN=15), and may be set only
 *     while it is not registered; the profiles of AT&T and Verizon refuse a choice of technology and bands
 *     PSM is power-off: a pulse on PWR_ON starts it anew
 *     SARA-R4: AT+CPSMS is taken up at a restart, and its timers are read in other units than they were set in
 *     SARA-R5: sockets need a context of the stack's own (AT+UPSD, AT+UPSDA), PSM needs AT+UPSV, the UART's rate
 *     and UPSV are forgotten unless AT&W follows, AT+CFUN=4 is not; AT+CGDCONT? tells what the network gave
 *
 * Left open by the documents, and drawn for each modem: `+UUSORF` or `+UUSORD`, whether UBANDMASK tells the
 * bands above 64, and whether CCLK of SARA-R4 is UTC. That SARA-R4 sleeps though the network has not granted it (UPSMVER) is not simulated.
 */
import { integerArgument } from "../at-command";
import type { AtArgument } from "../at-command";
import type { CommandRule, Family, PowerTraits, SearchScope, Unit } from "../family";
import {
  connectionRule,
  done,
  holds,
  holdsUntilRestart,
  keeps,
  line,
  networkCommands,
  sleepCommands,
  tells,
  tellConnection,
  tellsOfCard,
} from "../commands/common";
import { givenContextRule, usualCommands } from "../commands/context";
import { draw, drawn } from "../draw";
import type { Manual } from "../manual/manual";
import { saraR4Manual } from "../manual/sara-r4";
import { saraR5Manual } from "../manual/sara-r5";
import { activation, contextRule, loginRule, profileCommands, whileFree } from "./sara-contexts";
import { grantedTimers, sleepFromNextStart, sleepSigns, uartSleep } from "./sara-sleep";
import { assistedSending, deliver, socketCommands } from "./sara-sockets";

/** Bands 1, 2, 3, 4, 5, 8, 12, 13, 17, 18, 19, 20, 25, 26 and 28, as many modules have them from the factory. */
const factoryMask = "185538719";

/** The arguments as they are, where no two are alike. */
function different(args: readonly AtArgument[]): string | undefined {
  const texts = args.map((argument) => argument.text);
  return new Set(texts).size === texts.length ? texts.join(",") : undefined;
}

const bandMask: CommandRule = {
  run(unit, { form, args }) {
    const { own } = unit.nvram;
    const upper = drawn(unit, "uppermask") ? ",0" : "";
    if (form === "read") {
      const second = unit.generation?.name === "r510s-00b" ? "" : `,1,${own.get("mask1")}${upper}`;
      return line(`+UBANDMASK: 0,${own.get("mask0")}${upper}${second}`);
    }
    if (form !== "set") return undefined;
    own.set(`mask${args[0].text}`, args[1].text);
    return done;
  },
};

/** `AT+COPS=0` for one that is registered makes it choose anew. */
const operatorRule: CommandRule = {
  delay: [200, 4_000],
  delayed: "set",
  run(unit, command) {
    const again = command.form === "set" && command.args[0]?.text === "0" && unit.registration.registered;
    if (again && unit.nvram.operator === undefined) return { then: () => unit.registration.search() };
    return usualCommands["+COPS"].run(unit, command);
  },
};

const functionRule = (isR5: boolean): CommandRule => ({
  delay: [200, 3_000],
  delayed: "set",
  run(unit, command) {
    const value = integerArgument(command.args[0], 0, 127);
    if (command.form === "set" && (value === 15 || value === 16)) {
      return { then: () => unit.restart(`AT+CFUN=${value}`) };
    }
    // SARA-R5 finds itself in flight mode again at the next start.
    if (command.form === "set" && isR5) unit.nvram.own.set("cfun", value === 4 ? "4" : "1");
    return networkCommands["+CFUN"].run(unit, command);
  },
});

/** Zone, summer time and time behind `AT+CTZR`: 1 the zone, 2 local time with it, 3 UTC. */
function tellTime(unit: Unit): void {
  const level = unit.settings.own.get("+ctzr");
  if (!unit.clockTold || level === undefined || level === "0") return;
  const text = unit.clock(level === "3" ? "utc" : "local");
  const zone = text.slice(17);
  if (level === "1") unit.urc(`+CTZV: "${zone}"`);
  else unit.urc(`${level === "2" ? "+CTZE" : "+CTZEU"}: "${zone}",0,"20${text.slice(0, 17)}"`);
}

const ownCommands = (isR5: boolean): Record<string, CommandRule> => ({
  I: {
    run(unit, { args }) {
      const { model = "", revision = "" } = unit.generation ?? {};
      if (args[0]?.text === "9") return line(isR5 ? `${revision},A00.01` : `${revision},A02.21`);
      return isR5 ? line(`${model}-00`) : { lines: ["Manufacturer: u-blox", `Model: ${model}`] };
    },
  },
  "+CGMM": tells((unit) => unit.generation?.model ?? ""),
  "+CGMR": tells((unit) => unit.generation?.revision ?? ""),
  "+CGMI": tells(() => "u-blox"),
  "+GSN": tells((unit) => unit.identity.imei),
  "+CCID": {
    run(unit, command) {
      const form = command.form === "read" ? "execute" : command.form;
      return tellsOfCard((each) => `+CCID: ${each.identity.iccid}`, false).run(unit, { ...command, form });
    },
  },
  // SARA-R4 tells UTC with the zone beside it, or local time (MKRNB issue 28).
  "+CCLK": {
    run(unit, command) {
      const open = isR5 || unit.quirks.clock !== undefined || command.form !== "read";
      if (open) return usualCommands["+CCLK"].run(unit, command);
      return line(`+CCLK: "${unit.clock(drawn(unit, "cclkutc") ? "utc" : "local")}"`);
    },
  },
  "+UPINCNT": {
    run(unit) {
      return line(`+UPINCNT: ${unit.card.pinTriesLeft},3,${unit.card.pukTriesLeft},10`);
    },
  },
  "+URAT": whileFree(keeps("+URAT", "urat", different), true),
  "+UBANDMASK": whileFree(bandMask, true),
  "+UMNOPROF": whileFree({
    run(unit, { form, args }) {
      const { own } = unit.nvram;
      if (form === "read") return line(`+UMNOPROF: ${own.get("profile")}`);
      if (form !== "set") return undefined;
      own.set("new profile", args[0].text);
      return done;
    },
  }),
  "+UPSMR": sleepSigns,
  "+UCPSMS": grantedTimers(isR5),
  "+CTZU": holds(
    "+CTZU",
    1,
    (unit) => Number(unit.nvram.own.get("ctzu")),
    (unit, value) => {
      unit.nvram.own.set("ctzu", String(value));
      unit.settings.networkTime = value === 1;
    },
  ),
  "+CTZR": holdsUntilRestart("+CTZR", 3),
  "+CSCON": connectionRule,
  "+UPSV": uartSleep,
  "+CEER": tells(({ registration: { cause } }) =>
    cause === 0 ? '+CEER: "No cause information available"' : `+CEER: "EMM cause",${cause},"refused"`,
  ),
  "+CGDCONT": contextRule(isR5),
  "+CGACT": activation(isR5),
  "+CGCONTRDP": givenContextRule,
  "+UAUTHREQ": loginRule(isR5),
  "+COPS": operatorRule,
  "+CFUN": functionRule(isR5),
  "+CPWROFF": {
    delay: [500, 4_000],
    run: (unit, { form }) => (form === "execute" ? { then: () => unit.powerDown("AT+CPWROFF") } : undefined),
  },
  "&W": {
    run(unit) {
      const { own } = unit.nvram;
      own.set("stored baud", String(unit.nvram.baud));
      own.set("stored upsv", unit.settings.own.get("+upsv") ?? "0");
      return done;
    },
  },
  "+CEDRXS": isR5 ? sleepCommands["+CEDRXS"] : whileFree(sleepCommands["+CEDRXS"]),
  ...(isR5 ? { ...profileCommands, "+USOSTF": assistedSending } : { "+CPSMS": sleepFromNextStart }),
});

/** What its technologies and band masks, in force since the last start, let it find. */
function searches({ settings: { own }, network }: Unit): SearchScope {
  const technologies = own.get("technologies") ?? "";
  const mask = BigInt(own.get(network.carrier.technology === "lte-m" ? "mask0" : "mask1") ?? 0);
  return {
    technologies: [
      ...(technologies.includes("7") ? (["lte-m"] as const) : []),
      ...(technologies.includes("8") ? (["nb-iot"] as const) : []),
    ],
    bands: Array.from({ length: 64 }, (_, bit) => bit + 1).filter((band) => (mask >> BigInt(band - 1)) & 1n),
  };
}

/** What was set before is taken up: technology, bands, the operator's profile, sleep. */
function takeUp(unit: Unit, isR5: boolean): void {
  const { nvram, settings } = unit;
  const { own } = nvram;
  draw(unit, ["uusorf", "uppermask", "cclkutc"]);
  settings.own.set("cops format", "0");
  const profile = own.get("new profile");
  if (profile !== undefined) {
    // A profile brings its own bands and access point name.
    own.delete("new profile");
    own.set("profile", profile);
    for (const mask of ["mask0", "mask1"]) own.set(mask, factoryMask);
    nvram.apn = "";
  }
  settings.own.set("profile in force", own.get("profile")!);
  settings.own.set("technologies", own.get("urat")!);
  for (const mask of ["mask0", "mask1"]) settings.own.set(mask, own.get(mask)!);
  settings.networkTime = own.get("ctzu") === "1";
  settings.psmStatus = own.get("upsmr") === "1";
  if (isR5) {
    if (!own.has("stored baud")) own.set("stored baud", String(nvram.baud));
    unit.setBaud(Number(own.get("stored baud")));
    settings.own.set("+upsv", own.get("stored upsv") ?? "0");
    if (own.get("cfun") === "4") settings.cfun = 4;
    // Firmware from 01B on remembers hexadecimal.
    if (unit.generation?.name !== "r510s-00b") settings.own.set("hex", own.get("hex") ?? "0");
  } else {
    const [on, t3412, t3324] = own.get("cpsms")!.split(",");
    settings.psmOn = on === "1";
    settings.psmTimers = { t3412, t3324 };
  }
}

function family(name: "sara-r4" | "sara-r5", manual: Manual, power: PowerTraits, gap: number): Family {
  const isR5 = name === "sara-r5";
  return {
    name,
    baud: 115_200,
    power,
    manual,
    boot: { lines: [], card: false, cardDelay: [200, 1_500], lastDelay: [10, 20] },
    sleep: {
      boots: true,
      keepsSockets: () => false,
      may: isR5 ? (unit) => !/^[02]/.test(unit.settings.own.get("+upsv")!) : undefined,
      entering: (unit) => (unit.settings.psmStatus ? ["+UUPSMR: 1"] : []),
      // A modem that looks for the rate yet has nothing to say it with.
      leaving: (unit) => (unit.settings.psmStatus && unit.nvram.baud !== 0 ? ["+UUPSMR: 0"] : []),
    },
    commands: new Map(Object.entries({ ...usualCommands, ...ownCommands(isR5), ...socketCommands(isR5) })),
    sockets: 7,
    nvram: () => ({
      baud: isR5 ? 0 : 115_200,
      apn: "",
      own: new Map([
        ["urat", isR5 ? "7" : "7,8"],
        ["mask0", factoryMask],
        ["mask1", factoryMask],
        ["profile", isR5 ? "90" : "0"],
        ["pdptype", isR5 ? "IPV4V6" : "IP"],
        ["ctzu", isR5 ? "1" : "0"],
        ["cpsms", "0,00011000,00001010"],
      ]),
    }),
    onBoot: (unit) => takeUp(unit, isR5),
    keepsPsm: isR5,
    attachesItself: () => true,
    searches,
    rrc: tellConnection,
    registrationFields(unit, level) {
      const fields = unit.registration.fields(level, unit.quirks.ceregRoutingArea === true);
      // The code of the MME stands between area and cell (ubxlib cell/src/u_cell_net.c).
      const more = level === 4 && unit.generation?.name === "r410m-02b-04";
      return more ? fields.replace(/^([0-9]+,"[^"]*")/, '$1,"80"') : fields;
    },
    attached(unit) {
      if (!isR5) unit.context.active = true;
      tellTime(unit);
    },
    contextLost: () => (isR5 ? ["+UUPSDD: 0"] : []),
    deliver,
    unconnected: true,
    gap,
  };
}

export const saraR4 = family(
  "sara-r4",
  saraR4Manual,
  { key: { on: 150, off: 1_500 }, wake: 150, reset: 10_000, boot: [4_000, 6_000], down: [3_000, 30_000] },
  100,
);

export const saraR5 = family(
  "sara-r5",
  saraR5Manual,
  { key: { on: 1_000, off: 1_500 }, wake: 1_000, reset: 100, boot: [4_000, 6_000], down: [3_000, 18_000] },
  20,
);
