/** The sequence chart's rows: datagrams paired, repeats folded, and nothing of the run left out. */
import { beforeAll, describe, expect, test } from "vitest";
import { encodeCoap } from "../../../../../host-sim/cloud/coap/coap-wire";
import { profiles } from "../../../../../host-sim/inspect/energy/profiles";
import { chartRows } from "../../../../../host-sim/inspect/report/html/page/chart-rows";
import { Entries } from "../../../../../host-sim/inspect/report/html/page/entries";
import { pairExchanges } from "../../../../../host-sim/inspect/report/html/page/exchanges";
import { RunRows } from "../../../../../host-sim/inspect/report/html/page/run-rows";
import { Recorder } from "../../../../../host-sim/inspect/report/html/recorder";
import { rowKinds } from "../../../../../host-sim/inspect/report/html/run-data";
import { hear } from "../../capture/run";
import type { ChartRows, RowFilter } from "../../../../../host-sim/inspect/report/html/page/chart-rows";
import type { RowSource, SequenceRow } from "../../../../../host-sim/cloud/page/sequence-rows";

const everything: RowFilter = { kinds: new Set(rowKinds), onlyTrouble: false, text: "", fold: false };

function listOf(source: RowSource): SequenceRow[] {
  return Array.from({ length: source.length }, (_, i) => source.row(i));
}

async function entriesOf(changes: Parameters<typeof hear>[0]): Promise<Entries> {
  const { events, result } = await hear(changes);
  const recorder = new Recorder({ seed: 5, command: "", profile: profiles.field, coverage: 1 });
  for (const event of events) recorder.hear(event);
  return new Entries(new RunRows(recorder.finish(result.virtualTime, [])));
}

describe("exchanges", () => {
  interface Sent {
    up: boolean;
    type: 0 | 1 | 2 | 3;
    code: number;
    id: number;
    token?: number;
  }
  const pair = (list: readonly Sent[]): (readonly number[])[] => {
    const bytes = list.map(({ type, code, id, token }) =>
      encodeCoap({
        type,
        code,
        messageId: id,
        token: token === undefined ? new Uint8Array() : Uint8Array.of(token),
        options: [],
        payload: new Uint8Array(),
      }),
    );
    return [...pairExchanges({ length: list.length, isUp: (i) => list[i].up, bytes: (i) => bytes[i] }).list];
  };

  test("a request, its retransmission and the answer", () => {
    const list = pair([
      { up: true, type: 0, code: 2, id: 7, token: 1 },
      { up: true, type: 0, code: 2, id: 7, token: 1 },
      { up: false, type: 2, code: 0x44, id: 7, token: 1 },
      { up: true, type: 0, code: 2, id: 8, token: 2 },
      { up: false, type: 2, code: 0x44, id: 8, token: 2 },
    ]);
    expect(list).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  test("an answer that comes by itself, and what acknowledges it", () => {
    const list = pair([
      { up: true, type: 0, code: 2, id: 7, token: 1 },
      { up: false, type: 2, code: 0, id: 7 },
      { up: false, type: 0, code: 0x44, id: 900, token: 1 },
      { up: true, type: 2, code: 0, id: 900 },
    ]);
    expect(list).toEqual([[0, 1, 2, 3]]);
  });

  test("a token that is used once more begins another exchange; each side has message ids of its own", () => {
    const list = pair([
      { up: true, type: 0, code: 2, id: 7, token: 1 },
      { up: false, type: 2, code: 0x44, id: 7, token: 1 },
      { up: true, type: 0, code: 2, id: 8, token: 1 },
      { up: false, type: 2, code: 0x44, id: 8, token: 1 },
      { up: false, type: 0, code: 0, id: 8 },
      { up: true, type: 3, code: 0, id: 8 },
    ]);
    expect(list).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });
});

describe("a run with losses and a command", () => {
  let entries: Entries;
  let single: ChartRows;
  beforeAll(async () => {
    entries = await entriesOf({ reports: 80, loss: 0.05 });
    single = chartRows(entries, everything);
  });

  test("shows every datagram once: alone, or with the one it belongs to", () => {
    const { rows } = entries;
    const shown = listOf(single)
      .filter(({ kind }) => kind === "air")
      .flatMap(({ key }) => {
        const row = Number(key.slice(1));
        return entries.isExchange(row) ? [...rows.exchangeOf(rows.value(row))] : [rows.value(row)];
      });
    expect([...shown].sort((a, b) => a - b)).toEqual(rows.run.data.datagrams.up.map((_, i) => i));
  });

  test("an exchange has two arrows and its latency; a lost datagram ends in the network", () => {
    const all = listOf(single);
    const exchange = all.find(({ text }) => text === "report → 2.04")!;
    expect(exchange.arrows.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [3, 1],
    ]);
    expect(exchange.note).toMatch(/^[\d.]+ s · \d+ \+ \d+ B$/);
    const lost = all.filter(({ marks }) => marks.some(({ kind }) => kind === "lost"));
    const { travel } = entries.rows.run.data.datagrams;
    expect(lost).toHaveLength(travel.filter((ms) => ms < 0).length);
    for (const { arrows } of lost) expect(arrows[0]).toMatchObject({ to: 2, mark: "lost" });
    const again = all.filter(({ marks }) => marks.some(({ kind }) => kind === "again"));
    expect(again.length).toBeGreaterThan(0);
  });

  test("a sleep is a band with its length", () => {
    const bands = listOf(single).filter(({ band }) => band === "sleep");
    expect(bands.length).toBeGreaterThan(20);
    expect(bands.pop()!.text).toBe("modem asleep until the end of the run");
    for (const { text, arrows } of bands) {
      expect(text).toMatch(/^modem asleep for [\d.]+ (?:s|min)$/);
      expect(arrows).toEqual([]);
    }
  });

  test("folded, what repeats is one row that has the others; opened they are all there", () => {
    const folded = chartRows(entries, { ...everything, fold: true });
    expect(folded.length).toBeLessThan(single.length / 2);
    expect(folded.count).toBe(single.length);
    const groups = listOf(folded).filter(({ rows }) => rows !== undefined);
    expect(groups[0].text).toMatch(/^report → 2\.04, \d+ times, [\d.]+ (?:m?s )?to [\d.]+ m?s$/);
    const opened = listOf(folded).flatMap((row) => (row.rows === undefined ? [row] : listOf(row.rows)));
    expect(opened.map(({ key }) => key)).toEqual(listOf(single).map(({ key }) => key));
  });

  test("a row is found by its key, one within a group at the group's place; a time finds its row", () => {
    const folded = chartRows(entries, { ...everything, fold: true });
    listOf(folded).forEach((row, place) => {
      expect(folded.indexOf(row.key)).toBe(place);
      for (const inside of row.rows === undefined ? [] : listOf(row.rows)) {
        expect(folded.indexOf(inside.key)).toBe(place);
      }
    });
    for (const key of ["r99999999", "g1", "x", "r-1", ""]) expect(folded.indexOf(key)).toBe(-1);
    const { times } = entries.rows;
    expect(folded.keyAt(0)).toBe(folded.row(0).key);
    expect(folded.keyAt(Infinity)).toBe(folded.row(folded.length - 1).key);
    const key = single.keyAt(1_000_000)!;
    expect(times[Number(key.slice(1))]).toBeGreaterThanOrEqual(1_000_000);
    expect(chartRows(entries, { ...everything, text: "there is no such text" }).keyAt(0)).toBeUndefined();
  });

  test("the filters: kinds, trouble, text", () => {
    const only = (filter: Partial<RowFilter>): SequenceRow[] =>
      listOf(chartRows(entries, { ...everything, ...filter }));
    expect(new Set(only({ kinds: new Set(["at"]) }).map(({ kind }) => kind))).toEqual(new Set(["at"]));
    const trouble = only({ onlyTrouble: true });
    expect(trouble.length).toBeGreaterThan(0);
    expect(trouble.every(({ marks }) => marks.length > 0)).toBe(true);
    const commands = only({ text: " Command: EXECUTED" });
    expect(commands.map(({ text }) => text.slice(0, 17))).toEqual(["command: executed"]);
  });
});

test("a log without datagrams folds by the lines of its contacts", async () => {
  const entries = await entriesOf({ reports: 60, loss: 0 });
  const folded = chartRows(entries, { ...everything, kinds: new Set(["device"]), fold: true });
  expect(folded.count).toBeGreaterThan(300);
  expect(folded.length).toBeLessThan(folded.count / 4);
});
