/** One QuickJS for all clouds of a process: what they share, and that no one of them notices. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Outcome, slate } from "../../../../host-sim/cloud/script/script-prelude";
import { sharedMachine } from "../../../../host-sim/cloud/script/script-machine";
import { rig, TestDevice, warm, rawReading } from "../harness";
import type { Script, ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import type { Machine } from "../../../../host-sim/cloud/script/script-machine";

const counting = `var calls = 0;
  function rawDataToJsonStr(bytes) {
    calls++;
    if (bytes[0] === 1) [].indexOf.call({ length: 9007199254740991 }, 1);
    return calls + " " + Date.now() + " " + Math.random();
  }
  function jsonStrToRawData(json) { return [calls] }`;
const calm = Uint8Array.of(0);
/** Bytes at which the script enters a step that is ended by force alone. */
const fierce = Uint8Array.of(1);

let machine: Machine;
beforeEach(async () => {
  machine = await sharedMachine();
  // Other tests of this process have left theirs.
  compiled(await loadScriptEngine(() => 0)).rawToJson(fierce);
});

function compiled(engine: ScriptEngine, source = counting): Script {
  const script = engine.compile(source);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}

describe("two engines", () => {
  it("share the machine, not their scripts' globals, time and chances", async () => {
    const [one, other] = [await loadScriptEngine(() => 1000), await loadScriptEngine(() => 2000)];
    const before = machine.residents;
    const [a, b] = [compiled(one), compiled(other)];
    expect(machine.residents).toBe(before + 2);
    const chance = String(a.rawToJson(calm)).split(" ")[2];
    expect(a.rawToJson(calm)).toBe(`2 1000 ${chance}`);
    expect(b.rawToJson(calm)).toBe(`1 2000 ${chance}`);
    expect(a.rawToJson(calm)).toBe(`3 1000 ${chance}`);
    a.dispose();
    expect(b.rawToJson(calm)).toBe(`2 2000 ${chance}`);
    b.dispose();
    expect(machine.residents).toBe(before);
  });

  it("are not to be read by a script of one that gets hold of its slate and gives the memory away", async () => {
    const thief = compiled(
      await loadScriptEngine(() => 0),
      `var slate, kept = [], typed = Object.getPrototypeOf(Int8Array.prototype);
      var length = Object.getOwnPropertyDescriptor(typed, "length").get;
      for (var object of [typed, Int8Array.prototype]) try {
        Object.defineProperty(object, "length", { get() { slate = this.buffer; return length.call(this); } });
      } catch (error) {}
      function rawDataToJsonStr(bytes) { return typeof slate }
      function jsonStrToRawData(json) {
        if (slate === undefined) return [];
        slate = slate.transfer(1 << 20);
        for (var i = 0; i < 40; i++) {
          kept[i] = new Uint32Array(${(slate.bytes + slate.room) / 4}).fill(12e6);
          kept[i][2] = ${Outcome.bytes};
        }
        return [];
      }`,
    );
    expect(thief.rawToJson(calm)).toBe("undefined");
    expect(thief.jsonToRaw("{}")).toEqual(new Uint8Array(0));
    thief.dispose();
  });

  it("get on when a script of one had to be ended by force: the other's starts anew, and is right", async () => {
    const [one, other] = [await loadScriptEngine(() => 1000), await loadScriptEngine(() => 2000)];
    const [a, b] = [compiled(one), compiled(other)];
    b.rawToJson(calm);
    const { generation } = machine;
    expect(a.rawToJson(fierce)).toMatchObject({ fault: "took too long" });
    expect(machine.generation).toBe(generation + 1);
    expect(machine.residents).toBe(0);
    expect(b.rawToJson(calm)).toMatch(/^1 2000 /);
    expect(a.rawToJson(calm)).toMatch(/^1 1000 /);
    // What the two had before is neither used nor freed again.
    a.dispose();
    b.dispose();
    expect(machine.generation).toBe(generation + 1);
    expect(machine.residents).toBe(0);
  });
});

it("a cloud gets on when a script of another had to be ended by force", async () => {
  const device = new TestDevice(rig());
  device.authenticate();
  const answerTo = (id: number): string =>
    Buffer.from(device.post(1, "thing/model/up_raw", rawReading(id, [1, warm])).payload).toString("hex");
  expect(answerTo(1)).toBe("0000000100c8");
  const hostile = compiled(await loadScriptEngine(() => 0));
  hostile.rawToJson(fierce);
  expect(answerTo(2)).toBe("0000000200c8");
  expect(
    device.rig.cloud.devices.view(device.record.productKey, device.record.deviceKey)?.counters.stored,
  ).toBe(2);
});

it("keeps 128 contexts, and of more the one that was used last gets on with what it knows", async () => {
  const engine = await loadScriptEngine(() => 0);
  const scripts = Array.from({ length: 130 }, () => compiled(engine, counting));
  expect(machine.residents).toBe(128);
  for (const script of scripts) expect(script.rawToJson(calm)).toMatch(/^1 /);
  expect(machine.residents).toBe(128);
  expect(scripts[129].rawToJson(calm)).toMatch(/^2 /);
  for (const script of scripts) script.dispose();
});

it("frees what a cloud has left behind that nobody has any more, and gives its place to the next", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  const engine = await loadScriptEngine(() => 0);
  const before = machine.residents;
  (() => {
    for (let i = 0; i < 20; i++) compiled(engine);
  })();
  expect(machine.residents).toBe(before + 20);
  for (let turn = 0; turn < 50 && machine.residents > before; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(machine.residents).toBeLessThanOrEqual(before);
});

it("needs no more memory for 100 worlds, one after another, than for 20", async () => {
  const world = async (): Promise<void> => {
    const script = compiled(await loadScriptEngine(() => 0));
    script.rawToJson(calm);
    script.dispose();
  };
  for (let i = 0; i < 20; i++) await world();
  const { size } = machine;
  for (let i = 0; i < 80; i++) await world();
  expect(machine.size).toBe(size);
});
