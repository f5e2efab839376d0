/** Datagrams as a capture for Wireshark: those that pass, and a device's last ones. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import type { LiveCapture } from "../capture/live-capture";
import { captureHead, datagramBlock } from "../capture/masked-blocks";
import type { Feed } from "../console/feed";
import type { LoggedMessage } from "../console/message-log";
import type { Peer } from "../events";
import { Problem } from "./problem";
import { noDevice, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { captureQuery } from "./schemas/capture";
import { timesQuery } from "./schemas/data";
import { deviceParams } from "./schemas/parts";
import { rangeOf } from "./times";
import type { RangeQuery } from "./times";
import type { Schema } from "./schemas/parts";
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

/** A file, or bytes as they come. */
const pcapng = (description: string): Schema => ({
  description,
  content: { "application/x-pcapng": { schema: { description: "the capture" } } },
});

export function captureRoutes(api: FastifyInstance, context: RouteContext, capture: LiveCapture): void {
  const { cloud, feed } = context;
  const open = new Set<ServerResponse>();
  api.addHook("preClose", async () => {
    for (const raw of open) raw.end();
  });
  api.get<{ Querystring: CaptureQuery }>("/capture", {
    // Nobody waits the seconds that it lasts for its head alone.
    exposeHeadRoute: false,
    schema: routeSchema("data", "captureDatagrams", "datagrams as they pass, what is secret in them masked", {
      querystring: captureQuery,
      answer: { 200: pcapng("pcapng, sent as the datagrams come") },
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
  if (feed !== undefined) keptCapture(api, context, feed, capture);
}

/** The datagrams of a device that are kept. */
function keptCapture(api: FastifyInstance, { cloud }: RouteContext, feed: Feed, capture: LiveCapture): void {
  api.get<{ Params: DeviceParams; Querystring: Pick<RangeQuery, "from" | "to"> }>(
    "/devices/:productKey/:deviceKey/capture",
    {
      schema: routeSchema(
        "data",
        "getCapture",
        "its last messages as a capture, what is secret in them masked",
        {
          params: deviceParams,
          querystring: timesQuery,
          answer: { 200: pcapng("pcapng, of the messages that are kept, oldest first") },
          faults: [404],
        },
      ),
      handler: (request, reply) => {
        const { productKey, deviceKey } = request.params;
        if (cloud.devices.view(productKey, deviceKey) === undefined) throw noDevice(request.params);
        const { from, to } = rangeOf({ ...request.query, limit: 1, order: "asc" });
        const messages = feed.messages.of(`${productKey}/${deviceKey}`, from, to);
        const file = `${deviceKey.replace(/[^A-Za-z0-9._-]/g, "_")}.pcapng`;
        return reply
          .type("application/x-pcapng")
          .header("content-disposition", `attachment; filename="${file}"`)
          .send(Readable.from(blocksOf(messages, capture.local), { objectMode: false }));
      },
    },
  );
}

/** The blocks of a file, made as they are read. */
function* blocksOf(messages: readonly LoggedMessage[], local: Peer): Generator<Uint8Array> {
  yield Buffer.concat(captureHead(local));
  for (const { at, way, peer, bytes, size, ranges, device } of messages) {
    const hidden = ranges.reduce((sum, [, length]) => sum + length, 0);
    // As long as it was, or its reader would take it for one that was cut on its way.
    const whole = new Uint8Array(size).fill(0x2a);
    whole.set(bytes);
    const remark = size === bytes.length ? "" : `only the first ${bytes.length} bytes are kept`;
    yield datagramBlock({ at, way, peer, bytes: whole, hidden, device, remark }, local);
  }
}
