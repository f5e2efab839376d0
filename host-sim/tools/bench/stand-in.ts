/**
 * Processor time that the EnOS stand-in spends on a request, against a bare echo of datagrams and against
 * node-coap's server, which says 2.04 to everything. Each is a process of its own and gets the same
 * datagrams over loopback, of the length and form that a device sends.
 */
import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { Code, Type } from "../../../firmware/coap/code";
import { encode, encodedLength } from "../../../firmware/coap/message";
import { ContentFormat } from "../../../firmware/coap/option";
import { measurepointParams, requestBody } from "../../../firmware/enos/body";
import { RequestSigner, signAuthentication } from "../../../firmware/enos/sign";
import { readToken } from "../../../firmware/enos/token";
import { EnosOption, authOptions, deviceRoot, pathOptions } from "../../../firmware/enos/topic";
import { encodeReport } from "../../../firmware/model/report";
import { thing } from "../../../firmware/product/thing";
import { projectRoot } from "../../project";
import { EnosCloud } from "../../cloud/cloud";
import { nodeCryptography } from "../pc/crypt";
import { heapUsed, median } from "./measure";
import type { BarName } from "./bars";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:dgram";
import type { OptionBlock } from "../../../firmware/coap/option";
import type { Served } from "./stand-in-server";

export interface RequestCost {
  readonly name: string;
  readonly bar: BarName;
  /** Processor time per request, µs. */
  readonly standIn: number;
  readonly echo: number;
  readonly nodeCoap: number;
}

const device = { productKey: "MuGsF6W4", deviceKey: "861234567890123", deviceSecret: "aB3dEf6hIj9lMn0p" };
const requests = 20_000;
/**
 * Datagrams sent at once, every `pause` ms: the same rate for all, which each of them keeps up with. As fast
 * as each can go, the fastest would meet a client that is always awake and pay for no wake-up of it.
 */
const burst = 8;
const pause = 2;
/** Below what a socket's receive buffer holds. */
const outstanding = 64;
const token = Uint8Array.of(0x9f, 0x86, 0xd0, 0x81);
const values = {
  temperature: 21.5,
  humidity: 48.25,
  rssi: { value: -85, quality: 0 },
  relay: 0,
  uptime: 86_400,
};

/** The rows: what is sent, and in which edition. */
const rows = [
  { name: "JSON report", edition: "tokenless", format: "json", bar: "standInJson" },
  { name: "signed JSON report", edition: "token", format: "json", bar: "standInJson" },
  {
    name: "signed raw report through the parsing script",
    edition: "token",
    format: "raw",
    bar: "standInScript",
  },
] as const;

export interface MemoryResult {
  readonly stored: number;
  /** Heap after garbage collection after the first tenth, in the middle and at the end, bytes. */
  readonly heap: readonly number[];
}

/** A million reports of one device through the stand-in in this process, without sockets. */
export function benchStandInMemory(reports = 1_000_000): MemoryResult {
  const cloud = new EnosCloud({
    ...{ transmit() {}, randomBytes: (n) => new Uint8Array(n).fill(7), edition: "tokenless", iv: "zero" },
    devices: [device],
  });
  const peer = { address: "192.0.2.1", port: 5683 };
  const sign = signAuthentication(nodeCryptography, device, 86_400);
  const body = Buffer.from(JSON.stringify({ secureMode: 2, lifetime: 86_400, sign }));
  cloud.receive(datagram(0, authOptions(device), undefined, body), peer, 0);
  const topic = "thing/measurepoint/post";
  const path = pathOptions(`${deviceRoot(device)}/${topic}`, ContentFormat.json);
  const heap: number[] = [];
  for (let i = 1; i <= reports; i++) {
    // A second apart, so that message ids come again when they may.
    cloud.receive(datagram(i & 0xffff, path, undefined, json(i, topic)), peer, i * 1000);
    if (i === reports / 10 || i === reports / 2 || i === reports) heap.push(heapUsed());
  }
  return { stored: cloud.device(device.productKey, device.deviceKey)!.counters.stored, heap };
}

/** Medians of `rounds` in which the three take turns. */
export async function benchStandIn(rounds = 3): Promise<RequestCost[]> {
  await build({
    absWorkingDir: projectRoot(),
    entryPoints: ["host-sim/tools/bench/stand-in-server.ts"],
    outfile: "build/bench-stand-in-server.mjs",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "silent",
  });
  const costs: RequestCost[] = [];
  for (const { name, bar, edition, format } of rows) {
    const spent: Record<"standIn" | "echo" | "nodeCoap", number[]> = { standIn: [], echo: [], nodeCoap: [] };
    for (let round = 0; round < rounds; round++) {
      spent.standIn.push(await costOf("stand-in", edition, format));
      spent.echo.push(await costOf("echo", edition, format));
      spent.nodeCoap.push(await costOf("node-coap", edition, format));
    }
    const [standIn, echo, nodeCoap] = [spent.standIn, spent.echo, spent.nodeCoap].map(median);
    costs.push({ name, bar, standIn, echo, nodeCoap });
  }
  return costs;
}

/** Processor time per request of one server, warmed up, µs. */
async function costOf(
  which: string,
  edition: "token" | "tokenless",
  format: "json" | "raw",
): Promise<number> {
  const served: Served = { edition, device };
  const child = fork(join(projectRoot(), "build/bench-stand-in-server.mjs"), [which], {
    cwd: projectRoot(),
    env: { ...process.env, BENCH_SERVED: JSON.stringify(served) },
  });
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  try {
    const { port } = await told<{ port: number }>(child);
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const session = which === "stand-in" ? await authenticate(socket) : new Uint8Array(8);
    const datagrams = reports(edition, format, session);
    await sendAll(socket, datagrams.slice(0, requests / 2));
    const before = await cpuOf(child);
    await sendAll(socket, datagrams.slice(requests / 2));
    return ((await cpuOf(child)) - before) / (requests / 2);
  } finally {
    socket.close();
    child.kill("SIGTERM");
  }
}

async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const { cpu } = await told<{ cpu: NodeJS.CpuUsage }>(child);
  return cpu.user + cpu.system;
}

/** The session's token; none in the edition that has none. */
async function authenticate(socket: Socket): Promise<Uint8Array> {
  const lifetime = 86_400;
  const sign = signAuthentication(nodeCryptography, device, lifetime);
  const body = Buffer.from(JSON.stringify({ secureMode: 2, lifetime, sign }));
  const answer = once(socket, "message");
  // An id without the byte of the payload marker, which is looked for below.
  socket.send(datagram(0x7000, authOptions(device), undefined, body));
  const [received] = (await answer) as [Buffer];
  if (received[1] !== Code.changed) throw new Error("the stand-in refused the authentication");
  const marker = received.indexOf(0xff);
  const session = marker < 0 ? undefined : readToken(received.subarray(marker + 1));
  return session instanceof Uint8Array ? session : new Uint8Array(8);
}

function reports(edition: "token" | "tokenless", format: "json" | "raw", session: Uint8Array): Buffer[] {
  const signer = new RequestSigner(nodeCryptography, device.deviceSecret, "zero");
  const topic = format === "raw" ? "thing/model/up_raw" : "thing/measurepoint/post";
  const contentFormat = format === "raw" ? ContentFormat.octetStream : ContentFormat.json;
  const path = pathOptions(`${deviceRoot(device)}/${topic}`, contentFormat);
  const out = new Uint8Array(200);
  const datagrams: Buffer[] = [];
  for (let i = 0; i < requests; i++) {
    const sign = edition === "token" ? signer.sign(session, i + 1) : undefined;
    datagrams.push(datagram(i, path, sign, format === "raw" ? raw(i, out) : json(i, topic)));
  }
  return datagrams;
}

function raw(id: number, out: Uint8Array): Uint8Array {
  const length = encodeReport(thing, values, id, out, "sample");
  if (typeof length !== "number") throw new Error(`${length.id} ${length.detail}`);
  return out.subarray(0, length);
}

function json(id: number, topic: string): Uint8Array {
  return requestBody(String(id), topic, measurepointParams(values, 1_767_225_600_000 + id * 1000));
}

function datagram(
  messageId: number,
  fixed: OptionBlock,
  sign: Uint8Array | undefined,
  payload: Uint8Array,
): Buffer {
  const options = sign === undefined ? [] : [{ number: EnosOption.sign, value: sign }];
  const message = { type: Type.confirmable, code: Code.post, messageId, token, fixed, options, payload };
  const out = Buffer.alloc(encodedLength(message));
  encode(message, out);
  return out;
}

/** Sends them all at that rate, and waits for an answer to each. */
function sendAll(socket: Socket, datagrams: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const end = (error?: Error): void => {
      clearInterval(sending);
      clearTimeout(lost);
      socket.off("message", onMessage);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onMessage = (answer: Buffer): void => {
      if (answer[1] !== Code.changed && answer[1] !== Code.post) {
        return end(new Error(`answered with ${answer[1] >> 5}.${answer[1] & 31}`));
      }
      answered += 1;
      if (answered === datagrams.length) end();
    };
    const sending = setInterval(() => {
      const room = outstanding - (sent - answered);
      for (let i = 0; i < Math.min(burst, room) && sent < datagrams.length; i++)
        socket.send(datagrams[sent++]);
    }, pause);
    const lost = setTimeout(() => end(new Error(`${answered} of ${datagrams.length} answered`)), 60_000);
    socket.on("message", onMessage);
  });
}
