/** The datagrams that pass, as a capture for Wireshark. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { LiveCapture } from "../capture/live-capture";
import { Problem } from "./problem";
import { noDevice, routeSchema } from "./route";
import { captureQuery } from "./schemas/capture";
import type { RouteContext } from "./route-context";

/** Captures at a time: each has a connection. */
const mostReaders = 8;
/** How long a reader that reads nothing is waited for at the end, ms. */
const patience = 15_000;

interface CaptureQuery {
  seconds: number;
  productKey?: string;
  deviceKey?: string;
}

export function captureRoutes(api: FastifyInstance, { cloud }: RouteContext, capture: LiveCapture): void {
  const open = new Set<ServerResponse>();
  api.addHook("preClose", async () => {
    for (const raw of open) raw.end();
  });
  api.get<{ Querystring: CaptureQuery }>("/capture", {
    schema: routeSchema("data", "captureDatagrams", "datagrams as they pass, what is secret in them masked", {
      querystring: captureQuery,
      answer: {
        200: {
          description: "pcapng, sent as the datagrams come",
          content: { "application/x-pcapng": { schema: { description: "the capture" } } },
        },
      },
      faults: [404, 429],
    }),
    handler: ({ query: { seconds, productKey, deviceKey } }, reply) => {
      if ((productKey === undefined) !== (deviceKey === undefined)) {
        throw new Problem(
          400,
          "query: productKey and deviceKey go together; give both, or none for all devices",
        );
      }
      if (productKey !== undefined && cloud.devices.view(productKey, deviceKey!) === undefined) {
        throw noDevice({ productKey, deviceKey: deviceKey! });
      }
      if (capture.readers >= mostReaders) {
        throw new Problem(429, `${mostReaders} captures run already; end one, or wait until it is over`);
      }
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": "application/x-pcapng",
        "content-disposition": 'attachment; filename="enos-stand-in.pcapng"',
      });
      const device = productKey === undefined ? undefined : `${productKey}/${deviceKey}`;
      // Once it has ended, a reader that is slow still reads; to write then would end the program.
      const write = (bytes: Uint8Array): boolean => !raw.writableEnded && raw.write(bytes);
      const following = capture.follow({ device, write });
      open.add(raw);
      // Devices may be silent for longer than a connection may else.
      raw.socket?.setTimeout(0);
      const over = setTimeout(() => {
        raw.end();
        raw.socket?.setTimeout(patience);
      }, seconds * 1000);
      raw.on("drain", following.resume);
      raw.on("close", () => {
        clearTimeout(over);
        following.end();
        open.delete(raw);
      });
    },
  });
}
