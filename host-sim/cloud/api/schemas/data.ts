/** Schemas of what devices reported. */
import {
  anything,
  deviceKey,
  identifier,
  limit,
  list,
  named,
  object,
  productKey,
  ref,
  text,
  time,
  whole,
} from "./parts";
import type { NamedSchema } from "./parts";

export const pointParams = object({ productKey, deviceKey, id: identifier }, [
  "productKey",
  "deviceKey",
  "id",
]);

const order = text("by time", { enum: ["asc", "desc"], default: "desc" });
const from = whole("earliest time, epoch ms", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const to = whole("latest time, epoch ms", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const rangeQuery = object({ from, to, limit, order }, []);

const point = {
  value: anything("as the device reported it"),
  quality: anything("when the point carries one"),
  time: time("when it was measured, if the device told"),
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
  { $id: "Attributes", ...named("name to value") },
  { $id: "Tags", type: "object", description: "name to text", additionalProperties: { type: "string" } },
];
