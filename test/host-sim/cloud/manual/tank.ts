/** The product of the table: a tank with a pump, in place of the manual's turbine. */
import type { ProductRecord } from "../../../../host-sim/cloud/registry/product";

export const tank: ProductRecord = {
  productKey: "tankPK01",
  model: {
    product: "Tank",
    version: 1,
    measurepoints: [
      { identifier: "flow", number: 1, type: "double", unit: "l/min", range: [0, 500], quality: true },
      { identifier: "level", number: 2, type: "double", writable: true },
      { identifier: "rings", number: 3, type: "array", items: "string", maxItems: 4 },
      { identifier: "strokes", number: 4, type: "int32", quality: true },
      { identifier: "valve", number: 5, type: "enum", values: { "0": "shut", "1": "open" }, writable: true },
      { identifier: "hatch", number: 6, type: "bool" },
    ],
    attributes: [
      {
        identifier: "pump",
        type: "struct",
        fields: [
          { identifier: "power", number: 1, type: "double" },
          { identifier: "poles", number: 2, type: "int32" },
        ],
      },
      { identifier: "height", type: "double" },
      { identifier: "sieves", type: "array", items: "double", maxItems: 8 },
    ],
    events: [
      {
        identifier: "leak",
        level: "error",
        outputs: [
          { identifier: "rate", type: "double" },
          { identifier: "zones", type: "array", items: "string", maxItems: 4, optional: true },
        ],
      },
    ],
    services: [
      {
        identifier: "flush",
        number: 17,
        inputs: [{ identifier: "seconds", type: "int32" }],
        outputs: [{ identifier: "litres", type: "double" }],
      },
    ],
  },
};

/** What a tank reports of one moment, as the manual's example is built: quality, a number, a list of texts. */
export const measurepoints = {
  flow: { value: 12.5, quality: 2 },
  level: 3.25,
  rings: ["8.5", "8.75", "9"],
};

/** A moment, epoch ms. */
export const moment = 1_718_000_123_000;
