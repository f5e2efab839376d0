/**
 * One UDP server in a process of its own, for `host-sim/tools/bench/stand-in.ts`: which one is the first argument. It
 * tells its port, and its processor time whenever it is asked.
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import coap from "coap";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { serveUdp } from "../../cloud/coap/udp";
import type { IncomingMessage, OutgoingMessage } from "coap";

/** What all of them serve, from the bench by way of the environment. */
export interface Served {
  readonly edition: "token" | "tokenless";
  readonly device: { productKey: string; deviceKey: string; deviceSecret: string };
}

const host = "127.0.0.1";

async function start(which: string): Promise<number> {
  if (which === "echo") {
    const socket = createSocket("udp4");
    socket.on("message", (datagram, from) => socket.send(datagram, from.port, from.address));
    await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    return socket.address().port;
  }
  if (which === "node-coap") {
    const server = coap.createServer(
      { type: "udp4" },
      (_request: IncomingMessage, response: OutgoingMessage) => {
        response.code = "2.04";
        response.end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
    return (server as unknown as { _sock: { address(): { port: number } } })._sock.address().port;
  }
  const { edition, device } = JSON.parse(process.env["BENCH_SERVED"]!) as Served;
  const model: unknown = JSON.parse(readFileSync("firmware/product/model.json", "utf8"));
  const script = readFileSync("firmware/product/parsing-script.js", "utf8");
  const served = await serveUdp({
    host,
    port: 0,
    edition,
    iv: "zero",
    devices: [device],
    scriptEngine: await loadScriptEngine(Date.now),
    products: [{ productKey: device.productKey, model, script }],
  });
  return served.port;
}

// Whoever measures may be ended in the middle of it.
process.on("disconnect", () => process.exit());
process.on("message", () => process.send!({ cpu: process.cpuUsage() }));
process.send!({ port: await start(process.argv[2]) });
