/** What the writer of CSV writes: read back the same, and no formula of a stranger's. */
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { csvRecord, readCsv } from "../../../host-sim/cloud/csv";
import { runs } from "../../density";

it.each<[readonly unknown[], string]>([
  [["a", "b"], "a,b\r\n"],
  [[undefined, null, ""], ",,\r\n"],
  [[1, -5, 1.5e300, true], "1,-5,1.5e+300,true\r\n"],
  [['say "hi"', "a,b", "a\nb"], '"say ""hi""","a,b","a\nb"\r\n'],
  [[" a", "b\t"], '" a","b\t"\r\n'],
  [[{ a: 1 }, [1, "x"]], '"{""a"":1}","[1,""x""]"\r\n'],
  [["=1+1", "+1", "-1", "@x"], "'=1+1,'+1,'-1,'@x\r\n"],
  [["\t=1", "\r=1"], '"\'\t=1","\'\r=1"\r\n'.replace(/"('\t=1)"/, "$1")],
  [['=cmd|"/c calc"!A1'], '"\'=cmd|""/c calc""!A1"\r\n'],
])("%j is written as %j", (cells, text) => {
  expect(csvRecord(cells)).toBe(text);
});

test("what is written is read again, but for the apostrophe before a formula", () => {
  const cell = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (rows) => {
        const square = rows.map((row) => row.slice(0, 2));
        const read = readCsv(square.map((row) => csvRecord(row)).join(""));
        if ("problem" in read) throw new Error(read.problem);
        const bom = (text: string, first: boolean): string => (first ? text.replace(/^\ufeff/, "") : text);
        expect(read.map(({ fields }) => fields)).toEqual(
          square.map((row, line) =>
            row.map((each, column) =>
              bom(/^[=+\-@\t\r]/.test(each) ? `'${each}` : each, line === 0 && column === 0),
            ),
          ),
        );
        for (const { fields } of read) for (const each of fields) expect(each).not.toMatch(/^[=+\-@\t\r]/);
      },
    ),
    { numRuns: runs(2000), seed: 3 },
  );
});
