/** Exchanges as rows: what is said of each, which are wanted, and where one is found. */
import { expect, it, test } from "vitest";
import { Outcomes } from "../../../../host-sim/cloud/console/outcome";
import { Exchanges } from "../../../../host-sim/cloud/page/exchanges";
import {
  exchangeRows,
  isWanted,
  shortPath,
} from "../../../../host-sim/cloud/console/page/messages/exchange-rows";
import type { MessageFilter } from "../../../../host-sim/cloud/console/page/messages/exchange-rows";
import type { ShownMessage } from "../../../../host-sim/cloud/console/page/messages/message-list";

const at = Date.UTC(2026, 10, 30, 12);
const path = "/topic/sys/PK/DK/thing/measurepoint/post";
let number = 0;
const message = (more: Partial<ShownMessage>): ShownMessage => ({
  ...{
    number: ++number,
    at,
    way: "up",
    peer: "10.0.0.2:1",
    size: 40,
    device: "PK/DK",
    line: "",
    fields: [],
    hex: "",
  },
  ...{ type: "CON", code: "0.02", codeName: "POST", messageId: 1, exchange: "aa", path, about: "report" },
  outcomes: new Outcomes(),
  ...more,
});
const answer = (more: Partial<ShownMessage>): ShownMessage =>
  message({ way: "down", type: "ACK", code: "2.04", codeName: "Changed", size: 12, ...more });

/** Answered, refused, sent twice, unanswered, an answer alone, and what is no CoAP. */
function heard(): { rows: ReturnType<typeof exchangeRows>; exchanges: Exchanges<ShownMessage> } {
  number = 0;
  const exchanges = new Exchanges<ShownMessage>(100);
  const stored = new Outcomes();
  stored.add({
    type: "stored",
    text: "stored: reading 1",
    points: { temperature: 21.5, alarm: "x".repeat(40) },
  });
  const refused = new Outcomes();
  refused.add({ type: "report-refused", text: "not stored, 1204: no number" });
  for (const each of [
    message({ outcomes: stored }),
    answer({ at: at + 12 }),
    message({ messageId: 2, exchange: "bb", outcomes: refused }),
    answer({ messageId: 2, exchange: "bb", code: "4.00", codeName: "Bad Request" }),
    message({ messageId: 3, exchange: "cc" }),
    answer({ messageId: 3, exchange: "cc" }),
    message({ messageId: 3, exchange: "cc", at: at + 5_000, again: 1 }),
    message({ messageId: 4, exchange: "dd", type: "NON", path: "/auth/PK/DK", about: "authentication" }),
    answer({ messageId: 9, exchange: "ee", path: undefined, about: undefined }),
    message({
      ...{ type: undefined, code: undefined, codeName: undefined, path: undefined, about: undefined },
      line: "malformed: 1 bytes, a header has 4",
    }),
  ]) {
    exchanges.add(each);
  }
  const form = { now: at + 200_000, wholePaths: false, ofAll: false };
  return { exchanges, rows: exchangeRows(exchanges.list, form) };
}

test("a row says what was asked, how it was answered, what came of it and how long it took", () => {
  const { rows } = heard();
  const said = Array.from({ length: rows.length }, (_, i) => {
    const { text, code, marks, more, note } = rows.row(i);
    return [text, code?.text, marks.map((mark) => mark.text).join(", "), more, note];
  });
  expect(said).toEqual([
    [
      "CON POST …/thing/measurepoint/post",
      "2.04 Changed",
      "",
      `temperature 21.5, alarm ${"x".repeat(24)}…`,
      "12 ms · 40 B → 12 B",
    ],
    [
      "CON POST …/thing/measurepoint/post",
      "4.00 Bad Request",
      "not stored",
      "1204: no number",
      "0 ms · 40 B → 12 B",
    ],
    [
      "CON POST …/thing/measurepoint/post",
      "2.04 Changed",
      "sent 2 times, answer late or lost",
      undefined,
      "0 ms · 40 B → 12 B",
    ],
    ["NON POST /auth/…", undefined, "no answer", undefined, "40 B"],
    ["ACK", "2.04 Changed", "request not seen", undefined, "12 B"],
    ["malformed: 1 bytes, a header has 4", undefined, "no CoAP", undefined, "40 B"],
  ]);
  expect([0, 1, 3].map((i) => rows.row(i).arrows.map(({ tone }) => tone))).toEqual([
    ["request", "success"],
    ["request", "client"],
    ["request"],
  ]);
});

test("what is in doubt of a sealed message is a mark of its row, once each, and trouble to who looks for that", () => {
  const exchanges = new Exchanges<ShownMessage>(100);
  const told = (...outcomes: Parameters<Outcomes["add"]>[0][]): Outcomes => {
    const list = new Outcomes();
    for (const each of outcomes) list.add(each);
    return list;
  };
  exchanges.add(
    message({
      outcomes: told(
        { type: "seal-doubted", text: "sealed: envelope 3 came again", doubt: "replayed" },
        { type: "stored-before", text: "reading 7, sealed: came before", doubt: "replayed" },
      ),
    }),
  );
  const refused = {
    type: "report-refused",
    text: "not stored, 1204: sealed: forged",
    doubt: "refused",
  } as const;
  exchanges.add(message({ messageId: 2, exchange: "bb", outcomes: told(refused) }));
  const stored = { type: "stored", text: "stored: reading 8, sealed", points: {} } as const;
  exchanges.add(message({ messageId: 3, exchange: "cc", outcomes: told(stored) }));
  const rows = exchangeRows(exchanges.list, { now: at, wholePaths: false, ofAll: false });
  expect([0, 1, 2].map((i) => rows.row(i).marks.map(({ text }) => text))).toEqual([
    ...[["replayed"], ["not stored", "refused"], []],
  ]);
  const trouble = exchanges.list.map((exchange) => isWanted(exchange, { trouble: true }, at));
  expect(trouble).toEqual([true, true, false]);
});

test("it is found by any of its messages, and by nothing else", () => {
  const { rows } = heard();
  expect(["1", "2", "7", "10", "0", "11", "x", ""].map((key) => rows.indexOf(key))).toEqual([
    ...[0, 0, 2, 5, -1, -1, -1, -1],
  ]);
});

test.each<[MessageFilter, number[]]>([
  [{}, [0, 1, 2, 3, 4, 5]],
  [{ text: "TEMPERATURE 21.5" }, [0]],
  [{ text: "bad request" }, [1]],
  [{ type: "NON" }, [3]],
  [{ answer: "2" }, [0, 2, 4]],
  [{ answer: "none" }, [3]],
  [{ about: "report" }, [0, 1, 2]],
  [{ about: "report", answer: "4" }, [1]],
  [{ trouble: true }, [1, 2, 3, 4, 5]],
])("%j wants %j", (filter, wanted) => {
  const { list } = heard().exchanges;
  const chosen = list.flatMap((exchange, i) => (isWanted(exchange, filter, at + 200_000) ? [i] : []));
  expect(chosen).toEqual(wanted);
});

it.each([
  [path, "…/thing/measurepoint/post"],
  ["/auth/PK/DK", "/auth/…"],
  ["/firmware/PK/1.0", "/firmware/PK/1.0"],
  ["", ""],
])("shortens %j to what differs", (whole, short) => {
  expect(shortPath(whole)).toBe(short);
});
