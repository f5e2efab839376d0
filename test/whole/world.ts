/**
 * The whole chain on loopback: the firmware's agent over real UDP, the stand-in, and an application that
 * knows nothing but HTTP. Everything is told when it has happened; nothing waits for time to pass.
 */
import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { logLine } from "../../firmware/device/log";
import { internet } from "../../firmware/coap/transmission";
import { Agent } from "../../firmware/device/agent";
import { DemoApplication } from "../../firmware/application";
import { serveApi } from "../../host-sim/cloud/api/server";
import { loadScriptEngine } from "../../host-sim/cloud/script/script-engine";
import { serveUdp } from "../../host-sim/cloud/coap/udp";
import { nodeCryptography } from "../../host-sim/sim/engine/node-cryptography";
import { RealTimeDriver } from "../../host-sim/tools/pc/driver";
import { NodeUdp } from "../../host-sim/tools/pc/udp";
import type { ApiServer } from "../../host-sim/cloud/api/server";
import type { Device } from "../../firmware/device/application";
import type { Completion } from "../../firmware/device/application";
import type { AgentOptions } from "../../firmware/device/agent";
import type { CloudOptions } from "../../host-sim/cloud/cloud-options";
import type { CloudEvent } from "../../host-sim/cloud/cloud";
import type { Edition } from "../../host-sim/cloud/registry/registry";
import type { UdpCloud } from "../../host-sim/cloud/coap/udp";

const host = "127.0.0.1";
const keys = { productKey: "pk", deviceKey: "861234567890123", deviceSecret: "a secret of the test's" };
const model: unknown = JSON.parse(readFileSync("firmware/product/model.json", "utf8"));
const script = readFileSync("firmware/product/parsing-script.js", "utf8");
const scriptEngine = await loadScriptEngine(Date.now);

/** A network that is simply there. */
const alwaysThere = { ready: true, deadline: Infinity, connect() {}, poll() {} };

export class World {
  readonly log: string[] = [];
  device!: Device;
  readonly #served: UdpCloud;
  readonly #api: ApiServer;
  readonly #agent: Agent;
  readonly #driver = new RealTimeDriver((text) => {
    throw new Error(`a fault in the firmware: ${text}`);
  });
  readonly #waiting: { wanted: (event: CloudEvent) => boolean; found: () => void }[];

  /** A stand-in, its API, and a device that is online. */
  static async start(
    edition: Edition,
    payload: "raw" | "json",
    options: Partial<AgentOptions> = {},
    cloud: Pick<CloudOptions, "demandsFormat"> = {},
  ): Promise<World> {
    const waiting: World["waiting"] = [];
    const served = await serveUdp({
      ...{ host, port: 0, edition, iv: "zero", devices: [keys], scriptEngine },
      products: [{ productKey: keys.productKey, payload, model, script }],
      ...cloud,
      onEvent: (event) => {
        for (const each of waiting.splice(0)) {
          if (each.wanted(event)) each.found();
          else waiting.push(each);
        }
      },
    });
    const api = await serveApi(
      {
        ...{ cloud: served.cloud, now: served.now, flush: served.flush, host, version: "test", edition },
        ...{ kept: false, randomBytes: (n) => randomBytes(n) },
      },
      0,
    );
    const world = new World(served, api, waiting, options);
    await world.#online();
    return world;
  }

  private constructor(
    served: UdpCloud,
    api: ApiServer,
    waiting: World["waiting"],
    options: Partial<AgentOptions>,
  ) {
    this.#served = served;
    this.#api = api;
    this.#waiting = waiting;
    const driver = this.#driver;
    const demo = new DemoApplication({ random: Math.random, rssi: () => -85, now: driver.now });
    this.#agent = new Agent({
      session: { credentials: keys, address: host, port: served.port, lifetime: 3600 },
      ...{ crypto: nodeCryptography, random: Math.random, transmission: internet, link: alwaysThere },
      socket: { io: NodeUdp, afterEvent: driver.turn },
      application: {
        thing: demo.thing,
        sample: () => demo.sample(),
        commands: demo.commands,
        start: (device, boot) => {
          demo.start(device, boot);
          this.device = device;
        },
      },
      ...{ interval: 86_400, reports: 0, format: "json", now: driver.now, wake: driver.wake },
      log: (event) => this.log.push(logLine(event)),
      ...options,
    });
    this.#agent.setTime(Date.now(), driver.now());
  }

  get waiting(): { wanted: (event: CloudEvent) => boolean; found: () => void }[] {
    return this.#waiting;
  }

  /** Resolves at the next event of the cloud's that is wanted. */
  next(wanted: (event: CloudEvent) => boolean): Promise<void> {
    return new Promise((found) => this.#waiting.push({ wanted, found }));
  }

  /** Has the device send something, and resolves with how it came out. */
  async sends(work: (device: Device, done: (how: Completion) => void) => void): Promise<Completion> {
    return new Promise((resolve) => work(this.device, resolve));
  }

  /** What the application sees, by HTTP; `body` makes a POST of it. */
  async api(path: string, body?: unknown): Promise<any> {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const url = `http://${host}:${this.#api.port}/api/v1/${path}`;
    const response = await fetch(url, body === undefined ? {} : init);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The same, about the device. */
  of(path: string, body?: unknown): Promise<any> {
    return this.api(`devices/${keys.productKey}/${keys.deviceKey}${path}`, body);
  }

  async close(): Promise<void> {
    this.#driver.stop();
    this.#agent.close(this.#driver.now());
    await this.#api.close();
    await this.#served.close();
  }

  async #online(): Promise<void> {
    const stored = this.next(({ type }) => type === "stored");
    this.#driver.start(this.#agent);
    await stored;
  }
}
