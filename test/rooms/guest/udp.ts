/**
 * `embedded:io/socket/udp` for the simulated board, which has no network of its own: datagrams leave and come
 * through its serial wire, behind a header that `network.ts` reads and writes.
 */
import Serial from "embedded:io/serial";
import { headerLength, readHeader, writeHeader } from "../datagram";

type Datagram = ArrayBuffer & { address: string; port: number };

interface UdpOptions {
  port?: number;
  onReadable?: (this: UDP, count: number) => void;
}

const sockets = new Map<number, UDP>();
let serial: Serial | undefined;
/** Bytes of a datagram that has not come whole yet. */
let begun = new Uint8Array(0);

export default class UDP {
  readonly #onReadable: UdpOptions["onReadable"];
  readonly #port: number;
  readonly #received: Datagram[] = [];

  constructor(options: UdpOptions) {
    this.#onReadable = options.onReadable;
    this.#port = options.port ?? 49_152 + sockets.size;
    if (sockets.has(this.#port)) throw new Error("port in use");
    sockets.set(this.#port, this);
    serial ??= new Serial({
      port: 1,
      transmit: 17,
      receive: 16,
      baud: 115_200,
      format: "buffer",
      onReadable,
    });
  }

  write(buffer: ArrayBuffer | Uint8Array, address: string, port: number): void {
    const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
    const framed = new Uint8Array(headerLength + bytes.length);
    writeHeader(framed, { own: this.#port, address, port });
    framed.set(bytes, headerLength);
    serial!.write(framed);
  }

  read(): Datagram | undefined {
    return this.#received.shift();
  }

  receive(bytes: Uint8Array, address: string, port: number): void {
    const datagram = bytes.slice().buffer as Datagram;
    datagram.address = address;
    datagram.port = port;
    this.#received.push(datagram);
    this.#onReadable?.call(this, this.#received.length);
  }
}

function onReadable(this: Serial): void {
  const came = new Uint8Array(this.read() as ArrayBuffer);
  const all = new Uint8Array(begun.length + came.length);
  all.set(begun);
  all.set(came, begun.length);
  begun = all;
  for (let header = readHeader(begun); header !== undefined; header = readHeader(begun)) {
    const { own, address, port, length } = header;
    const bytes = begun.slice(headerLength, length);
    begun = begun.slice(length);
    sockets.get(own)?.receive(bytes, address, port);
  }
}
