/**
 * The tables of what each family's manual lists, judged in themselves and against the simulated modem that obeys
 * them: for every family that has one.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { ordinaryDelay } from "../../../../host-sim/sim/modem/commands/common";
import { longestAnswer, ManualTable } from "../../../../host-sim/sim/modem/manual/manual";
import type { ManualRow } from "../../../../host-sim/sim/modem/manual/manual";
import type { AtFailure } from "../../../../host-sim/sim/modem/at-responder";
import { booted } from "./family/typed";

/** Rows of each firmware: certain, reported, assumed. */
const sureness: Readonly<Record<string, readonly [number, number, number]>> = {
  "bg95 m3-a03": [16, 60, 7],
  "bg95 m1-a04": [16, 59, 8],
  "bg95 m3-a04": [16, 60, 7],
  "sara-r4 r410m-02b-00": [27, 39, 13],
  "sara-r4 r410m-02b-04": [27, 39, 13],
  "sara-r4 r410m-83b": [28, 40, 13],
  "sara-r5 r510s-00b": [37, 26, 25],
  "sara-r5 r510s-01b": [38, 26, 25],
  "sim7020 1752b05": [80, 1, 1],
  "sim7020 1752b09": [93, 0, 1],
  "sim7080 1951b05": [82, 1, 0],
  "sim7080 1951b16": [86, 0, 1],
  "sim7000 1351b04": [72, 2, 0],
  "sim7000 1529b07": [80, 1, 1],
  "bc66 nar01a03": [3, 55, 1],
  "bc66 nbr01a10": [3, 59, 2],
  "bc660k aar01a03": [50, 10, 0],
  "bc660k aar01a05": [62, 10, 0],
  "bc95 b656": [0, 31, 0],
  "bc95 b657": [5, 40, 3],
  "bc95 g": [14, 38, 3],
  "sara-n2 b656": [21, 11, 0],
  "sara-n2 06-57": [29, 17, 0],
};

const withManual = [...families.values()].flatMap((family) =>
  family.manual === undefined ? [] : [{ family, manual: family.manual }],
);
const firmwares = withManual.flatMap(({ family, manual }) =>
  manual.generations.map((generation) => ({ family, manual, generation })),
);

/** A line that a modem with `AT+CMEE=1` answers to what it refuses so. */
const told = (failure: AtFailure): string => (failure === "ERROR" ? "ERROR" : `+CME ERROR: ${failure.cme}`);

/** A first argument that a command may not have; `undefined` where it may be anything. */
function outOfRange(table: ManualTable, { command, set = [] }: ManualRow): string | undefined {
  const beyond = set.flatMap(([first]) =>
    first !== undefined && "to" in first ? [String(first.to + 1)] : [],
  );
  return [...beyond, "9999999999"].find(
    (text) => table.refusal({ name: command, form: "set", args: [{ text, quoted: false }] }) !== undefined,
  );
}

describe.each(firmwares)("$family.name $generation.name", ({ family, manual, generation }) => {
  const { rows } = generation;

  it("lists each command once, with its source", () => {
    expect(() => new ManualTable(manual, generation.name)).not.toThrow();
    for (const row of rows) {
      expect(row.source, row.command).toMatch(/[A-Za-z].*[0-9]/);
      expect(row.forms.length, row.command).toBeGreaterThan(0);
      if (row.forms.includes("set")) expect(row.set?.length, row.command).toBeGreaterThan(0);
    }
    const is = (wanted: string): number => rows.filter((row) => row.sureness === wanted).length;
    const counted = [is("certain"), is("reported"), is("assumed")];
    expect(counted).toEqual(sureness[`${family.name} ${generation.name}`]);
  });

  it("is obeyed: what it does not list is refused, and what it lists is answered", async () => {
    const { host } = await booted(family.name, 1, { firmware: generation.name });
    for (const text of ["AT+NOSUCH", "AT+NOSUCH?", "AT+NOSUCH=?", "AT+NOSUCH=1"]) {
      expect(await host.command(text), text).toEqual([told(manual.unknown)]);
    }
    for (const { command, forms } of rows) {
      if (forms.includes("read")) {
        const answer = await host.command(`AT${command}?`, 200_000);
        expect(answer.at(-1), `AT${command}?`).toBe("OK");
      }
      if (forms.includes("test")) {
        const answer = await host.command(`AT${command}=?`, 200_000);
        expect(answer.at(-1), `AT${command}=?`).toBe("OK");
      }
    }
  });

  it("refuses forms that it does not list, and arguments out of range", async () => {
    const { host } = await booted(family.name, 1, { firmware: generation.name });
    const table = new ManualTable(manual, generation.name);
    let tried = 0;
    for (const row of rows) {
      const refused = told(row.refuses ?? manual.notAllowed);
      // Commands without a plus sign have one form.
      if (!/^[+*]/.test(row.command)) continue;
      for (const [form, sign] of [
        ["read", "?"],
        ["test", "=?"],
      ] as const) {
        if (row.forms.includes(form)) continue;
        const answer = await host.command(`AT${row.command}${sign}`);
        expect(answer.at(-1), `AT${row.command}${sign}`).toBe(refused);
      }
      const argument = outOfRange(table, row);
      if (argument === undefined) continue;
      const text = `AT${row.command}=${argument}`;
      expect((await host.command(text)).at(-1), text).toBe(refused);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(20);
  });
});

describe.each(withManual)("$family.name", ({ family, manual }) => {
  it("has no rule that no firmware's table lists", () => {
    const listed = new Set(manual.generations.flatMap(({ rows }) => rows.map(({ command }) => command)));
    expect([...family.commands.keys()].filter((name) => !listed.has(name))).toEqual([]);
  });

  it("answers within the time that its manual allows", () => {
    for (const { rows } of manual.generations) {
      for (const row of rows) {
        const rule = family.commands.get(row.command);
        for (const form of row.forms) {
          const slow = rule?.delayed === undefined || rule.delayed === form;
          const [, most] = (slow ? rule?.delay : undefined) ?? ordinaryDelay;
          const allowed = longestAnswer(row, form);
          if (allowed > 0) expect(most, `${row.command} ${form}`).toBeLessThanOrEqual(allowed);
        }
      }
    }
  });

  it("is called by its own name, and each firmware by one", () => {
    expect(manual.family).toBe(family.name);
    expect(new Set(manual.generations.map(({ name }) => name)).size).toBe(manual.generations.length);
    expect(() => new ManualTable(manual, "nonesuch")).toThrow(/expected one of/);
  });
});
