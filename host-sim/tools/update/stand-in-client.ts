/** The stand-in's application API, as far as updates are concerned: files are brought there, and rolled out in stages. */
import type { RolloutView } from "../../cloud/ota/rollout-view";
import type { FirmwareRecord } from "../../cloud/ota/firmware-files";

/** A file as the API tells of it. */
export type FiledPackage = FirmwareRecord & {
  readonly devices: number;
  readonly warnings?: readonly string[];
};

/** What is asked of a rollout; what is left out is as the API has it. Times are in seconds. */
export interface RolloutRequest {
  readonly version: string;
  readonly stages?: readonly number[];
  readonly wait?: number;
  readonly failureShare?: number;
  readonly policy?: "push" | "request";
}

/** What an operator does with a rollout. */
export const rolloutActs = ["pause", "resume", "abort", "retry"] as const;
export type RolloutAct = (typeof rolloutActs)[number];

/** An answer that is none of those that were wanted, or none at all. The message has what the server said of it. */
export class StandInError extends Error {
  override name = "StandInError";
}

/** ms that an answer may take. */
const patience = 30_000;
/** Characters of a server's own words that are passed on. */
const longestDetail = 300;

/** Speaks to one server about one product. */
export class StandInClient {
  readonly #product: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param server such as http://127.0.0.1:8080 @param token its bearer token, where it wants one */
  constructor(server: URL, productKey: string, token: string | undefined) {
    const base = server.href.replace(/\/+$/, "");
    this.#product = `${base}/api/v1/products/${encodeURIComponent(productKey)}`;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  /** Brings a file there. @param fileUrl where it lies instead, coap://… @throws StandInError */
  async upload(
    version: string,
    bytes: Uint8Array,
    fileUrl: string | undefined,
  ): Promise<{ readonly isNew: boolean; readonly file: FiledPackage }> {
    const query = new URLSearchParams({
      signMethod: "sha256",
      ...(fileUrl === undefined ? {} : { fileUrl }),
    });
    const { status, body } = await this.#ask("PUT", `/firmware/${encodeURIComponent(version)}?${query}`, {
      type: "application/octet-stream",
      bytes,
    });
    return { isNew: status === 201, file: body as FiledPackage };
  }

  /** @throws StandInError */
  async begin(request: RolloutRequest): Promise<RolloutView> {
    const bytes = Buffer.from(JSON.stringify(request));
    return (await this.#ask("POST", "/rollouts", { type: "application/json", bytes })).body as RolloutView;
  }

  /** @throws StandInError */
  async rollout(id: string): Promise<RolloutView> {
    return (await this.#ask("GET", `/rollouts/${encodeURIComponent(id)}`)).body as RolloutView;
  }

  /** @throws StandInError */
  async act(id: string, act: RolloutAct): Promise<RolloutView> {
    return (await this.#ask("POST", `/rollouts/${encodeURIComponent(id)}/${act}`)).body as RolloutView;
  }

  async #ask(
    method: string,
    path: string,
    content?: { readonly type: string; readonly bytes: Uint8Array },
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.#product + path, {
        method,
        headers: content === undefined ? this.#headers : { ...this.#headers, "Content-Type": content.type },
        body: content?.bytes,
        redirect: "error",
        signal: AbortSignal.timeout(patience),
      });
      ({ status } = response);
      text = await response.text();
    } catch (error) {
      throw new StandInError(`no answer: ${causeOf(error)}`);
    }
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      throw new StandInError(`answer ${status} is no JSON: is that the stand-in's application API?`);
    }
    if (status >= 200 && status < 300) return { status, body };
    const { detail } = (typeof body === "object" && body !== null ? body : {}) as { detail?: unknown };
    throw new StandInError(typeof detail === "string" ? detail.slice(0, longestDetail) : `answer ${status}`);
  }
}

/** What `fetch` hides behind its own words. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  if (error.name === "TimeoutError") return `nothing within ${patience / 1_000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" ? `${code}, is npm run cloud under way there?` : (code ?? cause.message);
}
