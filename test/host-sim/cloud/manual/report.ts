import type { Example, Page } from "./example";
import { measurepoints, moment } from "./tank";

const topic = "thing/measurepoint/post";
const request = "Request";
const codes = "Return code";

/** Params that are refused. */
function refused(what: string, code: number, params: unknown, decided?: string): Example {
  return {
    ...{ what, section: `${codes}, ${code}`, say: { topic, message: { params } }, answer: { code } },
    ...(decided === undefined ? {} : { decided }),
    then: ({ readings, expect }) => expect(readings()).toEqual([]),
  };
}

/** Measure points of one moment. */
export const report: Page = {
  page: "Device protocol for MQTT › Report device measurement points",
  examples: [
    {
      what: "points with quality, without, and a list, of one moment",
      section: request,
      say: { topic, message: { params: { measurepoints, time: moment } } },
      answer: { code: 200 },
      then: ({ readings, latest, expect }) => {
        expect(readings()).toMatchObject([
          { id: "123", points: measurepoints, time: moment, format: "json" },
        ]);
        expect(latest()).toMatchObject({
          flow: { value: 12.5, quality: 2, time: moment },
          level: { value: 3.25 },
        });
      },
    },
    {
      what: "no time, which then is the server's",
      section: request,
      say: { topic, message: { params: { measurepoints: { hatch: true, valve: 1 } } } },
      answer: { code: 200 },
      then: ({ readings, started, expect }) => {
        const [{ time, at, points }] = readings();
        expect({ time, points }).toEqual({ time: undefined, points: { hatch: true, valve: 1 } });
        expect(at).toBeGreaterThanOrEqual(started);
      },
    },
    {
      what: "a time long ago, as the manual's own of two minutes after 1970 began",
      section: request,
      say: { topic, message: { params: { measurepoints, time: 98_765 } } },
      answer: { code: 200 },
      then: ({ readings, events, expect }) => {
        expect(readings()).toMatchObject([{ time: 98_765 }]);
        expect(events("time-doubted")).toMatchObject([{ id: "123", time: 98_765 }]);
      },
    },
    {
      what: "a time of the far future: stored as it is told, and no news",
      section: request,
      decided:
        "nothing is said of it; the operator is told, and the value that comes after it is the current one",
      before: [{ topic, message: { params: { measurepoints: { level: 1 }, time: 95_617_584_000_000 } } }],
      say: { topic, message: { params: { measurepoints: { level: 2 } } } },
      answer: { code: 200 },
      then: ({ readings, latest, events, expect }) => {
        expect(readings().map(({ time }) => time)).toEqual([95_617_584_000_000, undefined]);
        expect(latest()).toMatchObject({ level: { value: 2 } });
        expect(events("time-doubted")).toHaveLength(1);
      },
    },
    {
      what: "a time of some hours ahead, as a clock without its zone has it",
      section: request,
      say: ({ started }) => ({
        topic,
        message: { params: { measurepoints: { level: 1 }, time: started + 12 * 3_600_000 } },
      }),
      answer: { code: 200 },
      then: ({ events, expect }) => expect(events("time-doubted")).toEqual([]),
    },
    {
      what: "each quality that there is, and a point with quality that comes without",
      section: request,
      say: { topic, message: { params: { measurepoints: { flow: { value: 0, quality: 9 }, strokes: 7 } } } },
      answer: { code: 200 },
    },
    refused("a point that the model does not have", 1204, { measurepoints: { depth: 1 } }),
    refused("a value of another type", 1204, { measurepoints: { level: "high" } }),
    refused("a value out of its range", 1204, { measurepoints: { flow: 501 } }),
    refused("quality on a point that has none", 1204, { measurepoints: { level: { value: 1, quality: 0 } } }),
    refused("a quality of more than one digit", 1204, { measurepoints: { flow: { value: 1, quality: 10 } } }),
    refused("one wrong point among right ones", 1204, { measurepoints: { ...measurepoints, hatch: 2 } }),
    refused(
      "a time that is no whole number",
      1204,
      { measurepoints, time: 1.5 },
      "no code is given for a time",
    ),
    refused("a time that is text", 1204, { measurepoints, time: "today" }, "no code is given for a time"),
    refused("a time before 1970", 1204, { measurepoints, time: -1 }, "no code is given for a time"),
    refused("a time that is no date", 1204, { measurepoints, time: 9e15 }, "no code is given for a time"),
    refused("measure points that are a list", 1206, { measurepoints: [1], time: moment }),
    refused("measure points that are text", 1206, { measurepoints: "level" }),
    refused("no measure points, which are mandatory", 1206, { time: moment }),
    refused("none among them", 1251, { measurepoints: {} }, "nothing is reported: as an empty payload"),
  ],
};
