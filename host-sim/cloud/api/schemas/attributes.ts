/** Schemas of attributes and tags. What a device's model and EnOS's limits take of them is judged by the cloud. */
import { named, object, ref, text, time } from "./parts";
import type { NamedSchema, Schema } from "./parts";

/** Most of them in one request. */
const most = 200;

const tags = (description: string, type: string | readonly string[]): Schema => ({
  ...{ type: "object", description, maxProperties: most },
  additionalProperties: { type, maxLength: 256 },
});

export const attributesBody = { ...named("name to value"), maxProperties: most };
export const attributesPatch = { ...named("name to value, or to null"), maxProperties: most };
export const tagsBody = tags("name to text", "string");
export const tagsPatch = tags("name to text, or to null", ["string", "null"]);

const origin = object(
  {
    by: text("the device itself, or an operator from the cloud's side", { enum: ["device", "operator"] }),
    at: time("when"),
  },
  ["by", "at"],
);
const origins: Schema = {
  type: "object",
  description: "by name; those of before this was kept are left out",
  additionalProperties: ref("Origin"),
};

/** What their routes answer. */
export const attributeAnswers: readonly NamedSchema[] = [
  { $id: "Attributes", ...named("name to value") },
  { $id: "Origin", ...origin },
  { $id: "Origins", ...object({ attributes: origins, tags: origins }, ["attributes", "tags"]) },
  { $id: "Tags", type: "object", description: "name to text", additionalProperties: { type: "string" } },
];
