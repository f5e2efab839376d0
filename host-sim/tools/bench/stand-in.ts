/**
 * Processor time that the EnOS stand-in spends on a request, against a bare echo of datagrams and against
 * node-coap's server, which says 2.04 to everything. Each is a process of its own and gets the same
 * datagrams over loopback, of the length and form that a device sends.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Code } from "../../../firmware/coap/code";
import { DeviceDatagrams, benchDevices } from "./device-datagrams";
import { median } from "./measure";
import { ServerProcess, bundlePrograms } from "./server-process";
import type { Socket } from "node:dgram";
import type { BarName } from "./bars";
import type { ReportForm } from "./device-datagrams";
import type { ServerKind } from "./server-process";
import type { Served } from "./stand-in-server";

export interface RequestCost {
  readonly name: string;
  readonly bar: BarName;
  /** Processor time per request, µs: medians of the rounds. */
  readonly standIn: number;
  readonly echo: number;
  readonly nodeCoap: number;
  /** The stand-in's, times the echo's of the same round: the median. */
  readonly ratio: number;
}

/** Requests before anything is measured: until then V8 compiles what it has seen to be called often. */
const warmUp = 20_000;
/** Requests of a round. So few that whatever else the machine does meets all of them alike. */
const perRound = 1000;
const rounds = 21;
/**
 * Datagrams sent at once, every `pause` ms: the same rate for all, which each of them keeps up with. As fast
 * as each can go, the fastest would meet a client that is always awake and pay for no wake-up of it.
 */
const burst = 8;
const warmUpBurst = 32;
const pause = 2;
/** Below what a socket's receive buffer holds. */
const outstanding = 64;
const token = Uint8Array.of(0x9f, 0x86, 0xd0, 0x81);

/** What is sent, and in which edition. */
interface Row {
  readonly name: string;
  readonly edition: "token" | "tokenless";
  readonly form: ReportForm;
  readonly bar: BarName;
}

const rows: readonly Row[] = [
  { name: "JSON report", edition: "tokenless", form: "json", bar: "standInJson" },
  { name: "signed JSON report", edition: "token", form: "json", bar: "standInJson" },
  { name: "signed raw report, generated script", edition: "token", form: "raw", bar: "standInScript" },
  {
    ...{ name: "signed raw report, script in the manual's style", edition: "token", form: "manual" },
    bar: "standInManualScript",
  },
];

/** The costs of each kind of report. */
export async function benchStandIn(): Promise<RequestCost[]> {
  await bundlePrograms("stand-in-server");
  const costs: RequestCost[] = [];
  for (const row of rows) costs.push(await costOf(row));
  return costs;
}

async function costOf({ name, edition, form, bar }: Row): Promise<RequestCost> {
  const served: Served = { edition, devices: 1, product: form === "manual" ? "manual" : "example" };
  const all: Client[] = [];
  try {
    for (const kind of ["stand-in", "echo", "node-coap"] as const) {
      all.push(
        await Client.start(kind, served, new DeviceDatagrams(benchDevices(1)[0], form, edition === "token")),
      );
    }
    for (const client of all) await client.send(warmUp, warmUpBurst);
    for (let round = 0; round < rounds; round++) for (const client of all) await client.round();
    const [ours, echo, nodeCoap] = all.map(({ spent }) => spent);
    const ratio = median(ours.map((cost, round) => cost / echo[round]));
    return { name, bar, ratio, standIn: median(ours), echo: median(echo), nodeCoap: median(nodeCoap) };
  } finally {
    for (const client of all) client.end();
  }
}

/** One server and the device that asks it. */
class Client {
  /** Processor time per request in each round, µs. */
  readonly spent: number[] = [];
  readonly #server: ServerProcess;
  readonly #socket: Socket;
  readonly #datagrams: DeviceDatagrams;
  #made = 0;

  private constructor(server: ServerProcess, socket: Socket, datagrams: DeviceDatagrams) {
    this.#server = server;
    this.#socket = socket;
    this.#datagrams = datagrams;
  }

  static async start(kind: ServerKind, served: Served, datagrams: DeviceDatagrams): Promise<Client> {
    const server = await ServerProcess.start(kind, served);
    const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    socket.connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    if (kind === "stand-in") {
      const answer = once(socket, "message");
      socket.send(datagrams.authentication(0xffff, token));
      const [received] = (await answer) as [Buffer];
      datagrams.accept(received);
    }
    return new Client(server, socket, datagrams);
  }

  async round(): Promise<void> {
    const before = await this.#server.cpu();
    await this.send(perRound, burst);
    this.spent.push(((await this.#server.cpu()) - before) / perRound);
  }

  /** Sends so many reports, a burst every `pause` ms, and waits for an answer to each. */
  send(count: number, burst: number): Promise<void> {
    const datagrams: Buffer[] = [];
    for (let i = 0; i < count; i++, this.#made++) {
      datagrams.push(this.#datagrams.report(this.#made & 0xffff, token, this.#made));
    }
    const socket = this.#socket;
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

  end(): void {
    this.#socket.close();
    this.#server.end();
  }
}
