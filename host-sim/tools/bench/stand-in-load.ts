/** The stand-in under the load of many devices: what it takes to register them, and how soon it answers. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { ServerProcess, bundlePrograms, startProgram, told } from "./server-process";
import type { Load, LoadResult } from "./load-generator";

export interface LoadFigures {
  readonly devices: number;
  /** From the start of the server's process until it serves them, s. */
  readonly started: number;
  /** Bytes of heap that a device takes, registered and in a session. */
  readonly heapPerDevice: number;
  /** Requests a second that were answered. */
  readonly rate: number;
  /** Latencies, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly highest: number;
  readonly lost: number;
  /** The server's processor time per request, µs. */
  readonly cpu: number;
  /** Whether server and devices had a core each. */
  readonly pinned: boolean;
}

const devices = 10_000;
const rate = 2000;
const seconds = 20;

/**
 * Registers the devices, lets them authenticate, and has them report. The server has one core, the devices another
 * one; without `taskset`, or on a machine with one core, they have what they find.
 *
 * @param kept whether the server writes a data directory, and answers only what it has written
 */
export async function benchStandInLoad(kept: boolean): Promise<LoadFigures> {
  await bundlePrograms("stand-in-server", "load-generator");
  const pinned = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).error === undefined;
  const directory = mkdtempSync(join(tmpdir(), "bench-cloud-"));
  const servers: ServerProcess[] = [];
  const start = async (count: number, data?: string): Promise<ServerProcess> => {
    const served = { edition: "token", devices: count, product: "example", directory: data } as const;
    const server = await ServerProcess.start("stand-in", served, pinned ? 1 : undefined);
    servers.push(server);
    return server;
  };
  try {
    const bare = await (await start(1)).heap();
    const before = performance.now();
    const server = await start(devices, kept ? join(directory, "data") : undefined);
    const started = (performance.now() - before) / 1000;
    const load: Load = { port: server.port, devices, rate, requests: rate * seconds };
    const env = { BENCH_LOAD: JSON.stringify(load) };
    const generator = startProgram("load-generator", [], env, pinned ? 0 : undefined);
    await told(generator);
    const heap = await server.heap();
    const cpu = await server.cpu();
    generator.send("go");
    const result = await told<LoadResult>(generator);
    const spent = (await server.cpu()) - cpu;
    const { latencies } = result;
    const at = (part: number): number => latencies[Math.ceil(part * latencies.length) - 1] ?? Infinity;
    return {
      ...{ devices, started, pinned, rate: result.rate, lost: result.lost },
      heapPerDevice: (heap - bare) / devices,
      ...{ p50: at(0.5), p99: at(0.99), highest: at(1) },
      cpu: spent / latencies.length,
    };
  } finally {
    for (const server of servers) server.end();
    rmSync(directory, { recursive: true, force: true });
  }
}
