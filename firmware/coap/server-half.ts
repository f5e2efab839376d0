/**
 * The server's half of an endpoint, for its option `server`: requests (server.ts), and their bodies in
 * blocks (block-server.ts).
 *
 *     new Endpoint({ …, server: serverHalf({ onRequest: (request, now) => … }) })
 */
import { BlockServer } from "./block-server";
import { checkRange } from "./range";
import { Server } from "./server";
import { exchangeLifetime } from "./transmission";
import type { BlockServerOptions } from "./block-server";
import type { ServerHalf, ServerHalfMaker } from "./endpoint-options";

export interface ServerHalfOptions {
  /** The application: gets whole requests, and answers them now or later. */
  readonly onRequest: BlockServerOptions["onRequest"];
  /** See `BlockServerOptions.admit`. */
  readonly admit?: BlockServerOptions["admit"];
  /** How long `onRequest` may take until an empty ACK goes out, ms (default 250). */
  readonly separateAfter?: number;
  /** Bodies in blocks that are kept at once, each way (default 2). */
  readonly maxTransfers?: number;
}

/**
 * Makes an endpoint serve.
 *
 * @throws RangeError when a setting cannot work
 */
export function serverHalf(options: ServerHalfOptions): ServerHalfMaker {
  const { onRequest, admit, separateAfter = 250, maxTransfers = 2 } = options;
  checkRange("separateAfter", separateAfter, 0, 600_000);
  checkRange("maxTransfers", maxTransfers, 1, 65_536);
  return ({ blockSize, maxBody, ...parts }): ServerHalf => {
    const { maxDatagram, transmission } = parts;
    const lifetime = exchangeLifetime(transmission);
    const blocks = new BlockServer({
      onRequest,
      admit,
      maxDatagram,
      blockSize,
      maxBody,
      maxTransfers,
      lifetime,
    });
    const server = new Server({
      ...parts,
      separateAfter,
      deliver: (exchange, now) => blocks.receive(exchange, now),
    });
    return {
      get waiting(): number {
        return server.waiting;
      },
      get transfers(): number {
        return blocks.length;
      },
      get deadline(): number {
        return server.deadline;
      },
      receive: (message, screened, address, port, now) =>
        server.receive(message, screened, address, port, now),
      receiveDuplicate: (received) => server.receiveDuplicate(received),
      poll(now: number): void {
        server.poll(now);
        blocks.purge(now);
      },
      close(): void {
        server.close();
        blocks.clear();
      },
    };
  };
}
