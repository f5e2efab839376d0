/** A model that says that its product is sealed: what is read, refused, remembered, and written of it. */
import { describe, expect, test } from "vitest";
import { generate } from "../../../host-sim/model/generate";
import { emptyLock, lockText, readLock, updateLock } from "../../../host-sim/model/lock";
import { faultLine, sealedOf } from "../../../host-sim/model/model";
import { readModel } from "../../../host-sim/model/read-model";
import { deviceKeyOf, downKey, expand, markOf, rootOf, upKeys } from "../../../host-sim/model/seal/keys";
import { example, generated, sound } from "./script";
import type { Lock } from "../../../host-sim/model/lock";
import type { Model } from "../../../host-sim/model/model";

type Json = Record<string, unknown>;

const base = {
  format: 2,
  product: "p",
  version: 1,
  measurepoints: [{ identifier: "a", number: 1, type: "int" }],
};

function faultsOf(value: unknown): string[] {
  const read = readModel(JSON.stringify(value));
  return "product" in read ? [] : read.map(faultLine);
}

const plain = sound(base);
const sealed = (seal: unknown = true): Model => sound({ ...base, sealed: seal });

describe("the line in the model", () => {
  const off = { proof: false, mark: false, migrating: false };
  const rows: [given: unknown, kept: unknown, means: unknown][] = [
    [true, true, off],
    [{}, true, off],
    [{ proof: false, mark: false, migrating: false }, true, off],
    [{ proof: true }, { proof: true }, { ...off, proof: true }],
    [{ mark: true, proof: false }, { mark: true }, { ...off, mark: true }],
    [{ migrating: true }, { migrating: true }, { ...off, migrating: true }],
    [
      { migrating: true, mark: true, proof: true },
      { proof: true, mark: true, migrating: true },
      { proof: true, mark: true, migrating: true },
    ],
  ];
  test.each(rows)("%j", (given, kept, means) => {
    const model = sealed(given);
    expect(JSON.stringify(model.sealed)).toBe(JSON.stringify(kept));
    expect(sealedOf(model)).toEqual(means);
    // Read again, it says the same.
    expect(sound(model)).toStrictEqual(model);
  });

  test("left out, or false, the product is plain", () => {
    expect(sealedOf(plain)).toBeUndefined();
    expect(sound({ ...base, sealed: false })).toStrictEqual(plain);
  });

  const form = '"mark": true, "migrating": true } with those of them that you want';
  const refused: [what: string, sealed: unknown, line: string][] = [
    ["a word", "yes", `$.sealed: is "yes"; write true, or { "proof": true, ${form}`],
    ["nothing", null, `$.sealed: is null; write true, or { "proof": true, ${form}`],
    ["a list", [true], `$.sealed: is an array of 1; write true, or { "proof": true, ${form}`],
    [
      "a name that is none",
      { prof: true },
      '$.sealed: has "prof", which is nothing here; remove it or correct its name (proof, mark, migrating)',
    ],
    [
      "proof that is no flag",
      { proof: "yes" },
      '$.sealed.proof: is "yes"; write true when a reading is released only by an answer that proves it came from the script',
    ],
    [
      "migrating that is no flag",
      { migrating: 1 },
      "$.sealed.migrating: is 1; write true while devices of before still send plain messages",
    ],
    [
      "a key, which is no part of a model",
      { master: "8f3a1c5e" },
      '$.sealed: has "master", which is nothing here; remove it or correct its name (proof, mark, migrating)',
    ],
  ];
  test.each(refused)("%s is refused", (_what, seal, line) => {
    expect(faultsOf({ ...base, sealed: seal })).toEqual([line]);
  });

  test("in a file that states no format it is a word of the other one", () => {
    const { format: _, ...before } = { ...base, measurepoints: [], sealed: true };
    expect(faultsOf(before)).toEqual([
      "$.sealed: is a word of format 2, and the file does not state it; " +
        'add "format": 2 at its top, where date is a text and timestamp is epoch ms',
    ]);
  });
});

describe("identifiers that the seal has a use for", () => {
  const device = "by which the operator of a sealed product names a command's device";
  const mark = "by which a reading shows that it was sealed";
  const remedy = "choose another identifier; --export writes that one by itself";
  const point = (identifier: string): Json => ({
    measurepoints: [{ identifier, number: 1, type: "string" }],
  });
  const service = (fields: Json): Json => ({
    services: [{ identifier: "go", number: 17, inputs: [], outputs: [], ...fields }],
  });
  const text = (identifier: string): Json => ({ identifier, type: "string" });
  const struct = { identifier: "s", type: "struct", fields: [{ ...text("deviceKey"), number: 1 }] };

  const rows: [what: string, seal: unknown, more: Json, lines: string[]][] = [
    [
      "a point",
      true,
      point("deviceKey"),
      [`$.measurepoints[0].identifier: is "deviceKey", ${device}; ${remedy}`],
    ],
    [
      "an input, anywhere",
      { migrating: true },
      service({ inputs: [text("x"), text("deviceKey")] }),
      [`$.services[0].inputs[1].identifier: is "deviceKey", ${device}; ${remedy}`],
    ],
    [
      "a point, with mark",
      { mark: true },
      point("sealed"),
      [`$.measurepoints[0].identifier: is "sealed", ${mark}; ${remedy}`],
    ],
    ["a point called sealed, without mark", true, point("sealed"), []],
    ["an output", { mark: true }, service({ outputs: [text("deviceKey"), text("sealed")] }), []],
    ["an input called sealed", { mark: true }, service({ inputs: [text("sealed")] }), []],
    ["a field of a struct", true, service({ inputs: [struct] }), []],
    [
      "an attribute, and what an event tells",
      true,
      {
        attributes: [text("deviceKey")],
        events: [{ identifier: "e", outputs: [text("deviceKey")] }],
      },
      [],
    ],
    [
      "a plain product's",
      undefined,
      { ...point("deviceKey"), ...service({ inputs: [text("deviceKey")] }) },
      [],
    ],
    ["one that says it is plain", false, point("deviceKey"), []],
  ];
  test.each(rows)("%s: %j", (_what, seal, more, lines) => {
    expect(faultsOf({ ...base, ...more, ...(seal === undefined ? {} : { sealed: seal }) })).toEqual(lines);
  });
});

describe("the lock", () => {
  const lockOf = (model: Model): Lock => {
    const lock = updateLock(emptyLock, model);
    if ("points" in lock) return lock;
    throw new Error(lock.map(faultLine).join("\n"));
  };
  const remedy = "put it back, or say by --unseal that it is meant";
  const off =
    "$.sealed: is off, and devices in the field are sealed: the script could not open what they send, they would take no " +
    `command, and what replaces them could be read, changed and commanded by anybody on the path; ${remedy}`;
  const migrating =
    "$.sealed.migrating: is migrating again, and that was over: the script would take plain messages, " +
    `which anybody can make up; ${remedy}`;
  const proof =
    "$.sealed.proof: is off, and devices in the field wait for it: " +
    `they would release no reading by the answers without it; ${remedy}`;
  const mark =
    "$.sealed.mark: is off, and whoever uses the data tells by it what was sealed: nothing would be; " +
    remedy;

  const rows: [before: unknown, now: unknown, lines: string[]][] = [
    [undefined, true, []],
    [undefined, { proof: true, mark: true, migrating: true }, []],
    [{ migrating: true }, true, []],
    [{ migrating: true }, { migrating: true, proof: true, mark: true }, []],
    [true, { proof: true, mark: true }, []],
    [{ proof: true, mark: true }, { proof: true, mark: true }, []],
    [true, undefined, [off]],
    [true, false, [off]],
    [{ migrating: true }, undefined, [off]],
    [{ proof: true, mark: true }, undefined, [off]],
    [true, { migrating: true }, [migrating]],
    [{ proof: true }, true, [proof]],
    [{ mark: true }, true, [mark]],
    [{ proof: true, mark: true }, { migrating: true }, [migrating, proof, mark]],
  ];
  test.each(rows)("of %j, a model with %j", (before, now, lines) => {
    const model = sound({ ...base, ...(now === undefined ? {} : { sealed: now }) });
    const lock = lockOf(sound({ ...base, ...(before === undefined ? {} : { sealed: before }) }));
    const grown = updateLock(lock, model);
    expect("points" in grown ? [] : grown.map(faultLine)).toEqual(lines);
    // With the flag it is what a new product's would be.
    expect(updateLock(lock, model, true)).toStrictEqual(lockOf(model));
  });

  test("tells of numbers and of the seal at once", () => {
    const other = sound({ ...base, measurepoints: [{ identifier: "b", number: 1, type: "int" }] });
    const grown = updateLock(lockOf(sealed()), other);
    expect("points" in grown ? [] : grown.map(({ path }) => path)).toEqual([
      "$.sealed",
      "$.measurepoints[0]",
    ]);
    // The flag is for the seal alone.
    const unsealed = updateLock(lockOf(sealed()), other, true);
    expect("points" in unsealed ? [] : unsealed.map(({ path }) => path)).toEqual(["$.measurepoints[0]"]);
  });

  test("is read as it was written, and a plain product's has no word of it", () => {
    const lock = lockOf(sealed({ proof: true }));
    expect(readLock(lockText(lock))).toStrictEqual(lock);
    expect(lockText(lockOf(plain))).not.toMatch(/seal/);
    expect(readLock(lockText(lockOf(plain)))).toStrictEqual(lockOf(plain));
  });

  test.each([true, null, {}, { proof: true }, { proof: true, mark: 1, migrating: false }])(
    "with a seal of %j is none",
    (seal) => {
      const text = JSON.stringify({ format: 2, sealed: seal, points: {}, services: {} });
      expect(readLock(text)).toMatchObject({ problem: "is no lock of a thing model" });
    },
  );
});

describe("what is written", () => {
  const files = (model: Model): Record<string, string> => generated(model).files;
  const sealedExample = (seal: unknown = true): Model => sound({ ...example, sealed: seal });

  test("a plain product's has nothing of it", () => {
    for (const [name, text] of Object.entries(files(example))) {
      if (name === "sealing.ts" || name === "manifest-sealing.json") continue;
      expect(text, name).not.toMatch(/seal|ROOTS|PRODUCT_KEY/i);
    }
    expect(files(example)["sealing.ts"]).toMatch(/newSealing: NewSealing \| undefined = undefined;\n$/);
    expect(files(example)["sealing.ts"]).not.toMatch(/from "\.\.\/seal/);
    expect(JSON.parse(files(example)["manifest-sealing.json"])).toEqual({
      note: "Written by npm run model from model.json; do not edit.",
      modules: { "product/sealing": "./sealing" },
      preload: ["product/sealing"],
    });
  });

  test("a sealed product's has the room, with its options", () => {
    const { "sealing.ts": source, "manifest-sealing.json": manifest } = files(
      sealedExample({ proof: true, mark: true }),
    );
    expect(source).toContain('import { sealingOf } from "../seal/sealing";\n');
    expect(source).toContain(
      "export const newSealing: NewSealing | undefined = sealingOf({ proof: true, migrating: false });\n",
    );
    expect(JSON.parse(manifest)).toMatchObject({ include: ["../seal/manifest.json"] });
  });

  test("the firmware's table is the same: neither deviceKey nor mark is the device's", () => {
    const bare = (text: string): string => text.replaceAll(/[0-9a-f]{16}/g, "");
    const thing = files(sealedExample({ proof: true, mark: true }))["thing.ts"];
    expect(bare(thing)).toBe(bare(files(example)["thing.ts"]));
  });

  test("no file of the committed ones holds a key", () => {
    const script = files(sealedExample())["parsing-script.js"];
    expect(script).toMatch(/^var ROOTS = \[\];$/m);
    expect(script).toMatch(/^var PRODUCT_KEY = "";$/m);
  });

  test("each way to be sealed has a layout of its own, bytes and script belonging together", () => {
    const ways = [
      false,
      true,
      { proof: true },
      { mark: true },
      { migrating: true },
      { proof: true, mark: true },
    ];
    const prints = ways.map((way) => generated(sound({ ...example, sealed: way })).fingerprint);
    expect(new Set(prints).size).toBe(ways.length);
    expect(prints[0]).toBe(generated(example).fingerprint);
  });

  test("the seal is taken back with the flag alone, and then all is as it was", () => {
    const { lock } = generated(sealedExample());
    const refused = generate(example, lock);
    expect("files" in refused ? [] : refused.map(({ path }) => path)).toEqual(["$.sealed"]);
    expect(generate(example, lock, { unseal: true })).toStrictEqual(generated(example));
  });
});

describe("layout.md", () => {
  const layout = (seal: unknown): string => generated(sound({ ...example, sealed: seal })).files["layout.md"];

  test("says each first byte of a sealed product once, and each key's name", () => {
    const text = layout({ proof: true, mark: true });
    const section = text.slice(text.indexOf("## Sealed"), text.indexOf("## Measure points"));
    const rows = section.split("\n").filter((line) => line.startsWith("| "));
    for (const byte of ["07", "08", "09", "0a", "0b", "0c", "0d", "0e", "0f"]) {
      expect(
        rows.filter((row) => row.includes(`\`${byte}\``)),
        byte,
      ).toHaveLength(1);
    }
    for (const label of ["device ", "up ", "down", "nonce", "proof", "mark"]) {
      expect(section).toContain(`"enos-seal/1 ${label}"`);
    }
  });

  test("says of answers, mark and plain messages what the product has", () => {
    expect(layout(true)).toMatch(/^\| answer to either \| request id u32, code u16: plain \|$/m);
    expect(layout({ proof: true })).toMatch(
      /^\| answer to either \| request id u32, code u16, mac 8 bytes: proven \|$/m,
    );
    expect(layout(true)).toContain("A plain message is refused, at both ends.");
    expect(layout({ migrating: true })).toContain(
      "The product is migrating: plain messages are taken as well",
    );
    expect(layout(true)).not.toMatch(/enos-seal\/1 (mark|proof)/);
  });

  /** Keys by the lines of the document alone: HKDF-Expand of what stands in the parentheses. */
  test("its keys are those of the tool", () => {
    const names: Record<string, string> = {
      PRODUCT: "AbCdEfGh",
      DEVICE: "864600031234566",
      salt: "\u0001".repeat(8),
    };
    const root = rootOf(Buffer.alloc(32, 7));
    const keys: Record<string, Buffer> = { root };
    for (const [, name, key, words] of layout({ proof: true, mark: true }).matchAll(
      /^([a-z ]+?) +Expand\(([a-z ]+), ([^)]*)\)/gm,
    )) {
      const info = words.replaceAll(
        /"([^"]*)"|([A-Za-z]+)| +/g,
        (_, text?: string, word = "") => text ?? names[word] ?? "",
      );
      keys[name] = expand(keys[key], info);
    }
    const device = deviceKeyOf(root, "AbCdEfGh", "864600031234566");
    expect(keys["device key"]).toEqual(device);
    expect(keys.up.subarray(0, 16)).toEqual(upKeys(device, Buffer.alloc(8, 1)).key);
    expect(keys.up.subarray(16, 29)).toEqual(upKeys(device, Buffer.alloc(8, 1)).nonce);
    expect(keys.down.subarray(0, 16)).toEqual(downKey(device));
    expect(keys.mark.toString("hex", 0, 8)).toBe(markOf(device));
  });
});
