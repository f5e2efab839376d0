import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { obeyed, run } from "./command-line";

interface ModelFile {
  version: number;
  measurepoints: { identifier: string; number: number; type: string; [detail: string]: unknown }[];
  services: unknown[];
}

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "model-"));
  file = join(folder, "model.json");
  cpSync("firmware/product/model.json", file);
  cpSync("firmware/product/model.lock.json", join(folder, "model.lock.json"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
function edit(change: (model: ModelFile) => void): void {
  const model = JSON.parse(read("model.json")) as ModelFile;
  change(model);
  writeFileSync(file, JSON.stringify(model));
}

/** Refused for a mistake of the user's: exit code 2 and these lines, no stack, nothing written. */
async function refused(args: string[], ...lines: RegExp[]): Promise<void> {
  const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
  const { code, stdout, stderr } = await obeyed(["model", ...args]);
  expect(stderr.trimEnd().split("\n")).toEqual(lines.map((line) => expect.stringMatching(line) as string));
  expect([code, stdout]).toEqual([2, ""]);
  expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs])).toEqual(before);
}

test.each(["product", "room"])("the files in firmware/%s are as its model says", async (folder) => {
  const { code, stdout, stderr } = await run(["model", `firmware/${folder}/model.json`, "--check"]);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: `firmware/${folder}/model.json: all files are as the model says\n`,
    stderr: "",
  });
});

test("writes twelve files, and the second time none", async () => {
  rmSync(join(folder, "model.lock.json"));
  const first = await obeyed(["model", file]);
  expect([first.code, first.stderr]).toEqual([0, ""]);
  expect(first.stdout).toMatch(/^Climate node, version 1, layout [0-9a-f]{16}\n( {2}written .*\n){12}$/);
  const sources = ["thing.ts", "sealing.ts", "update.ts", "health.ts", "remote-settings.ts"];
  const manifests = ["sealing", "update", "health", "remote-settings"].map((each) => `manifest-${each}.json`);
  const same = ["layout.md", "model.lock.json", "parsing-script.js", ...manifests];
  expect(readdirSync(folder).sort()).toEqual([...same, "model.json", ...sources].sort());
  for (const name of same) {
    expect(read(name)).toBe(readFileSync(`firmware/product/${name}`, "utf8"));
  }
  const plain = (text: string): string => text.replaceAll(/from ".*\/firmware\//g, 'from "../');
  for (const name of sources) {
    expect(plain(read(name))).toBe(readFileSync(`firmware/product/${name}`, "utf8"));
  }
  const again = await obeyed(["model", file]);
  expect(again.stdout).toMatch(/\n( {2}unchanged .*\n){12}$/);
});

test("--out writes elsewhere, the lock stays with the model", async () => {
  const out = join(folder, "deep", "er");
  expect((await obeyed(["model", file, "--out", out])).code).toBe(0);
  expect(readdirSync(out).sort()).toEqual([
    "health.ts",
    "layout.md",
    ...["health", "remote-settings", "sealing", "update"].map((each) => `manifest-${each}.json`),
    "parsing-script.js",
    "remote-settings.ts",
    "sealing.ts",
    "thing.ts",
    "update.ts",
  ]);
  expect((await obeyed(["model", file, "--out", out, "--check"])).code).toBe(0);
});

describe("--check", () => {
  test("names what is out of date, with exit code 1, and writes nothing", async () => {
    await obeyed(["model", file]);
    writeFileSync(join(folder, "layout.md"), `${read("layout.md")}\n`);
    const lock = read("model.lock.json");
    edit((model) => model.measurepoints.push({ identifier: "new", number: 7, type: "bool" }));
    const { code, stdout, stderr } = await obeyed(["model", file, "--check"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `${file}: not what the model says: ` +
        ["model.lock.json", "thing.ts", "parsing-script.js", "layout.md"]
          .map((name) => join(folder, name))
          .join(", ") +
        `; run npm run model -- ${file}\n`,
    );
    expect(read("model.lock.json")).toBe(lock);
  });

  test("a file is missing", async () => {
    const { code, stderr } = await obeyed(["model", file, "--check"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/thing\.ts/);
    expect(existsSync(join(folder, "thing.ts"))).toBe(false);
  });
});

describe("the lock", () => {
  test("changing a point's type in the example model without a new number is refused, naming the point", async () => {
    edit((model) => {
      model.measurepoints[0].type = "float";
    });
    const line =
      /model\.json: \$\.measurepoints\[0\]: "temperature" has number 1, which is type "double" in the field; give it a new number, next free is 7$/;
    await refused([file], line);
    await refused([file, "--check"], line);
    // With the number that it is told, it is taken.
    edit((model) => {
      model.measurepoints[0].number = 7;
    });
    const { code, stderr } = await obeyed(["model", file]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(read("layout.md")).toMatch(
      /## Retired numbers, never to be used again\n\n.*\n.*\n\| 1 \| temperature \|/,
    );
  });

  test("a number that is retired is not given again", async () => {
    edit((model) => {
      model.measurepoints.shift();
    });
    expect((await obeyed(["model", file])).code).toBe(0);
    edit((model) => {
      model.measurepoints.push({ identifier: "pressure", number: 1, type: "double" });
    });
    await refused(
      [file],
      /"pressure" has number 1, which is identifier "temperature" in the field; give it a new number/,
    );
  });

  test("that cannot be read is not overwritten", async () => {
    writeFileSync(join(folder, "model.lock.json"), "<<<<<<< HEAD\n");
    await refused(
      [file],
      /model\.lock\.json: \$: is no lock of a thing model; restore it from version control/,
    );
  });
});

describe("mistakes are told in one line each", () => {
  test("all faults of a model", async () => {
    edit((model) => {
      model.measurepoints[0].number = 0;
      model.measurepoints[3].number = 2;
      model.measurepoints[4].range = [5, 1];
      model.services.push({});
    });
    await refused(
      [file],
      /model\.json: \$\.measurepoints\[0\]\.number: is 0; write a whole number from 1 to 255/,
      /\$\.services\[4\]: lacks "identifier"; add "identifier"/,
      /\$\.services\[4\]: lacks "number"/,
      /\$\.services\[4\]: lacks "inputs"/,
      /\$\.services\[4\]: lacks "outputs"/,
      /\$\.measurepoints\[3\]\.number: is 2, as that of the measure point at \$\.measurepoints\[1\]/,
      /\$\.measurepoints\[4\]\.range: starts at 5, above its end 1/,
    );
  });

  test("no file, no JSON, a folder, no argument", async () => {
    await refused([join(folder, "none.json")], /none\.json: no such file; name the product's model\.json$/);
    await refused([folder], /cannot be read: it is a folder, EISDIR/);
    writeFileSync(file, '{"product":');
    await refused(
      [file],
      /model\.json: \$: no JSON, line 1 column 12: expected a value, got the end; correct it there$/,
    );
    await refused([], /^npm run model needs <file>: the thing model, such as /);
    await refused([file, "--wrong"], /^npm run model has no option --wrong: /);
  });

  test("a file that is not ours is not overwritten", async () => {
    writeFileSync(join(folder, "thing.ts"), "export const mine = 1;\n");
    await refused(
      [file],
      /thing\.ts: was not written by this command; move it away, or choose another --out$/,
    );
  });

  test("a place that cannot be written", async () => {
    writeFileSync(join(folder, "taken"), "");
    const { code, stderr } = await obeyed(["model", file, "--out", join(folder, "taken", "deeper")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^cannot write \S+: .*(?:EEXIST|ENOTDIR)\n$/);
    mkdirSync(join(folder, "out"));
    mkdirSync(join(folder, "out", "thing.ts"));
    await refused([file, "--out", join(folder, "out")], /thing\.ts: cannot be read: it is a folder, EISDIR/);
  });
});

describe("a model as EnOS has it", () => {
  test("is written, and nothing else is", async () => {
    const enos = join(folder, "out", "enos.json");
    const { code, stdout } = await obeyed(["model", file, "--export", enos]);
    expect([code, stdout]).toEqual([0, `Climate node, version 1, as EnOS has it\n  written   ${enos}\n`]);
    expect((await obeyed(["model", file, "--export", enos, "--check"])).stdout).toMatch(/unchanged/);
    expect(JSON.parse(read("out/enos.json"))).toMatchObject({
      thingModelName: { defaultValue: "Climate node" },
      thingMeasurepointMap: { relay: { signalType: "DI", accessMode: true } },
    });
    expect(readdirSync(folder).sort()).toEqual(["model.json", "model.lock.json", "out"]);
    writeFileSync(enos, "{}");
    const stale = await obeyed(["model", file, "--export", enos, "--check"]);
    expect([stale.code, stale.stderr]).toEqual([1, `${enos}: not what the model says\n`]);
  });

  test("brings nothing new where it says the same", async () => {
    const enos = join(folder, "enos.json");
    await obeyed(["model", file, "--export", enos]);
    const before = read("model.json");
    const { stdout } = await obeyed(["model", "--import", enos, file]);
    expect(stdout).toMatch(/^Climate node, version 1, /);
    expect(read("model.json")).toBe(before);
  });

  test("becomes a model.json with the lock's numbers, a version higher where it says something else", async () => {
    const enos = join(folder, "enos.json");
    await obeyed(["model", file, "--export", enos]);
    const exported = JSON.parse(read("enos.json")) as { thingMeasurepointMap: Record<string, unknown> };
    const { temperature, humidity } = exported.thingMeasurepointMap as Record<string, object>;
    exported.thingMeasurepointMap = {
      humidity,
      dew_point: { ...temperature, identifier: "dew_point" },
      temperature,
    };
    writeFileSync(enos, `\ufeff${JSON.stringify(exported)}`);
    const first = await obeyed(["model", "--import", enos, file]);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^Climate node, version 2, layout [0-9a-f]{16}\n( {2}written .*\n){13}$/);
    const model = JSON.parse(read("model.json")) as ModelFile;
    expect(model.measurepoints).toMatchObject([
      { identifier: "humidity", number: 2, compact: { as: "uint16" } },
      { identifier: "dew_point", number: 7 },
      { identifier: "temperature", number: 1, compact: { as: "int16" } },
    ]);
    expect(read("layout.md")).toMatch(/Retired numbers[^]*\| 4 \| relay \|/);
    const second = await obeyed(["model", "--import", enos, file]);
    expect(second.stdout).toMatch(/^Climate node, version 2, .*\n(  unchanged .*\n){12}$/);
    expect((await obeyed(["model", file, "--check"])).code).toBe(0);
  });

  test("is refused with the file's name and a path in it", async () => {
    const enos = join(folder, "enos.json");
    await refused(
      ["--import", enos, file],
      /enos\.json: no such file; name what EnOS's console has exported$/,
    );
    writeFileSync(enos, "{");
    await refused(
      ["--import", enos, file],
      /enos\.json: no JSON, line 1 column 2: expected a name in double quotes or }, got the end$/,
    );
    writeFileSync(enos, read("model.json"));
    await refused(["--import", enos, file], /enos\.json: \$: is no thing model of EnOS; give the JSON file/);
    writeFileSync(enos, '{"thingModelId":"m","thingAttributeMap":{"doc":{"$class":"x.TSLFileAttribute"}}}');
    await refused(
      ["--import", enos, file],
      /enos\.json: \$\.thingAttributeMap\.doc: is a FILE, whose content EnOS takes/,
    );
  });
});

test("a file of before is read, with a note of what its words stand for", async () => {
  const old = join(folder, "old.json");
  const points = [
    { identifier: "a", number: 1, type: "int32" },
    { identifier: "b", number: 2, type: "date" },
  ];
  writeFileSync(old, JSON.stringify({ product: "Old", version: 1, measurepoints: points }));
  const { stdout } = await obeyed(["model", old]);
  expect(stdout.split("\n").slice(1, 3)).toEqual([
    expect.stringMatching(
      /^  note: .*old\.json states no format, so its words are read as before: int32 is int; date is timestamp \(epoch ms; date is a text now\)\.$/,
    ),
    '  Write them so and add "format": 2 at its top: numbers and lock keep their meaning.',
  ]);
  expect(read("thing.ts")).toContain('{ identifier: "b", number: 2, type: "timestamp" }');
});
