/** The project's own parsing scripts come to the same in V8, which fleets use, as in QuickJS, which runs everybody's. */
import fc from "fast-check";
import { beforeAll, expect, it, test } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Fleet } from "../../../../host-sim/sim/fleet/fleet";
import { ownScriptEngine } from "../../../../host-sim/sim/fleet/own-script";
import { commandsAs } from "../../../../host-sim/sim/world/device-options";
import { productRecord } from "../../../../host-sim/sim/world/products";
import type { Script, ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";

const formats = ["compact", "raw"] as const;

let quickJs: ScriptEngine;
beforeAll(async () => void (quickJs = await loadScriptEngine(() => 0)));

function compiled(engine: ScriptEngine, source: string): Script {
  const script = engine.compile(source);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}

/** What a script gave, or that it gave nothing: the two tell of a fault in words of their own. */
const outcome = <T extends object | string>(made: T): unknown =>
  typeof made === "object" && "fault" in made ? "a fault" : made;

test.each(formats)("all that a small fleet has its script do, in format %s", async (format) => {
  let calls = 0;
  const both: ScriptEngine = {
    compile(source) {
      const own = compiled(ownScriptEngine, source);
      const judge = compiled(quickJs, source);
      const same = <T extends object | string>(made: T, judged: T): T => {
        calls += 1;
        expect(outcome(made)).toEqual(outcome(judged));
        return made;
      };
      return {
        rawToJson: (bytes) => same(own.rawToJson(bytes), judge.rawToJson(bytes)),
        jsonToRaw: (json) => same(own.jsonToRaw(json), judge.jsonToRaw(json)),
        dispose: () => {},
        ...{ lastSealed: undefined, seals: false },
      };
    },
    at: () => both,
  };
  const fleet = new Fleet({
    ...{
      seed: 5,
      first: 0,
      end: 6,
      mix: [0.6, 0.2, 0.2],
      edition: "token",
      modem: "sim7020",
      format,
      scriptEngine: both,
    },
    ...{ devicesPerCell: 6, settings: { interval: 300, batch: 2, sleep: "deep" }, journalSize: 131_072 },
  });
  for (const device of fleet.devices) device.powerOn();
  await fleet.run(4 * 3_600_000);
  expect(calls).toBeGreaterThan(250);
});

it("is the same for bytes and texts of anybody", () => {
  for (const format of formats) {
    const { script = "" } = productRecord("demo", "PK", commandsAs(format));
    const own = compiled(ownScriptEngine, script);
    const judge = compiled(quickJs, script);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(outcome(own.rawToJson(bytes))).toEqual(outcome(judge.rawToJson(bytes)));
      }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string().filter((text) => !text.includes("\0")),
        ),
        (json) => {
          expect(outcome(own.jsonToRaw(json))).toEqual(outcome(judge.jsonToRaw(json)));
        },
      ),
    );
  }
});

it("tells of a script that is none", () => {
  expect(ownScriptEngine.compile("function (")).toEqual({ fault: expect.any(String) as unknown });
});
