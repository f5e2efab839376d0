/** A script in the way of EnOS's manual: by itself, and behind the stand-in in both editions. */
import { describe, expect, it, test } from "vitest";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { readScriptMessage, readScriptReply } from "../../../../host-sim/cloud/enos/script-json";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { TestDevice, demoDevice, dk, eventsOf, pk, rig } from "../harness";
import { hexId, manualPoints, manualProduct, manualReport, manualScript } from "./manual-product";
import type { Command } from "../../../../host-sim/cloud/cloud";
import type { Sent } from "../harness";

const time = Date.UTC(2026, 2, 9, 10, 30);
const engine = await loadScriptEngine(() => time);
const compiled = engine.compile(manualScript);
if ("fault" in compiled) throw new Error(compiled.fault);
const script = compiled;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const toRaw = (message: object): string => {
  const raw = script.jsonToRaw(JSON.stringify(message));
  if ("fault" in raw) throw new Error(raw.fault);
  return hex(raw);
};
const toJson = (text: string): unknown => {
  const json = script.rawToJson(Buffer.from(text, "hex"));
  if (typeof json !== "string") throw new Error(json.fault);
  return JSON.parse(json);
};

describe("in the engine", () => {
  it("reads a report, which gets the time of its arrival", () => {
    expect(toJson(hex(manualReport(300)))).toEqual({
      ...{ id: "300", method: "thing.measurepoint.post", version: "1.0" },
      params: { measurepoints: manualPoints, time },
    });
  });

  it("is given bytes with a sign, and takes the sign away", () => {
    expect(toJson("01fffffffe010004ffffff80")).toMatchObject({
      id: "4294967294",
      params: { measurepoints: { litres: -128 } },
    });
    // As the manual's own does, which reads a text's bytes with their sign: no é comes out.
    expect(toJson("010000000102000263e9")).toMatchObject({ params: { measurepoints: { place: "c\uffe9" } } });
    // And the items of an array without.
    expect(toJson("0100000001040004ffffffff")).toMatchObject({
      params: { measurepoints: { peaks: [4294967295] } },
    });
  });

  test.each<[string, object, string]>([
    ["a number", { id: 300, code: 200, data: "" }, "0000012c00c8"],
    ["text", { id: "300", code: 200, data: "" }, "0000012c00c8"],
    ["text as its code", { id: "300", code: "1204", data: "" }, "0000012c04b4"],
    ["bytes as its data", { id: 7, code: 200, data: [1, 2] }, "0000000700c80102"],
    ["no method, which is empty", { id: 7, method: "", code: 200, data: "" }, "0000000700c8"],
  ])("makes the answer with %s", (_what, answer, bytes) => {
    expect(toRaw(answer)).toBe(bytes);
  });

  it("spoils the answer with an object for its data: hence the data is an empty text", () => {
    expect(script.jsonToRaw('{"id":"300","code":200,"data":{}}')).toMatchObject({
      fault: expect.stringMatching(/item 6 is no byte/),
    });
  });

  test.each<[string, object, string]>([
    ["set litres", { litres: -2 }, "0200000014" + "01fffffffe"],
    ["set a text, with its length", { place: "ab" }, "0200000014" + "0200026162"],
    ["set a double", { pressure: 1.5 }, "0200000014" + "033ff8000000000000"],
    ["set an array, with its length", { peaks: [1, 2] }, "0200000014" + "0400080000000100000002"],
    ["set with a quality", { valve: { value: 50, quality: 3 } }, "0200000014" + "050000003203"],
    ["set two", { litres: 1, valve: { value: 0, quality: 0 } }, "02000000140100000001050000000000"],
  ])("makes commands: %s", (_what, params, bytes) => {
    for (const id of ["20", 20]) {
      expect(toRaw({ id, version: "1.0", method: "thing.service.measurepoint.set", params })).toBe(bytes);
    }
  });

  it("makes a service of text or number, and nothing of a method that it does not know", () => {
    const call = { method: "thing.service.flush", id: 1234, version: "1.0", params: { seconds: 12 } };
    expect(toRaw(call)).toBe("21000004d20000000c");
    expect(toRaw({ ...call, params: { seconds: "12" } })).toBe("21000004d20000000c");
    expect(toRaw({ ...call, method: "thing.service.drain" })).toBe("");
  });

  it("cuts an id of 62 bits to the low 32 of the nearest double", () => {
    const id = "2078724684846989312";
    const cut = Number(BigInt.asUintN(32, BigInt(Number(id))));
    expect(toRaw({ id, method: "thing.service.measurepoint.set", params: { litres: 1 } })).toBe(
      `02${hexId(cut)}0100000001`,
    );
    expect(toJson(`02${hexId(cut)}c8`)).toEqual({ id: String(cut), code: "200", data: "" });
  });

  test.each<[string, object]>([
    ["02000000 14c8", { id: "20", code: 200, data: "" }],
    ["0200000014 00", { id: "20", code: 0, data: "" }],
    ["21000004d2c8 0000000e", { id: "1234", code: 200, data: { litres_out: 14 }, message: "" }],
    ["21000004d205 00000000 6f6666", { id: "1234", code: 5, data: { litres_out: 0 }, message: "off" }],
  ])("replies are read: %s", (bytes, reply) => {
    const json = JSON.stringify(toJson(bytes.replaceAll(" ", "")));
    expect(readScriptReply(json)).toEqual(reply);
    // Where a report is due a reply is none.
    expect(readScriptMessage(json)).toMatchObject({ enosCode: expect.any(Number) });
    expect(readScriptMessage(json)).not.toMatchObject({ enosCode: 200 });
  });

  it("makes no message of other bytes, and throws at too few", () => {
    expect(toJson("77")).toEqual({});
    expect(readScriptMessage("{}")).toMatchObject({ enosCode: 1220 });
    expect(readScriptReply("{}")).toMatchObject({ enosCode: 1220 });
    expect(script.rawToJson(Buffer.from("0100", "hex"))).toMatchObject({
      fault: expect.stringMatching(/^RangeError.* \(line \d+\)$/),
    });
    // A point that it does not know goes by the name of undefined, a value of a wrong length is null.
    expect(toJson("010000000109000100")).toMatchObject({ params: { measurepoints: { undefined: null } } });
  });
});

describe.each(["token", "tokenless"] as const)("behind the stand-in, edition %s", (edition) => {
  const up = "thing/model/up_raw";
  const down = "thing/model/down_raw";
  const online = (): TestDevice => {
    const own = rig({ edition, products: [manualProduct(pk)], scriptEngine: engine });
    const device = new TestDevice(own, demoDevice, edition === "token");
    device.authenticate(time);
    return device;
  };
  /** The bytes of the command that is offered on a response, fetched where they have to be. */
  const commandOn = (device: TestDevice, reply: Sent): string | undefined => {
    const value = (number: number): Uint8Array | undefined =>
      reply.options.find((option) => option.number === number)?.value;
    const path = value(2100);
    if (path === undefined) return undefined;
    expect(Buffer.from(path).toString()).toBe(`/topic/sys/${pk}/${dk}/${down}`);
    return hex(edition === "token" ? device.get(time, down).payload : value(2102)!);
  };
  const reply = (device: TestDevice, bytes: string): Sent =>
    device.post(time, `${down}_reply`, Buffer.from(bytes, "hex"));

  it("stores a report and sends the answer that the script makes", () => {
    const device = online();
    const answer = device.post(time, up, manualReport(20));
    expect(answer).toMatchObject({ code: "2.04" });
    expect(hex(answer.payload)).toBe("0000001400c8");
    expect(device.rig.cloud.reported.readings(pk, dk)).toMatchObject([
      { id: "20", points: manualPoints, time, format: "raw" },
    ]);
  });

  it("sends EnOS's code for what the model forbids, in the script's bytes", () => {
    const device = online();
    // The valve at 101.
    const answer = device.post(time, up, Buffer.from("01000000150500050000006509", "hex"));
    expect([answer.code, hex(answer.payload)]).toEqual(["2.04", "0000001504b4"]);
    expect(eventsOf(device.rig, "report-refused")).toMatchObject([{ enosCode: 1204 }]);
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([]);
  });

  const quality: Command = { kind: "set", points: { valve: { value: 50, quality: 3 } } };
  const flush: Command = { kind: "service", service: "flush", inputs: { seconds: 12 } };
  const flushed = { code: 200, data: { litres_out: 14 } };
  test.each<[string, Command, string, string, object]>([
    ["set", { kind: "set", points: { litres: 5 } }, "02ID0100000005", "02IDc8", { code: 200, data: "" }],
    ["set with a quality", quality, "02ID050000003203", "02ID05", { code: 5 }],
    ["service", flush, "21ID0000000c", "21IDc80000000e", flushed],
  ])("commands go down and replies come back: %s", (_what, command, bytes, answer, outcome) => {
    const device = online();
    const id = device.rig.cloud.commands.send(pk, dk, command, time);
    const sent = commandOn(device, device.post(time, up, manualReport(1)));
    const cut = hexId(Number(BigInt.asUintN(32, BigInt(Number(id)))));
    expect(sent).toBe(bytes.replace("ID", cut));
    expect(reply(device, answer.replace("ID", cut)).code).toBe("2.04");
    expect(device.rig.cloud.commands.view(id)).toMatchObject(outcome);
    expect(eventsOf(device.rig, "command-answered")).toMatchObject([{ id }]);
  });

  it("takes no report for a reply", () => {
    const device = online();
    expect(reply(device, hex(manualReport(3))).code).toBe("4.00");
  });

  it("answers a datagram that came again with the same bytes", () => {
    const device = online();
    device.post(time, up, manualReport(20));
    const { payload } = decodeCoap(device.rig.exchange(device.last, time)!) as { payload: Uint8Array };
    expect(hex(payload)).toBe("0000001400c8");
    expect(device.rig.cloud.reported.readings(pk, dk)).toHaveLength(1);
  });
});
