/** What a script is tried against, as people type and copy it. */
import { sealedModel } from "../../sealed-product";
import { describe, expect, test } from "vitest";
import {
  readInput,
  samplesOfModel,
  spacedHex,
} from "../../../../../host-sim/cloud/console/page/product/trial-input";
import { Product } from "../../../../../host-sim/cloud/registry/product";
import { verdictOfCommand } from "../../../../../host-sim/cloud/enos/script-verdict";
import { manualProduct } from "../../script/manual-product";
import { readFileSync } from "node:fs";

describe("bytes", () => {
  test.each([
    ["01020A", "01020a"],
    ["01 02 0a", "01020a"],
    ["01:02:0a\n", "01020a"],
    ["0x01, 0x02, 0x0A", "01020a"],
  ])("%j", (text, bytes) => {
    expect(readInput("up", text)).toEqual({ body: { bytes } });
  });

  test.each([
    ["0", "1 hexadecimal digits: a byte has two"],
    ["0g", '"g" is no hexadecimal digit'],
    ["", undefined],
    [" \n", undefined],
  ])("%j is none", (text, problem) => {
    expect(readInput("up", text)).toEqual({ problem });
  });

  test("are shown 16 a line", () => {
    expect(spacedHex("00".repeat(17))).toBe(`${Array(16).fill("00").join(" ")}\n00`);
  });
});

describe("JSON", () => {
  test("is told where it stops being JSON", () => {
    expect(readInput("down", '{"a": [1, 2]}')).toEqual({ body: { json: { a: [1, 2] } } });
    expect(readInput("down", '{"a": }')).toEqual({
      problem: "not JSON, line 1 column 7: expected a value, got }",
    });
  });

  test.each([
    ["the manual's product", manualProduct("p").model],
    ["a sealed product", sealedModel()],
    ["the demo product", JSON.parse(readFileSync("firmware/product/model.json", "utf8"))],
  ])("what is made from the model of %s is what the model takes", (_what, model) => {
    const product = new Product({ productKey: "p", model, payload: "raw" }, undefined);
    const samples = samplesOfModel(product.model);
    expect(samples.length).toBeGreaterThan(1);
    for (const { json } of samples) expect(verdictOfCommand(json, product).refused).toBeUndefined();
  });
});
