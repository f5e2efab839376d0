/**
 * The firmware's endpoint on a real socket and in real time, on loopback, for peers that are programs
 * of their own. Every datagram is written down.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { Endpoint } from "../../../../firmware/coap/endpoint";
import { serverHalf } from "../../../../firmware/coap/server-half";
import { internet } from "../../../../firmware/coap/transmission";
import { Random } from "../../../../host-sim/sim/time/random";
import { hex } from "../../../../host-sim/tools/fuzz/peer";
import type { Socket } from "node:dgram";
import type { BothHalves } from "../both-halves";
import type { Message } from "../../../../firmware/coap/message";
import type { Outcome, Request, Responded, Response } from "../../../../firmware/coap/exchange";
import type { Transmission } from "../../../../firmware/coap/transmission";

export const loopback = "127.0.0.1";

/** A datagram of the run, in the order of the socket. */
export interface Datagram {
  readonly sent: boolean;
  /** In hex. */
  readonly bytes: string;
  /** The peer's. */
  readonly port: number;
}

/** Just below the highest, so that the runs cross from 65535 to 0. */
export const firstMessageId = 0xfffb;

/** Nothing is ever lost on loopback: a busy machine must not look like loss. */
const patient: Transmission = { ...internet, ackTimeout: 8_000 };
/** For peers that lose datagrams on purpose. */
export const hasty: Transmission = { ...internet, ackTimeout: 200, maxRetransmit: 6 };

/** Answers a request, at once or later. */
type Respond = (response: Response) => Responded;

export interface UdpEndpointOptions extends Omit<BothHalves, "transmit" | "onRequest"> {
  readonly serve?: (request: Message, respond: Respond) => void;
}

/** The rest of a request to a peer on loopback. */
export type Wanted = Pick<Request, "port" | "code" | "confirmable" | "options" | "payload">;

const open = new Set<UdpEndpoint>();

/** Closes all endpoints of a test file: its last act, for tests that run at once share their hooks. */
export function closeEndpoints(): void {
  for (const each of open) each.close();
}

export class UdpEndpoint {
  readonly wire: Datagram[] = [];
  /** Why datagrams were thrown away. */
  readonly discarded: string[] = [];
  readonly endpoint: Endpoint;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(socket: Socket, options: UdpEndpointOptions) {
    const { serve, admit, separateAfter, maxTransfers, ...rest } = options;
    const random = new Random("interoperability");
    this.#socket = socket;
    this.endpoint = new Endpoint({
      random: () => random.next(),
      transmission: patient,
      messageId: firstMessageId,
      offerBlockSize: false,
      ...rest,
      transmit: (datagram, address, port) => {
        this.wire.push({ sent: true, bytes: hex(datagram), port });
        // The socket reads the bytes later, when the endpoint may have written others in their place.
        socket.send(datagram.slice(), port, address);
      },
      server:
        serve === undefined
          ? undefined
          : serverHalf({
              admit,
              // Long enough for any handler that answers at once on a machine under load.
              separateAfter: separateAfter ?? 5_000,
              maxTransfers,
              onRequest: (request) => {
                serve(request.message, (response) => {
                  const responded = request.respond(response, performance.now());
                  this.#arm();
                  return responded;
                });
              },
            }),
      onDiscard: (reason, detail) => this.discarded.push(`${reason} ${detail}`),
    });
    socket.on("message", (bytes, from) => {
      this.wire.push({ sent: false, bytes: hex(bytes), port: from.port });
      this.endpoint.receive(new Uint8Array(bytes), from.address, from.port, performance.now());
      this.#arm();
    });
  }

  /** An endpoint on a port that the system picks. */
  static async open(options: UdpEndpointOptions = {}): Promise<UdpEndpoint> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, loopback, resolve);
    });
    const endpoint = new UdpEndpoint(socket, options);
    open.add(endpoint);
    return endpoint;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Sends a request to a port of this machine, to be given up when `signal` says so. */
  request(wanted: Wanted, signal?: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = { ...wanted, address: loopback, onComplete: resolve };
      const exchange = this.endpoint.request(request, performance.now());
      signal?.addEventListener("abort", () => exchange.cancel(performance.now()));
      this.#arm();
    });
  }

  /** Waits until so many datagrams have come and gone. */
  async traffic(datagrams: number): Promise<void> {
    while (this.wire.length < datagrams) await once(this.#socket, "message");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    open.delete(this);
    clearTimeout(this.#timer);
    this.endpoint.close(performance.now());
    this.#socket.close();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.endpoint.deadline === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.endpoint.poll(performance.now());
        this.#arm();
      },
      Math.max(0, this.endpoint.deadline - performance.now()),
    );
  }
}
