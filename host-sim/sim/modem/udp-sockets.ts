/**
 * A modem's sockets, UDP over IPv4 only, and what waits in them to be read.
 */
import type { Random } from "../time/random";
import type { Endpoint } from "../radio/link";

export interface UdpSocket {
  readonly id: number;
  /** Bound by CSOB, or taken from the dynamic ports at creation. */
  localPort: number;
  /** Fixed when it was connected; datagrams from elsewhere are dropped then. */
  peer: Endpoint | undefined;
  /** What was received and not yet read, for modems that keep it. */
  readonly waiting: { readonly bytes: Uint8Array; readonly from: Endpoint }[];
}

/** Bytes that a modem keeps for one socket: what comes beyond is lost. */
const receiveLimit = 2_048;

/** First of the dynamic ports (RFC 6335 section 6). */
const dynamicPorts = 49_152;

export class UdpSockets {
  /** How many there are. */
  readonly count: number;
  readonly #random: Random;
  readonly #sockets: (UdpSocket | undefined)[];

  constructor(random: Random, count: number) {
    this.#random = random;
    this.count = count;
    this.#sockets = new Array<UdpSocket | undefined>(count).fill(undefined);
  }

  /** A new socket with that id, or the lowest free one; `undefined` when it is, or all are, in use. */
  create(id = this.#sockets.indexOf(undefined)): UdpSocket | undefined {
    if (id < 0 || id >= this.count || this.#sockets[id] !== undefined) return undefined;
    let localPort: number;
    do {
      localPort = dynamicPorts + Math.floor(this.#random.next() * (65_536 - dynamicPorts));
    } while (this.byPort(localPort) !== undefined);
    const socket: UdpSocket = { id, localPort, peer: undefined, waiting: [] };
    this.#sockets[id] = socket;
    return socket;
  }

  get(id: number): UdpSocket | undefined {
    return this.#sockets[id];
  }

  byPort(port: number): UdpSocket | undefined {
    return this.#sockets.find((socket) => socket?.localPort === port);
  }

  /** False when there was none. */
  close(id: number): boolean {
    if (this.#sockets[id] === undefined) return false;
    this.#sockets[id] = undefined;
    return true;
  }

  /** Keeps a datagram until it is read; false when there is no room for it. */
  keep(socket: UdpSocket, bytes: Uint8Array, from: Endpoint): boolean {
    if (waitingBytes(socket) + bytes.length > receiveLimit) return false;
    socket.waiting.push({ bytes, from });
    return true;
  }

  /** Closes all and returns their ids. */
  closeAll(): number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.count; id++) if (this.close(id)) ids.push(id);
    return ids;
  }
}

/** Bytes that wait in a socket to be read. */
export function waitingBytes(socket: UdpSocket): number {
  let bytes = 0;
  for (const datagram of socket.waiting) bytes += datagram.bytes.length;
  return bytes;
}

/** An IPv4 address in dotted decimal, each part 0 to 255; `undefined` for anything else. */
export function parseIpv4(text: string): string | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  for (const part of parts) if (!/^[0-9]{1,3}$/.test(part) || Number(part) > 255) return undefined;
  return parts.map(Number).join(".");
}

/** The bytes of a hex text of even length; `undefined` for anything else. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** Upper case hex, two digits a byte. */
export function formatHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex").toUpperCase();
}
