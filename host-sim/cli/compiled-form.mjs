/**
 * A plugin for esbuild: in the bundle a model's form is the code that Ajv makes of the schema. To have Ajv make it in each
 * process took a sixth of the time until a simulation begins.
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import standalone from "ajv/dist/standalone/index.js";
import { compiled } from "../model/model-form.mjs";

export function compileForm({ onLoad, onResolve }) {
  onLoad({ filter: /\/host-sim\/model\/model-form\.mjs$/ }, ({ path }) => {
    const { ajv, validate } = compiled({ source: true, esm: true });
    const contents = `${standalone.default(ajv, validate)}
export const formErrors = (value) => validate(value) ? [] : (validate.errors ?? []);\n`;
    return { contents, resolveDir: dirname(path) };
  });
  // What that code calls, of Ajv's own: files by themselves, which the bundle takes in.
  const { resolve } = createRequire(import.meta.url);
  onResolve({ filter: /^ajv\/dist\/runtime\// }, ({ path }) => ({ path: resolve(path) }));
}
