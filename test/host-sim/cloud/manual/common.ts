import type { Example, Expected, Page, Said } from "./example";
import { measurepoints, moment } from "./tank";

const post: Said = { topic: "thing/measurepoint/post" };
const params = { measurepoints, time: moment };
const section = "Common parameters";
const codes = "Common return codes";
const form = "no code is given for a member that is missing or of a wrong type";
const illegal =
  "the CoAP pages give 4.00 without payload for what is illegal, so the code is told to the operator alone";

/** Members of the message that are as the page allows. */
function allowed(what: string, message: object, answer: Expected): Example {
  return {
    what,
    section,
    say: { ...post, message: { params, ...message } },
    answer: { code: 200, ...answer },
  };
}

/** What all topics share. */
export const common: Page = {
  page: "Device protocol for MQTT › Common parameter description",
  examples: [
    allowed("an id that is text", { id: "77" }, { id: '"77"' }),
    allowed("an id that is a number, of type Long in the editions to 2.2", { id: 77 }, { id: "77" }),
    allowed("no id, which is optional", { id: undefined }, { id: undefined }),
    {
      what: "a Long that no double holds, digit by digit",
      section,
      say: {
        ...post,
        body: `{"id":2078724684846989313,"version":"1.0","method":"thing.measurepoint.post","params":${JSON.stringify(params)}}`,
      },
      answer: { code: 200, id: "2078724684846989313" },
    },
    {
      what: "an id that is neither",
      section,
      decided: form,
      say: { ...post, message: { params, id: { no: 7 } } },
      answer: { code: 1204, id: '""' },
    },
    {
      what: "no version, which is mandatory",
      section,
      decided: form,
      say: { ...post, message: { params, version: undefined } },
      answer: { code: 1204 },
    },
    {
      what: "another version than 1.0",
      section,
      decided: form,
      say: { ...post, message: { params, version: "2.0" } },
      answer: { code: 1204 },
    },
    {
      what: "no params, which are mandatory",
      section,
      decided: form,
      say: post,
      answer: { code: 1204 },
    },
    {
      what: "members that no page knows",
      section,
      decided: "they are passed over, as other clients of EnOS send some (`sys`, `files`)",
      say: { ...post, message: { params, sys: { ack: 0 } } },
      answer: { code: 200 },
    },
    {
      what: "no JSON",
      section: `${codes}, 1220`,
      decided: illegal,
      say: { ...post, body: '{"id":"123",' },
      answer: { coap: "4.00", told: 1220 },
    },
    {
      what: "JSON that is no object",
      section: `${codes}, 1220`,
      decided: illegal,
      say: { ...post, body: '["123"]' },
      answer: { coap: "4.00", told: 1220 },
    },
    {
      what: "bytes that are no UTF-8",
      section: `${codes}, 1220`,
      decided: illegal,
      say: { ...post, body: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d) },
      answer: { coap: "4.00", told: 1220 },
    },
    {
      what: "nothing at all",
      section: `${codes}, 1251`,
      decided: illegal,
      say: { ...post, body: "" },
      answer: { coap: "4.00", told: 1251 },
    },
    {
      what: "the method of another topic",
      section: `${codes}, 1260`,
      say: { ...post, message: { params, method: "thing.measurepoint.resume" } },
      answer: { code: 1260 },
    },
    {
      what: "no method, which is mandatory but for events",
      section: `${codes}, 1260`,
      decided: "a method that is not there disagrees with the topic",
      say: { ...post, message: { params, method: undefined } },
      answer: { code: 1260 },
    },
    {
      what: "more entries than a batch may have",
      section: `${codes}, 1008`,
      decided: "the manual names no number; 200 as of attributes and tags",
      say: {
        topic: "thing/measurepoint/post/batch",
        // Long, so that it goes up in blocks.
        message: {
          params: Array.from({ length: 201 }, () => ({ time: moment })),
        },
      },
      answer: { code: 1008 },
    },
    {
      what: "a message under an id that another message had: the id identifies nothing",
      section,
      before: [{ ...post, message: { params } }],
      say: { ...post, message: { params: { measurepoints: { level: 4 }, time: moment + 1 } } },
      answer: { code: 200 },
      then: ({ readings, expect }) =>
        expect(readings().map(({ time }) => time)).toEqual([moment, moment + 1]),
    },
    {
      what: "the same message once more, as from a device that heard no answer",
      section,
      decided: "stored once, answered as before",
      before: [{ ...post, message: { params } }],
      say: { ...post, message: { params } },
      answer: { code: 200 },
      then: ({ readings, expect }) => expect(readings()).toHaveLength(1),
    },
  ],
};
