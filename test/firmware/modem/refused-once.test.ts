/**
 * What a firmware refuses, at each contact: after it was refused twice in a row it is not said again, in any family or
 * firmware, whether the board slept between or not. Each refusal costs its bytes and its time at every wake.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { ScriptedModem } from "./scripted-modem";
import { SimulatedBoard } from "./simulated-board";
import type { ModemOptions } from "../../../firmware/modem/driver/modem-options";
import type { RadioTechnology } from "../../../host-sim/sim/radio/link";
import type { Quirks } from "../../../host-sim/sim/modem/quirks";

const minute = 60_000;
const contacts = 7;

interface Firmware {
  readonly family: string;
  readonly firmware: string;
  readonly technology: RadioTechnology;
}

const firmwares: readonly Firmware[] = [...families].flatMap(([family, { manual }]) =>
  (manual?.generations ?? []).map(({ name, technology = "nb-iot" }) => ({
    family,
    firmware: name,
    technology,
  })),
);

const newestOf = (name: string): Firmware => firmwares.filter(({ family }) => family === name).at(-1)!;

/** Settings that have the driver say all that it can say at a wake. */
const settings = {
  "the usual settings": {},
  "many settings": {
    bands: [8, 20],
    edrx: 82,
    apnLogin: { auth: "pap", user: "user", password: "password" },
    roaming: false,
    init: ["AT+NOSUCH=1", "AT+CMGF=1"],
  },
} as const satisfies Record<string, Partial<ModemOptions>>;

/** Commands that were refused, up to what they are set to: a datagram is another one each time. */
function refusedIn(lines: readonly string[]): string[] {
  const refused: string[] = [];
  let last = "";
  for (const line of lines) {
    if (line.startsWith("> AT")) last = line.slice(2);
    else if (/^< (ERROR|\+CM[ES] ERROR)/.test(line)) refused.push(last.replace(/=.*/s, "="));
  }
  // A word that asks whether the modem hears, which not every firmware knows: its refusal is an answer.
  return refused.filter((command) => command !== "ATQ0");
}

interface Walk extends Firmware {
  readonly driver?: Partial<ModemOptions>;
  readonly deep?: boolean;
  readonly quirks?: Quirks;
}

/** What was refused at each contact: the first is the bring-up, and each of the others a wake out of PSM. */
async function refusedAtContacts({
  family,
  firmware,
  technology,
  driver,
  deep,
  quirks,
}: Walk): Promise<string[][]> {
  const board = new SimulatedBoard({
    seed: 5,
    family,
    modem: { firmware, quirks },
    cell: { carrier: { technology } },
    driver: { rat: [technology], ...driver },
  });
  const refused: string[][] = [];
  for (let i = 0; i < contacts; i++) {
    board.lines.length = 0;
    board.socket.releaseAfterReply = true;
    await board.exchange(Uint8Array.of(1, 2, 3, i), 60 * minute);
    board.driver.confirm();
    await board.pass(4_000);
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 7 * minute);
    refused.push(refusedIn(board.lines));
    if (deep === true) {
      const memory = [...board.driver.remembered!];
      board.restart();
      await board.pass(20 * minute);
      board.restart(memory);
    } else await board.pass(20 * minute);
  }
  return refused;
}

it("there are some", () => {
  expect(firmwares.length).toBe(23);
});

describe.each(Object.entries(settings))("with %s", (_, driver) => {
  describe.each([false, true])("deep sleep of the board: %s", (deep) => {
    it.each(firmwares)("$family $firmware refuses nothing from its third wake on", async (firmware) => {
      const refused = await refusedAtContacts({ ...firmware, driver, deep });
      // The first wakes are those at which it is found out.
      expect(refused.slice(3)).toEqual(Array.from({ length: contacts - 3 }, () => []));
    });
  });
});

/** What the driver can do without at a wake, in each family that says it. */
const dispensable: readonly (readonly [refused: string, families: readonly string[]])[] = [
  ["+CPSMSTATUS", ["sim7080", "sim7000"]],
  ["+CPSMSTATUS set", ["sim7080", "sim7000"]],
  ["+QNBIOTEVENT", ["bc66"]],
  ["+QNBIOTEVENT set", ["bc66"]],
  ["+UPSMR", ["sara-r4", "sara-r5"]],
  ["+CRAI", ["sim7080", "sim7000"]],
  ["+QNBIOTRAI", ["bc66"]],
  ["+CNBIOTRAI", ["sim7020"]],
];

const rows = dispensable.flatMap(([refused, names]) => names.map((family) => ({ refused, family })));

it.each(rows)("$family refuses $refused at two contacts in a row, and is not told it again", async (row) => {
  const firmware = newestOf(row.family);
  const refused = await refusedAtContacts({ ...firmware, deep: true, quirks: { refuses: [row.refused] } });
  const name = `AT${row.refused.split(" ")[0]}`;
  const at = refused.map((commands) => commands.some((command) => command.startsWith(name)));
  expect(at[0] || at[1]).toBe(true);
  expect(at.slice(3)).toEqual(Array.from({ length: contacts - 3 }, () => false));
});

/** Families that have ATE, each with its newest firmware. */
const echoing = firmwares.filter(
  (each) =>
    each === newestOf(each.family) &&
    families
      .get(each.family)!
      .manual!.generations.at(-1)!
      .rows.some(({ command }) => command === "E"),
);

it.each(echoing)(
  "$family: ATE0 that noise spoils at two contacts in a row is said at the next one",
  async (row) => {
    const { family, firmware, technology } = row;
    const board = new SimulatedBoard({
      seed: 5,
      family,
      modem: { firmware, quirks: { echoAfterPsm: true } },
      cell: { carrier: { technology } },
      driver: { rat: [technology] },
    });
    /** A contact, in which noise hits ATE0 and AT+CMEE=1, or none does; then deep sleep. */
    const contact = async (noise: boolean): Promise<readonly string[]> => {
      board.lines.length = 0;
      board.spoil = noise ? /^(ATE0|AT\+CMEE=1)\r/ : undefined;
      await board.exchange(Uint8Array.of(1, 2, 3, 4), 60 * minute);
      await board.pass(4_000);
      await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 7 * minute);
      const memory = [...board.driver.remembered!];
      const lines = [...board.lines];
      board.restart();
      await board.pass(20 * minute);
      board.restart(memory);
      return lines;
    };
    await contact(false);
    for (let i = 0; i < 3; i++) await contact(true);
    const lines = await contact(false);
    const at = lines.lastIndexOf("> ATE0");
    // Where it was kept over sleep there is nothing to be said.
    if (at < 0) return expect(lines.filter((line) => line.startsWith("< AT"))).toEqual([]);
    // Behind it no command comes back any more, the datagram's among them.
    expect(lines.slice(at + 1).filter((line) => line.startsWith("< AT") && line !== "< ATE0")).toEqual([]);
    expect(lines.slice(at + 1).some((line) => line.startsWith("> AT"))).toBe(true);
  },
);

describe("sockets that a modem closes in its sleep", () => {
  it.each(["sim7020", "bc95", "sara-n2"])("%s: opened anew, without a datagram in vain", async (family) => {
    const firmware = newestOf(family);
    const refused = await refusedAtContacts({ ...firmware, deep: true, quirks: { socketClosedInPsm: true } });
    expect(refused[1].length).toBeGreaterThan(0);
    expect(refused.slice(3)).toEqual(Array.from({ length: contacts - 3 }, () => []));
  });

  it("are tried once more when no socket can be opened: they may be there all the same", async () => {
    const modem = new ScriptedModem({ psm: { t3412: 3_600, t3324: 10 } });
    await modem.up();
    modem.send("01");
    await modem.pass(10_000);
    /** A wake, with a datagram that is refused on the socket that was there. */
    const wake = async (bytes: string): Promise<string[]> => {
      modem.say('+CPSMSTATUS: "ENTER PSM"');
      modem.take();
      modem.send(bytes);
      await modem.pass(20_000);
      return modem.take().flatMap((text) => /^AT\+(CSO(?:C|CL|SEND))=/.exec(text)?.[1] ?? []);
    };
    let tries = 0;
    modem.answer(/^AT\+CSOSEND/, () => (tries++ % 2 === 0 ? ["ERROR"] : ["OK"]));
    for (const bytes of ["02", "03"])
      expect(await wake(bytes)).toEqual(["CSOSEND", "CSOCL", "CSOC", "CSOSEND"]);
    // Taken for gone, and nothing to be closed.
    modem.answer(/^AT\+CSOSEND/, ["OK"]);
    expect(await wake("04")).toEqual(["CSOC", "CSOSEND"]);
    tries = 0;
    modem.answer(/^AT\+CSOC=/, () => (tries++ === 0 ? ["ERROR"] : ["+CSOC: 0", "OK"]));
    expect(await wake("05")).toEqual(["CSOC", "CSOCL", "CSOC", "CSOSEND"]);
    expect(await wake("06")).toEqual(["CSOSEND"]);
  });
});

it("an own line that is not answered is told with its name, once, and never with what it is set to", async () => {
  const modem = new ScriptedModem({ init: ["AT+CNBS=1,s3cret"] });
  modem.answer(/CNBS/, []);
  modem.connect();
  expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
  expect(modem.log.filter((line) => line.includes("CNBS"))).toEqual([
    'refused command="AT+CNBS=" code=none means="no answer in 30 s"',
  ]);
});
