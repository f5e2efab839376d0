/** Schemas of products: what all devices of a kind have in common. */
import { datagramRange } from "../../registry/product";
import {
  anything,
  hex,
  list,
  longestScript,
  named,
  object,
  orNull,
  productKey,
  ref,
  text,
  time,
  whole,
} from "./parts";
import type { NamedSchema, Schema } from "./parts";

const payload = text("how commands are sent to its devices; raw: by the parsing script", {
  enum: ["raw", "json"],
});
const productName = text("for people", { maxLength: 128 });
const largestDatagram = whole(
  "bytes of the largest datagram that every one of its devices takes: what goes down in one is no longer; default 512",
  { minimum: datagramRange.least, maximum: datagramRange.most },
);
const model = named("the thing model: what a model.json holds, or the file that EnOS's console exports");
const script = text(
  "the parsing script's source: rawDataToJsonStr and jsonStrToRawData; a reader gets it without a sealed product's keys",
  { maxLength: longestScript },
);

export const productBody = object({ name: productName, payload, largestDatagram, model, script }, []);

/** As JSON merge patch has it (RFC 7396). */
export const productPatch = object(
  {
    name: orNull(productName),
    payload: orNull(payload),
    largestDatagram: orNull(largestDatagram),
    model: orNull(model),
    script: orNull(script),
  },
  [],
);

export const modelQuery = object(
  {
    format: text("enos: the file of EnOS's console; template: what a device is answered that asks for it", {
      enum: ["model.json", "enos", "template"],
      default: "model.json",
    }),
  },
  [],
);

export const tryBody: Schema = {
  description: "bytes of a device, or JSON for one",
  ...object(
    {
      bytes: text("hex", { pattern: hex, maxLength: 131_072 }),
      json: anything("any JSON, such as a command"),
    },
    [],
  ),
  minProperties: 1,
  maxProperties: 1,
};

const product = {
  productKey,
  name: productName,
  payload,
  largestDatagram,
  hasModel: { type: "boolean", description: "whether it has a thing model" },
  modelVersion: whole("the version that its thing model states"),
  hasScript: { type: "boolean", description: "whether it has a parsing script" },
  sealed: object(
    {
      proof: { type: "boolean", description: "answers prove that the script made them" },
      migrating: { type: "boolean", description: "plain messages are taken, too" },
      mark: { type: "boolean", description: "readings from an envelope bear their device's mark" },
    },
    ["proof", "migrating", "mark"],
    "that payloads are sealed, as its thing model says; not there where they are plain",
  ),
  devices: whole("how many devices it has"),
};

const version = {
  number: whole("counts up from 1 within the product"),
  until: time("until when it was in force"),
  payload: text("as commands were sent then", { enum: ["raw", "json"] }),
  hasModel: { type: "boolean", description: "whether there was a thing model" },
  hasScript: { type: "boolean", description: "whether there was a parsing script" },
  changed: list(
    text("a part of the product", { enum: ["model", "script", "payload"] }),
    "what the change that ended it concerned",
  ),
};

export const versionParams = object({ productKey, number: whole("of the version", { minimum: 1 }) }, [
  "productKey",
  "number",
]);

/** What product routes answer. */
export const productAnswers: readonly NamedSchema[] = [
  {
    $id: "ProductSummary",
    ...object(product, ["productKey", "payload", "hasModel", "hasScript", "devices"]),
  },
  {
    $id: "Product",
    ...object({ ...product, model, script }, ["productKey", "payload", "hasModel", "hasScript", "devices"]),
  },
  {
    $id: "ProductVersionSummary",
    ...object(version, ["number", "until", "payload", "hasModel", "hasScript", "changed"]),
  },
  {
    $id: "ProductVersion",
    ...object({ ...version, model, script }, [
      "number",
      "until",
      "payload",
      "hasModel",
      "hasScript",
      "changed",
    ]),
  },
  { $id: "ProductVersions", ...object({ items: list(ref("ProductVersionSummary")) }, ["items"]) },
  { $id: "ThingModel", ...named("in the form that was asked for") },
  { $id: "Products", ...object({ items: list(ref("ProductSummary")) }, ["items"]) },
  {
    $id: "ScriptTrial",
    ...object(
      {
        json: anything("what rawDataToJsonStr made of the bytes"),
        bytes: text("hex, what jsonStrToRawData made of the JSON"),
        fault: text("why the script made nothing of it"),
        line: whole("of the script, from 1, where the fault is known to be"),
        column: whole("from 1, likewise"),
      },
      [],
      "json, bytes or fault",
    ),
  },
];
