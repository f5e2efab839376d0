/**
 * An endpoint on a rig: time that only the test moves, and a server that is whatever bytes the test
 * hands in. Those bytes are coap-packet's, never the firmware's own.
 */
import { Endpoint } from "../../../firmware/coap/endpoint";
import { internet } from "../../../firmware/coap/transmission";
import { Random } from "../../../host-sim/sim/time/random";
import { bothHalves } from "./both-halves";
import { hex, peerDecode, peerEncode, unhex } from "../../../host-sim/tools/fuzz/peer";
import type { BothHalves } from "./both-halves";
import type { Exchange, Outcome, Request } from "../../../firmware/coap/exchange";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

export const server = { address: "192.0.2.1", port: 5683 };

/** A datagram that the endpoint sent. */
export interface Sent {
  readonly at: number;
  readonly bytes: string;
  readonly fields: Required<Fields>;
  readonly address: string;
  readonly port: number;
}

/** An outcome, and when it came, ms. */
export interface Completed {
  readonly outcome: Outcome;
  readonly at: number;
}

export class Rig {
  now = 1_000;
  readonly sent: Sent[] = [];
  readonly discarded: string[] = [];
  readonly endpoint: Endpoint;

  constructor(options: BothHalves = {}) {
    const random = new Random("endpoint");
    this.endpoint = new Endpoint({
      transmit: (datagram, address, port) => {
        this.sent.push({ at: this.now, bytes: hex(datagram), fields: peerDecode(datagram), address, port });
      },
      random: () => random.next(),
      transmission: internet,
      onDiscard: (reason) => this.discarded.push(reason),
      ...bothHalves(options),
    });
  }

  get last(): Sent {
    return this.sent[this.sent.length - 1];
  }

  /** Starts a POST and returns where its outcomes go. */
  post(request: Partial<Request> = {}): { completed: Completed[]; exchange: Exchange } {
    const completed: Completed[] = [];
    const exchange = this.endpoint.request(
      {
        ...server,
        code: 2,
        payload: unhex("70"),
        ...request,
        onComplete: (outcome, at) => {
          completed.push({ outcome, at });
          request.onComplete?.(outcome, at);
        },
      },
      this.now,
    );
    return { completed, exchange };
  }

  /** Hands in a message from the server. */
  receive(fields: Fields, from: { address: string; port: number } = server): void {
    this.endpoint.receive(peerEncode(fields), from.address, from.port, this.now);
  }

  /** Hands in raw bytes from the server. */
  receiveBytes(bytes: string): void {
    this.endpoint.receive(unhex(bytes), server.address, server.port, this.now);
  }

  /** Lets time pass, polling at each deadline as a timer would. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.endpoint.deadline <= until) {
      this.now = Math.max(this.now, this.endpoint.deadline);
      this.endpoint.poll(this.now);
    }
    this.now = until;
    this.endpoint.poll(until);
  }
}

/** Code and payload of a delivered response, or the word for why there is none. */
export function summary(completed: readonly Completed[]): string[] {
  return completed.map(({ outcome }) => {
    if (outcome.kind === "response") {
      const { code, payload } = outcome.message;
      return `${code >> 5}.${String(code & 31).padStart(2, "0")} ${hex(payload)}`;
    }
    return outcome.discarded === undefined ? outcome.kind : `${outcome.kind} after ${outcome.discarded}`;
  });
}
