/**
 * Posts to receivers by HTTP. The one file of this room that knows the network: what it connects to is judged by its
 * address, at the moment of connecting, and what comes back is not believed further than its status.
 */
import { lookup as systemLookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { readWebhookUrl } from "./destinations";
import type { Destinations } from "./destinations";
import type { Outcome } from "./delivery-queue";

/** From the call to the end of the answer, ms. */
const timeLimit = 10_000;
/** Of an answer's body, which nobody looks at, so many bytes are taken before the connection is ended. */
const mostAnswer = 16 << 10;
const mostHeaders = 8 << 10;

/** Resolves a name to all its addresses. */
export type Resolve = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** An address that was resolved may not be connected to. */
class RefusedAddress extends Error {
  readonly code = "REFUSED_ADDRESS";
}

export class HttpSender {
  readonly #destinations: Destinations;
  readonly #resolve: Resolve;
  readonly #underWay = new Set<ClientRequest>();

  constructor(destinations: Destinations, resolve: Resolve = systemLookup) {
    this.#destinations = destinations;
    this.#resolve = resolve;
  }

  /** Posts JSON. Never rejects; no fault that it tells quotes the URL. */
  post(target: string, headers: Readonly<Record<string, string>>, body: string): Promise<Outcome> {
    let url: URL;
    try {
      url = readWebhookUrl(target);
    } catch (error) {
      return Promise.resolve({ fault: (error as Error).message });
    }
    // An address in the URL is not looked up, so it is judged here.
    const fault = this.#destinations.urlFault(url);
    if (fault !== undefined) return Promise.resolve({ fault });
    return new Promise((resolve) => {
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const request = send(url, {
        method: "POST",
        // No connection is used again: each is judged.
        agent: false,
        lookup: this.#lookup,
        maxHeaderSize: mostHeaders,
        headers: {
          ...headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "enos-stand-in",
        },
      });
      this.#underWay.add(request);
      let status: number | undefined;
      const end = (other: string): void => {
        clearTimeout(impatience);
        this.#underWay.delete(request);
        request.destroy();
        resolve(status === undefined ? { fault: other } : { status });
      };
      const impatience = setTimeout(() => end(`no answer within ${timeLimit / 1000} s`), timeLimit);
      request.on("response", (answer: IncomingMessage) => {
        status = answer.statusCode ?? 0;
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > mostAnswer) end("");
        });
        answer.on("error", () => end(""));
        answer.on("close", () => end(""));
      });
      request.on("error", (error: NodeJS.ErrnoException) => end(faultWords(error)));
      request.on("close", () => end("the connection ended without an answer"));
      request.end(body);
    });
  }

  /** Ends what is under way. */
  close(): void {
    for (const request of this.#underWay) request.destroy();
  }

  /** Gives out those addresses alone that may be connected to. */
  readonly #lookup: LookupFunction = (host, options, done) => {
    this.#resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, "");
      const faults = addresses.map(({ address }) => this.#destinations.addressFault(host, address));
      const allowed = addresses.filter((_, index) => faults[index] === undefined);
      if (allowed.length === 0) {
        return done(new RefusedAddress(faults[0] ?? `${host} has no address`), "");
      }
      // Which of the two forms is wanted, Node says by `all`; its types know the one.
      if (options.all === true)
        (done as unknown as (error: null, all: LookupAddress[]) => void)(null, allowed);
      else done(null, allowed[0].address, allowed[0].family);
    });
  };
}

/** What the system says, in words; its own may hold what is nobody's business. */
function faultWords(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "REFUSED_ADDRESS":
      return error.message;
    case "ECONNREFUSED":
      return "the connection was refused: nothing listens there";
    case "ECONNRESET":
    case "EPIPE":
      return "the connection ended without an answer";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host's name is unknown";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "the host cannot be reached";
    default:
      return `the call failed: ${error.code ?? error.name}`;
  }
}
