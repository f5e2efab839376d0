/** Holds the answers of the tests against the OpenAPI document: what it says is what comes. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly text: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

export class Conformity {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: object) {
    this.#document = document as Document;
    this.#ajv.addSchema(document, "document");
  }

  /** @throws Error when the document has the operation, and the answer is none that it may give */
  check(method: string, url: string, answer: Answered): void {
    const segments = url.replace(/[?#].*$/s, "").split("/");
    const path = Object.keys(this.#document.paths).find((each) => matches(each.split("/"), segments));
    const operation = path === undefined ? undefined : this.#document.paths[path][method.toLowerCase()];
    if (path === undefined || operation === undefined) return;
    const { responses } = operation;
    const status = String(answer.status) in responses ? String(answer.status) : "default";
    const { content } = responses[status];
    const name = `${method} ${path} ${answer.status}`;
    if (status === "default" && answer.status < 500 && answer.status !== 431) {
      throw new Error(`${name} is not in the document: ${answer.text.slice(0, 300)}`);
    }
    if (content === undefined) {
      if (answer.text !== "") throw new Error(`${name} has a body, and the document none`);
      return;
    }
    const type = String(answer.headers["content-type"]).replace(/;.*$/, "");
    if (!(type in content))
      throw new Error(`${name} is ${type}, expected one of ${Object.keys(content).join()}`);
    if (answer.body === undefined) return;
    const pointer = ["paths", path, method.toLowerCase(), "responses", status, "content", type, "schema"]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `document#/${pointer}` });
      this.#validators.set(pointer, validate);
    }
    if (validate(answer.body)) return;
    throw new Error(`${name}: ${this.#ajv.errorsText(validate.errors)}: ${answer.text.slice(0, 300)}`);
  }
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  if (path.length !== segments.length) return false;
  return path.every((each, index) =>
    each.startsWith("{") ? segments[index] !== "" : each === segments[index],
  );
}
