/**
 * The EnOS stand-in on a real UDP port. The one file of the cloud that knows the machine's time,
 * randomness and sockets; all it does is drive `EnosCloud` with them.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { EnosCloud } from "./cloud";
import type { CloudOptions } from "./cloud";
import type { Peer } from "./events";

export interface ServeOptions extends Omit<CloudOptions, "transmit" | "randomBytes"> {
  /** Address or name to listen on, such as "0.0.0.0", "127.0.0.1" or "::". */
  host: string;
  /** 0 lets the system choose one. CoAP's own is 5683. */
  port: number;
  /** Sees every datagram, for a timeline. `now` in ms like an event's `at`. */
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
  /** Stops listening; resolves once the port is free. A second call is no fault. */
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
const POLL_EVERY = 1000;

/**
 * Opens the port and serves until `close`.
 * @throws ServeError (as a rejection) when the port cannot be opened; what `new EnosCloud` throws
 */
export async function serveUdp(options: ServeOptions): Promise<UdpCloud> {
  const { host, port, onDatagram, onError, ...cloudOptions } = options;
  const start = performance.timeOrigin;
  const now = (): number => start + performance.now();
  let closed: Promise<void> | undefined;
  const cloud = new EnosCloud({
    ...cloudOptions,
    randomBytes: (n) => randomBytes(n),
    transmit(datagram, peer) {
      // A listener may have closed the port while the request was handled.
      if (closed !== undefined) return;
      onDatagram?.("out", datagram, peer, now());
      socket.send(datagram, peer.port, peer.address, (error) => {
        if (error !== null) onError?.(`cannot send to ${peer.address} port ${peer.port}: ${error.message}`);
      });
    },
  });
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (datagram, from) => {
    const peer = { address: from.address, port: from.port };
    const at = now();
    onDatagram?.("in", datagram, peer, at);
    cloud.receive(datagram, peer, at);
  });
  await bind(socket, host, port);
  socket.on("error", (error) => onError?.(`UDP socket: ${error.message}`));

  const timer = setInterval(() => {
    if (now() >= cloud.deadline) cloud.poll(now());
  }, POLL_EVERY);
  timer.unref();
  const bound = socket.address();
  return {
    address: bound.address,
    port: bound.port,
    cloud,
    now,
    close() {
      clearInterval(timer);
      closed ??= new Promise((resolve) => socket.close(() => resolve()));
      return closed;
    },
  };
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
      return `UDP port ${port} on ${host} is in use; stop the program that has it, or choose another port`;
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
