/**
 * Whether a model.json has the form that the JSON Schema beside this file says. To compile a schema takes longer than to
 * read any model: in the bundle of the command line the form is compiled already (cli/compiled-form.mjs). Plain
 * JavaScript, as what makes that bundle runs it, too.
 */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

/** `verbose` gives each error the schema that it comes from, whose description says what is wanted. */
const options = {
  ...{ allErrors: true, strictTypes: false, verbose: true },
  // The schema is ours: that it is one, a test checks.
  ...{ meta: false, validateSchema: false },
};

let validate;

/** See model-form.d.mts. */
export function formErrors(value) {
  validate ??= compiled().validate;
  return validate(value) ? [] : (validate.errors ?? []);
}

/** See model-form.d.mts. */
export function compiled(code = { optimize: false }) {
  const ajv = new Ajv({ ...options, code });
  const text = readFileSync(new URL("model.schema.json", import.meta.url), "utf8");
  return { ajv, validate: ajv.compile(JSON.parse(text)) };
}
