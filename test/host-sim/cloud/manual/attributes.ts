import type { Page, Said } from "./example";

const attributes = { pump: { power: 1.5, poles: 4 }, height: 6.02, sieves: [0.5, 0.25] };
const update: Said = { topic: "thing/attribute/update", message: { params: { attributes } } };
const query = (params: unknown): Said => ({ topic: "thing/attribute/query", message: { params } });
const remove = (params: unknown): Said => ({ topic: "thing/attribute/delete", message: { params } });
const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a${i}`, i]));

export const attributesReported: Page = {
  page: "Device protocol for MQTT › Report attributes",
  examples: [
    {
      what: "attributes that are a struct, a number and a list",
      section: "Request",
      say: update,
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().attributes).toEqual(attributes),
    },
    {
      what: "another value under the same id",
      section: "Request",
      before: [update],
      say: { topic: "thing/attribute/update", message: { params: { attributes: { height: 7 } } } },
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().attributes).toEqual({ ...attributes, height: 7 }),
    },
    {
      what: "empty params change nothing",
      section: "Request",
      before: [update],
      say: { topic: "thing/attribute/update", message: { params: {} } },
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().attributes).toEqual(attributes),
    },
    {
      what: "an attribute that the model does not have",
      section: "Return code, 1204",
      say: { topic: "thing/attribute/update", message: { params: { attributes: { colour: 1 } } } },
      answer: { code: 1204 },
    },
    {
      what: "an attribute of another type",
      section: "Return code, 1204",
      say: { topic: "thing/attribute/update", message: { params: { attributes: { height: "tall" } } } },
      answer: { code: 1204 },
    },
    {
      what: "attributes that are a list",
      section: "Return code, 1207",
      say: { topic: "thing/attribute/update", message: { params: { attributes: ["height"] } } },
      answer: { code: 1207 },
    },
    {
      what: "params that hold something else",
      section: "Return code, 1207",
      say: { topic: "thing/attribute/update", message: { params: { height: 3 } } },
      answer: { code: 1207 },
    },
    {
      what: "more than 200 of them",
      section: "Request",
      decided: "no code is given for too many",
      say: { topic: "thing/attribute/update", message: { params: { attributes: many } } },
      answer: { code: 1204 },
    },
  ],
};

export const attributesQueried: Page = {
  page: "Device protocol for MQTT › Get attributes",
  examples: [
    {
      what: "some, by their identifiers",
      section: "Request",
      before: [update],
      say: query({ attributes: ["pump", "height"] }),
      answer: { code: 200, data: { pump: attributes.pump, height: 6.02 } },
    },
    {
      what: "empty params ask for all",
      section: "Request",
      before: [update],
      say: query({}),
      answer: { code: 200, data: attributes },
    },
    {
      what: "an empty list asks for all",
      section: "Request",
      before: [update],
      say: query({ attributes: [] }),
      answer: { code: 200, data: attributes },
    },
    {
      what: "one that has no value yet",
      section: "Request",
      say: query({ attributes: ["height"] }),
      answer: { code: 200, data: {} },
    },
    {
      what: "identifiers that are no list",
      section: "Return code, 1208",
      say: query({ attributes: "height" }),
      answer: { code: 1208 },
    },
    {
      what: "identifiers that are no texts",
      section: "Return code, 1208",
      say: query({ attributes: [1] }),
      answer: { code: 1208 },
    },
    {
      what: "an identifier that the model does not have",
      section: "Return code, 1208",
      decided: "nothing is said of it; a question that can have no answer is refused",
      say: query({ attributes: ["height", "colour"] }),
      answer: { code: 1208 },
    },
  ],
};

export const attributesDeleted: Page = {
  page: "Device protocol for MQTT › Deleting attributes",
  examples: [
    {
      what: "some, by their identifiers",
      section: "Request",
      before: [update],
      say: remove({ attributes: ["pump", "sieves"] }),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().attributes).toEqual({ height: 6.02 }),
    },
    {
      what: "one that is not there",
      section: "Request",
      before: [update],
      say: remove({ attributes: ["colour"] }),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().attributes).toEqual(attributes),
    },
    ...[{}, { attributes: [] }].map((params) => ({
      what: `${JSON.stringify(params)} deletes nothing`,
      section: "Request",
      before: [update],
      say: remove(params),
      answer: { code: 200 },
      then: ({ view, expect }: Parameters<NonNullable<Page["examples"][number]["then"]>>[0]) =>
        expect(view().attributes).toEqual(attributes),
    })),
    {
      what: "identifiers that are no list",
      section: "Return code, 1209",
      say: remove({ attributes: { height: 1 } }),
      answer: { code: 1209 },
    },
    {
      what: "identifiers that are no texts",
      section: "Return code, 1209",
      say: remove({ attributes: [null] }),
      answer: { code: 1209 },
    },
  ],
};
