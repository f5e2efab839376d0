/** An endpoint on a rig that serves, and a client that is whatever bytes the test hands in. */
import { Rig } from "./rig";
import { code, unhex } from "../../../host-sim/tools/fuzz/peer";
import type { BothHalves } from "./both-halves";
import type { IncomingRequest, Response } from "../../../firmware/coap/exchange";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

export const client = { address: "198.51.100.7", port: 40_000 };
export const content = code("2.05");

/** A rig whose endpoint serves: requests are kept for the test to answer. */
export class ServingRig extends Rig {
  readonly requests: IncomingRequest[];

  constructor(options: BothHalves = {}, serve?: (request: IncomingRequest) => void) {
    const requests: IncomingRequest[] = [];
    super({
      onRequest: (request) => {
        requests.push(request);
        serve?.(request);
      },
      ...options,
    });
    this.requests = requests;
  }

  /** Hands in a request from the client. */
  ask(fields: Partial<Fields> = {}, from = client): void {
    this.receive({ type: 0, code: 1, messageId: 0x1111, token: "aabb", ...fields }, from);
  }

  respond(response: Partial<Response> = {}, index = 0): string {
    return this.requests[index].respond({ code: content, payload: unhex("01"), ...response }, this.now);
  }

  /** What was sent, in the plainest terms. */
  get trace(): string[] {
    return this.sent.map(({ fields }) => {
      const type = ["CON", "NON", "ACK", "RST"][fields.type];
      const code = `${fields.code >> 5}.${String(fields.code & 31).padStart(2, "0")}`;
      return `${type} ${code} ${fields.token} ${fields.payload}`;
    });
  }
}

/** Answers at once with the request's own payload, or its path. */
const echo =
  (rig: () => ServingRig) =>
  (request: IncomingRequest): void => {
    request.respond({ code: content, payload: request.message.payload }, rig().now);
  };
/** A rig whose handler gives the payload back at once. */
export const echoing = (options: BothHalves = {}): ServingRig => {
  const rig: ServingRig = new ServingRig(
    options,
    echo(() => rig),
  );
  return rig;
};
