/** CSV as RFC 4180 has it, and the list of boards that is kept in it. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { readBatch } from "../../../../host-sim/tools/provision/batch";
import { readCsv } from "../../../../host-sim/cloud/csv";
import { runs } from "../../../density";
import type { BatchRow } from "../../../../host-sim/tools/provision/batch";
import type { CsvRecord } from "../../../../host-sim/cloud/csv";

const fieldsOf = (text: string): unknown => {
  const records = readCsv(text);
  return "problem" in records ? records : records.map(({ fields }) => fields);
};

describe("the reader of CSV", () => {
  test.each<[string, string[][]]>([
    ["", []],
    ["a", [["a"]]],
    ["a\n", [["a"]]],
    ["a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]], // prettier-ignore
    ["a,b\nc,d", [["a", "b"], ["c", "d"]]], // prettier-ignore
    ["a,\n,b", [["a", ""], ["", "b"]]], // prettier-ignore
    ["\ufeffa", [["a"]]],
    [" a , b ", [[" a ", " b "]]],
    ['"a","b"', [["a", "b"]]],
    ['"a,b","c""d","e\r\nf",""', [["a,b", 'c"d', "e\r\nf", ""]]],
    ['""""', [['"']]],
    ["\n", [[""]]],
  ])("reads %j", (text, fields) => {
    expect(fieldsOf(text)).toEqual(fields);
  });

  test.each([
    ['a,"b', 1, /not closed/],
    ['a\n"b\n\nc', 2, /not closed/],
    ['a"b', 1, /within a field/],
    ['"a"b', 1, /behind a closing/],
    ['"a" ,b', 1, /behind a closing/],
    ['"a""', 1, /not closed/],
    ["a,b\nc", 2, /1 fields, expected 2/],
    ["a,b\n\nc,d", 2, /1 fields, expected 2/],
    ["a\n\n", 2, undefined],
    ["a\rb", 1, /CR alone/],
    ['"x\ny",b\nc', 3, /1 fields/],
  ])("of %j says what is wrong with line %i", (text, line, reason) => {
    const read = readCsv(text);
    if (reason === undefined) return expect(read).toHaveLength(2);
    expect(read).toEqual({ line, problem: expect.stringMatching(reason) });
  });

  it("reads what any table is written as, and knows the lines", () => {
    const field = fc.string({
      unit: fc.constantFrom("a", "é", "😀", ",", '"', "\n", "\r\n", "\r", " ", "\0"),
    });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1 }));
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), fc.boolean(), (rows, newline, last) => {
        const quoted = rows.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(","));
        const records = readCsv(quoted.join(newline) + (last ? newline : "")) as CsvRecord[];
        expect(records.map(({ fields }) => fields)).toEqual(rows);
        let line = 1;
        records.forEach((record, i) => {
          expect(record.line).toBe(line);
          line += quoted[i].split("\n").length;
        });
      }),
    );
  });

  it("takes any text, and quotes none of it", () => {
    const text = fc.string({ unit: fc.constantFrom("K", ",", '"', "\n", "\r", "\ufeff") });
    fc.assert(
      fc.property(text, (each) => {
        const records = readCsv(each);
        if ("problem" in records) {
          expect(records.problem).not.toContain("K");
          return;
        }
        // What it takes has one meaning only: written out again it is read as the same.
        const again = records.map(({ fields }) =>
          fields.map((f) => `"${f.replaceAll('"', '""')}"`).join(","),
        );
        expect(fieldsOf(again.map((row) => `${row}\n`).join(""))).toEqual(
          records.map(({ fields }) => fields),
        );
      }),
      { numRuns: runs(2000) },
    );
  });

  it("reads a megabyte of quotes in a moment", () => {
    const started = process.cpuUsage().user;
    expect(readCsv('"'.repeat(1_000_001))).toHaveProperty("problem");
    expect(readCsv(`"${'""'.repeat(500_000)}"`)).toHaveLength(1);
    expect(process.cpuUsage().user - started).toBeLessThan(2_000_000);
  });
});

const one = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";
const two = "uR5xMz8Nw3KjVe6AtD2bPc7GyF9hLs4Q";
const faultsOf = (text: string): readonly string[] => {
  const rows = readBatch(text);
  return "faults" in rows ? rows.faults : [];
};

describe("a list of boards", () => {
  it("is read with and without names, in any order of columns", () => {
    const rows = readBatch(
      `name,deviceSecret,productKey,deviceKey\r\n,${one},AbCdEfGh,864600031234566\r\nboard-2,${two},AbCdEfGh,IMEI\r\n`,
    ) as BatchRow[];
    expect(rows).toEqual([
      {
        line: 2,
        name: "864600031234566",
        keys: { productKey: "AbCdEfGh", deviceKey: "864600031234566", deviceSecret: one },
      },
      { line: 3, name: "board-2", keys: { productKey: "AbCdEfGh", deviceKey: undefined, deviceSecret: two } },
    ]);
    expect(readBatch(`productKey,deviceKey,deviceSecret\nPK,DK,${one}`)).toMatchObject([
      { line: 2, name: "DK" },
    ]);
  });

  test.each<[string, string, RegExp[]]>([
    ["nothing", "", [/^line 1: expected productKey,deviceKey,deviceSecret/]],
    ["no header", `PK,DK,${one}`, [/^line 1: expected/]],
    ["semicolons", `productKey;deviceKey;deviceSecret\nPK;DK;${one}`, [/^line 1: expected/]],
    ["a column too many", `productKey,deviceKey,deviceSecret,site\nPK,DK,${one},x`, [/^line 1: expected/]],
    ["a column twice", `productKey,deviceKey,deviceSecret,deviceKey\nPK,DK,${one},x`, [/^line 1: expected/]],
    ["no rows", "productKey,deviceKey,deviceSecret\n", [/no board/]],
    ["a wrong row", `productKey,deviceKey,deviceSecret\nPK,DK\n`, [/^line 2: 2 fields, expected 3/]],
  ])("with %s is refused", (_, text, reasons) => {
    expect(faultsOf(text)).toEqual(reasons.map((reason) => expect.stringMatching(reason)));
  });

  test.each<[string, string[], RegExp[]]>([
    ["no product key", [`,DK,${one},`], [/^line 2: productKey is empty/]],
    ["a slash in a key", [`PK,D/K,${one},`], [/^line 2: deviceKey has a slash/]],
    ["no secret", ["PK,DK,,"], [/^line 2: deviceSecret is empty/]],
    ["an IMEI and no name", [`PK,,${one},`], [/^line 2: .*needs a name/]],
    [
      "a device key twice",
      [`PK,DK,${one},a`, `P2,DK,${two},b`],
      [/^line 3: the same deviceKey as in line 2$/],
    ],
    ["a secret twice", [`PK,D1,${one},`, `PK,D2,${one},`], [/^line 3: the same deviceSecret as in line 2$/]],
    [
      "a file twice",
      [`PK,D1,${one},Board`, `PK,D2,${two},bOARD`],
      [/^line 3: the same file name as in line 2$/],
    ],
    ["a name like another's key", [`PK,D1,${one},D2`, `PK,D2,${two},`], [/^line 3: the same file name/]],
    [
      "a path as name",
      [`PK,D1,${one},../x`, `PK,D2,${two},/etc/x`],
      [/^line 2: name is no/, /^line 3: name is no/],
    ],
    ["a hidden name", [`PK,D1,${one},.x`, `PK,D2,${two},..`], [/^line 2: name is no/, /^line 3: name is no/]],
    ["an option as name", [`PK,D1,${one},-rf`], [/^line 2: name is no/]],
    ["a name with a zero", [`PK,D1,${one},a\0b`], [/^line 2: name is no/]],
    [
      "a name over two lines",
      [`PK,D1,${one},"a\nb"`, `PK,,${two},`],
      [/^line 2: name is no/, /^line 4: .*name/],
    ],
    ["a name of 101", [`PK,D1,${one},${"n".repeat(101)}`], [/^line 2: name is no/]],
    [
      "a device of DOS",
      [`PK,D1,${one},con`, `PK,NUL.x,${two},`],
      [/^line 2: name is no/, /^line 3: deviceKey is no/],
    ],
    ["the secret as name", [`PK,D1,${one},x${one}`], [/^line 2: name holds the deviceSecret/]],
    [
      "the secret as device key",
      [`PK,${one},${one},a`],
      [/^line 2: deviceSecret is the same as another key/],
    ],
    ["a device key no file can have", [`PK,D:1,${one},`], [/^line 2: deviceKey is no name for a file/]],
  ])("with %s is refused, by line", (_, rows, reasons) => {
    const text = `productKey,deviceKey,deviceSecret,name\n${rows.join("\n")}\n`;
    const faults = faultsOf(text);
    expect(faults).toEqual(reasons.map((reason) => expect.stringMatching(reason)));
    for (const fault of faults) {
      expect(fault).not.toContain(one);
      expect(fault).not.toContain(two);
    }
  });

  it("takes any text: what it accepts has safe names and each but once", () => {
    const cell = fc.oneof(
      fc.constantFrom("PK", "", "imei", "D1", "d1", "../D1", "a/b", "nul", one, two, `"${one}"`, "é", "a b"),
      fc.stringMatching(/^[A-Za-z0-9]{8,40}$/),
    );
    const row = fc.tuple(cell, cell, cell, cell).map((cells) => cells.join(","));
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
        const read = readBatch(`productKey,deviceKey,deviceSecret,name\n${rows.join("\n")}`);
        if ("faults" in read) {
          expect(read.faults.length).toBeGreaterThan(0);
          return;
        }
        accepted++;
        const names = read.map(({ name }) => name.toLowerCase());
        expect(new Set(names).size).toBe(rows.length);
        for (const { name, keys } of read) {
          expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
          expect(name).not.toContain(keys.deviceSecret);
        }
      }),
      { numRuns: runs(2000) },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
