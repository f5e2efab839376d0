import type { Page, Said } from "./example";

const listed = [
  { tagKey: "Site", tagValue: "north" },
  { tagKey: "_rack2", tagValue: "Größe 7" },
];
const tags = { Site: "north", _rack2: "Größe 7" };
const update = (params: unknown): Said => ({ topic: "thing/tag/update", message: { params } });
const query = (params: unknown): Said => ({ topic: "thing/tag/query", message: { params } });
const remove = (params: unknown): Said => ({ topic: "thing/tag/delete", message: { params } });
const uncoded = "the page has no return codes of its own";

export const tagsReported: Page = {
  page: "Device protocol for MQTT › Report tags",
  examples: [
    {
      what: "a list of keys and values",
      section: "Request",
      say: update(listed),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().tags).toEqual(tags),
    },
    {
      what: "another value for a key, under the same id",
      section: "Request",
      before: [update(listed)],
      say: update([{ tagKey: "Site", tagValue: "south" }]),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().tags).toEqual({ ...tags, Site: "south" }),
    },
    {
      what: "an empty list",
      section: "Request",
      decided: "nothing is changed, as with attributes",
      say: update([]),
      answer: { code: 200 },
    },
    ...["x".repeat(101), "2nd", "serial-no", "größe", ""].map((tagKey) => ({
      what: `the key ${JSON.stringify(tagKey.slice(0, 12))}: 100 letters, digits and underlines, the first no digit`,
      section: "Request",
      decided: uncoded,
      say: update([{ tagKey, tagValue: "x" }]),
      answer: { code: 1204 },
    })),
    {
      what: "a value that is no text",
      section: "Request",
      decided: uncoded,
      say: update([{ tagKey: "Site", tagValue: 7 }]),
      answer: { code: 1204 },
    },
    {
      what: "tags by name, as the query has them",
      section: "Request",
      decided: uncoded,
      say: update({ tags: { Site: "north" } }),
      answer: { code: 1204 },
    },
    {
      what: "more than 200 of them",
      section: "Request",
      decided: uncoded,
      say: update(Array.from({ length: 201 }, (_, i) => ({ tagKey: `k${i}`, tagValue: "" }))),
      answer: { code: 1204 },
    },
  ],
};

export const tagsQueried: Page = {
  page: "Device protocol for MQTT › Query tags",
  examples: [
    {
      what: "some, by their keys",
      section: "Request",
      before: [update(listed)],
      say: query({ tags: ["Site", "Never"] }),
      answer: { code: 200, data: { Site: "north" } },
    },
    {
      what: "no keys: all",
      section: "Request",
      before: [update(listed)],
      say: query({}),
      answer: { code: 200, data: tags },
    },
    {
      what: "an empty list: all",
      section: "Request",
      decided: "as when it is not there",
      before: [update(listed)],
      say: query({ tags: [] }),
      answer: { code: 200, data: tags },
    },
    {
      what: "keys that are no list",
      section: "Request",
      decided: uncoded,
      say: query({ tags: "Site" }),
      answer: { code: 1204 },
    },
  ],
};

export const tagsDeleted: Page = {
  page: "Device protocol for MQTT › Delete tags",
  examples: [
    {
      what: "some, by their keys",
      section: "Request",
      before: [update(listed)],
      say: remove({ tags: ["Site", "Never"] }),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().tags).toEqual({ _rack2: "Größe 7" }),
    },
    {
      what: "no keys: none",
      section: "Request",
      before: [update(listed)],
      say: remove({}),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().tags).toEqual(tags),
    },
    {
      what: "keys that are no list",
      section: "Request",
      decided: uncoded,
      say: remove({ tags: 5 }),
      answer: { code: 1204 },
    },
  ],
};
