/**
 * A device of firmware/device without a board around it, for the fuzzer: the demo product on an agent whose
 * socket, link, storage and clock are the script's. What it sends is kept, what it says is checked to be a line.
 */
import { DemoApplication } from "../../../firmware/application";
import { narrowband } from "../../../firmware/coap/transmission";
import { Agent } from "../../../firmware/device/agent";
import { logLine } from "../../../firmware/device/log";
import { Random } from "../../sim/time/random";
import { keys } from "./hostile-answers";
import { plainCryptography } from "./plain-cryptography";
import { check } from "./target";
import type { AgentOptions, DatagramSocket, Link } from "../../../firmware/device/agent";
import type { Log, LogEvent } from "../../../firmware/device/log";
import type { Watch } from "./target";

type Datagram = ArrayBuffer & { address: string; port: number };

const server = Object.freeze({ address: "192.0.2.1", port: 5683 });

/** Polls in a row after which the clock has to go on. */
const mostPolls = 64;
/** Datagrams that one call into the agent may send: what waits behind NSTART, and answers to what came. */
const mostSent = 24;

class QueueSocket implements DatagramSocket {
  releaseAfterReply = false;
  readonly #device: TinyDevice;
  readonly #received: Datagram[] = [];

  constructor({ device }: { device: TinyDevice }) {
    this.#device = device;
    device.socket = this;
  }

  write(buffer: Uint8Array): void {
    this.#device.sent.push(buffer.slice());
  }

  read(): Datagram | undefined {
    return this.#received.shift();
  }

  close(): void {}

  /** Keeps at most as many as the modem's socket. */
  deliver(bytes: Uint8Array): void {
    if (this.#received.length < 8) this.#received.push(Object.assign(bytes.slice().buffer, server));
  }
}

/** Ready as soon as it is asked. */
class ReadyLink implements Link {
  ready = false;
  readonly deadline = Infinity;
  readonly active = false;

  connect(): void {
    this.ready = true;
  }

  poll(): void {}

  suspend(): void {
    this.ready = false;
  }

  reset(): void {}
}

/** The log of a device under fuzz: each event is one line of printable characters. */
export function checkedLog(watch: Watch): Log {
  return (event: LogEvent) => {
    const line = logLine(event);
    watch.step?.(`  ${line}`);
    watch.feature(`log ${event.kind}`);
    // oxlint-disable-next-line no-control-regex -- controls are what must not be there
    check(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(line), "a log line is one line", () =>
      JSON.stringify(line),
    );
    check(line.length <= 8_192, "a log line is bounded", () => `${line.length} characters`);
  };
}

export class TinyDevice {
  now: number;
  readonly sent: Uint8Array[] = [];
  readonly agent: Agent;
  socket!: QueueSocket;

  /** @param options.now ms by the monotonic clock at its start */
  constructor(
    watch: Watch,
    { now = 1_000, ...options }: Partial<Omit<AgentOptions, "now">> & { readonly now?: number } = {},
  ) {
    this.now = now;
    const random = new Random("device");
    const next = (): number => random.next();
    this.agent = new Agent({
      session: { credentials: keys, ...server, lifetime: 3_600 },
      crypto: plainCryptography,
      random: next,
      transmission: narrowband,
      maxDatagram: 512,
      link: new ReadyLink(),
      socket: { io: QueueSocket, device: this },
      application: new DemoApplication({ random: next, rssi: () => -90, now: () => this.now }),
      interval: 900,
      reports: 0,
      format: "alternate",
      now: () => this.now,
      wake: () => {},
      log: checkedLog(watch),
      ...options,
    });
  }

  /** What has come is read, and all that is due is done; the clock has to go on behind it. */
  poll(): void {
    const before = this.sent.length;
    this.agent.poll(this.now);
    for (let polls = 0; this.agent.deadline <= this.now; polls++) {
      check(polls < mostPolls, "the clock goes on", () => `deadline ${this.agent.deadline} at ${this.now}`);
      this.agent.poll(this.now);
    }
    const sent = this.sent.length - before;
    check(sent <= mostSent, "one turn sends few datagrams", () => `${sent} of them`);
  }

  /** Lets time pass until the agent wants to be called, but no longer than so many ms. */
  wait(most: number): void {
    this.now = Math.min(this.now + most, Math.max(this.now, this.agent.deadline));
    this.poll();
  }
}
