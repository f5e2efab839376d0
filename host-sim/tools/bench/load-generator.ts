/**
 * Ten thousand devices in a process of their own, for the bench: they authenticate, and then report at a rate that
 * does not ask how fast answers come.
 *
 * A request's latency counts from when it was due, not from when it left: while the server, or this program, is held
 * up, those that wait for their turn wait for their answer. What it is told comes from the environment, and what it
 * found it tells its parent.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Code } from "../../../firmware/coap/code";
import { DeviceDatagrams, benchDevices } from "./device-datagrams";
import type { Socket } from "node:dgram";

/** What is asked of it. */
export interface Load {
  readonly port: number;
  readonly devices: number;
  /** Requests a second. */
  readonly rate: number;
  readonly requests: number;
}

/** What it found; `latencies` in ms, ascending, without what never came. */
export interface LoadResult {
  readonly latencies: readonly number[];
  readonly lost: number;
  /** Requests a second that it came to. */
  readonly rate: number;
}

/** Sockets that the devices share: as many peers, each below what a process may open. */
const sockets = 200;
/** Authentications under way at once. */
const outstanding = 64;
/** How long the last answers are waited for, ms. */
const patience = 5000;

const load = JSON.parse(process.env["BENCH_LOAD"]!) as Load;
const fleet = benchDevices(load.devices).map((device) => new DeviceDatagrams(device, "json", true));
const open: Socket[] = [];
let answered: (index: number, answer: Buffer) => void = () => undefined;

for (let i = 0; i < sockets; i++) {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  socket.connect(load.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("message", (answer) => answered(answer.readUInt32BE(4), answer));
  open.push(socket);
}
const socketOf = (device: number): Socket => open[device % sockets];

await authenticate();
const reports = prepared();
process.send!("ready");
await once(process, "message");
const result = await report(reports);
// It is longer than a pipe takes at once.
await new Promise((resolve) => process.send!(result, resolve));
process.disconnect();
for (const socket of open) socket.close();

/** The token of a request: which one it is. */
function tokenOf(index: number): Uint8Array {
  const token = Buffer.alloc(4);
  token.writeUInt32BE(index);
  return token;
}

/** A message id that no other request of the same socket has had lately. */
function messageIdOf(index: number): number {
  return Math.floor(index / sockets) & 0xffff;
}

function authenticate(): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let done = 0;
    const start = (): void => {
      if (next === fleet.length) return;
      const device = next++;
      const id = 0x8000 | messageIdOf(device);
      socketOf(device).send(fleet[device].authentication(id, tokenOf(device)));
    };
    answered = (device, answer) => {
      fleet[device].accept(answer);
      done += 1;
      if (done === fleet.length) resolve();
      else start();
    };
    for (let i = 0; i < outstanding; i++) start();
  });
}

/** The reports of all devices in turn, signed before the load begins. */
function prepared(): Buffer[] {
  const made: Buffer[] = [];
  for (let i = 0; i < load.requests; i++) {
    made.push(fleet[i % fleet.length].report(messageIdOf(i), tokenOf(i), i));
  }
  return made;
}

async function report(datagrams: readonly Buffer[]): Promise<LoadResult> {
  const gap = 1000 / load.rate;
  const latencies: number[] = [];
  const start = performance.now() + 100;
  answered = (index, answer) => {
    if (answer[1] !== Code.changed) throw new Error(`answered with ${answer[1] >> 5}.${answer[1] & 31}`);
    latencies.push(performance.now() - (start + index * gap));
  };
  let sent = 0;
  // It looks at the clock all the time: a timer would come late, and wake up late.
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      while (sent < datagrams.length && start + sent * gap <= now) {
        socketOf(sent % fleet.length).send(datagrams[sent]);
        sent += 1;
      }
      const over = start + datagrams.length * gap;
      if (latencies.length === datagrams.length || now > over + patience) resolve();
      else setImmediate(turn);
    };
    turn();
  });
  const seconds = Math.max(datagrams.length * gap, performance.now() - start) / 1000;
  const lost = datagrams.length - latencies.length;
  return { latencies: latencies.sort((a, b) => a - b), lost, rate: latencies.length / seconds };
}
