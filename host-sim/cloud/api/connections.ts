/**
 * How many connections the application API has at a time, in all and with one network (see network.ts). There is
 * always room for one more: what goes for it is the connection that has waited longest with no request on it,
 * such as one whose client sends its headers byte by byte, or does not read its answer. Only a connection whose
 * answer is not made yet stays: in practice the pages that look on, of which stream.ts has a bound of its own.
 * A network whose connections are all of that kind gets no more, and the others still do.
 *
 *     accepted ──request is there──▶ being answered ──answer is made──▶ leaving ──it has gone──▶ behind all others
 *      may be closed                  stays                              may be closed            may be closed
 */
import { network } from "../network";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface ConnectionLimits {
  readonly total: number;
  readonly perNetwork: number;
}

interface Connection {
  readonly from: string;
  /** The last request on it and its answer. */
  exchange?: { readonly request: IncomingMessage; readonly response: ServerResponse };
}

/** Keeps a server's connections within limits, from now on. */
export function limitConnections(server: Server, { total, perNetwork }: ConnectionLimits): void {
  /** The one that has waited longest comes first. */
  const open = new Map<Socket, Connection>();
  const counts = new Map<string, number>();

  const closed = (socket: Socket): void => {
    const connection = open.get(socket);
    if (connection === undefined) return;
    open.delete(socket);
    const left = counts.get(connection.from)! - 1;
    if (left === 0) counts.delete(connection.from);
    else counts.set(connection.from, left);
  };
  /** Closes the connection that can best be done without: of a network, or of all. */
  const makeRoom = (from: string | undefined): boolean => {
    for (const [socket, connection] of open) {
      if ((from !== undefined && connection.from !== from) || isAnswered(connection)) continue;
      closed(socket);
      socket.destroy();
      return true;
    }
    return false;
  };

  server.on("connection", (socket: Socket) => {
    const from = network(socket.remoteAddress ?? "");
    const isFull = (counts.get(from) ?? 0) >= perNetwork;
    if ((isFull && !makeRoom(from)) || (open.size >= total && !makeRoom(undefined))) {
      socket.destroy();
      return;
    }
    open.set(socket, { from });
    counts.set(from, (counts.get(from) ?? 0) + 1);
    socket.once("close", () => closed(socket));
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = open.get(socket);
    if (connection === undefined) return;
    connection.exchange = { request, response };
    response.once("finish", () => {
      if (!open.delete(socket)) return;
      open.set(socket, connection);
    });
  });
}

/** Whether a request is there in full and its answer is not made yet. */
function isAnswered({ exchange }: Connection): boolean {
  return exchange !== undefined && exchange.request.complete && !exchange.response.writableEnded;
}
