/** Schemas of attributes and tags. What a device's model and EnOS's limits take of them is judged by the cloud. */
import { named } from "./parts";
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

/** What their routes answer. */
export const attributeAnswers: readonly NamedSchema[] = [
  { $id: "Attributes", ...named("name to value") },
  { $id: "Tags", type: "object", description: "name to text", additionalProperties: { type: "string" } },
];
