/** Schemas of what devices reported. */
import {
  anything,
  deviceKey,
  identifier,
  list,
  named,
  object,
  productKey,
  ref,
  text,
  time,
  whole,
} from "./parts";
import { format, mostRows } from "./rows";
import type { NamedSchema } from "./parts";

export const pointParams = object({ productKey, deviceKey, id: identifier }, [
  "productKey",
  "deviceKey",
  "id",
]);

const order = text("by time", { enum: ["asc", "desc"], default: "desc" });
const timeForm =
  "epoch ms, or ISO 8601: a day, or a day and a time such as 2026-11-29T17:00:00Z; without a zone in UTC";
const from = text(`earliest time, ${timeForm}`, { maxLength: 40 });
const to = text(`latest time, ${timeForm}`, { maxLength: 40 });
const rows = whole(
  `most entries in the answer: up to ${mostRows.json} as json, up to ${mostRows.csv} as csv or jsonl`,
  { minimum: 1, maximum: mostRows.csv, default: 100 },
);
/** A range alone, of what is answered whole. */
export const timesQuery = object({ from, to }, []);
export const rangeQuery = object({ from, to, limit: rows, order, format }, []);
export const historyQuery = object(
  {
    from,
    to,
    limit: rows,
    order,
    format,
    points: text("identifiers with commas between; default: all", { maxLength: 8192 }),
  },
  [],
);

const point = {
  value: anything("as the device reported it"),
  quality: anything("when the point carries one"),
  time: time("when it was measured, if the device told"),
  late: { type: "boolean", description: "it came through resume: measured while the device was cut off" },
  at: time("when the cloud stored it"),
};

/** What data routes answer. */
export const dataAnswers: readonly NamedSchema[] = [
  { $id: "StoredPoint", ...object(point, ["value", "at"]) },
  {
    $id: "MeasurePoints",
    type: "object",
    description: "the latest value of each measure point, by identifier",
    additionalProperties: ref("StoredPoint"),
  },
  {
    $id: "DeviceHistory",
    ...object(
      {
        items: list(
          object(
            {
              identifier: text("of the measure point"),
              ...point,
            },
            ["identifier", "value", "at"],
          ),
        ),
      },
      ["items"],
    ),
  },
  { $id: "PointHistory", ...object({ items: list(ref("StoredPoint")) }, ["items"]) },
  {
    $id: "StoredEvent",
    ...object(
      {
        id: text("of the device's message"),
        event: text("identifier of the event"),
        time: time("when it happened, if the device told"),
        values: named("its outputs by name"),
        at: time("when the cloud stored it"),
      },
      ["id", "event", "values", "at"],
    ),
  },
  { $id: "Events", ...object({ items: list(ref("StoredEvent")) }, ["items"]) },
];
