/** A model's form, compiled where it is asked for and compiled into a bundle: the same form, and one of a sound schema. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { compileForm } from "../../../host-sim/cli/compiled-form.mjs";
import { formErrors } from "../../../host-sim/model/model-form.mjs";
import { projectRoot } from "../../../host-sim/project";

const sound = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as Record<string, unknown>;
const models: readonly unknown[] = [
  sound,
  {},
  [],
  { ...sound, format: 1, more: true },
  { ...sound, product: "é".repeat(129), version: -1 },
  { ...sound, measurepoints: [{ identifier: "1", type: "struct", fields: [{ type: "struct" }] }] },
  { ...sound, events: [{ identifier: "a", level: "loud", outputs: 7 }] },
];

test("the schema is one", () => {
  const schema = JSON.parse(readFileSync("host-sim/model/model.schema.json", "utf8")) as object;
  expect(new Ajv({ strictTypes: false }).validateSchema(schema)).toBe(true);
});

test("in the bundle of the command line a model has the same faults", async () => {
  const { outputFiles } = await build({
    absWorkingDir: projectRoot(),
    entryPoints: ["host-sim/model/model-form.mjs"],
    ...{ bundle: true, write: false, format: "esm", platform: "node", packages: "external" },
    plugins: [{ name: "form", setup: compileForm }],
  });
  const { text } = outputFiles[0];
  expect(text).not.toMatch(/from "ajv"/);
  const made = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
    formErrors: typeof formErrors;
  };
  expect(models.map((each) => made.formErrors(each))).toEqual(models.map((each) => formErrors(each)));
  expect(models.map((each) => formErrors(each).length > 0)).toEqual(models.map((each) => each !== sound));
});
