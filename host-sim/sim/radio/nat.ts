/**
 * The operator's address translation between the devices' private addresses and the Internet.
 *
 *   10.45.0.7:50123  <->  100.64.x.y:20001
 *
 * Mappings do not depend on the peer, and any peer that knows a public endpoint gets through
 * (RFC 4787: endpoint-independent mapping and filtering): what a device's socket then does with a
 * stranger's datagram is the modem's affair.
 */

/** An IPv4 address and a UDP port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A kept translation. */
export interface NatMapping {
  readonly inside: Endpoint;
  readonly outside: Endpoint;
  /** Where the device last sent to: the assumed sender of a reply that names none. */
  lastPeer: Endpoint;
  /** Virtual ms of the last datagram either way. */
  usedAt: number;
}

const firstPort = 1024;
const portCount = 65_536 - firstPort;

export class NatTable {
  readonly #address: string;
  readonly #idle: number;
  #nextPort: number;
  /** By address, and by port: a text of both would have to be made for each datagram. */
  readonly #inside = new Map<string, Map<number, NatMapping>>();
  /** By port, as all have one address. */
  readonly #outside = new Map<number, NatMapping>();

  /**
   * @param options.address the public address
   * @param options.firstPort where port numbers start
   * @param options.idle ms without a datagram after which a mapping is forgotten; `Infinity`: never
   */
  constructor(options: { address: string; firstPort: number; idle: number }) {
    this.#address = options.address;
    this.#nextPort = options.firstPort;
    this.#idle = options.idle;
  }

  /** Mappings kept, idle ones included until somebody asks for them. */
  get size(): number {
    return this.#outside.size;
  }

  /** The public endpoint for a datagram from `inside`; makes a mapping where there is none. */
  outward(inside: Endpoint, peer: Endpoint, now: number): NatMapping {
    const kept = this.#inside.get(inside.address)?.get(inside.port);
    if (kept !== undefined && now - kept.usedAt <= this.#idle) {
      kept.usedAt = now;
      kept.lastPeer = peer;
      return kept;
    }
    if (kept !== undefined) this.#forget(kept);
    const outside = { address: this.#address, port: this.#takePort() };
    const mapping: NatMapping = { inside, outside, lastPeer: peer, usedAt: now };
    const ports = this.#inside.get(inside.address);
    if (ports === undefined) this.#inside.set(inside.address, new Map([[inside.port, mapping]]));
    else ports.set(inside.port, mapping);
    this.#outside.set(outside.port, mapping);
    return mapping;
  }

  /** The mapping behind a public endpoint, or `undefined`: nobody there, or idle for too long. */
  inward(outside: Endpoint, now: number): NatMapping | undefined {
    const kept = outside.address === this.#address ? this.#outside.get(outside.port) : undefined;
    if (kept === undefined) return undefined;
    if (now - kept.usedAt > this.#idle) {
      this.#forget(kept);
      return undefined;
    }
    kept.usedAt = now;
    return kept;
  }

  /** All mappings that still lead to somebody, the oldest first. */
  mappings(now: number): NatMapping[] {
    return [...this.#outside.values()].filter(({ usedAt }) => now - usedAt <= this.#idle);
  }

  /** Forgets all mappings; their ports come up again only after a full turn. */
  clear(): void {
    this.#inside.clear();
    this.#outside.clear();
  }

  #takePort(): number {
    const port = this.#nextPort;
    this.#nextPort = firstPort + ((port + 1 - firstPort) % portCount);
    // After a full turn the oldest mapping gives way: the table is as large as the port range.
    const previous = this.#outside.get(port);
    if (previous !== undefined) this.#forget(previous);
    return port;
  }

  #forget(mapping: NatMapping): void {
    const { address, port } = mapping.inside;
    const ports = this.#inside.get(address);
    ports?.delete(port);
    if (ports?.size === 0) this.#inside.delete(address);
    this.#outside.delete(mapping.outside.port);
  }
}
