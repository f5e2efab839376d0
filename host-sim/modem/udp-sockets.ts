/**
 * The modem's five sockets (AT+CSOC and its kin), UDP over IPv4 only.
 */
import type { Random } from "../world/random";
import type { Endpoint } from "../radio/link";

export interface UdpSocket {
  readonly id: number;
  /** Bound by CSOB, or taken from the dynamic ports at creation. */
  localPort: number;
  /** Fixed by CSOCON; datagrams from elsewhere are dropped then. */
  peer: Endpoint | undefined;
}

/** How many sockets the modem has. */
export const socketCount = 5;

/** First of the dynamic ports (RFC 6335 section 6). */
const dynamicPorts = 49_152;

export class UdpSockets {
  readonly #random: Random;
  readonly #sockets: (UdpSocket | undefined)[] = new Array(socketCount).fill(undefined);

  constructor(random: Random) {
    this.#random = random;
  }

  /** A new socket with the lowest free id, or `undefined` when all are in use. */
  create(): UdpSocket | undefined {
    const id = this.#sockets.indexOf(undefined);
    if (id < 0) return undefined;
    let localPort: number;
    do {
      localPort = dynamicPorts + Math.floor(this.#random.next() * (65_536 - dynamicPorts));
    } while (this.byPort(localPort) !== undefined);
    const socket: UdpSocket = { id, localPort, peer: undefined };
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

  /** Closes all and returns their ids. */
  closeAll(): number[] {
    const ids: number[] = [];
    for (let id = 0; id < socketCount; id++) if (this.close(id)) ids.push(id);
    return ids;
  }
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
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** Upper case hex, two digits a byte. */
export function formatHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex").toUpperCase();
}
