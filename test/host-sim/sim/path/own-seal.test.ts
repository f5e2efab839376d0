/** An envelope of somebody's own is one to the last byte: the parsing script with his master opens it, and no other. */
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { OwnSeal } from "../../../../host-sim/sim/path/own-seal";
import { variantFiles } from "../../../../host-sim/sim/world/product-variant";
import { SealedProduct } from "../../../../host-sim/sim/world/sealed-product";
import { epoch } from "../../../../host-sim/sim/world/world";
import type { Script, ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";

const master = Buffer.alloc(32, 0x3c);
const salt = Buffer.from("0123456789abcdef", "hex");
const productKey = "AbCdEfGh";
const imei = "356938035643809";
/** `01 | request id | relay 1` */
const plain = Buffer.from("01 00000007 04 0004 00000001".replaceAll(" ", ""), "hex");

let engine: ScriptEngine;
beforeAll(async () => void (engine = await loadScriptEngine(() => epoch)));

function compiled(source: string | undefined): Script {
  const script = engine.compile(source!);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}
const keyed = (key: Uint8Array): Script =>
  compiled(new SealedProduct("demo", { sealed: true }, productKey, key).record().script);

describe.each([imei, "356938035643808", "board-7", "x".repeat(255)])("of a device called %s", (deviceKey) => {
  it("is opened by the script with his master, in its name", () => {
    const script = keyed(master);
    const seal = new OwnSeal(master, salt);
    for (let i = 0; i < 258; i++) {
      const envelope = seal.seal(productKey, deviceKey, plain);
      if (i > 1 && i < 254) continue;
      const json = script.rawToJson(envelope);
      if (typeof json !== "string") throw new Error(`envelope ${i}: ${json.fault}`);
      expect(JSON.parse(json)).toMatchObject({
        params: [{ productKey, deviceKey, measurepoints: { relay: 1 } }],
      });
      expect(script.lastSealed).toMatchObject({ deviceKey, salt: salt.toString("hex"), counter: i });
    }
  });

  it("is refused by a script with another master, or with none", () => {
    const envelope = new OwnSeal(master, salt).seal(productKey, deviceKey, plain);
    const keyless = variantFiles("demo", { sealed: true }).generated.files["parsing-script.js"];
    expect(keyed(Buffer.alloc(32, 0x3d)).rawToJson(envelope)).toMatchObject({ refusal: "forged" });
    expect(compiled(keyless).rawToJson(envelope)).toMatchObject({ refusal: "no roots" });
  });
});

test("it has 25 bytes at most beside what is in it, for an IMEI", () => {
  const seal = new OwnSeal(master, salt);
  const added = Array.from({ length: 300 }, () => seal.seal(productKey, imei, plain).length - plain.length);
  expect([added[0], added[255], added[256]]).toEqual([24, 24, 25]);
});
