import type { Page } from "./example";
import { measurepoints, moment } from "./tank";

const topic = "thing/measurepoint/resume";

/** What a device measured while it was cut off. */
export const resume: Page = {
  page: "Device protocol for MQTT › Reporting offline measurement points",
  examples: [
    {
      what: "points of one moment of the past",
      section: "Request",
      say: { topic, message: { params: { measurepoints, time: moment } } },
      answer: { code: 200 },
      then: ({ readings, expect }) => expect(readings()).toMatchObject([{ time: moment, late: true }]),
    },
    {
      what: "which fill history and are no news: the current value stays",
      section: "Introduction",
      before: [
        {
          topic: "thing/measurepoint/post",
          message: { params: { measurepoints: { level: 9 }, time: moment } },
        },
      ],
      say: { topic, message: { params: { measurepoints: { level: 1 }, time: moment - 60_000 } } },
      answer: { code: 200 },
      then: ({ latest, readings, expect }) => {
        expect(latest()).toMatchObject({ level: { value: 9, time: moment } });
        expect(readings()).toHaveLength(2);
      },
    },
    {
      what: "a point that the model does not have",
      section: "Return code, 1204",
      say: { topic, message: { params: { measurepoints: { depth: 1 }, time: moment } } },
      answer: { code: 1204 },
    },
    {
      what: "measure points of another form",
      section: "Return code, 1206",
      say: { topic, message: { params: { measurepoints: 5, time: moment } } },
      answer: { code: 1206 },
    },
  ],
};
