/**
 * The EnOS stand-in on a real UDP port. The one file of the cloud that knows the machine's time,
 * randomness and sockets; all it does is drive `EnosCloud` with them.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { lookup } from "node:dns";
import { EnosCloud } from "../cloud";
import type { CloudOptions } from "../cloud";
import type { Peer } from "../events";
import type { CloudStorage } from "../registry/storage";

/** A storage that says when what was put into it is safe. */
export interface DurableStorage extends CloudStorage {
  /** Resolves once all that was put so far survives the end of this program; rejects when it never will. */
  flush(): Promise<void>;
}

export interface ServeOptions extends Omit<CloudOptions, "transmit" | "randomBytes" | "random" | "storage"> {
  /** Address or name to listen on, such as "0.0.0.0", "127.0.0.1" or "::". */
  host: string;
  /** 0 lets the system choose one. CoAP's own is 5683. */
  port: number;
  /** No answer leaves before what its request caused is safe here. Without one nothing is kept. */
  storage?: DurableStorage;
  /**
   * Most answers that wait for the storage or for the socket (default 4096); while there are so many, datagrams
   * that come are lost, as on a busy network: their senders send them again.
   */
  mostWaiting?: number;
  /** Told of every datagram, for a timeline. `now` is in ms, as an event's `at`. */
  onDatagram?(direction: "in" | "out", datagram: Uint8Array, peer: Peer, now: number): void;
  /** Hears of datagrams that could not be sent, and of socket errors; one line each. */
  onError?(line: string): void;
}

export interface UdpCloud {
  readonly address: string;
  readonly port: number;
  /** For commands and for looking at devices. */
  readonly cloud: EnosCloud;
  /** ms since 1970 that never run backwards; what `cloud` is to be called with. */
  now(): number;
  /**
   * Resolves once all that happened so far is safe in the storage; at once without one. To be awaited
   * before anybody is told of a change made through `cloud`.
   * @throws what the storage's `flush` throws (as a rejection)
   */
  flush(): Promise<void>;
  /** Resolves with the reason when the storage has failed: from then on no request is answered. */
  readonly failed: Promise<Error>;
  /**
   * Sends the answers that still wait for the storage and stops listening; resolves once the port is free.
   * A second call is no fault.
   */
  close(): Promise<void>;
}

/** A port that cannot be opened; the message is one line and says what to do. */
export class ServeError extends Error {
  override name = "ServeError";
  /** The system's word for it, such as EADDRINUSE. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** How often lapsed sessions and timed-out commands are looked for, ms. */
const pollEvery = 1000;

/**
 * Opens the port and serves until `close`.
 * @throws ServeError (as a rejection) when the port cannot be opened; what `new EnosCloud` throws
 */
export async function serveUdp(options: ServeOptions): Promise<UdpCloud> {
  const { host, port, onDatagram, onError, mostWaiting = 4096, ...cloudOptions } = options;
  const { storage } = cloudOptions;
  const start = performance.timeOrigin;
  // Whole ones, for they are what is stored and shown.
  const now = (): number => Math.floor(start + performance.now());
  let closed: Promise<void> | undefined;
  let stopped = false;
  let overloaded = false;

  /** Datagrams given to the socket, which tells of each that it has left. */
  let leaving = 0;
  let allLeft: (() => void) | undefined;
  const left = (error: (Error & Partial<Peer>) | null): void => {
    leaving -= 1;
    if (leaving === 0) allLeft?.();
    if (error !== null) onError?.(`cannot send to ${error.address} port ${error.port}: ${error.message}`);
  };
  const send = (datagram: Uint8Array, peer: Peer): void => {
    onDatagram?.("out", datagram, peer, now());
    leaving += 1;
    socket.send(datagram, peer.port, peer.address, left);
  };
  const outbox = new Outbox(storage, send);
  const cloud = new EnosCloud({
    ...cloudOptions,
    randomBytes: (n) => randomBytes(n),
    random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    transmit(datagram, peer) {
      // A listener may have closed the port while the request was handled.
      if (closed === undefined) outbox.add(datagram, peer);
    },
  });
  let isBound = false;
  const socket = createSocket({
    type: host.includes(":") ? "udp6" : "udp4",
    // Only the name to listen on is looked up. A peer is an address already, and Node would look up even that, each
    // time it sends, and send later.
    lookup: (name, options, callback) => {
      if (isBound) callback(null, name, 0);
      else lookup(name, options, callback);
    },
  });
  socket.on("message", (datagram, from) => {
    if (stopped) return;
    const waiting = leaving + outbox.waiting;
    if (waiting >= mostWaiting) {
      if (!overloaded) onError?.(`${waiting} answers wait for the disk or the network: datagrams are lost`);
      overloaded = true;
      return;
    }
    overloaded = false;
    const peer = { address: from.address, port: from.port };
    const at = now();
    onDatagram?.("in", datagram, peer, at);
    // A view of a Buffer is another Buffer, which takes twice as long to make as one of a plain array: a message has ten.
    cloud.receive(new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.length), peer, at);
    outbox.commit();
    plan();
  });
  await bind(socket, host, port);
  isBound = true;
  socket.on("error", (error) => onError?.(`UDP socket: ${error.message}`));

  // Sessions that have lapsed while nothing ran lapse before anybody looks.
  cloud.poll(now());
  // What is due late, such as an answer delayed on purpose, leaves when it is due; the rest is looked
  // after once a second, so that most requests need not move a timer.
  const poll = (): void => {
    if (now() < cloud.deadline) return;
    cloud.poll(now());
    outbox.commit();
  };
  let planned: NodeJS.Timeout | undefined;
  const plan = (): void => {
    if (planned !== undefined || stopped) return;
    const wait = cloud.deadline - now();
    if (!(wait < pollEvery)) return;
    planned = setTimeout(
      () => {
        planned = undefined;
        poll();
        plan();
      },
      Math.max(1, Math.ceil(wait)),
    );
    planned.unref();
  };
  const timer = setInterval(() => {
    poll();
    plan();
  }, pollEvery);
  timer.unref();

  const end = async (): Promise<void> => {
    await outbox.empty();
    if (leaving > 0) await new Promise<void>((resolve) => (allLeft = resolve));
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  const bound = socket.address();
  return {
    address: bound.address,
    port: bound.port,
    cloud,
    now,
    failed: outbox.failed,
    flush: () => storage?.flush() ?? Promise.resolve(),
    close() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(planned);
      closed ??= end();
      return closed;
    },
  };
}

/**
 * Answers that wait until what their requests caused is safe. One flush is under way at a time; whatever
 * is received meanwhile shares the next one, so that a busy cloud writes few large batches (group commit).
 * Without a storage they wait for the datagrams alone that lie in the socket already: answers that leave
 * together wake their receiver once. They leave in the order in which they were made.
 */
class Outbox {
  /** Resolves when a flush has failed. */
  readonly failed: Promise<Error>;
  readonly #storage: DurableStorage | undefined;
  readonly #send: (datagram: Uint8Array, peer: Peer) => void;
  #fail: (error: Error) => void = () => undefined;
  #waiting: { datagram: Uint8Array; peer: Peer }[] = [];
  /** How many the flush under way is for. */
  #flushed = 0;
  #flushing = false;
  #changed = false;
  /** The storage has failed: nothing may be acknowledged any more. */
  #broken = false;
  #idle: (() => void)[] = [];

  constructor(storage: DurableStorage | undefined, send: (datagram: Uint8Array, peer: Peer) => void) {
    this.#storage = storage;
    this.#send = send;
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  /** Answers that wait for the next flush, or for the one under way. */
  get waiting(): number {
    return this.#waiting.length + this.#flushed;
  }

  add(datagram: Uint8Array, peer: Peer): void {
    if (!this.#broken) this.#waiting.push({ datagram, peer });
  }

  /** To be called after each change of the cloud: sees to a flush, and to what waits leaving after it. */
  commit(): void {
    this.#changed = true;
    if (this.#flushing || this.#broken) return;
    this.#flushing = true;
    // After the datagrams that lie in the socket already: they are all handed over before this runs.
    setImmediate(() => void this.#work());
  }

  /** Resolves once nothing waits any more. */
  empty(): Promise<void> {
    return this.#flushing ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  async #work(): Promise<void> {
    try {
      while (this.#changed) {
        this.#changed = false;
        const leaving = this.#waiting;
        this.#waiting = [];
        this.#flushed = leaving.length;
        if (this.#storage !== undefined) await this.#storage.flush();
        this.#flushed = 0;
        for (const { datagram, peer } of leaving) this.#send(datagram, peer);
      }
    } catch (error) {
      this.#broken = true;
      this.#waiting = [];
      this.#flushed = 0;
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#flushing = false;
    for (const done of this.#idle.splice(0)) done();
  }
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      socket.close();
      reject(new ServeError(bindFault(error, host, port), error.code ?? "UNKNOWN"));
    };
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      const message = `port: expected an integer from 0 to 65535, got ${port}`;
      fail(Object.assign(new Error(message), { code: "ERR_SOCKET_BAD_PORT" }));
      return;
    }
    socket.once("error", fail);
    socket.bind({ address: host, port }, () => {
      socket.removeListener("error", fail);
      resolve();
    });
  });
}

function bindFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `UDP port ${port} on ${host} is in use; stop the program that has it, or choose another --port`;
    case "EACCES":
      return `no permission for UDP port ${port} on ${host}; choose a port above 1023`;
    case "EADDRNOTAVAIL":
      return `${host} is no address of this machine; listen on 0.0.0.0, 127.0.0.1 or one of its own`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not a known host name; listen on 0.0.0.0, 127.0.0.1 or one of its own addresses`;
    default:
      return `cannot listen on ${host} UDP port ${port}: ${error.message.split("\n")[0]}`;
  }
}
