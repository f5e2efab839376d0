import type { Page } from "./example";
import { moment } from "./tank";

const topic = "thing/event/leak/post";
const outputs = { rate: 0.75, zones: ["north", "7"] };

/** Events, not passed through. */
export const events: Page = {
  page: "Device protocol for MQTT › Report device events (non-passthrough)",
  examples: [
    {
      what: "an event with its outputs and its time",
      section: "Request",
      say: { topic, message: { params: { events: outputs, time: moment } } },
      answer: { code: 200 },
      then: ({ deviceEvents, expect }) =>
        expect(deviceEvents()).toMatchObject([{ event: "leak", values: outputs, time: moment }]),
    },
    {
      what: "no time, which then is the server's",
      section: "Request",
      say: { topic, message: { params: { events: { rate: 1 } } } },
      answer: { code: 200 },
    },
    {
      what: "no method, which is optional here",
      section: "Request",
      say: { topic, message: { params: { events: outputs }, method: undefined } },
      answer: { code: 200 },
    },
    {
      what: "the method of another event",
      section: "Common return codes, 1260",
      say: { topic, message: { params: { events: outputs }, method: "thing.event.flood.post" } },
      answer: { code: 1260 },
    },
    {
      what: "the same outputs once more a moment later, under the same id",
      section: "Request",
      before: [{ topic, message: { params: { events: outputs, time: moment } } }],
      say: { topic, message: { params: { events: outputs, time: moment + 5 } } },
      answer: { code: 200 },
      then: ({ deviceEvents, expect }) => expect(deviceEvents()).toHaveLength(2),
    },
    {
      what: "an event that the model does not have",
      section: "Return code, 1204",
      say: { topic: "thing/event/flood/post", message: { params: { events: outputs } } },
      answer: { code: 1204 },
    },
    {
      what: "an output of another type",
      section: "Return code, 1204",
      say: { topic, message: { params: { events: { rate: "much" } } } },
      answer: { code: 1204 },
    },
    {
      what: "an output that the event does not have",
      section: "Return code, 1204",
      say: { topic, message: { params: { events: { rate: 1, colour: 2 } } } },
      answer: { code: 1204 },
    },
    {
      what: "no events, which are mandatory",
      section: "Return code, 1204",
      say: { topic, message: { params: { time: moment } } },
      answer: { code: 1204 },
    },
  ],
};
