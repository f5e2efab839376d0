/** Pages of the manual about what comes down: measure points set and asked for, services, and how commands follow. */
import type { Command } from "../../../../host-sim/cloud/cloud";
import type { Reply } from "./device";
import type { Example, Page, Said, Stage } from "./example";

const flow: Said = {
  topic: "thing/measurepoint/post",
  message: { params: { measurepoints: { flow: 1 }, time: 1_700_000_000_000 } },
};
const set: Command = { kind: "set", points: { level: 2.5, valve: 1 } };
const get: Command = { kind: "get", points: ["level", "flow"] };
const flush: Command = { kind: "service", service: "flush", inputs: { seconds: 30 } };

const order = ({ server, productKey, deviceKey }: Stage, command: Command): string =>
  server.cloud.commands.send(productKey, deviceKey, command, server.now(), { pendingTtl: 3_600_000 });
const outcome = ({ server }: Stage, id: string): unknown => server.cloud.commands.view(id);
const statuses = ({ server, productKey, deviceKey }: Stage): string[] =>
  server.cloud.commands.list(productKey, deviceKey).map(({ status }) => status);

/** The path and the message of the command that an answer brings, or tells of. */
async function commandOn(
  { device }: Stage,
  answer: Reply,
): Promise<{ path: string; message: { id: string } }> {
  const path = answer.option(2100)[0].toString("utf8");
  const carried = answer.option(2102)[0] ?? (await device.request(path, { method: "0.01" })).payload;
  return { path, message: JSON.parse(carried.toString("utf8")) as { id: string } };
}

/** Takes the command that an answer brings, compares it, and replies. */
async function obey(
  stage: Stage,
  answer: Reply,
  due: { topic: string; params: unknown },
  reply: object,
): Promise<Reply> {
  const { device, expect } = stage;
  const { path, message } = await commandOn(stage, answer);
  expect(path).toBe(device.topic(due.topic));
  const method = due.topic.replaceAll("/", ".");
  expect(message).toEqual({ id: message.id, version: "1.0", method, params: due.params });
  expect(message.id).toMatch(/^[2-4]\d{18}$/);
  const replied = await device.post(`${path}_reply`, JSON.stringify({ id: message.id, ...reply }));
  expect([replied.code, replied.payload.length]).toEqual(["2.04", 0]);
  return replied;
}

const down = {
  set: { topic: "thing/service/measurepoint/set", params: { level: 2.5, valve: 1 } },
  get: { topic: "thing/service/measurepoint/get", params: ["level", "flow"] },
  flush: { topic: "thing/service/flush", params: { seconds: 30 } },
};

/** A command, the device's reply to it, and what the operator is told. */
function told(
  what: string,
  command: Command,
  due: { topic: string; params: unknown },
  reply: object,
  result: object,
  decided?: string,
): Example {
  let id = "";
  return {
    ...{ what, section: "Request and reply", decided, say: flow, answer: { code: 200 } },
    before: (stage) => void (id = order(stage, command)),
    then: async (stage, answer) => {
      await obey(stage, answer, due, reply);
      stage.expect(outcome(stage, id)).toMatchObject({ id, ...result });
    },
  };
}

export const measurepointsSet: Page = {
  page: "Setting measure points of a device",
  examples: [
    told(
      "two points, set",
      set,
      down.set,
      { code: 200, data: {} },
      { status: "success", code: 200, data: {} },
    ),
    told("a reply without data", set, down.set, { code: 200 }, { status: "success", code: 200 }),
    told(
      "a code of the device's own",
      set,
      down.set,
      { code: 4100, message: "the valve is stuck", data: {} },
      { status: "failed", code: 4100, message: "the valve is stuck" },
    ),
  ],
};

export const measurepointsGet: Page = {
  page: "Getting measure points of a device",
  examples: [
    told(
      "two points, answered",
      get,
      down.get,
      { code: 200, data: { level: 2.5, flow: { value: 12, quality: 1 } } },
      { status: "success", data: { level: 2.5, flow: { value: 12, quality: 1 } } },
    ),
  ],
};

export const serviceInvoked: Page = {
  page: "Invoking services of a device",
  examples: [
    told(
      "with inputs and outputs",
      flush,
      down.flush,
      { code: 200, data: { litres: 7.5 } },
      { status: "success", data: { litres: 7.5 } },
    ),
    {
      what: "a reply with the id as a number, digit by digit",
      section: "Request and reply",
      decided: "the manual's id is Long or text",
      before: (stage) => void order(stage, flush),
      say: flow,
      answer: { code: 200 },
      then: async (stage, answer) => {
        const { path, message } = await commandOn(stage, answer);
        await stage.device.post(`${path}_reply`, `{"id":${message.id},"code":200,"data":{}}`);
        stage.expect(statuses(stage)).toEqual(["success"]);
      },
    },
    {
      what: "a reply that is none",
      section: "Request and reply",
      decided: "4.00, and the command goes on waiting",
      before: (stage) => void order(stage, flush),
      say: flow,
      answer: { code: 200 },
      then: async (stage, answer) => {
        const { path } = await commandOn(stage, answer);
        const bodies = ["", "[]", '{"code":200}', '{"id":"1"}'];
        for (const body of bodies)
          stage.expect((await stage.device.post(`${path}_reply`, body)).code).toBe("4.00");
        stage.expect(statuses(stage)).toEqual(["sent"]);
      },
    },
  ],
};

export const commandsIssued: Page = {
  page: "Issuing commands",
  examples: [
    {
      what: "one after another, each behind the reply to the one before",
      section: "Sequential sending",
      before: (stage) => void [set, get, flush].forEach((command) => order(stage, command)),
      say: flow,
      answer: { code: 200 },
      then: async (stage, answer) => {
        const { expect } = stage;
        const between = await stage.send({ ...flow, message: { ...flow.message, id: "124" } });
        // The edition with GET tells again of the first; neither tells of the second.
        const first = stage.device.edition === "token" ? [stage.device.topic(down.set.topic)] : [];
        expect(between.option(2100).map(String)).toEqual(first);
        const second = await obey(stage, answer, down.set, { code: 200, data: {} });
        const third = await obey(stage, second, down.get, { code: 500, data: {} });
        const last = await obey(stage, third, down.flush, { code: 200, data: { litres: 1 } });
        expect(last.option(2100)).toEqual([]);
        expect(statuses(stage)).toEqual(["success", "failed", "success"]);
      },
    },
    {
      what: "50 wait, and no more",
      section: "Cached commands",
      before: (stage) => {
        for (let i = 0; i < 50; i++) order(stage, set);
        stage.expect(() => order(stage, set)).toThrow(/50 already wait/);
      },
      say: flow,
      answer: { code: 200 },
      then: (stage) => stage.expect(statuses(stage)).toHaveLength(50),
    },
    {
      what: "one that is revoked while it waits never leaves",
      section: "No priority",
      before: (stage) => {
        const id = order(stage, set);
        order(stage, flush);
        stage.server.cloud.commands.revoke(id, stage.server.now());
      },
      say: flow,
      answer: { code: 200 },
      then: async (stage, answer) => {
        await obey(stage, answer, down.flush, { code: 200, data: { litres: 1 } });
        stage.expect(statuses(stage)).toEqual(["revoked", "success"]);
      },
    },
    {
      what: "one without pendingTtl goes with the next answer",
      section: "Instant commands",
      decided: "CoAP lets a device speak first: a device that is online has the response time-out to do so",
      before: ({ server, productKey, deviceKey }) =>
        void server.cloud.commands.send(productKey, deviceKey, set, server.now()),
      say: flow,
      answer: { code: 200 },
      then: async (stage, answer) => {
        await obey(stage, answer, down.set, { code: 200, data: {} });
        stage.expect(statuses(stage)).toEqual(["success"]);
      },
    },
    {
      what: "one without pendingTtl is not taken for a device that is offline",
      section: "Instant commands",
      before: ({ server, productKey, deviceKey, expect }) => {
        server.cloud.devices.create(
          { productKey, deviceKey: `${deviceKey}-away`, deviceSecret: "s" },
          server.now(),
        );
        const send = () => server.cloud.commands.send(productKey, `${deviceKey}-away`, set, server.now());
        expect(send).toThrow(/not online/);
      },
      say: flow,
      answer: { code: 200 },
    },
  ],
};
