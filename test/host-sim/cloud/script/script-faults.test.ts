/** What the operator hears of a parsing script that goes wrong: once, with input, output and line, then the count. */
import { describe, expect, it, test } from "vitest";
import { describeCloud } from "../../../../host-sim/inspect/report/timeline";
import { ScriptFaults } from "../../../../host-sim/cloud/script/script-faults";
import { TestDevice, demoDevice, demoSecret, dk, eventsOf, pk, product, rig } from "../harness";
import type { ToldFault } from "../../../../host-sim/cloud/events";

const up = "thing/model/up_raw";
const reading =
  '{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"M":1}}}';
const good = reading.replace('"M"', '"temperature"');

/** A device whose product has a script of these two bodies. */
function withScript(toJson: string, toRaw = "return [1]"): TestDevice {
  const script = `function rawDataToJsonStr(bytes) {\n${toJson}\n}\nfunction jsonStrToRawData(json) {\n${toRaw}\n}`;
  const device = new TestDevice(rig({ products: [{ ...product, script, payload: "raw" }] }));
  device.authenticate();
  return device;
}
const told = (device: TestDevice): unknown[] => eventsOf(device.rig, "script-fault");
const returns = (json: string): string => `return '${json}'`;

describe("a report", () => {
  test.each<[string, string, object]>([
    ["throws", "null.x", { fault: expect.stringMatching(/^TypeError.* \(line 2\)$/), line: 2 }],
    ["throws in a line of its own", "\n\nthrow new Error('no')", { fault: "Error: no (line 4)", line: 4 }],
    ["returns no text", "return 5", { fault: expect.stringMatching(/returned number/), output: "5" }],
    [
      "returns an object",
      "return {a: 1}",
      { fault: expect.stringMatching(/returned object, expected text/) },
    ],
    [
      "returns nothing",
      "return",
      { fault: expect.stringMatching(/returned undefined/), output: "undefined" },
    ],
    ["is no JSON", "return '<xml>'", { fault: "the parsing script returned: not JSON", output: "<xml>" }],
    [
      "is no object",
      "return '[1]'",
      { fault: "the parsing script returned: not a JSON object", output: "[1]" },
    ],
    ["has no method", "return '{}'", { fault: expect.stringMatching(/without a method/), output: "{}" }],
    [
      "has an unknown method",
      returns(good.replace("measurepoint.post", "fly")),
      { fault: "the script made a message thing.fly", output: expect.stringContaining("thing.fly") },
    ],
    ["has an id that is none", returns(good.replace('"1"', "[]")), { fault: expect.stringMatching(/^id: /) }],
    ["has no version", returns(good.replace('"1.0"', "1")), { fault: 'version: expected "1.0"' }],
    [
      "names what the model has not",
      returns(reading),
      { fault: expect.stringMatching(/^M: not in the model/) },
    ],
    [
      "has a value that the model forbids",
      returns(good.replace(":1}", ':"warm"}')),
      { fault: expect.stringMatching(/^temperature: expected/), output: expect.stringContaining('"warm"') },
    ],
    ["never ends", "for (;;);", { fault: "took too long" }],
    ["is too long", "return 'x'.repeat(65537)", { fault: expect.stringMatching(/65537 characters/) }],
  ])("that %s", (_what, body, expected) => {
    const device = withScript(body);
    device.post(1, up, Uint8Array.of(0xab, 1));
    expect(told(device)).toEqual([
      expect.objectContaining({ productKey: pk, task: "report", input: "ab01", times: 1, ...expected }),
    ]);
  });

  it("that the script itself could not read is the device's fault, and told of the device alone", () => {
    const device = withScript(`return '{"code":1220,"message":"too short"}'`);
    expect(device.post(1, up, "x").code).toBe("4.00");
    expect(told(device)).toEqual([]);
    expect(eventsOf(device.rig, "report-refused")).toMatchObject([{ enosCode: 1220 }]);
  });

  it("that is good is none, nor one of a product without a script", () => {
    const device = withScript(returns(good));
    device.post(1, up, "x");
    expect(told(device)).toEqual([]);
    const bare = new TestDevice(rig({ products: [{ productKey: pk }] }));
    bare.authenticate();
    expect(bare.post(1, up, "x").code).toBe("4.00");
    expect(told(bare)).toEqual([]);
  });
});

test.each<[string, string, object]>([
  ["throws", "undefined.x", { line: 5 }],
  ["appends an object", "return [0, 1].concat({})", { output: "[0,1,(object)]" }],
  ["gives text", "return '0001'", { output: "0001" }],
  [
    "gives no byte",
    "return [1, 256]",
    { fault: expect.stringMatching(/item 1 is no byte/), output: "[1,256]" },
  ],
  [
    "gives many",
    "var a = []; for (var i = 0; i < 99; i++) a[i] = 300; return a",
    { output: expect.stringMatching(/^\[300,.*,\.\.\.\]$|^\[300,.*\.\.\.$/) },
  ],
])("an answer whose script %s; the device gets 2.04 all the same", (_what, body, expected) => {
  const device = withScript(returns(good), body);
  expect(device.post(1, up, "x")).toMatchObject({ code: "2.04", text: "" });
  expect(told(device)).toEqual([
    expect.objectContaining({
      ...{ task: "answer", input: '{"id":"1","code":200,"data":""}', times: 1, ...expected },
    }),
  ]);
});

it("a command, which its sender hears of as well", () => {
  const device = withScript(returns(good), "throw new Error('no such thing')");
  const command = { kind: "set", points: { relay: 1 } } as const;
  expect(() => device.rig.cloud.commands.send(pk, dk, command, 1)).toThrow(/no such thing \(line 5\)/);
  device.post(2, up, "x");
  expect(told(device)).toMatchObject([
    { task: "command", line: 5, input: expect.stringContaining("thing.service.measurepoint.set") },
    { task: "answer", line: 5 },
  ]);
});

it("a reply that is none", () => {
  const device = withScript(`return '{"id":"1","code":"fine"}'`);
  expect(device.post(1, "thing/model/down_raw_reply", "x").code).toBe("4.00");
  expect(told(device)).toMatchObject([
    { task: "reply", input: "78", fault: "the parsing script returned JSON without a code" },
  ]);
});

it("is told at the first, tenth and hundredth time, however the numbers in it differ, and anew with a new script", () => {
  const device = withScript("throw new Error('byte ' + bytes[0])");
  for (let i = 0; i < 120; i++) device.post(1, up, Uint8Array.of(i));
  expect(told(device)).toMatchObject([{ times: 1, input: "00" }, { times: 10 }, { times: 100, input: "63" }]);
  const { cloud } = device.rig;
  cloud.products.put({ ...cloud.products.record(pk)! }, 2);
  device.post(2, up, "x");
  expect(told(device)).toHaveLength(4);
  expect(told(device)[3]).toMatchObject({ times: 1 });
});

it("counts a mere try of a script nowhere", () => {
  const device = withScript("throw 1", "throw 1");
  device.rig.cloud.products.scriptToJson(pk, Uint8Array.of(1));
  device.rig.cloud.products.scriptToRaw(pk, "{}");
  expect(told(device)).toEqual([]);
});

it("holds 32 kinds, and the rest as one; texts are cut", () => {
  const all: ToldFault[] = [];
  const faults = new ScriptFaults((one) => all.push(one));
  for (let i = 0; i < 200; i++) {
    const fault = `no ${String.fromCharCode(97 + (i >> 4), 97 + (i & 15))}`;
    faults.add("report", new Uint8Array(5000).fill(0xab), { fault, output: "y".repeat(5000) });
  }
  // 32 kinds at their first, and those behind them at the 1st, 10th and 100th.
  expect(all).toHaveLength(35);
  const [{ input, output }] = all;
  expect(input).toBe(`${"ab".repeat(100)}... (5000 bytes)`);
  expect(output).toBe(`${"y".repeat(200)}...`);
});

it("is a line on the console: printable, with input and output, and no secret", () => {
  const device = withScript("return 'red \\u001b[31m'");
  device.post(1, up, Uint8Array.of(0xab));
  const [event] = eventsOf(device.rig, "script-fault");
  expect(describeCloud(event, false)).toBe(
    `parsing script of ${pk}, for a report: the parsing script returned: not JSON; input ab, output red \\u001b[31m`,
  );
  expect(describeCloud({ ...event, times: 10 }, false)).toMatch(/, 10 times so far$/);
  expect(JSON.stringify(device.rig.events)).not.toContain(demoSecret);
  expect(demoDevice.deviceSecret).toBe(demoSecret);
});
