/**
 * One UDP server in a process of its own, for the parts of the bench that measure the stand-in: which one is the
 * first argument. It tells its port, and its processor time and memory whenever it is asked.
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import coap from "coap";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { openStore } from "../../cloud/store/level-store";
import { serveUdp } from "../../cloud/coap/udp";
import { benchDevices } from "./device-datagrams";
import { heapUsed } from "./measure";
import type { IncomingMessage, OutgoingMessage } from "coap";

/** What all of them serve, from the bench by way of the environment. */
export interface Served {
  readonly edition: "token" | "tokenless";
  readonly devices: number;
  /** The example's, or the one whose parsing script is in the style of EnOS's manual. */
  readonly product: "example" | "manual";
  /** Where the stand-in keeps what it stores; in memory alone when left out. */
  readonly directory?: string;
}

/** What a server answers when it is asked how it does. */
export interface ServerState {
  readonly cpu: NodeJS.CpuUsage;
  /** Bytes on the heap after a garbage collection, when that was asked for. */
  readonly heap?: number;
}

const host = "127.0.0.1";
const manual = "test/host-sim/cloud/script/manual-style";

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
  const { edition, devices, product, directory } = JSON.parse(process.env["BENCH_SERVED"]!) as Served;
  const [modelFile, scriptFile] =
    product === "manual"
      ? [`${manual}.model.json`, `${manual}.js`]
      : ["firmware/product/model.json", "firmware/product/parsing-script.js"];
  const list = benchDevices(devices);
  const model: unknown = JSON.parse(readFileSync(modelFile, "utf8"));
  const script = readFileSync(scriptFile, "utf8");
  const served = await serveUdp({
    host,
    port: 0,
    edition,
    iv: "zero",
    devices: list,
    scriptEngine: await loadScriptEngine(Date.now),
    products: [{ productKey: list[0].productKey, model, script }],
    storage: directory === undefined ? undefined : await openStore(directory),
  });
  return served.port;
}

// Whoever measures may be ended in the middle of it.
process.on("disconnect", () => process.exit());
process.on("message", (what) => {
  const cpu = process.cpuUsage();
  process.send!(what === "heap" ? { cpu, heap: heapUsed() } : { cpu });
});
process.send!({ port: await start(process.argv[2]) });
