/** What `"remoteSettings": true` adds to a model, against the readers of the firmware that judge its values. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { readSettings } from "../../../firmware/device/settings";
import { remoteNames } from "../../../firmware/remote-settings/remote-names";
import { generate } from "../../../host-sim/model/generate";
import { readLock } from "../../../host-sim/model/lock";
import { faultLine } from "../../../host-sim/model/model";
import { readModel } from "../../../host-sim/model/read-model";
import { settingsPart } from "../../../host-sim/model/settings-model";
import type { Generated } from "../../../host-sim/model/generate";
import type { Lock } from "../../../host-sim/model/lock";

const own = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as object;
const lock = readLock(readFileSync("firmware/product/model.lock.json", "utf8")) as Lock;

function made(flags: object, before = lock): Generated {
  const model = readModel(JSON.stringify({ ...own, ...flags }));
  if (!("product" in model)) throw new Error(model.map(faultLine).join("\n"));
  const generated = generate(model, before);
  if (!("files" in generated)) throw new Error(generated.map(faultLine).join("\n"));
  return generated;
}

const fields = settingsPart(true).services[0].inputs[0].fields!;

describe("a setting's field", () => {
  it("has the number of its place, which storage has too", () => {
    expect(fields.map(({ identifier, number }) => [identifier, number])).toEqual(
      remoteNames.map(({ name }, place) => [name, place + 1]),
    );
    expect(fields.every(({ optional }) => optional === true)).toBe(true);
  });

  const words = fields.filter(({ type, identifier }) => type === "enum" && identifier !== "updates");
  test.each(words.map((field) => [field.identifier, field] as const))(
    "%s has the reader's words",
    (name, field) => {
      const complaint = (() => {
        try {
          readSettings({ server: "203.0.113.5", [name]: "no such word" });
          return "";
        } catch (error) {
          return (error as Error).message;
        }
      })();
      const [, list] = /it must be one of (.*)$/.exec(complaint)!;
      // A word may have a comma in it, and none has a blank.
      expect(Object.values(field.values!)).toEqual(list.split(", "));
    },
  );

  test.each(
    fields
      .filter(({ identifier }) => !identifier.startsWith("update"))
      .map((each) => [each.identifier, each] as const),
  )("%s is of the kind that the reader takes", (name, { type }) => {
    const value = {
      bool: true,
      int: 80,
      enum: undefined,
      string: name === "bands" ? "8,20" : "26201",
    }[type as "bool"];
    if (value === undefined) return;
    expect(readSettings({ server: "203.0.113.5", [name]: String(value) })).toHaveProperty(
      name,
      name === "bands" ? [8, 20] : value,
    );
  });
});

describe("a model with it", () => {
  it("is the product's own without it, but for what is in its manifest", () => {
    const { files, lock: after } = made({});
    expect(files["thing.ts"]).toBe(readFileSync("firmware/product/thing.ts", "utf8"));
    expect(after).toEqual(lock);
    for (const [name, text] of Object.entries(files))
      expect(text, name).not.toMatch(/remote-settings\/manifest|change_settings/);
  });

  it("has the room, the services under numbers of their own, and no handler for the application to write", () => {
    const { files, lock: after } = made({ remoteSettings: true });
    expect(files["remote-settings.ts"]).toContain(
      'import { newSettingsFromAfar } from "../remote-settings/remote-settings";\n',
    );
    expect(JSON.parse(files["manifest-remote-settings.json"])).toMatchObject({
      include: ["../remote-settings/manifest.json"],
    });
    const numbers = Object.entries(after.services).map(([number, { identifier }]) => [number, identifier]);
    expect(numbers.slice(-2)).toEqual([
      ["21", "change_settings"],
      ["22", "fetch_settings"],
    ]);
    expect(files["thing.ts"]).toMatch(
      /Exclude<keyof Services, "restart" \| "fetch_log"[^>]*"change_settings"/,
    );
  });

  it("keeps what its bytes mean as the product gets updates, and loses them", () => {
    const first = made({ remoteSettings: true });
    const second = made({ remoteSettings: true, update: true }, first.lock);
    expect(second.files["thing.ts"]).toContain('identifier: "updateBlocks"');
    expect(first.files["thing.ts"]).not.toContain('identifier: "updateBlocks"');
    const third = made({ remoteSettings: true }, second.lock);
    expect(third.lock).toEqual(second.lock);
    expect(third.files["thing.ts"].replace(/[0-9a-f]{16}/g, "")).toBe(
      first.files["thing.ts"].replace(/[0-9a-f]{16}/g, ""),
    );
  });

  it("refuses an attribute, and an event, of the product's own that are called so", () => {
    const attribute = { identifier: "remote_settings", type: "int" };
    const event = { identifier: "settings_taken_back", outputs: [] };
    const model = readModel(
      JSON.stringify({ ...own, remoteSettings: true, attributes: [attribute], events: [event] }),
    );
    if (!("product" in model)) throw new Error(model.map(faultLine).join("\n"));
    expect((generate(model, lock) as readonly { path: string }[]).map(({ path }) => path)).toEqual([
      "$.attributes[0].identifier",
      "$.events[0].identifier",
    ]);
  });
});
