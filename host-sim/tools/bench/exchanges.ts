/**
 * Confirmable exchanges over loopback UDP: the firmware's client against node-coap's, 64 outstanding, with
 * the same bare responder in a process of its own on the other end.
 */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import coap from "coap";
import { Code } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { encodeOptions } from "../../../firmware/coap/option";
import { internet } from "../../../firmware/coap/transmission";
import type { ChildProcess } from "node:child_process";

export interface ExchangeRate {
  /** Exchanges per second. */
  readonly rate: number;
  /** Processor time of the client's process per exchange, µs. */
  readonly cpu: number;
}

const outstanding = 64;
/** Fewer than there are message ids: a client that keeps RFC 7252 section 4.4 would have to wait. */
const exchanges = 20_000;
const path = ["topic", "sys", "MuGsF6W4", "861234567890123", "thing", "model", "up_raw"];
const payload = new Uint8Array(40).fill(0x33);

/** Answers every CON with an ACK 2.04 that has its message id and token, and nothing else. */
const responder = `
const socket = require("dgram").createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
socket.on("message", (m, from) => {
  const n = 4 + (m[0] & 15);
  const r = Buffer.from(m.subarray(0, n));
  r[0] = 0x60 | (m[0] & 15);
  r[1] = 0x44;
  socket.send(r, from.port, from.address);
});
socket.bind(0, "127.0.0.1", () => console.log(socket.address().port));
`;

/** The medians of alternating rounds. */
export async function benchExchanges(rounds = 5): Promise<{ ours: ExchangeRate; nodeCoap: ExchangeRate }> {
  const child = spawn(process.execPath, ["-e", responder], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await portOf(child);
    await ours(port);
    await theirs(port);
    const results: { ours: ExchangeRate[]; nodeCoap: ExchangeRate[] } = { ours: [], nodeCoap: [] };
    for (let round = 0; round < rounds; round++) {
      results.ours.push(await measured(() => ours(port)));
      results.nodeCoap.push(await measured(() => theirs(port)));
    }
    return { ours: medianRate(results.ours), nodeCoap: medianRate(results.nodeCoap) };
  } finally {
    child.kill();
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return Number(chunk.toString());
}

async function measured(run: () => Promise<void>): Promise<ExchangeRate> {
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  await run();
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: exchanges / seconds, cpu: (user + system) / exchanges };
}

/** Of the round whose rate is the median. */
function medianRate(rates: ExchangeRate[]): ExchangeRate {
  return rates.sort((a, b) => a.rate - b.rate)[rates.length >> 1];
}

/** All exchanges through an endpoint of the firmware's. */
async function ours(port: number): Promise<void> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  // Connected, or Node looks the address up for every datagram.
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  const fixed = encodeOptions(path.map((segment) => ({ number: 11, value: Buffer.from(segment) })));
  const transmission = { ...internet, nstart: outstanding };
  const endpoint = new Endpoint({
    transmit: (datagram) => socket.send(datagram),
    random: Math.random,
    transmission,
  });
  socket.on("message", (datagram, from) => {
    endpoint.receive(datagram, from.address, from.port, performance.now());
  });
  const clock = setInterval(() => endpoint.poll(performance.now()), 100);
  await new Promise<void>((resolve, reject) => {
    let started = 0;
    let done = 0;
    const next = (): void => {
      started += 1;
      const onComplete = ({ kind }: { kind: string }): void => {
        if (kind !== "response") return reject(new Error(`an exchange ended as ${kind}`));
        done += 1;
        if (started < exchanges) next();
        else if (done === exchanges) resolve();
      };
      endpoint.request(
        { address: "127.0.0.1", port, code: Code.post, fixed, payload, onComplete },
        performance.now(),
      );
    };
    for (let i = 0; i < outstanding; i++) next();
  });
  clearInterval(clock);
  socket.close();
}

/** The same through node-coap's agent. */
async function theirs(port: number): Promise<void> {
  const agent = new coap.Agent({ type: "udp4" });
  await new Promise<void>((resolve, reject) => {
    let started = 0;
    let done = 0;
    const next = (): void => {
      started += 1;
      const pathname = `/${path.join("/")}`;
      const request = coap.request({ host: "127.0.0.1", port, method: "POST", pathname, agent });
      request.on("error", reject);
      request.on("response", () => {
        done += 1;
        // Not within the event: its agent closes the socket when the last request but one has ended.
        if (started < exchanges) setImmediate(next);
        else if (done === exchanges) resolve();
      });
      request.end(Buffer.from(payload));
    };
    for (let i = 0; i < outstanding; i++) next();
  });
  agent.close();
}
