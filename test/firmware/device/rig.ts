/**
 * An agent with a link that the test switches, a socket that is two arrays, and a fake EnOS behind it:
 * everything but the agent is the test's own, and time moves only when the test says so.
 */
import { logLine } from "../../../firmware/device/log";
import { narrowband } from "../../../firmware/coap/transmission";
import { Agent } from "../../../firmware/device/agent";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { Random } from "../../../host-sim/sim/time/random";
import { FakeEnos, keys } from "../enos/fake-enos";
import type { AgentOptions, DatagramSocket, Link } from "../../../firmware/device/agent";
import { defineThing } from "../../../firmware/model/thing";
import type { Boot, Device, ServiceHandler } from "../../../firmware/device/application";
import type { Thing, ThingValues } from "../../../firmware/model/thing";

type Datagram = ArrayBuffer & { address: string; port: number };

const server = { address: "192.0.2.1", port: 5683 };
/** One way through the network, ms. */
const latency = 1_500;

export const thing = defineThing({
  product: "test",
  version: 1,
  fingerprint: "0",
  points: [
    { identifier: "n", number: 1, type: "int" },
    { identifier: "relay", number: 2, type: "int", writable: true },
    { identifier: "name", number: 3, type: "string", writable: true },
  ],
  attributes: [
    { identifier: "floor", type: "int" },
    { identifier: "label", type: "string", maxLength: 8 },
  ],
  events: [{ identifier: "alarm", outputs: [{ identifier: "level", type: "int" }] }],
  services: [
    {
      identifier: "measure",
      number: 17,
      inputs: [{ identifier: "times", type: "int" }],
      outputs: [{ identifier: "value", type: "double" }],
    },
  ],
});

/** The same with the event by which the device tells its troubles. */
export const withTrouble = defineThing({
  ...thing,
  events: [
    {
      identifier: "trouble",
      outputs: [
        { identifier: "what", type: "string", maxLength: 32 },
        { identifier: "line", type: "string", maxLength: 512 },
        { identifier: "count", type: "int" },
      ],
    },
  ],
});

/** The agent's socket: keeps what is written, gives what is put in. */
class FakeSocket implements DatagramSocket {
  releaseAfterReply = false;
  closed = false;
  /** How often it was told that an answer is waited for still. */
  awaited = 0;
  readonly received: Datagram[] = [];
  readonly options: { rig: AgentRig; onReadable: (this: FakeSocket, count: number) => void };

  constructor(options: FakeSocket["options"]) {
    this.options = options;
    options.rig.socket = this;
  }

  write(buffer: Uint8Array, address: string, port: number): void {
    if (this.closed) throw new Error("socket is closed");
    this.options.rig.carry(buffer.slice(), address, port, this.releaseAfterReply);
  }

  read(): Datagram | undefined {
    return this.received.shift();
  }

  awaitAnswer(): void {
    this.awaited += 1;
  }

  close(): void {
    this.closed = true;
  }

  deliver(bytes: Uint8Array, from = server): void {
    this.received.push(Object.assign(new Uint8Array(bytes).buffer, from) as Datagram);
    this.options.onReadable.call(this, this.received.length);
  }
}

/** A link that becomes ready `delay` ms after it is asked, unless it is out of order. */
class FakeLink implements Link {
  ready = false;
  broken = false;
  deadline = Infinity;
  connects = 0;
  readonly delay = 5_000;

  connect(now: number): void {
    this.connects += 1;
    if (this.deadline === Infinity) this.deadline = now + this.delay;
  }

  poll(now: number): void {
    if (now < this.deadline) return;
    this.deadline = this.broken ? now + 60_000 : Infinity;
    this.ready = !this.broken;
  }
}

export class AgentRig {
  now = 0;
  readonly server: FakeEnos;
  readonly link = new FakeLink();
  readonly agent: Agent;
  readonly log: string[] = [];
  /** Whether each datagram asked for early release. */
  readonly released: boolean[] = [];
  socket!: FakeSocket;
  /** Calls so far of `sample`, which answers with their count. */
  samples = 0;
  sample: () => ThingValues = () => ({ n: this.samples });
  readonly sets: ThingValues[] = [];
  /** What the application may send by itself. */
  device!: Device;
  /** The service `measure`. */
  measure: ServiceHandler = () => ({ code: 200, data: { value: 7 } });
  /** How often the agent has asked to be polled. */
  wakes = 0;
  /** Time stands still from then on, as when the power has failed. */
  stopped: () => boolean = () => false;
  #events: { at: number; run: () => void }[] = [];

  constructor(
    {
      lifetime = 86_400,
      onStart,
      version,
      model = thing,
      ...options
    }: Partial<AgentOptions> & {
      /** Of the product (default `thing`). */
      model?: Thing;
      /** Of the session, seconds. */
      lifetime?: number;
      onStart?: (boot: Boot) => void;
      /** Of the firmware, told to the cloud. */
      version?: string;
    } = {},
    server_ = new FakeEnos(),
  ) {
    this.server = server_;
    const random = new Random("agent");
    this.agent = new Agent({
      session: { credentials: keys, ...server, lifetime },
      crypto: nodeCryptography,
      random: () => random.next(),
      transmission: narrowband,
      link: this.link,
      socket: { io: FakeSocket, rig: this },
      application: {
        thing: model,
        version,
        start: (device, boot) => {
          this.device = device;
          onStart?.(boot);
        },
        sample: () => {
          this.samples += 1;
          return this.sample();
        },
        commands: {
          set: (values) => {
            this.sets.push(values);
            return { code: 200 };
          },
          get: (id) => (id === "n" ? this.samples : undefined),
          services: { measure: (inputs) => this.measure(inputs) },
        },
      },
      interval: 900,
      reports: 0,
      format: "raw",
      now: () => this.now,
      wake: () => {
        this.wakes += 1;
      },
      log: (event) => {
        this.log.push(logLine(event));
        options.troubles?.hear(event);
      },
      ...options,
    });
  }

  /** Called by the socket. */
  carry(bytes: Uint8Array, address: string, port: number, released: boolean): void {
    if (address !== server.address || port !== server.port) throw new Error(`sent to ${address}:${port}`);
    this.released.push(released);
    this.#after(latency, () => {
      const answer = this.server.receive(bytes);
      if (answer !== undefined) this.#after(latency, () => this.socket.closed || this.socket.deliver(answer));
    });
  }

  /** Brings an answer of another server's. */
  deliverFrom(bytes: Uint8Array, address: string, port: number, delay: number): void {
    const { socket } = this;
    this.#after(delay, () => {
      if (!socket.closed) socket.deliver(bytes, { address, port });
    });
  }

  /** When something is to happen, an event or the agent's deadline. */
  get next(): number {
    return Math.min(this.#events[0]?.at ?? Infinity, this.agent.deadline);
  }

  /** One turn of the agent, and what comes next, if it is before `until`. */
  step(until: number): void {
    this.agent.poll(this.now);
    if (this.stopped()) return;
    const event = this.#events[0];
    const next = Math.min(event?.at ?? Infinity, this.agent.deadline);
    this.now = Math.max(this.now, Math.min(next, until));
    if (event !== undefined && event.at <= this.now) this.#events.shift()!.run();
  }

  /** Lets time pass, calling the agent at its deadlines and after every event, as the board's timer does. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (let turns = 0; ; turns++) {
      if (turns > 100_000) throw new Error(`the agent does not come to rest at ${this.now} ms`);
      this.agent.poll(this.now);
      if (this.stopped()) return;
      const event = this.#events[0];
      const next = Math.min(event?.at ?? Infinity, this.agent.deadline);
      if (next > until) break;
      // Two polls at the same instant without an event between them would be a busy loop on the board.
      if (next <= this.now && event?.at !== next)
        throw new Error(`the agent asks for ${next} at ${this.now} again`);
      this.now = next;
      if (event?.at === next) this.#events.shift()!.run();
    }
    this.now = until;
  }

  /** Request ids of the raw readings that the server has seen, first transmissions and repeats alike. */
  get readings(): number[] {
    return this.server.seen
      .filter((request) => request.line.endsWith("/up_raw"))
      .map((request) => parseInt(request.bytes.slice(2, 10), 16));
  }

  /** The log's lines of one room and beginning. */
  lines(start: string): string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  #after(delay: number, run: () => void): void {
    this.#events.push({ at: this.now + delay, run });
    this.#events.sort((a, b) => a.at - b.at);
  }
}
