import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { generate } from "../../../host-sim/model/generate";
import { emptyLock } from "../../../host-sim/model/lock";
import { models } from "./random-model";
import { example, generated, manual, sound } from "./script";
import { runs } from "../../density";

test("the same model gives the same files, whatever the order of its points' details", () => {
  fc.assert(
    fc.property(models, (model) => {
      const turned = sound({
        ...model,
        measurepoints: model.measurepoints.map((each) => Object.fromEntries(Object.entries(each).reverse())),
      });
      expect(generated(turned)).toEqual(generated(model));
    }),
    { numRuns: runs(100) },
  );
});

test("the fingerprint changes with product, version and bytes, and with nothing else", () => {
  const of = (changes: object): string => generated(sound({ ...example, ...changes })).fingerprint;
  const point = (change: object): object => ({
    measurepoints: example.measurepoints.map((each, i) => (i === 0 ? { ...each, ...change } : each)),
  });
  const now = of({});
  expect(now).toMatch(/^[0-9a-f]{16}$/);
  expect(of(point({ name: "Heat", unit: "K", range: [-30, 100] }))).toBe(now);
  expect(of({ attributes: [], events: [] })).toBe(now);
  const others = [
    of({ product: "other" }),
    of({ version: 2 }),
    of(point({ number: 99 })),
    of(point({ identifier: "heat" })),
    of(point({ compact: { as: "int16", scale: 0.1 } })),
    of({ services: [] }),
  ];
  expect(new Set([now, ...others]).size).toBe(7);
});

test("no line of the generated code is longer than its readers' screens allow", () => {
  for (const model of [example, manual]) {
    const { files } = generated(model);
    for (const name of ["thing.ts", "parsing-script.js"] as const) {
      expect(files[name].split("\n").filter((line) => line.length > 120)).toEqual([]);
      expect(files[name]).not.toMatch(/[ \t]$/m);
      expect(files[name].endsWith("\n")).toBe(true);
    }
  }
});

const awkward = sound({
  product: 'A "quoted" `name` ${x} \\ \u2028 //',
  version: 0,
  measurepoints: [
    { identifier: "a.b-c", name: "*/ alert(1) /*", number: 255, type: "bool", unit: "|", writable: true },
    { identifier: "class", number: 1, type: "enum", values: { "-5": "*/", "700": "\u2029" }, quality: true },
    { identifier: "list", number: 2, type: "array", items: "string" },
    {
      identifier: "deep",
      number: 3,
      type: "struct",
      writable: true,
      fields: [
        { identifier: "x.y", number: 9, type: "date", optional: true },
        { identifier: "mode", number: 1, type: "enum", values: { "0": "off" } },
      ],
    },
  ],
  events: [{ identifier: "no-thing", outputs: [] }],
  services: [{ identifier: "do.it", number: 20, inputs: [], outputs: [] }],
});
const bare = sound({ product: "bare", version: 0, measurepoints: [] });

test("the generated TypeScript compiles, under the firmware's own rules", async () => {
  const folder = mkdtempSync(join(tmpdir(), "thing-"));
  try {
    for (const [name, model] of Object.entries({ example, manual, awkward, bare })) {
      const result = generate(model, emptyLock, { firmware: resolve("firmware") });
      if (!("files" in result)) throw new Error(name);
      writeFileSync(join(folder, `${name}.ts`), result.files["thing.ts"]);
    }
    writeFileSync(
      join(folder, "wrong.ts"),
      'import { report } from "./awkward";\nreport({ "a.b-c": 1 }, 1, new Uint8Array(9));\n',
    );
    const config = {
      extends: resolve("firmware/tsconfig.json"),
      compilerOptions: { paths: {} },
      files: [],
      include: [join(folder, "*.ts")],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = promisify(execFile)(resolve("node_modules/.bin/tsc"), [
      "-p",
      folder,
      "--pretty",
      "false",
    ]);
    const { stdout } = await compiler.catch((error: { stdout: string }) => error);
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(
        /wrong\.ts\(2,10\): error TS2322: Type 'number' is not assignable to type 'boolean/,
      ) as string,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("awkward names do not break out of the script or the table", () => {
  const { files } = generated(awkward);
  expect(() => new Function(`${files["parsing-script.js"]}; return rawDataToJsonStr`)).not.toThrow();
  for (const line of files["layout.md"].split("\n").filter((each) => each.startsWith("| 255 |"))) {
    expect(line.match(/(?<!\\)\|/g)).toHaveLength(9);
  }
});
