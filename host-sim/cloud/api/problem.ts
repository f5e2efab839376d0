/**
 * Faults as the application API tells them: `application/problem+json` (RFC 9457) of three members, one
 * line of detail that says what is wrong and how to mend it.
 */
import { escaped } from "../../model/escaped";
import { requestFault } from "./request-fault";
import type { ErrorObject } from "ajv";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

interface ProblemBody {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** EnOS's own code, where it has one for this. */
  readonly code?: number;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A request that is refused. `detail` goes to the caller as it is: no secret in it. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: number;
  /** EnOS's own code, where it has one for this. */
  readonly code: number | undefined;

  constructor(status: number, detail: string, code?: number) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The body of a fault. */
export function problemText(status: number, detail: string, code?: number): string {
  const body: ProblemBody = { status, title: titles[status] ?? "Error", detail: oneLine(detail), code };
  return JSON.stringify(body);
}

/** Sends a fault. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  code?: number,
): FastifyReply {
  // The text is made here, so that no route's schema of that status can change it.
  return reply
    .code(status)
    .type("application/problem+json")
    .serializer((text: string) => text)
    .send(problemText(status, detail, code));
}

/**
 * What Fastify and the routes throw, as a fault. Messages of JSON parsers are not passed on: they quote
 * what they could not read, and that may be a secret.
 * @param limit the largest body taken, bytes
 * @param onError hears of what is no fault of the caller's
 */
export function problemHandler(limit: number, onError: (line: string) => void) {
  return (error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof Problem) return sendProblem(reply, error.status, error.message, error.code);
    if ("validation" in error && error.validation !== undefined) {
      return sendProblem(reply, 400, validationDetail(error));
    }
    switch (error.code) {
      case "FST_ERR_CTP_BODY_TOO_LARGE":
        return sendProblem(
          reply,
          413,
          `body: is longer than the ${request.routeOptions.bodyLimit ?? limit} bytes that this route takes`,
        );
      case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
        return sendProblem(reply, 415, contentTypeDetail(request));
      case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
        return sendProblem(reply, 400, "body: is not as long as Content-Length says");
    }
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return sendProblem(reply, status, error.message);
    onError(`application API: ${oneLine(error.message)}`);
    return sendProblem(reply, 500, "a fault of the server; its output says more");
  };
}

function validationDetail({ validation, validationContext }: FastifyError): string {
  return requestFault(validationContext ?? "request", (validation ?? []) as ErrorObject[]);
}

function contentTypeDetail({ headers, routeOptions }: FastifyRequest): string {
  const came = headers["content-type"] ?? "";
  const { shownBody } = (routeOptions.schema ?? {}) as { shownBody?: { content?: object } };
  const taken = Object.keys(shownBody?.content ?? { "application/json": {} });
  return `Content-Type: expected ${taken.join(", ")}; got ${came === "" ? "none" : came.slice(0, 80)}`;
}

function oneLine(text: string): string {
  // Two lines of a fault are one here.
  return escaped(text.replace(/[\r\n]+/g, " ").slice(0, 600));
}
