import type { Example, Page, Stage } from "./example";
import { measurepoints, moment } from "./tank";

const own = ({ productKey, deviceKey }: Stage): object => ({ productKey, deviceKey });
const entries = [
  { measurepoints, time: moment },
  { measurepoints: { level: 3.5 }, time: moment + 1000 },
];
const wrong = [
  entries[0],
  { measurepoints: { level: "high", hatch: false }, time: moment + 1000 },
  { measurepoints: { depth: 1 }, time: moment },
];
const times = ({ readings }: Stage): unknown[] => readings().map(({ time }) => time);

/** Both batches are built alike. */
function batch(topic: string, page: string): Page {
  const refused = (what: string, code: number, params: unknown, more: object = {}): Example => ({
    ...{
      what,
      section: `Return code, ${code}`,
      say: { topic, message: { params, ...more } },
      answer: { code },
    },
    then: (stage) => stage.expect(stage.readings()).toEqual([]),
  });
  return {
    page,
    examples: [
      {
        what: "several moments of the device itself, which each entry names",
        section: "Request",
        say: (stage) => ({
          topic,
          message: { params: entries.map((entry) => ({ ...own(stage), ...entry })) },
        }),
        answer: { code: 200 },
        then: (stage) => stage.expect(times(stage)).toEqual([moment, moment + 1000]),
      },
      {
        what: "entries that name no device, as the keys are needed for sub-devices alone",
        section: "Request",
        say: { topic, message: { params: entries } },
        answer: { code: 200 },
        then: (stage) => stage.expect(times(stage)).toEqual([moment, moment + 1000]),
      },
      {
        what: "allowOfflineSubDevice, which speaks of sub-devices, said by a device without any",
        section: "Request",
        say: { topic, message: { params: entries, allowOfflineSubDevice: true } },
        answer: { code: 200 },
      },
      {
        what: "an entry without a time, which then is the server's",
        section: "Request",
        say: { topic, message: { params: [entries[0], { measurepoints: { level: 1 } }] } },
        answer: { code: 200 },
        then: (stage) => stage.expect(times(stage)).toEqual([moment, undefined]),
      },
      {
        what: "skipInvalidMeasurepoints leaves out what is wrong, and stores the rest",
        section: "Request",
        say: { topic, message: { params: wrong, skipInvalidMeasurepoints: true } },
        answer: { code: 200 },
        then: ({ readings, events, expect }) => {
          expect(readings().map(({ points }) => points)).toEqual([measurepoints, { hatch: false }]);
          expect(events("points-skipped")).toMatchObject([{ count: 2 }]);
        },
      },
      {
        what: "skipInvalidMeasurepoints with nothing left",
        section: "Request",
        decided: "taken: nothing was asked to be stored",
        say: { topic, message: { params: wrong.slice(2), skipInvalidMeasurepoints: true } },
        answer: { code: 200 },
        then: ({ readings, expect }) => expect(readings()).toEqual([]),
      },
      refused("a wrong point in one entry refuses all", 1204, wrong),
      refused("skipInvalidMeasurepoints false, which is the default", 1204, wrong, {
        skipInvalidMeasurepoints: false,
      }),
      refused("params that are an object", 1212, entries[0]),
      refused("an entry that is no object", 1212, [entries[0], 5]),
      {
        ...refused("an entry of another device", 1212, [{ ...entries[0], deviceKey: "stranger" }]),
        decided: "no code is given for a device that is no sub-device; the stand-in has no sub-devices",
      },
      refused("an entry without measure points", 1206, [{ time: moment }]),
      { ...refused("no entry", 1251, []), decided: "nothing is reported: as an empty payload" },
    ],
  };
}

export const postBatch = batch(
  "thing/measurepoint/post/batch",
  "Device protocol for MQTT › Reporting device measurement points in batch",
);

const resumed = batch(
  "thing/measurepoint/resume/batch",
  "Device protocol for MQTT › Reporting offline measurement points in batch",
);
export const resumeBatch: Page = {
  ...resumed,
  examples: [
    ...resumed.examples,
    {
      what: "what is resumed is no news",
      section: "Introduction",
      before: [
        {
          topic: "thing/measurepoint/post",
          message: { params: { measurepoints: { level: 9 }, time: moment } },
        },
      ],
      say: {
        topic: "thing/measurepoint/resume/batch",
        message: { params: [{ measurepoints: { level: 1 }, time: moment - 2 }] },
      },
      answer: { code: 200 },
      then: ({ latest, expect }) => expect(latest()).toMatchObject({ level: { value: 9 } }),
    },
  ],
};
