/** Reads the bodies of requests, and judges requests by their routes' schemas. */
import { Ajv } from "ajv";
import type { FastifyInstance } from "fastify";
import { jsonFault } from "../../model/json-place";
import { Problem } from "./problem";

/** Kinds of JSON that a body may be called. */
const jsonTypes = ["application/json", "application/merge-patch+json"];

/** Query and path are text and are turned into what the schema says; a body says itself what it is. */
export function judgeRequests(app: FastifyInstance): void {
  // Verbose: the fault's own words are made of the schema and of what came.
  const common = {
    ...{ allErrors: false, verbose: true, discriminator: true, useDefaults: true, strict: false },
  } as const;
  const body = new Ajv(common);
  const rest = new Ajv({ ...common, coerceTypes: true });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === "body" ? body : rest).compile(schema as object),
  );
}

/** Has bodies of JSON read, and where one is none, its place told. */
export function readJsonBodies(app: FastifyInstance): void {
  // Ours says nothing else than Fastify's own; its messages are not passed on, for they quote what they could not read.
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonTypes, { parseAs: "string" }, (request, body: string, done) => {
    void parse(request, body, (error: Error | null, value?: unknown) => {
      done(error === null ? null : jsonProblem(body), value);
    });
  });
}

function jsonProblem(body: string): Problem {
  if (body === "") return new Problem(400, "body: is empty; expected JSON, or no Content-Type");
  const fault = jsonFault(body);
  if (fault === undefined) {
    return new Problem(400, "body: has a member called __proto__ or constructor.prototype; leave it out");
  }
  const { line, column, what } = fault;
  return new Problem(400, `body: not JSON, line ${line} column ${column}: ${what}`);
}
