/**
 * Quectel BC95 and BC95-G, and u-blox SARA-N2: one maker's chips (HiSilicon). What each firmware takes is in
 * the two manuals' tables.
 *
 *     9600 baud; the socket's number and what is read from it without a name
 *     BC95 writes no blank behind a colon, and older builds no quotes; newer SARA-N2 write as 3GPP does
 *     boots with its supply: REBOOT_CAUSE_..., Neul (or u-blox), OK; echo is off until it is asked for
 *     sleeps by itself; any byte on the UART wakes it, and is lost
 *
 * Left open by the documents, and drawn for each modem: quotes in BC95-G's `+CEREG:`, whether each datagram
 * is announced as it comes, or only the first into an empty buffer and each other once it is the next to be read.
 */
import { tellConnection } from "../commands/common";
import { draw, drawn } from "../draw";
import type { Family, Unit } from "../family";
import { bc95Manual } from "../manual/bc95";
import { listedIn } from "../manual/manual";
import type { Manual } from "../manual/manual";
import { saraN2Manual } from "../manual/sara-n2";
import { cardInWords, commandsOfBc95, configOf, registrationFieldsOf, searchedBands } from "./bc95-commands";
import type { HiSiliconStyle } from "./bc95-commands";
import { deliverToBc95, socketsOfBc95 } from "./bc95-sockets";

/** Lines that BC95 has without quotes in its older builds. */
const bareLines = ["+CEREG", "+CPSMS", "+CCLK", "+CGPADDR", "+CGAUTH"];

/** `+NAME: a` is `+NAME:a`; quotes by firmware, and by coin on BC95-G. */
function dialectOfBc95(unit: Unit, text: string): string {
  const named = /^(\+[A-Z]+): ?(.*)$/.exec(text);
  if (named === null || named[1] === "+CME") return text;
  const [, name, rest] = named;
  const quotes = unit.generation?.name === "g" && drawn(unit, "quotes");
  const bare = name === "+NCONFIG" || (bareLines.includes(name) && !quotes);
  return `${name}:${bare ? rest.replaceAll('"', "") : rest}`;
}

/** The oldest SARA-N2 writes no blank (u-blox's own driver for it expects none); newer ones do. */
function dialectOfSaraN2(unit: Unit, text: string): string {
  if (unit.generation?.name !== "b656" || text.startsWith("+CME")) return text;
  return text.replace(/^(\+[A-Z]+): /, "$1:");
}

const bc95Style: HiSiliconStyle = {
  maker: "Quectel",
  technology: 9,
  cell: (tac, cellId) => `"${tac}","${cellId}"`,
  noCell: '"0000","00000000"',
  statistic: (kind, name, value) =>
    kind === undefined ? `${name}:${value}` : `NUESTATS:${kind},${name}:${value}`,
  contextTail: "0",
};

const saraN2Style: HiSiliconStyle = {
  maker: "u-blox",
  technology: 7,
  cell: (tac, cellId) => `"${tac}","${cellId.replace(/^0+(?=.)/, "")}"`,
  noCell: '"0000","0"',
  statistic: (kind, name, value) =>
    kind === undefined ? `"${name}",${value}` : `NUESTATS: "${kind}","${name}",${value}`,
  contextTail: "1",
};

/** What the two differ in. */
interface Variant {
  readonly name: string;
  readonly manual: Manual;
  readonly style: HiSiliconStyle;
  readonly word: string;
  /** What stands around an address and digits. */
  readonly quote: string;
  readonly bands: string;
  dialect(unit: Unit, text: string): string;
}

function family({ name, manual, style, word, quote, bands, dialect }: Variant): Family {
  return {
    name,
    manual,
    baud: 9_600,
    power: { reset: 100, boot: [2_000, 5_000], down: [100, 200] },
    boot: {
      lines: ["REBOOT_CAUSE_SECURITY_PMU_POWER_ON_RESET", word, "OK"],
      card: cardInWords,
      cardDelay: [200, 1_200],
      lastDelay: [10, 20],
    },
    sleep: {
      boots: false,
      wakesByUart: { deafFor: 100 },
      keepsSockets: () => true,
      entering: (unit) => (unit.settings.psmStatus ? ["+NPSMR: 1"] : []),
      leaving: (unit) => (unit.settings.psmStatus ? ["+NPSMR: 0"] : []),
    },
    commands: listedIn(manual, { ...commandsOfBc95(style), ...socketsOfBc95(quote) }),
    sockets: 7,
    nvram: () => ({ baud: 9_600, apn: "", own: new Map([["bands", bands]]) }),
    onBoot(unit) {
      draw(unit, ["quotes", "each"]);
      unit.settings.networkTime = true;
      // Without AUTOCONNECT the radio waits to be told.
      if (configOf(unit, "AUTOCONNECT") === "FALSE") unit.settings.cfun = 0;
    },
    onReset(unit) {
      unit.responder.echo = false;
    },
    restartCommand: "+NRB",
    keepsPsm: true,
    attachesItself: (unit) => configOf(unit, "AUTOCONNECT") === "TRUE",
    searches: (unit) => ({ bands: searchedBands(unit) }),
    registrationFields: registrationFieldsOf(style),
    deliver: deliverToBc95,
    unconnected: true,
    urcsWait: true,
    // Digits of the longest datagram, and what stands in front of them.
    longestLine: 2_800,
    dialect,
    rrc: tellConnection,
  };
}

export const bc95 = family({
  name: "bc95",
  manual: bc95Manual,
  style: bc95Style,
  word: "Neul",
  quote: "",
  bands: "5,8,20",
  dialect: dialectOfBc95,
});

export const saraN2 = family({
  name: "sara-n2",
  manual: saraN2Manual,
  style: saraN2Style,
  word: "u-blox",
  quote: '"',
  bands: "8,20",
  dialect: dialectOfSaraN2,
});
