/**
 * Every example of the device-side pages of EnOS's manual, and what these pages say is wrong, over real UDP against
 * the stand-in, in both editions of the protocol. Neither side of the wire here is the firmware.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveUdp } from "../../../../host-sim/cloud/coap/udp";
import type { UdpCloud } from "../../../../host-sim/cloud/coap/udp";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import type { CloudEvent } from "../../../../host-sim/cloud/cloud";
import { manualProduct } from "../script/manual-product";
import { attributesDeleted, attributesQueried, attributesReported } from "./attributes";
import { postBatch, resumeBatch } from "./batch";
import { authentication } from "./authentication";
import { coap } from "./coap";
import { commandsIssued, measurepointsGet, measurepointsSet, serviceInvoked } from "./commands";
import { common } from "./common";
import { checkEvent } from "../event-check";
import { ManualDevice } from "./device";
import type { Edition } from "./device";
import { events } from "./events";
import { bodyOf } from "./example";
import type { Example, Expected, Said, Stage } from "./example";
import { otaGetVersion, otaInform, otaProgress, otaUpgrade } from "./ota";
import { parsingScript } from "./parsing-script";
import { report } from "./report";
import { resume } from "./resume";
import { tagsDeleted, tagsQueried, tagsReported } from "./tags";
import { tank } from "./tank";
import { thingModel } from "./thing-model";

const pages = [
  ...[authentication, coap, common, report, postBatch, resume, resumeBatch, events],
  ...[attributesReported, attributesQueried, attributesDeleted],
  ...[tagsReported, tagsQueried, tagsDeleted, thingModel, parsingScript],
  ...[measurepointsSet, measurepointsGet, serviceInvoked, commandsIssued],
  ...[otaInform, otaUpgrade, otaProgress, otaGetVersion],
];

/** An edition, and how option 2101 is made. */
const editions: [name: string, edition: Edition, iv: string][] = [
  ["with token, signed in CBC", "token", "zero"],
  ["with token, signed in ECB", "token", "ecb"],
  ["without token", "tokenless", "zero"],
];

describe.each(editions)("the edition %s", (_name, edition, iv) => {
  let server: UdpCloud;
  let told: CloudEvent[];
  let devices = 0;
  const errors: string[] = [];

  beforeAll(async () => {
    told = [];
    server = await serveUdp({
      ...{
        host: "127.0.0.1",
        port: 0,
        edition,
        iv,
        devices: [],
        products: [tank, { productKey: "bare" }, manualProduct("meter")],
      },
      scriptEngine: await loadScriptEngine(Date.now),
      onEvent: (event) => {
        checkEvent(event);
        told.push(event);
      },
      onError: (line) => errors.push(line),
    });
  });
  afterAll(async () => {
    await server.close();
    expect(errors).toEqual([]);
    expect(told.filter(({ type }) => type === "internal-error")).toEqual([]);
  });

  /** A new device that has authenticated. */
  async function stageOf(productKey: string): Promise<Stage> {
    const keys = { productKey, deviceKey: `tank-${(devices += 1)}`, deviceSecret: `secret of ${devices}` };
    const { deviceKey } = keys;
    server.cloud.devices.create(keys, server.now());
    const device = new ManualDevice(server.port, keys, edition, iv === "ecb");
    await device.authenticate();
    const { cloud } = server;
    const isOurs = (event: CloudEvent): boolean => "deviceKey" in event && event.deviceKey === deviceKey;
    return {
      ...{ expect, device, productKey, deviceKey, server, started: server.now() },
      send: (said) => device.post(said.path ?? device.topic(said.topic), bodyOf(said), said.request),
      readings: () => cloud.reported.readings(productKey, deviceKey),
      latest: () => cloud.reported.latest(productKey, deviceKey),
      deviceEvents: () => cloud.reported.events(productKey, deviceKey),
      view: () => cloud.devices.view(productKey, deviceKey)!,
      events: (type) => told.filter((event) => event.type === type && isOurs(event)),
    };
  }

  async function play({ product, before = [], say, answer, then }: Example): Promise<void> {
    const stage = await stageOf(product ?? tank.productKey);
    try {
      if (typeof before === "function") await before(stage);
      else for (const said of before) await taken(stage, said);
      const reply = await stage.send(typeof say === "function" ? say(stage) : say);
      const due = typeof answer === "function" ? answer(stage) : answer;
      expect(reply.code).toBe(due.coap ?? "2.04");
      if (due.data === "any") expect(reply.json).toMatchObject({ id: "123", code: due.code });
      else if (due.body !== "any") expect(reply.payload.toString("utf8")).toBe(textOf(due));
      const told = due.told ?? due.code ?? 200;
      const refusals = stage.events("report-refused").map((event) => "enosCode" in event && event.enosCode);
      expect(refusals).toEqual(told === 200 ? [] : [told]);
      await then?.(stage, reply);
    } finally {
      stage.device.close();
    }
  }

  describe.each(pages)("$page", ({ examples }) => {
    const ours = examples.filter((each) => each.edition === undefined || each.edition === edition);
    for (const example of ours) test(`${example.section}: ${example.what}`, () => play(example));
  });
});

async function taken(stage: Stage, said: Said): Promise<void> {
  const reply = await stage.send(said);
  expect(reply.json).toMatchObject({ code: 200 });
}

/** The answer's body. */
function textOf(answer: Expected): string {
  if (answer.code === undefined) return "";
  const id = "id" in answer ? answer.id : '"123"';
  return `{${id === undefined ? "" : `"id":${id},`}"code":${answer.code},"data":${JSON.stringify(answer.data ?? {})}}`;
}
