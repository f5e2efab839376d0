/** A parsing script and a thing model before they are applied: tried, compared and checked, with nothing changed. */
import { describe, expect, test } from "vitest";
import { enosModelOf } from "../../../../host-sim/model/enos-model";
import { readModel } from "../../../../host-sim/model/read-model";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { Device, pk } from "../api/device";
import { apiRig, demoModel, detailOf } from "../api/rig";
import { salt, sealedDevice, sealedReading, sealedRecord } from "../sealed-product";
import { manualProduct, manualReport, manualScript } from "../script/manual-product";
import type { ApiRig } from "../api/rig";
import type { Model } from "../../../../host-sim/model/model";

const path = `/console/products/${pk}`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

async function manualRig(): Promise<{ rig: ApiRig; device: Device }> {
  const rig = await apiRig(
    { feed: new Feed(() => 0), scriptEngine: await loadScriptEngine(() => 5) },
    { products: [manualProduct(pk)] },
  );
  const device = new Device(rig);
  device.authenticate();
  return { rig, device };
}

describe("a script is tried", () => {
  test("against bytes: what it makes of them, and what the model says to each value", async () => {
    const { rig } = await manualRig();
    const body = { script: manualScript, bytes: hex(manualReport(20)) };
    const tried = (await rig.call("POST", `${path}/script/try`, body)).body;
    expect(tried.json).toMatchObject({ id: "20", params: { measurepoints: { place: "cellar 21" } } });
    expect(tried.verdict.what).toBe("report of measure points");
    expect(tried.verdict.refused).toBeUndefined();
    expect(tried.verdict.values).toContainEqual({ identifier: "pressure", value: 4.5 });
    const wrong = manualScript.replace('0x03: "pressure"', '0x03: "presure"');
    const other = (await rig.call("POST", `${path}/script/try`, { ...body, script: wrong })).body;
    expect(other.verdict.refused).toMatchObject({ code: 1204 });
    expect(other.verdict.values).toContainEqual({
      ...{ identifier: "presure", value: 4.5 },
      fault: "presure: not in the model, which has no such measure point",
    });
  });

  test("against JSON: its bytes, and whether the model takes the command", async () => {
    const { rig } = await manualRig();
    const json = (seconds: unknown): object => ({
      ...{ id: "7", version: "1.0", method: "thing.service.flush", params: { seconds } },
    });
    const send = async (seconds: unknown): Promise<any> =>
      (await rig.call("POST", `${path}/script/try`, { script: manualScript, json: json(seconds) })).body;
    expect(await send(30)).toMatchObject({ bytes: "21000000070000001e", verdict: { what: "command flush" } });
    expect((await send("long")).verdict.refused.reason).toMatch(/^seconds: expected a whole number/);
    const answer = { script: manualScript, json: { id: 20, code: 200, data: "" } };
    const { body } = await rig.call("POST", `${path}/script/try`, answer);
    expect(body).toEqual({ bytes: "0000001400c8", verdict: { what: "answer 200", values: [] } });
  });

  test.each([
    ["does not compile", "function a() {\n  var = 1;\n}", { isCompileFault: true, line: 2, column: 7 }],
    [
      "throws deep inside",
      "function rawDataToJsonStr(b) {\n  return deep(b);\n}\nfunction deep(b) {\n  return b.x.y;\n}\nfunction jsonStrToRawData() {}",
      { line: 5, column: 13, fault: expect.stringMatching(/^TypeError/) },
    ],
    [
      "returns no text",
      "function rawDataToJsonStr() { return 5; } function jsonStrToRawData() {}",
      { output: "5" },
    ],
  ])("that %s: the place is told", async (_what, script, told) => {
    const { rig } = await manualRig();
    const { body } = await rig.call("POST", `${path}/script/try`, { script, bytes: "01" });
    expect(body).toMatchObject({ fault: expect.any(String), ...told });
  });

  test("nothing comes of a product or an engine that is not there", async () => {
    const { rig } = await manualRig();
    const body = { script: manualScript, bytes: "00" };
    detailOf(await rig.call("POST", "/console/products/none/script/try", body), 404);
    const without = await apiRig({ feed: new Feed(() => 0) });
    expect(detailOf(await without.call("POST", `${path}/script/try`, body), 422)).toMatch(/runs no parsing/);
  });
});

test("a script is compiled alone, without an input", async () => {
  const { rig } = await manualRig();
  const compile = async (script: string): Promise<any> =>
    (await rig.call("POST", `${path}/script/compile`, { script })).body;
  expect(await compile(manualScript)).toEqual({});
  expect(await compile("var;")).toMatchObject({ isCompileFault: true, line: 1 });
  expect(await compile("var x;")).toMatchObject({ fault: "has no function rawDataToJsonStr" });
});

describe("what devices really sent", () => {
  test("is there to try with: bytes up and JSON down, each once, with whose it was", async () => {
    const { rig, device } = await manualRig();
    device.post("thing/model/up_raw", manualReport(20));
    rig.time.now += 500;
    device.post("thing/model/up_raw", manualReport(20));
    const { samples } = (await rig.call("GET", `${path}/script`)).body;
    expect(samples).toMatchObject([
      { task: "report", input: hex(manualReport(20)), at: rig.time.now, deviceKey: "861234567890123" },
      { task: "answer", input: '{"id":"20","code":200,"data":""}' },
    ]);
    // They outlive an apply.
    await rig.call("PATCH", `/api/v1/products/${pk}`, { script: `${manualScript}\n` });
    expect((await rig.call("GET", `${path}/script`)).body.samples).toHaveLength(2);
  });

  test("is kept without a script too, so that the first one can be tried", async () => {
    const { rig, device } = await manualRig();
    await rig.call("PATCH", `/api/v1/products/${pk}`, { script: null });
    device.post("thing/model/up_raw", manualReport(21));
    expect((await rig.call("GET", `${path}/script`)).body.samples).toMatchObject([{ task: "report" }]);
  });

  test("what the script got wrong is kept with its count, its place and its whole input, until another applies", async () => {
    const { rig, device } = await manualRig();
    const long = Uint8Array.of(0x77, ...new Uint8Array(150));
    for (let i = 0; i < 3; i++) device.post("thing/model/up_raw", Uint8Array.of(1, 0));
    rig.time.now += 1000;
    device.post("thing/model/up_raw", long);
    const { faults } = (await rig.call("GET", `${path}/script`)).body;
    expect(faults).toMatchObject([
      { task: "report", times: 1, input: hex(long), lastAt: rig.time.now, output: "{}" },
      { task: "report", times: 3, input: "0100", fault: expect.stringMatching(/^RangeError/) },
    ]);
    expect(faults[1]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
    await rig.call("PATCH", `/api/v1/products/${pk}`, { script: `${manualScript}\n` });
    expect((await rig.call("GET", `${path}/script`)).body.faults).toEqual([]);
  });

  test("tells what an edited script would make otherwise", async () => {
    const { rig, device } = await manualRig();
    device.post("thing/model/up_raw", manualReport(20));
    const compare = async (script: string): Promise<any> =>
      (await rig.call("POST", `${path}/script/compare`, { script })).body;
    expect(await compare(`${manualScript}\n// nothing`)).toEqual({ samples: 2, different: 0, told: [] });
    const other = await compare(manualScript.replace('0x03: "pressure"', '0x03: "presure"'));
    expect(other).toMatchObject({ samples: 2, different: 1, told: [{ task: "report" }] });
    expect(other.told[0].before).toContain('"pressure"');
    expect(other.told[0].after).toContain('"presure"');
    expect(await compare("nothing(")).toMatchObject({ fault: expect.stringMatching(/^SyntaxError/) });
  });
});

describe("trials take turns", () => {
  const endless = "function rawDataToJsonStr() { for (;;); } function jsonStrToRawData() { for (;;); }";

  test("a comparison that takes as long as it may leaves room for everybody else", async () => {
    const { rig, device } = await manualRig();
    for (let i = 0; i < 4; i++) device.post("thing/model/up_raw", manualReport(20 + i));
    const over: string[] = [];
    const done = (what: string) => () => void over.push(what);
    await Promise.all([
      rig.call("POST", `${path}/script/compare`, { script: endless }).then(done("comparison")),
      rig.call("GET", "/api/v1/status").then(done("status")),
    ]);
    expect(over).toEqual(["status", "comparison"]);
  });

  test("and more than can wait are refused at once", async () => {
    const { rig } = await manualRig();
    const body = { script: manualScript, bytes: hex(manualReport(20)) };
    const tried = await Promise.all(
      Array.from({ length: 40 }, () => rig.call("POST", `${path}/script/try`, body)),
    );
    const refused = tried.filter(({ status }) => status === 429);
    expect(tried.filter(({ status }) => status === 200)).toHaveLength(16);
    expect(detailOf(refused[0], 429)).toMatch(/16 trials wait already/);
    expect((await rig.call("POST", `${path}/script/try`, body)).status).toBe(200);
  });
});

describe("a thing model is checked", () => {
  const check = async (model: unknown): Promise<any> => {
    const rig = await apiRig({ feed: new Feed(() => 0) });
    return (await rig.call("POST", `${path}/model/check`, { model })).body;
  };

  test("all of its faults are told, with their places", async () => {
    const model = structuredClone(demoModel) as { measurepoints: Record<string, unknown>[] };
    model.measurepoints[0].type = "flot";
    model.measurepoints[1].range = [5, 1];
    const { faults } = await check(model);
    expect(faults.map(({ path: place }: { path: string }) => place)).toEqual([
      "$.measurepoints[0].type",
      expect.stringMatching(/^\$\.measurepoints\[1\]/),
    ]);
  });

  test("of very many, the first are told, and how many more there are", async () => {
    const { faults } = await check({ ...demoModel, measurepoints: Array(600).fill(0) });
    expect(faults).toHaveLength(201);
    expect(faults[200].problem).toMatch(/^has \d+ more faults$/);
  });

  test("EnOS's own keeps the numbers of the model in force, and counts its version on when it says something else", async () => {
    const own = readModel(JSON.stringify(demoModel)) as Model;
    const same = await check(enosModelOf(own));
    expect(same).toMatchObject({ isEnos: true, faults: [], meanings: [] });
    const numbers = (model: Model): unknown =>
      model.measurepoints.map(({ identifier, number }) => [identifier, number]);
    expect(numbers(same.model)).toEqual(numbers(own));
    const shorter = { ...own, measurepoints: own.measurepoints.slice(1) };
    const { model } = await check(enosModelOf(shorter));
    expect(numbers(model)).toEqual(numbers(shorter));
    expect(model.version).toBe(own.version + 1);
  });

  test("a number with another meaning is told", async () => {
    const model = structuredClone(demoModel) as { measurepoints: Record<string, unknown>[] };
    const [first, second] = model.measurepoints;
    [first.number, second.number] = [second.number, first.number];
    const { faults, meanings } = await check(model);
    expect(faults).toEqual([]);
    expect(meanings).toHaveLength(2);
    expect(meanings[0].problem).toMatch(/which is identifier .* in the field/);
  });
});

test("a sealed message that is tried says what was opened, and is judged as its own device's", async () => {
  const record = sealedRecord();
  const rig = await apiRig(
    { feed: new Feed(() => 0), scriptEngine: await loadScriptEngine(() => 5) },
    { products: [record] },
  );
  const body = { script: record.script, bytes: hex(sealedReading(3, 7, 1_767_268_800_000)) };
  const tried = (await rig.call("POST", `${path}/script/try`, body)).body;
  expect(tried.sealed).toEqual({ deviceKey: sealedDevice.deviceKey, salt: hex(salt), counter: 3, root: 0 });
  expect(tried.verdict.what).toBe("batch of measure points");
  expect(tried.verdict.refused).toBeUndefined();
  const forged = (
    await rig.call("POST", `${path}/script/try`, { ...body, bytes: `${body.bytes.slice(0, -2)}00` })
  ).body;
  expect(forged.fault).toMatch(/^Error: sealed: forged/);
  expect(forged).not.toHaveProperty("sealed");
});
