/**
 * A UDP socket of the ECMA-419 shape on node:dgram, for the firmware on this PC.
 */
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import type { DatagramSocket } from "../../../firmware/device/agent";

type Datagram = ArrayBuffer & { address: string; port: number };

export interface NodeUdpOptions {
  readonly onReadable?: (this: NodeUdp, count: number) => void;
  readonly onError?: (this: NodeUdp, reason: string) => void;
  /** Called after each of the two: what was received may have set new deadlines. */
  readonly afterEvent?: () => void;
}

/** Datagrams kept until they are read. */
const receiveLimit = 32;

/** One UDP socket on IPv4. */
export class NodeUdp implements DatagramSocket {
  readonly #socket: Socket;
  #received: Datagram[] = [];
  #closed = false;

  constructor(options: NodeUdpOptions) {
    this.#socket = createSocket("udp4");
    this.#socket.on("error", (error) => {
      options.onError?.call(this, error.message);
      options.afterEvent?.();
    });
    this.#socket.on("message", (message, peer) => {
      if (this.#received.length >= receiveLimit) return;
      const bytes = new Uint8Array(message);
      this.#received.push(
        Object.assign(bytes.buffer as ArrayBuffer, { address: peer.address, port: peer.port }),
      );
      options.onReadable?.call(this, this.#received.length);
      options.afterEvent?.();
    });
  }

  write(buffer: Uint8Array, address: string, port: number): void {
    // dgram sends later and does not copy; the endpoint writes its ACKs into one buffer.
    this.#socket.send(buffer.slice(), port, address);
  }

  read(): Datagram | undefined {
    return this.#received.shift();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#received = [];
    this.#socket.close();
  }
}
