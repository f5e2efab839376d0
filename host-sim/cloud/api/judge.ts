/** Reads the bodies of requests, and judges requests by their routes' schemas. */
import type { FastifyInstance } from "fastify";
import { jsonFault } from "../../model/json-place";
import { judgeOf } from "./compiled-schemas";
import { Problem } from "./problem";

/** Kinds of JSON that a body may be called. */
const jsonTypes = ["application/json", "application/merge-patch+json"];

/** Has each part of a request judged by the schema that its route has for it. */
export function judgeRequests(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart }) =>
    judgeOf(schema as object, httpPart === "body" ? "body" : "rest"),
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
