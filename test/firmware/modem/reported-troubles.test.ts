/**
 * What people who do this job have reported of such modems, and which tests hold that the driver bears it: in each family,
 * or in the code that all of them share. A test that is renamed or narrowed to fewer families fails here.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";

const names = [...families.keys()];

/** A test of a file in this folder, and whom it is of. */
interface Held {
  readonly file: string;
  readonly title: string;
  /** "each" family in turn; "shared": code that no family has of its own; or these. */
  readonly of: "each" | "shared" | readonly string[];
}

interface Row {
  readonly what: string;
  /** Where it was reported. */
  readonly by: string;
  readonly held: readonly Held[];
  /** Families that cannot have it, and why. */
  readonly not?: Readonly<Record<string, string>>;
}

const each = (file: string, title: string): Held => ({ file, title, of: "each" });
const shared = (file: string, title: string): Held => ({ file, title, of: "shared" });
const of = (families: string, file: string, title: string): Held => ({
  file,
  title,
  of: families.split(" "),
});

const reports = "field-reports.test.ts";
const tells = "what-it-tells.test.ts";
const refuses = "refusals.test.ts";

const rows: readonly Row[] = [
  {
    what: "a reject cause stands one field further on where a routing area is told",
    by: "forums.quectel.com 8403",
    held: [
      each(reports, "a denial's cause is the number behind its type, where a routing area stands before it"),
      each("denials.test.ts", "asks at most 10 times a day where the cause, %d, is a lasting one"),
    ],
  },
  {
    what: "a first search takes twenty minutes",
    by: "ubxlib issues 151 and 179, TinyGSM 725",
    held: [each(reports, "a first search of %d minutes is let be, and ends online")],
  },
  {
    what: "the question for the card's state is refused, the card being good",
    by: "mbed-os issue 8199",
    held: [
      each(
        refuses,
        "is online whichever single command is refused, or names the one without which it cannot be",
      ),
      shared(
        "driver/sim-card.test.ts",
        "lets the network tell where the modem says nothing at all about the card",
      ),
    ],
  },
  {
    what: "a clock's digits are UTC on one firmware and local time on another",
    by: "MKRNB issue 28",
    held: [each(tells, "is read right, or the log says that this is not proven (seed %d)")],
  },
  {
    what: "an operator's profile refuses the choice of a technology for good",
    by: "u-blox's manuals of SARA-R4 and SARA-R5",
    held: [
      each(
        refuses,
        "is online whichever single command is refused, or names the one without which it cannot be",
      ),
      shared(
        "family/wanted.test.ts",
        "R4: an operator's profile that refuses the technology for good is no reason to stop",
      ),
    ],
  },
  {
    what: "a boot's last line comes half a minute late",
    by: "TinyGSM issue 608",
    held: [each(reports, "the last line of a start half a minute late is no reboot")],
  },
  {
    what: "a kept setting with one field that is not the wanted one passes for right",
    by: "reviews of this driver",
    held: [each("family/kept-settings.test.ts", "%s -> %s: writes %s")],
  },
  {
    what: "a former owner has left a list of bands",
    by: "TinyGSM issues 592 and 421, LilyGo-T-SIM7080G issues 22 and 90",
    held: [
      of(
        "sim7020 sim7080 sim7000 bc66 bc95 bg95 sara-r4 sara-r5",
        "family/told.test.ts",
        "the bands that are set",
      ),
      of(
        "sim7020 sim7080 sim7000 bc66 bc660k bc95 sara-n2 bg95 sara-r4 sara-r5",
        "family/wanted.test.ts",
        "%s %j: %j",
      ),
    ],
  },
  {
    what: "the right access point is none",
    by: "TinyGSM issue 421",
    held: [each(reports, "an access point without a name is the network's own")],
  },
  {
    what: "a modem talks at another rate",
    by: "M5Stack community 5055, LilyGO-T-SIM7000G issue 38",
    held: [
      of(
        "sim7020 sim7080 sim7000 bc66 bc660k bg95 sara-r4 sara-r5",
        "driver/line-rate.test.ts",
        "is found and set to the usual one: %s",
      ),
      of("bc95 sara-n2", "driver/line-rate.test.ts", "is found and left there, where no command sets it: %s"),
    ],
  },
  {
    what: "a card wants a PIN, is busy, wrong or locked",
    by: "esp-idf issue 6637, MKRNB issue 16, esp-protocols issue 1065",
    held: [
      each(reports, "a card that says %s is told by that name, and used once it is good"),
      each(reports, "a card that %s is told by that name"),
      each("driver/sim-card.test.ts", "unlocks the card: %s"),
    ],
  },
  {
    what: "a socket's opening ends in a code",
    by: "LilyGo-T-SIM7080G issue 179",
    held: [
      each(
        refuses,
        "is online whichever single command is refused, or names the one without which it cannot be",
      ),
      shared("family/told.test.ts", "what a code means"),
    ],
  },
  {
    what: "a read brings fewer bytes than it announces",
    by: "ubxlib and TinyGSM, as a kind",
    held: [
      each(reports, "reads that come short cost no reset of the radio"),
      shared("at/engine-data.test.ts", "never gives another datagram for whole than the one that came"),
    ],
    not: { sim7020: "datagrams are pushed" },
  },
  {
    what: "the network's reason is told in another state than denied",
    by: "3GPP TS 27.007 and makers' numbers above 5, as a kind",
    held: [
      each(
        reports,
        "a denial that the state does not tell is told all the same, where the modem has its cause",
      ),
    ],
  },
  {
    what: "the supply is too low, and the modem says so",
    by: "Freematics issue 77, LilyGO-T-SIM7000G issue 201, Zephyr issue 55807",
    held: [
      each(
        reports,
        "a supply that is too low is told at once, where the modem says so, and the modem switched on again",
      ),
    ],
  },
  {
    what: "a modem starts again and again",
    by: "the same, as a kind",
    held: [
      each(reports, "a modem that starts again and again is named, and left alone longer and longer"),
      each(
        reports,
        "a modem that starts again and again is left alone longer and longer over the board's deep sleep, too",
      ),
      each(
        reports,
        "a modem whose supply gives way at each datagram is named, and left alone longer and longer",
      ),
    ],
  },
  {
    what: "the IMEI is told in another form",
    by: "public drivers' parsers, as a kind",
    held: [
      each(
        refuses,
        "is online whichever single command is refused, or names the one without which it cannot be",
      ),
      shared("driver/refused-commands.test.ts", "is known where %s alone tells it: %s"),
    ],
  },
  {
    what: "a setting's name is misspelt",
    by: "what users of such devices write",
    held: [shared("../device/settings.test.ts", "%s is named, with %s")],
  },
  {
    what: "a command of the bring-up is refused",
    by: "several",
    held: [
      each(
        refuses,
        "is online whichever single command is refused, or names the one without which it cannot be",
      ),
      each("refused-once.test.ts", "$family $firmware refuses nothing from its third wake on"),
    ],
  },
  {
    what: "release assistance is missing, and a new selection of the network each time",
    by: "ubxlib issue 67, device-os pull requests 2164 and 2177",
    held: [
      each("family/wanted.test.ts", "$name: no new selection where the modem chooses by itself"),
      shared(
        "family/wanted.test.ts",
        "R5: release assistance is a flag of the command that sends, R4 has none",
      ),
    ],
  },
  {
    what: "a clock tells a day that there is not",
    by: "noise on a wire, as a kind",
    held: [shared("at/fields.test.ts", "+CCLK")],
  },
  {
    what: "a cause is told by its name, or a number is none of EMM",
    by: "a SIM7670G router's readme, Sierra forum 14601",
    held: [shared("at/emm-cause.test.ts", "names every cause of 3GPP TS 24.301 table 9.9.3.9.1")],
  },
  {
    what: "CEREG knows fewer levels",
    by: "u-blox UBX-17003787",
    held: [
      each("slow-commands.test.ts", "$family $firmware comes online and carries datagrams"),
      shared(
        "driver/refused-commands.test.ts",
        "up to %d: is asked for less until it is taken, and each refusal told once",
      ),
    ],
  },
  {
    what: "the network switches PSM off",
    by: "golioth-zephyr-sdk issue 83",
    held: [each(tells, "says that PSM is off where the network refuses it")],
  },
  {
    what: "the network gives its own access point",
    by: "golioth-zephyr-sdk issue 83, TinyGSM issue 649",
    held: [each(tells, "warns of an access point that is not the one asked for")],
  },
  {
    what: "result codes are digits, or there are none",
    by: "ITU-T V.250",
    held: [
      of(
        "sim7020 sim7080 sim7000 bc66 bc660k bg95 sara-r4 sara-r5",
        "result-codes.test.ts",
        "%s with %s for result codes is online, also after a sleep",
      ),
    ],
    not: { bc95: "lacks the commands", "sara-n2": "lacks the commands" },
  },
  {
    what: "a field has the look of another",
    by: "3GPP TS 27.007, as a kind",
    held: [shared("at/fields.test.ts", "its fields are known by their places, whatever they look like")],
  },
];

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const text = sources.get(file) ?? readFileSync(new URL(file, import.meta.url), "utf8");
  sources.set(file, text);
  return text;
}

/** Where the test stands in its file. */
function placeOf({ file, title }: Held): number {
  const written = `"${title}"`;
  const place = sourceOf(file).indexOf(written);
  expect(place, `${file} has no test ${written}`).toBeGreaterThanOrEqual(0);
  return place;
}

/** Whether the test, or what it stands in, runs for each of the families. */
function isOfEach(held: Held): boolean {
  const before = sourceOf(held.file).slice(0, placeOf(held));
  const loops = [...before.matchAll(/^ *(?:describe|it|test)\.each\(\s*(.*)/gm)].map(([, over]) => over);
  return /^(\[\.\.\.families\.keys\(\)\]|families|names|firmwares|rows|wrong)\)/.test(loops.at(-1) ?? "")
    ? true
    : loops.some((over) => over.startsWith("[...families.keys()])"));
}

describe.each(rows)("$what ($by)", ({ held, not = {} }) => {
  test.each(held)("$title", (test) => {
    placeOf(test);
    if (test.of === "each") expect(isOfEach(test), `${test.title} is not of each family`).toBe(true);
    if (typeof test.of === "string") return;
    // Where a family is not named it is one of a list over all.
    const text = sourceOf(test.file);
    const missing = test.of.filter((family) => !text.includes(`"${family}"`) && !text.includes("families"));
    expect(missing).toEqual([]);
  });

  it("is held in every family, or in the code that all share", () => {
    const covered = new Set(Object.keys(not));
    for (const test of held) {
      for (const family of typeof test.of === "string" ? names : test.of) covered.add(family);
    }
    expect(names.filter((family) => !covered.has(family))).toEqual([]);
    for (const family of Object.keys(not)) expect(names).toContain(family);
  });
});
