/** Where the rows of a sequence chart are, whatever is open. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { SequenceLayout } from "../../../../host-sim/cloud/page/sequence-layout";
import { rowsOf } from "../../../../host-sim/cloud/page/sequence-rows";
import type { RowSource, SequenceRow } from "../../../../host-sim/cloud/page/sequence-rows";
import { runs } from "../../../density";

const rowHeight = 30;

function row(key: string, inside?: readonly SequenceRow[]): SequenceRow {
  return {
    ...{ key, time: "", arrows: [], text: key, marks: [], opens: inside === undefined },
    ...(inside === undefined ? {} : { rows: rowsOf(inside) }),
  };
}

/** Rows as they stand below each other, reckoned one by one. */
function plain(
  source: RowSource,
  open: ReadonlyMap<string, number>,
): { key: string; top: number; level: number }[] {
  const out: { key: string; top: number; level: number }[] = [];
  let top = 0;
  const walk = (rows: RowSource, level: number): void => {
    for (let i = 0; i < rows.length; i++) {
      const { key, rows: within } = rows.row(i);
      out.push({ key, top, level });
      top += rowHeight;
      if (!open.has(key)) continue;
      if (within === undefined) top += open.get(key)!;
      else walk(within, level + 1);
    }
  };
  walk(source, 1);
  return [...out, { key: "", top, level: 0 }];
}

test("a closed list of a hundred thousand rows makes the row that is asked for, and no other", () => {
  let made = 0;
  const source: RowSource = {
    length: 100_000,
    row: (i) => {
      made += 1;
      return row(String(i));
    },
    indexOf: Number,
  };
  const layout = new SequenceLayout(source, rowHeight, new Map());
  expect([layout.length, layout.height]).toEqual([100_000, 3_000_000]);
  expect(layout.at(layout.placeAt(2_999_999))).toMatchObject({
    ...{ row: { key: "99999" }, top: 2_999_970 },
    ...{ position: 100_000, count: 100_000, level: 1 },
  });
  expect(made).toBe(1);
});

describe("rows and what is open", () => {
  const source = rowsOf([row("a"), row("b", [row("b1"), row("b2")]), row("c")]);

  it("puts a detail below its row, and the rows of a group into it", () => {
    const layout = new SequenceLayout(
      source,
      rowHeight,
      new Map([
        ["a", 100],
        ["b", 0],
        ["b2", 50],
      ]),
    );
    expect(layout.length).toBe(5);
    expect([0, 1, 2, 3, 4].map((place) => [layout.at(place).row.key, layout.at(place).top])).toEqual([
      ["a", 0],
      ["b", 130],
      ["b1", 160],
      ["b2", 190],
      ["c", 270],
    ]);
    expect(layout.at(3)).toMatchObject({ level: 2, position: 2, count: 2 });
    expect(layout.placeOf("b2")).toBe(3);
    expect([layout.placeAt(-5), layout.placeAt(129), layout.placeAt(130), layout.placeAt(9_999)]).toEqual([
      0, 0, 1, 4,
    ]);
  });

  it("does not see what is in a closed group, nor what is not there", () => {
    const layout = new SequenceLayout(
      source,
      rowHeight,
      new Map([
        ["b2", 50],
        ["gone", 10],
      ]),
    );
    expect([layout.length, layout.height]).toEqual([3, 90]);
    expect([layout.placeOf("b2"), layout.placeOf("gone"), layout.placeOf("c")]).toEqual([-1, -1, 2]);
  });

  it("is empty of nothing", () => {
    const layout = new SequenceLayout(rowsOf([]), rowHeight, new Map([["a", 3]]));
    expect([layout.length, layout.height, layout.placeAt(40)]).toEqual([0, 0, 0]);
  });
});

it("agrees with rows that are put below each other one by one", () => {
  const list = fc
    .array(fc.nat(3), { maxLength: 12 })
    .map((groups) =>
      rowsOf(
        groups.map((size, i) =>
          row(`${i}`, size === 0 ? undefined : Array.from({ length: size }, (_, j) => row(`${i}.${j}`))),
        ),
      ),
    );
  const opens = fc.array(fc.tuple(fc.nat(12), fc.nat(3), fc.boolean(), fc.integer({ min: 0, max: 90 })));
  fc.assert(
    fc.property(list, opens, (source, chosen) => {
      const open = new Map(chosen.map(([i, j, within, px]) => [within ? `${i}.${j}` : `${i}`, px]));
      const expected = plain(source, open);
      const layout = new SequenceLayout(source, rowHeight, open);
      expect(layout.length).toBe(expected.length - 1);
      expect(layout.height).toBe(expected.at(-1)!.top);
      expected.slice(0, -1).forEach(({ key, top, level }, place) => {
        expect(layout.at(place)).toMatchObject({ row: { key }, top, level });
        expect(layout.placeOf(key)).toBe(place);
        expect(layout.placeAt(top)).toBe(place);
        expect(layout.placeAt(top + rowHeight - 1)).toBe(place);
      });
    }),
    { numRuns: runs(300) },
  );
});
