import { createHash } from "node:crypto";
import type { Example, Page, Said, Stage } from "./example";
import type { Reply } from "./device";

const image = Buffer.from("a pump that hums less");
const page = "Developing OTA capabilities on devices";
const section = { progress: "Reporting upgrade progress", version: "Reporting version" };

const said = (topic: string, params: unknown): Said => ({
  topic: `ota/device/${topic}`,
  message: { params },
});
const inform = (version: unknown): Said => said("inform", { version });
const progress = (step: unknown, desc?: string): Said => said("progress", { step, desc });
const getVersion: Said = said("getversion", {});
const flow: Said = {
  topic: "thing/measurepoint/post",
  message: { params: { measurepoints: { flow: 1 }, time: 1_700_000_000_000 } },
};

/** What EnOS says of the file, in the order of the manual's table. */
function offered({ server, productKey }: Stage): object {
  const { fileUrl } = server.cloud.ota.firmware(productKey)[0];
  const sign = createHash("md5").update(image).digest("hex");
  return { version: "2.0", sign, signMethod: "md5", fileUrl, fileSize: image.length };
}

/** A device that has informed its version and is given the task to have 2.0. */
async function ordered(stage: Stage, policy: "push" | "request"): Promise<void> {
  const { server, productKey, deviceKey, send } = stage;
  server.cloud.ota.putFirmware({ productKey, version: "2.0", signMethod: "md5" }, image, server.now());
  await send(inform("1.0"));
  server.cloud.ota.order({ productKey, version: "2.0", deviceKeys: [deviceKey], policy }, server.now());
}

async function told(stage: Stage): Promise<void> {
  await ordered(stage, "request");
  await stage.send(getVersion);
}

const task = ({ server, productKey, deviceKey }: Stage): unknown =>
  server.cloud.ota.tasks({ productKey, deviceKey })[0];

/** The command that an answer brings, or that waits behind it. */
async function commandOf({ device }: Stage, reply: Reply): Promise<{ path: string; text: string }> {
  const path = reply.option(2100)[0].toString("utf8");
  const carried = reply.option(2102)[0] ?? (await device.request(path, { method: "0.01" })).payload;
  return { path, text: carried.toString("utf8") };
}

/** Takes the upgrade and replies to it. */
async function upgrade(stage: Stage, reply: Reply, answer: object): Promise<void> {
  const { device, expect } = stage;
  const { path, text } = await commandOf(stage, reply);
  expect(path).toBe(device.topic("ota/device/upgrade"));
  const message = JSON.parse(text) as { id: string };
  expect(message).toEqual({
    ...{ id: message.id, version: "1.0", method: "ota.device.upgrade", params: offered(stage) },
  });
  const replied = await device.post(`${path}_reply`, JSON.stringify({ id: message.id, ...answer }));
  expect([replied.code, replied.payload.length]).toEqual(["2.04", 0]);
}

export const otaInform: Page = {
  page,
  examples: [
    {
      what: "the version that the device runs",
      section: section.version,
      say: inform("1.0.3-rc1"),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().firmwareVersion).toBe("1.0.3-rc1"),
    },
    {
      what: "another one, and the first again, all under the same id",
      section: section.version,
      before: [inform("1.0"), inform("2.0")],
      say: inform("1.0"),
      answer: { code: 200 },
      then: ({ view, expect }) => expect(view().firmwareVersion).toBe("1.0"),
    },
    ...[undefined, "", 7, "x".repeat(65)].map((version): Example => ({
      what: `the version ${JSON.stringify(version)?.slice(0, 12) ?? "left out"}`,
      section: section.version,
      decided: "the page has no code for it",
      say: inform(version),
      answer: { code: 1204 },
    })),
    {
      what: "nothing: such a device can be given no task",
      section: section.version,
      say: flow,
      answer: { code: 200 },
      then: ({ server, productKey, deviceKey, expect }) => {
        server.cloud.ota.putFirmware({ productKey, version: "2.0", signMethod: "md5" }, image, server.now());
        const order = { productKey, version: "2.0", deviceKeys: [deviceKey] };
        expect(() => server.cloud.ota.order(order, server.now())).toThrow(/not informed its version/);
      },
    },
  ],
};

export const otaUpgrade: Page = {
  page,
  examples: [
    {
      what: "the upgrade comes with the next answer, and is replied to",
      section: "Receiving upgrade request from EnOS",
      before: (stage) => ordered(stage, "push"),
      say: flow,
      answer: { code: 200 },
      then: async (stage, reply) => {
        await upgrade(stage, reply, { code: 200, data: {} });
        stage.expect(task(stage)).toMatchObject({ status: "published" });
      },
    },
    {
      what: "a reply with another code",
      section: "Receiving upgrade request from EnOS",
      decided: "the task has failed: the page says of 200 that it is success",
      before: (stage) => ordered(stage, "push"),
      say: flow,
      answer: { code: 200 },
      then: async (stage, reply) => {
        await upgrade(stage, reply, { code: 500, data: {} });
        stage.expect(task(stage)).toMatchObject({ status: "failed", cause: "refusal" });
      },
    },
    {
      what: "a device that has the new version informs it",
      section: "Receiving upgrade request from EnOS",
      before: told,
      say: inform("2.0"),
      answer: { code: 200 },
      then: (stage) => stage.expect(task(stage)).toMatchObject({ status: "succeeded" }),
    },
  ],
};

export const otaProgress: Page = {
  page,
  examples: [
    ...["0", "1", "100"].map((step): Example => ({
      what: `step "${step}"`,
      section: section.progress,
      before: told,
      say: progress(step, "on its way"),
      answer: { code: 200 },
      then: (stage) =>
        stage.expect(task(stage)).toMatchObject({
          ...{ status: "upgrading", progress: Number(step), desc: "on its way" },
        }),
    })),
    {
      what: "without desc",
      section: section.progress,
      before: told,
      say: progress("40"),
      answer: { code: 200 },
    },
    ...["-1", "-2", "-3", "-4", "-5", "-99"].map((step): Example => ({
      what: `step "${step}"`,
      section: section.progress,
      ...(Number(step) < -4 ? { decided: "a device's own: EnOS's SDK has -5, an upgrade ignored" } : {}),
      before: told,
      say: progress(step, "no"),
      answer: { code: 200 },
      then: (stage) =>
        stage.expect(task(stage)).toMatchObject({ status: "failed", progress: Number(step), desc: "no" }),
    })),
    {
      what: "a number for a step",
      section: section.progress,
      decided: "is taken: the page has text, and many devices a number",
      before: told,
      say: progress(7),
      answer: { code: 200 },
    },
    ...["101", "1.5", "soon", "", null].map((step): Example => ({
      what: `step ${JSON.stringify(step)}`,
      section: section.progress,
      decided: "the page has no code for it",
      before: told,
      say: progress(step),
      answer: { code: 1204 },
      then: (stage) => stage.expect(task(stage)).toMatchObject({ status: "published" }),
    })),
    {
      what: "764: the device has no task",
      section: section.progress,
      before: [inform("1.0")],
      say: progress("10"),
      answer: { code: 764 },
    },
    {
      what: "764: its task is over",
      section: section.progress,
      before: async (stage) => {
        await told(stage);
        await stage.send(progress("-2"));
      },
      say: progress("10"),
      answer: { code: 764 },
    },
    {
      what: "765: it was not told of its task yet",
      section: section.progress,
      before: (stage) => ordered(stage, "request"),
      say: progress("10"),
      answer: { code: 765 },
    },
  ],
};

export const otaGetVersion: Page = {
  page,
  examples: [
    {
      what: "the version of the device's task",
      section: "Requesting upgrade",
      before: (stage) => ordered(stage, "request"),
      say: getVersion,
      answer: (stage) => ({ code: 200, data: [offered(stage)] }),
      then: (stage) => stage.expect(task(stage)).toMatchObject({ status: "published" }),
    },
    {
      what: "asked again, the same",
      section: "Requesting upgrade",
      before: told,
      say: getVersion,
      answer: (stage) => ({ code: 200, data: [offered(stage)] }),
    },
    {
      what: "without params",
      section: "Requesting upgrade",
      before: (stage) => ordered(stage, "request"),
      say: { topic: "ota/device/getversion" },
      answer: (stage) => ({ code: 200, data: [offered(stage)] }),
    },
    {
      what: "no task: nothing to upgrade to",
      section: "Requesting upgrade",
      decided: "an empty list: the page has a list",
      before: [inform("1.0")],
      say: getVersion,
      answer: { code: 200, data: [] },
    },
    {
      what: "by the topic that the SDKs list and no page describes",
      section: "Requesting upgrade",
      decided: "as getversion",
      before: (stage) => ordered(stage, "request"),
      say: said("request", {}),
      answer: (stage) => ({ code: 200, data: [offered(stage)] }),
    },
  ],
};
