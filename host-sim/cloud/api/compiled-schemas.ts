/**
 * What the routes' schemas compile to, kept for the process: its next API has the same routes. Compiling all of them takes
 * longer than everything else of an API's start, so what writes an answer is compiled when there is one to be written.
 */
import { Ajv } from "ajv";
import type { ValidateFunction } from "ajv";
import type { SerializerFactory } from "@fastify/fast-json-stringify-compiler";

// Verbose: the fault's own words are made of the schema and of what came.
const common = {
  ...{ allErrors: false, verbose: true, discriminator: true, useDefaults: true, strict: false },
} as const;
/** Query and path are text and are turned into what the schema says; a body says itself what it is. */
const ajv = { body: new Ajv(common), rest: new Ajv({ ...common, coerceTypes: true }) };
/** By the schema's text, for each API has copies of its own. */
const judges = { body: new Map<string, ValidateFunction>(), rest: new Map<string, ValidateFunction>() };
/** By the names of the schemas that may be referred to, and the text of its own. */
const writers = new Map<string, (document: unknown) => string>();

/** What judges a part of a request by the schema that its route has for it. */
export function judgeOf(schema: object, part: "body" | "rest"): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = judges[part].get(text);
  if (known !== undefined) return known;
  const judge = ajv[part].compile(schema);
  judges[part].set(text, judge);
  return judge;
}

/**
 * What writes answers by the schemas that their routes have for them.
 *
 * @param compiler Fastify's own
 * @param names of the schemas that others may refer to: in all APIs, a name means the same
 */
export function writersBy(compiler: SerializerFactory, names: readonly string[]): SerializerFactory {
  return (shared, options) => {
    const compile = compiler(shared, options);
    return (route) => {
      const key = JSON.stringify([names, route.schema]);
      return (document) => {
        let write = writers.get(key);
        if (write === undefined) writers.set(key, (write = compile(route)));
        return write(document);
      };
    };
  };
}
