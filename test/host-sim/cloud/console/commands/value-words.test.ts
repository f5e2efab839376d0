/** What a command does and what came of it, with the names, units and words of the model. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  hintOf,
  memberWords,
  titleOf,
  valueWords,
} from "../../../../../host-sim/cloud/console/page/commands/value-words";
import { readModel } from "../../../../../host-sim/model/read-model";
import type { Command } from "../../../../../host-sim/cloud/console/page/commands/command";
import type { Model, ModelType } from "../../../../../host-sim/model/model";

const model = readModel(readFileSync("firmware/product/model.json", "utf8")) as Model;
const command = (more: Partial<Command>): Command => ({
  ...{ id: "1", kind: "set", path: "", status: "pending", pendingTtl: 0, responseTimeout: 30 },
  ...{ createdAt: 0, offers: 0 },
  ...more,
});
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test.each<[Partial<Command>, string, string]>([
  [{ points: { relay: 1 } }, "Set Relay", "on (1)"],
  [{ points: { relay: 0, other: 2 } }, "Set measure points", "Relay off (0), other 2"],
  [{ kind: "get", points: ["temperature", "none"] }, "Read", "Temperature, none"],
  [{ kind: "service", service: "reboot", inputs: { delay: 5 } }, "Restart the device", "delay 5 s"],
  [
    { kind: "service", service: "calibrate", inputs: { reference: { temperature: 21.5, source: "lab" } } },
    "Calibrate the sensors against a reference",
    'reference { temperature 21.5 °C, source "lab" }',
  ],
  [{ kind: "raw", payload: "0200ff", requestId: 1 }, "Raw command", "02 00 ff"],
  [{ kind: "upgrade", inputs: { version: "1.3.0" } }, "Upgrade of the firmware", "to 1.3.0"],
  // Kept by a version that did not know what was asked.
  [{ kind: "service", service: "gone" }, "gone", ""],
])("%j is called %s", (more, what, values) => {
  const title = titleOf(command(more), model);
  expect([title.what, plain(title.with)]).toEqual([what, values]);
});

test("values are written as people write them", () => {
  expect(valueWords([0.1, -0.25], { type: "array", items: "double" })).toBe("[0.1, -0.25]");
  expect(valueWords("a\u202e")).toBe('"a\u202e"');
  expect(valueWords(true, { type: "bool" })).toBe("true");
  expect(memberWords({})).toBe("");
});

test.each<[ModelType & { optional?: boolean }, string]>([
  [{ type: "int", range: [0, 3600], unit: "s" }, "whole number, 0 to 3,600 s"],
  [{ type: "double", unit: "degC", optional: true }, "number, optional"],
  [{ type: "string", maxLength: 32 }, "text, at most 32 bytes"],
  [{ type: "array", items: "string", maxItems: 8 }, "list of texts, at most 8"],
  [{ type: "bool" }, ""],
])("%j has a hint", (type, words) => {
  expect(plain(hintOf(type))).toBe(words);
});
